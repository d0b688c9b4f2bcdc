/* ensemble.h: a classifier that adds up many trees: what forest, boost and models from elsewhere
 * leave. Its probabilities, reasons and file are made here; how it was learned is not known. */
#ifndef SEGMILL_MODELS_ENSEMBLE_H
#define SEGMILL_MODELS_ENSEMBLE_H

#include "kernels/calibrate.h"
#include "kernels/forest.h"
#include "kernels/tree_bins.h"
#include "models/classifier.h"
#include "models/ensemble_paths.h"
#include "models/method.h"

typedef enum seg_link {
    SEG_LINK_LOGIT,     /* leaves are log-odds: probability = 1 / (1 + exp(-(base + sum))) */
    SEG_LINK_MEAN       /* leaves are probabilities: base + sum / trees, within 0 .. 1 */
} seg_link;

typedef struct seg_ensemble {
    char *label, *positive, *negative;
    seg_link link;
    double base;
    seg_tree *trees;
    size_t n_trees;
    seg_calibration calibration;     /* of that probability; kind NONE: it is as it is */
    float edges[SEG_DECILE_EDGES];
    seg_bands bands;
    /* made from these by seg_ensemble_prepare() */
    seg_forest_plan *plan;
    seg_forest_shap *shap;           /* null: `paths` tells the reasons */
    seg_tree_paths *paths;
    size_t reason_width;
} seg_ensemble;

enum {
    SEG_EDGE_ROWS = 65536,       /* deciles are taken from so many rows, at most */
    SEG_SHAPLEY_LEAVES = 20000   /* trees of more leaves together are explained by their paths */
};

/* Copies the texts. */
seg_status seg_ensemble_new(const char *label, const char *positive, const char *negative,
                            seg_link link, double base, seg_ensemble **out, seg_error *err);
void seg_ensemble_free(void *ensemble);   /* takes null */

/* From trees over the features of `schema` to a model: it gets the features that they use and,
 * from the bins and the probabilities of n of the training rows (which are sorted), what later
 * drift is measured by; the ensemble is made ready. bins null (a model from elsewhere): it has
 * no such measure. */
seg_status seg_ensemble_finish(seg_ensemble *e, const seg_context *ctx, const seg_bins *bins,
                               float *probabilities, size_t n, const seg_schema *schema,
                               seg_model *model, seg_error *err);
/* model: whose schema and options are there. */
seg_status seg_ensemble_prepare(seg_ensemble *e, const seg_model *model, seg_error *err);

/* From the sum of the leaves to a probability. */
double seg_ensemble_probability(const seg_ensemble *e, double sum);

/* Figures of every ensemble, and the share of the gain that each feature brought. */
seg_status seg_ensemble_put_figures(const seg_ensemble *e, const seg_schema *schema,
                                    seg_node *figures, seg_error *err);

/* Callbacks of a method whose state is an ensemble. */
seg_status seg_ensemble_save(const seg_model *model, seg_h5_writer *w, seg_error *err);
seg_status seg_ensemble_load(seg_model *model, seg_h5 *file, seg_error *err);
seg_status seg_ensemble_describe(const seg_model *model, seg_node *into, seg_error *err);
seg_status seg_ensemble_text(const seg_model *model, seg_node *into, seg_error *err);
seg_status seg_ensemble_score_schema(const seg_model *model, seg_schema_owner *out,
                                     seg_error *err);
seg_status seg_ensemble_score(const seg_model *model, const seg_context *ctx,
                              const seg_schema *data, const seg_block *in, seg_batch *out,
                              seg_error *err);
seg_status seg_ensemble_evaluate_begin(const seg_model *model, const seg_train_input *input,
                                       void **ev, seg_error *err);

/* The rows of seg_method that all of them share. */
#define SEG_ENSEMBLE_CALLBACKS                                                                 \
    .train_view = SEG_VIEW_FEATURES, .score_view = SEG_VIEW_FEATURES, .needs_label = true,     \
    .save = seg_ensemble_save, .load = seg_ensemble_load, .state_free = seg_ensemble_free,     \
    .describe = seg_ensemble_describe, .text = seg_ensemble_text,                              \
    .score_schema = seg_ensemble_score_schema, .score = seg_ensemble_score,                    \
    .evaluate_begin = seg_ensemble_evaluate_begin, .evaluate_add = seg_classifier_evaluate_add, \
    .evaluate_end = seg_classifier_evaluate_end, .evaluate_free = seg_classifier_evaluate_free

#endif
