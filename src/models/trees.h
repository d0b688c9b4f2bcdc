/* trees.h: what one tree and an ensemble of trees have in common as models. */
#ifndef SEGMILL_MODELS_TREES_H
#define SEGMILL_MODELS_TREES_H

#include "kernels/tree.h"
#include "models/method.h"

/* The model gets the features that the trees ask for, in the order of `schema`, and the nodes
 * are renumbered. Trees that are one leaf each keep them all. */
seg_status seg_trees_keep_used(seg_tree *trees, size_t n_trees, const seg_schema *schema,
                               seg_model *model, seg_error *err);

/* SEG_E_DATA when the categories of the trees' splits take too much memory: names the feature
 * that has most. */
seg_status seg_trees_check_size(const seg_tree *trees, size_t n_trees, const seg_schema *schema,
                                seg_error *err);

/* Share of the whole gain that each feature brought, under `into`, greatest first. */
seg_status seg_trees_importance(const seg_tree *trees, size_t n_trees, const seg_schema *schema,
                                seg_node *into, seg_error *err);

#endif
