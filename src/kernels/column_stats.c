/* column_stats.c: count, range, mean and standard deviation of columns. Float sums go per
 * chunk of SEG_CHUNK_ROWS rows into the lane chunk % SEG_LANES, in increasing order of the
 * chunk; lanes are added in order: the same bits for any threads and blocks. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/real.h"
#include "base/try.h"
#include "kernels/column_stats.h"
#include "segmill/context.h"

seg_status seg_column_stats_new(size_t d, seg_column_stats *out, seg_error *err)
{
    seg_status st = SEG_OK;
    *out = (seg_column_stats){ .d = d };
    TRY(SEG_ALLOC(&out->n, SEG_LANES * d, "the statistics", err));
    TRY(SEG_ALLOC(&out->least, SEG_LANES * d, "the statistics", err));
    TRY(SEG_ALLOC(&out->largest, SEG_LANES * d, "the statistics", err));
    TRY(SEG_ALLOC(&out->sum, SEG_LANES * d, "the statistics", err));
    TRY(SEG_ALLOC(&out->square, SEG_LANES * d, "the statistics", err));
    TRY(SEG_ALLOC(&out->origin, d, "the statistics", err));
    for (size_t i = 0; i < SEG_LANES * d; i++) {
        out->least[i] = (double)INFINITY;
        out->largest[i] = -(double)INFINITY;
    }
    return SEG_OK;

done:
    seg_column_stats_free(out);
    return st;
}

void seg_column_stats_free(seg_column_stats *s)
{
    seg_free(s->n);
    seg_free(s->least);
    seg_free(s->largest);
    seg_free(s->sum);
    seg_free(s->square);
    seg_free(s->origin);
    *s = (seg_column_stats){ 0 };
}

static void add_chunk(seg_column_stats *s, const size_t *columns, bool log1p, size_t lane,
                      const float *x, size_t stride, size_t n)
{
    size_t d = s->d;
    for (size_t f = 0; f < d; f++) {
        double sum = 0, square = 0;
        size_t at = lane * d + f;
        for (size_t r = 0; r < n; r++) {
            double v = (double)x[r * stride + columns[f]];
            if (log1p)   /* below -1 there is no logarithm: that is no missing value */
                v = v < -1 ? -(double)INFINITY : seg_log1p(v);
            if (isnan(v))
                continue;
            s->n[at]++;
            s->least[at] = v < s->least[at] ? v : s->least[at];
            s->largest[at] = v > s->largest[at] ? v : s->largest[at];
            double from = v - s->origin[f];
            sum += from;
            square += from * from;
        }
        s->sum[at] += sum;
        s->square[at] += square;
    }
}

void seg_column_stats_add(seg_column_stats *s, const size_t *columns, bool log1p,
                                seg_matrix rows, uint64_t first_row, int n_threads)
{
    size_t n_chunks = (rows.n_rows + SEG_CHUNK_ROWS - 1) / SEG_CHUNK_ROWS;
    size_t first_chunk = (size_t)(first_row / SEG_CHUNK_ROWS);

    #pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
    for (size_t l = 0; l < SEG_LANES; l++) {
        size_t lane = (first_chunk + l) % SEG_LANES;
        for (size_t c = l; c < n_chunks; c += SEG_LANES) {
            size_t row = c * SEG_CHUNK_ROWS;
            size_t n = rows.n_rows - row < SEG_CHUNK_ROWS ? rows.n_rows - row : SEG_CHUNK_ROWS;
            add_chunk(s, columns, log1p, lane, rows.x + row * rows.stride, rows.stride, n);
        }
    }
}

int64_t seg_column_stats_range(const seg_column_stats *s, size_t f, double *least,
                               double *largest)
{
    int64_t n = 0;
    *least = (double)INFINITY;
    *largest = -(double)INFINITY;
    for (size_t i = f; i < SEG_LANES * s->d; i += s->d) {
        n += s->n[i];
        *least = s->least[i] < *least ? s->least[i] : *least;
        *largest = s->largest[i] > *largest ? s->largest[i] : *largest;
    }
    return n;
}

void seg_column_stats_mean(const seg_column_stats *s, size_t f, double *mean, double *sd)
{
    double sum = 0, square = 0, n = 0;
    for (size_t lane = 0; lane < SEG_LANES; lane++) {
        sum += s->sum[lane * s->d + f];
        square += s->square[lane * s->d + f];
        n += (double)s->n[lane * s->d + f];
    }
    double from = n > 0 ? sum / n : 0;
    double variance = n > 0 ? square / n - from * from : 0;
    *mean = s->origin[f] + from;
    *sd = variance > 0 ? sqrt(variance) : 0;
}
