/* profile.c: adding blocks to the profiles of their columns. A column belongs to one thread
 * at a time and takes its chunks in order, so nothing depends on threads or blocks. X lies in
 * rows: sixteen neighbouring columns (a cache line) are turned into columns chunk by chunk. */
#include "kernels/profile.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/rng.h"
#include "base/try.h"
#include "kernels/kernels.h"
#include "segmill/context.h"

/* PITCH is no power of two: columns would share the sets of the caches. */
enum { GROUP = 16, SPAN = 4 * SEG_CHUNK_ROWS, PITCH = SPAN + 16, AHEAD = 24 };
enum { SAMPLE_MAX = 65536, SAMPLE_MIN = 256, SAMPLE_CELLS = 1 << 21 };
enum { KEEP_MAX = 2048, KEEP_MIN = 64, KEEP_TOTAL = 1 << 19 };
enum { SAMPLE_STREAM = 0x10cc, SAMPLE_SEED = 1 };

bool seg_profile_is_number(const seg_profile_column *column)
{
    return column->what.type != SEG_TYPE_TEXT && column->what.type != SEG_TYPE_CODE;
}

static size_t sample_size(uint64_t n_rows, size_t n_columns)
{
    size_t n = n_columns == 0 ? 0 : SAMPLE_CELLS / n_columns;
    n = n < SAMPLE_MIN ? SAMPLE_MIN : n > SAMPLE_MAX ? SAMPLE_MAX : n;
    return n_rows < n ? (size_t)n_rows : n;
}

static size_t keep_size(size_t n_columns)
{
    size_t n = KEEP_MAX;
    while (n > KEEP_MIN && n * n_columns > KEEP_TOTAL)
        n /= 2;
    return n;
}

static seg_status column_new(seg_profile *p, const seg_column *what, seg_profile_column *column,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    *column = (seg_profile_column){ .what = *what, .least = (double)INFINITY,
                                    .largest = -(double)INFINITY, .twin = SIZE_MAX,
                                    .auc = (double)NAN };
    if (what->type == SEG_TYPE_CODE)
        TRY(SEG_ALLOC(&column->levels, what->n_levels, "the categories", err));
    else
        TRY(seg_distinct_new(keep_size(p->n_columns), &column->distinct, err));
    if (what->type != SEG_TYPE_TEXT)
        TRY(SEG_ALLOC(&column->sample, p->n_sampled, "the sample of rows", err));
done:
    return st;
}

seg_status seg_profile_new(const seg_schema *schema, uint64_t n_rows, seg_profile *out,
                           seg_error *err)
{
    seg_status st = SEG_OK;
    size_t d = schema->kind == SEG_KIND_BASKETS ? 0 : schema->n_features;
    *out = (seg_profile){ .n_features = d, .n_rows = n_rows, .has_ids = schema->id_width > 0,
                          .kernels = seg_kernels_get() };
    out->n_columns = d + schema->n_columns + (out->has_ids ? 1 : 0);
    out->n_sampled = sample_size(n_rows, out->n_columns);
    TRY(SEG_ALLOC(&out->columns, out->n_columns, "the columns", err));
    for (size_t c = 0; c < d; c++)
        TRY(column_new(out, &schema->features[c], &out->columns[c], err));
    for (size_t c = 0; c < schema->n_columns; c++)
        TRY(column_new(out, &schema->columns[c], &out->columns[d + c], err));
    if (out->has_ids) {
        seg_column ids = { .name = schema->id_name, .type = SEG_TYPE_TEXT,
                           .width = schema->id_width };
        TRY(column_new(out, &ids, &out->columns[out->n_columns - 1], err));
    }
done:
    if (st != SEG_OK)
        seg_profile_free(out);
    return st;
}

void seg_profile_free(seg_profile *p)
{
    for (size_t c = 0; p->columns != NULL && c < p->n_columns; c++) {
        seg_free(p->columns[c].levels);
        seg_free(p->columns[c].sample);
        seg_distinct_free(&p->columns[c].distinct);
    }
    seg_free(p->columns);
    seg_free(p->block_sample);
    *p = (seg_profile){ 0 };
}

/* ---- which rows are sampled ---------------------------------------------------------------- */

/* The rows are cut into n_sampled equal stretches; row `s` is a random one of stretch s. */
static uint64_t sampled_row(const seg_profile *p, size_t s)
{
    unsigned __int128 n = p->n_rows;
    uint64_t first = (uint64_t)(n * s / p->n_sampled);
    uint64_t end = (uint64_t)(n * (s + 1) / p->n_sampled);
    if (end - first <= 1)
        return first;
    return first + seg_rng_below((seg_rng){ SAMPLE_SEED, SAMPLE_STREAM }, s, end - first);
}

static seg_status choose_rows(seg_profile *p, const seg_block *block, seg_error *err)
{
    p->block_sample_n = 0;
    for (size_t s = p->next_sample; s < p->n_sampled; s++) {
        uint64_t row = sampled_row(p, s);
        if (row >= block->first_row + block->n_rows)
            break;
        seg_status st = SEG_GROW(&p->block_sample, &p->block_sample_cap, p->block_sample_n + 1,
                                 "the sample of rows", err);
        if (st != SEG_OK)
            return st;
        p->block_sample[p->block_sample_n++] = (uint32_t)(row - block->first_row);
    }
    return SEG_OK;
}

/* ---- a chunk of one column ------------------------------------------------------------------ */

/* x: n values, with room up to the next multiple of 8. */
static void add_moments(const seg_kernels *kernels, seg_profile_column *column, double *x,
                        size_t n)
{
    seg_moments m;
    for (size_t i = 0; i < n && !column->has_origin; i++)
        if (isfinite(x[i])) {
            column->has_origin = true;
            column->origin = x[i];
        }
    size_t whole = (n + 7) / 8 * 8;
    for (size_t i = n; i < whole; i++)
        x[i] = (double)NAN;
    kernels->column_moments(x, whole, column->origin, &m);
    column->n += m.n;
    column->n_finite += m.n_finite;
    column->n_zero += m.n_zero;
    column->n_whole += m.n_whole;
    column->sum += m.sum;
    column->square += m.square;
    column->least = m.least < column->least ? m.least : column->least;
    column->largest = m.largest > column->largest ? m.largest : column->largest;
}

static void add_codes(seg_profile_column *column, const double *x, size_t n)
{
    double n_levels = (double)column->what.n_levels;
    for (size_t i = 0; i < n; i++)
        if (x[i] >= 0 && x[i] < n_levels) {
            column->levels[(size_t)x[i]]++;
            column->n++;
        }
}

/* What a task knows: the chunk at hand and the sampled rows in it. */
typedef struct chunk {
    size_t row, n;                   /* first row in the block */
    size_t sample_first, sample_end; /* of block_sample */
} chunk;

static void take_sample(const seg_profile *p, seg_profile_column *column, const chunk *at,
                        const double *x)
{
    for (size_t s = at->sample_first; s < at->sample_end; s++) {
        double v = x[p->block_sample[s] - at->row];
        column->sample[p->next_sample + s] = isfinite(v) ? v : (double)NAN;
    }
}

/* Moves on to the next chunk of the block; false at the end. */
static bool next_chunk(const seg_profile *p, size_t n_rows, chunk *at)
{
    if (at->row + at->n >= n_rows)
        return false;
    at->row += at->n;
    at->n = n_rows - at->row < SEG_CHUNK_ROWS ? n_rows - at->row : SEG_CHUNK_ROWS;
    at->sample_first = at->sample_end;
    while (at->sample_end < p->block_sample_n
           && p->block_sample[at->sample_end] < at->row + at->n)
        at->sample_end++;
    return true;
}

static void add_values(const seg_profile *p, seg_profile_column *column, const chunk *at,
                       double *x)
{
    if (column->what.type == SEG_TYPE_CODE)
        add_codes(column, x, at->n);
    else
        add_moments(p->kernels, column, x, at->n);
    take_sample(p, column, at, x);
}

/* ---- X -------------------------------------------------------------------------------------- */

static void add_feature(const seg_profile *p, seg_profile_column *column, const chunk *at,
                        const float *x)
{
    _Alignas(64) double wide[SEG_CHUNK_ROWS];
    uint32_t hashes[SEG_CHUNK_ROWS], near[SEG_CHUNK_ROWS];
    const uint32_t *from = hashes;
    size_t n = at->n;
    p->kernels->open_floats(x, n, wide, hashes);
    add_values(p, column, at, wide);
    if (column->what.type == SEG_TYPE_CODE)
        return;
    if (column->distinct.limit != UINT64_MAX) {
        n = p->kernels->gather_below(hashes, n, (uint32_t)(column->distinct.limit >> 32), near);
        from = near;
    }
    seg_distinct_add_many(&column->distinct, from, n, seg_mix32(SEG_NAN_BITS));
}

/* rows x n floats into n columns PITCH apart. */
static void turn(const float *x, size_t stride, size_t n_rows, size_t n, float *out)
{
    for (size_t i = 0; i < n_rows; i++) {
        const float *row = x + i * stride;
        __builtin_prefetch(row + AHEAD * stride);
        for (size_t f = 0; f < n; f++)
            out[f * PITCH + i] = row[f];
    }
}

/* A column takes SPAN rows before it is the next one's turn: its table of values seen is in the
 * near cache then. */
static void add_features(seg_profile *p, const seg_block *block, size_t first, size_t n)
{
    float turned[GROUP * PITCH];
    chunk start = { 0 };
    for (size_t row = 0; row < block->n_rows; row += SPAN) {
        size_t rows = block->n_rows - row < SPAN ? block->n_rows - row : SPAN;
        chunk at = start;
        turn(block->x.x + row * block->x.stride + first, block->x.stride, rows, n, turned);
        for (size_t f = 0; f < n; f++) {
            at = start;
            while (next_chunk(p, row + rows, &at))
                add_feature(p, &p->columns[first + f], &at, turned + f * PITCH + at.row - row);
        }
        start = at;
    }
}

/* ---- columns beside X ----------------------------------------------------------------------- */

static void widen(const seg_column *column, const void *data, size_t first, size_t n, double *x)
{
    const int32_t *narrow = data;
    const int64_t *whole = data;
    int32_t none = column->type == SEG_TYPE_CODE ? SEG_MISSING_CODE : SEG_MISSING_DAY;
    double unit = column->type == SEG_TYPE_I64 && column->scale > 1 ? column->scale : 1;
    for (size_t i = 0; i < n; i++)
        switch (column->type) {
        case SEG_TYPE_F32:
            x[i] = (double)((const float *)data)[first + i];
            break;
        case SEG_TYPE_F64:
            x[i] = ((const double *)data)[first + i];
            break;
        case SEG_TYPE_DAY:
        case SEG_TYPE_CODE:
            x[i] = narrow[first + i] == none ? (double)NAN : (double)narrow[first + i];
            break;
        case SEG_TYPE_I64:
        case SEG_TYPE_TIME:
            x[i] = whole[first + i] == SEG_MISSING_I64 ? (double)NAN
                                                       : (double)whole[first + i] / unit;
            break;
        case SEG_TYPE_TEXT:
            break;
        }
}

/* Whole numbers beyond 2^53 are still told apart: by their own bits. */
static void add_distinct(seg_profile_column *column, const void *data, size_t first,
                         const double *x, size_t n)
{
    bool whole = column->what.type == SEG_TYPE_I64 || column->what.type == SEG_TYPE_TIME;
    for (size_t i = 0; i < n; i++) {
        double v = x[i] + 0.0;
        uint64_t bits;
        if (isnan(v))
            continue;
        if (whole)
            bits = (uint64_t)((const int64_t *)data)[first + i];
        else
            memcpy(&bits, &v, sizeof bits);
        seg_distinct_add(&column->distinct, seg_mix64(bits));
    }
}

static void add_texts(seg_profile_column *column, const char *cells, size_t n_rows)
{
    size_t width = column->what.width;
    for (size_t i = 0; i < n_rows; i++) {
        const char *cell = cells + i * width;
        if (cell[0] == '\0')
            continue;
        column->n++;
        seg_distinct_add(&column->distinct, seg_xxh3(cell, strnlen(cell, width)));
    }
}

static void add_column(seg_profile *p, const seg_block *block, size_t c)
{
    seg_profile_column *column = &p->columns[p->n_features + c];
    bool ids = p->has_ids && p->n_features + c + 1 == p->n_columns;
    if (ids || column->what.type == SEG_TYPE_TEXT) {
        add_texts(column, ids ? block->ids : block->columns[c], block->n_rows);
        return;
    }
    _Alignas(64) double x[SEG_CHUNK_ROWS];
    chunk at = { 0 };
    while (next_chunk(p, block->n_rows, &at)) {
        widen(&column->what, block->columns[c], at.row, at.n, x);
        if (column->what.type != SEG_TYPE_CODE)
            add_distinct(column, block->columns[c], at.row, x, at.n);
        add_values(p, column, &at, x);
    }
}

seg_status seg_profile_add(seg_profile *p, const seg_block *block, int n_threads, seg_error *err)
{
    size_t d = p->n_features, group = d / (size_t)n_threads;
    group = group > GROUP ? GROUP : group < 1 ? 1 : group;
    size_t n_groups = (d + group - 1) / group, n_tasks = n_groups + p->n_columns - d;
    seg_status st = choose_rows(p, block, err);
    if (st != SEG_OK)
        return st;

    #pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
    for (size_t task = 0; task < n_tasks; task++) {
        if (task < n_groups) {
            size_t first = task * group;
            add_features(p, block, first, d - first < group ? d - first : group);
        } else {
            add_column(p, block, task - n_groups);
        }
    }
    p->next_sample += p->block_sample_n;
    return SEG_OK;
}
