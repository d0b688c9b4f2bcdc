/* to_f32.c: numbers of any width and byte order as float32. Plain loops that compilers
 * turn into whole registers; every step is exact or rounds once, to nearest, so that all
 * levels agree bit for bit. Whole numbers of 64 bits go through float64, as the plain
 * conversion of h5_convert.c does. */
#include "base/isa_name.h"
#include "data/simd.h"

#include <float.h>
#include <math.h>
#include <string.h>


static inline uint16_t swap16(uint16_t v)
{
    return (uint16_t)(v << 8 | v >> 8);
}

static inline uint32_t swap32(uint32_t v)
{
    return __builtin_bswap32(v);
}

static inline uint64_t swap64(uint64_t v)
{
    return __builtin_bswap64(v);
}

#define AS_IT_IS(v) (v)

/* Whole numbers of `bits` bits, read as `type`, through `wide` to float. */
#define WHOLE(name, bits, swap, type, wide)                                                   \
    static void name(const unsigned char *restrict in, size_t n, float *restrict out)         \
    {                                                                                         \
        for (size_t i = 0; i < n; i++) {                                                      \
            uint##bits##_t v;                                                                 \
            memcpy(&v, in + i * sizeof v, sizeof v);                                          \
            out[i] = (float)(wide)(type)swap(v);                                              \
        }                                                                                     \
    }

WHOLE(i8, 8, AS_IT_IS, int8_t, int32_t)
WHOLE(u8, 8, AS_IT_IS, uint8_t, int32_t)
WHOLE(i16, 16, AS_IT_IS, int16_t, int32_t)
WHOLE(u16, 16, AS_IT_IS, uint16_t, int32_t)
WHOLE(i32, 32, AS_IT_IS, int32_t, int32_t)
WHOLE(u32, 32, AS_IT_IS, uint32_t, double)
WHOLE(i64, 64, AS_IT_IS, int64_t, double)
WHOLE(u64, 64, AS_IT_IS, uint64_t, double)
WHOLE(i16_be, 16, swap16, int16_t, int32_t)
WHOLE(u16_be, 16, swap16, uint16_t, int32_t)
WHOLE(i32_be, 32, swap32, int32_t, int32_t)
WHOLE(u32_be, 32, swap32, uint32_t, double)
WHOLE(i64_be, 64, swap64, int64_t, double)
WHOLE(u64_be, 64, swap64, uint64_t, double)

/* Binary16: 5 bits of exponent, 10 of fraction; every value is a float32. */
static inline float half(uint32_t h)
{
    uint32_t magnitude = h & 0x7fff, sign = (h & 0x8000) << 16;
    uint32_t normal = (magnitude << 13) + ((127u - 15u) << 23), small;
    float tiny = (float)(int32_t)magnitude * 0x1p-24f;   /* without the hidden bit */
    memcpy(&small, &tiny, sizeof small);
    uint32_t bits = magnitude < 0x400 ? small : normal;
    bits = magnitude >= 0x7c00 ? 0x7f800000 : bits;
    bits |= sign;
    bits = magnitude > 0x7c00 ? 0x7fc00000 : bits;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

#define HALF(name, swap)                                                                      \
    static void name(const unsigned char *restrict in, size_t n, float *restrict out)         \
    {                                                                                         \
        for (size_t i = 0; i < n; i++) {                                                      \
            uint16_t v;                                                                       \
            memcpy(&v, in + i * sizeof v, sizeof v);                                          \
            out[i] = half(swap(v));                                                           \
        }                                                                                     \
    }

HALF(f16, AS_IT_IS)
HALF(f16_be, swap16)

static void f32_be(const unsigned char *restrict in, size_t n, float *restrict out)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t v;
        memcpy(&v, in + i * sizeof v, sizeof v);
        v = swap32(v);
        memcpy(out + i, &v, sizeof v);
    }
}

static void f32(const unsigned char *restrict in, size_t n, float *restrict out)
{
    memcpy(out, in, n * sizeof *out);
}

static inline double real64(const unsigned char *in, bool swap)
{
    uint64_t v;
    double d;
    memcpy(&v, in, sizeof v);
    v = swap ? swap64(v) : v;
    memcpy(&d, &v, sizeof d);
    return d;
}

/* The only numbers that may not fit: finite ones that would become infinite. */
static size_t first_too_large(const unsigned char *in, size_t n, bool swap, const float *out)
{
    for (size_t i = 0; i < n; i++)
        if (fabsf(out[i]) > FLT_MAX && fabs(real64(in + i * 8, swap)) <= DBL_MAX)
            return i;
    return n;
}

static size_t f64(const unsigned char *restrict in, size_t n, bool swap, float *restrict out)
{
    enum { PART = 2048 };
    for (size_t i = 0; i < n; i += PART) {
        size_t m = n - i < PART ? n - i : PART;
        unsigned infinite = 0;
        if (swap)
            for (size_t j = 0; j < m; j++)
                out[i + j] = (float)real64(in + (i + j) * 8, true);
        else
            for (size_t j = 0; j < m; j++)
                out[i + j] = (float)real64(in + (i + j) * 8, false);
        for (size_t j = 0; j < m; j++)
            infinite += fabsf(out[i + j]) > FLT_MAX;
        size_t bad = infinite == 0 ? m : first_too_large(in + i * 8, m, swap, out + i);
        if (bad < m)
            return i + bad;
    }
    return n;
}

typedef void convert_fn(const unsigned char *restrict in, size_t n, float *restrict out);

static convert_fn *find(seg_raw raw)
{
    static convert_fn *const signed_[4][2] = { { i8, i8 }, { i16, i16_be }, { i32, i32_be },
                                               { i64, i64_be } };
    static convert_fn *const unsigned_[4][2] = { { u8, u8 }, { u16, u16_be }, { u32, u32_be },
                                                 { u64, u64_be } };
    static convert_fn *const real[4][2] = { { NULL }, { f16, f16_be }, { f32, f32_be },
                                            { NULL } };
    unsigned size = raw.size == 1 ? 0 : raw.size == 2 ? 1 : raw.size == 4 ? 2 : 3;
    return (raw.is_real ? real : raw.is_signed ? signed_ : unsigned_)[size][raw.big_endian];
}

size_t ISA_NAME(seg_to_f32)(seg_raw raw, const unsigned char *in, size_t n, float *out)
{
    if (raw.is_real && raw.size == 8)
        return f64(in, n, raw.big_endian, out);
    find(raw)(in, n, out);
    return n;
}

size_t ISA_NAME(seg_count_infinite)(const float *x, size_t n)
{
    size_t total = 0;
    for (size_t i = 0; i < n;) {
        size_t part = n - i < 4096 ? n - i : 4096;
        unsigned count = 0;
        for (size_t j = 0; j < part; j++)
            count += fabsf(x[i + j]) > FLT_MAX;
        total += count;
        i += part;
    }
    return total;
}
