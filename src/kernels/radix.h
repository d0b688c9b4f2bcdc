/* radix.h: sorting whole numbers and fixed-width texts, stable and without surprises. */
#ifndef SEGMILL_KERNELS_RADIX_H
#define SEGMILL_KERNELS_RADIX_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "segmill/status.h"

/* A key that sorts as the signed number does. */
static inline uint64_t seg_radix_key(int64_t value)
{
    return (uint64_t)value ^ (UINT64_C(1) << 63);
}

static inline int64_t seg_radix_value(uint64_t key)
{
    return (int64_t)(key ^ (UINT64_C(1) << 63));
}

/* The same for finite floats; -0 is 0. */
static inline uint64_t seg_radix_float_key(float value)
{
    uint32_t bits;
    value += 0.0F;
    memcpy(&bits, &value, sizeof bits);
    return bits >> 31 != 0 ? (uint32_t)~bits : bits | UINT32_C(1) << 31;
}

static inline float seg_radix_float(uint64_t key)
{
    uint32_t bits = (uint32_t)key;
    float value;
    bits = bits >> 31 != 0 ? bits & ~(UINT32_C(1) << 31) : ~bits;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Sort n keys ascending, carrying one number each (rows may be null); equal keys keep
 * their order. The two temporary arrays have room for n (rows_temp null if rows is).
 * Time: one pass to count, one per byte in which the keys differ. */
void seg_radix_sort(uint64_t *keys, uint32_t *rows, size_t n, uint64_t *keys_temp,
                    uint32_t *rows_temp);

/* n keys ascending. temp has room for n. For arrays that fit in the second cache: fewer and
 * wider digits. */
void seg_radix_sort_u32(uint32_t *keys, size_t n, uint32_t *temp);

/* The rows 0 .. n-1 of n fixed-width, null-padded cells in ascending order of their
 * bytes; equal cells in order of row. width is a multiple of 8, n below 2^32.
 * *order is allocated (seg_free). */
seg_status seg_radix_order(const char *cells, size_t width, size_t n, uint32_t **order,
                           seg_error *err);

#endif
