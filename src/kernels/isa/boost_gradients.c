/* boost_gradients.c: gradient and hessian of the log-loss, in fixed point.
 *
 * Additions, multiplications and divisions of float32 in one order, no fused ones: the same
 * bits at every level. The exponential is 2^i * p(f), p the Taylor polynomial of degree 6 on
 * |f| <= 1/2: relative error below 2e-7. */
#include <string.h>

#include "base/isa_name.h"
#include "kernels/kernels.h"

static inline float power_of_two(int32_t i)
{
    uint32_t bits = (uint32_t)(i + 127) << 23;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline float exponential(float x)
{
    x = x < -80 ? -80 : x > 80 ? 80 : x;
    float t = x * 1.44269504F;
    int32_t i = (int32_t)(t + (t < 0 ? -0.5F : 0.5F));
    float f = (t - (float)i) * 0.693147181F;
    float p = 1 + f * (1 + f * (1.0F / 2 + f * (1.0F / 6 + f * (1.0F / 24 + f * (1.0F / 120
              + f * (1.0F / 720))))));
    return p * power_of_two(i);
}

/* In [0, 1), the same for a row and key. */
static inline float dither(uint32_t x)
{
    x *= 0x9e3779b1U;
    x ^= x >> 15;
    x *= 0x85ebca77U;
    x ^= x >> 13;
    return (float)(x >> 8) * (1.0F / 16777216);
}

void ISA_NAME(seg_boost_gradients)(const seg_gradient_plan *plan, const int32_t *score,
                                   const uint8_t *classes, uint32_t first, size_t n,
                                   uint32_t *values)
{
    for (size_t i = 0; i < n; i++) {
        float p = 1 / (1 + exponential((float)score[i] * -plan->score_unit));
        float g = ((float)classes[i] - p) * plan->gradient_scale;
        float h = p * (1 - p) * plan->hessian_scale;
        uint32_t row = first + (uint32_t)i;
        /* above zero, so that cutting off is rounding down */
        int32_t a = (int32_t)(g + 32768 + dither(row ^ plan->key[0])) - 32768;
        int32_t b = (int32_t)(h + dither(row ^ plan->key[1]));
        values[i] = (uint32_t)a << 16 | (uint32_t)(b < 1 ? 1 : b);
    }
}
