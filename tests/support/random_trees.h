/* random_trees.h: ensembles of random trees, and rows that meet their thresholds, miss values and
 * bring levels that nobody saw. */
#ifndef TESTS_SUPPORT_RANDOM_TREES_H
#define TESTS_SUPPORT_RANDOM_TREES_H

#include <stdint.h>
#include "kernels/tree.h"

typedef enum trees_growth {
    LEVEL_WISE,         /* the shallowest leaf is split next */
    LEAF_WISE,          /* any leaf */
    CHAIN               /* the newest leaf */
} trees_growth;

typedef struct trees_case {
    const char *name;
    size_t n_trees, n_features;
    size_t n_categories;        /* of the features, the last ones */
    uint32_t n_levels;
    size_t leaves;
    trees_growth growth;
    size_t grid;                /* thresholds are whole numbers below; 0: any */
    int bits;                   /* values are multiples of 2^-bits; 0: any */
    double spread;              /* of the values */
} trees_case;

/* Ends the test without memory. The trees are seg_tree_free()d by trees_free(). */
seg_tree *trees_new(const trees_case *c, uint64_t seed);
void trees_free(seg_tree *trees, size_t n);
float *trees_rows(const trees_case *c, size_t n, size_t stride, uint64_t seed);

/* The leaf of a row, by the words of tree.h. */
const seg_tree_node *trees_leaf(const seg_tree *tree, const float *row);

#endif
