/* h5_chunk.c: arrays in chunks. libhdf5 hands over the stored bytes of a chunk; the
 * filters (deflate, shuffle, fletcher32, lzf) are undone here, with every length checked,
 * so that its filter pipeline is never entered. A few decoded chunks are kept: rows are
 * read in blocks that rarely end where chunks do. */
#include "data/h5_internal.h"

#include <libdeflate.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

enum { FILTER_LZF = 32000, LARGEST_RATIO = 1100 };
static const uint64_t largest_chunk = 64u << 20, kept_bytes = 64u << 20;

/* ---- opening ---------------------------------------------------------------------- */

static seg_status read_filters(h5_array *array, hid_t plist, seg_error *err)
{
    h5_chunks *chunks = &array->chunks;
    chunks->n_filters = H5Pget_nfilters(plist);
    if (chunks->n_filters < 0 || chunks->n_filters > H5_MAX_FILTERS)
        return h5_fail(err, SEG_E_DATA, "'%s' has %d filters (at most %d)", array->path,
                       chunks->n_filters, H5_MAX_FILTERS);
    for (int i = 0; i < chunks->n_filters; i++) {
        unsigned flags, values[8] = { 0 };
        size_t n_values = 8;
        char name[64] = "";
        H5Z_filter_t filter = H5Pget_filter2(plist, (unsigned)i, &flags, &n_values, values,
                                             sizeof name, name, NULL);
        if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE &&
            filter != H5Z_FILTER_FLETCHER32 && filter != FILTER_LZF)
            return h5_fail(err, SEG_E_DATA, "'%s' is stored with the filter '%.60s' (%d): only"
                           " deflate, shuffle, fletcher32 and lzf are read; rewrite it with"
                           " h5repack -f GZIP=4", array->path, name, (int)filter);
        if (filter == H5Z_FILTER_SHUFFLE && n_values > 0 && values[0] != array->element)
            return h5_fail(err, SEG_E_DATA, "'%s' is shuffled by %u bytes, its elements have %zu",
                           array->path, values[0], array->element);
        chunks->filters[i] = (int)filter;
    }
    return SEG_OK;
}

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
    uint64_t whole = array->n_rows * array->n_cols * array->element;   /* checked before */
    if (whole == 0)
        return SEG_OK;
    if (stored == 0)
        return h5_fail(err, SEG_E_DATA, "'%s' was never written", array->path);
    if (stored > file->size)
        return h5_fail(err, SEG_E_DATA, "'%s' claims more bytes than the file has", array->path);
    /* A chunk reaches over the edge of the array: its padding is stored too. */
    if (whole / LARGEST_RATIO > stored)
        return h5_fail(err, SEG_E_DATA, "'%s' would unpack to more than %d times its stored size",
                       array->path, LARGEST_RATIO);
    return SEG_OK;
}

void h5_chunks_free(h5_chunks *chunks)
{
    if (chunks->slots != NULL)
        for (size_t i = 0; i < chunks->n_slots; i++)
            seg_free(chunks->slots[i]);
    seg_free(chunks->slots);
    seg_free(chunks->tags);
    seg_free(chunks->work[0]);
    seg_free(chunks->work[1]);
    chunks->slots = NULL;
    chunks->tags = NULL;
    chunks->work[0] = chunks->work[1] = NULL;
}

static seg_status make_room(h5_array *array, seg_error *err)
{
    h5_chunks *chunks = &array->chunks;
    seg_status st = SEG_OK;
    uint64_t across = (array->n_cols + chunks->cols - 1) / chunks->cols;
    uint64_t budget = seg_alloc_limit() / 4;
    uint64_t n = (budget != 0 && budget < kept_bytes ? budget : kept_bytes) / chunks->bytes;
    chunks->n_slots = n < 1 ? 1 : n < across ? n : across < 1 ? 1 : across;
    /* Compressed bytes may be a little more than plain ones. */
    chunks->work_bytes = chunks->bytes + chunks->bytes / 8 + 4096;
    TRY(SEG_ALLOC(&chunks->slots, chunks->n_slots, "chunks", err));
    TRY(SEG_ALLOC(&chunks->tags, chunks->n_slots, "chunks", err));
    for (int i = 0; i < 2; i++)
        TRY(SEG_ALLOC(&chunks->work[i], chunks->work_bytes, "a chunk", err));

done:
    if (st != SEG_OK)
        h5_chunks_free(chunks);
    return st;
}

seg_status h5_check_chunks(seg_h5 *file, h5_array *array, hid_t plist, seg_error *err)
{
    hsize_t dims[2] = { 1, 1 };
    if (array->rank < 1 || H5Pget_chunk(plist, array->rank, dims) != array->rank)
        return h5_fail(err, SEG_E_DATA, "the chunks of '%s' do not have its dimensions",
                       array->path);
    array->chunks.rows = dims[0];
    array->chunks.cols = dims[1];
    seg_status st = read_filters(array, plist, err);
    return st == SEG_OK ? check_sizes(file, array, err) : st;
}

/* ---- decoding ---------------------------------------------------------------------- */

/* The checksum of HDF5: Fletcher's, over big-endian pairs of bytes. */
static uint32_t fletcher32(const unsigned char *p, size_t n)
{
    uint32_t low = 0, high = 0;
    for (size_t pairs = n / 2; pairs > 0;) {
        size_t some = pairs > 360 ? 360 : pairs;   /* before the sums overflow */
        pairs -= some;
        for (; some > 0; some--, p += 2) {
            low += (uint32_t)(p[0] << 8 | p[1]);
            high += low;
        }
        low = (low & 0xffff) + (low >> 16);
        high = (high & 0xffff) + (high >> 16);
    }
    if (n % 2 != 0) {
        low += (uint32_t)p[0] << 8;
        high += low;
        low = (low & 0xffff) + (low >> 16);
        high = (high & 0xffff) + (high >> 16);
    }
    low = (low & 0xffff) + (low >> 16);
    high = (high & 0xffff) + (high >> 16);
    return high << 16 | low;
}

static bool check_fletcher(const unsigned char *in, size_t *n)
{
    uint32_t wanted;
    if (*n < sizeof wanted)
        return false;
    *n -= sizeof wanted;
    memcpy(&wanted, in + *n, sizeof wanted);
    return fletcher32(in, *n) == wanted;
}

static bool inflate_chunk(const unsigned char *in, size_t n, unsigned char *out, size_t room,
                          size_t *n_out)
{
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    if (d == NULL)
        return false;
    enum libdeflate_result result = libdeflate_zlib_decompress(d, in, n, out, room, n_out);
    libdeflate_free_decompressor(d);
    return result == LIBDEFLATE_SUCCESS;
}

static void unshuffle(const unsigned char *in, size_t n, size_t element, unsigned char *out)
{
    size_t count = n / element;
    for (size_t b = 0; b < element; b++)
        for (size_t i = 0; i < count; i++)
            out[i * element + b] = in[b * count + i];
    memcpy(out + count * element, in + count * element, n - count * element);
}

/* LZF (M. Lehmann, liblzf): a control byte below 32 copies that many literal bytes plus 1;
 * otherwise 3 bits of length and 13 bits of distance. */
static bool unlzf(const unsigned char *in, size_t n, unsigned char *out, size_t room,
                  size_t *n_out)
{
    size_t i = 0, o = 0;
    while (i < n) {
        size_t control = in[i++], length;
        if (control < 32) {
            length = control + 1;
            if (length > n - i || length > room - o)
                return false;
            memcpy(out + o, in + i, length);
            i += length;
            o += length;
            continue;
        }
        length = control >> 5;
        if (length == 7) {
            if (i >= n)
                return false;
            length += in[i++];
        }
        length += 2;
        if (i >= n)
            return false;
        size_t distance = ((control & 31) << 8 | in[i++]) + 1;
        if (distance > o || length > room - o)
            return false;
        for (; length > 0; length--, o++)
            out[o] = out[o - distance];
    }
    *n_out = o;
    return true;
}

unsigned char *h5_decode(const h5_chunks *chunks, size_t element, unsigned mask, size_t n_bytes)
{
    unsigned char *in = chunks->work[0], *out = chunks->work[1];
    size_t n = n_bytes;
    for (int i = chunks->n_filters - 1; i >= 0; i--) {
        bool fine = true, moved = true;
        if ((mask >> i & 1) != 0)
            continue;
        switch (chunks->filters[i]) {
        case H5Z_FILTER_FLETCHER32:
            fine = check_fletcher(in, &n);
            moved = false;
            break;
        case H5Z_FILTER_DEFLATE:
            fine = inflate_chunk(in, n, out, chunks->work_bytes, &n);
            break;
        case H5Z_FILTER_SHUFFLE:
            unshuffle(in, n, element, out);
            break;
        case FILTER_LZF:
            fine = unlzf(in, n, out, chunks->work_bytes, &n);
            break;
        default:
            fine = false;
        }
        if (!fine)
            return NULL;
        if (moved) {
            unsigned char *other = in;
            in = out;
            out = other;
        }
    }
    return n == chunks->bytes ? in : NULL;
}

/* ---- reading ----------------------------------------------------------------------- */

static seg_status load_chunk(seg_h5 *file, h5_array *array, uint64_t row, uint64_t col,
                             unsigned char **slot, seg_error *err)
{
    h5_chunks *chunks = &array->chunks;
    hsize_t at[2] = { row, col }, stored = 0;
    uint32_t mask = 0;
    h5_begin();
    if (H5Dget_chunk_storage_size(array->id, at, &stored) < 0 || stored == 0)
        return h5_fail(err, SEG_E_DATA, "%s: the chunk at row %llu of '%s' was never written",
                       file->path, (unsigned long long)row, array->path);
    if (stored > chunks->work_bytes ||
        H5Dread_chunk(array->id, H5P_DEFAULT, at, &mask, chunks->work[0]) < 0)
        return h5_fail(err, SEG_E_DATA, "%s: cannot read the chunk at row %llu of '%s'",
                       file->path, (unsigned long long)row, array->path);
    const unsigned char *plain = h5_decode(chunks, array->element, mask, stored);
    if (plain == NULL)
        return seg_fail(err, SEG_E_DATA, "%s: the chunk at row %llu of '%s' is damaged",
                        file->path, (unsigned long long)row, array->path);
    if (*slot == NULL) {
        seg_status st = SEG_ALLOC(slot, chunks->bytes, "a chunk", err);
        if (st != SEG_OK)
            return st;
    }
    memcpy(*slot, plain, chunks->bytes);
    return SEG_OK;
}

static seg_status find_chunk(seg_h5 *file, h5_array *array, uint64_t chunk_row,
                             uint64_t chunk_col, const unsigned char **bytes, seg_error *err)
{
    h5_chunks *chunks = &array->chunks;
    uint64_t across = (array->n_cols + chunks->cols - 1) / chunks->cols;
    uint64_t tag = chunk_row * across + chunk_col + 1;
    size_t slot = chunk_col % chunks->n_slots;
    seg_status st = SEG_OK;
    if (chunks->tags[slot] != tag) {
        chunks->tags[slot] = 0;
        st = load_chunk(file, array, chunk_row * chunks->rows, chunk_col * chunks->cols,
                        &chunks->slots[slot], err);
        if (st == SEG_OK)
            chunks->tags[slot] = tag;
    }
    *bytes = chunks->slots[slot];
    return st;
}

/* The part of a chunk that lies in the wanted rows. */
static void copy_part(const h5_array *array, const unsigned char *bytes, uint64_t chunk_row,
                      uint64_t chunk_col, uint64_t first_row, uint64_t n_rows,
                      unsigned char *out)
{
    const h5_chunks *chunks = &array->chunks;
    uint64_t top = chunk_row * chunks->rows, left = chunk_col * chunks->cols;
    uint64_t from = top > first_row ? top : first_row;
    uint64_t end = top + chunks->rows < first_row + n_rows ? top + chunks->rows
                                                           : first_row + n_rows;
    uint64_t n_cols = array->n_cols - left < chunks->cols ? array->n_cols - left : chunks->cols;
    for (uint64_t r = from; r < end; r++)
        memcpy(out + ((r - first_row) * array->n_cols + left) * array->element,
               bytes + (r - top) * chunks->cols * array->element, n_cols * array->element);
}

seg_status h5_fetch_chunked(seg_h5 *file, h5_array *array, uint64_t first_row,
                            uint64_t n_rows, unsigned char *out, seg_error *err)
{
    const h5_chunks *chunks = &array->chunks;
    seg_status st = chunks->work[1] == NULL ? make_room(array, err) : SEG_OK;
    uint64_t across = (array->n_cols + chunks->cols - 1) / chunks->cols;
    uint64_t last = (first_row + n_rows - 1) / chunks->rows;
    for (uint64_t r = first_row / chunks->rows; r <= last && st == SEG_OK; r++)
        for (uint64_t c = 0; c < across && st == SEG_OK; c++) {
            const unsigned char *bytes;
            st = find_chunk(file, array, r, c, &bytes, err);
            if (st == SEG_OK)
                copy_part(array, bytes, r, c, first_row, n_rows, out);
        }
    return st;
}
