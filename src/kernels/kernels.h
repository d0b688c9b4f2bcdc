/* kernels.h: the inner loops that are compiled once per instruction set, as a table of
 * functions chosen once from the processor. All levels give the same bits. */
#ifndef SEGMILL_KERNELS_KERNELS_H
#define SEGMILL_KERNELS_KERNELS_H

#include <stddef.h>
#include <stdint.h>
#include "base/cpu.h"

/* Centroids per padded row are a multiple of this: whole registers at every level. */
enum { SEG_KMEANS_PAD = 8 };

/* Squared distances of n rows of d values to k_pad centroids.
 *  z:     n x d, dense.
 *  ct:    d x k_pad, 64-byte aligned: feature f of centroid j at ct[f * k_pad + j];
 *         padding holds infinity.
 *  dist2: n x k_pad, 64-byte aligned. */
typedef void seg_kmeans_distances_fn(const double *z, size_t n, size_t d, const double *ct,
                                     size_t k_pad, double *dist2);

/* What a chunk of one column holds. n: not NaN; the rest of the finite ones; sums about an
 * origin. */
typedef struct seg_moments {
    int64_t n, n_finite, n_zero, n_whole;
    double least, largest, sum, square;
} seg_moments;

/* x: n values, 64-byte aligned; n a multiple of 8 (fill up with NaN). */
typedef void seg_column_moments_fn(const double *x, size_t n, double origin, seg_moments *out);

/* n floats as doubles, and hashed: one to one by bits (distinct.h), but equal numbers and
 * missing ones are equal. */
#define SEG_NAN_BITS 0x7fc00000U
typedef void seg_open_floats_fn(const float *x, size_t n, double *wide, uint32_t *hashes);

/* Those below the limit, in order; returns how many. out: room for n. */
typedef size_t seg_gather_below_fn(const uint32_t *x, size_t n, uint32_t limit, uint32_t *out);

/* Weighted sums of distances from n rows of d values to all points of each cluster.
 *  z:       n x d, dense.
 *  points:  in groups of eight, 64-byte aligned: feature f of point 8g + l at
 *           points[(g * d + f) * 8 + l]; a cluster is whole groups, filled up with any
 *           finite point of weight 0.
 *  weight:  of each point, 64-byte aligned.
 *  ends:    k: the group behind the last one of each cluster.
 *  sums:    n x k. */
typedef void seg_distance_sums_fn(const double *z, size_t n, size_t d, const double *points,
                                  const double *weight, const size_t *ends, size_t k,
                                  double *sums);

typedef struct seg_kernels {
    seg_kmeans_distances_fn *kmeans_distances;
    seg_column_moments_fn *column_moments;
    seg_open_floats_fn *open_floats;
    seg_gather_below_fn *gather_below;
    seg_distance_sums_fn *distance_sums;
} seg_kernels;

/* Of the best level allowed (SEGMILL_ISA lowers it), or of a given one (tests; null when
 * this processor or build does not have it). */
const seg_kernels *seg_kernels_get(void);
const seg_kernels *seg_kernels_at(seg_isa isa);

seg_kmeans_distances_fn seg_kmeans_distances_base, seg_kmeans_distances_v3,
    seg_kmeans_distances_v4;
seg_column_moments_fn seg_column_moments_base, seg_column_moments_v3, seg_column_moments_v4;
seg_open_floats_fn seg_open_floats_base, seg_open_floats_v3, seg_open_floats_v4;
seg_gather_below_fn seg_gather_below_base, seg_gather_below_v3, seg_gather_below_v4;
seg_distance_sums_fn seg_distance_sums_base, seg_distance_sums_v3, seg_distance_sums_v4;

#endif
