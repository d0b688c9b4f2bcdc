/* kmeans_columns.c: range, mean and deviation of the features. */
#include "kernels/kmeans_columns.h"

#include <math.h>
#include <omp.h>
#include <string.h>
#include "base/alloc.h"
#include "base/real.h"
#include "base/try.h"
#include "kernels/kernels.h"
#include "segmill/context.h"

seg_status seg_kmeans_columns_new(const size_t *columns, const float *level, size_t d,
                                  bool log1p, seg_kmeans_columns *out, seg_error *err)
{
    seg_status st = SEG_OK;
    *out = (seg_kmeans_columns){ .d = d, .columns = columns, .level = level,
                                  .log1p = log1p };
    TRY(SEG_ALLOC(&out->least, d, "the statistics", err));
    TRY(SEG_ALLOC(&out->most, d, "the statistics", err));
    TRY(SEG_ALLOC(&out->missing, d, "the statistics", err));
    TRY(SEG_ALLOC(&out->origin, d, "the statistics", err));
    TRY(SEG_ALLOC(&out->quantum, d, "the statistics", err));
    TRY(SEG_ALLOC(&out->square_quantum, d, "the statistics", err));
    TRY(SEG_ALLOC(&out->n, d, "the statistics", err));
    TRY(SEG_ALLOC(&out->sum, d, "the statistics", err));
    TRY(SEG_ALLOC(&out->square, d, "the statistics", err));
    for (size_t f = 0; f < d; f++) {
        out->least[f] = INFINITY;
        out->most[f] = -INFINITY;
    }
    return SEG_OK;

done:
    seg_kmeans_columns_free(out);
    return st;
}

void seg_kmeans_columns_free(seg_kmeans_columns *c)
{
    seg_free(c->least);
    seg_free(c->most);
    seg_free(c->missing);
    seg_free(c->origin);
    seg_free(c->quantum);
    seg_free(c->square_quantum);
    seg_free(c->n);
    seg_free(c->sum);
    seg_free(c->square);
    *c = (seg_kmeans_columns){ 0 };
}

/* ---- levels of categories ------------------------------------------------------------------ */

static bool is_level(const seg_kmeans_columns *c, size_t f)
{
    return c->level != NULL && !isnan(c->level[f]);
}

/* 1, 0 or missing: the features f .. f+width-1 of one code. */
static void find_levels(const seg_kmeans_columns *c, size_t f, size_t width, float code,
                        double *v)
{
    for (size_t i = 0; i < width; i++)
        v[i] = isnan(code) ? (double)NAN : code == c->level[f + i] ? 1 : 0;
}

/* ---- range ------------------------------------------------------------------------------- */

/* Of features from f on: numbers that are neighbours in the rows too, or levels of one
 * category. */
static size_t run_of(const seg_kmeans_columns *c, size_t f)
{
    bool levels = is_level(c, f);
    size_t n = 1;
    while (f + n < c->d && n < SEG_RANGE_WIDTH && is_level(c, f + n) == levels
           && c->columns[f + n] == c->columns[f] + (levels ? 0 : n))
        n++;
    return n;
}

static void range_of_levels(const seg_kmeans_columns *c, size_t f, size_t width,
                            const float *code, size_t stride, size_t n, seg_ranges *out)
{
    double v[SEG_RANGE_WIDTH];
    for (size_t r = 0; r < n; r++, code += stride) {
        find_levels(c, f, width, *code, v);
        for (size_t i = 0; i < width; i++) {
            out->least[i] = v[i] < (double)out->least[i] ? (float)v[i] : out->least[i];
            out->most[i] = v[i] > (double)out->most[i] ? (float)v[i] : out->most[i];
            out->missing[i] += isnan(v[i]) ? 1 : 0;
        }
    }
}

static void keep_range(seg_ranges *into, const seg_ranges *from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        into->least[i] = from->least[i] < into->least[i] ? from->least[i] : into->least[i];
        into->most[i] = from->most[i] > into->most[i] ? from->most[i] : into->most[i];
        into->missing[i] += from->missing[i];
    }
}

static seg_ranges no_range(void)
{
    seg_ranges none = { 0 };
    for (size_t i = 0; i < SEG_RANGE_WIDTH; i++) {
        none.least[i] = INFINITY;
        none.most[i] = -INFINITY;
    }
    return none;
}

static void range_of_run(seg_kmeans_columns *c, size_t f, size_t width, seg_matrix rows,
                         seg_ranges *own, int n_threads)
{
    const seg_kernels *kernels = seg_kernels_get();
    size_t n_chunks = (rows.n_rows + SEG_CHUNK_ROWS - 1) / SEG_CHUNK_ROWS;
    for (int t = 0; t < n_threads; t++)
        own[t] = no_range();

    #pragma omp parallel for schedule(static) num_threads(n_threads)
    for (size_t chunk = 0; chunk < n_chunks; chunk++) {
        size_t first = chunk * SEG_CHUNK_ROWS, left = rows.n_rows - first;
        const float *x = rows.x + first * rows.stride + c->columns[f];
        size_t n = left < SEG_CHUNK_ROWS ? left : SEG_CHUNK_ROWS;
        if (is_level(c, f))
            range_of_levels(c, f, width, x, rows.stride, n, &own[omp_get_thread_num()]);
        else
            kernels->columns_range(x, rows.stride, n, width, &own[omp_get_thread_num()]);
    }
    for (int t = 1; t < n_threads; t++)
        keep_range(&own[0], &own[t], width);
    for (size_t i = 0; i < width; i++) {
        c->least[f + i] = own->least[i] < c->least[f + i] ? own->least[i] : c->least[f + i];
        c->most[f + i] = own->most[i] > c->most[f + i] ? own->most[i] : c->most[f + i];
        c->missing[f + i] += own->missing[i];
    }
}

seg_status seg_kmeans_columns_range(seg_kmeans_columns *c, seg_matrix rows, int n_threads,
                                    seg_error *err)
{
    seg_ranges *own = NULL;
    seg_status st = SEG_ALLOC(&own, (size_t)n_threads, "the statistics", err);
    for (size_t f = 0, width; st == SEG_OK && f < c->d; f += width) {
        width = run_of(c, f);
        range_of_run(c, f, width, rows, own, n_threads);
    }
    seg_free(own);
    return st;
}

static double as_used(const seg_kmeans_columns *c, size_t f, double v)
{
    return !c->log1p || is_level(c, f) ? v : v < -1 ? -(double)INFINITY : seg_log1p(v);
}

void seg_kmeans_columns_limits(const seg_kmeans_columns *c, size_t f, double *least,
                               double *most)
{
    bool any = c->least[f] <= c->most[f];
    *least = any ? as_used(c, f, (double)c->least[f]) : (double)NAN;
    *most = any ? as_used(c, f, (double)c->most[f]) : (double)NAN;
}

/* ---- moments ------------------------------------------------------------------------------ */

double seg_kmeans_units_limit(const seg_kmeans_totals *totals)
{
    double of_sum = 0x1p62 / totals->weight, of_value = 0x1p51;
    if (totals->fold)
        of_value /= totals->most;
    return of_sum < of_value ? of_sum : of_value;
}

void seg_kmeans_columns_begin(seg_kmeans_columns *c, const seg_kmeans_totals *totals)
{
    double limit = seg_kmeans_units_limit(totals);
    c->fold = totals->fold;
    for (size_t f = 0; f < c->d; f++) {
        double least, most;
        seg_kmeans_columns_limits(c, f, &least, &most);
        double half = (most - least) / 2;
        c->origin[f] = isfinite(half) ? least + half : 0;
        half = isfinite(half) && half > 0 ? half * 1.001 : 1;
        c->quantum[f] = seg_power_below(limit / half);
        c->square_quantum[f] = seg_power_below(limit / (half * half));
    }
}

typedef struct share {         /* of one thread */
    double *v;
    int64_t *sum, *square, *n;
} share;

/* Units and sums of the features from f on. */
static seg_moment_units units_from(const seg_kmeans_columns *c, size_t f)
{
    return (seg_moment_units){ c->origin + f, c->quantum + f, c->square_quantum + f, c->fold };
}

static seg_moment_sums sums_from(const share *own, size_t f)
{
    return (seg_moment_sums){ own->n + f, own->sum + f, own->square + f };
}

/* Logarithms and levels: row by row. */
static void take_rows(const seg_kmeans_columns *c, size_t f, size_t width, seg_matrix rows,
                      const uint32_t *weight, const seg_kernels *kernels, share *own)
{
    const float *x = rows.x + c->columns[f];
    seg_moment_units units = units_from(c, f);
    seg_moment_sums sums = sums_from(own, f);
    for (size_t r = 0; r < rows.n_rows; r++, x += rows.stride) {
        if (is_level(c, f))
            find_levels(c, f, width, *x, own->v);
        else
            for (size_t i = 0; i < width; i++)
                own->v[i] = as_used(c, f, (double)x[i]);
        kernels->columns_row_moments(own->v, width, weight == NULL ? 1 : (int64_t)weight[r],
                                     &units, &sums);
    }
}

/* Runs of neighbouring columns. */
static void take_chunk(const seg_kmeans_columns *c, seg_matrix rows, size_t first, size_t n,
                       const uint32_t *weight, share *own)
{
    const seg_kernels *kernels = seg_kernels_get();
    seg_matrix chunk = rows;
    chunk.x += first * rows.stride;
    chunk.n_rows = n;
    weight = weight == NULL ? NULL : weight + first;
    for (size_t f = 0, width; f < c->d; f += width) {
        width = run_of(c, f);
        if (c->log1p || is_level(c, f)) {
            take_rows(c, f, width, chunk, weight, kernels, own);
            continue;
        }
        seg_moment_units units = units_from(c, f);
        seg_moment_sums sums = sums_from(own, f);
        kernels->columns_moments(chunk.x + c->columns[f], rows.stride, n, width, weight, &units,
                                 &sums);
    }
}

seg_status seg_kmeans_columns_moments(seg_kmeans_columns *c, seg_matrix rows,
                                      const uint32_t *weight, int n_threads, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n_chunks = (rows.n_rows + SEG_CHUNK_ROWS - 1) / SEG_CHUNK_ROWS;
    share *own = NULL;
    TRY(SEG_ALLOC(&own, (size_t)n_threads, "the statistics", err));
    for (int t = 0; t < n_threads; t++) {
        TRY(SEG_ALLOC(&own[t].v, c->d, "the statistics", err));
        TRY(SEG_ALLOC(&own[t].sum, c->d, "the statistics", err));
        TRY(SEG_ALLOC(&own[t].square, c->d, "the statistics", err));
        TRY(SEG_ALLOC(&own[t].n, c->d, "the statistics", err));
    }
    #pragma omp parallel for schedule(static) num_threads(n_threads)
    for (size_t chunk = 0; chunk < n_chunks; chunk++) {
        size_t first = chunk * SEG_CHUNK_ROWS, left = rows.n_rows - first;
        take_chunk(c, rows, first, left < SEG_CHUNK_ROWS ? left : SEG_CHUNK_ROWS, weight,
                   &own[omp_get_thread_num()]);
    }
    for (int t = 0; t < n_threads; t++)
        for (size_t f = 0; f < c->d; f++) {
            c->sum[f] += own[t].sum[f];
            c->square[f] += own[t].square[f];
            c->n[f] += own[t].n[f];
        }

done:
    for (int t = 0; t < n_threads && own != NULL; t++) {
        seg_free(own[t].v);
        seg_free(own[t].sum);
        seg_free(own[t].square);
        seg_free(own[t].n);
    }
    seg_free(own);
    return st;
}

/* square / square_quantum - (sum / quantum)^2 / n, in whole numbers: where all but a few
 * values lie at one end of the range, the two are almost the same. */
static double squares_about_mean(const seg_kmeans_columns *c, size_t f)
{
    int shift = ilogb(c->quantum[f] * c->quantum[f] / c->square_quantum[f]);
    __int128 sum = c->sum[f], square = c->square[f];
    __int128 about = square * ((__int128)1 << (shift > 0 ? shift : 0)) - sum * sum / c->n[f];
    return about > 0 ? (double)about / (c->quantum[f] * c->quantum[f]) : 0;
}

void seg_kmeans_columns_mean(const seg_kmeans_columns *c, size_t f, double *mean, double *sd)
{
    if (c->n[f] == 0) {
        *mean = *sd = 0;
        return;
    }
    *mean = c->origin[f] + (double)c->sum[f] / c->quantum[f] / (double)c->n[f];
    *sd = sqrt(squares_about_mean(c, f) / (double)c->n[f]);
}

double seg_kmeans_columns_square(const seg_kmeans_columns *c, size_t f, double from)
{
    double mean, sd;
    seg_kmeans_columns_mean(c, f, &mean, &sd);
    return (double)c->n[f] * (sd * sd + (mean - from) * (mean - from));
}
