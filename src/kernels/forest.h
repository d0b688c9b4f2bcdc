/* forest.h: the score of rows under an ensemble of trees, and what each feature gave to it.
 *
 * The trees of an ensemble are an array of seg_tree whose leaf values add up: log-odds of
 * boosting, or probabilities whose mean the caller takes. Rows become bytes against the
 * cuts that these trees really use (bin_tile.h), 64 at a time; all else happens on bytes. */
#ifndef SEGMILL_KERNELS_FOREST_H
#define SEGMILL_KERNELS_FOREST_H

#include <stddef.h>
#include "kernels/tree.h"
#include "segmill/matrix.h"
#include "segmill/status.h"

/* ---- scores (forest_plan.c, forest_score.c) ------------------------------------ */

typedef struct seg_forest_plan seg_forest_plan;

/* Copies what it needs. SEG_E_DATA names the tree and node that is not as tree.h says:
 * a feature beyond n_features, a child not behind its parent or with two parents, a category
 * with sides beyond the tree's, a threshold or value that is no number. */
seg_status seg_forest_plan_new(const seg_tree *trees, size_t n_trees, size_t n_features,
                               seg_forest_plan **out, seg_error *err);
void seg_forest_plan_free(seg_forest_plan *plan);   /* takes null */

/* sums[i]: over the trees, the value of row i's leaf. Values are rounded to whole units, a
 * power of two, and units are added as integers: same bits for any threads, order and
 * processor. Values that are multiples of 2^-20, say, lose nothing. */
seg_status seg_forest_score(const seg_forest_plan *plan, seg_matrix x, int n_threads,
                            double *sums, seg_error *err);
/* How far sums[i] can be from the sum of the values as they came: 0 when the unit divides all of
 * them, else below 1e-6 unless the values of one tree are farther apart than 2^32 of its units. */
double seg_forest_plan_error(const seg_forest_plan *plan);

/* ---- reasons (forest_shap.c) ---------------------------------------------------- */

typedef struct seg_forest_shap seg_forest_shap;

/* Shapley values of the features along the paths of the trees, the missing ones weighted by the
 * rows learned from (n[0] + n[1] of a node): S. Lundberg et al., "From local explanations to
 * global understanding with explainable AI for trees", Nature Machine Intelligence 2020. */
seg_status seg_forest_shap_new(const seg_tree *trees, size_t n_trees, size_t n_features,
                               seg_forest_shap **out, seg_error *err);
void seg_forest_shap_free(seg_forest_shap *shap);   /* takes null */

/* The mean score of the rows learned from; with a row's phi it adds up to its score. */
double seg_forest_shap_base(const seg_forest_shap *shap);
/* phi[i * n_features + f]: what feature f gave to the score of row i. Same bits for any
 * threads and processor. */
seg_status seg_forest_shap_rows(const seg_forest_shap *shap, seg_matrix x, int n_threads,
                                float *phi, seg_error *err);

#endif
