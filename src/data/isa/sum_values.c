/* sum_values.c: figures of many columns at once, each in a lane of its own, so that every
 * level adds in the same order. Missing values are found and blanked as whole numbers, in
 * loops of one kind of arithmetic each: those are what compilers turn into whole registers. */
#include "base/isa_name.h"
#include "data/simd.h"

#include <string.h>

static const uint32_t usual_nan = 0x7fc00000u, infinity = 0x7f800000u;

/* Missing ones become 0; counts the others. True bits: a NaN that is not NAN. */
static uint32_t blank(const float *row, size_t width, float *restrict kept,
                      int32_t *restrict count)
{
    uint32_t bits[SEG_SUM_WIDTH], odd = 0;
    memcpy(bits, row, width * sizeof *bits);
    for (size_t i = 0; i < width; i++) {
        int32_t size = (int32_t)(bits[i] & 0x7fffffffu);
        uint32_t missing = size > (int32_t)infinity ? UINT32_MAX : 0;
        count[i] += 1 + (int32_t)missing;
        odd |= missing & (bits[i] ^ usual_nan);
        bits[i] &= ~missing;
    }
    memcpy(kept, bits, width * sizeof *bits);
    return odd;
}

bool ISA_NAME(seg_sum_values)(const float *values, size_t stride, size_t n_rows, size_t width,
                              seg_sums *restrict sums)
{
    float kept[SEG_SUM_WIDTH];
    double *restrict sum = sums->sum;
    float *restrict min = sums->min, *restrict max = sums->max;
    uint32_t odd = 0;
    for (size_t r = 0; r < n_rows; r++) {
        const float *restrict row = values + r * stride;
        odd |= blank(row, width, kept, sums->count);
        for (size_t i = 0; i < width; i++)
            sum[i] += (double)kept[i];
        for (size_t i = 0; i < width; i++) {
            min[i] = row[i] < min[i] ? row[i] : min[i];
            max[i] = row[i] > max[i] ? row[i] : max[i];
        }
    }
    return odd != 0;
}

void ISA_NAME(seg_sum_squares)(const float *values, size_t stride, size_t n_rows, size_t width,
                               const double *restrict mean, double *restrict squares)
{
    static const uint64_t sign = 1ull << 63, infinite = 0x7ff0000000000000u;
    double square[SEG_SUM_WIDTH];
    uint64_t bits[SEG_SUM_WIDTH];
    for (size_t r = 0; r < n_rows; r++) {
        const float *restrict row = values + r * stride;
        for (size_t i = 0; i < width; i++) {
            double off = (double)row[i] - mean[i];
            square[i] = off * off;
        }
        memcpy(bits, square, width * sizeof *bits);
        for (size_t i = 0; i < width; i++)
            bits[i] = (int64_t)(bits[i] & ~sign) > (int64_t)infinite ? 0 : bits[i];
        memcpy(square, bits, width * sizeof *bits);
        for (size_t i = 0; i < width; i++)
            squares[i] += square[i];
    }
}
