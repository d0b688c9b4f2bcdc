/* tree_histogram.h: what the rows of a node bring, bin by bin.
 *
 * Every row brings two whole numbers, a and b: (class, 1) when classes are counted,
 * (gradient, hessian) in fixed point when trees are boosted, (target, 1) when a number is
 * fitted. A bin holds their sums side by side in one 64-bit integer, so that adding a row is
 * one load, one addition and one store. Sums of integers depend on no order. */
#ifndef SEGMILL_KERNELS_TREE_HISTOGRAM_H
#define SEGMILL_KERNELS_TREE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum {
    SEG_HISTOGRAM_BINS = 256,
    SEG_ROW_A_MAX = INT16_MAX, SEG_ROW_B_MAX = UINT16_MAX
};

/* a in the upper 16 bits, signed; b in the lower. */
typedef uint32_t seg_row_value;
/* Sum of a in the upper 32 bits, signed; sum of b in the lower. All rows together must fit:
 * sum |a| < 2^31, sum b < 2^32. Pairs add and subtract as whole integers. */
typedef int64_t seg_pair;

static inline seg_row_value seg_row_value_of(int32_t a, uint32_t b)
{
    return (uint32_t)a << 16 | b;
}

static inline int32_t seg_row_a(seg_row_value v) { return (int32_t)v >> 16; }

static inline seg_pair seg_row_pair(seg_row_value v)
{
    return (seg_pair)(((uint64_t)(int64_t)seg_row_a(v) << 32) + (v & 0xffff));
}

static inline int64_t seg_pair_a(seg_pair p) { return p >> 32; }
static inline int64_t seg_pair_b(seg_pair p) { return (int64_t)(uint32_t)p; }

/* Records as seg_bins_records() leaves them. */
typedef struct seg_records {
    const uint8_t *bytes;
    size_t capacity;        /* rows between two groups of columns */
    size_t n_columns;
} seg_records;

/* Entries of a histogram of all columns: [column][SEG_HISTOGRAM_BINS]. */
size_t seg_histogram_size(size_t n_columns);

/* Add n rows to a histogram. values: by row. One thread. */
void seg_histogram_add(const seg_records *records, const uint32_t *rows, size_t n,
                       const seg_row_value *values, seg_pair *histogram);
/* into += from; into = all - part. */
void seg_histogram_merge(seg_pair *into, const seg_pair *from, size_t size);
void seg_histogram_subtract(seg_pair *into, const seg_pair *all, const seg_pair *part,
                            size_t size);

#endif
