/* open_floats.c: loops that compilers turn into whole registers. */
#include <string.h>

#include "base/isa_name.h"
#include "kernels/distinct.h"
#include "kernels/kernels.h"

void ISA_NAME(seg_open_floats)(const float *x, size_t n, double *wide, uint32_t *hashes)
{
    for (size_t i = 0; i < n; i++) {
        float v = x[i] + 0.0f;   /* one zero */
        uint32_t bits;
        memcpy(&bits, &v, sizeof bits);
        wide[i] = (double)v;
        hashes[i] = seg_mix32(v != v ? SEG_NAN_BITS : bits);
    }
}

size_t ISA_NAME(seg_gather_below)(const uint32_t *x, size_t n, uint32_t limit, uint32_t *out)
{
    enum { WIDTH = 16 };
    size_t k = 0, i = 0;
    for (; i + WIDTH <= n; i += WIDTH) {
        uint32_t some = 0;
        for (size_t j = 0; j < WIDTH; j++)
            some |= x[i + j] < limit;
        for (size_t j = 0; j < WIDTH && some != 0; j++) {
            out[k] = x[i + j];
            k += x[i + j] < limit;
        }
    }
    for (; i < n; i++) {
        out[k] = x[i];
        k += x[i] < limit;
    }
    return k;
}
