/* ensemble_train.h: the end of a training that leaves many trees. */
#ifndef SEGMILL_MODELS_ENSEMBLE_TRAIN_H
#define SEGMILL_MODELS_ENSEMBLE_TRAIN_H

#include "models/ensemble.h"
#include "models/learn.h"

typedef struct seg_fitted_trees {
    const seg_learn *learn;
    seg_link link;
    double base;
    seg_tree **trees;            /* moved out: null afterwards */
    size_t *n_trees;
    seg_calibration calibration;
    /* Probability of a row learned from, as little fitted to it as can be; NaN: not known. */
    float (*known)(const void *fit, const seg_ensemble *e, size_t row);
    void (*put_setting)(const void *fit, seg_node *figures);
    const void *fit;
} seg_fitted_trees;

/* Fills model->schema, psi and state, and the figures that all of them have. */
seg_status seg_ensemble_of_fit(const seg_fitted_trees *fitted, seg_model *model,
                               seg_node *figures, seg_error *err);

#endif
