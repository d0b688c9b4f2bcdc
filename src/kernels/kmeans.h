/* kmeans.h: sweeps of k-means over a block of rows. A sweep is called once per block of a
 * pass; its accumulators are integers, so the result depends neither on the order of the
 * blocks nor on the number of threads.
 *
 * Rows are seen scaled: z = (x - shift) * inverse in float64, x first through log1p if
 * asked; a missing value is z = 0, the middle of the feature. The nearest centroid is the
 * one of least float64 distance, summed over the features in their order, ties to the
 * lowest number: float32 finds it (isa/kmeans_nearest.c), float64 decides what float32
 * cannot.
 *
 * A feature may stand for one level of a category, whose codes are in the column: x is 1
 * where the row has this code, 0 where it has another, and missing where the code is. Its
 * logarithm is never taken. The levels of a category stand side by side.
 *
 *   kmeans_centres.c   centroids made ready, with the bound of what float32 may get wrong
 *   kmeans_tile.c      the plain way in float64: rows that are in doubt, and the reference
 *   kmeans_sweep.c     a pass of Lloyd's algorithm
 *   kmeans_assign.c    exact distances to the nearest two: scores, quality, farthest rows
 *   kmeans_start.c     first centroids, from rows in memory */
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
    const float *level;        /* d: the code a feature stands for, NaN of a number; null: all
                                  are numbers */
    const double *shift, *inverse;
    bool log1p;
} seg_kmeans_scale;

/* Centroids in scaled units, and what the kernels want of them. */
typedef struct seg_kmeans_centres {
    size_t k, k_pad, d;
    const double *z;           /* k x d, as set: not owned */
    double *ct;                /* d x k_pad, transposed */
    float *pack, *half, *length;
    float longest;
} seg_kmeans_centres;

seg_status seg_kmeans_centres_new(size_t k_max, size_t d, seg_kmeans_centres *out,
                                  seg_error *err);
void seg_kmeans_centres_free(seg_kmeans_centres *centres);
/* Set from k x d values, which stay where they are. k <= k_max of the making. */
void seg_kmeans_centres_set(seg_kmeans_centres *centres, const double *z, size_t k);

/* ---- a pass of Lloyd's algorithm ------------------------------------------------------- */

/* What is remembered of the rows of a block between passes; any may be null. */
typedef struct seg_kmeans_memory {
    uint16_t *label;
    float *upper, *lower;      /* bounds of the distances to the own and any other centroid */
} seg_kmeans_memory;

/* How the centroids moved since the bounds were made (G. Hamerly, "Making k-means even
 * faster", SDM 2010, 130-140). All rounded to the safe side. */
typedef struct seg_kmeans_drift {
    float *own;                /* k: of this centroid */
    float *other;              /* k: the most of any other centroid */
    float *half_gap;           /* k: half the distance to the nearest other centroid */
} seg_kmeans_drift;

seg_status seg_kmeans_drift_new(size_t k, seg_kmeans_drift *out, seg_error *err);
void seg_kmeans_drift_free(seg_kmeans_drift *drift);
/* k x d values before and now. Cost: O(k^2 d) over n_threads. */
void seg_kmeans_drift_set(seg_kmeans_drift *drift, const double *before, const double *now,
                          size_t k, size_t d, int n_threads);

typedef struct seg_kmeans_sweep {
    const seg_kmeans_scale *scale;
    const seg_kmeans_centres *centres;
    const double *quantum;     /* d: sums are of value * quantum, rounded to the nearest; powers
                                  of two such that no such value reaches 2^51, no sum 2^62 */
    const seg_kmeans_drift *drift;   /* not null: rows whose bounds hold are passed over */
    bool fold;                 /* how weights are multiplied: seg_move_plan */
    bool whole;                /* no label is known yet: every row is added, none is taken */
    int64_t *sum, *count;      /* k x d and k: changed by what the rows of the block change */
    uint64_t n_active, n_doubtful, n_changed;   /* counted up */
} seg_kmeans_sweep;

/* weight: per row of the block, null: 1. memory->label null: `whole` must be set. */
seg_status seg_kmeans_sweep_block(seg_kmeans_sweep *sweep, seg_matrix rows,
                                  const uint32_t *weight, const seg_kmeans_memory *memory,
                                  int n_threads, seg_error *err);

/* ---- exact assignment ------------------------------------------------------------------ */

/* Per row, any may be null. Ties go to the lowest number. second is -1 if k is 1. */
typedef struct seg_kmeans_rows {
    int32_t *label, *second;
    double *dist2, *second_dist2;
} seg_kmeans_rows;

/* Sums that no number of rows and no weights fill up. */
typedef __int128 seg_wide;

/* Figures of a whole pass. Counts are sums of weights. */
typedef struct seg_kmeans_figures {
    size_t k, d;
    int64_t *count;            /* k */
    seg_wide *spread;          /* k: squared distances, times dist_quantum */
    seg_wide *distance;        /* k: distances, times distance_quantum */
    seg_wide silhouette;       /* simplified silhouette, times silhouette_quantum */
    double dist_quantum, distance_quantum, silhouette_quantum;   /* powers of two */
    double *far_dist2;         /* k: the farthest row of each cluster, */
    uint64_t *far_row;         /*    ties to the lowest row */
    double *far_z;             /*    k x d */
} seg_kmeans_figures;

/* dist_quantum: no squared distance times it reaches 2^51. */
seg_status seg_kmeans_figures_new(size_t k, size_t d, double dist_quantum,
                                  seg_kmeans_figures *out, seg_error *err);
/* Sum of the squared distances, in units of weight. */
double seg_kmeans_inertia(const seg_kmeans_figures *figures);
void seg_kmeans_figures_clear(seg_kmeans_figures *figures);
void seg_kmeans_figures_free(seg_kmeans_figures *figures);

/* Assign the rows and add them to the figures (which may be null, as may weight and out). */
seg_status seg_kmeans_assign(const seg_kmeans_scale *scale, const seg_kmeans_centres *centres,
                             seg_matrix rows, const uint32_t *weight, uint64_t first_row,
                             int n_threads, const seg_kmeans_rows *out,
                             seg_kmeans_figures *figures, seg_error *err);

#endif
