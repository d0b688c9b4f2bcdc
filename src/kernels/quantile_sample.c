#include "kernels/quantile_sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/rng.h"
#include "base/try.h"

enum { SAMPLE_STREAM = 0x5a3b1e };

seg_status seg_quantile_sample_new(size_t d, uint64_t n_rows, uint64_t seed,
                                   seg_quantile_sample *out, seg_error *err)
{
    (void)err;
    *out = (seg_quantile_sample){ .d = d, .n_rows = n_rows, .seed = seed };
    return SEG_OK;
}

void seg_quantile_sample_free(seg_quantile_sample *s)
{
    seg_free(s->x);
    seg_free(s->n_values);
    *s = (seg_quantile_sample){ 0 };
}

static bool is_sampled(const seg_quantile_sample *s, uint64_t row)
{
    if (s->n_rows <= SEG_SAMPLE_ROWS)
        return true;
    return seg_rng_below((seg_rng){ s->seed, SAMPLE_STREAM }, row, s->n_rows) < SEG_SAMPLE_ROWS;
}

seg_status seg_quantile_sample_add(seg_quantile_sample *s, const size_t *columns,
                                   seg_matrix rows, uint64_t first_row, seg_error *err)
{
    for (size_t r = 0; r < rows.n_rows; r++) {
        if (!is_sampled(s, first_row + r))
            continue;
        seg_status st = SEG_GROW(&s->x, &s->cap, (s->n + 1) * s->d, "the sample of rows", err);
        if (st != SEG_OK)
            return st;
        for (size_t f = 0; f < s->d; f++)
            s->x[s->n * s->d + f] = rows.x[r * rows.stride + columns[f]];
        s->n++;
    }
    return SEG_OK;
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

seg_status seg_quantile_sample_sort(seg_quantile_sample *s, seg_error *err)
{
    seg_status st = SEG_OK;
    float *sorted = NULL;
    TRY(SEG_ALLOC(&s->n_values, s->d, "the quantiles", err));
    TRY(SEG_ALLOC(&sorted, s->n * s->d, "the quantiles", err));
    for (size_t f = 0; f < s->d; f++) {
        float *run = sorted + f * s->n;
        for (size_t r = 0; r < s->n; r++)
            if (!isnan(s->x[r * s->d + f]))
                run[s->n_values[f]++] = s->x[r * s->d + f];
        qsort(run, s->n_values[f], sizeof *run, by_value);
    }
    seg_free(s->x);
    s->x = sorted;
    s->cap = s->n;
    sorted = NULL;
done:
    seg_free(sorted);
    return st;
}

double seg_quantile_sample_at(const seg_quantile_sample *s, size_t f, double q)
{
    size_t n = s->n_values[f];
    if (n == 0)
        return (double)NAN;
    const float *run = s->x + f * s->n;
    double at = q * (double)(n - 1);
    size_t below = (size_t)at;
    size_t above = below + 1 < n ? below + 1 : below;
    double share = at - (double)below;
    return (double)run[below] + share * ((double)run[above] - (double)run[below]);
}
