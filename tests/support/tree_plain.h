/* tree_plain.h: the best split of some rows, by trying all of them on the values as they are. */
#ifndef TESTS_SUPPORT_TREE_PLAIN_H
#define TESTS_SUPPORT_TREE_PLAIN_H

#include "kernels/tree_split.h"

enum { PLAIN_ROWS_MAX = 1000, PLAIN_LEVELS_MAX = 8 };

/* Rows of d values, NaN if missing, and the numbers (a, b) that each brings. */
typedef struct plain_rows {
    const float *x;
    size_t d, stride;
    const uint32_t *n_levels;   /* per feature; 0: a number; at most PLAIN_LEVELS_MAX */
    const int32_t *a;
    const uint32_t *b;
} plain_rows;

/* The gain of parting n rows, list[0] ..., into those with left[i] and the others, by the rule
 * (GINI or NEWTON without lambda, no price); 0 when a side is too small. */
double plain_gain(const plain_rows *rows, const uint32_t *list, size_t n, const bool *left,
                  const seg_split_rule *rule);
/* The largest over every threshold of a number, with the missing on either side, and every set
 * of levels. */
double plain_best_gain(const plain_rows *rows, const uint32_t *list, size_t n,
                       const seg_split_rule *rule);

#endif
