/* h5_filter.c: what HDF5 does to a chunk before it stores it, undone, without its filter
 * pipeline: that one has a single lock and inflates at half the speed. Every length is
 * checked; a chunk that would unpack to more than a chunk holds is damaged.
 *
 * Measured (AMD EPYC, chunks of 512 KiB of float32, one core, best of 15, MB/s): libdeflate
 * 1.14 429 to 523, igzip 2.30 (libisal) 405 to 438, zlib 211 to 256. Nine tenths of the time
 * in which a chunk is read pass within libdeflate. */
#include "data/h5_internal.h"

#include <libdeflate.h>
#include <string.h>
#include <zstd.h>
#include "base/alloc.h"
#include "data/simd.h"

enum { FILTER_LZF = 32000, FILTER_BLOSC = 32001, FILTER_ZSTD = 32015 };

/* ---- which there are ----------------------------------------------------------------- */

static bool is_known(H5Z_filter_t filter)
{
    return filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SHUFFLE ||
           filter == H5Z_FILTER_FLETCHER32 || filter == FILTER_LZF || filter == FILTER_BLOSC ||
           filter == FILTER_ZSTD;
}

static seg_status read_filter(h5_array *array, hid_t plist, int i, seg_error *err)
{
    h5_chunks *chunks = &array->chunks;
    unsigned flags, values[8] = { 0 };
    size_t n_values = 8;
    char name[64] = "";
    H5Z_filter_t filter = H5Pget_filter2(plist, (unsigned)i, &flags, &n_values, values,
                                         sizeof name, name, NULL);
    H5Eclear2(H5E_DEFAULT);   /* the library may not know it, and then has no name for it */
    if (!is_known(filter))
        return seg_fail(err, SEG_E_DATA, "'%s' is stored with the filter '%.60s' (%d): only"
                        " deflate, shuffle, fletcher32, lzf, zstd and blosc are read; rewrite it"
                        " with h5repack -f GZIP=4", array->path, name[0] == 0 ? "unnamed" : name,
                        (int)filter);
    if (filter == FILTER_BLOSC && !h5_blosc_found())
        return seg_fail(err, SEG_E_IO, "'%s' is stored with blosc, which needs libblosc.so.1"
                        " (Debian: libblosc1); or rewrite it with h5repack -f GZIP=4",
                        array->path);
    if (filter == H5Z_FILTER_SHUFFLE && n_values > 0 && values[0] != array->element)
        return h5_fail(err, SEG_E_DATA, "'%s' is shuffled by %u bytes, its elements have %zu",
                       array->path, values[0], array->element);
    chunks->filters[i] = (int)filter;
    chunks->n_moves += filter != H5Z_FILTER_FLETCHER32;
    /* Runs of one value: deflate makes 1 of 1,032 bytes, zstd and blosc 1 of many more. */
    if (filter == FILTER_ZSTD || filter == FILTER_BLOSC)
        chunks->largest_ratio = 40000;
    return SEG_OK;
}

seg_status h5_read_filters(h5_array *array, hid_t plist, seg_error *err)
{
    h5_chunks *chunks = &array->chunks;
    seg_status st = SEG_OK;
    chunks->largest_ratio = 1100;
    chunks->n_filters = H5Pget_nfilters(plist);
    if (chunks->n_filters < 0 || chunks->n_filters > H5_MAX_FILTERS)
        return h5_fail(err, SEG_E_DATA, "'%s' has %d filters (at most %d)", array->path,
                       chunks->n_filters, H5_MAX_FILTERS);
    for (int i = 0; i < chunks->n_filters && st == SEG_OK; i++)
        st = read_filter(array, plist, i, err);
    return st;
}

/* ---- one thread's tools ----------------------------------------------------------------- */

void h5_decoder_free(h5_decoder *decoder)
{
    libdeflate_free_decompressor(decoder->deflate);
    ZSTD_freeDCtx(decoder->zstd);
    seg_free(decoder->work[0]);
    seg_free(decoder->work[1]);
    *decoder = (h5_decoder){ 0 };
}

static bool has_filter(const h5_chunks *chunks, int filter)
{
    for (int i = 0; i < chunks->n_filters; i++)
        if (chunks->filters[i] == filter)
            return true;
    return false;
}

seg_status h5_decoder_open(const h5_chunks *chunks, h5_decoder *decoder, seg_error *err)
{
    seg_status st = SEG_OK;
    *decoder = (h5_decoder){ 0 };
    for (int i = 0; i < 2 && i + 1 < chunks->n_moves && st == SEG_OK; i++)
        st = SEG_ALLOC(&decoder->work[i], chunks->work_bytes, "a chunk", err);
    if (st == SEG_OK && has_filter(chunks, H5Z_FILTER_DEFLATE)) {
        decoder->deflate = libdeflate_alloc_decompressor();
        if (decoder->deflate == NULL)
            st = seg_fail(err, SEG_E_AGAIN, "cannot allocate memory for unpacking");
    }
    if (st == SEG_OK && has_filter(chunks, FILTER_ZSTD)) {
        decoder->zstd = ZSTD_createDCtx();
        if (decoder->zstd == NULL)
            st = seg_fail(err, SEG_E_AGAIN, "cannot allocate memory for unpacking");
    }
    if (st != SEG_OK)
        h5_decoder_free(decoder);
    return st;
}

/* ---- undoing them ------------------------------------------------------------------------ */

static bool check_fletcher(const unsigned char *in, size_t *n)
{
    uint32_t wanted;
    if (*n < sizeof wanted)
        return false;
    *n -= sizeof wanted;
    memcpy(&wanted, in + *n, sizeof wanted);
    return seg_simd_get()->fletcher32(in, *n) == wanted;
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
        if (distance >= length)
            memcpy(out + o, out + o - distance, length);
        else   /* overlapping: a run */
            for (size_t k = 0; k < length; k++)
                out[o + k] = out[o + k - distance];
        o += length;
    }
    *n_out = o;
    return true;
}

/* What is wrong, or null. */
static const char *undo(int filter, const h5_decoder *decoder, size_t element,
                        const unsigned char *in, size_t n, unsigned char *out, size_t room,
                        size_t *n_out)
{
    switch (filter) {
    case H5Z_FILTER_DEFLATE:
        switch (libdeflate_zlib_decompress(decoder->deflate, in, n, out, room, n_out)) {
        case LIBDEFLATE_SUCCESS:            return NULL;
        case LIBDEFLATE_INSUFFICIENT_SPACE: return "it unpacks to more than a chunk holds";
        default:                            return "its deflate data or their checksum is wrong";
        }
    case FILTER_ZSTD:
        *n_out = ZSTD_decompressDCtx(decoder->zstd, out, room, in, n);
        return ZSTD_isError(*n_out) ? "its zstd data are wrong or too long" : NULL;
    case FILTER_BLOSC:
        return h5_unblosc(in, n, out, room, n_out) ? NULL : "its blosc data are wrong or too long";
    case FILTER_LZF:
        return unlzf(in, n, out, room, n_out) ? NULL : "its lzf data are wrong or too long";
    default:   /* shuffle */
        if (n > room)
            return "it is longer than a chunk";
        seg_simd_get()->unshuffle(in, n, element, out);
        *n_out = n;
        return NULL;
    }
}

const char *h5_decode(const h5_chunks *chunks, const h5_decoder *decoder, size_t element,
                      unsigned mask, const unsigned char *in, size_t n, unsigned char *out)
{
    int left = 0, turn = 0;
    for (int i = 0; i < chunks->n_filters; i++)
        left += (mask >> i & 1) == 0 && chunks->filters[i] != H5Z_FILTER_FLETCHER32;
    for (int i = chunks->n_filters - 1; i >= 0; i--) {
        if ((mask >> i & 1) != 0)
            continue;
        if (chunks->filters[i] == H5Z_FILTER_FLETCHER32) {
            if (!check_fletcher(in, &n))
                return "its checksum is wrong";
            continue;
        }
        bool last = --left == 0;
        unsigned char *to = last ? out : decoder->work[turn];
        const char *wrong = undo(chunks->filters[i], decoder, element, in, n, to,
                                 last ? chunks->bytes : chunks->work_bytes, &n);
        if (wrong != NULL)
            return wrong;
        in = to;
        turn = !turn;
    }
    if (n != chunks->bytes)
        return n < chunks->bytes ? "it is shorter than a chunk" : "it is longer than a chunk";
    if (in != out)   /* no filter moved it */
        memcpy(out, in, n);
    return NULL;
}
