/* kmeans_init.h: given centroids, from a table (CSV, HDF5) or from a k-means model. */
#ifndef SEGMILL_MODELS_KMEANS_INIT_H
#define SEGMILL_MODELS_KMEANS_INIT_H

#include <stddef.h>
#include "segmill/status.h"
#include "segmill/table.h"

/* k rows (of a model: segments) of the named columns of the schema, in the data's own units.
 * level: null, or codes, NaN of numbers: the centroid's share of this level, 1 or 0 where the
 * table has the category itself, else of a column like 'plan=yearly'. Allocates *out, k x d.
 * A missing column or value is SEG_E_DATA. */
seg_status seg_kmeans_init_read(const char *path, const seg_schema *schema,
                                const size_t *columns, const float *level, size_t d,
                                double **out, size_t *k, seg_error *err);

#endif
