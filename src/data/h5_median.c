/* h5_median.c: the median of every feature, of all rows or of a sample of 65,536 of them.
 * The rows of the sample are known beforehand and kept as they pass, if memory allows; else
 * they are read back, a group of features at a time. */
#include "data/h5_table.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/hash.h"
#include "base/team.h"
#include "base/try.h"

enum { SAMPLE_ROWS = 65536, BINS = 1 << 16, KEPT_BYTES = 64 << 20, GROUP_BYTES = 32 << 20 };

/* ---- the sample ------------------------------------------------------------------ */

static uint64_t part_start(const h5_sample *s, uint64_t i)
{
    return (uint64_t)((unsigned __int128)s->n_rows * i / s->n);
}

static uint64_t sample_row(const h5_sample *s, uint64_t i)
{
    if (s->n_rows == s->n)
        return i;
    uint64_t from = part_start(s, i), end = part_start(s, i + 1);
    return from + seg_xxh3(&i, sizeof i) % (end - from);
}

seg_status h5_sample_begin(h5_sample *s, const char *path, bool spill, seg_error *err)
{
    uint64_t limit = seg_alloc_limit() / 8, bytes;
    s->n = s->n_rows < SAMPLE_ROWS ? s->n_rows : SAMPLE_ROWS;
    if (limit == 0 || limit > KEPT_BYTES)
        limit = KEPT_BYTES;
    if (!__builtin_mul_overflow(s->n, (uint64_t)s->d * sizeof(float), &bytes) && bytes <= limit)
        return SEG_ALLOC(&s->rows, bytes / sizeof(float), "a sample for medians", err);
    return spill ? seg_file_create(path, &s->spill, err) : SEG_OK;
}

void h5_sample_end(h5_sample *s)
{
    seg_free(s->rows);
    seg_file_close(s->spill);
    s->rows = NULL;
    s->spill = NULL;
}

seg_status h5_sample_add(h5_sample *s, const float *x, uint64_t first_row, size_t n_rows,
                         seg_error *err)
{
    seg_status st = SEG_OK;
    if (s->rows == NULL && s->spill == NULL)
        return SEG_OK;
    uint64_t i = (uint64_t)((unsigned __int128)first_row * s->n / s->n_rows);
    for (; i < s->n && part_start(s, i) < first_row + n_rows && st == SEG_OK; i++) {
        uint64_t row = sample_row(s, i);
        if (row < first_row || row >= first_row + n_rows)
            continue;
        const float *from = x + (row - first_row) * s->d;
        if (s->rows != NULL)
            memcpy(s->rows + i * s->d, from, s->d * sizeof(float));
        else
            st = seg_file_pwrite(s->spill, from, s->d * sizeof(float), i * s->d * sizeof(float),
                                 err);
    }
    return st;
}

/* ---- one median ------------------------------------------------------------------- */

/* Unsigned numbers in the order of the floats. */
static uint32_t to_key(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

static double from_key(uint32_t key)
{
    uint32_t bits = (key & 0x80000000u) != 0 ? key & 0x7fffffffu : ~key;
    float v;
    memcpy(&v, &bits, sizeof v);
    return (double)v;
}

/* The bin in which the `*rank`-th number lies; the rank becomes the one within it. */
static uint32_t find_bin(const uint32_t *bins, size_t *rank)
{
    uint32_t b = 0;
    while (*rank >= bins[b])
        *rank -= bins[b++];
    return b;
}

/* The number of that rank: first its upper 16 bits, then the lower ones. */
static double select_rank(const uint32_t *keys, size_t n, size_t rank, uint32_t *bins)
{
    memset(bins, 0, BINS * sizeof *bins);
    for (size_t i = 0; i < n; i++)
        bins[keys[i] >> 16]++;
    uint32_t upper = find_bin(bins, &rank);
    memset(bins, 0, BINS * sizeof *bins);
    for (size_t i = 0; i < n; i++)
        if (keys[i] >> 16 == upper)
            bins[keys[i] & 0xffff]++;
    return from_key(upper << 16 | find_bin(bins, &rank));
}

static double median_of(const float *column, size_t stride, uint64_t n_rows, uint32_t *keys,
                        uint32_t *bins)
{
    size_t n = 0;
    for (uint64_t r = 0; r < n_rows; r++)
        if (column[r * stride] == column[r * stride])
            keys[n++] = to_key(column[r * stride]);
    if (n == 0)
        return NAN;
    double low = select_rank(keys, n, (n - 1) / 2, bins);
    return n % 2 != 0 ? low : (low + select_rank(keys, n, n / 2, bins)) / 2;
}

/* ---- all ---------------------------------------------------------------------------- */

/* A group of features, n rows of them, and what each thread needs. */
typedef struct group {
    const h5_sample *sample;
    const float *rows;
    float *read;                 /* what `rows` points at when it is read back */
    size_t stride, first, n_features;
    int fd;
    uint64_t offset;
    uint32_t *keys, *bins;       /* of all threads */
    double *medians;
    seg_status *status;          /* of reading, by thread */
    seg_error *errors;
} group;

enum { READ_ROWS = 1024 };

static void find_median(void *arg, size_t task, int thread)
{
    group *g = arg;
    size_t n = g->sample->n, f = g->first + task;
    g->medians[f] = median_of(g->rows + task, g->stride, n, g->keys + (size_t)thread * n,
                              g->bins + (size_t)thread * BINS);
}

static void read_rows(void *arg, size_t task, int thread)
{
    group *g = arg;
    const h5_sample *s = g->sample;
    uint64_t first = task * READ_ROWS, end = first + READ_ROWS < s->n ? first + READ_ROWS : s->n;
    for (uint64_t i = first; i < end && g->status[thread] == SEG_OK; i++) {
        uint64_t row = s->spill != NULL ? i : sample_row(s, i);
        g->status[thread] = seg_pread_all(g->fd, g->read + i * g->stride,
                                          g->n_features * sizeof(float),
                                          g->offset + (row * s->d + g->first) * sizeof(float),
                                          "X", &g->errors[thread]);
    }
}

static seg_status read_group(group *g, seg_error *err)
{
    const h5_sample *s = g->sample;
    seg_team_run(s->n_threads, (s->n + READ_ROWS - 1) / READ_ROWS, read_rows, g);
    for (int t = 0; t < s->n_threads; t++)
        if (g->status[t] != SEG_OK) {
            if (err != NULL)
                *err = g->errors[t];
            return g->status[t];
        }
    return SEG_OK;
}

/* Features of which a sample fits the memory meant for it. */
static size_t features_at_a_time(const h5_sample *s)
{
    size_t most = GROUP_BYTES / sizeof(float) / (s->n == 0 ? 1 : s->n);
    return s->rows != NULL || most > s->d ? s->d : most;
}

seg_status h5_sample_medians(const h5_sample *s, int fd, uint64_t offset, double *medians,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    size_t wide = features_at_a_time(s), n_threads = (size_t)s->n_threads;
    group g = { .sample = s, .stride = wide, .rows = s->rows, .medians = medians,
                .fd = s->spill != NULL ? seg_file_fd(s->spill) : fd,
                .offset = s->spill != NULL ? 0 : offset };
    TRY(SEG_ALLOC(&g.keys, s->n * n_threads, "a sample for medians", err));
    TRY(SEG_ALLOC(&g.bins, BINS * n_threads, "a sample for medians", err));
    TRY(SEG_ALLOC(&g.status, n_threads, "a sample for medians", err));
    TRY(SEG_ALLOC(&g.errors, n_threads, "a sample for medians", err));
    if (s->rows == NULL) {
        TRY(SEG_ALLOC(&g.read, s->n * wide, "a sample for medians", err));
        g.rows = g.read;
    }
    for (; g.first < s->d; g.first += wide) {
        g.n_features = s->d - g.first < wide ? s->d - g.first : wide;
        if (s->rows == NULL)
            TRY(read_group(&g, err));
        seg_team_run(s->n_threads, g.n_features, find_median, &g);
    }

done:
    seg_free(g.keys);
    seg_free(g.bins);
    seg_free(g.status);
    seg_free(g.errors);
    seg_free(g.read);
    return st;
}
