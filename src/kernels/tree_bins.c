/* tree_bins.c: values become at most 254 bins per feature, and a bin for missing.
 *
 * Numbers: when the sample holds few distinct values each has its own bin; else the cuts
 * follow the quantiles, so that bins hold about equal counts and a frequent value is
 * alone. A cut is the shortest decimal in the gap between two neighbours: people read
 * "tenure <= 5", not 5.4999. Categories: one bin per level; of more than 254, the most
 * frequent keep theirs and the rare ones share the last. */
#include "kernels/tree_bins.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/rng.h"
#include "base/try.h"
#include "kernels/kernels.h"
#include "kernels/radix.h"
#include "segmill/context.h"

enum {
    VALUE_BINS = SEG_TREE_BINS - 1,
    SAMPLE_ROWS = 65536,
    SAMPLE_ROWS_MIN = 4096,
    SAMPLE_VALUES = 1 << 25       /* of all features together: very wide tables sample less */
};
static const uint64_t sample_stream = 0x74726565;   /* "tree" */

static uint64_t sample_size(size_t n_features, uint64_t n_rows)
{
    uint64_t most = n_features == 0 ? SAMPLE_ROWS : SAMPLE_VALUES / n_features;
    if (most > SAMPLE_ROWS)
        most = SAMPLE_ROWS;
    if (most < SAMPLE_ROWS_MIN)
        most = SAMPLE_ROWS_MIN;
    return n_rows < most ? n_rows : most;
}

seg_status seg_bins_new(size_t n_features, const uint32_t *n_levels, uint64_t n_rows,
                        uint64_t seed, seg_bins **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_bins *bins = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&bins, 1, "the bins", err));
    bins->n_features = bins->n_columns = n_features;
    bins->n_rows = n_rows;
    bins->seed = seed;
    bins->sample_wanted = sample_size(n_features, n_rows);
    /* The size of a random sample varies: sixteen standard deviations fit. */
    bins->sample_cap = bins->sample_wanted + bins->sample_wanted / 4;
    TRY(SEG_ALLOC(&bins->n_bins, n_features, "the bins", err));
    TRY(SEG_ALLOC(&bins->first_bin, n_features + 1, "the bins", err));
    TRY(SEG_ALLOC(&bins->n_levels, n_features, "the bins", err));
    TRY(SEG_ALLOC(&bins->first_level, n_features + 1, "the bins", err));
    for (size_t f = 0; f < n_features; f++) {
        bins->n_levels[f] = n_levels[f];
        bins->first_level[f + 1] = bins->first_level[f] + n_levels[f];
    }
    TRY(SEG_ALLOC(&bins->columns, n_features, "the bins", err));
    TRY(SEG_ALLOC(&bins->ordered, n_features, "the bins", err));
    TRY(SEG_ALLOC(&bins->cuts, n_features * SEG_BIN_CUTS, "the cuts between bins", err));
    TRY(SEG_ALLOC(&bins->search, n_features * SEG_BIN_SEARCH, "the cuts between bins", err));
    TRY(SEG_ALLOC(&bins->level_bin, bins->first_level[n_features], "the bins", err));
    TRY(SEG_ALLOC(&bins->level_rows, bins->first_level[n_features], "the category counts", err));
    TRY(SEG_ALLOC(&bins->sample, n_features * bins->sample_cap, "the sample of rows", err));
    *out = bins;
    bins = NULL;

done:
    seg_bins_free(bins);
    return st;
}

void seg_bins_free(seg_bins *bins)
{
    if (bins == NULL)
        return;
    seg_free(bins->n_bins);
    seg_free(bins->first_bin);
    seg_free(bins->n_levels);
    seg_free(bins->columns);
    seg_free(bins->ordered);
    seg_free(bins->cuts);
    seg_free(bins->search);
    seg_free(bins->first_level);
    seg_free(bins->level_bin);
    seg_free(bins->level_rows);
    seg_free(bins->sample);
    seg_free(bins);
}

/* ---- looking at the rows ------------------------------------------------------ */

static bool is_sampled(const seg_bins *bins, uint64_t row)
{
    if (bins->sample_wanted == bins->n_rows)
        return true;
    seg_rng rng = { bins->seed, sample_stream };
    return seg_rng_below(rng, row, bins->n_rows) < bins->sample_wanted;
}

/* The code in this cell, or n_levels if it is none. */
static uint32_t code_of(float x, uint32_t n_levels)
{
    return x >= 0 && x < (float)n_levels ? (uint32_t)x : n_levels;
}

static void count_levels(seg_bins *bins, seg_matrix x, size_t f, const uint8_t *use)
{
    uint32_t n_levels = bins->n_levels[f];
    uint64_t *rows = bins->level_rows + bins->first_level[f];
    for (size_t i = 0; i < x.n_rows; i++) {
        uint32_t code = code_of(x.x[i * x.stride + f], n_levels);
        if (use[i] != 0 && code < n_levels)
            rows[code]++;
    }
}

void seg_bins_add(seg_bins *bins, seg_matrix x, uint64_t first_row, const uint8_t *use,
                  int n_threads)
{
    for (size_t i = 0; i < x.n_rows && bins->n_sampled < bins->sample_cap; i++) {
        if (use[i] == 0 || !is_sampled(bins, first_row + i))
            continue;
        for (size_t f = 0; f < bins->n_features; f++)
            bins->sample[f * bins->sample_cap + bins->n_sampled] = x.x[i * x.stride + f];
        bins->n_sampled++;
    }
    #pragma omp parallel for schedule(static) num_threads(n_threads)
    for (size_t f = 0; f < bins->n_features; f++)
        if (bins->n_levels[f] > 0)
            count_levels(bins, x, f, use);
}

/* ---- numbers ------------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* By digits, as comparing takes five times as long; where there is no room, by comparing. */
static void sort_values(float *x, size_t n)
{
    uint64_t *keys = NULL;
    if (SEG_ALLOC(&keys, 2 * n, "the sorting of a feature", NULL) != SEG_OK) {
        qsort(x, n, sizeof *x, by_value);
        return;
    }
    for (size_t i = 0; i < n; i++)
        keys[i] = seg_radix_float_key(x[i]);
    seg_radix_sort(keys, NULL, n, keys + n, NULL);
    for (size_t i = 0; i < n; i++)
        x[i] = seg_radix_float(keys[i]);
    seg_free(keys);
}

/* The multiple of a power of ten, as coarse as the gap allows and near its middle,
 * that lies in lo <= t < hi. */
static float short_between(float lo, float hi)
{
    double middle = ((double)lo + (double)hi) / 2, gap = (double)hi - (double)lo;
    double step = 1e15, per_step = 1;   /* one of them is 1, so that both are exact */
    for (int digits = -15; digits <= 12; digits++) {
        if (step / per_step <= gap) {
            double steps = middle / step * per_step;
            float t = (float)(floor(steps + 0.5) * step / per_step);
            if (!(t >= lo && t < hi))
                t = (float)(floor(steps) * step / per_step);
            if (t >= lo && t < hi)
                return t;
        }
        if (step > 1)
            step /= 10;
        else
            per_step *= 10;
    }
    return lo;
}

static size_t count_distinct(const float *sorted, size_t n)
{
    size_t distinct = 0;
    for (size_t i = 0; i < n; i++)
        distinct += i == 0 || sorted[i] != sorted[i - 1];
    return distinct;
}

/* A bin ends where it holds its share of the rows that are left. */
static size_t cut_sorted(const float *sorted, size_t n, float *cuts)
{
    bool each = count_distinct(sorted, n) <= VALUE_BINS;
    size_t n_cuts = 0, in_bin = 0, left = n, bins_left = VALUE_BINS;
    for (size_t i = 0; i + 1 < n && bins_left > 1; i++) {
        in_bin++;
        if (sorted[i] == sorted[i + 1] || !(each || in_bin * bins_left >= left))
            continue;
        cuts[n_cuts++] = short_between(sorted[i], sorted[i + 1]);
        left -= in_bin;
        bins_left--;
        in_bin = 0;
    }
    return n_cuts;
}

static void bin_number(seg_bins *bins, size_t f)
{
    float *sorted = bins->sample + f * bins->sample_cap;
    float *cuts = bins->cuts + f * SEG_BIN_CUTS;
    size_t n = 0;
    for (size_t i = 0; i < bins->n_sampled; i++)
        if (isfinite(sorted[i]))
            sorted[n++] = sorted[i];
    sort_values(sorted, n);
    size_t n_cuts = cut_sorted(sorted, n, cuts);
    for (size_t c = n_cuts; c < SEG_BIN_CUTS; c++)
        cuts[c] = INFINITY;
    bins->n_bins[f] = (uint16_t)(n_cuts + 2);
}

/* ---- categories --------------------------------------------------------------- */

/* The most frequent level without a bin; ties to the lowest code. */
static uint32_t next_frequent(const uint64_t *rows, const uint8_t *bin, uint32_t n_levels)
{
    uint32_t best = n_levels;
    for (uint32_t c = 0; c < n_levels; c++)
        if (bin[c] == 0 && rows[c] > 0 && (best == n_levels || rows[c] > rows[best]))
            best = c;
    return best;
}

static void bin_category(seg_bins *bins, size_t f)
{
    uint32_t n_levels = bins->n_levels[f];
    const uint64_t *rows = bins->level_rows + bins->first_level[f];
    uint8_t *bin = bins->level_bin + bins->first_level[f];
    if (n_levels <= VALUE_BINS) {
        for (uint32_t c = 0; c < n_levels; c++)
            bin[c] = rows[c] > 0 ? (uint8_t)(c + 1) : 0;
        bins->n_bins[f] = (uint16_t)(n_levels + 1);
        return;
    }
    for (uint32_t b = 1; b < VALUE_BINS; b++) {
        uint32_t c = next_frequent(rows, bin, n_levels);
        if (c < n_levels)
            bin[c] = (uint8_t)b;
    }
    for (uint32_t c = 0; c < n_levels; c++)
        if (bin[c] == 0 && rows[c] > 0)
            bin[c] = VALUE_BINS;
    bins->n_bins[f] = SEG_TREE_BINS;
}

static void describe_column(seg_bins *bins, size_t c)
{
    bins->ordered[c] = bins->n_levels[c] == 0;
    bins->columns[c] = (seg_bin_tile_column){
        .feature = c, .n_levels = bins->n_levels[c], .search = bins->search + c * SEG_BIN_SEARCH,
        .level_bin = bins->level_bin + bins->first_level[c],
    };
    if (bins->n_levels[c] == 0)
        seg_bin_search_fill(bins->cuts + c * SEG_BIN_CUTS, bins->search + c * SEG_BIN_SEARCH);
}

void seg_bins_finish(seg_bins *bins, int n_threads)
{
    #pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
    for (size_t f = 0; f < bins->n_features; f++) {
        if (bins->n_levels[f] > 0)
            bin_category(bins, f);
        else
            bin_number(bins, f);
        describe_column(bins, f);
    }
    for (size_t f = 0; f < bins->n_features; f++)
        bins->first_bin[f + 1] = bins->first_bin[f] + bins->n_bins[f];
    seg_free(bins->sample);
    bins->sample = NULL;
}

/* ---- values to bins ----------------------------------------------------------- */

/* Planes of all columns: what one thread needs. Wide tables take them group by group. */
typedef struct tile {
    _Alignas(64) uint8_t planes[SEG_RECORD_BYTES * SEG_TILE_ROWS];
} tile;

static size_t columns_in_group(const seg_bins *bins, size_t group)
{
    size_t left = bins->n_columns - group * SEG_RECORD_BYTES;
    return left < SEG_RECORD_BYTES ? left : SEG_RECORD_BYTES;
}

static size_t group_count(const seg_bins *bins)
{
    return (bins->n_columns + SEG_RECORD_BYTES - 1) / SEG_RECORD_BYTES;
}

void seg_bins_apply(const seg_bins *bins, seg_matrix x, int n_threads, uint8_t *out)
{
    const seg_kernels *kernels = seg_kernels_get();
    #pragma omp parallel for schedule(static) num_threads(n_threads)
    for (size_t first = 0; first < x.n_rows; first += SEG_TILE_ROWS) {
        tile t;
        size_t n = x.n_rows - first < SEG_TILE_ROWS ? x.n_rows - first : SEG_TILE_ROWS;
        for (size_t c = 0; c < bins->n_features; c++) {
            kernels->bin_tile(bins->columns + c, 1, x.x + first * x.stride, x.stride, n, t.planes);
            memcpy(out + c * x.n_rows + first, t.planes, n);
        }
    }
}

/* The rows of one tile that are used, as records of one group. */
static size_t put_records(const tile *t, size_t n_columns, size_t n, const uint8_t *use,
                          uint8_t *to)
{
    size_t n_put = 0;
    for (size_t i = 0; i < n; i++) {
        if (use != NULL && use[i] == 0)
            continue;
        uint8_t *record = to + n_put++ * SEG_RECORD_BYTES;
        for (size_t c = 0; c < n_columns; c++)
            record[c] = t->planes[c * SEG_TILE_ROWS + i];
        memset(record + n_columns, 0, SEG_RECORD_BYTES - n_columns);
    }
    return n_put;
}

/* The chunk's rows, from record `first` on; returns how many are used. */
static size_t put_chunk(const seg_bins *bins, seg_matrix x, const uint8_t *use,
                        uint8_t *records, size_t capacity, size_t first)
{
    const seg_kernels *kernels = seg_kernels_get();
    size_t used = 0;
    for (size_t g = 0; g < group_count(bins); g++) {
        tile t;
        size_t n_columns = columns_in_group(bins, g);
        used = 0;
        for (size_t i = 0; i < x.n_rows; i += SEG_TILE_ROWS) {
            size_t n = x.n_rows - i < SEG_TILE_ROWS ? x.n_rows - i : SEG_TILE_ROWS;
            kernels->bin_tile(bins->columns + g * SEG_RECORD_BYTES, n_columns,
                              x.x + i * x.stride, x.stride, n, t.planes);
            used += put_records(&t, n_columns, n, use == NULL ? NULL : use + i,
                                records + (g * capacity + first + used) * SEG_RECORD_BYTES);
        }
    }
    return used;
}

static size_t count_used(const uint8_t *use, size_t n)
{
    size_t used = 0;
    for (size_t i = 0; i < n; i++)
        used += use[i] != 0;
    return used;
}

size_t seg_bins_records(const seg_bins *bins, seg_matrix x, const uint8_t *use, int n_threads,
                        uint8_t *records, size_t capacity, size_t first)
{
    enum { CHUNK = 4 * SEG_CHUNK_ROWS, BATCH = 64 };   /* chunks whose starts are found at once */
    size_t begin = first;
    for (size_t at = 0; at < x.n_rows; at += (size_t)BATCH * CHUNK) {
        size_t start[BATCH], n_chunks = 0;
        for (; n_chunks < BATCH && at + n_chunks * CHUNK < x.n_rows; n_chunks++) {
            size_t from = at + n_chunks * CHUNK;
            size_t n = x.n_rows - from < CHUNK ? x.n_rows - from : CHUNK;
            start[n_chunks] = begin;
            begin += use == NULL ? n : count_used(use + from, n);
        }
        #pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
        for (size_t c = 0; c < n_chunks; c++) {
            size_t from = at + c * CHUNK;
            seg_matrix part = { x.x + from * x.stride,
                                x.n_rows - from < CHUNK ? x.n_rows - from : CHUNK,
                                x.n_cols, x.stride };
            put_chunk(bins, part, use == NULL ? NULL : use + from, records, capacity, start[c]);
        }
    }
    return begin - first;
}
