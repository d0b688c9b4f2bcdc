/* h5_chunk.c: arrays in chunks. libhdf5 hands over the stored bytes of one chunk after the
 * other, on one thread; all threads undo the filters (h5_filter.c). A chunk that lies in
 * the wanted rows from edge to edge is unpacked into its place; the others are kept, since
 * rows are read in blocks that rarely end where chunks do, and their parts are gathered.
 *
 * libhdf5 1.10 lists its chunks by a search that passes over all of them for each, so it is
 * never asked to: the size of a chunk and its bytes are looked up by its place. */
#include "data/h5_internal.h"

#include <string.h>
#include "base/alloc.h"
#include "base/guard.h"
#include "base/team.h"
#include "base/try.h"

static const uint64_t largest_chunk = 64u << 20;

/* ---- opening ---------------------------------------------------------------------- */

static seg_status check_sizes(seg_h5 *file, h5_array *array, seg_error *err)
{
    h5_chunks *chunks = &array->chunks;
    uint64_t bytes, stored = H5Dget_storage_size(array->id);
    if (chunks->rows == 0 || chunks->cols == 0 ||
        __builtin_mul_overflow(chunks->rows, chunks->cols, &bytes) ||
        __builtin_mul_overflow(bytes, (uint64_t)array->element, &bytes) ||
        bytes > largest_chunk)
        return h5_fail(err, SEG_E_DATA, "the chunks of '%s' are %llu x %llu: at most %llu MB are"
                       " read", array->path, (unsigned long long)chunks->rows,
                       (unsigned long long)chunks->cols,
                       (unsigned long long)(largest_chunk >> 20));
    chunks->bytes = bytes;
    chunks->work_bytes = bytes + bytes / 8 + 4096;   /* packed may be a little more than plain */
    chunks->across = (array->n_cols + chunks->cols - 1) / chunks->cols;
    uint64_t whole = array->n_rows * array->n_cols * array->element;   /* checked before */
    if (whole == 0)
        return SEG_OK;
    if (stored == 0)
        return h5_fail(err, SEG_E_DATA, "'%s' was never written", array->path);
    if (stored > file->size)
        return h5_fail(err, SEG_E_DATA, "'%s' claims more bytes than the file has", array->path);
    /* A chunk reaches over the edge of the array: its padding is stored too. */
    if (whole / chunks->largest_ratio > stored)
        return h5_fail(err, SEG_E_DATA, "'%s' would unpack to more than %u times its stored size",
                       array->path, chunks->largest_ratio);
    return SEG_OK;
}

/* What stands where no chunk was written. Texts and tables: only nothing at all. */
static seg_status read_fill(h5_array *array, hid_t plist, seg_error *err)
{
    h5_chunks *chunks = &array->chunks;
    H5D_fill_value_t defined = H5D_FILL_VALUE_ERROR;
    if (H5Pfill_value_defined(plist, &defined) < 0)
        return h5_fail(err, SEG_E_DATA, "cannot read the fill value of '%s'", array->path);
    chunks->has_fill = true;
    if (defined != H5D_FILL_VALUE_USER_DEFINED)
        return SEG_OK;
    if (array->members != NULL || array->cell.class == H5_CLASS_VLEN ||
        array->element > sizeof chunks->fill) {
        chunks->has_fill = false;
        return SEG_OK;
    }
    hid_t type = H5Dget_type(array->id);
    bool fine = type >= 0 && H5Tget_size(type) == array->element &&
                H5Pget_fill_value(plist, type, chunks->fill) >= 0;
    if (type >= 0)
        H5Tclose(type);
    return fine ? SEG_OK : h5_fail(err, SEG_E_DATA, "cannot read the fill value of '%s'",
                                   array->path);
}

seg_status h5_check_chunks(seg_h5 *file, h5_array *array, hid_t plist, seg_error *err)
{
    hsize_t dims[2] = { 1, 1 };
    if (array->rank < 1 || H5Pget_chunk(plist, array->rank, dims) != array->rank)
        return h5_fail(err, SEG_E_DATA, "the chunks of '%s' do not have its dimensions",
                       array->path);
    array->chunks.rows = dims[0];
    array->chunks.cols = dims[1];
    seg_status st = h5_read_filters(array, plist, err);
    if (st == SEG_OK)
        st = read_fill(array, plist, err);
    return st == SEG_OK ? check_sizes(file, array, err) : st;
}

/* ---- memory ------------------------------------------------------------------------ */

static void forget_slots(h5_chunks *chunks)
{
    for (size_t i = 0; chunks->slots != NULL && i < chunks->n_slots; i++)
        seg_free(chunks->slots[i].bytes);
    seg_free(chunks->slots);
    chunks->slots = NULL;
    chunks->n_slots = 0;
}

void h5_chunks_free(h5_chunks *chunks)
{
    forget_slots(chunks);
    for (int i = 0; i < chunks->n_decoders; i++)
        h5_decoder_free(&chunks->decoders[i]);
    seg_free(chunks->decoders);
    seg_free(chunks->stored);
    seg_free(chunks->tasks);
    chunks->decoders = NULL;
    chunks->stored = NULL;
    chunks->tasks = NULL;
    chunks->n_decoders = 0;
}

/* A share of the memory budget, for unpacking. */
static uint64_t share_of_budget(void)
{
    uint64_t limit = seg_alloc_limit();
    return limit == 0 || limit > 2ull << 30 ? 256u << 20 : limit / 8;
}

static uint64_t between(uint64_t low, uint64_t value, uint64_t high)
{
    return value > high ? (high < low ? low : high) : value < low ? low : value;
}

static seg_status open_decoders(const seg_h5 *file, h5_chunks *chunks, seg_error *err)
{
    seg_status st = SEG_OK;
    enum { MOST_TASKS = 4096 };
    uint64_t share = share_of_budget();
    uint64_t per_thread = (uint64_t)(chunks->n_moves > 3 ? 3 : chunks->n_moves + 1)
                          * chunks->work_bytes;
    int n = (int)between(1, share / 2 / per_thread, (uint64_t)file->n_threads);
    chunks->stored_bytes = between(chunks->work_bytes, 2 * (uint64_t)n * chunks->work_bytes,
                                   share / 4);
    /* Threads wait for each other at the end of a round: with 13 chunks two of them lose 7 %. */
    uint64_t enough = between(0, n > 1 ? 16u << 20 : 4u << 20, share / 4);
    if (chunks->stored_bytes < enough)
        chunks->stored_bytes = enough;
    chunks->n_tasks = between(1, 2 * chunks->stored_bytes / chunks->bytes, MOST_TASKS);
    TRY(SEG_ALLOC(&chunks->stored, chunks->stored_bytes, "stored chunks", err));
    TRY(SEG_ALLOC(&chunks->tasks, chunks->n_tasks, "stored chunks", err));
    TRY(SEG_ALLOC(&chunks->decoders, (size_t)n, "decoders", err));
    for (int i = 0; i < n; i++) {
        TRY(h5_decoder_open(chunks, &chunks->decoders[i], err));
        chunks->n_decoders++;
    }

done:
    if (st != SEG_OK)
        h5_chunks_free(chunks);
    return st;
}

/* Slots for the chunks that n_rows touch: all of them if memory allows. */
static seg_status make_slots(h5_array *array, uint64_t n_rows, seg_error *err)
{
    h5_chunks *chunks = &array->chunks;
    uint64_t wanted = chunks->across == 1 ? 2 : (n_rows / chunks->rows + 2) * chunks->across;
    uint64_t all = chunks->across * (array->n_rows / chunks->rows + 1);
    uint64_t n = between(1, share_of_budget() / 2 / chunks->bytes, wanted < all ? wanted : all);
    if (n <= chunks->n_slots)
        return SEG_OK;
    forget_slots(chunks);
    seg_status st = SEG_ALLOC(&chunks->slots, n, "chunks", err);
    if (st == SEG_OK)
        chunks->n_slots = n;
    return st;
}

/* ---- fetching ---------------------------------------------------------------------- */

/* The rows that are wanted, and the chunks first .. end - 1 of one round. */
typedef struct fetch {
    seg_h5 *file;
    h5_array *array;
    uint64_t first_row, n_rows;
    unsigned char *out;
    uint64_t first, end;
    size_t n_tasks, n_stored, band_rows;
} fetch;

static uint64_t top_of(const h5_chunks *chunks, uint64_t chunk)
{
    return chunk / chunks->across * chunks->rows;
}

static seg_status cannot_read(const fetch *f, uint64_t chunk, const char *why, seg_error *err)
{
    return h5_fail(err, SEG_E_DATA, "%s: the chunk at row %llu of '%s' %s", f->file->path,
                   (unsigned long long)top_of(&f->array->chunks, chunk), f->array->path, why);
}

/* From edge to edge within the wanted rows: it has a place in the output. */
static unsigned char *place_of(const fetch *f, uint64_t chunk)
{
    const h5_chunks *chunks = &f->array->chunks;
    uint64_t top = top_of(chunks, chunk);
    if (chunks->cols != f->array->n_cols || top < f->first_row ||
        chunks->rows > f->first_row + f->n_rows - top)
        return NULL;
    return f->out + (top - f->first_row) * chunks->cols * f->array->element;
}

static seg_status load_unguarded(fetch *f, uint64_t chunk, unsigned char *to, bool *full, seg_error *err)
{
    h5_chunks *chunks = &f->array->chunks;
    hsize_t at[2] = { top_of(chunks, chunk), chunk % chunks->across * chunks->cols };
    hsize_t stored = 0;
    *full = f->n_tasks == chunks->n_tasks;
    if (*full)
        return SEG_OK;
    if (H5Dget_chunk_storage_size(f->array->id, at, &stored) < 0 &&
        !h5_failed_with("chunk storage is not allocated"))
        return cannot_read(f, chunk, "cannot be read", err);
    if (stored == 0 && !chunks->has_fill)
        return cannot_read(f, chunk, "was never written", err);
    if (stored > chunks->work_bytes)
        return cannot_read(f, chunk, "is damaged: it is longer than a chunk", err);
    *full = stored > chunks->stored_bytes - f->n_stored;
    if (*full)
        return SEG_OK;
    h5_task *task = &chunks->tasks[f->n_tasks];
    *task = (h5_task){ .chunk = chunk, .in = chunks->stored + f->n_stored, .n = stored, .to = to };
    if (chunks->n_filters == 0 && stored == chunks->bytes)
        task->in = to;   /* nothing to undo */
    if (stored > 0 && H5Dread_chunk(f->array->id, H5P_DEFAULT, at, &task->mask, task->in) < 0)
        return cannot_read(f, chunk, "cannot be read", err);
    if (stored == 0)
        f->file->n_unwritten++;
    if (task->in != to)
        f->n_stored += (stored + 7) / 8 * 8 < chunks->stored_bytes - f->n_stored
                       ? (stored + 7) / 8 * 8 : chunks->stored_bytes - f->n_stored;
    f->n_tasks++;
    return SEG_OK;
}

/* The chunk's stored bytes. *full: there is no room for them in this round. */
static seg_status load(fetch *f, uint64_t chunk, unsigned char *to, bool *full, seg_error *err)
{
    seg_guard_begin(f->file->path);
    seg_status st = load_unguarded(f, chunk, to, full, err);
    seg_guard_end();
    return st;
}

/* One more chunk into this round: into its place, or into a slot unless it is there. */
static seg_status take(fetch *f, uint64_t chunk, bool *full, seg_error *err)
{
    h5_chunks *chunks = &f->array->chunks;
    h5_kept *slot = &chunks->slots[chunk % chunks->n_slots];
    *full = false;
    if (slot->tag == chunk + 1) {
        slot->round = chunks->round;
        return SEG_OK;
    }
    unsigned char *place = place_of(f, chunk);
    if (place != NULL)
        return load(f, chunk, place, full, err);
    *full = slot->round == chunks->round;   /* this round uses it already */
    if (*full)
        return SEG_OK;
    seg_status st = SEG_OK;
    if (slot->bytes == NULL)
        st = SEG_ALLOC(&slot->bytes, chunks->bytes, "a chunk", err);
    if (st != SEG_OK)
        return st;
    slot->tag = 0;
    st = load(f, chunk, slot->bytes, full, err);
    if (st == SEG_OK && !*full)
        slot->round = chunks->round;
    return st;
}

static void fill(const h5_chunks *chunks, size_t element, unsigned char *to)
{
    for (size_t i = 0; i < chunks->bytes; i += element)
        memcpy(to + i, chunks->fill, element);
}

static void decode_task(void *arg, size_t i, int thread)
{
    fetch *f = arg;
    const h5_chunks *chunks = &f->array->chunks;
    h5_task *task = &chunks->tasks[i];
    if (task->n == 0)
        fill(chunks, f->array->element, task->to);
    else if (task->in != task->to)
        task->wrong = h5_decode(chunks, &chunks->decoders[thread], f->array->element, task->mask,
                                task->in, task->n, task->to);
}

static seg_status decode(fetch *f, seg_error *err)
{
    h5_chunks *chunks = &f->array->chunks;
    seg_team_run(chunks->n_filters == 0 ? 1 : chunks->n_decoders, f->n_tasks, decode_task, f);
    for (size_t i = 0; i < f->n_tasks; i++) {
        h5_task *task = &chunks->tasks[i];
        h5_kept *slot = &chunks->slots[task->chunk % chunks->n_slots];
        if (task->wrong != NULL)
            return seg_fail(err, SEG_E_DATA, "%s: the chunk at row %llu of '%s' is damaged: %s",
                            f->file->path, (unsigned long long)top_of(chunks, task->chunk),
                            f->array->path, task->wrong);
        if (task->to == slot->bytes)
            slot->tag = task->chunk + 1;
    }
    return SEG_OK;
}

/* ---- gathering ---------------------------------------------------------------------- */

static void copy_rows(unsigned char *to, size_t to_step, const unsigned char *from,
                      size_t from_step, size_t bytes, uint64_t n)
{
    if (bytes == 4)   /* a column: one load and one store */
        for (uint64_t r = 0; r < n; r++)
            memcpy(to + r * to_step, from + r * from_step, 4);
    else if (bytes == 8)
        for (uint64_t r = 0; r < n; r++)
            memcpy(to + r * to_step, from + r * from_step, 8);
    else
        for (uint64_t r = 0; r < n; r++)
            memcpy(to + r * to_step, from + r * from_step, bytes);
}

/* The part of a kept chunk that lies in rows from .. end - 1. */
static void copy_part(const fetch *f, uint64_t chunk, uint64_t from, uint64_t end)
{
    const h5_chunks *chunks = &f->array->chunks;
    size_t element = f->array->element;
    uint64_t top = top_of(chunks, chunk), left = chunk % chunks->across * chunks->cols;
    uint64_t n_cols = f->array->n_cols - left < chunks->cols ? f->array->n_cols - left
                                                             : chunks->cols;
    from = top > from ? top : from;
    end = top + chunks->rows < end ? top + chunks->rows : end;
    if (from >= end)
        return;
    copy_rows(f->out + ((from - f->first_row) * f->array->n_cols + left) * element,
              f->array->n_cols * element,
              chunks->slots[chunk % chunks->n_slots].bytes + (from - top) * chunks->cols * element,
              chunks->cols * element, n_cols * element, end - from);
}

/* A band of rows from all chunks of the round, small enough to stay in the cache. */
static void gather_band(void *arg, size_t band, int thread)
{
    (void)thread;
    const fetch *f = arg;
    const h5_chunks *chunks = &f->array->chunks;
    uint64_t from = f->first_row + band * f->band_rows, end = from + f->band_rows;
    end = end < f->first_row + f->n_rows ? end : f->first_row + f->n_rows;
    uint64_t c = from / chunks->rows * chunks->across;
    uint64_t last = ((end - 1) / chunks->rows + 1) * chunks->across;
    last = last < f->end ? last : f->end;
    for (c = c > f->first ? c : f->first; c < last; c++)
        if (chunks->slots[c % chunks->n_slots].tag == c + 1 &&
            chunks->slots[c % chunks->n_slots].round == chunks->round)
            copy_part(f, c, from, end);
}

static void gather(fetch *f)
{
    const h5_chunks *chunks = &f->array->chunks;
    uint64_t row_bytes = f->array->n_cols * f->array->element;
    f->band_rows = between(1, (128u << 10) / row_bytes, 1024);
    size_t n_bands = (f->n_rows + f->band_rows - 1) / f->band_rows;
    bool small = chunks->across == 1;   /* no more than two chunks are not in their place */
    seg_team_run(small ? 1 : f->file->n_threads, n_bands, gather_band, f);
}

/* As many chunks from f->first on as there is room for. */
static seg_status fetch_round(fetch *f, uint64_t end, seg_error *err)
{
    seg_status st = SEG_OK;
    bool full = false;
    f->array->chunks.round++;
    f->n_tasks = f->n_stored = 0;
    for (f->end = f->first; f->end < end && !full; f->end += !full)
        TRY(take(f, f->end, &full, err));
    TRY(decode(f, err));
    gather(f);

done:
    return st;
}

seg_status h5_fetch_chunked(seg_h5 *file, h5_array *array, uint64_t first_row,
                            uint64_t n_rows, unsigned char *out, seg_error *err)
{
    h5_chunks *chunks = &array->chunks;
    seg_status st = SEG_OK;
    fetch f = { .file = file, .array = array, .first_row = first_row, .n_rows = n_rows,
                .out = out };
    uint64_t end = ((first_row + n_rows - 1) / chunks->rows + 1) * chunks->across;
    h5_begin();
    if (chunks->decoders == NULL)
        TRY(open_decoders(file, chunks, err));
    TRY(make_slots(array, n_rows, err));
    for (f.first = first_row / chunks->rows * chunks->across; f.first < end; f.first = f.end)
        TRY(fetch_round(&f, end, err));

done:
    return st;
}
