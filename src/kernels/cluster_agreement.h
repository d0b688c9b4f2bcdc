/* cluster_agreement.h: how far two labelings of the same rows agree, from the table that
 * counts the rows by both. All counts are whole numbers, so nothing depends on the order of
 * the rows; a row of weight w counts as w equal rows. */
#ifndef SEGMILL_KERNELS_CLUSTER_AGREEMENT_H
#define SEGMILL_KERNELS_CLUSTER_AGREEMENT_H

#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

typedef struct seg_contingency {
    size_t k_a, k_b;
    uint64_t *n;             /* k_a x k_b: rows with label a here and b there */
    uint64_t *in_a, *in_b;   /* k_a, k_b: sums of its rows and columns */
    uint64_t all;
} seg_contingency;

seg_status seg_contingency_new(size_t k_a, size_t k_b, seg_contingency *out, seg_error *err);
void seg_contingency_clear(seg_contingency *table);
void seg_contingency_free(seg_contingency *table);

/* a, b: n labels each; a row with a label below 0 on either side is left out (it was not
 * drawn). weight: null for 1 each. SEG_E_DATA for a label that is not below k, or when the
 * weights of all rows pass 2^64. */
seg_status seg_contingency_add(seg_contingency *table, const int32_t *a, const int32_t *b,
                               const uint64_t *weight, size_t n, seg_error *err);

/* Adjusted Rand index: 1 for equal partitions, about 0 for unrelated ones; at most 1. NaN
 * without rows. From exact counts of pairs; the last fraction is exact below 2^31 rows.
 * L. Hubert, P. Arabie, "Comparing partitions", Journal of Classification 2 (1985) 193-218. */
double seg_agreement_ari(const seg_contingency *table);

/* Of each cluster of a, the largest Jaccard similarity with any cluster of b (rows in both /
 * rows in either), and that cluster (ties to the lowest number; match may be null). A
 * cluster without rows has NaN and -1.
 * C. Hennig, "Cluster-wise assessment of cluster stability", CSDA 52 (2007) 258-271. */
void seg_agreement_jaccard(const seg_contingency *table, double *jaccard, int32_t *match);

/* Prediction strength: a are the labels of a test half by its own clustering, b those by the
 * nearest centroid of the training half. Of the pairs inside each cluster of a, the share
 * that b keeps together; the least over the clusters. Clusters of fewer than two rows have no
 * pairs and are passed over; NaN if there is no other.
 * R. Tibshirani, G. Walther, JCGS 14 (2005) 511-528, who take the largest k with at least
 * 0.8 to 0.9. */
double seg_agreement_prediction_strength(const seg_contingency *table);

/* ---- stability over resamples --------------------------------------------------------- */

/* From this mean similarity on, Hennig calls a cluster valid and stable; from the second on,
 * a pattern, though not one for which it is clear who belongs to it. */
#define SEG_JACCARD_STABLE 0.75
#define SEG_JACCARD_PATTERN 0.6

/* Start from seg_stability_new; add each resample; read at any time. */
typedef struct seg_stability {
    size_t k;
    uint32_t n_resamples;    /* those with rows */
    uint32_t n_same;         /* in which every cluster was found again: Jaccard >= STABLE */
    double ari_sum;
    double *jaccard_sum;     /* k, and how many resamples they are of */
    uint32_t *jaccard_n;
} seg_stability;

seg_status seg_stability_new(size_t k, seg_stability *out, seg_error *err);
void seg_stability_free(seg_stability *stability);
/* table: a is the clustering in question (k clusters), b that of the resample, made from a
 * fresh start: begun at the centroids of a, it finds them again even where there is nothing
 * to find (an index of 0.7 in one round cloud, 0.2 from fresh starts). */
seg_status seg_stability_add(seg_stability *stability, const seg_contingency *table,
                             seg_error *err);
double seg_stability_ari(const seg_stability *stability);               /* mean; NaN: none */
double seg_stability_jaccard(const seg_stability *stability, size_t j); /* mean; NaN: none */
double seg_stability_worst(const seg_stability *stability);             /* least of them */

#endif
