/* tree.h: a binary decision tree over numbers and categories: its nodes, the way of a row to
 * its leaf, and what is done to a tree that has grown (tree_grow.h): cutting back, values. */
#ifndef SEGMILL_KERNELS_TREE_H
#define SEGMILL_KERNELS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "segmill/matrix.h"
#include "segmill/status.h"

enum {
    SEG_TREE_NODES_MAX = 16383,
    SEG_TREE_DEPTH_MAX = 30
};

/* ---- the tree ----------------------------------------------------------------- */

typedef struct seg_tree_node {
    int32_t feature;        /* -1: a leaf */
    float threshold;        /* number: values <= it go left; FLT_MAX: all values do */
    uint32_t left, right;   /* greater than the node's own index; 0 at a leaf */
    uint32_t n_levels;      /* category: its levels; 0: the feature is a number */
    uint32_t first_side;    /* category: sides[first_side + code] is 1: goes left */
    bool missing_left;      /* also for codes outside 0 .. n_levels-1 */
    int64_t n[2];           /* rows learned from, of class 0 and 1 */
    int64_t n_missing;      /* of them, those without a value in the feature */
    double gain;            /* fall of the Gini index, weighted by the share of rows */
    double value;           /* probability of class 1 */
} seg_tree_node;

/* Node 0 is the root. Start from all zero. */
typedef struct seg_tree {
    seg_tree_node *nodes;
    size_t n_nodes, nodes_cap;
    uint8_t *sides;
    size_t n_sides, sides_cap;
} seg_tree;

void seg_tree_free(seg_tree *tree);
size_t seg_tree_leaves(const seg_tree *tree);
size_t seg_tree_depth(const seg_tree *tree);

/* True when the value goes left at this node. Not finite is missing. */
static inline bool seg_tree_goes_left(const seg_tree *tree, const seg_tree_node *node, float x)
{
    if (!(__builtin_fabsf(x) <= __FLT_MAX__))
        return node->missing_left;
    if (node->n_levels == 0)
        return x <= node->threshold;
    if (!(x >= 0 && x < (float)node->n_levels))
        return node->missing_left;
    return tree->sides[node->first_side + (size_t)x] != 0;
}

/* The leaf of each row: leaves[0 .. x.n_rows-1]. */
void seg_tree_route(const seg_tree *tree, seg_matrix x, int n_threads, uint32_t *leaves);

/* ---- growing and cutting back -------------------------------------------------- */

/* A tree that is one leaf. */
seg_status seg_tree_plant(seg_tree *tree, seg_error *err);
/* Take back splits, the weakest link first (least gain per leaf), until at most
 * max_leaves are left; fills gain. */
seg_status seg_tree_prune(seg_tree *tree, size_t max_leaves, const int64_t weight[2],
                          seg_error *err);
/* Fill value: the share of class 1, pulled towards the parent's by `shrinkage` rows. */
void seg_tree_shrink(seg_tree *tree, double shrinkage);
/* Move values so that they do not fall (+1) or rise (-1) with a feature, other features being
 * equal: below a split of it, all values on a side keep to that side of the middle. */
void seg_tree_bound(seg_tree *tree, const int8_t *monotone);

#endif
