/* column_stats.h: count, range, mean and standard deviation of columns. */
#ifndef SEGMILL_KERNELS_COLUMN_STATS_H
#define SEGMILL_KERNELS_COLUMN_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "segmill/matrix.h"
#include "segmill/status.h"

/* Per column, over the values that are there: number, least, largest, and sums in fixed
 * lanes of chunks, so that the bits do not depend on blocks or threads. */
enum { SEG_LANES = 32 };
typedef struct seg_column_stats {
    size_t d;
    int64_t *n;                /* SEG_LANES x d, like all but the origin */
    double *least, *largest;
    double *sum, *square;      /* about `origin` */
    double *origin;            /* d: the first value seen would do; set by the caller */
} seg_column_stats;

seg_status seg_column_stats_new(size_t d, seg_column_stats *out, seg_error *err);
void seg_column_stats_free(seg_column_stats *stats);
void seg_column_stats_add(seg_column_stats *stats, const size_t *columns, bool log1p,
                          seg_matrix rows, uint64_t first_row, int n_threads);
/* Of column f: mean and population standard deviation; number of values and their range. */
void seg_column_stats_mean(const seg_column_stats *stats, size_t f, double *mean, double *sd);
int64_t seg_column_stats_range(const seg_column_stats *stats, size_t f, double *least,
                               double *largest);

#endif
