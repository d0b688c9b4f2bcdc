#include "tests/support/random_trees.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/rng.h"

static uint64_t draws;

static double uniform(uint64_t seed)
{
    return seg_rng_f64((seg_rng){ seed, 77 }, draws++);
}

static size_t below(uint64_t seed, size_t n)
{
    return (size_t)(uniform(seed) * (double)n);
}

static void need(seg_status st)
{
    if (st != SEG_OK) {
        fputs("no memory for a test\n", stderr);
        abort();
    }
}

static float number(const trees_case *c, uint64_t seed)
{
    double u = uniform(seed);
    if (u < 0.02)
        return u < 0.01 ? 0.0F : -0.0F;
    return c->grid > 0 ? (float)below(seed, c->grid) : (float)(8 * uniform(seed) - 4);
}

static size_t choose_leaf(const trees_case *c, const seg_tree *tree, const size_t *depth,
                          uint64_t seed)
{
    size_t best = SIZE_MAX, n_leaves = seg_tree_leaves(tree), skip = below(seed, n_leaves);
    if (c->growth == CHAIN)
        return tree->n_nodes - 1;
    for (size_t i = 0; i < tree->n_nodes; i++) {
        if (tree->nodes[i].feature >= 0)
            continue;
        if (c->growth == LEAF_WISE && skip-- == 0)
            return i;
        if (c->growth == LEVEL_WISE && (best == SIZE_MAX || depth[i] < depth[best]))
            best = i;
    }
    return best;
}

static void add_leaf(const trees_case *c, seg_tree *tree, int64_t rows, uint64_t seed)
{
    seg_error err;
    need(SEG_GROW(&tree->nodes, &tree->nodes_cap, tree->n_nodes + 1, "a test", &err));
    double value = c->spread * (2 * uniform(seed) - 1);
    if (c->bits > 0)
        value = ldexp(nearbyint(ldexp(value, c->bits)), -c->bits);
    tree->nodes[tree->n_nodes++] = (seg_tree_node){
        .feature = -1, .value = value, .n = { rows - rows / 3, rows / 3 } };
}

static void split(const trees_case *c, seg_tree *tree, size_t at, uint64_t seed)
{
    seg_error err;
    int64_t rows = tree->nodes[at].n[0] + tree->nodes[at].n[1];
    int64_t left = 1 + (int64_t)below(seed, (size_t)rows - 1);
    uint32_t child = (uint32_t)tree->n_nodes;
    add_leaf(c, tree, left, seed);
    add_leaf(c, tree, rows - left, seed);
    seg_tree_node *node = &tree->nodes[at];
    node->feature = (int32_t)below(seed, c->n_features);
    node->left = child;
    node->right = child + 1;
    node->missing_left = uniform(seed) < 0.5;
    if ((size_t)node->feature < c->n_features - c->n_categories) {
        node->threshold = uniform(seed) < 0.02 ? FLT_MAX : number(c, seed);
        return;
    }
    node->n_levels = c->n_levels;
    node->first_side = (uint32_t)tree->n_sides;
    tree->n_sides += c->n_levels;
    need(SEG_GROW(&tree->sides, &tree->sides_cap, tree->n_sides, "a test", &err));
    for (size_t l = 0; l < c->n_levels; l++)
        tree->sides[node->first_side + l] = uniform(seed) < 0.5;
}

static void grow(const trees_case *c, seg_tree *tree, uint64_t seed)
{
    size_t *depth = calloc(2 * c->leaves, sizeof *depth), n = below(seed, 20) == 0 ? 1 : c->leaves;
    if (depth == NULL)
        need(SEG_E_AGAIN);
    add_leaf(c, tree, 1000000, seed);
    while (seg_tree_leaves(tree) < n) {
        size_t at = choose_leaf(c, tree, depth, seed);
        if (tree->nodes[at].n[0] + tree->nodes[at].n[1] < 2)
            break;
        depth[tree->n_nodes] = depth[tree->n_nodes + 1] = depth[at] + 1;
        split(c, tree, at, seed);
    }
    free(depth);
}

seg_tree *trees_new(const trees_case *c, uint64_t seed)
{
    seg_tree *trees = calloc(c->n_trees + 1, sizeof *trees);
    draws = 0;
    if (trees == NULL)
        need(SEG_E_AGAIN);
    for (size_t t = 0; t < c->n_trees; t++)
        grow(c, &trees[t], seed);
    return trees;
}

void trees_free(seg_tree *trees, size_t n)
{
    for (size_t t = 0; t < n; t++)
        seg_tree_free(&trees[t]);
    free(trees);
}

static float cell(const trees_case *c, size_t feature, uint64_t seed)
{
    static const float odd[] = { NAN, INFINITY, -INFINITY, FLT_MAX, -FLT_MAX, -1, -0.0F };
    if (uniform(seed) < 0.1)
        return odd[below(seed, sizeof odd / sizeof *odd)];
    if (feature < c->n_features - c->n_categories)
        return number(c, seed);
    float code = (float)below(seed, c->n_levels + 2);
    return uniform(seed) < 0.05 ? code + 0.5F : code;
}

float *trees_rows(const trees_case *c, size_t n, size_t stride, uint64_t seed)
{
    float *x = calloc(n * stride + 1, sizeof *x);
    draws = 0;
    if (x == NULL)
        need(SEG_E_AGAIN);
    for (size_t i = 0; i < n * stride; i++)
        x[i] = i % stride < c->n_features ? cell(c, i % stride, seed + 1) : NAN;
    return x;
}

const seg_tree_node *trees_leaf(const seg_tree *tree, const float *row)
{
    const seg_tree_node *node = &tree->nodes[0];
    while (node->feature >= 0) {
        float x = row[node->feature];
        bool left = node->missing_left;
        if (isfinite(x) && node->n_levels == 0)
            left = x <= node->threshold;
        else if (isfinite(x) && x >= 0 && (double)x < (double)node->n_levels)
            left = tree->sides[node->first_side + (size_t)x] != 0;
        node = &tree->nodes[left ? node->left : node->right];
    }
    return node;
}
