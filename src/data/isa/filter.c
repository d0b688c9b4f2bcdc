/* filter.c: byte loops of HDF5's filters: unshuffle (the bytes of numbers, which lie apart
 * by their place, put together again) and the Fletcher checksum. */
#include "base/isa_name.h"
#include "data/simd.h"

#include <string.h>

static void unshuffle2(const unsigned char *restrict in, size_t n, unsigned char *restrict out)
{
    const unsigned char *b = in + n;
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = in[i];
        out[2 * i + 1] = b[i];
    }
}

static void unshuffle4(const unsigned char *restrict in, size_t n, unsigned char *restrict out)
{
    const unsigned char *b = in + n, *c = in + 2 * n, *d = in + 3 * n;
    for (size_t i = 0; i < n; i++) {
        out[4 * i] = in[i];
        out[4 * i + 1] = b[i];
        out[4 * i + 2] = c[i];
        out[4 * i + 3] = d[i];
    }
}

/* As two halves of four bytes each: then put together. */
static void unshuffle8(const unsigned char *restrict in, size_t n, unsigned char *restrict out)
{
    const unsigned char *e = in + 4 * n;
    for (size_t i = 0; i < n; i++) {
        uint32_t low = (uint32_t)in[i] | (uint32_t)in[n + i] << 8 |
                       (uint32_t)in[2 * n + i] << 16 | (uint32_t)in[3 * n + i] << 24;
        uint32_t high = (uint32_t)e[i] | (uint32_t)e[n + i] << 8 |
                        (uint32_t)e[2 * n + i] << 16 | (uint32_t)e[3 * n + i] << 24;
        memcpy(out + 8 * i, &low, 4);
        memcpy(out + 8 * i + 4, &high, 4);
    }
}

void ISA_NAME(seg_unshuffle)(const unsigned char *in, size_t n, size_t size, unsigned char *out)
{
    size_t count = n / size;
    if (size == 2)
        unshuffle2(in, count, out);
    else if (size == 4)
        unshuffle4(in, count, out);
    else if (size == 8)
        unshuffle8(in, count, out);
    else
        for (size_t b = 0; b < size; b++)
            for (size_t i = 0; i < count; i++)
                out[i * size + b] = in[b * count + i];
    memcpy(out + count * size, in + count * size, n - count * size);
}

static uint32_t fold(uint32_t sum)
{
    return (sum & 0xffff) + (sum >> 16);
}

/* Fletcher's two sums over big-endian pairs of bytes: the second one adds the first after
 * each pair, which over 360 pairs (the most that cannot overflow) is a weighted sum. */
uint32_t ISA_NAME(seg_fletcher32)(const unsigned char *p, size_t n)
{
    enum { MOST = 360 };
    uint32_t low = 0, high = 0;
    for (size_t pairs = n / 2; pairs > 0;) {
        uint32_t some = pairs > MOST ? MOST : (uint32_t)pairs, sum = 0, weighted = 0;
        for (uint32_t i = 0; i < some; i++) {
            uint32_t pair = (uint32_t)p[2 * i] << 8 | p[2 * i + 1];
            sum += pair;
            weighted += (some - i) * pair;
        }
        high = fold(high + some * low + weighted);
        low = fold(low + sum);
        pairs -= some;
        p += 2 * some;
    }
    if (n % 2 != 0) {
        low += (uint32_t)p[0] << 8;
        high = fold(high + low);
        low = fold(low);
    }
    return fold(high) << 16 | fold(low);
}
