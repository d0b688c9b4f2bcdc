/* kmeans_fit.h: Lloyd's algorithm over rows that come in blocks, pass by pass: those of a
 * file or those of a sample in memory.
 *
 *     seg_kmeans_fit_new(rows, k_max, &fit);  seg_kmeans_fit_start(fit, z, k)
 *     do {
 *         seg_kmeans_fit_begin(fit)
 *         for each block: seg_kmeans_fit_add(fit, block)
 *         seg_kmeans_fit_end(fit, &next)
 *         ... next SEG_FIT_RELOCATE: a pass of seg_kmeans_assign with fit->centres, then
 *             seg_kmeans_fit_relocate(fit, figures)
 *     } while (next != SEG_FIT_DONE)
 */
#ifndef SEGMILL_MODELS_KMEANS_FIT_H
#define SEGMILL_MODELS_KMEANS_FIT_H

#include "kernels/kmeans.h"
#include "segmill/context.h"

/* What does not change while centroids move. */
typedef struct seg_kmeans_space {
    seg_kmeans_scale scale;
    const double *quantum;       /* d: units of the sums */
    double widest;               /* no squared distance between rows is larger */
    double dist_quantum;         /* units of squared distances */
    double total_square;         /* sum of weight |z|^2 over the rows */
    bool fold;                   /* how weights are multiplied: seg_move_plan */
    uint64_t n_rows;
    int n_threads;
} seg_kmeans_space;

typedef enum seg_fit_next { SEG_FIT_AGAIN, SEG_FIT_RELOCATE, SEG_FIT_DONE } seg_fit_next;

/* Why it ended. */
typedef enum seg_fit_reason {
    SEG_FIT_SETTLED,             /* nothing moves any more */
    SEG_FIT_TOLERANCE,           /* the inertia fell by a smaller share than tol */
    SEG_FIT_MOST_PASSES,
    SEG_FIT_DEADLINE             /* the time is up */
} seg_fit_reason;

typedef struct seg_kmeans_fit {
    const seg_kmeans_space *space;
    size_t k, d;
    double *z, *before;          /* k x d: centroids now, and one pass ago */
    seg_kmeans_centres centres;
    int64_t *sum, *count;
    seg_kmeans_memory memory;    /* n_rows each; null where memory does not suffice */
    seg_kmeans_drift drift;
    seg_kmeans_sweep sweep;
    bool known;                  /* labels and sums are those of the last pass */
    bool bounded;                /* bounds are those of the last pass */
    uint32_t n_bounded;          /* passes in which bounds passed over rows */
    double wait;                 /* bounds are tried when a smaller share of rows changes */
    uint32_t iteration, most_iterations;
    double deadline;             /* on seg_clock_seconds(); infinite unless it is set */
    double tol, inertia;         /* of the last pass, by the sums */
    seg_fit_reason reason;
} seg_kmeans_fit;

seg_status seg_kmeans_fit_new(const seg_kmeans_space *space, size_t k_max, double tol,
                              uint32_t most_iterations, seg_kmeans_fit **out, seg_error *err);
/* What is remembered of the rows is given back: no pass comes any more. */
void seg_kmeans_fit_forget(seg_kmeans_fit *fit);
void seg_kmeans_fit_free(seg_kmeans_fit *fit);   /* takes null */
/* k x d centroids to start from, copied. */
void seg_kmeans_fit_start(seg_kmeans_fit *fit, const double *z, size_t k);

/* Centroid j is none any more; the passes go on counting. */
void seg_kmeans_fit_drop(seg_kmeans_fit *fit, size_t j);
/* Before a pass: true if none may be begun, and reason says why. */
bool seg_kmeans_fit_ended(seg_kmeans_fit *fit);

void seg_kmeans_fit_begin(seg_kmeans_fit *fit);
seg_status seg_kmeans_fit_add(seg_kmeans_fit *fit, seg_matrix rows, const uint32_t *weight,
                              uint64_t first_row, seg_error *err);
seg_fit_next seg_kmeans_fit_end(seg_kmeans_fit *fit);
/* figures: of all rows with the centroids as they are. Empty clusters take the farthest
 * rows; then the centroids move as after any pass. */
seg_fit_next seg_kmeans_fit_relocate(seg_kmeans_fit *fit, const seg_kmeans_figures *figures);

/* All of it, over rows in memory. */
seg_status seg_kmeans_fit_memory(seg_kmeans_fit *fit, const seg_context *ctx, seg_matrix rows,
                                 const uint32_t *weight, seg_error *err);

#endif
