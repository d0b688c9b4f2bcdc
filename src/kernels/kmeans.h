/* kmeans.h: sweeps of k-means over a block of rows. A sweep is called once per block of a
 * pass; its accumulators are integers, so the result depends neither on the order of the
 * blocks nor on the number of threads.
 *
 * Rows are seen scaled: z = (x - shift) * inverse in float64, x first through log1p if
 * asked; a missing value is z = 0, the middle of the feature. */
#ifndef SEGMILL_KERNELS_KMEANS_H
#define SEGMILL_KERNELS_KMEANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "segmill/matrix.h"
#include "segmill/status.h"

typedef struct seg_kmeans_scale {
    size_t d;
    const size_t *columns;     /* d columns of the matrix */
    const double *shift, *inverse;
    bool log1p;
} seg_kmeans_scale;

/* Centroids in scaled units, transposed and padded for the kernel. */
typedef struct seg_kmeans_centres {
    size_t k, k_pad, d;
    double *ct;                /* d x k_pad */
} seg_kmeans_centres;

seg_status seg_kmeans_centres_new(size_t k_max, size_t d, seg_kmeans_centres *out,
                                  seg_error *err);
void seg_kmeans_centres_free(seg_kmeans_centres *centres);
/* Set from k x d values. k <= k_max of the making. */
void seg_kmeans_centres_set(seg_kmeans_centres *centres, const double *z, size_t k);

/* ---- assignment ---------------------------------------------------------------- */

/* Per row, any may be null. Ties go to the lowest number. second is -1 if k is 1. */
typedef struct seg_kmeans_rows {
    int32_t *label, *second;
    double *dist2, *second_dist2;
} seg_kmeans_rows;

/* Sums of a whole pass, in fixed point: value * quantum, rounded to nearest. */
typedef struct seg_kmeans_sums {
    size_t k, d;
    int64_t *sum;              /* k x d, times quantum[f] */
    int64_t *count;            /* k */
    int64_t *spread;           /* k: squared distances, times dist_quantum */
    int64_t silhouette;        /* simplified silhouette, times 2^28 */
    double *quantum;           /* d: powers of two */
    double dist_quantum;       /* power of two */
    double *far_dist2;         /* k: the farthest row of each cluster, */
    uint64_t *far_row;         /*    ties to the lowest row */
    double *far_z;             /*    k x d */
} seg_kmeans_sums;

seg_status seg_kmeans_sums_new(size_t k, size_t d, seg_kmeans_sums *out, seg_error *err);
void seg_kmeans_sums_clear(seg_kmeans_sums *sums);
void seg_kmeans_sums_free(seg_kmeans_sums *sums);

/* Assign the rows and add them to the sums (sums may be null). */
seg_status seg_kmeans_assign(const seg_kmeans_scale *scale, const seg_kmeans_centres *centres,
                             seg_matrix rows, uint64_t first_row, int n_threads,
                             const seg_kmeans_rows *out, seg_kmeans_sums *sums,
                             seg_error *err);

/* ---- start ----------------------------------------------------------------------- */

typedef enum seg_kmeans_weight {
    SEG_KMEANS_UNIFORM,        /* every row alike */
    SEG_KMEANS_DISTANCE,       /* squared distance to the nearest centre */
    SEG_KMEANS_FARTHEST        /* the farthest row, no chance */
} seg_kmeans_weight;

/* The winner of a race: least (key, row). Exponential races draw a row with probability
 * proportional to its weight in one pass and in any order: key = -log(u) / weight.
 * Source: P. Efraimidis, P. Spirakis, Information Processing Letters 97 (2006) 181-185. */
typedef struct seg_kmeans_winner {
    double key;                /* infinity: nobody has a weight */
    uint64_t row;
    double *z;                 /* d */
} seg_kmeans_winner;

/* Run n races over the rows of a block; race l uses random stream stream + l. */
seg_status seg_kmeans_race(const seg_kmeans_scale *scale, const seg_kmeans_centres *centres,
                           seg_kmeans_weight weight, uint64_t seed, uint64_t stream,
                           seg_matrix rows, uint64_t first_row, int n_threads,
                           seg_kmeans_winner *winners, size_t n, seg_error *err);

/* Potential of each of the last n centres: the sum over rows of min(distance to the first
 * k - n centres, distance to it), times dist_quantum. Adds to potential[0..n-1]. */
seg_status seg_kmeans_potential(const seg_kmeans_scale *scale,
                                const seg_kmeans_centres *centres, size_t n,
                                double dist_quantum, seg_matrix rows, int n_threads,
                                int64_t *potential, seg_error *err);

#endif
