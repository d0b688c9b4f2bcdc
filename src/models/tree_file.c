/* tree_file.c: a tree in a model file: obs = nodes, one row each, as people can read them
 * in Python; uns/model = the label, the deciles, and which categories go left.
 *
 * A file is read as hostile: every child comes after its parent and has one parent, every
 * feature, category and count is in range, and children hold their parent's rows. */
#include "models/tree.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/try.h"
#include "models/model_frame.h"

/* The nodes column by column, as the file has them. */
typedef struct columns {
    size_t n;
    int32_t *feature;
    float *threshold;
    int64_t *left, *right, *missing_left, *missing, *rows, *positives,
            *first_side;
    double *gain, *value;
} columns;

static void columns_free(columns *c)
{
    seg_free(c->feature);
    seg_free(c->threshold);
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

static void columns_fill(columns *c, const seg_tree *tree)
{
    for (size_t i = 0; i < c->n; i++) {
        const seg_tree_node *node = &tree->nodes[i];
        bool leaf = node->feature < 0;
        c->feature[i] = leaf ? SEG_MISSING_CODE : node->feature;
        c->threshold[i] = leaf || node->n_levels > 0 ? (float)NAN : node->threshold;
        c->left[i] = leaf ? -1 : (int64_t)node->left;
        c->right[i] = leaf ? -1 : (int64_t)node->right;
        c->missing_left[i] = node->missing_left;
        c->missing[i] = node->n_missing;
        c->rows[i] = node->n[0] + node->n[1];
        c->positives[i] = node->n[1];
        c->first_side[i] = node->n_levels > 0 ? (int64_t)node->first_side : -1;
        c->gain[i] = node->gain;
        c->value[i] = node->value;
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

static seg_status put_nodes(const columns *c, const seg_schema *schema, seg_h5_writer *w,
                            seg_error *err)
{
    seg_status st = SEG_OK;
    const char **features = NULL;
    TRY(SEG_ALLOC(&features, schema->n_features, "the names", err));
    for (size_t f = 0; f < schema->n_features; f++)
        features[f] = schema->features[f].name;
    const struct { seg_column column; const void *data; } all[] = {
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
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        TRY(seg_h5_frame_column(w, &all[i].column, all[i].data, err));
    TRY(seg_h5_frame_end(w, err));

done:
    seg_free(features);
    return st;
}

seg_status seg_tree_save(const seg_model *model, seg_h5_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_tree_state *state = model->state;
    const seg_tree *tree = &state->tree;
    columns c = { 0 };

    TRY(columns_new(tree->n_nodes, &c, err));
    columns_fill(&c, tree);
    TRY(put_nodes(&c, &model->schema->view, w, err));
    TRY(seg_h5_put_text(w, "uns/model/label", state->label, err));
    TRY(seg_h5_put_text(w, "uns/model/positive", state->positive, err));
    TRY(seg_h5_put_text(w, "uns/model/negative", state->negative, err));
    TRY(seg_h5_put(w, "uns/model/decile_edges", SEG_H5_F32, state->edges, SEG_DECILE_EDGES, 0, 0,
                   err));
    TRY(seg_h5_put(w, "uns/model/first_side", SEG_H5_I64, c.first_side, c.n, 0, 0, err));
    if (tree->n_sides > 0)
        TRY(seg_h5_put(w, "uns/model/goes_left", SEG_H5_U8, tree->sides, tree->n_sides, 0, 0,
                       err));

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
    seg_status st = seg_h5_get(file, path, type, SEG_TREE_NODES_MAX, 0, out_pointer, &rows, err);
    if (st == SEG_OK && rows != n)
        st = seg_fail(err, SEG_E_DATA, "%s has %llu rows for %zu nodes", path,
                      (unsigned long long)rows, n);
    return st;
}

static seg_status columns_load(seg_h5 *file, columns *c, seg_error *err)
{
    seg_status st = SEG_OK;
    uint64_t n;
    TRY(seg_h5_get(file, "obs/left", SEG_H5_I64, SEG_TREE_NODES_MAX, 0, &c->left, &n, err));
    c->n = (size_t)n;
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

static seg_status bad_node(size_t i, const char *what, seg_error *err)
{
    return seg_fail(err, SEG_E_DATA, "node %zu of the tree: %s", i, what);
}

static seg_status check_values(const columns *c, size_t i, seg_error *err)
{
    if (c->rows[i] < 1 || c->positives[i] < 0 || c->positives[i] > c->rows[i])
        return bad_node(i, "its row counts are not possible", err);
    if (c->missing[i] < 0 || c->missing[i] > c->rows[i])
        return bad_node(i, "more rows miss the value than there are", err);
    if (!(c->value[i] >= 0 && c->value[i] <= 1))
        return bad_node(i, "its probability is not in 0 .. 1", err);
    if (!(c->gain[i] >= 0 && c->gain[i] <= 1))
        return bad_node(i, "its gain is not in 0 .. 1", err);
    if (c->missing_left[i] != 0 && c->missing_left[i] != 1)
        return bad_node(i, "missing_left is neither 0 nor 1", err);
    return SEG_OK;
}

static bool parts(int64_t whole, int64_t left, int64_t right)
{
    return left >= 0 && left <= whole && right == whole - left;
}

/* The way on from an inner node; the categories' sides are there already. */
static seg_status check_split(const columns *c, const seg_tree *tree, const seg_schema *schema,
                              size_t i, seg_error *err)
{
    if (c->feature[i] < 0 || (size_t)c->feature[i] >= schema->n_features)
        return bad_node(i, "its feature is not one of the model's", err);
    int64_t first = (int64_t)i, n = (int64_t)c->n, l = c->left[i], r = c->right[i];
    if (l <= first || l >= n || r <= first || r >= n || l == r)
        return bad_node(i, "its children are not nodes after it", err);
    if (!parts(c->rows[i], c->rows[l], c->rows[r]) ||
        !parts(c->positives[i], c->positives[l], c->positives[r]))
        return bad_node(i, "its rows are not those of its children", err);
    const seg_column *feature = &schema->features[c->feature[i]];
    size_t n_levels = feature->type == SEG_TYPE_CODE ? feature->n_levels : 0;
    int64_t side = c->first_side[i];
    if (n_levels == 0 && !isfinite(c->threshold[i]))
        return bad_node(i, "its threshold is not a number", err);
    if (n_levels > 0 && (side < 0 || (uint64_t)side > tree->n_sides ||
                         n_levels > tree->n_sides - (size_t)side))
        return bad_node(i, "its categories are outside the table", err);
    return SEG_OK;
}

static seg_tree_node node_of(const columns *c, const seg_schema *schema, size_t i)
{
    seg_tree_node node = {
        .feature = -1, .threshold = NAN, .gain = c->gain[i], .value = c->value[i],
        .n = { c->rows[i] - c->positives[i], c->positives[i] },
    };
    if (c->left[i] < 0)
        return node;
    const seg_column *feature = &schema->features[c->feature[i]];
    node.feature = c->feature[i];
    node.left = (uint32_t)c->left[i];
    node.right = (uint32_t)c->right[i];
    node.missing_left = c->missing_left[i] != 0;
    node.n_missing = c->missing[i];
    if (feature->type == SEG_TYPE_CODE && feature->n_levels > 0) {
        node.n_levels = (uint32_t)feature->n_levels;
        node.first_side = (uint32_t)c->first_side[i];
    } else {
        node.threshold = c->threshold[i];
    }
    return node;
}

/* depth[]: 0 for a node that no node before it has named as a child. */
static seg_status build_nodes(const columns *c, const seg_schema *schema, seg_tree *tree,
                              uint8_t *depth, seg_error *err)
{
    seg_status st = SEG_OK;
    depth[0] = 1;
    for (size_t i = 0; i < c->n; i++) {
        TRY(check_values(c, i, err));
        if (depth[i] == 0)
            return bad_node(i, "it has no parent before it", err);
        bool leaf = c->left[i] < 0;
        if (leaf && (c->right[i] >= 0 || c->feature[i] >= 0))
            return bad_node(i, "it has a feature or one child only", err);
        if (!leaf) {
            TRY(check_split(c, tree, schema, i, err));
            uint8_t *l = &depth[c->left[i]], *r = &depth[c->right[i]];
            if (*l != 0 || *r != 0 || depth[i] > SEG_TREE_DEPTH_MAX)
                return bad_node(i, "its child has two parents or is too deep", err);
            *l = *r = (uint8_t)(depth[i] + 1);
        }
        tree->nodes[tree->n_nodes++] = node_of(c, schema, i);
    }

done:
    return st;
}

static seg_status load_tree(seg_h5 *file, const seg_schema *schema, seg_tree *tree,
                            seg_error *err)
{
    seg_status st = SEG_OK;
    columns c = { 0 };
    uint8_t *depth = NULL;
    uint64_t n_sides = 0;

    TRY(columns_load(file, &c, err));
    TRY(check_feature_names(file, schema, err));
    if (c.n == 0) {
        st = seg_fail(err, SEG_E_DATA, "the tree has no nodes");
        goto done;
    }
    if (seg_h5_has(file, "uns/model/goes_left"))
        TRY(seg_h5_get(file, "uns/model/goes_left", SEG_H5_U8, UINT32_MAX, 0, &tree->sides,
                       &n_sides, err));
    tree->n_sides = tree->sides_cap = (size_t)n_sides;
    for (size_t i = 0; i < tree->n_sides; i++)
        if (tree->sides[i] > 1) {
            st = seg_fail(err, SEG_E_DATA, "uns/model/goes_left holds something else than 0"
                          " and 1");
            goto done;
        }
    TRY(SEG_ALLOC(&depth, c.n, "the nodes of the tree", err));
    TRY(SEG_GROW(&tree->nodes, &tree->nodes_cap, c.n, "the nodes of the tree", err));
    TRY(build_nodes(&c, schema, tree, depth, err));

done:
    columns_free(&c);
    seg_free(depth);
    return st;
}

static seg_status load_edges(seg_h5 *file, seg_tree_state *state, seg_error *err)
{
    seg_status st = SEG_OK;
    float *edges = NULL;
    uint64_t n;
    TRY(seg_h5_get(file, "uns/model/decile_edges", SEG_H5_F32, SEG_DECILE_EDGES, 0, &edges, &n,
                   err));
    bool good = n == SEG_DECILE_EDGES;
    for (size_t k = 0; good && k < SEG_DECILE_EDGES; k++) {
        good = edges[k] >= 0 && edges[k] <= (k == 0 ? 1 : edges[k - 1]);
        state->edges[k] = edges[k];
    }
    if (!good)
        st = seg_fail(err, SEG_E_DATA, "uns/model/decile_edges are not %d falling numbers in"
                      " 0 .. 1", SEG_DECILE_EDGES);

done:
    seg_free(edges);
    return st;
}

seg_status seg_tree_load(seg_model *model, seg_h5 *file, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_tree_state *state = NULL;
    const char *label, *positive, *negative;

    TRY(seg_h5_get_text(file, "uns/model/label", &label, err));
    TRY(seg_h5_get_text(file, "uns/model/positive", &positive, err));
    TRY(seg_h5_get_text(file, "uns/model/negative", &negative, err));
    TRY(seg_tree_state_new(label, positive, negative, &state, err));
    TRY(load_edges(file, state, err));
    TRY(load_tree(file, &model->schema->view, &state->tree, err));
    TRY(seg_tree_state_prepare(state, &model->schema->view, err));
    model->state = state;
    state = NULL;

done:
    seg_tree_state_free(state);
    return st;
}
