/* h5_stats.c: missing, mean, deviation, least, greatest and median of every feature,
 * gathered while a matrix is written, kept beside the features' names.
 *
 * Every chunk of 1,024 rows is measured by itself, rows side by side until they fill
 * registers; means and squares of chunks go into 32 lanes, merged by Chan's formula (Chan,
 * Golub, LeVeque 1979) in a fixed order: the same bits whatever the blocks and threads. */
#include "data/h5_table.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"
#include "data/dictionary.h"
#include "data/simd.h"

enum { N_LANES = 32, NARROW = 64 };

/* Each d long: of a chunk, a lane, or all. */
typedef struct lane {
    double *count, *mean, *squares;
} lane;

typedef struct part {
    lane lane;
    float *min, *max;
} part;

struct h5_stats {
    const seg_simd *simd;
    size_t d;
    uint64_t n_rows, n_chunks;
    lane lanes[N_LANES], all;     /* in `space` */
    double *space;
    float *min, *max;
    h5_sample sample;
};

static lane lane_at(double *space, size_t d)
{
    return (lane){ space, space + d, space + 2 * d };
}

static part part_at(void *bytes, size_t d)
{
    double *space = bytes;
    float *floats = (float *)(space + 3 * d);
    return (part){ lane_at(space, d), floats, floats + d };
}

size_t h5_stats_part_bytes(const h5_stats *stats)
{
    return stats->d * (3 * sizeof(double) + 2 * sizeof(float));
}

seg_status h5_stats_new(const char *path, size_t n_features, uint64_t n_rows, bool spill,
                        int n_threads, h5_stats **out, seg_error *err)
{
    seg_status st = SEG_OK;
    h5_stats *stats = NULL;
    size_t n;
    *out = NULL;
    if (__builtin_mul_overflow(n_features, (size_t)(3 * (N_LANES + 1)), &n))
        n = SIZE_MAX;
    TRY(SEG_ALLOC(&stats, 1, "statistics", err));
    stats->simd = seg_simd_get();
    stats->d = n_features;
    stats->n_rows = n_rows;
    TRY(SEG_ALLOC(&stats->space, n, "statistics", err));
    TRY(SEG_ALLOC(&stats->min, n_features, "statistics", err));
    TRY(SEG_ALLOC(&stats->max, n_features, "statistics", err));
    for (size_t l = 0; l < N_LANES; l++)
        stats->lanes[l] = lane_at(stats->space + 3 * l * n_features, n_features);
    stats->all = lane_at(stats->space + 3 * (size_t)N_LANES * n_features, n_features);
    for (size_t f = 0; f < n_features; f++) {
        stats->min[f] = INFINITY;
        stats->max[f] = -INFINITY;
    }
    stats->sample = (h5_sample){ .d = n_features, .n_rows = n_rows, .n_threads = n_threads };
    TRY(h5_sample_begin(&stats->sample, path, spill, err));
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
    h5_sample_end(&stats->sample);
    seg_free(stats->space);
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

/* ---- a chunk ------------------------------------------------------------------------ */

/* How many rows lie side by side in one: few features alone would not fill registers. */
static size_t rows_abreast(size_t d)
{
    return d >= NARROW ? 1 : 2 * NARROW / d;
}

/* Lanes i, i + width, ... of the sums belong to one feature. */
static void fold(const seg_sums *sums, size_t width, size_t abreast, size_t first, part *to)
{
    for (size_t f = 0; f < width; f++) {
        double count = 0, sum = 0;
        float min = INFINITY, max = -INFINITY;
        for (size_t i = f; i < width * abreast; i += width) {
            count += sums->count[i];
            sum += sums->sum[i];
            min = sums->min[i] < min ? sums->min[i] : min;
            max = sums->max[i] > max ? sums->max[i] : max;
        }
        to->lane.count[first + f] = count;
        to->lane.mean[first + f] = count > 0 ? sum / count : 0;
        to->min[first + f] = min;
        to->max[first + f] = max;
    }
}

static void start_sums(seg_sums *sums, size_t n)
{
    memset(sums->count, 0, n * sizeof *sums->count);
    memset(sums->sum, 0, n * sizeof *sums->sum);
    for (size_t i = 0; i < n; i++) {
        sums->min[i] = INFINITY;
        sums->max[i] = -INFINITY;
    }
}

/* Features first .. first + width - 1; true when there is a NaN that is not NAN. */
static bool measure_slice(const h5_stats *stats, const float *x, size_t n_rows, size_t first,
                          size_t width, part *to)
{
    const seg_simd *simd = stats->simd;
    size_t d = stats->d, abreast = rows_abreast(d), n = n_rows / abreast;
    const float *rest = x + n * abreast * d;
    size_t n_rest = n_rows - n * abreast;
    seg_sums sums;
    double mean[SEG_SUM_WIDTH], squares[SEG_SUM_WIDTH] = { 0 };
    start_sums(&sums, width * abreast);
    bool odd = simd->sum_values(x + first, d * abreast, n, width * abreast, &sums);
    odd |= simd->sum_values(rest + first, d, n_rest, width, &sums);
    fold(&sums, width, abreast, first, to);
    for (size_t i = 0; i < abreast; i++)
        memcpy(mean + i * width, to->lane.mean + first, width * sizeof *mean);
    simd->sum_squares(x + first, d * abreast, n, width * abreast, mean, squares);
    simd->sum_squares(rest + first, d, n_rest, width, mean, squares);
    for (size_t f = 0; f < width; f++) {
        double sum = 0;
        for (size_t i = f; i < width * abreast; i += width)
            sum += squares[i];
        to->lane.squares[first + f] = sum;
    }
    return odd;
}

h5_oddities h5_stats_measure(const h5_stats *stats, const float *x, size_t n_rows, void *bytes)
{
    h5_oddities odd = { 0 };
    part to = part_at(bytes, stats->d);
    for (size_t first = 0; first < stats->d; first += SEG_SUM_WIDTH) {
        size_t left = stats->d - first, width = left < SEG_SUM_WIDTH ? left : SEG_SUM_WIDTH;
        odd.nan |= measure_slice(stats, x, n_rows, first, width, &to);
    }
    for (size_t f = 0; f < stats->d; f++)
        odd.infinite |= to.lane.count[f] > 0 && (to.max[f] > FLT_MAX || to.min[f] < -FLT_MAX);
    return odd;
}

seg_status h5_stats_sample(h5_stats *stats, const float *x, uint64_t first_row, size_t n_rows,
                           seg_error *err)
{
    return h5_sample_add(&stats->sample, x, first_row, n_rows, err);
}

void h5_stats_add(h5_stats *stats, const void *bytes)
{
    part from = part_at((void *)(uintptr_t)bytes, stats->d);
    merge(&stats->lanes[stats->n_chunks++ % N_LANES], &from.lane, stats->d);
    for (size_t f = 0; f < stats->d; f++) {
        stats->min[f] = from.min[f] < stats->min[f] ? from.min[f] : stats->min[f];
        stats->max[f] = from.max[f] > stats->max[f] ? from.max[f] : stats->max[f];
    }
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
    seg_dictionary *words = NULL;
    int32_t *codes = NULL;
    TRY(seg_dictionary_new(&words, err));
    TRY(SEG_ALLOC(&codes, schema->n_features, "words of features", err));
    for (size_t f = 0; f < schema->n_features; f++) {
        const char *text = word(&schema->features[f]);
        codes[f] = SEG_MISSING_CODE;
        if (text != NULL)
            TRY(seg_dictionary_add(words, text, strlen(text), &codes[f], err));
    }
    seg_column column = { .name = name, .type = SEG_TYPE_CODE,
                          .levels = seg_dictionary_texts(words),
                          .n_levels = seg_dictionary_size(words) };
    if (column.n_levels > 0)
        TRY(seg_h5_frame_column(w, &column, codes, err));

done:
    seg_dictionary_free(words);
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

/* Of features that have values; a category's code has none of these figures. */
static seg_status put_reals_of(seg_h5_writer *w, const char *name, const seg_schema *schema,
                               double *values, seg_error *err)
{
    blank_categories(schema, values);
    return put_reals(w, name, values, err);
}

static void merge_lanes(h5_stats *stats)
{
    lane *all = &stats->all;
    memset(all->count, 0, 3 * stats->d * sizeof(double));
    for (size_t l = 0; l < N_LANES; l++)
        merge(all, &stats->lanes[l], stats->d);
    for (size_t f = 0; f < stats->d; f++) {
        double n = all->count[f];
        all->squares[f] = n > 0 ? sqrt(all->squares[f] / n) : NAN;
        all->mean[f] = n > 0 ? all->mean[f] : NAN;
    }
}

static seg_status put_figures(seg_h5_writer *w, const seg_schema *schema, h5_stats *stats,
                              uint64_t x_offset, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t d = stats->d;
    double *values = NULL;
    int64_t *n_missing = NULL;
    seg_column missing = { .name = "n_missing", .type = SEG_TYPE_I64, .scale = 1 };
    TRY(SEG_ALLOC(&values, d, "statistics", err));
    TRY(SEG_ALLOC(&n_missing, d, "statistics", err));
    merge_lanes(stats);
    for (size_t f = 0; f < d; f++)
        n_missing[f] = (int64_t)stats->n_rows - (int64_t)stats->all.count[f];
    TRY(seg_h5_frame_column(w, &missing, n_missing, err));
    TRY(put_reals_of(w, "mean", schema, stats->all.mean, err));
    TRY(put_reals_of(w, "std", schema, stats->all.squares, err));
    for (size_t f = 0; f < d; f++)
        values[f] = stats->all.count[f] > 0 ? (double)stats->min[f] : NAN;
    TRY(put_reals_of(w, "min", schema, values, err));
    for (size_t f = 0; f < d; f++)
        values[f] = stats->all.count[f] > 0 ? (double)stats->max[f] : NAN;
    TRY(put_reals_of(w, "max", schema, values, err));
    TRY(h5_sample_medians(&stats->sample, seg_file_fd(w->file), x_offset, values, err));
    TRY(put_reals_of(w, "median", schema, values, err));

done:
    seg_free(values);
    seg_free(n_missing);
    return st;
}

seg_status h5_put_var(seg_h5_writer *w, const seg_schema *schema, h5_stats *stats,
                      uint64_t x_offset, seg_error *err)
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
        TRY(put_figures(w, schema, stats, x_offset, err));
    TRY(seg_h5_frame_end(w, err));

done:
    seg_free(cells);
    seg_free(names);
    return st;
}
