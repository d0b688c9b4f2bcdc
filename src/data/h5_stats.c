/* h5_stats.c: missing, mean, deviation, least, greatest and median of every feature,
 * gathered while a matrix is written, kept beside the features' names.
 *
 * Means and squares go per chunk of 1,024 rows into 32 lanes, merged by Chan's formula
 * (Chan, Golub, LeVeque 1979) in a fixed order: the same bits whatever the blocks. The
 * median is that of all rows up to 65,536, of one row out of each of 65,536 equal parts
 * beyond, chosen by the row number alone. */
#include "data/h5_table.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/hash.h"
#include "base/try.h"

enum { N_LANES = 32, SAMPLE_ROWS = 65536, GROUP = 64, BINS = 1 << 16 };

typedef struct lane {
    double *count, *mean, *squares;
} lane;

struct h5_stats {
    size_t d;
    uint64_t n_chunks;
    lane lanes[N_LANES], chunk;   /* each d long, in `space` */
    double *space;
    int64_t *n_missing;
    float *min, *max;
};

seg_status h5_stats_new(size_t n_features, h5_stats **out, seg_error *err)
{
    seg_status st = SEG_OK;
    h5_stats *stats = NULL;
    size_t n;
    *out = NULL;
    if (__builtin_mul_overflow(n_features, (size_t)(3 * (N_LANES + 1)), &n))
        n = SIZE_MAX;
    TRY(SEG_ALLOC(&stats, 1, "statistics", err));
    stats->d = n_features;
    TRY(SEG_ALLOC(&stats->space, n, "statistics", err));
    TRY(SEG_ALLOC(&stats->n_missing, n_features, "statistics", err));
    TRY(SEG_ALLOC(&stats->min, n_features, "statistics", err));
    TRY(SEG_ALLOC(&stats->max, n_features, "statistics", err));
    for (size_t l = 0; l <= N_LANES; l++) {
        lane *to = l == N_LANES ? &stats->chunk : &stats->lanes[l];
        to->count = stats->space + 3 * l * n_features;
        to->mean = to->count + n_features;
        to->squares = to->mean + n_features;
    }
    for (size_t f = 0; f < n_features; f++) {
        stats->min[f] = INFINITY;
        stats->max[f] = -INFINITY;
    }
    *out = stats;
    stats = NULL;

done:
    h5_stats_free(stats);
    return st;
}

void h5_stats_free(h5_stats *stats)
{
    if (stats == NULL)
        return;
    seg_free(stats->space);
    seg_free(stats->n_missing);
    seg_free(stats->min);
    seg_free(stats->max);
    seg_free(stats);
}

static void merge(lane *into, const lane *from, size_t d)
{
    for (size_t f = 0; f < d; f++) {
        double n = into->count[f] + from->count[f];
        if (from->count[f] == 0)
            continue;
        double delta = from->mean[f] - into->mean[f];
        into->squares[f] += from->squares[f] + delta * delta * into->count[f] * from->count[f] / n;
        into->mean[f] += delta * from->count[f] / n;
        into->count[f] = n;
    }
}

/* One row to the chunk's counts and sums; plain arrays, so that they become vectors. */
static void add_row(const float *restrict row, size_t d, double *restrict count,
                    double *restrict sum, float *restrict min, float *restrict max)
{
    for (size_t f = 0; f < d; f++) {
        float v = row[f];
        count[f] += v == v ? 1.0 : 0.0;
        sum[f] += v == v ? (double)v : 0.0;
        min[f] = v < min[f] ? v : min[f];
        max[f] = v > max[f] ? v : max[f];
    }
}

static void add_squares(const float *restrict row, size_t d, const double *restrict mean,
                        double *restrict squares)
{
    for (size_t f = 0; f < d; f++) {
        double off = (double)row[f] - mean[f];
        squares[f] += off == off ? off * off : 0.0;
    }
}

void h5_stats_add(h5_stats *stats, const float *x, size_t n_rows)
{
    size_t d = stats->d;
    lane *chunk = &stats->chunk;
    memset(chunk->count, 0, 3 * d * sizeof(double));
    for (size_t r = 0; r < n_rows; r++)
        add_row(x + r * d, d, chunk->count, chunk->mean, stats->min, stats->max);
    for (size_t f = 0; f < d; f++) {
        stats->n_missing[f] += (int64_t)n_rows - (int64_t)chunk->count[f];
        chunk->mean[f] = chunk->count[f] > 0 ? chunk->mean[f] / chunk->count[f] : 0;
    }
    for (size_t r = 0; r < n_rows; r++)
        add_squares(x + r * d, d, chunk->mean, chunk->squares);
    merge(&stats->lanes[stats->n_chunks++ % N_LANES], chunk, d);
}

/* ---- median ---------------------------------------------------------------------- */

static uint64_t sample_row(uint64_t i, uint64_t n_rows)
{
    if (n_rows <= SAMPLE_ROWS)
        return i;
    uint64_t from = (uint64_t)((unsigned __int128)n_rows * i / SAMPLE_ROWS);
    uint64_t end = (uint64_t)((unsigned __int128)n_rows * (i + 1) / SAMPLE_ROWS);
    return from + seg_xxh3(&i, sizeof i) % (end - from);
}

/* Unsigned numbers in the order of the floats. */
static uint32_t to_key(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

static double from_key(uint32_t key)
{
    uint32_t bits = (key & 0x80000000u) != 0 ? key & 0x7fffffffu : ~key;
    float v;
    memcpy(&v, &bits, sizeof v);
    return (double)v;
}

/* The bin in which the `*rank`-th number lies; the rank becomes the one within it. */
static uint32_t find_bin(const uint32_t *bins, size_t *rank)
{
    uint32_t b = 0;
    while (*rank >= bins[b])
        *rank -= bins[b++];
    return b;
}

/* The number of that rank: first its upper 16 bits, then the lower ones. */
static double select_rank(const uint32_t *keys, size_t n, size_t rank, uint32_t *bins)
{
    memset(bins, 0, BINS * sizeof *bins);
    for (size_t i = 0; i < n; i++)
        bins[keys[i] >> 16]++;
    uint32_t upper = find_bin(bins, &rank);
    memset(bins, 0, BINS * sizeof *bins);
    for (size_t i = 0; i < n; i++)
        if (keys[i] >> 16 == upper)
            bins[keys[i] & 0xffff]++;
    return from_key(upper << 16 | find_bin(bins, &rank));
}

static double median_of(const float *column, size_t n_rows, uint32_t *keys, uint32_t *bins)
{
    size_t n = 0;
    for (size_t r = 0; r < n_rows; r++)
        if (column[r * GROUP] == column[r * GROUP])
            keys[n++] = to_key(column[r * GROUP]);
    if (n == 0)
        return NAN;
    double low = select_rank(keys, n, (n - 1) / 2, bins);
    return n % 2 != 0 ? low : (low + select_rank(keys, n, n / 2, bins)) / 2;
}

/* A group of features at a time: a sample of all would not fit every budget. */
static seg_status find_medians(seg_h5_writer *w, size_t d, uint64_t n_rows, uint64_t x_offset,
                               double *medians, seg_error *err)
{
    seg_status st = SEG_OK;
    float *sample = NULL;
    uint32_t *keys = NULL, *bins = NULL;
    uint64_t n = n_rows < SAMPLE_ROWS ? n_rows : SAMPLE_ROWS;
    TRY(SEG_ALLOC(&sample, n * GROUP, "a sample for medians", err));
    TRY(SEG_ALLOC(&keys, n, "a sample for medians", err));
    TRY(SEG_ALLOC(&bins, BINS, "a sample for medians", err));
    for (size_t first = 0; first < d; first += GROUP) {
        size_t wide = d - first < GROUP ? d - first : GROUP;
        for (uint64_t i = 0; i < n; i++)
            TRY(seg_pread_all(seg_file_fd(w->file), sample + i * GROUP, wide * sizeof(float),
                              x_offset + (sample_row(i, n_rows) * d + first) * sizeof(float),
                              "X", err));
        for (size_t f = 0; f < wide; f++)
            medians[first + f] = median_of(sample + f, n, keys, bins);
    }

done:
    seg_free(sample);
    seg_free(keys);
    seg_free(bins);
    return st;
}

/* ---- var -------------------------------------------------------------------------- */

static seg_status put_reals(seg_h5_writer *w, const char *name, const double *values,
                            seg_error *err)
{
    seg_column column = { .name = name, .type = SEG_TYPE_F64 };
    return seg_h5_frame_column(w, &column, values, err);
}

/* Distinct texts as categories; -1 where there is none. Nothing if all are absent. */
static seg_status put_words(seg_h5_writer *w, const char *name, const seg_schema *schema,
                            const char *(*word)(const seg_column *), seg_error *err)
{
    seg_status st = SEG_OK;
    size_t d = schema->n_features, n = 0;
    const char **levels = NULL;
    int32_t *codes = NULL;
    TRY(SEG_ALLOC(&levels, d, "words of features", err));
    TRY(SEG_ALLOC(&codes, d, "words of features", err));
    for (size_t f = 0; f < d; f++) {
        const char *text = word(&schema->features[f]);
        size_t l = 0;
        while (text != NULL && l < n && strcmp(levels[l], text) != 0)
            l++;
        if (text != NULL && l == n)
            levels[n++] = text;
        codes[f] = text == NULL ? SEG_MISSING_CODE : (int32_t)l;
    }
    seg_column column = { .name = name, .type = SEG_TYPE_CODE, .levels = levels, .n_levels = n };
    if (n > 0)
        TRY(seg_h5_frame_column(w, &column, codes, err));

done:
    seg_free(levels);
    seg_free(codes);
    return st;
}

static const char *kind_of(const seg_column *c)
{
    return c->type == SEG_TYPE_CODE ? "category" : "number";
}

static const char *unit_of(const seg_column *c) { return c->unit; }
static const char *source_of(const seg_column *c) { return c->source; }

/* A category's code has no mean. */
static void blank_categories(const seg_schema *schema, double *values)
{
    for (size_t f = 0; f < schema->n_features; f++)
        if (schema->features[f].type == SEG_TYPE_CODE)
            values[f] = NAN;
}

static seg_status put_figures(seg_h5_writer *w, const seg_schema *schema, h5_stats *stats,
                              uint64_t n_rows, uint64_t x_offset, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t d = stats->d;
    lane *all = &stats->chunk;
    double *values = NULL;
    seg_column missing = { .name = "n_missing", .type = SEG_TYPE_I64, .scale = 1 };
    TRY(SEG_ALLOC(&values, d, "statistics", err));
    memset(all->count, 0, 3 * d * sizeof(double));
    for (size_t l = 0; l < N_LANES; l++)
        merge(all, &stats->lanes[l], d);
    for (size_t f = 0; f < d; f++) {
        double n = all->count[f];
        all->squares[f] = n > 0 ? sqrt(all->squares[f] / n) : NAN;
        all->mean[f] = n > 0 ? all->mean[f] : NAN;
    }
    TRY(seg_h5_frame_column(w, &missing, stats->n_missing, err));
    blank_categories(schema, all->mean);
    TRY(put_reals(w, "mean", all->mean, err));
    blank_categories(schema, all->squares);
    TRY(put_reals(w, "std", all->squares, err));
    for (size_t f = 0; f < d; f++)
        values[f] = all->count[f] > 0 ? (double)stats->min[f] : NAN;
    blank_categories(schema, values);
    TRY(put_reals(w, "min", values, err));
    for (size_t f = 0; f < d; f++)
        values[f] = all->count[f] > 0 ? (double)stats->max[f] : NAN;
    blank_categories(schema, values);
    TRY(put_reals(w, "max", values, err));
    TRY(find_medians(w, d, n_rows, x_offset, values, err));
    blank_categories(schema, values);
    TRY(put_reals(w, "median", values, err));

done:
    seg_free(values);
    return st;
}

seg_status h5_put_var(seg_h5_writer *w, const seg_schema *schema, h5_stats *stats,
                      uint64_t n_rows, uint64_t x_offset, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t width;
    char *cells = NULL;
    const char **names = NULL;
    TRY(SEG_ALLOC(&names, schema->n_features, "names of features", err));
    for (size_t f = 0; f < schema->n_features; f++)
        names[f] = schema->features[f].name;
    TRY(h5_pack_texts(names, schema->n_features, &cells, &width, err));
    TRY(seg_h5_frame_begin(w, "var", schema->kind == SEG_KIND_BASKETS ? "item" : "feature",
                           cells, schema->n_features, width, err));
    if (stats != NULL)
        TRY(put_words(w, "kind", schema, kind_of, err));
    TRY(put_words(w, "unit", schema, unit_of, err));
    TRY(put_words(w, "source", schema, source_of, err));
    if (stats != NULL)
        TRY(put_figures(w, schema, stats, n_rows, x_offset, err));
    TRY(seg_h5_frame_end(w, err));

done:
    seg_free(cells);
    seg_free(names);
    return st;
}
