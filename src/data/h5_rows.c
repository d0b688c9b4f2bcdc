/* h5_rows.c: what the team does to the rows of a block on their way into a file: runs of
 * chunks of 1,024 rows are measured, hashed, and written where they belong, straight from
 * the block unless a NaN must be replaced: every NaN is written as the same one. */
#include "data/h5_sink.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/hash.h"
#include "base/try.h"

/* ---- X ----------------------------------------------------------------------------- */

static const h5_slot *slot_at(const h5_sink *s, size_t slot)
{
    return &s->writer->slots[s->slots[slot]];
}

/* Arrays that are compressed get their rows later, in order. */
static seg_status put(const h5_sink *s, size_t slot, uint64_t first_row, const void *data,
                      uint64_t n_rows, seg_error *err)
{
    return slot_at(s, slot)->packed != NULL ? SEG_OK
           : h5_slot_write(s->writer, slot_at(s, slot), first_row, data, n_rows, err);
}

/* One NaN for all. */
static void copy_singles(const float *restrict from, size_t n, float *restrict to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = from[i] == from[i] ? from[i] : NAN;
}

static bool is_odd_single(const float *x, size_t n)
{
    uint32_t odd = 0, bits;
    for (size_t i = 0; i < n; i++) {
        memcpy(&bits, &x[i], sizeof bits);
        odd |= x[i] == x[i] ? 0 : bits ^ 0x7fc00000u;
    }
    return odd != 0;
}

static bool is_odd_double(const double *x, size_t n)
{
    uint64_t odd = 0, bits;
    for (size_t i = 0; i < n; i++) {
        memcpy(&bits, &x[i], sizeof bits);
        odd |= x[i] == x[i] ? 0 : bits ^ 0x7ff8000000000000u;
    }
    return odd != 0;
}

static seg_status name_infinite(const h5_sink *s, const float *x, uint64_t first_row,
                                seg_error *err)
{
    const seg_schema *schema = &s->schema->view;
    size_t i = 0;
    while (!isinf(x[i]))
        i++;
    return seg_fail(err, SEG_E_DATA, "row %llu: '%s' is infinite",
                    (unsigned long long)(first_row + i / schema->n_features + 1),
                    schema->features[i % schema->n_features].name);
}

/* A chunk of X side by side: from the block itself if it lies so. */
static seg_status align(h5_sink *s, h5_bench *b, const seg_block *block, size_t first, size_t n,
                        const float **x, seg_error *err)
{
    size_t d = s->schema->view.n_features, stride = block->x.stride;
    const float *from = block->x.x + first * stride;
    *x = from;
    if (stride == d)
        return SEG_OK;
    seg_status st = b->x != NULL ? SEG_OK : SEG_ALLOC(&b->x, d * SEG_CHUNK_ROWS, "rows of"
                                                      " features", err);
    for (size_t r = 0; r < n && st == SEG_OK; r++)
        copy_singles(from + r * stride, d, b->x + r * d);
    *x = b->x;
    return st;
}

/* Measure and hash a chunk; *x is what to write. */
static seg_status take_x(h5_sink *s, h5_bench *b, size_t chunk, size_t first, size_t n,
                         const float **x, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t d = s->schema->view.n_features;
    uint64_t row = s->next_row + first;
    TRY(align(s, b, s->block, first, n, x, err));
    h5_oddities odd = h5_stats_measure(s->stats, *x, n, s->parts + chunk * s->part_bytes);
    if (odd.infinite) {
        st = name_infinite(s, *x, row, err);
        goto done;
    }
    if (odd.nan) {
        if (b->x == NULL)
            TRY(SEG_ALLOC(&b->x, d * SEG_CHUNK_ROWS, "rows of features", err));
        copy_singles(*x, n * d, b->x);
        *x = b->x;
    }
    TRY(h5_stats_sample(s->stats, *x, row, n, err));
    s->chunk_x[chunk] = seg_xxh3(*x, n * d * sizeof(float));

done:
    return st;
}

/* ---- baskets ------------------------------------------------------------------------ */

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
    return SEG_OK;
}

/* Where the rows' items end in the file. */
static void end_rows(const h5_sink *s, size_t first, size_t n, int64_t *out)
{
    const int64_t *start = s->block->row_start + first;
    int64_t before = (int64_t)s->next_item - s->block->row_start[0];
    for (size_t r = 0; r < n; r++)
        out[r] = start[r + 1] + before;
}

static seg_status write_baskets(h5_sink *s, h5_bench *b, size_t chunk, size_t first, size_t n,
                                seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_block *block = s->block;
    TRY(check_baskets(s, block, first, n, err));
    const int64_t *start = block->row_start + first;
    const int32_t *items = block->items + start[0];
    uint64_t n_items = (uint64_t)(start[n] - start[0]);
    int64_t before = (int64_t)s->next_item - block->row_start[0];
    end_rows(s, first, n, b->row_start);
    TRY(put(s, H5_SLOT_INDPTR, s->next_row + first + 1, b->row_start, n, err));
    TRY(put(s, H5_SLOT_INDICES, (uint64_t)(start[0] + before), items, n_items, err));
    s->chunk_x[chunk] = h5_hash_baskets(start, items, n, b->counts);

done:
    return st;
}

/* ---- columns ------------------------------------------------------------------------- */

static seg_status check_codes(const seg_column *column, const int32_t *codes,
                              size_t n, uint64_t first_row, seg_error *err)
{
    uint32_t most = 0;
    for (size_t r = 0; r < n; r++) {
        uint32_t above = (uint32_t)codes[r] + 1;
        most = above > most ? above : most;
    }
    if (most <= column->n_levels)
        return SEG_OK;
    size_t r = 0;
    while ((uint32_t)codes[r] + 1 <= column->n_levels)
        r++;
    return seg_fail(err, SEG_E_IO, "row %llu: column '%s' has a code beyond its %zu categories",
                    (unsigned long long)(first_row + r + 1), column->name, column->n_levels);
}

/* The cells of a chunk, with one NaN for all; codes are checked. */
static seg_status prepare(h5_bench *b, const seg_column *column, const void *in,
                          size_t n, uint64_t first_row, const void **out, seg_error *err)
{
    const double *d = in;
    *out = in;
    if (column->type == SEG_TYPE_CODE)
        return check_codes(column, in, n, first_row, err);
    if (column->type == SEG_TYPE_F32 && is_odd_single(in, n)) {
        copy_singles(in, n, b->cells);
        *out = b->cells;
    } else if (column->type == SEG_TYPE_F64 && is_odd_double(in, n)) {
        for (size_t r = 0; r < n; r++)
            ((double *)b->cells)[r] = d[r] == d[r] ? d[r] : (double)NAN;
        *out = b->cells;
    }
    return SEG_OK;
}

/* ---- runs of chunks -------------------------------------------------------------------- */

/* Rows that lie side by side in memory and will in the file: written at once. */
typedef struct stretch {
    size_t slot, cell_bytes;
    uint64_t first_row;
    const char *from;
    size_t n;
} stretch;

static seg_status end_run(const h5_sink *s, stretch *run, seg_error *err)
{
    seg_status st = run->n == 0 ? SEG_OK
                    : put(s, run->slot, run->first_row, run->from, run->n, err);
    run->n = 0;
    return st;
}

/* borrowed: the rows are gone with the next chunk. */
static seg_status add_run(const h5_sink *s, stretch *run, uint64_t row, const void *rows, size_t n,
                          bool borrowed, seg_error *err)
{
    seg_status st = SEG_OK;
    if (run->n > 0 && run->from + run->n * run->cell_bytes != rows)
        TRY(end_run(s, run, err));
    if (run->n == 0) {
        run->from = rows;
        run->first_row = row;
    }
    run->n += n;
    if (borrowed)
        TRY(end_run(s, run, err));

done:
    return st;
}

/* Of the i-th chunk of the round. */
static size_t chunk_rows(const h5_sink *s, size_t chunk, size_t *first)
{
    *first = (s->first_chunk + chunk) * SEG_CHUNK_ROWS;
    size_t left = s->block->n_rows - *first;
    return left < SEG_CHUNK_ROWS ? left : SEG_CHUNK_ROWS;
}

static seg_status write_matrix(h5_sink *s, h5_bench *b, size_t chunk, size_t end, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t d = s->schema->view.n_features, first;
    stretch run = { .slot = H5_SLOT_X, .cell_bytes = d * sizeof(float) };
    for (; chunk < end; chunk++) {
        size_t n = chunk_rows(s, chunk, &first);
        const float *x;
        if (s->schema->view.kind == SEG_KIND_BASKETS) {
            TRY(write_baskets(s, b, chunk, first, n, err));
        } else if (s->stats != NULL) {
            TRY(take_x(s, b, chunk, first, n, &x, err));
            TRY(add_run(s, &run, s->next_row + first, x, n, x == b->x, err));
        }
    }
    TRY(end_run(s, &run, err));

done:
    return st;
}

/* slot: of the ids or of a column. The hash of each chunk goes to the next place of its row
 * of hashes. */
static seg_status write_column(h5_sink *s, h5_bench *b, size_t slot, size_t chunk, size_t end,
                               uint64_t *hashes, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *schema = &s->schema->view;
    const seg_column *column = slot == H5_SLOT_ID ? NULL : &schema->columns[slot - H5_SLOT_COLUMNS];
    const char *cells = column == NULL ? s->block->ids
                        : s->block->columns[slot - H5_SLOT_COLUMNS];
    size_t size = column == NULL ? schema->id_width : seg_column_cell_bytes(column), first;
    stretch run = { .slot = slot, .cell_bytes = size };
    for (; chunk < end; chunk++, hashes += schema->n_columns + 1) {
        size_t n = chunk_rows(s, chunk, &first);
        const void *out = cells + first * size;
        if (column != NULL)
            TRY(prepare(b, column, out, n, s->next_row + first, &out, err));
        *hashes = seg_xxh3(out, n * size);
        TRY(add_run(s, &run, s->next_row + first, out, n, out == b->cells, err));
    }
    TRY(end_run(s, &run, err));

done:
    return st;
}

static seg_status write_columns(h5_sink *s, h5_bench *b, size_t chunk, size_t end, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *schema = &s->schema->view;
    size_t n_parts = 0, wide = schema->n_columns + 1;
    if (schema->id_width > 0)
        TRY(write_column(s, b, H5_SLOT_ID, chunk, end, b->hashes + n_parts++, err));
    for (size_t c = 0; c < schema->n_columns; c++)
        TRY(write_column(s, b, H5_SLOT_COLUMNS + c, chunk, end, b->hashes + n_parts++, err));
    for (size_t i = 0; chunk + i < end; i++)
        s->chunk_obs[chunk + i] = seg_xxh3(b->hashes + i * wide, n_parts * sizeof(uint64_t));

done:
    return st;
}

void h5_sink_work(void *arg, size_t task, int thread)
{
    h5_sink *s = arg;
    h5_bench *b = &s->benches[thread];
    size_t chunk = task * s->task_chunks, end = chunk + s->task_chunks;
    seg_error error;
    end = end < s->n_chunks ? end : s->n_chunks;
    seg_status st = write_matrix(s, b, chunk, end, &error);
    if (st == SEG_OK)
        st = write_columns(s, b, chunk, end, &error);
    if (st == SEG_OK)
        return;
    pthread_mutex_lock(&s->lock);
    if (task < s->failed_task) {   /* the first rows that are wrong, whoever was first */
        s->failed_task = task;
        s->status = st;
        s->error = error;
    }
    pthread_mutex_unlock(&s->lock);
}

/* ---- compressed arrays ------------------------------------------------------------------ */

static seg_status pack(h5_sink *s, size_t slot, const void *rows, size_t row_bytes, size_t n,
                       seg_error *err)
{
    h5_packed *packed = slot_at(s, slot)->packed;
    return packed == NULL ? SEG_OK
           : h5_packed_add(s->writer->archive, packed, rows, row_bytes, n, err);
}

static seg_status pack_chunk(h5_sink *s, size_t first, size_t n, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *schema = &s->schema->view;
    const seg_block *block = s->block;
    if (s->stats != NULL)
        TRY(pack(s, H5_SLOT_X, block->x.x + first * block->x.stride,
                 block->x.stride * sizeof(float), n, err));
    if (schema->kind == SEG_KIND_BASKETS) {
        const int64_t *start = block->row_start + first;
        end_rows(s, first, n, s->benches[0].row_start);
        TRY(pack(s, H5_SLOT_INDPTR, s->benches[0].row_start, sizeof *start, n, err));
        TRY(pack(s, H5_SLOT_INDICES, block->items + start[0], sizeof *block->items,
                 (size_t)(start[n] - start[0]), err));
    }
    if (schema->id_width > 0)
        TRY(pack(s, H5_SLOT_ID, block->ids + first * schema->id_width, schema->id_width, n, err));
    for (size_t c = 0; c < schema->n_columns; c++) {
        size_t size = seg_column_cell_bytes(&schema->columns[c]);
        TRY(pack(s, H5_SLOT_COLUMNS + c, (const char *)block->columns[c] + first * size, size, n,
                 err));
    }

done:
    return st;
}

seg_status h5_sink_pack(h5_sink *s, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t first;
    for (size_t chunk = 0; chunk < s->n_chunks && st == SEG_OK; chunk++) {
        size_t n = chunk_rows(s, chunk, &first);
        st = pack_chunk(s, first, n, err);
    }
    return st;
}
