/* boost.h: gradient boosting of trees for a yes/no label, on binned rows.
 *
 * Friedman, "Greedy function approximation: a gradient boosting machine" (Annals of Statistics
 * 29, 2001), with Newton steps (Chen and Guestrin, "XGBoost", KDD 2016). Gradients are whole
 * numbers, rounded up or down at random so that their sums are right on average (as in Shi et
 * al., "Quantized training of gradient boosting decision trees", NeurIPS 2022), and scores are
 * whole multiples of SEG_SCORE_UNIT: nothing depends on the order of rows or threads. */
#ifndef SEGMILL_KERNELS_BOOST_H
#define SEGMILL_KERNELS_BOOST_H

#include "kernels/tree_grow.h"

/* Leaves' values and scores (log-odds) are multiples of it: 2^-20. */
#define SEG_SCORE_UNIT (1.0 / 1048576)

typedef struct seg_boost_rule {
    double rate;               /* of learning: the share of a Newton step that is made */
    uint32_t max_depth, max_leaves;
    double min_rows;           /* in a leaf, about */
    double lambda;             /* L2 penalty of leaves' values */
    double level_lambda;       /* the same in splits of categories */
    double level_price;        /* as in seg_split_rule */
    double row_share, column_share;   /* drawn for each tree */
    const int8_t *monotone;    /* per feature; or null */
    uint64_t seed, stream;
} seg_boost_rule;

/* What is learned from, and room to work in. All outlives the boosting. */
typedef struct seg_boost_data {
    const seg_bins *bins;
    seg_records records;
    const uint8_t *classes;          /* by row number */
    size_t n_rows;                   /* row numbers are below it */
    const uint32_t *learned;         /* ascending */
    size_t n_learned;
    const uint32_t *judged;          /* rows on which the loss is taken; may be none */
    size_t n_judged;
    uint32_t *rows, *aside;          /* room: n_learned each */
    seg_row_value *values;           /* room: n_rows */
    uint64_t memory;                 /* for histograms, about */
    int n_threads;
} seg_boost_data;

typedef struct seg_boost seg_boost;

seg_status seg_boost_new(const seg_boost_data *data, const seg_boost_rule *rule, seg_boost **out,
                         seg_error *err);
void seg_boost_free(seg_boost *boost);   /* takes null */

/* One more tree; it is one leaf if no split gains anything: there is nothing more to learn (of
 * this draw of rows and columns). The tree is zero before; nodes have n, n_missing, gain and,
 * in leaves, value. */
seg_status seg_boost_tree(seg_boost *boost, seg_tree *tree, seg_error *err);

/* The score before the first tree: the log-odds of all learned rows. */
double seg_boost_base(const seg_boost *boost);
/* By row number, multiples of SEG_SCORE_UNIT. */
const int32_t *seg_boost_scores(const seg_boost *boost);
/* Mean log-loss of rows so far. */
double seg_boost_loss(const seg_boost *boost, const uint32_t *rows, size_t n);

#endif
