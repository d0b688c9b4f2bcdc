/* kmeans_fit.c: passes of Lloyd's algorithm until nothing moves, with bounds where they
 * pay. */
#include "models/kmeans_fit.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/clock.h"
#include "base/try.h"

/* ---- memory ---------------------------------------------------------------------------------- */

/* Labels and bounds are a help, not a need: they take at most a part of what is left. */
static bool may_take(uint64_t bytes)
{
    enum { SHARE = 4 };
    uint64_t limit = seg_alloc_limit(), used = seg_alloc_in_use();
    return limit == 0 || (used < limit && bytes <= (limit - used) / SHARE);
}

static seg_status remember_labels(seg_kmeans_fit *fit, seg_error *err)
{
    uint64_t n = fit->space->n_rows;
    if (!may_take(n * sizeof *fit->memory.label))
        return SEG_OK;
    return SEG_ALLOC(&fit->memory.label, (size_t)n, "the labels", err);
}

/* False: there is no room for them. */
static bool have_bounds(seg_kmeans_fit *fit)
{
    uint64_t n = fit->space->n_rows;
    if (fit->memory.upper != NULL)
        return true;
    if (fit->memory.label == NULL || !may_take(n * 2 * sizeof(float)))
        return false;
    if (SEG_ALLOC(&fit->memory.upper, (size_t)n, "the bounds", NULL) == SEG_OK
        && SEG_ALLOC(&fit->memory.lower, (size_t)n, "the bounds", NULL) == SEG_OK)
        return true;
    seg_free(fit->memory.upper);
    fit->memory.upper = NULL;
    return false;
}

seg_status seg_kmeans_fit_new(const seg_kmeans_space *space, size_t k_max, double tol,
                              uint32_t most_iterations, seg_kmeans_fit **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_fit *fit = NULL;
    size_t d = space->scale.d;
    *out = NULL;

    TRY(SEG_ALLOC(&fit, 1, "a run of k-means", err));
    fit->space = space;
    fit->d = d;
    fit->tol = tol;
    fit->most_iterations = most_iterations;
    fit->deadline = (double)INFINITY;
    TRY(SEG_ALLOC(&fit->z, k_max * d, "the centroids", err));
    TRY(SEG_ALLOC(&fit->before, k_max * d, "the centroids", err));
    TRY(SEG_ALLOC(&fit->sum, k_max * d, "the sums", err));
    TRY(SEG_ALLOC(&fit->count, k_max, "the counts", err));
    TRY(seg_kmeans_centres_new(k_max, d, &fit->centres, err));
    TRY(seg_kmeans_drift_new(k_max, &fit->drift, err));
    TRY(remember_labels(fit, err));
    *out = fit;
    fit = NULL;

done:
    seg_kmeans_fit_free(fit);
    return st;
}

void seg_kmeans_fit_forget(seg_kmeans_fit *fit)
{
    seg_free(fit->memory.label);
    seg_free(fit->memory.upper);
    seg_free(fit->memory.lower);
    fit->memory = (seg_kmeans_memory){ 0 };
}

void seg_kmeans_fit_free(seg_kmeans_fit *fit)
{
    if (fit == NULL)
        return;
    seg_free(fit->z);
    seg_free(fit->before);
    seg_free(fit->sum);
    seg_free(fit->count);
    seg_kmeans_fit_forget(fit);
    seg_kmeans_centres_free(&fit->centres);
    seg_kmeans_drift_free(&fit->drift);
    seg_free(fit);
}

/* Other centroids than those of the pass before. */
static void begin_anew(seg_kmeans_fit *fit)
{
    fit->known = fit->bounded = false;
    fit->wait = 0.15;
    fit->inertia = (double)INFINITY;
}

void seg_kmeans_fit_start(seg_kmeans_fit *fit, const double *z, size_t k)
{
    fit->k = k;
    memmove(fit->z, z, k * fit->d * sizeof *z);
    fit->iteration = 0;
    begin_anew(fit);
}

void seg_kmeans_fit_drop(seg_kmeans_fit *fit, size_t j)
{
    double *z = fit->z + j * fit->d;
    fit->k--;
    memmove(z, z + fit->d, (fit->k - j) * fit->d * sizeof *z);
    begin_anew(fit);
}

bool seg_kmeans_fit_ended(seg_kmeans_fit *fit)
{
    bool late = isfinite(fit->deadline) && seg_clock_seconds() >= fit->deadline;
    if (fit->iteration < fit->most_iterations && !late)
        return false;
    fit->reason = late ? SEG_FIT_DEADLINE : SEG_FIT_MOST_PASSES;
    return true;
}

/* ---- a pass ----------------------------------------------------------------------------------- */

/* Bounds cost a pass over two numbers a row; where a row is assigned with hardly more work
 * than that they cannot pay. */
static bool bounds_may_pay(const seg_kmeans_fit *fit)
{
    enum { LEAST_WORK = 128 };
    return fit->k > 1 && fit->k * fit->d >= LEAST_WORK;
}

void seg_kmeans_fit_begin(seg_kmeans_fit *fit)
{
    const seg_kmeans_space *space = fit->space;
    double changed = space->n_rows > 0
                     ? (double)fit->sweep.n_changed / (double)space->n_rows : 0;
    bool again = fit->known && fit->bounded;
    bool keep = again || (fit->known && bounds_may_pay(fit) && changed < fit->wait
                          && have_bounds(fit));
    if (!fit->known) {
        memset(fit->sum, 0, fit->k * fit->d * sizeof *fit->sum);
        memset(fit->count, 0, fit->k * sizeof *fit->count);
    }
    if (again)
        seg_kmeans_drift_set(&fit->drift, fit->before, fit->z, fit->k, fit->d,
                             space->n_threads);
    seg_kmeans_centres_set(&fit->centres, fit->z, fit->k);
    fit->sweep = (seg_kmeans_sweep){
        .scale = &space->scale, .centres = &fit->centres, .quantum = space->quantum,
        .drift = again ? &fit->drift : NULL, .whole = !fit->known, .sum = fit->sum,
        .count = fit->count, .fold = space->fold,
    };
    fit->bounded = keep;
}

seg_status seg_kmeans_fit_add(seg_kmeans_fit *fit, seg_matrix rows, const uint32_t *weight,
                              uint64_t first_row, seg_error *err)
{
    seg_kmeans_memory of_block = { 0 };
    if (fit->memory.label != NULL)
        of_block.label = fit->memory.label + first_row;
    if (fit->bounded) {
        of_block.upper = fit->memory.upper + first_row;
        of_block.lower = fit->memory.lower + first_row;
    }
    return seg_kmeans_sweep_block(&fit->sweep, rows, weight, &of_block, fit->space->n_threads,
                                  err);
}

/* Sum of weight |z - c|^2 = sum of weight |z|^2 - 2 c.sum + count |c|^2. */
static double inertia_by_sums(const seg_kmeans_fit *fit)
{
    double less = 0;
    for (size_t j = 0; j < fit->k; j++) {
        const double *c = fit->z + j * fit->d;
        double product = 0, square = 0;
        for (size_t f = 0; f < fit->d; f++) {
            product += c[f] * ((double)fit->sum[j * fit->d + f] / fit->space->quantum[f]);
            square += c[f] * c[f];
        }
        less += 2 * product - (double)fit->count[j] * square;
    }
    double inertia = fit->space->total_square - less;
    return inertia > 0 ? inertia : 0;
}

/* The share of active rows up to which bounds pay. Moving them costs a row about as much as
 * LOOK of the d x k steps of assigning it, besides what every row costs; and rows picked
 * here and there are assigned a little slower. */
static double share_that_pays(const seg_kmeans_fit *fit)
{
    static const double ANY = 120, LOOK = 40, PICKED = 1.15;
    double steps = (double)(fit->k * fit->d);
    return (1 - LOOK / (ANY + steps)) / PICKED;
}

/* Bounds that pass over too few rows are left alone until fewer rows change. */
static void judge_bounds(seg_kmeans_fit *fit)
{
    double n = (double)fit->space->n_rows;
    if (fit->sweep.drift == NULL || (double)fit->sweep.n_active <= share_that_pays(fit) * n)
        return;
    fit->bounded = false;
    fit->wait = 0.7 * (double)fit->sweep.n_changed / n;
}

/* True if any centroid is elsewhere. far: null, or where empty clusters go. */
static bool move_centres(seg_kmeans_fit *fit, const seg_kmeans_figures *far)
{
    bool moved = false;
    memcpy(fit->before, fit->z, fit->k * fit->d * sizeof *fit->z);
    for (size_t j = 0; j < fit->k; j++) {
        double *z = fit->z + j * fit->d;
        size_t from = SIZE_MAX;
        for (size_t i = 0; far != NULL && fit->count[j] == 0 && i < fit->k; i++)
            if (from == SIZE_MAX || far->far_dist2[i] > far->far_dist2[from])
                from = i;
        if (fit->count[j] == 0 && (from == SIZE_MAX || !(far->far_dist2[from] > 0)))
            continue;
        for (size_t f = 0; f < fit->d; f++) {
            double to = fit->count[j] == 0 ? far->far_z[from * fit->d + f]
                        : (double)fit->sum[j * fit->d + f]
                          / ((double)fit->count[j] * fit->space->quantum[f]);
            moved = moved || to != z[f];
            z[f] = to;
        }
        if (fit->count[j] == 0)
            far->far_dist2[from] = -1;
    }
    return moved;
}

static seg_fit_next end_pass(seg_kmeans_fit *fit, const seg_kmeans_figures *far)
{
    double inertia = inertia_by_sums(fit), last = fit->inertia;
    bool moved = move_centres(fit, far);
    fit->inertia = inertia;
    fit->iteration++;
    if (!moved)
        fit->reason = SEG_FIT_SETTLED;
    else if (far == NULL && fit->tol > 0 && isfinite(last) && last - inertia <= fit->tol * last)
        fit->reason = SEG_FIT_TOLERANCE;
    else if (!seg_kmeans_fit_ended(fit))
        return SEG_FIT_AGAIN;
    return SEG_FIT_DONE;
}

seg_fit_next seg_kmeans_fit_end(seg_kmeans_fit *fit)
{
    fit->known = fit->memory.label != NULL;
    fit->n_bounded += fit->sweep.drift != NULL ? 1 : 0;
    judge_bounds(fit);
    for (size_t j = 0; j < fit->k; j++)
        if (fit->count[j] == 0)
            return SEG_FIT_RELOCATE;
    return end_pass(fit, NULL);
}

seg_fit_next seg_kmeans_fit_relocate(seg_kmeans_fit *fit, const seg_kmeans_figures *figures)
{
    return end_pass(fit, figures);
}

/* ---- rows in memory ---------------------------------------------------------------------------- */

static seg_status find_farthest(seg_kmeans_fit *fit, seg_matrix rows, const uint32_t *weight,
                                seg_kmeans_figures *figures, seg_error *err)
{
    const seg_kmeans_space *space = fit->space;
    seg_status st = seg_kmeans_figures_new(fit->k, fit->d, space->dist_quantum, figures, err);
    if (st != SEG_OK)
        return st;
    return seg_kmeans_assign(&space->scale, &fit->centres, rows, weight, 0, space->n_threads,
                             NULL, figures, err);
}

seg_status seg_kmeans_fit_memory(seg_kmeans_fit *fit, const seg_context *ctx, seg_matrix rows,
                                 const uint32_t *weight, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_figures figures = { 0 };
    seg_fit_next next = seg_kmeans_fit_ended(fit) ? SEG_FIT_DONE : SEG_FIT_AGAIN;
    while (next != SEG_FIT_DONE) {
        TRY(seg_step(ctx, "moving centroids", fit->iteration, fit->most_iterations, err));
        seg_kmeans_fit_begin(fit);
        TRY(seg_kmeans_fit_add(fit, rows, weight, 0, err));
        next = seg_kmeans_fit_end(fit);
        if (next == SEG_FIT_RELOCATE) {
            TRY(find_farthest(fit, rows, weight, &figures, err));
            next = seg_kmeans_fit_relocate(fit, &figures);
            seg_kmeans_figures_free(&figures);
        }
    }

done:
    seg_kmeans_figures_free(&figures);
    return st;
}
