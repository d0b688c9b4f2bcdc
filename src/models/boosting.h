/* boosting.h: how a booster is fitted to the rows of a training: which setting, how many trees.
 *
 * The number of trees is the one after which rows that are held out fit best: parts of the rows
 * take turns (few rows) or one part is (many rows); then all rows are learned from with that
 * number. Several settings may be tried; the one whose held-out loss is least is taken. */
#ifndef SEGMILL_MODELS_BOOSTING_H
#define SEGMILL_MODELS_BOOSTING_H

#include "kernels/boost.h"
#include "models/learn.h"

/* What is not 0 is kept, what is 0 is chosen. */
typedef struct seg_boosting_options {
    uint32_t n_trees, max_depth, max_leaves, min_leaf;
    double rate, lambda, column_share, row_share;
    bool several;              /* try all settings, not only the one for so many rows */
    bool quick;                /* one part is held out, however few the rows */
    double seconds;            /* no further setting is tried after so long; 0: no limit */
} seg_boosting_options;

typedef struct seg_boosting {
    const char *setting;       /* its name; null: everything was given */
    seg_boost_rule rule;
    double loss;               /* on held-out rows; NaN if n_trees was given */
    double base;
    seg_tree *trees;
    size_t n_trees;
    int32_t *scores;           /* of the rows learned from, in SEG_SCORE_UNIT */
} seg_boosting;

/* learn is complete; its room is used. */
seg_status seg_boosting_fit(seg_learn *learn, const seg_boosting_options *options,
                            seg_boosting *out, seg_error *err);
void seg_boosting_free(seg_boosting *boosting);

#endif
