/* kmeans_judge.h: how good one number of segments is, for a scan over k: measured on the
 * rows in memory.
 *
 *   kmeans_judge.c       figures of the clustering itself
 *   kmeans_stability.c   whether it comes out again from other rows */
#ifndef SEGMILL_MODELS_KMEANS_JUDGE_H
#define SEGMILL_MODELS_KMEANS_JUDGE_H

#include "kernels/kmeans.h"
#include "models/kmeans_choose.h"
#include "models/kmeans_fit.h"
#include "segmill/context.h"

typedef struct seg_kmeans_judging {
    const seg_context *ctx;
    const seg_kmeans_space *space;     /* of the rows */
    seg_matrix rows;
    const uint32_t *weight;            /* null: 1 each */
    size_t k;
    const double *z;                   /* k x d */
    const int32_t *label;              /* of the rows */
    const seg_kmeans_figures *figures; /* of the rows */
    uint32_t resamples;                /* 0: no stability */
} seg_kmeans_judging;

/* Fills everything of `row` that can be measured but k. */
seg_status seg_kmeans_judge(const seg_kmeans_judging *judging, seg_kmeans_scan_row *row,
                            seg_error *err);

/* stability, worst_jaccard, resamples, same, prediction_strength: by fresh starts on at most
 * 2,048 of the rows, drawn anew for each resample. */
seg_status seg_kmeans_judge_stability(const seg_kmeans_judging *judging,
                                      seg_kmeans_scan_row *row, seg_error *err);

#endif
