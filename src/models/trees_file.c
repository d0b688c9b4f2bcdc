/* trees_file.c: trees in a model file: obs = nodes, one row each, as people can read them in
 * Python; uns/model = which categories go left.
 *
 * A file is read as hostile: every child comes after its parent and has one parent, every
 * feature, category and count is in range, and children hold their parent's rows. */
#include "models/trees_file.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/try.h"

enum { NODES_MAX = 1 << 26 };   /* of all trees of a model */

/* The nodes column by column, as the file has them. */
typedef struct columns {
    size_t n;
    int32_t *feature;
    float *threshold;
    int64_t *tree, *left, *right, *missing_left, *missing, *rows, *positives, *first_side;
    double *gain, *value;
} columns;

static void columns_free(columns *c)
{
    seg_free(c->feature);
    seg_free(c->threshold);
    seg_free(c->tree);
    seg_free(c->left);
    seg_free(c->right);
    seg_free(c->missing_left);
    seg_free(c->missing);
    seg_free(c->rows);
    seg_free(c->positives);
    seg_free(c->first_side);
    seg_free(c->gain);
    seg_free(c->value);
}

/* ---- save --------------------------------------------------------------------- */

static seg_status columns_new(size_t n, columns *c, seg_error *err)
{
    seg_status st = SEG_OK;
    c->n = n;
    TRY(SEG_ALLOC(&c->feature, n, "the columns of the nodes", err));
    TRY(SEG_ALLOC(&c->threshold, n, "the columns of the nodes", err));
    TRY(SEG_ALLOC(&c->tree, n, "the columns of the nodes", err));
    TRY(SEG_ALLOC(&c->left, n, "the columns of the nodes", err));
    TRY(SEG_ALLOC(&c->right, n, "the columns of the nodes", err));
    TRY(SEG_ALLOC(&c->missing_left, n, "the columns of the nodes", err));
    TRY(SEG_ALLOC(&c->missing, n, "the columns of the nodes", err));
    TRY(SEG_ALLOC(&c->rows, n, "the columns of the nodes", err));
    TRY(SEG_ALLOC(&c->positives, n, "the columns of the nodes", err));
    TRY(SEG_ALLOC(&c->first_side, n, "the columns of the nodes", err));
    TRY(SEG_ALLOC(&c->gain, n, "the columns of the nodes", err));
    TRY(SEG_ALLOC(&c->value, n, "the columns of the nodes", err));

done:
    return st;
}

/* One tree's nodes, from row `at` on; the trees' sides lie one after the other. */
static void columns_fill(columns *c, size_t at, size_t number, size_t first_side,
                         const seg_tree *tree)
{
    for (size_t i = 0; i < tree->n_nodes; i++, at++) {
        const seg_tree_node *node = &tree->nodes[i];
        bool leaf = node->feature < 0;
        c->tree[at] = (int64_t)number;
        c->feature[at] = leaf ? SEG_MISSING_CODE : node->feature;
        c->threshold[at] = leaf || node->n_levels > 0 ? (float)NAN : node->threshold;
        c->left[at] = leaf ? -1 : (int64_t)node->left;
        c->right[at] = leaf ? -1 : (int64_t)node->right;
        c->missing_left[at] = node->missing_left;
        c->missing[at] = node->n_missing;
        c->rows[at] = node->n[0] + node->n[1];
        c->positives[at] = node->n[1];
        c->first_side[at] = node->n_levels > 0 ? (int64_t)(first_side + node->first_side) : -1;
        c->gain[at] = node->gain;
        c->value[at] = node->value;
    }
}

/* The index: node numbers as text. */
static seg_status begin_nodes(seg_h5_writer *w, size_t n, seg_error *err)
{
    enum { WIDTH = 8 };
    char *names = NULL;
    seg_status st = seg_alloc_array(&names, n, WIDTH, "the names of the nodes", err);
    if (st != SEG_OK)
        return st;
    for (size_t i = 0; i < n; i++) {
        char number[SEG_NUMBER_BYTES];
        memcpy(names + i * WIDTH, number, seg_print_i64(number, (int64_t)i));
    }
    st = seg_h5_frame_begin(w, "obs", "node", names, n, WIDTH, err);
    seg_free(names);
    return st;
}

static seg_status put_nodes(const columns *c, const seg_schema *schema, bool several,
                            seg_h5_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    const char **features = NULL;
    TRY(SEG_ALLOC(&features, schema->n_features, "the names", err));
    for (size_t f = 0; f < schema->n_features; f++)
        features[f] = schema->features[f].name;
    const struct { seg_column column; const void *data; } all[] = {
        { { .name = "tree", .type = SEG_TYPE_I64, .scale = 1 }, c->tree },
        { { .name = "feature", .type = SEG_TYPE_CODE, .levels = features,
            .n_levels = schema->n_features }, c->feature },
        { { .name = "threshold", .type = SEG_TYPE_F32 }, c->threshold },
        { { .name = "left", .type = SEG_TYPE_I64, .scale = 1 }, c->left },
        { { .name = "right", .type = SEG_TYPE_I64, .scale = 1 }, c->right },
        { { .name = "missing_left", .type = SEG_TYPE_I64, .scale = 1 }, c->missing_left },
        { { .name = "missing", .type = SEG_TYPE_I64, .scale = 1 }, c->missing },
        { { .name = "n", .type = SEG_TYPE_I64, .scale = 1 }, c->rows },
        { { .name = "positives", .type = SEG_TYPE_I64, .scale = 1 }, c->positives },
        { { .name = "gain", .type = SEG_TYPE_F64 }, c->gain },
        { { .name = "value", .type = SEG_TYPE_F64 }, c->value },
    };
    TRY(begin_nodes(w, c->n, err));
    for (size_t i = several ? 0 : 1; i < sizeof all / sizeof *all; i++)
        TRY(seg_h5_frame_column(w, &all[i].column, all[i].data, err));
    TRY(seg_h5_frame_end(w, err));

done:
    seg_free(features);
    return st;
}

static seg_status put_sides(const seg_tree *trees, size_t n_trees, size_t n_sides,
                            seg_h5_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    uint8_t *sides = NULL;
    size_t at = 0;
    TRY(SEG_ALLOC(&sides, n_sides, "the categories of the trees", err));
    for (size_t t = 0; t < n_trees; at += trees[t++].n_sides)
        if (trees[t].n_sides > 0)
            memcpy(sides + at, trees[t].sides, trees[t].n_sides);
    TRY(seg_h5_put(w, "uns/model/goes_left", SEG_H5_U8, sides, n_sides, 0, 0, err));

done:
    seg_free(sides);
    return st;
}

seg_status seg_trees_save(const seg_tree *trees, size_t n_trees, const seg_schema *schema,
                          bool several, seg_h5_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    columns c = { 0 };
    size_t n = 0, n_sides = 0, at = 0;

    for (size_t t = 0; t < n_trees; t++)
        n += trees[t].n_nodes;
    TRY(columns_new(n, &c, err));
    for (size_t t = 0; t < n_trees; t++) {
        columns_fill(&c, at, t, n_sides, &trees[t]);
        at += trees[t].n_nodes;
        n_sides += trees[t].n_sides;
    }
    TRY(put_nodes(&c, schema, several, w, err));
    TRY(seg_h5_put(w, "uns/model/first_side", SEG_H5_I64, c.first_side, c.n, 0, 0, err));
    if (n_sides > 0)
        TRY(put_sides(trees, n_trees, n_sides, w, err));

done:
    columns_free(&c);
    return st;
}

/* ---- load --------------------------------------------------------------------- */

/* A column of as many rows as the nodes. */
static seg_status get_column(seg_h5 *file, const char *path, seg_h5_type type, size_t n,
                             void *out_pointer, seg_error *err)
{
    uint64_t rows;
    seg_status st = seg_h5_get(file, path, type, n, 0, out_pointer, &rows, err);
    if (st == SEG_OK && rows != n)
        st = seg_fail(err, SEG_E_DATA, "%s has %llu rows for %zu nodes", path,
                      (unsigned long long)rows, n);
    return st;
}

static seg_status columns_load(seg_h5 *file, bool several, columns *c, seg_error *err)
{
    seg_status st = SEG_OK;
    uint64_t n, most = several ? NODES_MAX : SEG_TREE_NODES_MAX;
    TRY(seg_h5_get(file, "obs/left", SEG_H5_I64, most, 0, &c->left, &n, err));
    c->n = (size_t)n;
    if (several)
        TRY(get_column(file, "obs/tree", SEG_H5_I64, c->n, &c->tree, err));
    else
        TRY(SEG_ALLOC(&c->tree, c->n, "the columns of the nodes", err));
    TRY(get_column(file, "obs/right", SEG_H5_I64, c->n, &c->right, err));
    TRY(get_column(file, "obs/feature/codes", SEG_H5_I32, c->n, &c->feature, err));
    TRY(get_column(file, "obs/threshold", SEG_H5_F32, c->n, &c->threshold, err));
    TRY(get_column(file, "obs/missing_left", SEG_H5_I64, c->n, &c->missing_left, err));
    TRY(get_column(file, "obs/missing", SEG_H5_I64, c->n, &c->missing, err));
    TRY(get_column(file, "obs/n", SEG_H5_I64, c->n, &c->rows, err));
    TRY(get_column(file, "obs/positives", SEG_H5_I64, c->n, &c->positives, err));
    TRY(get_column(file, "obs/gain", SEG_H5_F64, c->n, &c->gain, err));
    TRY(get_column(file, "obs/value", SEG_H5_F64, c->n, &c->value, err));
    TRY(get_column(file, "uns/model/first_side", SEG_H5_I64, c->n, &c->first_side, err));

done:
    return st;
}

/* obs/feature's categories are the features of the model, in the same order. */
static seg_status check_feature_names(seg_h5 *file, const seg_schema *schema, seg_error *err)
{
    const char *const *names;
    size_t n;
    seg_status st = seg_h5_get_texts(file, "obs/feature/categories", &names, &n, err);
    if (st != SEG_OK)
        return st;
    if (n != schema->n_features)
        return seg_fail(err, SEG_E_DATA, "obs/feature has %zu names; the model has %zu features",
                        n, schema->n_features);
    for (size_t f = 0; f < n; f++)
        if (strcmp(names[f], schema->features[f].name) != 0)
            return seg_fail(err, SEG_E_DATA, "feature %zu has two names in the file", f);
    return SEG_OK;
}

/* A tree of the file: its first row and how many it has. */
typedef struct piece {
    const columns *c;
    const seg_schema *schema;
    const seg_trees_range *range;
    const uint8_t *sides;       /* of all trees */
    uint64_t n_sides;
    size_t first, n;
} piece;

static seg_status bad_node(const piece *p, size_t i, const char *what, seg_error *err)
{
    return seg_fail(err, SEG_E_DATA, "node %zu of tree %lld: %s", i,
                    (long long)p->c->tree[p->first], what);
}

static seg_status check_values(const piece *p, size_t i, seg_error *err)
{
    const columns *c = p->c;
    const seg_trees_range *range = p->range;
    size_t at = p->first + i;
    if (c->rows[at] < 0 || c->positives[at] < 0 || c->positives[at] > c->rows[at]
        || (i == 0 && c->rows[at] < 1))
        return bad_node(p, i, "its row counts are not possible", err);
    if (c->missing[at] < 0 || c->missing[at] > c->rows[at])
        return bad_node(p, i, "more rows miss the value than there are", err);
    if (!(c->value[at] >= range->least && c->value[at] <= range->most))
        return bad_node(p, i, "its value is not one that such a model has", err);
    if (!(c->gain[at] >= 0 && c->gain[at] <= range->most_gain))
        return bad_node(p, i, "its gain is not one that such a model has", err);
    if (c->missing_left[at] != 0 && c->missing_left[at] != 1)
        return bad_node(p, i, "missing_left is neither 0 nor 1", err);
    return SEG_OK;
}

static bool parts(int64_t whole, int64_t left, int64_t right)
{
    return left >= 0 && left <= whole && right == whole - left;
}

static size_t levels_of(const seg_schema *schema, int32_t feature)
{
    const seg_column *f = &schema->features[feature];
    return f->type == SEG_TYPE_CODE ? f->n_levels : 0;
}

/* The way on from an inner node. */
static seg_status check_split(const piece *p, size_t i, seg_error *err)
{
    const columns *c = p->c;
    size_t at = p->first + i;
    if (c->feature[at] < 0 || (size_t)c->feature[at] >= p->schema->n_features)
        return bad_node(p, i, "its feature is not one of the model's", err);
    int64_t self = (int64_t)i, n = (int64_t)p->n, l = c->left[at], r = c->right[at];
    if (l <= self || l >= n || r <= self || r >= n || l == r)
        return bad_node(p, i, "its children are not nodes after it", err);
    const int64_t *rows = c->rows + p->first, *positives = c->positives + p->first;
    if (!parts(rows[i], rows[l], rows[r]) || !parts(positives[i], positives[l], positives[r]))
        return bad_node(p, i, "its rows are not those of its children", err);
    size_t n_levels = levels_of(p->schema, c->feature[at]);
    int64_t side = c->first_side[at];
    if (n_levels == 0 && !isfinite(c->threshold[at]))
        return bad_node(p, i, "its threshold is not a number", err);
    if (n_levels > 0 && (side < 0 || (uint64_t)side > p->n_sides ||
                         n_levels > p->n_sides - (uint64_t)side))
        return bad_node(p, i, "its categories are outside the table", err);
    return SEG_OK;
}

static seg_status add_node(const piece *p, size_t i, seg_tree *tree, seg_error *err)
{
    seg_status st = SEG_OK;
    const columns *c = p->c;
    size_t at = p->first + i;
    seg_tree_node node = {
        .feature = -1, .threshold = NAN, .gain = c->gain[at], .value = c->value[at],
        .n = { c->rows[at] - c->positives[at], c->positives[at] },
    };
    if (c->left[at] >= 0) {
        size_t n_levels = levels_of(p->schema, c->feature[at]);
        node.feature = c->feature[at];
        node.left = (uint32_t)c->left[at];
        node.right = (uint32_t)c->right[at];
        node.missing_left = c->missing_left[at] != 0;
        node.n_missing = c->missing[at];
        if (n_levels == 0)
            node.threshold = c->threshold[at];
        if (n_levels > UINT32_MAX - tree->n_sides)
            return bad_node(p, i, "the tree's categories are too many", err);
        TRY(SEG_GROW(&tree->sides, &tree->sides_cap, tree->n_sides + n_levels,
                     "the categories of the tree", err));
        node.n_levels = (uint32_t)n_levels;
        node.first_side = n_levels > 0 ? (uint32_t)tree->n_sides : 0;
        if (n_levels > 0)
            memcpy(tree->sides + tree->n_sides, p->sides + c->first_side[at], n_levels);
        tree->n_sides += n_levels;
    }
    tree->nodes[tree->n_nodes++] = node;

done:
    return st;
}

/* depth[]: 0 for a node that no node before it has named as a child. */
static seg_status build_tree(const piece *p, seg_tree *tree, uint8_t *depth, seg_error *err)
{
    seg_status st = SEG_OK;
    const columns *c = p->c;
    memset(depth, 0, p->n);
    depth[0] = 1;
    TRY(SEG_GROW(&tree->nodes, &tree->nodes_cap, p->n, "the nodes of the tree", err));
    for (size_t i = 0; i < p->n; i++) {
        size_t at = p->first + i;
        TRY(check_values(p, i, err));
        if (depth[i] == 0)
            return bad_node(p, i, "it has no parent before it", err);
        bool leaf = c->left[at] < 0;
        if (leaf && (c->right[at] >= 0 || c->feature[at] >= 0))
            return bad_node(p, i, "it has a feature or one child only", err);
        if (!leaf) {
            TRY(check_split(p, i, err));
            uint8_t *l = &depth[c->left[at]], *r = &depth[c->right[at]];
            if (*l != 0 || *r != 0 || depth[i] > SEG_TREE_DEPTH_MAX)
                return bad_node(p, i, "its child has two parents or is too deep", err);
            *l = *r = (uint8_t)(depth[i] + 1);
        }
        TRY(add_node(p, i, tree, err));
    }

done:
    return st;
}

/* Trees are numbered 0, 1, 2 ... and lie one after the other. */
static seg_status count_trees(const columns *c, size_t *n_trees, seg_error *err)
{
    *n_trees = 0;
    for (size_t i = 0; i < c->n; i++) {
        bool next = c->tree[i] == (int64_t)*n_trees;
        if (!next && (*n_trees == 0 || c->tree[i] != (int64_t)*n_trees - 1))
            return seg_fail(err, SEG_E_DATA, "row %zu of the nodes is of tree %lld after tree %lld",
                            i, (long long)c->tree[i], (long long)*n_trees - 1);
        *n_trees += next;
    }
    return *n_trees > 0 ? SEG_OK : seg_fail(err, SEG_E_DATA, "the tree has no nodes");
}

static seg_status build_trees(piece *p, seg_tree *trees, seg_error *err)
{
    seg_status st = SEG_OK;
    const columns *c = p->c;
    uint8_t *depth = NULL;
    TRY(SEG_ALLOC(&depth, c->n, "the nodes of the tree", err));
    for (size_t t = 0; p->first < c->n; t++, p->first += p->n) {
        for (p->n = 0; p->first + p->n < c->n && c->tree[p->first + p->n] == (int64_t)t; )
            p->n++;
        if (p->n > SEG_TREE_NODES_MAX) {
            st = seg_fail(err, SEG_E_DATA, "tree %zu has more than %d nodes", t,
                          SEG_TREE_NODES_MAX);
            goto done;
        }
        TRY(build_tree(p, &trees[t], depth, err));
    }

done:
    seg_free(depth);
    return st;
}

static seg_status load_sides(seg_h5 *file, uint8_t **sides, uint64_t *n, seg_error *err)
{
    seg_status st = SEG_OK;
    *sides = NULL;
    *n = 0;
    if (!seg_h5_has(file, "uns/model/goes_left"))
        return SEG_OK;
    TRY(seg_h5_get(file, "uns/model/goes_left", SEG_H5_U8, UINT32_MAX, 0, sides, n, err));
    for (uint64_t i = 0; i < *n; i++)
        if ((*sides)[i] > 1)
            return seg_fail(err, SEG_E_DATA, "uns/model/goes_left holds something else than 0"
                            " and 1");

done:
    return st;
}

seg_status seg_trees_load(seg_h5 *file, const seg_schema *schema, bool several,
                          const seg_trees_range *range, seg_tree **trees, size_t *n_trees,
                          seg_error *err)
{
    seg_status st = SEG_OK;
    columns c = { 0 };
    uint8_t *sides = NULL;
    size_t n = 0;
    *trees = NULL;
    *n_trees = 0;

    TRY(columns_load(file, several, &c, err));
    TRY(check_feature_names(file, schema, err));
    TRY(count_trees(&c, &n, err));
    piece p = { .c = &c, .schema = schema, .range = range };
    TRY(load_sides(file, &sides, &p.n_sides, err));
    p.sides = sides;
    TRY(SEG_ALLOC(trees, n, "the trees", err));
    *n_trees = n;
    TRY(build_trees(&p, *trees, err));

done:
    if (st != SEG_OK)
        seg_trees_free(trees, n_trees);
    columns_free(&c);
    seg_free(sides);
    return st;
}

void seg_trees_free(seg_tree **trees, size_t *n_trees)
{
    for (size_t t = 0; t < *n_trees; t++)
        seg_tree_free(&(*trees)[t]);
    seg_free(*trees);
    *trees = NULL;
    *n_trees = 0;
}
