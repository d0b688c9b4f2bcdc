/* h5_sink.c: a table into a file, block by block, in one pass: X or baskets, the frame of
 * the other columns, statistics and hashes at the end. What is written does not depend on
 * how the rows were cut into blocks or who wrote them.
 *
 * The team takes runs of chunks of 1,024 rows (h5_rows.c). What depends on the order of the
 * chunks is left for one thread, at the end of the round. */
#include "data/h5_sink.h"

#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/team.h"
#include "base/threads.h"
#include "base/try.h"

enum { MOST_CHUNKS = 256, TASK_CHUNKS = 16, TASK_BYTES = 1 << 20 };

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

static seg_status find_slot(h5_sink *s, size_t i, const char *group, const char *name,
                            seg_error *err)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", group, name);
    const h5_slot *slot = h5_find_slot(s->writer, name[0] == 0 ? group : path);
    if (slot == NULL)
        return seg_fail(err, SEG_E_IO, "there is no array '%s'", path);
    s->slots[i] = (size_t)(slot - s->writer->slots);
    return SEG_OK;
}

static seg_status find_slots(h5_sink *s, seg_error *err)
{
    const seg_schema *schema = &s->schema->view;
    const char *frame = frame_name(schema);
    seg_status st = SEG_OK;
    TRY(SEG_ALLOC(&s->slots, schema->n_columns + H5_SLOT_COLUMNS, "arrays", err));
    if (schema->kind == SEG_KIND_BASKETS) {
        TRY(find_slot(s, H5_SLOT_INDICES, "X", "indices", err));
        TRY(find_slot(s, H5_SLOT_INDPTR, "X", "indptr", err));
    } else if (schema->n_features > 0) {
        TRY(find_slot(s, H5_SLOT_X, "X", "", err));
    }
    if (schema->id_width > 0)
        TRY(find_slot(s, H5_SLOT_ID, frame, schema->id_name, err));
    for (size_t c = 0; c < schema->n_columns; c++)
        TRY(find_slot(s, H5_SLOT_COLUMNS + c, frame, schema->columns[c].name, err));

done:
    return st;
}

/* About a megabyte of rows: small enough for a core's cache, large enough to be written. */
static size_t chunks_of_a_task(const seg_schema *schema)
{
    size_t row_bytes = schema->id_width + 1;
    if (schema->kind != SEG_KIND_BASKETS)
        row_bytes += schema->n_features * sizeof(float);
    for (size_t c = 0; c < schema->n_columns; c++)
        row_bytes += seg_column_cell_bytes(&schema->columns[c]);
    size_t n = TASK_BYTES / SEG_CHUNK_ROWS / row_bytes;
    return n < 1 ? 1 : n < TASK_CHUNKS ? n : TASK_CHUNKS;
}

static seg_status furnish(h5_sink *s, h5_bench *b, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *schema = &s->schema->view;
    TRY(SEG_ALLOC(&b->hashes, s->task_chunks * (schema->n_columns + 1), "hashes", err));
    TRY(seg_alloc_array(&b->cells, SEG_CHUNK_ROWS, sizeof(double), "a column", err));
    if (schema->kind == SEG_KIND_BASKETS) {
        TRY(SEG_ALLOC(&b->row_start, SEG_CHUNK_ROWS + 1, "baskets", err));
        TRY(SEG_ALLOC(&b->counts, SEG_CHUNK_ROWS, "baskets", err));
    }

done:
    return st;
}

static seg_status make_room(h5_sink *s, const char *path, bool archive, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *schema = &s->schema->view;
    TRY(SEG_ALLOC(&s->benches, (size_t)s->n_threads, "threads", err));
    for (int t = 0; t < s->n_threads; t++)
        TRY(furnish(s, &s->benches[t], err));
    if (schema->kind != SEG_KIND_BASKETS && schema->n_features > 0) {
        TRY(h5_stats_new(path, schema->n_features, s->n_rows, archive, s->n_threads, &s->stats,
                         err));
        s->part_bytes = h5_stats_part_bytes(s->stats);
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

static seg_status begin_file(h5_sink *s, const char *path, bool archive,
                             const seg_node *provenance, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *schema = &s->schema->view;
    int64_t none = 0;
    TRY(h5_create(path, schema->kind != SEG_KIND_TRANSACTIONS, archive ? s->n_threads : 0,
                  &s->writer, err));
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

/* ---- blocks ---------------------------------------------------------------------------- */

static seg_status hold_chunks(h5_sink *s, size_t n, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t bytes;
    if (n <= s->chunks_cap)
        return SEG_OK;
    if (__builtin_mul_overflow(n, s->part_bytes, &bytes))
        bytes = SIZE_MAX;
    TRY(SEG_REALLOC(&s->chunk_x, n, "hashes", err));
    TRY(SEG_REALLOC(&s->chunk_obs, n, "hashes", err));
    TRY(SEG_REALLOC(&s->parts, bytes, "statistics of rows", err));
    s->chunks_cap = n;

done:
    return st;
}

/* What the round found, in order. */
static seg_status add_chunks(h5_sink *s, seg_error *err)
{
    seg_status st = SEG_OK;
    for (size_t i = 0; i < s->n_chunks; i++) {
        if (s->stats != NULL)
            h5_stats_add(s->stats, s->parts + i * s->part_bytes);
        if (s->stats != NULL || s->schema->view.kind == SEG_KIND_BASKETS)
            TRY(h5_hashes_add(&s->x_hashes, s->chunk_x[i], err));
        TRY(h5_hashes_add(&s->obs_hashes, s->chunk_obs[i], err));
    }

done:
    return st;
}

static seg_status check_block(const h5_sink *s, const seg_block *block, seg_error *err)
{
    if (block->first_row != s->next_row || block->n_rows > s->n_rows - s->next_row)
        return seg_fail(err, SEG_E_IO, "rows %llu to %llu come after %llu of %llu",
                        (unsigned long long)block->first_row,
                        (unsigned long long)(block->first_row + block->n_rows),
                        (unsigned long long)s->next_row, (unsigned long long)s->n_rows);
    if (s->schema->view.kind != SEG_KIND_BASKETS || block->n_rows == 0)
        return SEG_OK;
    uint64_t more = (uint64_t)(block->row_start[block->n_rows] - block->row_start[0]);
    if (more > s->n_items - s->next_item)
        return seg_fail(err, SEG_E_IO, "there are more than the announced %llu items",
                        (unsigned long long)s->n_items);
    return SEG_OK;
}

static seg_status sink_write(seg_sink *self, const seg_block *block, seg_error *err)
{
    h5_sink *s = (h5_sink *)self;
    seg_status st = SEG_OK;
    size_t all = (block->n_rows + SEG_CHUNK_ROWS - 1) / SEG_CHUNK_ROWS;
    TRY(check_block(s, block, err));
    s->block = block;
    for (s->first_chunk = 0; s->first_chunk < all; s->first_chunk += s->n_chunks) {
        size_t left = all - s->first_chunk;
        s->n_chunks = left < MOST_CHUNKS ? left : MOST_CHUNKS;
        TRY(hold_chunks(s, s->n_chunks, err));
        s->failed_task = SIZE_MAX;
        seg_team_run(s->n_threads, (s->n_chunks + s->task_chunks - 1) / s->task_chunks, h5_sink_work, s);
        if (s->failed_task != SIZE_MAX) {
            if (err != NULL)
                *err = s->error;
            st = s->status;
            goto done;
        }
        TRY(add_chunks(s, err));
        if (s->writer->archive != NULL)
            TRY(h5_sink_pack(s, err));
    }
    s->next_row += block->n_rows;
    if (s->schema->view.kind == SEG_KIND_BASKETS && block->n_rows > 0)
        s->next_item += (uint64_t)(block->row_start[block->n_rows] - block->row_start[0]);

done:
    return st;
}

/* ---- the end --------------------------------------------------------------------------- */

/* All rows came, so each array has all of them. */
static void mark_filled(h5_sink *s)
{
    const seg_schema *schema = &s->schema->view;
    for (size_t i = 0; i < schema->n_columns + H5_SLOT_COLUMNS; i++) {
        bool used = i == H5_SLOT_ID ? schema->id_width > 0
                    : i == H5_SLOT_INDPTR ? schema->kind == SEG_KIND_BASKETS
                    : i == H5_SLOT_X ? schema->kind == SEG_KIND_BASKETS || schema->n_features > 0
                    : true;
        if (used)
            s->writer->slots[s->slots[i]].n_filled = s->writer->slots[s->slots[i]].n_rows;
    }
}

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
    mark_filled(s);
    TRY(h5_hashes_end(&s->x_hashes, err));
    TRY(h5_hashes_end(&s->obs_hashes, err));
    if (schema->n_features > 0 || schema->kind == SEG_KIND_BASKETS) {
        uint64_t offset = s->writer->slots[s->slots[H5_SLOT_X]].offset;
        TRY(h5_put_var(s->writer, schema, s->stats, offset, err));
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
    for (int t = 0; s->benches != NULL && t < s->n_threads; t++) {
        seg_free(s->benches[t].x);
        seg_free(s->benches[t].cells);
        seg_free(s->benches[t].hashes);
        seg_free(s->benches[t].counts);
        seg_free(s->benches[t].row_start);
    }
    seg_free(s->benches);
    seg_free(s->x_hashes.done);
    seg_free(s->obs_hashes.done);
    seg_free(s->chunk_x);
    seg_free(s->chunk_obs);
    seg_free(s->parts);
    seg_free(s->slots);
    pthread_mutex_destroy(&s->lock);
    seg_free(s);
}

static seg_status open_sink(const seg_context *ctx, const char *path, bool archive,
                            const seg_schema *schema, uint64_t n_rows, uint64_t n_items,
                            const seg_node *provenance, seg_sink **out, seg_error *err)
{
    seg_status st = SEG_OK;
    h5_sink *s = NULL;
    *out = NULL;

    TRY(check_schema(schema, err));
    TRY(SEG_ALLOC(&s, 1, "a sink", err));
    pthread_mutex_init(&s->lock, NULL);
    s->sink = (seg_sink){ .write = sink_write, .commit = sink_commit, .close = sink_close };
    s->n_rows = n_rows;
    s->n_items = schema->kind == SEG_KIND_BASKETS ? n_items : 0;
    TRY(seg_schema_copy(schema, &s->schema, err));
    s->n_threads = seg_thread_count(ctx == NULL ? 0 : ctx->n_threads);
    s->task_chunks = chunks_of_a_task(&s->schema->view);
    TRY(make_room(s, path, archive, err));
    TRY(begin_file(s, path, archive, provenance, err));
    TRY(find_slots(s, err));
    *out = &s->sink;
    s = NULL;

done:
    if (s != NULL)
        sink_close(&s->sink);
    if (st != SEG_OK)
        seg_error_context(err, "%s", path);
    return st;
}

seg_status seg_h5_sink(const seg_context *ctx, const char *path, const seg_schema *schema,
                       uint64_t n_rows, uint64_t n_items, const seg_node *provenance,
                       seg_sink **out, seg_error *err)
{
    return open_sink(ctx, path, false, schema, n_rows, n_items, provenance, out, err);
}

seg_status seg_h5_archive_sink(const seg_context *ctx, const char *path,
                               const seg_schema *schema, uint64_t n_rows, uint64_t n_items,
                               const seg_node *provenance, seg_sink **out, seg_error *err)
{
    return open_sink(ctx, path, true, schema, n_rows, n_items, provenance, out, err);
}
