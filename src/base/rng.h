/* rng.h: random numbers that depend on what they are for, not on when they are
 * drawn: number i of stream s is the same in any thread, block and order. */
#ifndef SEGMILL_BASE_RNG_H
#define SEGMILL_BASE_RNG_H

#include <stdint.h>

typedef struct seg_rng {
    uint64_t seed;
    uint64_t stream;   /* one per purpose: sampling, start of restart 3, ... */
} seg_rng;

/* Uniform 64 bits. Source: J. Salmon et al., "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011 (Philox4x32-10); counter = (i, stream), key = seed. */
uint64_t seg_rng_u64(seg_rng rng, uint64_t i);

/* Uniform in [0, 1), 53 bits; and in (0, 1), for logarithms. */
double seg_rng_f64(seg_rng rng, uint64_t i);
double seg_rng_open(seg_rng rng, uint64_t i);

/* Uniform in 0 .. n-1 (n > 0), without bias. */
uint64_t seg_rng_below(seg_rng rng, uint64_t i, uint64_t n);

/* 32 bits of a row for a key that was drawn once: two multiplications instead of ten rounds,
 * good enough to choose rows by. */
static inline uint32_t seg_rng_row(uint64_t key, uint32_t row)
{
    uint64_t x = (row + key) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return (uint32_t)(x >> 32);
}

#endif
