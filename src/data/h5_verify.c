/* h5_verify.c: does a table still hold what was written? The hashes under uns/segmill are
 * made again from the file's rows, as the sink made them, and compared. */
#include "data/h5_table.h"

#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/hash.h"
#include "base/team.h"
#include "base/threads.h"
#include "base/try.h"

/* The chunks of one block are hashed by all threads, and their hashes added in order. */
typedef struct check {
    seg_source *source;
    int n_threads;
    h5_hashes x, obs;
    seg_block block;
    uint64_t *x_hashes, *obs_hashes;   /* per chunk of the block */
    size_t x_cap, obs_cap;
    uint64_t *parts;                   /* per thread: of the columns of a chunk */
    uint32_t *counts;                  /* per thread: of the baskets of a chunk */
} check;

static uint64_t hash_columns(const check *c, size_t first, size_t n, uint64_t *parts)
{
    const seg_schema *schema = c->source->schema;
    const seg_block *block = &c->block;
    size_t n_parts = 0;
    if (schema->id_width > 0)
        parts[n_parts++] = seg_xxh3(block->ids + first * schema->id_width, n * schema->id_width);
    for (size_t i = 0; i < schema->n_columns; i++) {
        size_t size = seg_column_cell_bytes(&schema->columns[i]);
        parts[n_parts++] = seg_xxh3((const char *)block->columns[i] + first * size, n * size);
    }
    return seg_xxh3(parts, n_parts * sizeof(uint64_t));
}

static void hash_chunk(void *arg, size_t chunk, int thread)
{
    const check *c = arg;
    const seg_schema *schema = c->source->schema;
    const seg_block *block = &c->block;
    size_t first = chunk * SEG_CHUNK_ROWS, left = block->n_rows - first;
    size_t n = left < SEG_CHUNK_ROWS ? left : SEG_CHUNK_ROWS, d = schema->n_features;
    if (block->row_start != NULL) {
        const int64_t *start = block->row_start + first;
        c->x_hashes[chunk] = h5_hash_baskets(start, block->items + start[0], n,
                                             c->counts + (size_t)thread * SEG_CHUNK_ROWS);
    } else if (block->x.x != NULL) {
        c->x_hashes[chunk] = seg_xxh3(block->x.x + first * d, n * d * sizeof(float));
    }
    c->obs_hashes[chunk] = hash_columns(c, first, n,
                                        c->parts + (size_t)thread * (schema->n_columns + 1));
}

static seg_status hash_block(check *c, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = (c->block.n_rows + SEG_CHUNK_ROWS - 1) / SEG_CHUNK_ROWS;
    bool has_x = c->block.row_start != NULL || c->block.x.x != NULL;
    TRY(SEG_GROW(&c->x_hashes, &c->x_cap, n, "hashes", err));
    TRY(SEG_GROW(&c->obs_hashes, &c->obs_cap, n, "hashes", err));
    seg_team_run(c->n_threads, n, hash_chunk, c);
    for (size_t i = 0; i < n; i++) {
        if (has_x)
            TRY(h5_hashes_add(&c->x, c->x_hashes[i], err));
        TRY(h5_hashes_add(&c->obs, c->obs_hashes[i], err));
    }

done:
    return st;
}

static seg_status hash_rows(check *c, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n_threads = (size_t)c->n_threads;
    TRY(SEG_ALLOC(&c->parts, n_threads * (c->source->schema->n_columns + 1), "hashes", err));
    TRY(SEG_ALLOC(&c->counts, n_threads * SEG_CHUNK_ROWS, "hashes", err));
    for (;;) {
        TRY(c->source->next(c->source, &c->block, err));
        if (c->block.n_rows == 0)
            break;
        TRY(hash_block(c, err));
    }
    TRY(h5_hashes_end(&c->x, err));
    TRY(h5_hashes_end(&c->obs, err));

done:
    return st;
}

static seg_status compare(seg_h5 *file, const char *path, const char *what,
                          const h5_hashes *hashes, uint64_t n_rows, seg_error *err)
{
    enum { ROWS = H5_HASH_CHUNKS * SEG_CHUNK_ROWS };
    uint64_t *wanted = NULL, n = 0;
    seg_status st = seg_h5_get(file, path, SEG_H5_U64, UINT32_MAX, 0, &wanted, &n, err);
    if (st == SEG_OK && n != hashes->n_done)
        st = seg_fail(err, SEG_E_VERIFY, "%s: there are %llu hashes of %s, not %zu", file->path,
                      (unsigned long long)n, what, hashes->n_done);
    for (size_t i = 0; i < n && st == SEG_OK; i++)
        if (wanted[i] != hashes->done[i])
            st = seg_fail(err, SEG_E_VERIFY, "%s: rows %llu to %llu of %s are not what was"
                          " written", file->path, (unsigned long long)i * ROWS + 1,
                          (unsigned long long)(i * ROWS + ROWS < n_rows ? i * ROWS + ROWS
                                                                        : n_rows), what);
    seg_free(wanted);
    return st;
}

static seg_status compare_all(seg_h5 *file, const check *c, uint64_t n_rows, seg_node *result,
                              seg_error *err)
{
    seg_status st = SEG_OK;
    if (c->x.n_done > 0 || seg_h5_has(file, "uns/segmill/x_xxh3"))
        TRY(compare(file, "uns/segmill/x_xxh3", "X", &c->x, n_rows, err));
    TRY(compare(file, "uns/segmill/obs_xxh3", "the columns", &c->obs, n_rows, err));
    seg_put_int(result, "rows", (int64_t)n_rows);
    seg_put_int(result, "blocks", (int64_t)(c->x.n_done + c->obs.n_done));

done:
    return st;
}

/* ---- arrays that were given in one piece ------------------------------------------------ */

/* The bytes as they were given: those in the file, but codes of categories as int32. */
static seg_status hash_array(seg_h5 *file, const char *path, uint64_t *hash, seg_error *err)
{
    seg_status st = SEG_OK;
    char codes[2048];
    h5_array *array;
    void *bytes = NULL;
    bool is_codes = h5_find(file, path) == H5_OBJECT_GROUP;
    snprintf(codes, sizeof codes, "%.2000s/codes", path);
    TRY(h5_open_array(file, is_codes ? codes : path, &array, err));
    size_t size = is_codes ? sizeof(int32_t) : array->element;
    uint64_t n = array->n_rows * array->n_cols;
    TRY(seg_alloc_array(&bytes, n, size, "an array", err));
    if (is_codes)
        TRY(h5_read_cells(file, array, &array->cell, SEG_H5_I32, 0, 0, array->n_rows, bytes,
                          err));
    else
        TRY(h5_fetch(file, array, 0, array->n_rows, bytes, err));
    *hash = seg_xxh3(bytes, n * size);

done:
    seg_free(bytes);
    return st;
}

static seg_status compare_arrays(seg_h5 *file, seg_node *result, seg_error *err)
{
    seg_status st = SEG_OK;
    const char *const *paths;
    size_t n_paths;
    uint64_t *wanted = NULL, n, hash;
    TRY(seg_h5_get_texts(file, H5_HASHED_PATH, &paths, &n_paths, err));
    TRY(seg_h5_get(file, H5_HASHES_PATH, SEG_H5_U64, UINT32_MAX, 0, &wanted, &n, err));
    if (n != n_paths) {
        st = seg_fail(err, SEG_E_VERIFY, "%s: there are %llu hashes of %zu arrays", file->path,
                      (unsigned long long)n, n_paths);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        TRY(hash_array(file, paths[i], &hash, err));
        if (hash != wanted[i]) {
            st = seg_fail(err, SEG_E_VERIFY, "%s: '%s' is not what was written", file->path,
                          paths[i]);
            goto done;
        }
    }
    seg_put_int(result, "arrays", (int64_t)n);

done:
    seg_free(wanted);
    return st;
}

seg_status seg_h5_verify(const char *path, seg_node *result, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_context ctx = seg_context_defaults();
    seg_h5 *file = NULL;
    seg_kind kind;
    bool own;
    check c = { .n_threads = seg_thread_count(0) };
    TRY(seg_h5_open(path, &file, err));
    TRY(h5_own_kind(file, &own, &kind, err));
    if (!own) {
        st = seg_fail(err, SEG_E_VERIFY, "%s: it has no hashes to be checked: another program"
                      " wrote it", path);
        goto done;
    }
    seg_put_text(result, "kind", seg_kind_name(kind));
    TRY(compare_arrays(file, result, err));
    if (kind == SEG_KIND_MODEL)
        goto done;
    TRY(seg_h5_source(&ctx, path, &c.source, err));
    TRY(hash_rows(&c, err));
    TRY(compare_all(file, &c, c.source->n_rows, result, err));

done:
    seg_source_close(c.source);
    seg_free(c.parts);
    seg_free(c.counts);
    seg_free(c.x_hashes);
    seg_free(c.obs_hashes);
    seg_free(c.x.done);
    seg_free(c.obs.done);
    seg_h5_close(file);
    if (st == SEG_E_DATA)   /* what cannot be read is not what was written either */
        st = SEG_E_VERIFY;
    return st;
}
