/* quantile.h: cutting sorted values into groups of like size, exactly. */
#ifndef SEGMILL_KERNELS_QUANTILE_H
#define SEGMILL_KERNELS_QUANTILE_H

#include <stddef.h>
#include <stdint.h>

/* The n_bins - 1 edges of n ascending values (n > 0): edge k (from 1) is the
 * ceil(n k / n_bins)-th smallest value. It is one of the values, so neither the unit nor
 * an interpolation rule changes who falls where. */
void seg_quantile_edges(const int64_t *sorted, size_t n, uint32_t n_bins, int64_t *edges);

/* 1 + the number of edges below the value: equal values always get equal scores. */
uint32_t seg_quantile_score(const int64_t *edges, size_t n_edges, int64_t value);

/* Rows in the first `bin` groups (0 .. n_bins) of SQL's NTILE(n_bins) over n rows: sizes
 * differ by at most one, the larger groups come first. */
size_t seg_ntile_end(size_t n, uint32_t n_bins, uint32_t bin);

#endif
