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

#endif
