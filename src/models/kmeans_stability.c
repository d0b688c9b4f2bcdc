/* kmeans_stability.c: does a clustering come out again? Rows are drawn again (bootstrap),
 * clustered from a fresh start, and labelled by what came out; how far that agrees with the clustering in question says how much of it is chance (C. Hennig,
 * "Cluster-wise assessment of cluster stability", CSDA 52 (2007) 258-271). And the rows are
 * split in halves that are clustered apart: pairs that one half puts together should be
 * together by the other's centroids too (prediction strength: R. Tibshirani, G. Walther,
 * JCGS 14 (2005) 511-528). */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "base/team.h"
#include "base/try.h"
#include "kernels/bootstrap.h"
#include "kernels/cluster_agreement.h"
#include "kernels/kmeans_scaler.h"
#include "kernels/kmeans_start.h"
#include "models/kmeans_judge.h"

enum {
    MOST_ROWS = 2048, ROW_STREAM = 0x57ab, START_STREAM = 0x9000, SPLIT_STREAM = 0xb000,
    MOST_PASSES = 50, SPLITS = 4
};
static const double usual_tol = 1e-4;

/* Rows of the test, the same for every resample and every k. */
typedef struct few {
    const seg_kmeans_judging *judging;
    size_t n, d;
    float *z;                  /* n x d, scaled */
    size_t *columns;           /* 0 .. d-1 */
    double *zero, *one;        /* d: they are scaled already */
    uint64_t *weight;          /* n */
    int32_t *label;            /* n: by the clustering in question */
    size_t n_tasks;            /* resamples, and two halves of each split */
    int32_t *again;            /* n_tasks x n */
    seg_kmeans_scale scale;
    double *quantum;           /* d, for total weights below 2^31 */
    seg_status *st;            /* per resample */
    seg_error *err;
} few;

/* ---- rows ---------------------------------------------------------------------------------- */

/* About MOST_ROWS rows, each by its own number; weights are cut to 16 bits. */
static seg_status choose_rows(few *f, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_kmeans_judging *j = f->judging;
    size_t n_rows = j->rows.n_rows, room = n_rows < 2 * MOST_ROWS ? n_rows : 2 * MOST_ROWS;
    double *z = NULL;
    uint32_t most = 1;
    TRY(SEG_ALLOC(&z, f->d, "a row", err));
    TRY(SEG_ALLOC(&f->z, room * f->d, "the rows of resamples", err));
    TRY(SEG_ALLOC(&f->weight, room, "the rows of resamples", err));
    TRY(SEG_ALLOC(&f->label, room, "the rows of resamples", err));
    for (size_t r = 0; j->weight != NULL && r < n_rows; r++)
        most = j->weight[r] > most ? j->weight[r] : most;
    uint32_t unit = most / 65536 + 1;
    seg_kmeans_scaler scaler = seg_kmeans_scaler_of(&j->space->scale);
    for (size_t r = 0; r < n_rows && f->n < room; r++) {
        if (n_rows > MOST_ROWS
            && seg_rng_below((seg_rng){ j->ctx->seed, ROW_STREAM }, r, n_rows) >= MOST_ROWS)
            continue;
        seg_kmeans_scale_row(&scaler, j->rows.x + r * j->rows.stride, z);
        for (size_t i = 0; i < f->d; i++)
            f->z[f->n * f->d + i] = (float)z[i];
        f->weight[f->n] = j->weight == NULL ? 1 : (j->weight[r] + unit - 1) / unit;
        f->label[f->n++] = j->label[r];
    }

done:
    seg_free(z);
    return st;
}

static seg_status few_new(const seg_kmeans_judging *judging, few *f, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t d = judging->space->scale.d;
    *f = (few){ .judging = judging, .d = d };
    TRY(choose_rows(f, err));
    f->n_tasks = judging->resamples + 2 * SPLITS;
    TRY(SEG_ALLOC(&f->again, f->n_tasks * f->n, "the resamples", err));
    TRY(SEG_ALLOC(&f->st, f->n_tasks, "the resamples", err));
    TRY(SEG_ALLOC(&f->err, f->n_tasks, "the resamples", err));
    TRY(SEG_ALLOC(&f->columns, d, "the columns", err));
    TRY(SEG_ALLOC(&f->zero, d, "the scaling", err));
    TRY(SEG_ALLOC(&f->one, d, "the scaling", err));
    TRY(SEG_ALLOC(&f->quantum, d, "the scaling", err));
    for (size_t i = 0; i < d; i++) {
        float most = 1;
        for (size_t r = 0; r < f->n; r++)
            most = fabsf(f->z[r * d + i]) > most ? fabsf(f->z[r * d + i]) : most;
        f->columns[i] = i;
        f->one[i] = 1;
        f->quantum[i] = ldexp(1, 29 - ilogbf(most));
    }
    f->scale = (seg_kmeans_scale){ .d = d, .columns = f->columns, .shift = f->zero,
                                   .inverse = f->one };

done:
    return st;
}

static void few_free(few *f)
{
    seg_free(f->z);
    seg_free(f->columns);
    seg_free(f->zero);
    seg_free(f->one);
    seg_free(f->weight);
    seg_free(f->label);
    seg_free(f->again);
    seg_free(f->quantum);
    seg_free(f->st);
    seg_free(f->err);
}

/* ---- one resample --------------------------------------------------------------------------- */

static seg_kmeans_space space_of(const few *f, const uint32_t *times)
{
    seg_kmeans_space s = { .scale = f->scale, .quantum = f->quantum, .n_rows = f->n,
                           .n_threads = 1, .widest = f->judging->space->widest };
    for (size_t r = 0; r < f->n; r++) {
        double square = 0;
        for (size_t i = 0; i < f->d; i++)
            square += (double)f->z[r * f->d + i] * (double)f->z[r * f->d + i];
        s.total_square += (double)times[r] * square;
    }
    s.dist_quantum = ldexp(1, 29 - ilogb(s.widest));
    return s;
}

static seg_status label_again(const few *f, const seg_kmeans_fit *fit, int32_t *label,
                              seg_error *err)
{
    seg_kmeans_rows out = { .label = label };
    seg_matrix rows = { .x = f->z, .n_rows = f->n, .n_cols = f->d, .stride = f->d };
    seg_kmeans_centres centres;
    seg_status st = seg_kmeans_centres_new(fit->k, f->d, &centres, err);
    if (st != SEG_OK)
        return st;
    seg_kmeans_centres_set(&centres, fit->z, fit->k);
    st = seg_kmeans_assign(&f->scale, &centres, rows, NULL, 0, 1, &out, NULL, err);
    seg_kmeans_centres_free(&centres);
    return st;
}

/* Fresh clusters of rows that count `times`; labels of all of them. */
static seg_status cluster(const few *f, const uint32_t *times, uint64_t stream, int32_t *label,
                          seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_kmeans_judging *j = f->judging;
    double *z = NULL;
    size_t there = 0;
    seg_kmeans_start start = { 0 };
    seg_kmeans_fit *fit = NULL;
    seg_matrix rows = { .x = f->z, .n_rows = f->n, .n_cols = f->d, .stride = f->d };

    TRY(SEG_ALLOC(&z, j->k * f->d, "the centroids", err));
    seg_kmeans_space space = space_of(f, times);
    TRY(seg_kmeans_start_new(&f->scale, rows, times, space.widest, j->k, 1, &start, err));
    TRY(seg_kmeans_start_draw(&start, SEG_KMEANS_GREEDY, j->ctx->seed, stream, j->k, z, &there,
                              err));
    TRY(seg_kmeans_fit_new(&space, j->k, usual_tol, MOST_PASSES, &fit, err));
    seg_kmeans_fit_start(fit, z, there);
    TRY(seg_kmeans_fit_memory(fit, NULL, rows, times, err));
    TRY(label_again(f, fit, label, err));

done:
    seg_free(z);
    seg_kmeans_start_free(&start);
    seg_kmeans_fit_free(fit);
    return st;
}

/* Resample b; rows that are not drawn have no label. */
static seg_status cluster_resample(const few *f, size_t b, int32_t *label, seg_error *err)
{
    seg_status st = SEG_OK;
    uint64_t *drawn = NULL;
    uint32_t *times = NULL;
    TRY(SEG_ALLOC(&drawn, f->n, "a resample", err));
    TRY(SEG_ALLOC(&times, f->n, "a resample", err));
    TRY(seg_bootstrap_draw(f->judging->ctx->seed, b, f->weight, 0, f->n, drawn, err));
    for (size_t r = 0; r < f->n; r++)
        times[r] = (uint32_t)drawn[r];
    TRY(cluster(f, times, START_STREAM + b, label, err));
    for (size_t r = 0; r < f->n; r++)
        if (times[r] == 0)
            label[r] = -1;

done:
    seg_free(drawn);
    seg_free(times);
    return st;
}

/* One half (0: to learn from, 1: to test) of split b; only the rows of half 1 have labels. */
static seg_status cluster_half(const few *f, size_t b, uint8_t which, int32_t *label,
                               seg_error *err)
{
    seg_status st = SEG_OK;
    uint8_t *half = NULL;
    uint32_t *times = NULL;
    TRY(SEG_ALLOC(&half, f->n, "a half", err));
    TRY(SEG_ALLOC(&times, f->n, "a half", err));
    seg_bootstrap_halves(f->judging->ctx->seed, b, 0, f->n, half);
    for (size_t r = 0; r < f->n; r++)
        times[r] = half[r] == which ? (uint32_t)f->weight[r] : 0;
    TRY(cluster(f, times, SPLIT_STREAM + 2 * b + which, label, err));
    for (size_t r = 0; r < f->n; r++)
        if (half[r] == 0)
            label[r] = -1;

done:
    seg_free(half);
    seg_free(times);
    return st;
}

static void run_task(void *arg, size_t task, int thread)
{
    (void)thread;
    few *f = arg;
    size_t resamples = f->judging->resamples;
    int32_t *label = f->again + task * f->n;
    if (task < resamples)
        f->st[task] = cluster_resample(f, task, label, &f->err[task]);
    else
        f->st[task] = cluster_half(f, (task - resamples) / 2, (uint8_t)((task - resamples) % 2),
                                   label, &f->err[task]);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static seg_status compare(const few *f, seg_kmeans_scan_row *row, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t k = f->judging->k;
    seg_contingency table = { 0 };
    seg_stability stability = { 0 };
    TRY(seg_contingency_new(k, k, &table, err));
    TRY(seg_stability_new(k, &stability, err));
    for (size_t b = 0; b < f->judging->resamples; b++) {
        seg_contingency_clear(&table);
        TRY(seg_contingency_add(&table, f->label, f->again + b * f->n, f->weight, f->n, err));
        TRY(seg_stability_add(&stability, &table, err));
    }
    row->stability = seg_stability_ari(&stability);
    row->worst_jaccard = seg_stability_worst(&stability);
    row->resamples = stability.n_resamples;
    row->same = stability.n_same;

done:
    seg_contingency_free(&table);
    seg_stability_free(&stability);
    return st;
}

/* The mean over the splits of the test half's worst cluster. */
static seg_status compare_halves(const few *f, seg_kmeans_scan_row *row, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t k = f->judging->k, n = 0;
    double sum = 0;
    seg_contingency table = { 0 };
    TRY(seg_contingency_new(k, k, &table, err));
    for (size_t b = 0; b < SPLITS; b++) {
        const int32_t *learnt = f->again + (f->judging->resamples + 2 * b) * f->n;
        seg_contingency_clear(&table);
        TRY(seg_contingency_add(&table, learnt + f->n, learnt, f->weight, f->n, err));
        double strength = seg_agreement_prediction_strength(&table);
        sum += isnan(strength) ? 0 : strength;
        n += isnan(strength) ? 0 : 1;
    }
    row->prediction_strength = n > 0 ? sum / (double)n : (double)NAN;

done:
    seg_contingency_free(&table);
    return st;
}

seg_status seg_kmeans_judge_stability(const seg_kmeans_judging *judging,
                                      seg_kmeans_scan_row *row, seg_error *err)
{
    seg_status st = SEG_OK;
    few f;
    TRY(few_new(judging, &f, err));
    seg_team_run(judging->space->n_threads, f.n_tasks, run_task, &f);
    for (size_t b = 0; b < f.n_tasks; b++)
        if (f.st[b] != SEG_OK) {
            if (err != NULL)
                *err = f.err[b];
            st = f.st[b];
            goto done;
        }
    TRY(compare(&f, row, err));
    TRY(compare_halves(&f, row, err));

done:
    few_free(&f);
    return st;
}
