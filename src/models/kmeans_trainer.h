/* kmeans_trainer.h: the state of a k-means training, for the files that walk it:
 *
 *   kmeans_train.c   the pass contract and the result
 *   kmeans_begin.c   options, columns, scaling
 *   kmeans_runs.c    starts, moves, the best of restarts and of a scan over k
 *
 * One training is a walk over phases, each a pass over the rows:
 *
 *   STATS    range, mean and deviation of each feature: scaling and fixed-point scales
 *   DRAW     races for the next centre (or for all of them: random start)
 *   CHOOSE   greedy start: which of the drawn rows leaves the least potential
 *   LLOYD    assign, sum, move; until the inertia falls by less than tol
 *   FINAL    assign to the final centroids: inertia, sizes, silhouette
 *
 * and from FINAL back to DRAW for the next restart or the next k of a scan. */
#ifndef SEGMILL_MODELS_KMEANS_TRAINER_H
#define SEGMILL_MODELS_KMEANS_TRAINER_H

#include "kernels/column_stats.h"
#include "kernels/quantile_sample.h"
#include "models/kmeans.h"

enum { SEG_KMEANS_CANDIDATES = 16 };
typedef enum seg_kmeans_phase { STATS, DRAW, CHOOSE, LLOYD, FINAL, DONE } seg_kmeans_phase;
typedef enum seg_kmeans_start { START_GREEDY, START_RANDOM, START_FARTHEST, START_GIVEN } seg_kmeans_start;

typedef struct seg_kmeans_trainer {
    seg_train_input input;
    const seg_kmeans_options *options;
    int n_threads;
    seg_kmeans_start start;
    size_t k_first, k_last, d;
    size_t *columns;                 /* of the schema, d of them */
    seg_kmeans_phase phase;
    /* scaling */
    seg_column_stats stats;
    seg_quantile_sample sample;      /* robust scaling only */
    double *shift, *inverse;
    seg_kmeans_scale scale;
    double *quantum, dist_quantum;
    uint64_t rows_seen;
    /* this run */
    size_t k, n_candidates;          /* centres so far; candidates of this draw */
    size_t k_wanted;
    uint32_t restart, iteration;
    uint64_t draws;
    double *centres_z;               /* k_last + SEG_KMEANS_CANDIDATES rows */
    double *given_z;                 /* START_GIVEN, scaled after STATS */
    seg_kmeans_centres centres;
    seg_kmeans_winner *winners;      /* random start: k of them */
    double *winner_z;
    int64_t potential[SEG_KMEANS_CANDIDATES];
    seg_kmeans_sums sums;
    int64_t last_spread;
    /* the best so far */
    seg_doc *scan;
    seg_node *scan_rows;
    double k_inertia, k_silhouette;
    seg_kmeans_model *best;
    size_t best_k_wanted;
    double best_silhouette, best_inertia;
    uint32_t best_iterations;
    bool poor;                       /* fewer distinct rows than k */
} seg_kmeans_trainer;

/* After the pass STATS: scaling and fixed-point scales of every feature. */
seg_status seg_kmeans_end_stats(seg_kmeans_trainer *t, seg_error *err);

/* The first phase of a run, before any row; and what follows a pass of each phase. */
seg_status seg_kmeans_begin_run(seg_kmeans_trainer *t, seg_error *err);
void seg_kmeans_begin_draw(seg_kmeans_trainer *t);
seg_status seg_kmeans_end_draw(seg_kmeans_trainer *t, seg_error *err);
seg_status seg_kmeans_end_choose(seg_kmeans_trainer *t, seg_error *err);
void seg_kmeans_end_lloyd(seg_kmeans_trainer *t);
seg_status seg_kmeans_end_run(seg_kmeans_trainer *t, seg_error *err);

#endif
