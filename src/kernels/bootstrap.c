/* bootstrap.c: resamples by Poisson weights, and halves.
 *
 * A Poisson(1) number is found by inversion among whole numbers: how many of the bounds
 * floor(2^64 P(X <= j)) a uniform 64-bit number reaches. No logarithm, so no rounding. */
#include "kernels/bootstrap.h"

#include "base/rng.h"

/* Purposes, in the high half of the stream; the repetition is in the low half. */
enum { DRAW = 0xB001, HALF = 0xB002 };

static seg_rng stream_of(uint64_t seed, uint64_t purpose, uint64_t b)
{
    return (seg_rng){ .seed = seed, .stream = purpose << 48 ^ b };
}

static unsigned poisson(uint64_t u)
{
    static const uint64_t bounds[] = {
        0x5e2d58d8b3bcdf1a, 0xbc5ab1b16779be35, 0xeb715e1dc1582dc2, 0xfb23979734a252f1,
        0xff1025f59174dc3d, 0xffd90f3ba4055e19, 0xfffa8b71fc72c913, 0xffff540c0914b3c9,
        0xffffed1f4aa8f120, 0xfffffe216e641462, 0xffffffd4d85d3183, 0xfffffffc6da262b4,
        0xffffffffba12d178, 0xfffffffffb07c64c, 0xffffffffffab8ea5, 0xfffffffffffabe22,
        0xffffffffffffb11a, 0xfffffffffffffba1, 0xffffffffffffffc5, 0xfffffffffffffffd,
    };
    unsigned n = 0;
    while (n < sizeof bounds / sizeof *bounds && u >= bounds[n])
        n++;
    return n;
}

seg_status seg_bootstrap_draw(uint64_t seed, uint64_t b, const uint64_t *weight,
                              uint64_t first_row, size_t n, uint64_t *times, seg_error *err)
{
    seg_rng rng = stream_of(seed, DRAW, b);
    for (size_t i = 0; i < n; i++) {
        uint64_t drawn = poisson(seg_rng_u64(rng, first_row + i));
        if (__builtin_mul_overflow(drawn, weight == NULL ? 1 : weight[i], &times[i]))
            return seg_fail(err, SEG_E_DATA, "the weight of row %llu is too large to be drawn"
                            " %u times", (unsigned long long)(first_row + i), (unsigned)drawn);
    }
    return SEG_OK;
}

void seg_bootstrap_halves(uint64_t seed, uint64_t b, uint64_t first_row, size_t n,
                          uint8_t *half)
{
    seg_rng rng = stream_of(seed, HALF, b);
    for (size_t i = 0; i < n; i++)
        half[i] = (uint8_t)(seg_rng_u64(rng, first_row + i) >> 63);
}
