/* kmeans_features.h: what k-means measures distances in: numbers, each one feature, and
 * categories, each as many as it has levels. A schema of columns (numbers and categories,
 * as they stand in the data) is expanded in its order.
 *
 *   kmeans_features.c   the expansion, and its names
 *   kmeans_gamma.c      how much a category weighs beside the numbers */
#ifndef SEGMILL_MODELS_KMEANS_FEATURES_H
#define SEGMILL_MODELS_KMEANS_FEATURES_H

#include <math.h>
#include <stdbool.h>
#include "base/text.h"
#include "data/schema.h"
#include "segmill/doc.h"

enum { SEG_KMEANS_LEVELS_MAX = 256 };   /* of all categories that are segmented by */

/* Features of a schema once it is expanded. */
size_t seg_kmeans_expanded_count(const seg_schema *schema);
/* columns, level: that many; the number of the feature's column, and the code it stands for,
 * NaN of a number. */
void seg_kmeans_expand(const seg_schema *schema, size_t *columns, float *level);
/* Names of the expanded features as a schema of numbers: "spend", "plan=yearly". SEG_E_DATA
 * when two are the same. */
seg_status seg_kmeans_expanded_schema(const seg_schema *schema, seg_schema_owner *out,
                                      seg_error *err);

static inline bool seg_kmeans_is_level(const float *level, size_t f)
{
    return level != NULL && !isnan(level[f]);
}

/* "spend", "plan=yearly". level: a code, or NaN. */
void seg_kmeans_feature_name(const seg_column *column, float level, seg_text *out);
/* Names of d features into an array. level: null: numbers. */
seg_status seg_kmeans_put_names(const seg_schema *schema, const size_t *columns,
                                const float *level, size_t d, seg_node *into, seg_error *err);

#endif
