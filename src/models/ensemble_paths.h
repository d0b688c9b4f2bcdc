/* ensemble_paths.h: what features gave to a score, along the paths of the trees. */
#ifndef SEGMILL_MODELS_ENSEMBLE_PATHS_H
#define SEGMILL_MODELS_ENSEMBLE_PATHS_H

#include "kernels/tree.h"
#include "segmill/matrix.h"

typedef struct seg_tree_paths seg_tree_paths;

/* The trees outlive it. */
seg_status seg_tree_paths_new(const seg_tree *trees, size_t n_trees, size_t n_features,
                         seg_tree_paths **out, seg_error *err);
void seg_tree_paths_free(seg_tree_paths *paths);   /* takes null */
/* phi: n x n_features. Same bits for any threads. Cost: one walk through each tree a row. */
void seg_tree_paths_rows(const seg_tree_paths *paths, seg_matrix x, int n_threads, float *phi);

#endif
