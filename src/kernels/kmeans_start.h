/* kmeans_start.h: first centroids, from rows in memory. Masses are integers and rows are
 * drawn by running sums of them in row order, so neither threads nor the instruction set
 * change a draw, and a row of weight 3 is drawn like three equal rows in its place. */
#ifndef SEGMILL_KERNELS_KMEANS_START_H
#define SEGMILL_KERNELS_KMEANS_START_H

#include "kernels/kmeans_scaler.h"

typedef enum seg_kmeans_way {
    SEG_KMEANS_GREEDY,      /* k-means++, the best of 2 + ln k rows drawn */
    SEG_KMEANS_PARALLEL,    /* k-means||: few rounds of many rows, then greedy among them */
    SEG_KMEANS_RANDOM,      /* different rows, all alike */
    SEG_KMEANS_FARTHEST     /* one row, then always the farthest from those so far */
} seg_kmeans_way;

/* Rows made ready to be drawn from, and how far each is from the centroids so far. */
typedef struct seg_kmeans_start {
    const seg_kmeans_scale *scale;
    seg_kmeans_scaler scaler;
    seg_matrix rows;
    const uint32_t *weight;   /* null: 1 */
    int n_threads;
    size_t n_panels, room;    /* room: for candidates */
    double unit;              /* a power of two: squares of z times it are numbers of a float */
    float *z;                 /* n_panels x d x SEG_PANEL_ROWS, times unit */
    float *near;              /* squared distance to the nearest so far, in units squared;
                                 infinite before any */
    int64_t *mass;            /* n_panels */
    float *dist2;             /* n_panels x candidates x SEG_PANEL_ROWS */
    float *packed;            /* candidates, as the kernel wants them */
    int64_t *potential;       /* n_panels x candidates */
    double quantum, total_weight;
} seg_kmeans_start;

/* rows, weight and scale stay where they are. widest: no squared distance is larger. k_most:
 * no more centroids will be wanted. */
seg_status seg_kmeans_start_new(const seg_kmeans_scale *scale, seg_matrix rows,
                                const uint32_t *weight, double widest, size_t k_most,
                                int n_threads, seg_kmeans_start *out, seg_error *err);
void seg_kmeans_start_free(seg_kmeans_start *start);

/* Centroids number *k to k_wanted - 1 into z (k_wanted x d), whose first *k are there; the
 * draws are those of (seed, stream). *k: how many there are in the end: fewer when fewer
 * rows differ. Cost: O(n d (k_wanted - *k) ln k). Sources: D. Arthur, S. Vassilvitskii,
 * "k-means++", SODA 2007, 1027-1035; B. Bahmani et al., "Scalable k-means++", PVLDB 5
 * (2012) 622-633; T. Gonzalez, Theoretical Computer Science 38 (1985) 293-306. */
seg_status seg_kmeans_start_draw(seg_kmeans_start *start, seg_kmeans_way way, uint64_t seed,
                                 uint64_t stream, size_t k_wanted, double *z, size_t *k,
                                 seg_error *err);

#endif
