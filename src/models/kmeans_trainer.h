/* kmeans_trainer.h: the state of a k-means training, for the files that walk it:
 *
 *   kmeans_begin.c    options, weights
 *   kmeans_select.c   columns: numbers and categories
 *   kmeans_scale.c    scaling and the units of the sums, from range and moments
 *   kmeans_gamma.c    scaling of categories
 *   kmeans_importance.c  features that count more or less than others
 *   kmeans_sample.c   rows in memory: all of them, or a weighted sample
 *   kmeans_runs.c     starts, restarts and the scan over k, on the rows in memory
 *   kmeans_fit.c      Lloyd's algorithm, on them and on the blocks of the source
 *   kmeans_bisect.c   the bisecting start
 *   kmeans_limits.c   the time it may take, and how small a segment may be
 *   kmeans_checkpoint.c  what a killed training goes on from
 *   kmeans_train.c    the pass contract
 *   kmeans_result.c   what the training leaves
 *
 * One training is a walk over phases, each a pass over the rows:
 *
 *   RANGE     range of each feature, total weight; few rows are kept and all is done
 *   MOMENTS   mean and deviation: scaling
 *   SAMPLE    rows drawn by their distance from the mean; starts and restarts on them
 *   LLOYD     assign, sum, move; until the inertia falls by less than tol
 *   FARTHEST  after a pass that left a cluster empty: rows for it
 *   FINAL     assign to the final centroids: inertia, sizes, silhouette; a segment that is
 *             too small is dissolved, and LLOYD goes on */
#ifndef SEGMILL_MODELS_KMEANS_TRAINER_H
#define SEGMILL_MODELS_KMEANS_TRAINER_H

#include "kernels/kmeans_columns.h"
#include "kernels/kmeans_start.h"
#include "kernels/quantile_sample.h"
#include "models/kmeans.h"
#include "models/kmeans_checkpoint.h"
#include "models/kmeans_fit.h"
#include "models/kmeans_limits.h"
#include "models/kmeans_names.h"
#include "models/kmeans_previous.h"
#include "models/kmeans_sample.h"

typedef enum seg_kmeans_phase { RANGE, MOMENTS, SAMPLE, LLOYD, FARTHEST, FINAL, DONE } seg_kmeans_phase;

/* Where weights come from: a feature or a column of the block. */
typedef struct seg_kmeans_weights {
    const char *name;                /* null: none */
    size_t feature, column;          /* SIZE_MAX: not that one */
    double most, sum;
    bool whole;                      /* all are whole numbers */
    double unit;                     /* a weight times it is rounded to a whole number */
    seg_kmeans_totals totals;        /* in units; a bound if they are rounded */
    uint64_t total;                  /* in units, once all rows were seen a second time */
    uint32_t *units;                 /* of the rows of a block */
    size_t cap;
    double *given;                   /* n_rows, as they are, when all rows are kept */
} seg_kmeans_weights;

typedef struct seg_kmeans_trainer {
    seg_train_input input;
    const seg_kmeans_options *options;
    int n_threads;
    bool given;                      /* centroids to start from are in given_z */
    bool bisecting;                  /* else by `way` */
    seg_kmeans_way way;
    size_t k_first, k_last, d;
    seg_kmeans_limits limits;
    seg_schema_owner *schema;        /* what is segmented by: numbers, then categories */
    size_t n_numbers;                /* the first ones of d; then levels of categories */
    size_t *columns;                 /* d: of the data */
    float *level;                    /* d, as in seg_kmeans_scale; null: numbers only */
    double gamma;
    double *given_z;                 /* k_last x d; scaled once the scaling is known */
    seg_kmeans_weights weights;
    seg_kmeans_phase phase;
    /* scaling */
    seg_kmeans_columns stats;
    seg_quantile_sample quantiles;   /* robust scaling only */
    double *shift, *inverse, *quantum;
    double *importance;              /* d: what the user says; 0: nothing; null: of no one */
    seg_kmeans_space space;          /* of all rows */
    seg_kmeans_sample sample;
    /* the best so far, on the rows in memory */
    double *best_z;
    size_t best_k;
    uint32_t best_iterations;
    seg_fit_reason best_reason;
    bool poor;                       /* fewer different rows than k */
    bool cut;                        /* the deadline passed before all starts were done */
    size_t dissolved;                /* segments that were too small */
    seg_doc *scan;                   /* what a scan found, for the figures */
    /* all rows */
    seg_kmeans_names *names;         /* the user's own; or null */
    seg_kmeans_previous *previous;   /* the last model; or null */
    int64_t *stayed;                 /* old k x k: rows by their label then and now */
    int32_t *label_then, *label_now; /* of a block */
    size_t then_cap, now_cap;
    seg_kmeans_fit *fit;
    seg_kmeans_checkpoint *checkpoint;   /* or null */
    seg_kmeans_figures figures;
} seg_kmeans_trainer;

/* Whether numbers are scaled by their quartiles. */
static inline bool seg_kmeans_needs_quantiles(const seg_kmeans_trainer *t)
{
    return t->options->scale == SEG_SCALE_ROBUST && t->n_numbers > 0;
}

/* --features and --categories: schema, d, columns, level. */
seg_status seg_kmeans_choose_columns(seg_kmeans_trainer *t, seg_error *err);

/* Weights of the block's rows in units, or null if there are none. */
seg_status seg_kmeans_block_weights(seg_kmeans_trainer *t, const seg_block *block,
                                    const uint32_t **out, seg_error *err);
/* In the first pass: range, total, wrong ones. */
seg_status seg_kmeans_see_weights(seg_kmeans_trainer *t, const seg_block *block, seg_error *err);

/* The next rows of the block, from *first on, that weigh anything: how many there are in a
 * row; 0 at the end. */
size_t seg_kmeans_run_of_rows(const seg_kmeans_trainer *t, const seg_block *block,
                              size_t *first);

/* After the first pass: the unit, and the totals in units. */
seg_status seg_kmeans_weigh(seg_kmeans_trainer *t, seg_kmeans_totals *totals, seg_error *err);

/* Range and moments are known: scaling, units, scaled given centroids. */
seg_status seg_kmeans_set_scaling(seg_kmeans_trainer *t, seg_error *err);

/* Part of that: the levels of categories. variance: of a scaled number, the mean over those
 * that are not constant. Counts categories that are; *first: the first level of the first. */
seg_status seg_kmeans_scale_levels(seg_kmeans_trainer *t, double variance, size_t *n_constant,
                                   size_t *first, seg_error *err);

/* --feature-weights: read once the columns are chosen, and put on the scaling. */
seg_status seg_kmeans_importance_read(seg_kmeans_trainer *t, seg_error *err);
void seg_kmeans_importance_apply(seg_kmeans_trainer *t);
/* As far as it can be seen without data. */
seg_status seg_kmeans_importance_check(const seg_kmeans_options *options, seg_error *err);
/* SEG_E_USAGE with the nearest name. */
seg_status seg_kmeans_no_such_feature(const seg_schema *schema, const char *option,
                                      const char *name, size_t n, seg_error *err);

/* Starts, restarts and the scan over the rows in memory: best_z and best_k. */
seg_status seg_kmeans_run_sample(seg_kmeans_trainer *t, seg_error *err);
/* Given centroids become the best, if there are no rows in memory. */
void seg_kmeans_take_given(seg_kmeans_trainer *t);

/* Rows with the final centroids: figures, and who was in which segment of the last model. */
seg_status seg_kmeans_begin_figures(seg_kmeans_trainer *t, seg_kmeans_phase phase,
                                    seg_error *err);
seg_status seg_kmeans_add_figures(seg_kmeans_trainer *t, seg_matrix rows,
                                  const uint32_t *weight, uint64_t first_row, seg_error *err);

/* What train_end of the contract does. */
seg_status seg_kmeans_result(seg_kmeans_trainer *t, seg_model *model, seg_node *figures,
                             seg_error *err);

#endif
