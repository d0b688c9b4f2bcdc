/* quantile_sample.h: quantiles of columns from a sample of rows that depends on the row
 * numbers alone: all rows when there are few, else about SEG_SAMPLE_ROWS of them. */
#ifndef SEGMILL_KERNELS_QUANTILE_SAMPLE_H
#define SEGMILL_KERNELS_QUANTILE_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "segmill/matrix.h"
#include "segmill/status.h"

enum { SEG_SAMPLE_ROWS = 65536 };

typedef struct seg_quantile_sample {
    size_t d, n, cap;
    uint64_t n_rows, seed;
    float *x;              /* n x d until sorted; then d runs of cap, each sorted */
    size_t *n_values;      /* d: without missing; null until sorted */
} seg_quantile_sample;

seg_status seg_quantile_sample_new(size_t d, uint64_t n_rows, uint64_t seed,
                                   seg_quantile_sample *out, seg_error *err);
void seg_quantile_sample_free(seg_quantile_sample *sample);
/* Blocks in order. */
seg_status seg_quantile_sample_add(seg_quantile_sample *sample, const size_t *columns,
                                   seg_matrix rows, uint64_t first_row, seg_error *err);
/* After the last block, before the first question. */
seg_status seg_quantile_sample_sort(seg_quantile_sample *sample, seg_error *err);
/* Quantile q (0..1) of column f by linear interpolation (R type 7); NaN if no values. */
double seg_quantile_sample_at(const seg_quantile_sample *sample, size_t f, double q);

#endif
