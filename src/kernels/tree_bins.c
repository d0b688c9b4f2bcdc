/* tree_bins.c: values become at most 254 bins per feature, and a bin for missing.
 *
 * Numbers: when the sample holds few distinct values each has its own bin; else the cuts
 * follow the quantiles, so that bins hold about equal counts and a frequent value is
 * alone. A cut is the shortest decimal in the gap between two neighbours: people read
 * "tenure <= 5", not 5.4999. The sample is one row out of each of as many equal stretches of
 * rows.
 *
 * Categories: one bin per level. To look for the best parting of very many levels finds one by
 * chance (a trade area of 747 levels costs every library that tries AUC on new rows), so those
 * of more than 254 levels are put in two orders that know nothing of the label, most rows
 * first and by code (codes are sorted names), and cut like numbers: neighbours share a bin. */
#include "kernels/tree_bins.h"

#include <math.h>
#include "base/alloc.h"
#include "base/rng.h"
#include "base/try.h"
#include "kernels/radix.h"

enum {
    VALUE_BINS = SEG_TREE_BINS - 1,
    SAMPLE_ROWS = 65536,
    SAMPLE_ROWS_MIN = 4096,
    SAMPLE_VALUES = 1 << 25,      /* of all features together: very wide tables sample less */
    PICKED = 256,                 /* sampled rows copied at once */
    COUNTED = 256                 /* rows counted at once */
};
#define NOT_A_VALUE UINT32_MAX    /* in the sample: behind all values */
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

/* Which feature each column bins, and its levels. */
static seg_status lay_out_columns(seg_bins *bins, const uint32_t *n_levels, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = bins->n_features, at = n;
    for (size_t f = 0; f < n; f++)
        bins->n_columns += n_levels[f] > VALUE_BINS ? 2 : 1;
    TRY(SEG_ALLOC(&bins->columns, bins->n_columns, "the bins", err));
    TRY(SEG_ALLOC(&bins->ordered, bins->n_columns, "the bins", err));
    TRY(SEG_ALLOC(&bins->n_bins, bins->n_columns, "the bins", err));
    TRY(SEG_ALLOC(&bins->n_alone, bins->n_columns, "the bins", err));
    TRY(SEG_ALLOC(&bins->first_bin, bins->n_columns + 1, "the bins", err));
    TRY(SEG_ALLOC(&bins->n_levels, bins->n_columns, "the bins", err));
    TRY(SEG_ALLOC(&bins->first_level, bins->n_columns + 1, "the bins", err));
    for (size_t f = 0; f < n; f++) {
        bool twice = n_levels[f] > VALUE_BINS;
        bins->columns[f].feature = f;
        bins->n_levels[f] = n_levels[f];
        bins->ordered[f] = n_levels[f] == 0 || twice;
        if (twice) {
            bins->columns[at].feature = f;
            bins->n_levels[at] = n_levels[f];
            bins->ordered[at++] = true;
        }
    }
    for (size_t c = 0; c < bins->n_columns; c++)
        bins->first_level[c + 1] = bins->first_level[c] + bins->n_levels[c];

done:
    return st;
}

seg_status seg_bins_new(size_t n_features, const uint32_t *n_levels, uint64_t n_rows,
                        uint64_t seed, seg_bins **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_bins *bins = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&bins, 1, "the bins", err));
    bins->n_features = n_features;
    bins->n_rows = n_rows;
    bins->seed = seed;
    bins->sample_wanted = sample_size(n_features, n_rows);
    bins->sample_cap = bins->sample_wanted + bins->sample_wanted / 4;   /* more rows may come */
    TRY(lay_out_columns(bins, n_levels, err));
    TRY(SEG_ALLOC(&bins->cuts, n_features * SEG_BIN_CUTS, "the cuts between bins", err));
    TRY(SEG_ALLOC(&bins->search, n_features * SEG_BIN_SEARCH, "the cuts between bins", err));
    TRY(SEG_ALLOC(&bins->level_bin, bins->first_level[bins->n_columns], "the bins", err));
    TRY(SEG_ALLOC(&bins->level_rows, bins->first_level[n_features], "the category counts", err));
    TRY(SEG_ALLOC(&bins->bin_rows, n_features * (SEG_BIN_CUTS + 1), "the rows of bins", err));
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
    seg_free(bins->columns);
    seg_free(bins->ordered);
    seg_free(bins->n_bins);
    seg_free(bins->n_alone);
    seg_free(bins->first_bin);
    seg_free(bins->n_levels);
    seg_free(bins->cuts);
    seg_free(bins->search);
    seg_free(bins->first_level);
    seg_free(bins->level_bin);
    seg_free(bins->level_rows);
    seg_free(bins->bin_rows);
    seg_free(bins->sample);
    seg_free(bins);
}

/* ---- looking at the rows ------------------------------------------------------ */

/* The row of a stretch that is sampled. */
static uint64_t sampled_row(const seg_bins *bins, uint64_t stretch)
{
    seg_rng rng = { bins->seed, sample_stream };
    uint64_t first = stretch * bins->n_rows / bins->sample_wanted,
             end = (stretch + 1) * bins->n_rows / bins->sample_wanted;
    return first + seg_rng_below(rng, stretch, end - first);
}

static void copy_picked(seg_bins *bins, seg_matrix x, const size_t *rows, size_t n)
{
    size_t room = bins->sample_cap - bins->n_sampled;
    n = n < room ? n : room;
    for (size_t f = 0; f < bins->n_features; f++) {
        uint32_t *to = bins->sample + f * bins->sample_cap + bins->n_sampled;
        for (size_t i = 0; bins->n_levels[f] == 0 && i < n; i++) {
            float value = x.x[rows[i] * x.stride + f];
            to[i] = isfinite(value) ? (uint32_t)seg_radix_float_key(value) : NOT_A_VALUE;
        }
    }
    bins->n_sampled += n;
}

static void sample_rows(seg_bins *bins, seg_matrix x, uint64_t first_row, const uint8_t *use)
{
    size_t picked[PICKED], n = 0;
    if (bins->sample_wanted == 0)
        return;
    for (uint64_t s = first_row * bins->sample_wanted / bins->n_rows;; s++) {
        uint64_t row = sampled_row(bins, s);
        if (row < first_row)
            continue;
        if (row - first_row >= x.n_rows)
            break;
        if (use[row - first_row] != 0)
            picked[n++] = (size_t)(row - first_row);
        if (n == PICKED) {
            copy_picked(bins, x, picked, n);
            n = 0;
        }
    }
    copy_picked(bins, x, picked, n);
}

/* The code in this cell, or n_levels if it is none. */
static uint32_t code_of(float x, uint32_t n_levels)
{
    return x >= 0 && x < (float)n_levels ? (uint32_t)x : n_levels;
}

/* Of every n_parts-th category, a few rows at a time, so that they are read once. */
static void count_levels(seg_bins *bins, seg_matrix x, const uint8_t *use, size_t part,
                         size_t n_parts)
{
    for (size_t first = 0; first < x.n_rows; first += COUNTED) {
        size_t end = x.n_rows - first < COUNTED ? x.n_rows : first + COUNTED, k = 0;
        for (size_t f = 0; f < bins->n_features; f++) {
            uint32_t n_levels = bins->n_levels[f];
            if (n_levels == 0 || k++ % n_parts != part)
                continue;
            uint64_t *rows = bins->level_rows + bins->first_level[f];
            for (size_t i = first; i < end; i++) {
                uint32_t code = code_of(x.x[i * x.stride + f], n_levels);
                if (use[i] != 0 && code < n_levels)
                    rows[code]++;
            }
        }
    }
}

void seg_bins_add(seg_bins *bins, seg_matrix x, uint64_t first_row, const uint8_t *use,
                  int n_threads)
{
    sample_rows(bins, x, first_row, use);
    size_t n_used = 0;
    for (size_t i = 0; i < x.n_rows; i++)
        n_used += use[i] != 0;
    bins->n_used += n_used;
    if (bins->first_level[bins->n_features] == 0)
        return;
    #pragma omp parallel for schedule(static, 1) num_threads(n_threads)
    for (int part = 0; part < n_threads; part++)
        count_levels(bins, x, use, (size_t)part, (size_t)n_threads);
}

/* ---- numbers ------------------------------------------------------------------ */

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

static size_t count_distinct(const uint32_t *sorted, size_t n)
{
    size_t distinct = 0;
    for (size_t i = 0; i < n; i++)
        distinct += i == 0 || sorted[i] != sorted[i - 1];
    return distinct;
}

/* A bin ends where it holds its share of the rows that are left. rows: per value bin. */
static size_t cut_sorted(const uint32_t *sorted, size_t n, float *cuts, uint64_t *rows)
{
    bool each = count_distinct(sorted, n) <= VALUE_BINS;
    size_t n_cuts = 0, in_bin = 0, left = n, bins_left = VALUE_BINS;
    for (size_t i = 0; i + 1 < n && bins_left > 1; i++) {
        in_bin++;
        if (sorted[i] == sorted[i + 1] || !(each || in_bin * bins_left >= left))
            continue;
        cuts[n_cuts++] = short_between(seg_radix_float(sorted[i]), seg_radix_float(sorted[i + 1]));
        rows[n_cuts - 1] = in_bin;
        left -= in_bin;
        bins_left--;
        in_bin = 0;
    }
    rows[n_cuts] = left;
    return n_cuts;
}

/* temp: room for the sample of a feature. */
static void bin_number(seg_bins *bins, size_t f, uint32_t *temp)
{
    uint32_t *sorted = bins->sample + f * bins->sample_cap;
    float *cuts = bins->cuts + f * SEG_BIN_CUTS;
    uint64_t *rows = bins->bin_rows + f * (SEG_BIN_CUTS + 1);
    size_t n = bins->n_sampled;
    seg_radix_sort_u32(sorted, n, temp);
    while (n > 0 && sorted[n - 1] == NOT_A_VALUE)
        n--;
    rows[0] = bins->n_sampled - n;
    size_t n_cuts = cut_sorted(sorted, n, cuts, rows + 1);
    for (size_t c = n_cuts; c < SEG_BIN_CUTS; c++)
        cuts[c] = INFINITY;
    bins->n_bins[f] = (uint16_t)(n_cuts + 2);
    bins->columns[f].search = bins->search + f * SEG_BIN_SEARCH;
    seg_bin_search_fill(cuts, bins->search + f * SEG_BIN_SEARCH);
}

static seg_status bin_numbers(seg_bins *bins, int n_threads, seg_error *err)
{
    uint32_t *temp = NULL;
    size_t n = bins->n_sampled;
    seg_status st = SEG_ALLOC(&temp, (size_t)n_threads * n, "the sorting of features", err);
    if (st != SEG_OK)
        return st;
    /* A thread takes the next feature that is left: which of them changes nothing. */
    _Atomic size_t next = 0;
    #pragma omp parallel for schedule(static, 1) num_threads(n_threads)
    for (int t = 0; t < n_threads; t++)
        for (size_t f = next++; f < bins->n_features; f = next++)
            if (bins->n_levels[f] == 0)
                bin_number(bins, f, temp + (size_t)t * n);
    seg_free(temp);
    return SEG_OK;
}

/* ---- categories --------------------------------------------------------------- */

static void bin_each_level(seg_bins *bins, size_t c)
{
    const uint64_t *rows = bins->level_rows + bins->first_level[c];
    uint8_t *bin = bins->level_bin + bins->first_level[c];
    uint32_t n_levels = bins->n_levels[c];
    for (uint32_t code = 0; code < n_levels; code++)
        bin[code] = rows[code] > 0 ? (uint8_t)(code + 1) : 0;
    bins->n_bins[c] = (uint16_t)(n_levels + 1);
    bins->n_alone[c] = (uint16_t)n_levels;
}

/* n levels that were seen become bins in this order, like numbers. */
static void bin_in_order(seg_bins *bins, size_t c, const uint32_t *order, size_t n)
{
    const uint64_t *rows = bins->level_rows + bins->first_level[bins->columns[c].feature];
    uint8_t *bin_of = bins->level_bin + bins->first_level[c];
    uint64_t left = 0, in_bin = 0;
    for (size_t i = 0; i < n; i++)
        left += rows[order[i]];
    uint8_t bin = 1;
    size_t first = 0;             /* of the bin */
    for (size_t i = 0; i < n; i++) {
        bin_of[order[i]] = bin;
        in_bin += rows[order[i]];
        uint64_t bins_left = VALUE_BINS + 1 - (uint64_t)bin;
        bool full = n <= VALUE_BINS || in_bin * bins_left >= left || i + 1 == n;
        if (full && i == first && bins->n_alone[c] + 1 == bin)
            bins->n_alone[c] = bin;
        if (!full || bins_left == 1)
            continue;
        left -= in_bin;
        in_bin = 0;
        first = i + 1;
        bin++;
    }
    bins->n_bins[c] = (uint16_t)(n == 0 ? 1 : bin_of[order[n - 1]] + 1);
}

/* Column `by_rows` is the feature itself, `by_code` the one behind the features. */
static seg_status bin_many_levels(seg_bins *bins, size_t by_rows, size_t by_code, seg_error *err)
{
    seg_status st = SEG_OK;
    const uint64_t *rows = bins->level_rows + bins->first_level[by_rows];
    size_t n_levels = bins->n_levels[by_rows], n = 0;
    uint64_t *keys = NULL;
    uint32_t *order = NULL;
    TRY(SEG_ALLOC(&keys, 2 * n_levels, "the order of categories", err));
    TRY(SEG_ALLOC(&order, 2 * n_levels, "the order of categories", err));
    for (uint32_t code = 0; code < n_levels; code++)
        if (rows[code] > 0) {
            keys[n] = ~rows[code];
            order[n++] = code;
        }
    bin_in_order(bins, by_code, order, n);
    seg_radix_sort(keys, order, n, keys + n_levels, order + n_levels);
    bin_in_order(bins, by_rows, order, n);

done:
    seg_free(keys);
    seg_free(order);
    return st;
}

static void count_bins(seg_bins *bins, size_t f)
{
    const uint64_t *rows = bins->level_rows + bins->first_level[f];
    const uint8_t *bin = bins->level_bin + bins->first_level[f];
    uint64_t *in_bin = bins->bin_rows + f * (SEG_BIN_CUTS + 1), known = 0;
    for (size_t code = 0; code < bins->n_levels[f]; code++) {
        in_bin[bin[code]] += rows[code];
        known += rows[code];
    }
    in_bin[0] = bins->n_used - known;
}

static seg_status bin_categories(seg_bins *bins, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t by_code = bins->n_features;
    for (size_t f = 0; f < bins->n_features; f++) {
        if (bins->n_levels[f] == 0)
            continue;
        if (bins->ordered[f])
            TRY(bin_many_levels(bins, f, by_code++, err));
        else
            bin_each_level(bins, f);
        count_bins(bins, f);
    }
    for (size_t c = 0; c < bins->n_columns; c++) {
        bins->columns[c].n_levels = bins->n_levels[c];
        bins->columns[c].level_bin = bins->level_bin + bins->first_level[c];
    }

done:
    return st;
}

seg_status seg_bins_finish(seg_bins *bins, int n_threads, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(bin_numbers(bins, n_threads, err));
    TRY(bin_categories(bins, err));
    for (size_t c = 0; c < bins->n_columns; c++)
        bins->first_bin[c + 1] = bins->first_bin[c] + bins->n_bins[c];
    seg_free(bins->sample);
    bins->sample = NULL;

done:
    return st;
}
