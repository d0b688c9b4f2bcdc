/* kmeans_bisect.c: the rows of the cluster of the largest spread, side by side, are started
 * greedily with two centroids, moved until they settle, and told apart again. */
#include "models/kmeans_bisect.h"

#include <string.h>
#include "base/alloc.h"
#include "base/try.h"
#include "kernels/kmeans_start.h"

enum { MOST_PASSES = 50, STREAMS_A_SPLIT = 32 };

typedef struct splitting {
    const seg_kmeans_bisecting *b;
    uint64_t stream;
    int32_t *label;            /* of all rows */
    seg_wide *spread;           /* k_wanted: sum of squared distances; 0: cannot be split */
    /* the rows of the cluster at hand */
    size_t n, *row;
    float *x;
    uint32_t *weight;          /* null: 1 */
    seg_kmeans_rows half;      /* their labels: 0 or 1 */
} splitting;

static seg_status allocate(splitting *s, size_t k_wanted, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_kmeans_bisecting *b = s->b;
    size_t n = b->rows.n_rows;
    TRY(SEG_ALLOC(&s->label, n, "the labels", err));
    TRY(SEG_ALLOC(&s->half.label, n, "the labels", err));
    TRY(SEG_ALLOC(&s->spread, k_wanted, "the spreads", err));
    TRY(SEG_ALLOC(&s->row, n, "the rows to split", err));
    TRY(SEG_ALLOC(&s->x, n * b->rows.n_cols, "the rows to split", err));
    if (b->weight != NULL)
        TRY(SEG_ALLOC(&s->weight, n, "the weights", err));

done:
    return st;
}

static void gather(splitting *s, size_t j)
{
    const seg_kmeans_bisecting *b = s->b;
    size_t width = b->rows.n_cols;
    s->n = 0;
    for (size_t r = 0; r < b->rows.n_rows; r++) {
        if ((size_t)s->label[r] != j)
            continue;
        memcpy(s->x + s->n * width, b->rows.x + r * b->rows.stride, width * sizeof *s->x);
        if (s->weight != NULL)
            s->weight[s->n] = b->weight[r];
        s->row[s->n++] = r;
    }
}

static seg_matrix rows_of(const splitting *s)
{
    size_t width = s->b->rows.n_cols;
    return (seg_matrix){ .x = s->x, .n_rows = s->n, .n_cols = width, .stride = width };
}

/* Centroids to start from among the rows at hand; *there may be less than wanted. */
static seg_status draw(splitting *s, size_t k, size_t wanted, double *z, size_t *there,
                       seg_error *err)
{
    const seg_kmeans_space *space = s->b->space;
    seg_kmeans_start start;
    *there = 0;
    seg_status st = seg_kmeans_start_new(&space->scale, rows_of(s), s->weight, space->widest, wanted,
                                         space->n_threads, &start, err);
    if (st == SEG_OK)
        st = seg_kmeans_start_draw(&start, SEG_KMEANS_GREEDY, s->b->ctx->seed,
                                   s->stream + ((uint64_t)k << STREAMS_A_SPLIT), wanted, z, there,
                                   err);
    seg_kmeans_start_free(&start);
    return st;
}

/* Labels and spreads with the centroids that are there; if there are none, all rows are one
 * cluster, about any of them. */
static seg_status begin(splitting *s, double *z, size_t *k, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_kmeans_bisecting *b = s->b;
    const seg_kmeans_space *space = b->space;
    seg_kmeans_centres centres = { 0 };
    seg_kmeans_figures figures = { 0 };
    seg_kmeans_rows out = { .label = s->label };
    if (*k == 0) {
        gather(s, 0);
        s->spread[0] = 1;
        return draw(s, 0, 1, z, k, err);
    }
    TRY(seg_kmeans_centres_new(*k, space->scale.d, &centres, err));
    TRY(seg_kmeans_figures_new(*k, space->scale.d, space->dist_quantum,
                               &figures, err));
    seg_kmeans_centres_set(&centres, z, *k);
    TRY(seg_kmeans_assign(&space->scale, &centres, b->rows, b->weight, 0, space->n_threads, &out,
                          &figures, err));
    memcpy(s->spread, figures.spread, *k * sizeof *s->spread);

done:
    seg_kmeans_figures_free(&figures);
    seg_kmeans_centres_free(&centres);
    return st;
}

/* The rows at hand by the centroids in fit. */
static seg_status tell_apart(splitting *s, const seg_kmeans_space *space, seg_kmeans_fit *fit,
                             seg_kmeans_figures *figures, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(seg_kmeans_figures_new(2, fit->d, space->dist_quantum, figures,
                               err));
    seg_kmeans_centres_set(&fit->centres, fit->z, 2);
    TRY(seg_kmeans_assign(&space->scale, &fit->centres, rows_of(s), s->weight, 0,
                          space->n_threads, &s->half, figures, err));

done:
    return st;
}

static void take_halves(splitting *s, const seg_kmeans_fit *fit, size_t j,
                        const seg_kmeans_figures *figures, double *z, size_t k)
{
    size_t d = fit->d;
    memcpy(z + j * d, fit->z, d * sizeof *z);
    memcpy(z + k * d, fit->z + d, d * sizeof *z);
    s->spread[j] = figures->spread[0];
    s->spread[k] = figures->spread[1];
    for (size_t i = 0; i < s->n; i++)
        if (s->half.label[i] == 1)
            s->label[s->row[i]] = (int32_t)k;
}

/* Cluster j of k becomes j and k. *split false: it cannot. */
static seg_status split(splitting *s, size_t j, double *z, size_t k, bool *split, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_space space = *s->b->space;
    seg_kmeans_fit *fit = NULL;
    seg_kmeans_figures figures = { 0 };
    double *two = NULL;
    size_t there;
    gather(s, j);
    space.n_rows = s->n;
    TRY(SEG_ALLOC(&two, 2 * space.scale.d, "the centroids", err));
    TRY(draw(s, k, 2, two, &there, err));
    *split = there == 2;
    if (!*split)
        goto done;
    TRY(seg_kmeans_fit_new(&space, 2, 0, MOST_PASSES, &fit, err));
    fit->deadline = s->b->deadline;
    seg_kmeans_fit_start(fit, two, 2);
    TRY(seg_kmeans_fit_memory(fit, s->b->ctx, rows_of(s), s->weight, err));
    TRY(tell_apart(s, &space, fit, &figures, err));
    *split = figures.count[0] > 0 && figures.count[1] > 0;
    if (*split)
        take_halves(s, fit, j, &figures, z, k);

done:
    seg_kmeans_figures_free(&figures);
    seg_kmeans_fit_free(fit);
    seg_free(two);
    return st;
}

seg_status seg_kmeans_bisect(const seg_kmeans_bisecting *b, uint64_t stream, size_t k_wanted,
                             double *z, size_t *k, seg_error *err)
{
    seg_status st = SEG_OK;
    splitting s = { .b = b, .stream = stream };
    TRY(allocate(&s, k_wanted, err));
    TRY(begin(&s, z, k, err));
    while (*k < k_wanted) {
        size_t widest = 0;
        bool done = false;
        for (size_t j = 1; j < *k; j++)
            widest = s.spread[j] > s.spread[widest] ? j : widest;
        if (s.spread[widest] <= 0)
            break;
        TRY(split(&s, widest, z, *k, &done, err));
        if (done)
            ++*k;
        else
            s.spread[widest] = 0;
    }

done:
    seg_free(s.label);
    seg_free(s.half.label);
    seg_free(s.spread);
    seg_free(s.row);
    seg_free(s.x);
    seg_free(s.weight);
    return st;
}
