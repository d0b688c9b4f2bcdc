/* tree_histogram.c: adding rows to a histogram, a record at a time.
 *
 * A record of 32 columns is one load; the columns' tables lie a fixed distance apart, so that
 * each addition is an index, a load, an addition and a store. The rows come by a list: their
 * records are asked for before they are needed. */
#include "kernels/tree_histogram.h"

#include "kernels/tree_bins.h"

enum { AHEAD = 24 };

size_t seg_histogram_size(size_t n_columns)
{
    return n_columns * SEG_HISTOGRAM_BINS;
}

/* n_columns is a constant where this is called, so that the loop is laid out straight. */
static inline __attribute__((always_inline)) void
add_columns(const uint8_t *bytes, size_t n_columns, const uint32_t *rows, size_t n,
            const seg_row_value *values, seg_pair *histogram)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t next = rows[i + AHEAD < n ? i + AHEAD : n - 1];
        __builtin_prefetch(bytes + (size_t)next * SEG_RECORD_BYTES);
        const uint8_t *record = bytes + (size_t)rows[i] * SEG_RECORD_BYTES;
        seg_pair pair = seg_row_pair(values[rows[i]]);
        #pragma GCC unroll 32
        for (size_t c = 0; c < n_columns; c++)
            histogram[c * SEG_HISTOGRAM_BINS + record[c]] += pair;
    }
}

/* Half a record at a time: its tables are 32 KiB then, what the nearest cache holds. */
static void add_half(const uint8_t *bytes, size_t n_columns, const uint32_t *rows, size_t n,
                     const seg_row_value *values, seg_pair *histogram)
{
    switch (n_columns) {
    #define CASE(k) case k: add_columns(bytes, k, rows, n, values, histogram); break
    CASE(1); CASE(2); CASE(3); CASE(4); CASE(5); CASE(6); CASE(7); CASE(8);
    CASE(9); CASE(10); CASE(11); CASE(12); CASE(13); CASE(14); CASE(15); CASE(16);
    #undef CASE
    default: break;
    }
}

void seg_histogram_add(const seg_records *records, const uint32_t *rows, size_t n,
                       const seg_row_value *values, seg_pair *histogram)
{
    enum { HALF = SEG_RECORD_BYTES / 2, STEP = 2048 };   /* rows whose records stay near */
    for (size_t first = 0; first < n; first += STEP) {
        size_t count = n - first < STEP ? n - first : STEP;
        for (size_t c = 0; c < records->n_columns; c += HALF) {
            size_t left = records->n_columns - c, group = c / SEG_RECORD_BYTES;
            const uint8_t *bytes = records->bytes
                                   + group * records->capacity * SEG_RECORD_BYTES
                                   + c % SEG_RECORD_BYTES;
            add_half(bytes, left < HALF ? left : HALF, rows + first, count, values,
                     histogram + c * SEG_HISTOGRAM_BINS);
        }
    }
}

void seg_histogram_merge(seg_pair *into, const seg_pair *from, size_t size)
{
    for (size_t i = 0; i < size; i++)
        into[i] += from[i];
}

void seg_histogram_subtract(seg_pair *into, const seg_pair *all, const seg_pair *part,
                            size_t size)
{
    for (size_t i = 0; i < size; i++)
        into[i] = all[i] - part[i];
}
