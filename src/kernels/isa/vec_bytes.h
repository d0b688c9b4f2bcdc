/* vec_bytes.h: registers of bytes, and choices between them, once per level. */
#ifndef SEGMILL_KERNELS_ISA_VEC_BYTES_H
#define SEGMILL_KERNELS_ISA_VEC_BYTES_H

#include "kernels/isa/vec.h"

typedef uint8_t vec_u8 __attribute__((vector_size(VEC_BYTES), may_alias));
typedef int8_t vec_i8 __attribute__((vector_size(VEC_BYTES), may_alias));
typedef uint16_t vec_u16 __attribute__((vector_size(VEC_BYTES), may_alias));
typedef uint32_t vec_u32 __attribute__((vector_size(VEC_BYTES), may_alias));

/* What is true of each byte. */
#if defined(__AVX512BW__)
typedef __mmask64 vec_truth;
#else
typedef vec_u8 vec_truth;       /* 255 or 0 */
#endif

/* The four bytes again and again. */
static inline vec_u8 vec_all_u8(uint32_t four)
{
    return (vec_u8)(four + (vec_u32){ 0 });
}

static inline vec_u8 vec_load_u8(const uint8_t *x)
{
    vec_u8 v;
    __builtin_memcpy(&v, x, sizeof v);
    return v;
}

static inline void vec_store_u8(uint8_t *x, vec_u8 v)
{
    __builtin_memcpy(x, &v, sizeof v);
}

/* a < b, of signed bytes. */
static inline vec_truth vec_less(vec_u8 a, vec_u8 b)
{
#if defined(__AVX512BW__)
    return _mm512_cmpgt_epi8_mask((__m512i)b, (__m512i)a);
#else
    return (vec_u8)((vec_i8)b > (vec_i8)a);
#endif
}

static inline vec_u8 vec_choose(vec_truth truth, vec_u8 yes, vec_u8 no)
{
#if defined(__AVX512BW__)
    return (vec_u8)_mm512_mask_mov_epi8((__m512i)no, truth, (__m512i)yes);
#elif defined(__AVX2__)
    return (vec_u8)_mm256_blendv_epi8((__m256i)no, (__m256i)yes, (__m256i)truth);
#else
    return (truth & yes) | (~truth & no);
#endif
}

/* 255 where true, else 0. */
static inline vec_u8 vec_truth_u8(vec_truth truth)
{
#if defined(__AVX512BW__)
    return (vec_u8)_mm512_movm_epi8(truth);
#else
    return truth;
#endif
}

#if defined(__AVX2__)
#  define VEC_HAS_SHUFFLE 1
#  if defined(__AVX512BW__)
typedef __m512i vec_raw;
#  else
typedef __m256i vec_raw;
#  endif

/* The entries of a table of 16 bytes that the low four bits name; 0 where the index is 128 or
 * more. */
static inline vec_u8 vec_shuffle(vec_u8 table, vec_u8 index)
{
    return (vec_u8)VEC_CALL(shuffle_epi8)((vec_raw)table, (vec_raw)index);
}

static inline vec_u8 vec_table(const uint8_t table[16])
{
    __m128i t;
    __builtin_memcpy(&t, table, sizeof t);
#  if defined(__AVX512BW__)
    return (vec_u8)_mm512_broadcast_i32x4(t);
#  else
    return (vec_u8)_mm256_broadcastsi128_si256(t);
#  endif
}

/* yes where the byte's highest bit is set. */
static inline vec_u8 vec_choose_high(vec_u8 bits, vec_u8 yes, vec_u8 no)
{
#  if defined(__AVX512BW__)
    return vec_choose(_mm512_movepi8_mask((vec_raw)bits), yes, no);
#  else
    return vec_choose(bits, yes, no);
#  endif
}

/* a + b, at most 255. */
static inline vec_u8 vec_add_most(vec_u8 a, vec_u8 b)
{
    return (vec_u8)VEC_CALL(adds_epu8)((vec_raw)a, (vec_raw)b);
}
#endif

#endif
