/* kmeans_columns.h: what k-means must know of its features before it can begin: their
 * range, and then mean and deviation, in fixed point: the bits depend neither on blocks
 * nor on threads, and a row of weight 3 counts like three rows. */
#ifndef SEGMILL_KERNELS_KMEANS_COLUMNS_H
#define SEGMILL_KERNELS_KMEANS_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>
#include "segmill/matrix.h"
#include "segmill/status.h"

/* Of the weights, or a bound: their sum and the largest. Few whole ones are multiplied after
 * rounding (three rows are one of weight 3), others before it (fold), which is more exact. */
typedef struct seg_kmeans_totals {
    double weight, most;
    bool fold;
} seg_kmeans_totals;

/* No value above this times its unit: then neither a value nor a sum of them overflows. */
double seg_kmeans_units_limit(const seg_kmeans_totals *totals);

/* All values are as they are used: through log1p if that was asked for. */
typedef struct seg_kmeans_columns {
    size_t d;
    const size_t *columns;    /* of the rows; not owned */
    const float *level;       /* as in seg_kmeans_scale; not owned, or null */
    bool log1p;
    float *least, *most;      /* d: as they stand in the rows; of levels 0 and 1 */
    uint64_t *missing;        /* d */
    /* the second pass */
    bool fold;                /* weights, as in seg_move_plan */
    double *origin, *quantum, *square_quantum;
    int64_t *n, *sum, *square;
} seg_kmeans_columns;

seg_status seg_kmeans_columns_new(const size_t *columns, const float *level, size_t d,
                                  bool log1p, seg_kmeans_columns *out, seg_error *err);
void seg_kmeans_columns_free(seg_kmeans_columns *columns);

/* First pass. */
seg_status seg_kmeans_columns_range(seg_kmeans_columns *c, seg_matrix rows, int n_threads,
                                    seg_error *err);
/* Least and largest value of feature f; NaN if it has none, infinite if one is. */
void seg_kmeans_columns_limits(const seg_kmeans_columns *c, size_t f, double *least,
                               double *most);

/* Second pass: after all rows of the first one. weight: per row of the block, null: 1. */
void seg_kmeans_columns_begin(seg_kmeans_columns *c, const seg_kmeans_totals *totals);
seg_status seg_kmeans_columns_moments(seg_kmeans_columns *c, seg_matrix rows,
                                      const uint32_t *weight, int n_threads, seg_error *err);
/* Weighted mean and population standard deviation of the values of feature f, and the sum
 * of weight (v - from)^2. */
void seg_kmeans_columns_mean(const seg_kmeans_columns *c, size_t f, double *mean, double *sd);
double seg_kmeans_columns_square(const seg_kmeans_columns *c, size_t f, double from);

#endif
