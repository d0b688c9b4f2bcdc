/* kmeans_choose.h: which number of segments to take, from what a scan over k measured, and
 * why, in a sentence for people who never heard of k-means.
 *
 * The rule:
 *  1. Too small: a k whose smallest segment holds less than 2 % of the rows, or less than a
 *     quarter of an even share where that is less. Such a segment is a handful of odd rows;
 *     the silhouette likes to split them off and nobody can write to them. Such k are set
 *     aside, unless every k has one; then the sentence says so, and segments that are drawn
 *     or not by chance do not count in 2.
 *  2. Stable: of what is left, only the k of the best level count. Level 2: in resamples mean
 *     adjusted Rand index and the worst segment's mean Jaccard similarity are at least 0.75
 *     (Hennig's "valid, stable"); level 1: at least 0.6 ("a pattern"); level 0: less, or not
 *     measured. Without resamples the prediction strength decides, at 0.8 (Tibshirani and
 *     Walther) and 0.6.
 *  3. Clear: the highest silhouette among those; the silhouette of rows if it was
 *     measured, else the simplified one, else the Calinski-Harabasz index.
 *  4. Simple: a k whose silhouette is less than 0.01 below the highest is as good, for that is
 *     the accuracy of 2,000 sampled rows; of the good ones the smallest k. (Of the index: less
 *     than 1 %.)
 * Inertia and Davies-Bouldin are shown and not used: inertia always falls, and the second says
 * what the silhouette says. The gap statistic is not measured: its reference box lies where
 * skewed data, as of customers, are not. */
#ifndef SEGMILL_MODELS_KMEANS_CHOOSE_H
#define SEGMILL_MODELS_KMEANS_CHOOSE_H

#include <stddef.h>
#include <stdint.h>
#include "base/text.h"
#include "segmill/doc.h"

/* One k of a scan. NaN: not measured. */
typedef struct seg_kmeans_scan_row {
    uint32_t k;
    double inertia;
    double silhouette;            /* of rows: Rousseeuw's, sampled */
    double simplified;            /* of centroids: the simplified one, exact */
    double calinski_harabasz, davies_bouldin;
    double stability;             /* mean adjusted Rand index over the resamples */
    double worst_jaccard;         /* least mean Jaccard similarity of a segment */
    uint32_t resamples, same;     /* how many, and in how many every segment was found again */
    double prediction_strength;
    double smallest_share;
} seg_kmeans_scan_row;

/* Nothing measured. */
seg_kmeans_scan_row seg_kmeans_scan_row_of(uint32_t k);

/* Index of the k to take, of n > 0 rows in any order; equal ones: the smaller k. */
size_t seg_kmeans_choose(const seg_kmeans_scan_row *rows, size_t n);

/* "5: the silhouette is highest (0.47), segments come out the same in 20 of 20 resamples, the
 * smallest holds 4.1 % of the customers". chosen: from above. */
void seg_kmeans_choose_reason(const seg_kmeans_scan_row *rows, size_t n, size_t chosen,
                              seg_text *out);

/* Into figures: "suggested_k", "suggestion" (the sentence), and "scan", one object per k:
 *   k                   number of segments
 *   inertia             sum of squared distances to the centroids, scaled units
 *   silhouette          -1 .. 1, of sampled rows
 *   simplified          -1 .. 1, by the centroids alone
 *   calinski_harabasz   the larger the better
 *   davies_bouldin      the smaller the better
 *   stability           mean adjusted Rand index of the resamples, at most 1
 *   worst_jaccard       of the segment that is found again the least, 0 .. 1
 *   resamples, same     how many, and in how many every segment was found again
 *   prediction_strength 0 .. 1
 *   smallest_share      of the rows, 0 .. 1
 * A member that no k has is left out; one that this k lacks is null. */
seg_status seg_kmeans_scan_put(const seg_kmeans_scan_row *rows, size_t n, size_t chosen,
                               seg_node *figures, seg_error *err);

#endif
