/* kmeans_runs.c: starts, restarts and the scan over k, on the rows in memory. A scan goes
 * up: the centroids of one k and one more are where the next k starts. */
#include "models/kmeans_trainer.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

/* What is measured of the best run of one k. */
typedef struct candidate {
    size_t k;
    double inertia, silhouette;
    uint32_t iterations;
    seg_fit_reason reason;
    double *z;                 /* k_last x d */
} candidate;

typedef struct runs {
    seg_kmeans_trainer *t;
    seg_kmeans_space space;    /* of the sample */
    seg_kmeans_fit *fit;
    seg_kmeans_start start;
    double *z;                 /* k_last x d: of the start at hand */
    candidate last, here, best;   /* of the k before, of this k, of all */
} runs;

/* ---- the sample as a space ---------------------------------------------------------------- */

static double power_below(double limit)
{
    int exponent;
    frexp(limit, &exponent);
    return ldexp(1, exponent - 2);
}

/* The units of all rows serve the sample too, if its weights in all are no larger. */
static void set_units(runs *r, double *quantum)
{
    const seg_kmeans_trainer *t = r->t;
    double excess = r->space.total_weight / t->space.total_weight, less = 1;
    if (excess > 1)
        less = power_below(1 / excess);
    for (size_t f = 0; f < t->d; f++)
        quantum[f] = t->quantum[f] * less;
    r->space.quantum = quantum;
    r->space.dist_quantum = t->space.dist_quantum * less;
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
    TRY(seg_kmeans_columns_new(t->columns, t->d, t->space.scale.log1p, &stats, err));
    seg_matrix rows = seg_kmeans_sample_rows(&t->sample);
    TRY(seg_kmeans_columns_range(&stats, rows, t->n_threads, err));
    seg_kmeans_columns_begin(&stats, t->sample.total_weight);
    TRY(seg_kmeans_columns_moments(&stats, rows, t->sample.weight, t->n_threads, err));
    for (size_t f = 0; f < t->d; f++)
        r->space.total_square += seg_kmeans_columns_square(&stats, f, t->shift[f])
                                 * t->inverse[f] * t->inverse[f];
done:
    seg_kmeans_columns_free(&stats);
    return st;
}

/* ---- one run ------------------------------------------------------------------------------- */

static seg_status measure(runs *r, candidate *found, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_fit *fit = r->fit;
    seg_kmeans_figures figures = { 0 };
    double spread = 0, count = 0;
    TRY(seg_kmeans_figures_new(fit->k, fit->d, r->space.dist_quantum, r->space.total_weight,
                               &figures, err));
    seg_kmeans_centres_set(&fit->centres, fit->z, fit->k);
    TRY(seg_kmeans_assign(&r->space.scale, &fit->centres, seg_kmeans_sample_rows(&r->t->sample),
                          r->t->sample.weight, 0, r->t->n_threads, NULL, &figures, err));
    for (size_t j = 0; j < fit->k; j++)
        spread += (double)figures.spread[j], count += (double)figures.count[j];
    found->k = fit->k;
    found->inertia = spread / r->space.dist_quantum;
    found->silhouette = (double)figures.silhouette / figures.silhouette_quantum
                        / count;
    found->iterations = fit->iteration;
    found->reason = fit->reason;

done:
    seg_kmeans_figures_free(&figures);
    return st;
}

static void keep(const runs *r, candidate *to, const candidate *from, const double *z)
{
    double *own = to->z;
    *to = *from;
    to->z = own;
    memcpy(own, z, from->k * r->t->d * sizeof *own);
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
    if (r->last.k > 0) {
        *there = r->last.k;
        memcpy(r->z, r->last.z, r->last.k * d * sizeof *r->z);
    }
    return seg_kmeans_start_draw(&r->start, t->way, t->input.ctx->seed, restart, k, r->z, there,
                                 err);
}

static seg_status run_once(runs *r, size_t k, uint32_t restart, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_trainer *t = r->t;
    size_t there;
    candidate found = { 0 };
    TRY(begin_at(r, k, restart, &there, err));
    if (there < k && !t->poor)
        seg_note(t->input.ctx, SEG_LEVEL_WARN, "only %zu distinct rows for %zu segments: %zu"
                 " segments are made", there, k, there);
    t->poor = t->poor || there < k;
    seg_kmeans_fit_start(r->fit, r->z, there);
    TRY(seg_kmeans_fit_memory(r->fit, t->input.ctx, seg_kmeans_sample_rows(&t->sample),
                              t->sample.weight, err));
    TRY(measure(r, &found, err));
    if (restart == 0 || found.inertia < r->here.inertia)
        keep(r, &r->here, &found, r->fit->z);

done:
    return st;
}

/* ---- all runs ------------------------------------------------------------------------------ */

/* One line per k of what the restarts gave at best. */
static void note_k(runs *r, size_t k)
{
    seg_node *row = seg_put_object(r->t->scan_rows, NULL);
    seg_put_int(row, "k", (int64_t)k);
    seg_put_real(row, "inertia", r->here.inertia);
    seg_put_real(row, "silhouette", r->here.silhouette);
}

static seg_status allocate(runs *r, double *quantum, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_trainer *t = r->t;
    size_t room = t->k_last * t->d;
    r->space = t->space;
    r->space.n_rows = t->sample.n;
    r->space.total_weight = t->sample.all ? t->space.total_weight : t->sample.total_weight;
    set_units(r, quantum);
    TRY(sum_squares(r, err));
    TRY(SEG_ALLOC(&r->z, room, "the centroids", err));
    TRY(SEG_ALLOC(&r->last.z, room, "the centroids", err));
    TRY(SEG_ALLOC(&r->here.z, room, "the centroids", err));
    TRY(SEG_ALLOC(&r->best.z, room, "the centroids", err));
    TRY(seg_kmeans_fit_new(&r->space, t->k_last, t->options->tol, t->options->max_iter, &r->fit,
                           err));
    if (!t->given)
        TRY(seg_kmeans_start_new(&r->space.scale, seg_kmeans_sample_rows(&t->sample),
                                 t->sample.weight, t->space.widest, t->n_threads, &r->start,
                                 err));
done:
    return st;
}

static seg_status scan(runs *r, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_trainer *t = r->t;
    bool once = t->given || (t->way == SEG_KMEANS_FARTHEST && t->k_first == t->k_last);
    for (size_t k = t->k_first; k <= t->k_last && !t->poor; k++) {
        for (uint32_t i = 0; i < (once ? 1 : t->options->n_init); i++)
            TRY(run_once(r, k, i, err));
        note_k(r, k);
        keep(r, &r->last, &r->here, r->here.z);
        if (r->best.k == 0 || r->here.silhouette > r->best.silhouette)
            keep(r, &r->best, &r->here, r->here.z);
    }

done:
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
    memcpy(t->best_z, r.best.z, r.best.k * t->d * sizeof *t->best_z);
    t->best_k = r.best.k;
    t->best_iterations = r.best.iterations;
    t->best_reason = r.best.reason;

done:
    seg_kmeans_start_free(&r.start);
    seg_kmeans_fit_free(r.fit);
    seg_free(r.z);
    seg_free(r.last.z);
    seg_free(r.here.z);
    seg_free(r.best.z);
    seg_free(quantum);
    return st;
}

void seg_kmeans_take_given(seg_kmeans_trainer *t)
{
    memcpy(t->best_z, t->given_z, t->k_last * t->d * sizeof *t->best_z);
    t->best_k = t->k_last;
}
