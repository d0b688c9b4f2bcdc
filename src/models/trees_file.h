/* trees_file.h: one or many trees in a model file. */
#ifndef SEGMILL_MODELS_TREES_FILE_H
#define SEGMILL_MODELS_TREES_FILE_H

#include <stdbool.h>
#include "data/h5.h"
#include "data/schema.h"
#include "kernels/tree.h"

/* What a kind of model can hold. */
typedef struct seg_trees_range {
    double least, most;    /* of a node's value */
    double most_gain;
} seg_trees_range;

/* The frame obs, uns/model/first_side and uns/model/goes_left. several: with a column that
 * numbers the trees. */
seg_status seg_trees_save(const seg_tree *trees, size_t n_trees, const seg_schema *schema,
                          bool several, seg_h5_writer *w, seg_error *err);
/* Free with seg_trees_free(). SEG_E_DATA names the node that is not possible. */
seg_status seg_trees_load(seg_h5 *file, const seg_schema *schema, bool several,
                          const seg_trees_range *range, seg_tree **trees, size_t *n_trees,
                          seg_error *err);
/* Both are null and 0 afterwards. */
void seg_trees_free(seg_tree **trees, size_t *n_trees);

#endif
