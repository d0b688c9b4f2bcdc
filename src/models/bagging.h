/* bagging.h: how a random forest is fitted to the rows of a training.
 *
 * Breiman, "Random forests" (Machine Learning 45, 2001). Every tree sees a row as often as a
 * Poisson number of mean 1 says (Oza and Russell, "Online bagging and boosting", 2001), and
 * looks at a few columns, drawn anew, in each node. Rows that a tree did not see tell how good
 * it is. */
#ifndef SEGMILL_MODELS_BAGGING_H
#define SEGMILL_MODELS_BAGGING_H

#include "kernels/calibrate.h"
#include "models/learn.h"

/* What is 0 is chosen. */
typedef struct seg_bagging_options {
    uint32_t n_trees, max_depth, min_leaf, n_try;
    int class_weight;            /* 1: balanced, in the choice of splits */
} seg_bagging_options;

typedef struct seg_bagging {
    seg_bagging_options used;    /* nothing in it is 0 */
    seg_tree *trees;
    size_t n_trees;
    float *unseen;               /* per row: mean of the trees that did not see it; NaN: all did */
    seg_calibration calibration; /* fitted to these */
} seg_bagging;

/* learn is complete; its room is used. */
seg_status seg_bagging_fit(seg_learn *learn, const seg_bagging_options *options,
                           seg_bagging *out, seg_error *err);
void seg_bagging_free(seg_bagging *bagging);

#endif
