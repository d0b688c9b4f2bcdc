/* kmeans_runs.c: starts, restarts and the scan over k, on the rows in memory. A scan goes
 * up: the centroids of one k and one more are where the next k starts. */
#include "models/kmeans_trainer.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/clock.h"
#include "base/real.h"
#include "base/try.h"
#include "models/kmeans_bisect.h"
#include "models/kmeans_judge.h"

/* The best run of one k. */
typedef struct candidate {
    size_t k;
    double inertia;
    uint32_t iterations;
    seg_fit_reason reason;
    size_t dissolved;
    double *z;                 /* k_wanted x d */
} candidate;

typedef struct runs {
    seg_kmeans_trainer *t;
    seg_kmeans_space space;    /* of the sample */
    seg_kmeans_fit *fit;
    seg_kmeans_start start;
    double *z;                 /* k_last x d: of the start at hand */
    int32_t *label;            /* of the sample */
    double per_row;            /* what a row of the data counts in it */
    size_t n;                  /* numbers of segments done */
    candidate *best;           /* of each of them */
    seg_kmeans_scan_row *scan;
} runs;

/* ---- the sample as a space ---------------------------------------------------------------- */

/* Those of all rows, made larger or smaller by the weights of the sample. */
static void set_units(runs *r, double *quantum)
{
    const seg_kmeans_trainer *t = r->t;
    double factor = 1;
    if (!t->sample.all) {
        seg_kmeans_totals totals = { .weight = t->sample.total_weight, .most = 1 };
        r->space.fold = false;
        factor = seg_power_below(seg_kmeans_units_limit(&totals)
                                 / seg_kmeans_units_limit(&t->weights.totals));
    }
    for (size_t f = 0; f < t->d; f++)
        quantum[f] = t->quantum[f] * factor;
    r->space.quantum = quantum;
}

/* Sum of weight |z|^2 over the sample: all rows have it from their moments. */
static seg_status sum_squares(runs *r, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_kmeans_trainer *t = r->t;
    seg_kmeans_columns stats = { 0 };
    if (t->sample.all)
        return SEG_OK;
    r->space.total_square = 0;
    TRY(seg_kmeans_columns_new(t->columns, t->level, t->d, t->space.scale.log1p, &stats,
                               err));
    seg_matrix rows = seg_kmeans_sample_rows(&t->sample);
    TRY(seg_kmeans_columns_range(&stats, rows, t->n_threads, err));
    seg_kmeans_columns_begin(&stats, &(seg_kmeans_totals){ .weight = t->sample.total_weight,
                                                           .most = 1 });
    TRY(seg_kmeans_columns_moments(&stats, rows, t->sample.weight, t->n_threads, err));
    for (size_t f = 0; f < t->d; f++)
        r->space.total_square += seg_kmeans_columns_square(&stats, f, t->shift[f])
                                 * t->inverse[f] * t->inverse[f];
done:
    seg_kmeans_columns_free(&stats);
    return st;
}

/* ---- one run ------------------------------------------------------------------------------- */

/* Exact distances of the sample to the centroids. */
static seg_status measure(runs *r, const double *z, size_t k, seg_kmeans_figures *figures,
                          seg_error *err)
{
    const seg_kmeans_trainer *t = r->t;
    seg_kmeans_rows out = { .label = r->label };
    seg_status st = seg_kmeans_figures_new(k, t->d, r->space.dist_quantum, figures, err);
    if (st != SEG_OK)
        return st;
    seg_kmeans_centres_set(&r->fit->centres, z, k);
    return seg_kmeans_assign(&r->space.scale, &r->fit->centres,
                             seg_kmeans_sample_rows(&t->sample), t->sample.weight, 0,
                             t->n_threads, &out, figures, err);
}

/* Moves until nothing is to be done: segments that are too small are dissolved one by one,
 * the smallest first; where these rows are a sample, all rows decide about the others. */
static seg_status move_and_dissolve(runs *r, seg_kmeans_figures *figures, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_trainer *t = r->t;
    for (size_t small = 0; small != SIZE_MAX;) {
        seg_kmeans_figures_free(figures);
        TRY(seg_kmeans_fit_memory(r->fit, t->input.ctx, seg_kmeans_sample_rows(&t->sample),
                                  t->sample.weight, err));
        TRY(measure(r, r->fit->z, r->fit->k, figures, err));
        small = seg_kmeans_too_small(&t->limits, figures, r->per_row, !t->sample.all);
        if (small != SIZE_MAX)
            seg_kmeans_fit_drop(r->fit, small);
    }
    t->cut = t->cut || r->fit->reason == SEG_FIT_DEADLINE;

done:
    return st;
}

static seg_status keep_if_better(runs *r, size_t there, candidate *best, bool first,
                                 seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_kmeans_fit *fit = r->fit;
    seg_kmeans_figures figures = { 0 };
    TRY(move_and_dissolve(r, &figures, err));
    double inertia = seg_kmeans_inertia(&figures);
    if (first || inertia < best->inertia) {
        best->k = fit->k;
        best->dissolved = there - fit->k;
        best->inertia = inertia;
        best->iterations = fit->iteration;
        best->reason = fit->reason;
        memcpy(best->z, fit->z, fit->k * fit->d * sizeof *best->z);
    }

done:
    seg_kmeans_figures_free(&figures);
    return st;
}

/* Centroids to start from, in r->z. A scan goes on from the k before. */
static seg_status begin_at(runs *r, size_t k, uint32_t restart, size_t *there, seg_error *err)
{
    const seg_kmeans_trainer *t = r->t;
    size_t d = t->d;
    *there = 0;
    if (t->given) {
        *there = k;
        memcpy(r->z, t->given_z, k * d * sizeof *r->z);
        return SEG_OK;
    }
    if (r->n > 0) {
        const candidate *last = &r->best[r->n - 1];
        *there = last->k;
        memcpy(r->z, last->z, last->k * d * sizeof *r->z);
    }
    if (t->bisecting) {
        seg_kmeans_bisecting b = { .ctx = t->input.ctx, .space = &r->space,
                                   .rows = seg_kmeans_sample_rows(&t->sample),
                                   .weight = t->sample.weight, .deadline = t->limits.deadline };
        return seg_kmeans_bisect(&b, restart, k, r->z, there, err);
    }
    return seg_kmeans_start_draw(&r->start, t->way, t->input.ctx->seed, restart, k, r->z, there,
                                 err);
}

static seg_status run_once(runs *r, size_t k, uint32_t restart, candidate *best, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_trainer *t = r->t;
    size_t there;
    TRY(begin_at(r, k, restart, &there, err));
    if (there < k && !t->poor)
        seg_note(t->input.ctx, SEG_LEVEL_WARN, "only %zu distinct row%s for %zu segments: %zu"
                 " segments are made", there, there == 1 ? "" : "s", k, there);
    t->poor = t->poor || there < k;
    seg_kmeans_fit_start(r->fit, r->z, there);
    TRY(keep_if_better(r, there, best, restart == 0, err));

done:
    return st;
}

/* ---- all runs ------------------------------------------------------------------------------ */

static seg_status judge(runs *r, const candidate *best, seg_kmeans_scan_row *row,
                        seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_kmeans_trainer *t = r->t;
    seg_kmeans_figures figures = { 0 };
    TRY(measure(r, best->z, best->k, &figures, err));
    seg_kmeans_judging judging = {
        .ctx = t->input.ctx, .space = &r->space, .rows = seg_kmeans_sample_rows(&t->sample),
        .weight = t->sample.weight, .k = best->k, .z = best->z, .label = r->label,
        .figures = &figures, .resamples = t->options->resamples,
    };
    TRY(seg_kmeans_judge(&judging, row, err));
    row->inertia /= r->per_row;

done:
    seg_kmeans_figures_free(&figures);
    return st;
}

static seg_status allocate(runs *r, double *quantum, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_trainer *t = r->t;
    size_t n = t->k_last - t->k_first + 1;
    r->space = t->space;
    r->space.n_rows = t->sample.n;
    set_units(r, quantum);
    TRY(sum_squares(r, err));
    TRY(SEG_ALLOC(&r->z, t->k_last * t->d, "the centroids", err));
    TRY(SEG_ALLOC(&r->label, t->sample.n, "the labels", err));
    TRY(SEG_ALLOC(&r->best, n, "the scan", err));
    TRY(SEG_ALLOC(&r->scan, n, "the scan", err));
    TRY(seg_kmeans_fit_new(&r->space, t->k_last, t->options->tol, t->options->max_iter, &r->fit,
                           err));
    r->fit->deadline = t->limits.deadline;
    r->per_row = t->sample.all ? t->weights.unit
                 : t->sample.total_weight / ((double)t->weights.total / t->weights.unit);
    if (!t->given && !t->bisecting)
        TRY(seg_kmeans_start_new(&r->space.scale, seg_kmeans_sample_rows(&t->sample),
                                 t->sample.weight, t->space.widest, t->k_last, t->n_threads,
                                 &r->start, err));
done:
    return st;
}

static bool is_late(seg_kmeans_trainer *t)
{
    t->cut = t->cut || (isfinite(t->limits.deadline)
                        && seg_clock_seconds() >= t->limits.deadline);
    return t->cut;
}

static seg_status run_all(runs *r, size_t k, candidate *best, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_trainer *t = r->t;
    bool once = t->given || (t->way == SEG_KMEANS_FARTHEST && t->k_first == t->k_last);
    uint32_t n = once || r->n > 0 ? 1 : t->options->n_init;
    TRY(SEG_ALLOC(&best->z, k * t->d, "the centroids", err));
    for (uint32_t i = 0; i < n && (i == 0 || !is_late(t)); i++)
        TRY(run_once(r, k, i, best, err));

done:
    return st;
}

/* One that was cut short is no match for those that were not, and where small segments were
 * dissolved it may be a number that is there already. */
static bool is_of_use(const runs *r, const candidate *best)
{
    return r->n == 0 || (!r->t->cut && (best->dissolved == 0 || best->k > best[-1].k));
}

static seg_status scan(runs *r, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_trainer *t = r->t;
    for (size_t k = t->k_first; k <= t->k_last && !t->poor; k++) {
        candidate *best = &r->best[r->n];
        if (r->n > 0 && is_late(t))
            break;
        TRY(run_all(r, k, best, err));
        if (!is_of_use(r, best)) {
            seg_free(best->z);
            *best = (candidate){ 0 };
            continue;
        }
        r->scan[r->n] = seg_kmeans_scan_row_of((uint32_t)best->k);
        if (t->k_first < t->k_last && !t->cut)
            TRY(judge(r, best, &r->scan[r->n], err));
        r->n++;
    }

done:
    return st;
}

/* What is settled on a sample at little cost needs no passes over all rows. */
static seg_status settle(runs *r, candidate *best, seg_error *err)
{
    const seg_kmeans_trainer *t = r->t;
    enum { FINER = 64 };
    if (t->sample.all)
        return SEG_OK;
    r->fit->tol = t->options->tol / FINER;
    seg_kmeans_fit_start(r->fit, best->z, best->k);
    seg_status st = seg_kmeans_fit_memory(r->fit, t->input.ctx,
                                          seg_kmeans_sample_rows(&t->sample), t->sample.weight,
                                          err);
    memcpy(best->z, r->fit->z, best->k * t->d * sizeof *best->z);
    return st;
}

seg_status seg_kmeans_run_sample(seg_kmeans_trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    runs r = { .t = t };
    double *quantum = NULL;
    TRY(SEG_ALLOC(&quantum, t->d, "the scaling", err));
    TRY(allocate(&r, quantum, err));
    TRY(scan(&r, err));
    size_t chosen = r.n == 1 ? 0 : seg_kmeans_choose(r.scan, r.n);
    if (r.n > 1)
        TRY(seg_kmeans_scan_put(r.scan, r.n, chosen, seg_doc_root(t->scan), err));
    candidate *best = &r.best[chosen];
    TRY(settle(&r, best, err));
    memcpy(t->best_z, best->z, best->k * t->d * sizeof *t->best_z);
    t->best_k = best->k;
    t->dissolved = best->dissolved;
    t->best_iterations = best->iterations;
    t->best_reason = best->reason;

done:
    seg_kmeans_start_free(&r.start);
    seg_kmeans_fit_free(r.fit);
    seg_free(r.z);
    seg_free(r.label);
    for (size_t i = 0; r.best != NULL && i <= t->k_last - t->k_first; i++)
        seg_free(r.best[i].z);
    seg_free(r.best);
    seg_free(r.scan);
    seg_free(quantum);
    return st;
}

void seg_kmeans_take_given(seg_kmeans_trainer *t)
{
    memcpy(t->best_z, t->given_z, t->k_last * t->d * sizeof *t->best_z);
    t->best_k = t->k_last;
}
