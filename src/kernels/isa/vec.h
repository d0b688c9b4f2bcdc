/* vec.h: vectors of exactly one register of the level being compiled. Wider ones are
 * slower than none. */
#ifndef SEGMILL_KERNELS_ISA_VEC_H
#define SEGMILL_KERNELS_ISA_VEC_H

#include <stddef.h>

#if defined(__AVX512F__)
#  define VEC_BYTES 64
#elif defined(__AVX2__)
#  define VEC_BYTES 32
#else
#  define VEC_BYTES 16
#endif
#define VEC_F64_WIDTH (VEC_BYTES / 8)

typedef double vec_f64 __attribute__((vector_size(VEC_BYTES), may_alias));

#endif
