/* tree_split.h: the best way to part a node's rows in two, from the node's histogram. */
#ifndef SEGMILL_KERNELS_TREE_SPLIT_H
#define SEGMILL_KERNELS_TREE_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kernels/tree_bins.h"
#include "kernels/tree_histogram.h"

/* What is gained by a split. The first three are for rows that bring (class, 1), the last one
 * for (gradient, hessian) or (target, 1). */
typedef enum seg_gain {
    SEG_GAIN_GINI,          /* fall of the Gini index, times weight */
    SEG_GAIN_ENTROPY,       /* fall of the entropy (nats), times weight */
    SEG_GAIN_HELLINGER,     /* squared Hellinger distance of the classes (Cieslak and Chawla,
                               2008): does not see how rare a class is */
    SEG_GAIN_NEWTON         /* fall of the loss in its second-order approximation, times two
                               (Chen and Guestrin, "XGBoost", KDD 2016, eq. 7) */
} seg_gain;

typedef struct seg_split_rule {
    seg_gain gain;
    double min_rows;        /* on each side, at least; under NEWTON as estimated from b */
    double min_gain;        /* at least */
    double weight[2];       /* of a row of class 0 and 1 */
    double unit_a, unit_b;  /* NEWTON: what one of a and of b is worth */
    double lambda;          /* NEWTON: added to a side's sum of b */
    double level_lambda;    /* NEWTON: the same for categories, and where their order is found */
    double level_price;     /* gain asked of a category for each level beyond two that it has in
                               the node, as a multiple of what a level gains by chance; 0: none */
    const int8_t *monotone; /* per feature: +1 the value must not fall with it, -1 not rise;
                               null: no constraint */
} seg_split_rule;

typedef struct seg_split {
    double gain;            /* 0: none */
    int32_t feature;
    uint32_t column;
    bool ordered;
    uint16_t cut;           /* ordered: bins 1 .. cut go left */
    bool missing_left;
    uint8_t side[SEG_TREE_BINS];   /* not ordered: 1 if the bin goes left */
    seg_pair left;          /* sums of the rows that go left */
} seg_split;

/* A node to be split: its histogram, the sums over its rows, and how many they are. */
typedef struct seg_split_node {
    const seg_pair *histogram;
    seg_pair all;
    double n_rows;
} seg_split_node;

/* The best split. use: per column, 0: not looked at; null: all are. Of equal splits, the
 * lowest column and cut. */
void seg_split_find(const seg_bins *bins, const seg_split_node *node,
                    const seg_split_rule *rule, const uint8_t *use, int n_threads,
                    seg_split *split);

/* The value of rows with these sums, which monotone constraints compare: the share of class 1,
 * or the step of Newton's method. */
double seg_split_value(const seg_split_rule *rule, int64_t a, int64_t b);

/* Weight times half the Gini index: a b / (a + b) of the weighted counts. */
double seg_split_impurity(const int64_t n[2], const int64_t weight[2]);

/* Which bins of the split's column go left. */
void seg_split_sides(const seg_split *split, uint8_t sides[SEG_HISTOGRAM_BINS]);

#endif
