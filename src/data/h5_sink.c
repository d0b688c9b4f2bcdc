/* h5_sink.c: a table into a file, block by block, in one pass: X or baskets, the frame of
 * the other columns, statistics and hashes at the end. What is written does not depend on
 * how the rows were cut into blocks; every NaN is written as the same one. */
#include "data/h5_table.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/hash.h"
#include "base/try.h"

typedef struct h5_sink {
    seg_sink sink;
    seg_schema_owner *schema;
    seg_h5_writer *writer;
    h5_stats *stats;
    h5_hashes x_hashes, obs_hashes;
    uint64_t n_rows, n_items, next_row, next_item;
    uint64_t *part_hashes;      /* of the columns of one chunk */
    float *x;                   /* one chunk of X */
    void *cells;                /* one chunk of a column */
    int64_t *row_start;         /* one chunk of baskets */
    uint32_t *counts;
    char **paths;               /* of the id and the columns */
} h5_sink;

static const char *frame_name(const seg_schema *schema)
{
    return schema->kind == SEG_KIND_TRANSACTIONS ? "transactions" : "obs";
}

/* ---- opening ------------------------------------------------------------------------ */

/* A name for the index of rows without a key that no column has. */
static const char *index_name(const seg_schema *schema, char out[16])
{
    snprintf(out, 16, "row");
    for (int i = 2; seg_schema_column(schema, out) != SIZE_MAX && i < 1000; i++)
        snprintf(out, 16, "row_%d", i);
    return out;
}

static seg_status reserve_frame(h5_sink *s, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *schema = &s->schema->view;
    char numbered[16];
    const char *index = schema->id_width == 0 ? index_name(schema, numbered) : schema->id_name;
    TRY(seg_h5_frame_begin(s->writer, frame_name(schema), index, NULL, s->n_rows,
                           schema->id_width, err));
    for (size_t c = 0; c < schema->n_columns; c++)
        TRY(seg_h5_frame_column(s->writer, &schema->columns[c], NULL, err));
    TRY(seg_h5_frame_end(s->writer, err));

done:
    return st;
}

static seg_status remember_path(h5_sink *s, size_t i, const char *column, seg_error *err)
{
    const seg_schema *schema = &s->schema->view;
    size_t n = strlen(frame_name(schema)) + strlen(column) + 2;
    s->paths[i] = seg_arena_get(&s->schema->arena, n);
    if (s->paths[i] == NULL)
        return seg_arena_failed(err);
    snprintf(s->paths[i], n, "%s/%s", frame_name(schema), column);
    return SEG_OK;
}

/* Path 0 is the key's, then those of the columns. */
static seg_status remember_paths(h5_sink *s, seg_error *err)
{
    const seg_schema *schema = &s->schema->view;
    seg_status st = SEG_ALLOC(&s->paths, schema->n_columns + 1, "paths", err);
    if (st == SEG_OK && schema->id_width > 0)
        st = remember_path(s, 0, schema->id_name, err);
    for (size_t c = 0; c < schema->n_columns && st == SEG_OK; c++)
        st = remember_path(s, c + 1, schema->columns[c].name, err);
    return st;
}

static seg_status make_room(h5_sink *s, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *schema = &s->schema->view;
    TRY(SEG_ALLOC(&s->part_hashes, schema->n_columns + 1, "hashes", err));
    TRY(seg_alloc_array(&s->cells, SEG_CHUNK_ROWS, sizeof(double), "a column", err));
    if (schema->kind == SEG_KIND_BASKETS) {
        TRY(SEG_ALLOC(&s->row_start, SEG_CHUNK_ROWS + 1, "baskets", err));
        TRY(SEG_ALLOC(&s->counts, SEG_CHUNK_ROWS, "baskets", err));
    } else if (schema->n_features > 0) {
        size_t n;
        if (__builtin_mul_overflow(schema->n_features, (size_t)SEG_CHUNK_ROWS, &n))
            n = SIZE_MAX;
        TRY(SEG_ALLOC(&s->x, n, "rows of features", err));
        TRY(h5_stats_new(schema->n_features, &s->stats, err));
    }

done:
    return st;
}

static seg_status check_schema(const seg_schema *schema, seg_error *err)
{
    if (schema->kind == SEG_KIND_MODEL)
        return seg_fail(err, SEG_E_IO, "a model is not a table");
    if (schema->n_features > INT32_MAX)
        return seg_fail(err, SEG_E_DATA, "%zu features are too many", schema->n_features);
    bool has_x = schema->kind == SEG_KIND_FEATURES || schema->kind == SEG_KIND_BASKETS;
    if (!has_x && schema->n_features > 0)
        return seg_fail(err, SEG_E_IO, "%s have no features", seg_kind_name(schema->kind));
    return SEG_OK;
}

static seg_status begin_file(h5_sink *s, const char *path, const seg_node *provenance,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *schema = &s->schema->view;
    int64_t none = 0;
    TRY(seg_h5_create(path, schema->kind != SEG_KIND_TRANSACTIONS, &s->writer, err));
    if (schema->kind == SEG_KIND_BASKETS) {
        TRY(seg_h5_put_csr(s->writer, "X", s->n_rows, schema->n_features, s->n_items, NULL,
                           NULL, err));
        TRY(seg_h5_fill(s->writer, "X/indptr", 0, &none, 1, err));
    } else if (schema->n_features > 0) {
        TRY(seg_h5_reserve(s->writer, "X", SEG_H5_F32, s->n_rows, schema->n_features, 0, err));
    }
    TRY(reserve_frame(s, err));
    TRY(h5_put_schema(s->writer, schema, err));
    if (provenance != NULL)
        TRY(seg_h5_put_doc(s->writer, "uns/segmill/provenance", provenance, err));

done:
    return st;
}

/* ---- blocks --------------------------------------------------------------------------- */

/* Copies n values with one NaN for all; how many of them are infinite. */
static size_t copy_values(const float *restrict from, size_t n, float *restrict to)
{
    size_t n_infinite = 0;
    for (size_t i = 0; i < n; i++) {
        float v = from[i];
        to[i] = v == v ? v : NAN;
        n_infinite += fabsf(v) > FLT_MAX;
    }
    return n_infinite;
}

static seg_status name_infinite(const h5_sink *s, const float *row, uint64_t r, seg_error *err)
{
    const seg_schema *schema = &s->schema->view;
    size_t f = 0;
    while (f + 1 < schema->n_features && !isinf(row[f]))
        f++;
    return seg_fail(err, SEG_E_DATA, "row %llu: '%s' is infinite", (unsigned long long)(r + 1),
                    schema->features[f].name);
}

static seg_status write_x(h5_sink *s, const seg_block *block, size_t first, size_t n,
                          seg_error *err)
{
    size_t d = s->schema->view.n_features;
    for (size_t r = 0; r < n; r++)
        if (copy_values(block->x.x + (first + r) * block->x.stride, d, s->x + r * d) != 0)
            return name_infinite(s, s->x + r * d, s->next_row + r, err);
    h5_stats_add(s->stats, s->x, n);
    seg_status st = h5_hashes_add(&s->x_hashes, seg_xxh3(s->x, n * d * sizeof(float)), err);
    return st == SEG_OK ? seg_h5_fill(s->writer, "X", s->next_row, s->x, n, err) : st;
}

static seg_status check_baskets(const h5_sink *s, const seg_block *block, size_t first, size_t n,
                                seg_error *err)
{
    int64_t last = (int64_t)s->schema->view.n_features;
    for (size_t r = first; r < first + n; r++) {
        int32_t before = -1;
        if (block->row_start[r + 1] < block->row_start[r])
            return seg_fail(err, SEG_E_IO, "basket %llu has less than no items",
                            (unsigned long long)(block->first_row + r + 1));
        for (int64_t i = block->row_start[r]; i < block->row_start[r + 1]; i++) {
            int32_t item = block->items[i];
            if (item <= before || item >= last)
                return seg_fail(err, SEG_E_IO, "the items of basket %llu are not in order",
                                (unsigned long long)(block->first_row + r + 1));
            before = item;
        }
    }
    uint64_t more = (uint64_t)(block->row_start[first + n] - block->row_start[first]);
    if (more > s->n_items - s->next_item)
        return seg_fail(err, SEG_E_IO, "there are more than the announced %llu items",
                        (unsigned long long)s->n_items);
    return SEG_OK;
}

static seg_status write_baskets(h5_sink *s, const seg_block *block, size_t first, size_t n,
                                seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(check_baskets(s, block, first, n, err));
    const int64_t *start = block->row_start + first;
    const int32_t *items = block->items + start[0];
    uint64_t n_items = (uint64_t)(start[n] - start[0]);
    for (size_t r = 0; r < n; r++)
        s->row_start[r] = start[r + 1] - start[0] + (int64_t)s->next_item;
    TRY(seg_h5_fill(s->writer, "X/indptr", s->next_row + 1, s->row_start, n, err));
    TRY(seg_h5_fill(s->writer, "X/indices", s->next_item, items, n_items, err));
    TRY(h5_hashes_add(&s->x_hashes, h5_hash_baskets(start, items, n, s->counts), err));
    s->next_item += n_items;

done:
    return st;
}

/* The cells of a chunk, with one NaN for all; codes are checked. */
static seg_status prepare(h5_sink *s, const seg_column *column, const void *in, size_t n,
                          const void **out, seg_error *err)
{
    const float *f = in;
    const double *d = in;
    const int32_t *code = in;
    *out = in;
    if (column->type == SEG_TYPE_F32) {
        for (size_t r = 0; r < n; r++)
            ((float *)s->cells)[r] = f[r] == f[r] ? f[r] : NAN;
        *out = s->cells;
    } else if (column->type == SEG_TYPE_F64) {
        for (size_t r = 0; r < n; r++)
            ((double *)s->cells)[r] = d[r] == d[r] ? d[r] : (double)NAN;
        *out = s->cells;
    } else if (column->type == SEG_TYPE_CODE) {
        for (size_t r = 0; r < n; r++)
            if (code[r] < -1 || code[r] >= (int64_t)column->n_levels)
                return seg_fail(err, SEG_E_IO, "row %llu: column '%s' has a code beyond its %zu"
                                " categories", (unsigned long long)(s->next_row + r + 1),
                                column->name, column->n_levels);
    }
    return SEG_OK;
}

static seg_status write_columns(h5_sink *s, const seg_block *block, size_t first, size_t n,
                                seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *schema = &s->schema->view;
    size_t n_parts = 0;
    if (schema->id_width > 0) {
        const char *ids = block->ids + first * schema->id_width;
        s->part_hashes[n_parts++] = seg_xxh3(ids, n * schema->id_width);
        TRY(seg_h5_fill(s->writer, s->paths[0], s->next_row, ids, n, err));
    }
    for (size_t c = 0; c < schema->n_columns; c++) {
        size_t size = seg_column_cell_bytes(&schema->columns[c]);
        const void *cells = (const char *)block->columns[c] + first * size;
        TRY(prepare(s, &schema->columns[c], cells, n, &cells, err));
        s->part_hashes[n_parts++] = seg_xxh3(cells, n * size);
        TRY(seg_h5_fill(s->writer, s->paths[c + 1], s->next_row, cells, n, err));
    }
    TRY(h5_hashes_add(&s->obs_hashes, seg_xxh3(s->part_hashes, n_parts * sizeof(uint64_t)), err));

done:
    return st;
}

static seg_status sink_write(seg_sink *self, const seg_block *block, seg_error *err)
{
    h5_sink *s = (h5_sink *)self;
    seg_status st = SEG_OK;
    if (block->first_row != s->next_row || block->n_rows > s->n_rows - s->next_row)
        return seg_fail(err, SEG_E_IO, "rows %llu to %llu come after %llu of %llu",
                        (unsigned long long)block->first_row,
                        (unsigned long long)(block->first_row + block->n_rows),
                        (unsigned long long)s->next_row, (unsigned long long)s->n_rows);
    for (size_t first = 0; first < block->n_rows; first += SEG_CHUNK_ROWS) {
        size_t n = block->n_rows - first < SEG_CHUNK_ROWS ? block->n_rows - first
                                                          : SEG_CHUNK_ROWS;
        if (s->row_start != NULL)
            TRY(write_baskets(s, block, first, n, err));
        else if (s->x != NULL)
            TRY(write_x(s, block, first, n, err));
        TRY(write_columns(s, block, first, n, err));
        s->next_row += n;
    }

done:
    return st;
}

/* ---- the end --------------------------------------------------------------------------- */

static seg_status sink_commit(seg_sink *self, seg_error *err)
{
    h5_sink *s = (h5_sink *)self;
    const seg_schema *schema = &s->schema->view;
    seg_status st = SEG_OK;
    if (s->next_row != s->n_rows || s->next_item != s->n_items)
        return seg_fail(err, SEG_E_IO, "%llu rows and %llu items came; %llu and %llu were"
                        " announced", (unsigned long long)s->next_row,
                        (unsigned long long)s->next_item, (unsigned long long)s->n_rows,
                        (unsigned long long)s->n_items);
    TRY(h5_hashes_end(&s->x_hashes, err));
    TRY(h5_hashes_end(&s->obs_hashes, err));
    if (schema->n_features > 0 || schema->kind == SEG_KIND_BASKETS) {
        uint64_t offset = s->x == NULL ? 0 : s->writer->slots[0].offset;   /* X came first */
        TRY(h5_put_var(s->writer, schema, s->stats, s->n_rows, offset, err));
        TRY(seg_h5_put(s->writer, "uns/segmill/x_xxh3", SEG_H5_U64, s->x_hashes.done,
                       s->x_hashes.n_done, 0, 0, err));
    }
    TRY(seg_h5_put(s->writer, "uns/segmill/obs_xxh3", SEG_H5_U64, s->obs_hashes.done,
                   s->obs_hashes.n_done, 0, 0, err));
    TRY(seg_h5_commit(s->writer, err));

done:
    return st;
}

static void sink_close(seg_sink *self)
{
    h5_sink *s = (h5_sink *)self;
    seg_h5_writer_close(s->writer);
    h5_stats_free(s->stats);
    seg_schema_free(s->schema);
    seg_free(s->x_hashes.done);
    seg_free(s->obs_hashes.done);
    seg_free(s->part_hashes);
    seg_free(s->x);
    seg_free(s->cells);
    seg_free(s->row_start);
    seg_free(s->counts);
    seg_free(s->paths);
    seg_free(s);
}

seg_status seg_h5_sink(const seg_context *ctx, const char *path, const seg_schema *schema,
                       uint64_t n_rows, uint64_t n_items, const seg_node *provenance,
                       seg_sink **out, seg_error *err)
{
    (void)ctx;
    seg_status st = SEG_OK;
    h5_sink *s = NULL;
    *out = NULL;

    TRY(check_schema(schema, err));
    TRY(SEG_ALLOC(&s, 1, "a sink", err));
    s->sink = (seg_sink){ .write = sink_write, .commit = sink_commit, .close = sink_close };
    s->n_rows = n_rows;
    s->n_items = schema->kind == SEG_KIND_BASKETS ? n_items : 0;
    TRY(seg_schema_copy(schema, &s->schema, err));
    TRY(make_room(s, err));
    TRY(remember_paths(s, err));
    TRY(begin_file(s, path, provenance, err));
    *out = &s->sink;
    s = NULL;

done:
    if (s != NULL)
        sink_close(&s->sink);
    if (st != SEG_OK)
        seg_error_context(err, "%s", path);
    return st;
}
