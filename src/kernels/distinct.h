/* distinct.h: how many different values there are: exact while they are few, then estimated
 * in bounded memory. */
#ifndef SEGMILL_KERNELS_DISTINCT_H
#define SEGMILL_KERNELS_DISTINCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

/* What is kept are the smallest hashes seen: a function of the set of values alone, so that
 * neither order nor blocks nor threads matter. */
typedef struct seg_distinct {
    uint64_t *table;     /* mask + 1 places, open addressing; 0: free; one more, always free */
    uint64_t limit;      /* only hashes below it count any more */
    size_t mask;         /* grows to 4 * keep - 1: a table for few values is near */
    size_t n, keep;      /* keep: a power of two */
} seg_distinct;

/* keep: a power of two, 16 .. 2048. Exact for up to 2 * keep values; then the standard error
 * is 1 / sqrt(keep). */
seg_status seg_distinct_new(size_t keep, seg_distinct *out, seg_error *err);
void seg_distinct_free(seg_distinct *set);

/* hash: uniform, of equal values equal, of others (nearly always) not; its lowest bit is
 * not used. Inline: the usual value was seen already, or lies beyond the limit. */
void seg_distinct_insert(seg_distinct *set, uint64_t hash);
static inline void seg_distinct_add(seg_distinct *set, uint64_t hash)
{
    hash |= 1;
    if (hash < set->limit && set->table[(hash >> 32) & set->mask] != hash)
        seg_distinct_insert(set, hash);
}

/* The same of n hashes that are given by their upper half; those equal to `none` are left out. */
void seg_distinct_add_many(seg_distinct *set, const uint32_t *hashes, size_t n, uint32_t none);

/* Number of different values; *exact tells if it is one. After it, nothing may be added. */
double seg_distinct_count(seg_distinct *set, bool *exact);

/* Whole numbers to hashes: one to one. */
static inline uint32_t seg_mix32(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x7feb352dU;
    x ^= x >> 15;
    x *= 0x846ca68bU;
    return x ^ x >> 16;
}

static inline uint64_t seg_mix64(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

#endif
