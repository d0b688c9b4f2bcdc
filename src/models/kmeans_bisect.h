/* kmeans_bisect.h: the bisecting start: one cluster becomes two until there are enough. */
#ifndef SEGMILL_MODELS_KMEANS_BISECT_H
#define SEGMILL_MODELS_KMEANS_BISECT_H

#include "models/kmeans_fit.h"

typedef struct seg_kmeans_bisecting {
    const seg_context *ctx;
    const seg_kmeans_space *space;     /* of the rows */
    seg_matrix rows;
    const uint32_t *weight;            /* null: 1 */
    double deadline;                   /* on seg_clock_seconds() */
} seg_kmeans_bisecting;

/* Centroids number *k to k_wanted - 1 into z (k_wanted x d), whose first *k are there: the
 * cluster of the largest sum of squared distances, ties to the lowest number, is split by
 * 2-means; its first half keeps its number and the second one gets the next. The draws are
 * those of (seed, stream). *k: how many there are in the end: fewer when fewer rows differ.
 * Cost: O(n d ln k) where halves are alike, and a copy of the rows. Source: M. Steinbach,
 * G. Karypis, V. Kumar, "A comparison of document clustering techniques", KDD Workshop on
 * Text Mining 2000. */
seg_status seg_kmeans_bisect(const seg_kmeans_bisecting *b, uint64_t stream, size_t k_wanted,
                             double *z, size_t *k, seg_error *err);

#endif
