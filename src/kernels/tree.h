/* tree.h: a binary decision tree over numbers and categories, and what grows it.
 *
 * CART (Breiman, Friedman, Olshen and Stone 1984) with the Gini index, on binned
 * features: rows become bins once, and a node needs only the counts [feature][bin][class]
 * of its rows. Counts are integers, so any order of adding gives the same tree. Missing
 * values are a bin of their own that each split sends to the better side. */
#ifndef SEGMILL_KERNELS_TREE_H
#define SEGMILL_KERNELS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "segmill/matrix.h"
#include "segmill/status.h"

enum {
    SEG_TREE_BINS = 255,       /* bin 0 is missing; the others are values */
    SEG_TREE_CUTS = 255,       /* room: at most 253 are used, the rest is infinite */
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

/* ---- bins --------------------------------------------------------------------- */

/* From values to bins: numbers by cuts between quantiles of a sample of the rows,
 * categories by a table from code to bin. */
typedef struct seg_bins {
    size_t n_features;
    uint16_t *n_bins;       /* per feature, with bin 0 */
    uint32_t *first_bin;    /* sum of n_bins of the features before; n_features + 1 */
    uint32_t *n_levels;     /* 0: a number */
    float *cuts;            /* per feature SEG_TREE_CUTS: value bin b (from 1) holds
                               cuts[b-2] < x <= cuts[b-1] */
    size_t *first_level;    /* per feature: its place in the two below; n_features + 1 */
    uint8_t *level_bin;     /* 0: the level was not seen */
    uint64_t *level_rows;
    /* the sample, column by column, until seg_bins_finish() */
    float *sample;
    size_t n_sampled, sample_cap;
    uint64_t n_rows, sample_wanted, seed;
} seg_bins;

/* n_levels: per feature, 0 for a number. n_rows: rows to come, about; all of them are
 * the sample when there are at most 65,536. */
seg_status seg_bins_new(size_t n_features, const uint32_t *n_levels, uint64_t n_rows,
                        uint64_t seed, seg_bins **out, seg_error *err);
void seg_bins_free(seg_bins *bins);   /* takes null */
/* Rows first_row .. in order; only those with use[i] != 0. Which of them are sampled
 * depends on the seed and the row's index alone. */
void seg_bins_add(seg_bins *bins, seg_matrix x, uint64_t first_row, const uint8_t *use,
                  int n_threads);
void seg_bins_finish(seg_bins *bins, int n_threads);
/* out[f * x.n_rows + i]: the bin of row i in feature f. */
void seg_bins_apply(const seg_bins *bins, seg_matrix x, int n_threads, uint8_t *out);

/* ---- histograms ---------------------------------------------------------------- */

/* Counts of one node: 2 * first_bin[n_features] integers, [feature][bin][class]. */
size_t seg_histogram_size(const seg_bins *bins);

/* Add n rows to the histogram of their node, the slots[i]-th of `histograms`; a slot
 * below 0 is none. binned: as seg_bins_apply() left it. Each thread has features of its
 * own, so there are no copies to merge. */
void seg_histogram_add(const seg_bins *bins, const uint8_t *binned, size_t n,
                       const int32_t *slots, const uint8_t *classes, int n_threads,
                       int64_t *histograms);

/* ---- splits ------------------------------------------------------------------- */

typedef struct seg_split_rule {
    int64_t min_leaf;       /* rows on each side, at least */
    int64_t weight[2];      /* of a row of class 0 and 1 in the Gini index */
    double level_price;     /* gain asked of a category for each level beyond two that it
                               has in the node, as a multiple of impurity / rows; 0: none */
} seg_split_rule;

typedef struct seg_split {
    double gain;            /* weight x Gini of the node less those of its sides; 0: none */
    int32_t feature;
    uint16_t cut;           /* number: bins 1 .. cut go left */
    bool missing_left;
    uint8_t side[SEG_TREE_BINS];   /* category: 1 if the bin goes left */
    int64_t left[2];        /* rows of each class that go left */
    int64_t n_missing;      /* rows in bin 0 */
} seg_split;

/* The best split of each of n nodes. Of equal ones, the lowest feature and cut. */
void seg_split_find(const seg_bins *bins, const int64_t *histograms, size_t n,
                    const seg_split_rule *rule, int n_threads, seg_split *splits);

/* Weight times half the Gini index: a b / (a + b) of the weighted counts. */
double seg_split_impurity(const int64_t n[2], const int64_t weight[2]);

/* Which bins of the split's feature go left. */
void seg_split_sides(const seg_split *split, bool is_number, uint8_t sides[SEG_TREE_BINS]);

/* Rows as bins go on from their node to the leaf below it. sides: SEG_TREE_BINS per node of
 * the tree. A row whose node is below 0 stays out. */
void seg_tree_descend(const seg_tree *tree, const uint8_t *sides, const uint8_t *binned,
                      size_t n, int n_threads, int32_t *nodes);

/* ---- growing and cutting back -------------------------------------------------- */

/* A tree that is one leaf with these rows. */
seg_status seg_tree_plant(seg_tree *tree, const int64_t n[2], seg_error *err);
/* The leaf gets two children, at the end of the nodes. */
seg_status seg_tree_split(seg_tree *tree, uint32_t leaf, const seg_split *split,
                          const seg_bins *bins, seg_error *err);
/* Take back splits, the weakest link first (least gain per leaf), until at most
 * max_leaves are left; fills gain. */
seg_status seg_tree_prune(seg_tree *tree, size_t max_leaves, const int64_t weight[2],
                          seg_error *err);
/* Fill value: the share of class 1, pulled towards the parent's by `shrinkage` rows. */
void seg_tree_shrink(seg_tree *tree, double shrinkage);

#endif
