/* silhouette.h: how much nearer rows are to their own cluster than to the next one.
 *
 * For a row, a is its mean distance to the other rows of its cluster, b the least mean
 * distance to the rows of another one; s = (b - a) / max(a, b), 0 for a row alone in its
 * cluster. P. Rousseeuw, "Silhouettes", J. Comput. Appl. Math. 20 (1987) 53-65. Every pair
 * of rows counts: it is not the simplified silhouette, which asks centroids only.
 *
 * All pairs of all rows are too many, so rows are chosen, from every cluster some
 * (seg_silhouette_choose), and stand for their cluster (seg_silhouette_measure). */
#ifndef SEGMILL_KERNELS_SILHOUETTE_H
#define SEGMILL_KERNELS_SILHOUETTE_H

#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

enum {
    SEG_SILHOUETTE_ROWS = 2000,   /* a good number of rows to choose */
    SEG_SILHOUETTE_LEAST = 20     /* of each cluster, if it has as many */
};

/* The rows chosen, ascending, and the weight of each cluster among all of them. */
typedef struct seg_silhouette_sample {
    size_t n, k;
    size_t *row;
    uint64_t *total;              /* k */
} seg_silhouette_sample;

/* Choose about m of n rows: all if there are no more; else of every cluster the least of its
 * rows, 20 and m / (clusters), but never fewer than 2, and the rest in proportion to the
 * clusters' weights. Which ones: those with the least random numbers, keyed by (seed, stream,
 * row). At most max(m, 2k) rows.
 * label: 0 .. k-1, or below 0 for a row that takes no part; weight: null for 1 each; a row of
 * weight 0 takes no part. SEG_E_DATA for other labels, for 2^32 rows, or when all weights
 * pass 2^63. O(n) time, memory for what is chosen. */
seg_status seg_silhouette_choose(const int32_t *label, const uint64_t *weight, size_t n,
                                 size_t k, size_t m, uint64_t seed, uint64_t stream,
                                 seg_silhouette_sample *out, seg_error *err);
void seg_silhouette_sample_free(seg_silhouette_sample *sample);

typedef struct seg_silhouette_rows {
    size_t n, d, k;
    const double *z;              /* n x d, scaled units; at most 1e100 in size */
    const int32_t *label;         /* n: 0 .. k-1; below 0: takes no part */
    const uint64_t *weight;       /* n, or null for 1 each; 0: takes no part */
    const uint64_t *total;        /* k: weight of each cluster in the data they were chosen
                                     from; null: they are the data */
    uint64_t unit;                /* weight of one row, when weights are fixed point; 0: 1 */
} seg_silhouette_rows;

/* The mean over the data: clusters by their total, rows within by their weight; NaN with
 * fewer than two clusters. With all rows, weights give what repeated rows give.
 *  clusters: k means of the clusters, NaN without rows; may be null.
 *  each:     n values, NaN for a row that takes no part; may be null.
 * O(n^2 d) time, about 16 d + 24 bytes per row. The bits depend on the rows alone. */
seg_status seg_silhouette_measure(const seg_silhouette_rows *rows, int n_threads, double *mean,
                                  double *clusters, double *each, seg_error *err);

#endif
