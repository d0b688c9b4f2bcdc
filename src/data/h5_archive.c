/* h5_archive.c: arrays in compressed chunks. Rows are gathered until chunks are full; a
 * number of full chunks is deflated by the team (libdeflate, level 4, no shuffle: any reader
 * of HDF5 can undo it) and handed to libhdf5 by one thread, in the order in which they became
 * full, so that the bytes of the file depend on the rows alone.
 *
 * A matrix is kept by columns: 16,384 values of one kind deflate better than rows of mixed
 * ones (models/FORMAT.md). The last chunk of a column is filled up with zeros, as HDF5 wants it. */
#include "data/h5_internal.h"

#include <libdeflate.h>
#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/team.h"
#include "base/try.h"

enum { LEVEL = 4, CHUNK_ROWS = 16384, LEAST_ROWS = 1024, LEAST_BYTES = 4096 };
enum { MOST_CHUNK_BYTES = 1 << 20, MOST_GATHERED_BYTES = 64 << 20, QUEUE_BYTES = 16 << 20 };

struct h5_packed {
    hid_t id;
    h5_packed *next;
    seg_h5_type type;
    size_t element, narrow;
    uint64_t n_rows, n_cols, n_added;
    uint64_t rows, cols, across;   /* of a chunk; chunks side by side */
    unsigned char **chunks;        /* being filled; null: not begun */
};

/* A full chunk. */
typedef struct parcel {
    h5_packed *array;
    uint64_t row, col;
    unsigned char *bytes;
    size_t n;
    uint32_t mask;                 /* 1: it did not become smaller and is stored plain */
} parcel;

struct h5_archive {
    int n_threads;
    h5_packed *first, **last;
    parcel *queue;
    size_t n_queue, queue_cap, queue_bytes;
    struct libdeflate_compressor **compressors;
    unsigned char **work;          /* by thread, like the compressors */
};

seg_status h5_archive_new(int n_threads, h5_archive **out, seg_error *err)
{
    seg_status st = SEG_OK;
    h5_archive *a = NULL;
    *out = NULL;
    TRY(SEG_ALLOC(&a, 1, "an archive", err));
    a->n_threads = n_threads;
    a->last = &a->first;
    TRY(SEG_ALLOC(&a->compressors, (size_t)n_threads, "an archive", err));
    TRY(SEG_ALLOC(&a->work, (size_t)n_threads, "an archive", err));
    for (int t = 0; t < n_threads; t++) {
        TRY(SEG_ALLOC(&a->work[t], MOST_CHUNK_BYTES, "a chunk", err));
        a->compressors[t] = libdeflate_alloc_compressor(LEVEL);
        if (a->compressors[t] == NULL) {
            st = seg_fail(err, SEG_E_AGAIN, "cannot allocate memory for compressing");
            goto done;
        }
    }
    *out = a;
    a = NULL;

done:
    h5_archive_free(a);
    return st;
}

static void free_packed(h5_packed *p)
{
    if (p->id >= 0)
        H5Dclose(p->id);
    for (uint64_t c = 0; p->chunks != NULL && c < p->across; c++)
        seg_free(p->chunks[c]);
    seg_free(p->chunks);
    seg_free(p);
}

void h5_archive_free(h5_archive *a)
{
    if (a == NULL)
        return;
    for (h5_packed *p = a->first, *next; p != NULL; p = next) {
        next = p->next;
        free_packed(p);
    }
    for (size_t i = 0; i < a->n_queue; i++)
        seg_free(a->queue[i].bytes);
    for (int t = 0; t < a->n_threads; t++) {
        if (a->compressors != NULL && a->compressors[t] != NULL)
            libdeflate_free_compressor(a->compressors[t]);
        if (a->work != NULL)
            seg_free(a->work[t]);
    }
    seg_free(a->compressors);
    seg_free(a->work);
    seg_free(a->queue);
    seg_free(a);
}

/* ---- arrays --------------------------------------------------------------------- */

/* Columns of 16,384 rows; wide matrices, of which that many rows are much memory, in
 * chunks of as many values but fewer rows. Long texts in fewer rows too. */
static void choose_chunk(h5_packed *p)
{
    p->rows = p->n_rows < CHUNK_ROWS ? p->n_rows : CHUNK_ROWS;
    p->cols = 1;
    while (p->rows > LEAST_ROWS && p->rows * p->n_cols * p->element > MOST_GATHERED_BYTES &&
           p->cols * 2 <= p->n_cols) {
        p->rows /= 2;
        p->cols *= 2;
    }
    while (p->rows > 1 && p->rows * p->cols * p->element > MOST_CHUNK_BYTES)
        p->rows /= 2;
    p->across = (p->n_cols + p->cols - 1) / p->cols;
}

bool h5_archive_wants(const h5_archive *a, const h5_shape *shape)
{
    size_t element = shape->narrow != 0 ? shape->narrow : h5_cell_bytes(shape->type, shape->width);
    uint64_t n_cols = shape->rank == 2 ? shape->n_cols : 1, bytes;
    return a != NULL && shape->rank > 0 && element > 0 && element <= MOST_CHUNK_BYTES &&
           !__builtin_mul_overflow(shape->n_rows, n_cols, &bytes) &&
           !__builtin_mul_overflow(bytes, element, &bytes) && bytes >= LEAST_BYTES;
}

hid_t h5_packed_plist(const h5_packed *p, int rank)
{
    hsize_t dims[2] = { p->rows, p->cols };
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    if (plist >= 0 && H5Pset_chunk(plist, rank, dims) >= 0 &&
        H5Pset_alloc_time(plist, H5D_ALLOC_TIME_INCR) >= 0 &&
        H5Pset_fill_time(plist, H5D_FILL_TIME_NEVER) >= 0 &&
        H5Pset_obj_track_times(plist, false) >= 0 && H5Pset_deflate(plist, LEVEL) >= 0)
        return plist;
    if (plist >= 0)
        H5Pclose(plist);
    return H5I_INVALID_HID;
}

seg_status h5_packed_new(h5_archive *a, const h5_shape *shape, h5_packed **out, seg_error *err)
{
    h5_packed *p;
    seg_status st = SEG_ALLOC(&p, 1, "an array", err);
    *out = p;
    if (st != SEG_OK)
        return st;
    *p = (h5_packed){ .id = H5I_INVALID_HID, .type = shape->type, .narrow = shape->narrow,
                      .n_rows = shape->n_rows, .n_cols = shape->rank == 2 ? shape->n_cols : 1 };
    p->element = p->narrow != 0 ? p->narrow : h5_cell_bytes(shape->type, shape->width);
    choose_chunk(p);
    *a->last = p;                  /* the archive frees it from here on */
    a->last = &p->next;
    return SEG_ALLOC(&p->chunks, p->across, "chunks of an array", err);
}

void h5_packed_set(h5_packed *p, hid_t id) { p->id = id; }

/* ---- deflating -------------------------------------------------------------------- */

static void deflate_one(void *arg, size_t task, int thread)
{
    h5_archive *a = arg;
    parcel *p = &a->queue[task];
    size_t n = libdeflate_zlib_compress(a->compressors[thread], p->bytes, p->n, a->work[thread],
                                        p->n - 1);
    p->mask = n == 0;
    if (n > 0) {
        memcpy(p->bytes, a->work[thread], n);
        p->n = n;
    }
}

static seg_status send(h5_archive *a, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_team_run(a->n_threads, a->n_queue, deflate_one, a);
    for (size_t i = 0; i < a->n_queue; i++) {
        parcel *p = &a->queue[i];
        hsize_t at[2] = { p->row, p->col };
        if (st == SEG_OK &&
            H5Dwrite_chunk(p->array->id, H5P_DEFAULT, p->mask, at, p->n, p->bytes) < 0)
            st = h5_fail(err, SEG_E_IO, "could not write a compressed chunk");
        seg_free(p->bytes);
    }
    a->n_queue = a->queue_bytes = 0;
    return st;
}

/* The chunks being filled, all of the same rows, go to the queue. */
static seg_status enqueue(h5_archive *a, h5_packed *p, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = p->rows * p->cols * p->element;
    uint64_t row = (p->n_added - 1) / p->rows * p->rows;
    for (uint64_t c = 0; c < p->across; c++) {
        TRY(SEG_GROW(&a->queue, &a->queue_cap, a->n_queue + 1, "chunks", err));
        a->queue[a->n_queue++] = (parcel){ p, row, c * p->cols, p->chunks[c], n, 0 };
        p->chunks[c] = NULL;
        a->queue_bytes += n;
        if (a->queue_bytes >= QUEUE_BYTES)
            TRY(send(a, err));
    }

done:
    return st;
}

/* ---- rows -------------------------------------------------------------------------- */

/* Values of one column into its chunk. */
static void gather_singles(const float *from, size_t stride, size_t n, float *to)
{
    for (size_t r = 0; r < n; r++) {
        float v = from[r * stride];
        to[r] = v == v ? v : NAN;
    }
}

static void narrow_codes(const int32_t *codes, size_t n, size_t bytes, unsigned char *to)
{
    int16_t *wide = (int16_t *)(void *)to;
    for (size_t i = 0; i < n; i++)
        if (bytes == 1)
            to[i] = (unsigned char)codes[i];
        else
            wide[i] = (int16_t)codes[i];
}

/* Every NaN is written as the same one. */
static void one_nan(const h5_packed *p, unsigned char *cells, size_t n)
{
    float *f = (float *)(void *)cells;
    double *d = (double *)(void *)cells;
    for (size_t i = 0; p->type == SEG_H5_F32 && i < n; i++)
        f[i] = f[i] == f[i] ? f[i] : NAN;
    for (size_t i = 0; p->type == SEG_H5_F64 && i < n; i++)
        d[i] = d[i] == d[i] ? d[i] : (double)NAN;
}

/* n rows, row_bytes from one to the next, to place `at` of the chunks. */
static void gather(h5_packed *p, const unsigned char *rows, size_t row_bytes, size_t n,
                   uint64_t at)
{
    enum { TILE = 64 };            /* rows whose lines stay in the cache */
    if (p->narrow != 0) {
        narrow_codes((const int32_t *)(const void *)rows, n, p->narrow,
                     p->chunks[0] + at * p->narrow);
        return;
    }
    bool singles = p->cols == 1 && p->type == SEG_H5_F32;
    for (size_t r = 0; r < n; r += TILE) {
        size_t some = n - r < TILE ? n - r : TILE;
        for (uint64_t c = 0; c < p->across; c++) {
            const unsigned char *from = rows + r * row_bytes + c * p->cols * p->element;
            unsigned char *to = p->chunks[c] + (at + r) * p->cols * p->element;
            uint64_t left = p->n_cols - c * p->cols, width = left < p->cols ? left : p->cols;
            if (singles) {
                gather_singles((const float *)(const void *)from, row_bytes / sizeof(float),
                               some, (float *)(void *)to);
                continue;
            }
            for (size_t i = 0; i < some; i++) {
                memcpy(to + i * p->cols * p->element, from + i * row_bytes, width * p->element);
                one_nan(p, to + i * p->cols * p->element, width);
            }
        }
    }
}

seg_status h5_packed_add(h5_archive *a, h5_packed *p, const void *rows, size_t row_bytes,
                         uint64_t n_rows, seg_error *err)
{
    seg_status st = SEG_OK;
    const unsigned char *from = rows;
    if (n_rows > p->n_rows - p->n_added)
        return seg_fail(err, SEG_E_IO, "an array of %llu rows is given %llu",
                        (unsigned long long)p->n_rows,
                        (unsigned long long)(p->n_added + n_rows));
    while (n_rows > 0) {
        uint64_t at = p->n_added % p->rows, room = p->rows - at;
        uint64_t n = n_rows < room ? n_rows : room;
        for (uint64_t c = 0; c < p->across; c++)
            if (p->chunks[c] == NULL)
                TRY(SEG_ALLOC(&p->chunks[c], p->rows * p->cols * p->element, "a chunk", err));
        gather(p, from, row_bytes, n, at);
        p->n_added += n;
        n_rows -= n;
        from += n * row_bytes;
        if (p->n_added % p->rows == 0)
            TRY(enqueue(a, p, err));
    }

done:
    return st;
}

seg_status h5_archive_finish(h5_archive *a, seg_error *err)
{
    seg_status st = SEG_OK;
    for (h5_packed *p = a->first; p != NULL; p = p->next)
        if (p->n_added % p->rows != 0)
            TRY(enqueue(a, p, err));
    TRY(send(a, err));
    for (h5_packed *p = a->first; p != NULL; p = p->next) {
        H5Dclose(p->id);
        p->id = H5I_INVALID_HID;
    }

done:
    return st;
}
