/* tree_records.c: the bins of rows, a tile at a time, as columns or as records of bytes. */
#include "kernels/tree_bins.h"

#include <string.h>
#include "kernels/kernels.h"
#include "segmill/context.h"

typedef struct tile {
    _Alignas(64) uint8_t planes[SEG_RECORD_BYTES * SEG_TILE_ROWS];
} tile;

static size_t columns_in_group(size_t n_columns, size_t group)
{
    size_t left = n_columns - group * SEG_RECORD_BYTES;
    return left < SEG_RECORD_BYTES ? left : SEG_RECORD_BYTES;
}

static size_t group_count(size_t n_columns)
{
    return (n_columns + SEG_RECORD_BYTES - 1) / SEG_RECORD_BYTES;
}

void seg_bins_apply(const seg_bins *bins, seg_matrix x, int n_threads, uint8_t *out)
{
    const seg_kernels *kernels = seg_kernels_get();
    #pragma omp parallel for schedule(static) num_threads(n_threads)
    for (size_t first = 0; first < x.n_rows; first += SEG_TILE_ROWS) {
        tile t;
        size_t n = x.n_rows - first < SEG_TILE_ROWS ? x.n_rows - first : SEG_TILE_ROWS;
        for (size_t g = 0; g < group_count(bins->n_features); g++) {
            size_t c = g * SEG_RECORD_BYTES, n_columns = columns_in_group(bins->n_features, g);
            kernels->bin_tile(bins->columns + c, n_columns, x.x + first * x.stride, x.stride, n,
                              t.planes);
            for (size_t i = 0; i < n_columns; i++)
                memcpy(out + (c + i) * x.n_rows + first, t.planes + i * SEG_TILE_ROWS, n);
        }
    }
}

/* Those of n records that are used, to the front; returns how many. */
static size_t keep_used(uint8_t *records, size_t n, const uint8_t *use)
{
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        memmove(records + used * SEG_RECORD_BYTES, records + i * SEG_RECORD_BYTES,
                SEG_RECORD_BYTES);
        used += use[i] != 0;
    }
    return used;
}

/* The chunk's rows, from record `first` on. */
static void put_chunk(const seg_bins *bins, seg_matrix x, const uint8_t *use, uint8_t *records,
                      size_t capacity, size_t first)
{
    const seg_kernels *kernels = seg_kernels_get();
    for (size_t i = 0; i < x.n_rows; i += SEG_TILE_ROWS) {
        size_t n = x.n_rows - i < SEG_TILE_ROWS ? x.n_rows - i : SEG_TILE_ROWS, used = n;
        for (size_t g = 0; g < group_count(bins->n_columns); g++) {
            tile planes, turned;
            size_t n_columns = columns_in_group(bins->n_columns, g);
            kernels->bin_tile(bins->columns + g * SEG_RECORD_BYTES, n_columns, x.x + i * x.stride,
                              x.stride, n, planes.planes);
            kernels->bin_records(planes.planes, n_columns, n, turned.planes);
            used = use == NULL ? n : keep_used(turned.planes, n, use + i);
            memcpy(records + (g * capacity + first) * SEG_RECORD_BYTES, turned.planes,
                   used * SEG_RECORD_BYTES);
        }
        first += used;
    }
}

static size_t count_used(const uint8_t *use, size_t n)
{
    size_t used = 0;
    for (size_t i = 0; i < n; i++)
        used += use[i] != 0;
    return used;
}

size_t seg_bins_records(const seg_bins *bins, seg_matrix x, const uint8_t *use, int n_threads,
                        uint8_t *records, size_t capacity, size_t first)
{
    enum { CHUNK = 4 * SEG_CHUNK_ROWS, BATCH = 64 };   /* chunks whose starts are found at once */
    size_t begin = first;
    for (size_t at = 0; at < x.n_rows; at += (size_t)BATCH * CHUNK) {
        size_t start[BATCH], n_chunks = 0;
        for (; n_chunks < BATCH && at + n_chunks * CHUNK < x.n_rows; n_chunks++) {
            size_t from = at + n_chunks * CHUNK;
            size_t n = x.n_rows - from < CHUNK ? x.n_rows - from : CHUNK;
            start[n_chunks] = begin;
            begin += use == NULL ? n : count_used(use + from, n);
        }
        #pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
        for (size_t c = 0; c < n_chunks; c++) {
            size_t from = at + c * CHUNK;
            seg_matrix part = { x.x + from * x.stride,
                                x.n_rows - from < CHUNK ? x.n_rows - from : CHUNK,
                                x.n_cols, x.stride };
            put_chunk(bins, part, use == NULL ? NULL : use + from, records, capacity, start[c]);
        }
    }
    return begin - first;
}
