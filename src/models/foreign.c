/* foreign.c: from the nodes of another program's file to trees of ours. A file is read as
 * hostile: nodes are put in order from the root on, each once, so that neither circles nor
 * strays come through. */
#include "models/foreign.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/try.h"

void seg_foreign_free(seg_foreign *foreign)
{
    for (size_t t = 0; foreign->trees != NULL && t < foreign->n_trees; t++)
        seg_tree_free(&foreign->trees[t]);
    seg_free(foreign->trees);
    seg_schema_free(foreign->schema);
    seg_free(foreign->features);
    seg_free(foreign->nodes);
    seg_free(foreign->first_nodes);
    seg_free(foreign->words);
    seg_arena_free(&foreign->arena);
    *foreign = (seg_foreign){ 0 };
}

/* ---- filling --------------------------------------------------------------------------- */

seg_status seg_foreign_add_feature(seg_foreign *foreign, const char *name, size_t n,
                                   seg_error *err)
{
    seg_status st = SEG_OK;
    if (foreign->n_features == SEG_FOREIGN_FEATURES_MAX)
        return seg_fail(err, SEG_E_DATA, "more than %d features", SEG_FOREIGN_FEATURES_MAX);
    if (n == 0 || memchr(name, '\0', n) != NULL)
        return seg_fail(err, SEG_E_DATA, "feature %zu has no name", foreign->n_features);
    TRY(SEG_GROW(&foreign->features, &foreign->features_cap, foreign->n_features + 1,
                 "the features", err));
    const char *copy = seg_arena_text_n(&foreign->arena, name, n);
    if (copy == NULL)
        return seg_arena_failed(err);
    foreign->features[foreign->n_features++] = (seg_foreign_feature){ .name = copy };

done:
    return st;
}

seg_status seg_foreign_begin_tree(seg_foreign *foreign, seg_error *err)
{
    seg_status st = SEG_OK;
    if (foreign->n_trees == SEG_FOREIGN_TREES_MAX)
        return seg_fail(err, SEG_E_DATA, "more than %d trees", SEG_FOREIGN_TREES_MAX);
    TRY(SEG_GROW(&foreign->first_nodes, &foreign->first_nodes_cap, foreign->n_trees + 1,
                 "the trees", err));
    foreign->first_nodes[foreign->n_trees++] = foreign->n_nodes;

done:
    return st;
}

seg_status seg_foreign_add_node(seg_foreign *foreign, const seg_foreign_node *node,
                                seg_error *err)
{
    seg_status st = SEG_OK;
    if (foreign->n_nodes == SEG_FOREIGN_NODES_MAX)
        return seg_fail(err, SEG_E_DATA, "more than %d nodes", SEG_FOREIGN_NODES_MAX);
    TRY(SEG_GROW(&foreign->nodes, &foreign->nodes_cap, foreign->n_nodes + 1, "the nodes", err));
    foreign->nodes[foreign->n_nodes++] = *node;

done:
    return st;
}

seg_status seg_foreign_add_word(seg_foreign *foreign, uint32_t word, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(SEG_GROW(&foreign->words, &foreign->words_cap, foreign->n_words + 1,
                 "the categories of the trees", err));
    foreign->words[foreign->n_words++] = word;

done:
    return st;
}

bool seg_foreign_at_most(double t, float *out)
{
    if (isnan(t) || t < -(double)FLT_MAX)
        return false;
    float f = t > (double)FLT_MAX ? FLT_MAX : (float)t;
    *out = (double)f > t ? nextafterf(f, -INFINITY) : f;
    return isfinite(*out);
}

/* ---- features -------------------------------------------------------------------------- */

static seg_status bad_node(size_t tree, int64_t node, const char *what, seg_error *err)
{
    return seg_fail(err, SEG_E_DATA, "tree %zu, node %lld: %s", tree, (long long)node, what);
}

/* A feature is a category everywhere or nowhere; its levels reach to the last bit of any set. */
static seg_status count_levels(seg_foreign *foreign, size_t tree, size_t i, seg_error *err)
{
    const seg_foreign_node *node = &foreign->nodes[i];
    int64_t number = (int64_t)(i - foreign->first_nodes[tree]);
    if (node->feature < 0)
        return SEG_OK;
    if ((size_t)node->feature >= foreign->n_features)
        return bad_node(tree, number, "its feature is not one of the model's", err);
    seg_foreign_feature *f = &foreign->features[node->feature];
    if (f->is_category != node->is_set)
        return bad_node(tree, number, f->is_category ? "a category is compared with a number"
                                                     : "a number is looked for in a set", err);
    if (!node->is_set)
        return SEG_OK;
    if (node->n_words > foreign->n_words || node->first_word > foreign->n_words - node->n_words)
        return bad_node(tree, number, "its set of categories is not there", err);
    size_t n = node->n_words;
    while (n > 0 && foreign->words[node->first_word + n - 1] == 0)
        n--;
    if (f->n_levels == 0)
        f->n_levels = 1;
    if (n == 0)
        return SEG_OK;
    uint32_t last = foreign->words[node->first_word + n - 1];
    size_t n_levels = 32 * n - (size_t)__builtin_clz(last);
    if (n_levels > f->n_levels && f->levels != NULL)
        return bad_node(tree, number, "a category of its set has no name", err);
    if (n_levels > SEG_FOREIGN_LEVELS_MAX)
        return bad_node(tree, number, "its set has a category beyond 2^20", err);
    if (n_levels > f->n_levels)
        f->n_levels = n_levels;
    return SEG_OK;
}

/* Codes are their own names where the file has no better ones. */
static seg_status name_levels(seg_foreign *foreign, seg_foreign_feature *f, seg_error *err)
{
    const char **names = seg_arena_get(&foreign->arena, (f->n_levels + 1) * sizeof *names);
    if (names == NULL)
        return seg_arena_failed(err);
    for (size_t i = 0; i < f->n_levels; i++) {
        char digits[SEG_NUMBER_BYTES];
        size_t n = seg_print_i64(digits, (int64_t)i);
        names[i] = seg_arena_text_n(&foreign->arena, digits, n);
        if (names[i] == NULL)
            return seg_arena_failed(err);
    }
    f->levels = names;
    f->by_code = true;
    return SEG_OK;
}

/* places: of each feature in the schema, or -1. */
static seg_status make_schema(seg_foreign *foreign, int32_t *places, seg_error *err)
{
    seg_status st = SEG_OK;
    for (size_t f = 0; f < foreign->n_features; f++)
        places[f] = -1;
    for (size_t i = 0; i < foreign->n_nodes; i++)
        if (foreign->nodes[i].feature >= 0)
            places[foreign->nodes[i].feature] = 0;
    TRY(seg_schema_new(SEG_KIND_FEATURES, &foreign->schema, err));
    for (size_t f = 0; f < foreign->n_features; f++) {
        seg_foreign_feature *feature = &foreign->features[f];
        if (places[f] < 0)
            continue;
        if (feature->is_category && feature->levels == NULL)
            TRY(name_levels(foreign, feature, err));
        seg_column column = { .name = feature->name, .type = SEG_TYPE_F32 };
        if (feature->is_category) {
            column.type = SEG_TYPE_CODE;
            column.levels = feature->levels;
            column.n_levels = feature->n_levels;
        }
        places[f] = (int32_t)foreign->schema->view.n_features;
        TRY(seg_schema_add_feature(foreign->schema, &column, err));
    }
    if (foreign->schema->view.n_features == 0)
        st = seg_fail(err, SEG_E_DATA, "no tree asks for any feature");

done:
    return st;
}

/* ---- trees ----------------------------------------------------------------------------- */

typedef struct planter {
    const seg_foreign *foreign;
    const int32_t *places;
    size_t number;               /* of the tree */
    const seg_foreign_node *from;
    size_t n;
    seg_tree *tree;
    int64_t *origin;             /* per node of the tree, its place in the file's */
    uint8_t *depth, *taken;      /* taken: per node of the file's tree */
} planter;

static seg_status put_sides(planter *p, const seg_foreign_node *from, seg_tree_node *node,
                            seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_foreign *foreign = p->foreign;
    seg_tree *tree = p->tree;
    size_t n_levels = foreign->features[from->feature].n_levels;
    if (n_levels > UINT32_MAX - tree->n_sides)
        return seg_fail(err, SEG_E_DATA, "tree %zu: its categories are too many", p->number);
    TRY(SEG_GROW(&tree->sides, &tree->sides_cap, tree->n_sides + n_levels,
                 "the categories of the tree", err));
    node->n_levels = (uint32_t)n_levels;
    node->first_side = (uint32_t)tree->n_sides;
    for (size_t code = 0; code < n_levels; code++) {
        bool in = code / 32 < from->n_words
                  && foreign->words[from->first_word + code / 32] >> code % 32 & 1;
        tree->sides[tree->n_sides++] = in == from->set_goes_left;
    }

done:
    return st;
}

/* A child, at the end of the nodes. */
static seg_status add_child(planter *p, size_t parent, int64_t origin, uint32_t *place,
                            seg_error *err)
{
    seg_status st = SEG_OK;
    seg_tree *tree = p->tree;
    if (origin < 0 || (size_t)origin >= p->n)
        return bad_node(p->number, p->origin[parent], "its child is not there", err);
    if (p->taken[origin])
        return bad_node(p->number, origin, "it has two parents", err);
    if (tree->n_nodes == SEG_TREE_NODES_MAX)
        return seg_fail(err, SEG_E_DATA, "tree %zu has more than %d nodes, which is the most here",
                        p->number, SEG_TREE_NODES_MAX);
    if (p->depth[parent] == SEG_TREE_DEPTH_MAX)
        return seg_fail(err, SEG_E_DATA, "tree %zu is deeper than %d, which is the most here",
                        p->number, SEG_TREE_DEPTH_MAX);
    TRY(SEG_GROW(&tree->nodes, &tree->nodes_cap, tree->n_nodes + 1, "the nodes", err));
    p->taken[origin] = 1;
    p->depth[tree->n_nodes] = (uint8_t)(p->depth[parent] + 1);
    p->origin[tree->n_nodes] = origin;
    *place = (uint32_t)tree->n_nodes;
    tree->nodes[tree->n_nodes++] = (seg_tree_node){ .feature = -1, .threshold = NAN };

done:
    return st;
}

static seg_status plant_node(planter *p, size_t i, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_foreign_node *from = &p->from[p->origin[i]];
    seg_tree_node node = { .feature = -1, .threshold = NAN };
    if (from->feature < 0) {
        node.value = from->value * p->foreign->scale;
        node.n[0] = from->rows;
        if (!isfinite(node.value))
            return bad_node(p->number, p->origin[i], "its value is not a number", err);
        if (node.n[0] < 0 || node.n[0] > INT64_MAX / SEG_TREE_NODES_MAX)
            return bad_node(p->number, p->origin[i], "its number of rows is not possible", err);
    } else {
        node.feature = p->places[from->feature];
        node.missing_left = from->missing_left;
        node.gain = from->gain > 0 && isfinite(from->gain) ? from->gain : 0;
        if (from->is_set)
            TRY(put_sides(p, from, &node, err));
        else
            node.threshold = from->threshold;
        TRY(add_child(p, i, from->left, &node.left, err));
        TRY(add_child(p, i, from->right, &node.right, err));
    }
    p->tree->nodes[i] = node;

done:
    return st;
}

/* Rows and values of inner nodes, from the leaves up: children come after their parent. */
static void sum_up(seg_tree *tree)
{
    for (size_t i = tree->n_nodes; i-- > 0;) {
        seg_tree_node *node = &tree->nodes[i];
        if (node->feature < 0)
            continue;
        const seg_tree_node *l = &tree->nodes[node->left], *r = &tree->nodes[node->right];
        node->n[0] = l->n[0] + r->n[0];
        double left = node->n[0] > 0 ? (double)l->n[0] / (double)node->n[0] : 0.5;
        node->value = left * l->value + (1 - left) * r->value;
    }
}

static seg_status plant(planter *p, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t room = p->n < SEG_TREE_NODES_MAX ? p->n : SEG_TREE_NODES_MAX;
    TRY(SEG_ALLOC(&p->origin, room, "the nodes", err));
    TRY(SEG_ALLOC(&p->depth, room, "the nodes", err));
    TRY(SEG_ALLOC(&p->taken, p->n, "the nodes", err));
    TRY(SEG_GROW(&p->tree->nodes, &p->tree->nodes_cap, room, "the nodes", err));
    p->tree->n_nodes = 1;
    p->taken[0] = 1;
    for (size_t i = 0; i < p->tree->n_nodes; i++)
        TRY(plant_node(p, i, err));
    sum_up(p->tree);
    if (p->tree->nodes[0].n[0] < 1)
        st = seg_fail(err, SEG_E_DATA, "tree %zu was learned from no row", p->number);

done:
    seg_free(p->origin);
    seg_free(p->depth);
    seg_free(p->taken);
    return st;
}

seg_status seg_foreign_finish(seg_foreign *foreign, seg_error *err)
{
    seg_status st = SEG_OK;
    int32_t *places = NULL;
    if (foreign->n_trees == 0)
        return seg_fail(err, SEG_E_DATA, "there are no trees");
    for (size_t t = 0; t < foreign->n_trees; t++) {
        size_t end = t + 1 < foreign->n_trees ? foreign->first_nodes[t + 1] : foreign->n_nodes;
        if (foreign->first_nodes[t] == end)
            return seg_fail(err, SEG_E_DATA, "tree %zu has no nodes", t);
        for (size_t i = foreign->first_nodes[t]; i < end; i++)
            TRY(count_levels(foreign, t, i, err));
    }
    TRY(SEG_ALLOC(&places, foreign->n_features, "the features", err));
    TRY(make_schema(foreign, places, err));
    TRY(SEG_ALLOC(&foreign->trees, foreign->n_trees, "the trees", err));
    for (size_t t = 0; t < foreign->n_trees; t++) {
        size_t first = foreign->first_nodes[t];
        size_t end = t + 1 < foreign->n_trees ? foreign->first_nodes[t + 1] : foreign->n_nodes;
        planter p = { .foreign = foreign, .places = places, .number = t, .n = end - first,
                      .from = foreign->nodes + first, .tree = &foreign->trees[t] };
        TRY(plant(&p, err));
    }
    if (!isfinite(foreign->base))
        st = seg_fail(err, SEG_E_DATA, "what the score starts with is not a number");

done:
    seg_free(places);
    return st;
}
