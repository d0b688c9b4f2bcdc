/* vec_log1p.h: log(1 + x) of a vector of floats, within SEG_LOG1P_ULPS * 2^-24 of the
 * value; -infinity at -1 and below, no number stays none. The same reduction as in
 * base/real.c, in float: m = (1 + x) / 2^k in [sqrt(1/2), sqrt(2)), s = f / (2 + f) with
 * f = m - 1, a series in s^2, and what rounding cut off 1 + x added at the end. */
#ifndef SEGMILL_KERNELS_ISA_VEC_LOG1P_H
#define SEGMILL_KERNELS_ISA_VEC_LOG1P_H

#include "kernels/isa/vec.h"

static inline vec_f32 vec_if(vec_i32 mask, vec_f32 yes, vec_f32 no)
{
    return (vec_f32)((mask & (vec_i32)yes) | (~mask & (vec_i32)no));
}

static inline vec_f32 vec_log1p(vec_f32 x)
{
    const vec_f32 one = vec_all(1), infinity = vec_all(__builtin_inff());
    vec_f32 u = one + x, lost = (x - (u - one)) / u;
    vec_i32 bits = (vec_i32)u, above_root = (bits & 0x7fffff) >= vec_all_i32(0x3504f3);
    vec_i32 k = (bits >> 23) - 127 - above_root;   /* above_root is -1 or 0 */
    vec_f32 f = (vec_f32)((bits & 0x7fffff) | (127 + above_root) << 23) - one;
    vec_f32 s = f / (2 + f), z = s * s, half = 0.5f * f * f;
    vec_f32 r = z * (2.0f / 3 + z * (2.0f / 5 + z * (2.0f / 7 + z * (2.0f / 9))));
    vec_f32 scale = __builtin_convertvector(k, vec_f32);
    /* ln 2 in two parts; the product with the first one is exact */
    vec_f32 v = scale * 0x1.62e4p-1f
                - ((half - (s * (half + r) + (scale * 0x1.7f7d1cp-20f + lost))) - f);
    v = vec_if(x <= -1.0f, -infinity, v);
    return vec_if(x > 0x1.fffffep127f, infinity, v);
}

#endif
