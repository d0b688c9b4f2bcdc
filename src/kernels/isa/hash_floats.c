/* hash_floats.c: a loop that compilers turn into whole registers. */
#include <string.h>

#include "base/isa_name.h"
#include "kernels/distinct.h"
#include "kernels/kernels.h"

void ISA_NAME(seg_hash_floats)(const float *x, size_t n, uint32_t *out)
{
    for (size_t i = 0; i < n; i++) {
        float v = x[i] + 0.0f;   /* one zero */
        uint32_t bits;
        memcpy(&bits, &v, sizeof bits);
        out[i] = seg_mix32(v != v ? SEG_NAN_BITS : bits);
    }
}
