/* rng.c: Philox4x32-10: ten rounds of two multiplications over a counter of 128 bits.
 * A number costs about 8 ns and has no state: that is what makes results independent
 * of threads and blocks. */
#include "base/rng.h"

typedef struct block {
    uint32_t w[4];
} block;

static block philox(seg_rng rng, uint64_t i)
{
    uint32_t k0 = (uint32_t)rng.seed, k1 = (uint32_t)(rng.seed >> 32);
    block c = { { (uint32_t)i, (uint32_t)(i >> 32), (uint32_t)rng.stream,
                  (uint32_t)(rng.stream >> 32) } };
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xd2511f53u * c.w[0];
        uint64_t p1 = (uint64_t)0xcd9e8d57u * c.w[2];
        c = (block){ { (uint32_t)(p1 >> 32) ^ c.w[1] ^ k0, (uint32_t)p1,
                       (uint32_t)(p0 >> 32) ^ c.w[3] ^ k1, (uint32_t)p0 } };
        k0 += 0x9e3779b9u;
        k1 += 0xbb67ae85u;
    }
    return c;
}

uint64_t seg_rng_u64(seg_rng rng, uint64_t i)
{
    block b = philox(rng, i);
    return b.w[0] | (uint64_t)b.w[1] << 32;
}

double seg_rng_f64(seg_rng rng, uint64_t i)
{
    return (double)(seg_rng_u64(rng, i) >> 11) * 0x1p-53;
}

/* The middles of 2^52 equal parts: never 0, never 1, and exact. */
double seg_rng_open(seg_rng rng, uint64_t i)
{
    return ((double)(seg_rng_u64(rng, i) >> 12) + 0.5) * 0x1p-52;
}

/* D. Lemire, "Fast random integer generation in an interval", TOMACS 29 (2019): the
 * high half of x * n; the few x that would make some answers more likely are drawn
 * again, under another key. */
uint64_t seg_rng_below(seg_rng rng, uint64_t i, uint64_t n)
{
    __extension__ typedef unsigned __int128 u128;
    u128 product = (u128)seg_rng_u64(rng, i) * n;
    if ((uint64_t)product < n) {
        uint64_t unfair = (0 - n) % n;
        while ((uint64_t)product < unfair) {
            rng.seed += 0x9e3779b97f4a7c15u;
            product = (u128)seg_rng_u64(rng, i) * n;
        }
    }
    return (uint64_t)(product >> 64);
}
