/* vec.h: vectors of exactly one register of the level being compiled. Wider ones are
 * slower than none. What the compiler's vector types cannot say stands here as functions,
 * once per level; plain C where there is none of them. */
#ifndef SEGMILL_KERNELS_ISA_VEC_H
#define SEGMILL_KERNELS_ISA_VEC_H

#include <stddef.h>
#include <stdint.h>
#if defined(__SSE2__)
#  include <immintrin.h>
#endif

#if defined(__AVX512F__)
#  define VEC_BYTES 64
#  define VEC_CALL(name) _mm512_##name
#elif defined(__AVX2__)
#  define VEC_BYTES 32
#  define VEC_CALL(name) _mm256_##name
#else
#  define VEC_BYTES 16
#  define VEC_CALL(name) _mm_##name
#endif
#define VEC_F64_WIDTH (VEC_BYTES / 8)
#define VEC_F32_WIDTH (VEC_BYTES / 4)

typedef double vec_f64 __attribute__((vector_size(VEC_BYTES), may_alias));
typedef float vec_f32 __attribute__((vector_size(VEC_BYTES), may_alias));
typedef int32_t vec_i32 __attribute__((vector_size(VEC_BYTES), may_alias));

static inline vec_f32 vec_all(float x)
{
    return x - (vec_f32){ 0 };
}

static inline vec_i32 vec_all_i32(int32_t x)
{
    return x + (vec_i32){ 0 };
}

static inline vec_f32 vec_load(const float *x)
{
    vec_f32 v;
    __builtin_memcpy(&v, x, sizeof v);
    return v;
}

static inline void vec_store(float *x, vec_f32 v)
{
    __builtin_memcpy(x, &v, sizeof v);
}

/* a * b + c, rounded once where the processor can: for bounds that allow for two. */
static inline vec_f32 vec_fma(vec_f32 a, vec_f32 b, vec_f32 c)
{
#if defined(__FMA__)
    return VEC_CALL(fmadd_ps)(a, b, c);
#else
    return a * b + c;
#endif
}

/* a > b ? a : b, and a < b ? a : b: b if one of them is no number. */
static inline vec_f32 vec_max(vec_f32 a, vec_f32 b)
{
#if defined(__SSE2__)
    return VEC_CALL(max_ps)(a, b);
#else
    vec_i32 greater = a > b;
    return (vec_f32)((greater & (vec_i32)a) | (~greater & (vec_i32)b));
#endif
}

static inline vec_f32 vec_min(vec_f32 a, vec_f32 b)
{
#if defined(__SSE2__)
    return VEC_CALL(min_ps)(a, b);
#else
    vec_i32 less = a < b;
    return (vec_f32)((less & (vec_i32)a) | (~less & (vec_i32)b));
#endif
}

static inline vec_f32 vec_sqrt(vec_f32 a)
{
#if defined(__SSE2__)
    return VEC_CALL(sqrt_ps)(a);
#else
    for (size_t i = 0; i < VEC_F32_WIDTH; i++)
        a[i] = __builtin_sqrtf(a[i]);
    return a;
#endif
}

/* Where a > b: yes, else no. */
static inline vec_i32 vec_if_greater(vec_f32 a, vec_f32 b, vec_i32 yes, vec_i32 no)
{
#if defined(__AVX512F__)
    __mmask16 greater = _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ);
    return (vec_i32)_mm512_mask_mov_epi32((__m512i)no, greater, (__m512i)yes);
#elif defined(__AVX2__)
    __m256 greater = _mm256_cmp_ps(a, b, _CMP_GT_OQ);
    return (vec_i32)_mm256_blendv_epi8((__m256i)no, (__m256i)yes, (__m256i)greater);
#else
    vec_i32 greater = a > b;
    return (greater & yes) | (~greater & no);
#endif
}

/* Bit i: not (a[i] > b[i]), also when one of them is no number. */
static inline uint32_t vec_not_greater(vec_f32 a, vec_f32 b)
{
#if defined(__AVX512F__)
    return _mm512_cmp_ps_mask(a, b, _CMP_NGT_UQ);
#elif defined(__AVX2__)
    return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_NGT_UQ));
#else
    uint32_t bits = 0;
    for (size_t i = 0; i < VEC_F32_WIDTH; i++)
        bits |= (uint32_t)!(a[i] > b[i]) << i;
    return bits;
#endif
}

/* Numbers as they are, what is no number as 0. */
static inline vec_f32 vec_or_zero(vec_f32 a)
{
#if defined(__AVX512F__)
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(a, a, _CMP_ORD_Q), a);
#else
    return (vec_f32)((vec_i32)a & (a == a));
#endif
}

/* 1 where a == b, else 0. */
static inline vec_f32 vec_one_if_equal(vec_f32 a, vec_f32 b)
{
#if defined(__AVX512F__)
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ), vec_all(1));
#else
    return (vec_f32)((vec_i32)vec_all(1) & (a == b));
#endif
}

/* b, but 0 where a is no number. */
static inline vec_f32 vec_zero_if_nan(vec_f32 a, vec_f32 b)
{
#if defined(__AVX512F__)
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(a, a, _CMP_ORD_Q), b);
#else
    return (vec_f32)((vec_i32)b & (a == a));
#endif
}

static inline vec_f32 vec_gather(const float *from, vec_i32 at)
{
#if defined(__AVX512F__)
    return _mm512_i32gather_ps((__m512i)at, from, 4);
#elif defined(__AVX2__)
    return _mm256_i32gather_ps(from, (__m256i)at, 4);
#else
    vec_f32 v;
    for (size_t i = 0; i < VEC_F32_WIDTH; i++)
        v[i] = from[at[i]];
    return v;
#endif
}

#if defined(__SSE2__)
/* The first n (1 to 4) floats at x, no byte beyond them; the rest 0. */
static inline __m128 vec_load_some(const float *x, size_t n)
{
    if (n == 4)
        return _mm_loadu_ps(x);
#  if defined(__AVX2__)
    static const int32_t on[8] = { -1, -1, -1, -1, 0, 0, 0, 0 };
    return _mm_maskload_ps(x, _mm_loadu_si128((const __m128i *)(const void *)(on + 4 - n)));
#  else
    float some[4] = { x[0], n > 1 ? x[1] : 0, n > 2 ? x[2] : 0, 0 };
    return _mm_loadu_ps(some);
#  endif
}

/* Row m, and where the register is wider also rows m + 4, m + 8 and m + 12. */
static inline vec_f32 vec_load_rows(const float *const *row, size_t m, size_t at, size_t n)
{
#  if defined(__AVX512F__)
    __m512 v = _mm512_castps128_ps512(vec_load_some(row[m] + at, n));
    v = _mm512_mask_broadcast_f32x4(v, 0x00f0, vec_load_some(row[m + 4] + at, n));
    v = _mm512_mask_broadcast_f32x4(v, 0x0f00, vec_load_some(row[m + 8] + at, n));
    return _mm512_mask_broadcast_f32x4(v, 0xf000, vec_load_some(row[m + 12] + at, n));
#  elif defined(__AVX2__)
    return _mm256_set_m128(vec_load_some(row[m + 4] + at, n), vec_load_some(row[m] + at, n));
#  else
    return vec_load_some(row[m] + at, n);
#  endif
}
#endif

#if defined(__SSE2__)
/* Of rows a, b, c, d (and those 4, 8 and 12 further on) four columns. */
static inline void vec_turn(vec_f32 a, vec_f32 b, vec_f32 c, vec_f32 d, vec_f32 column[4])
{
    vec_f32 ab = VEC_CALL(unpacklo_ps)(a, b), ab_high = VEC_CALL(unpackhi_ps)(a, b);
    vec_f32 cd = VEC_CALL(unpacklo_ps)(c, d), cd_high = VEC_CALL(unpackhi_ps)(c, d);
    column[0] = VEC_CALL(shuffle_ps)(ab, cd, 0x44);
    column[1] = VEC_CALL(shuffle_ps)(ab, cd, 0xee);
    column[2] = VEC_CALL(shuffle_ps)(ab_high, cd_high, 0x44);
    column[3] = VEC_CALL(shuffle_ps)(ab_high, cd_high, 0xee);
}
#endif

/* Columns at .. at+3 of VEC_F32_WIDTH rows: column[c][i] = row[i][at + c]. Of n columns
 * (1 to 4) no byte is read beyond them; the rest is 0. */
static inline void vec_load_columns(const float *const *row, size_t at, size_t n,
                                    vec_f32 column[4])
{
#if defined(__SSE2__)
    vec_turn(vec_load_rows(row, 0, at, n), vec_load_rows(row, 1, at, n),
             vec_load_rows(row, 2, at, n), vec_load_rows(row, 3, at, n), column);
#else
    for (size_t c = 0; c < 4; c++)
        for (size_t i = 0; i < VEC_F32_WIDTH; i++)
            column[c][i] = c < n ? row[i][at + c] : 0;
#endif
}

/* The same of four columns of neighbouring rows: row[i] = x + i * stride. */
static inline void vec_load_near_columns(const float *x, size_t stride, vec_f32 column[4])
{
#if defined(__SSE2__)
    vec_f32 row[4];
    for (size_t m = 0; m < 4; m++, x += stride) {
#  if defined(__AVX512F__)
        __m512 v = _mm512_castps128_ps512(_mm_loadu_ps(x));
        v = _mm512_mask_broadcast_f32x4(v, 0x00f0, _mm_loadu_ps(x + 4 * stride));
        v = _mm512_mask_broadcast_f32x4(v, 0x0f00, _mm_loadu_ps(x + 8 * stride));
        row[m] = _mm512_mask_broadcast_f32x4(v, 0xf000, _mm_loadu_ps(x + 12 * stride));
#  elif defined(__AVX2__)
        row[m] = _mm256_set_m128(_mm_loadu_ps(x + 4 * stride), _mm_loadu_ps(x));
#  else
        row[m] = _mm_loadu_ps(x);
#  endif
    }
    vec_turn(row[0], row[1], row[2], row[3], column);
#else
    for (size_t c = 0; c < 4; c++)
        for (size_t i = 0; i < VEC_F32_WIDTH; i++)
            column[c][i] = x[i * stride + c];
#endif
}

#endif
