/* kmeans_columns.c: range, and sums in fixed point, of neighbouring columns: a lane of a
 * register is a column, rows come one after the other. Only integers are added, so the
 * bits do not depend on the level. */
#include "base/isa_name.h"
#include "kernels/kernels.h"

#include <string.h>

void ISA_NAME(seg_columns_range)(const float *x, size_t stride, size_t n, size_t width,
                                 seg_ranges *out)
{
    float *restrict least = out->least, *restrict most = out->most;
    uint32_t missing[SEG_RANGE_WIDTH] = { 0 };
    for (size_t r = 0; r < n; r++, x += stride)
        for (size_t f = 0; f < width; f++) {
            float v = x[f];
            least[f] = v < least[f] ? v : least[f];
            most[f] = v > most[f] ? v : most[f];
            missing[f] += v != v;
        }
    for (size_t f = 0; f < width; f++)
        out->missing[f] += missing[f];
}

/* To the nearest whole number, for |v| < 2^51. */
static inline int64_t whole(double v)
{
    const double magic = 0x1.8p52;
    double sum = v + magic;
    int64_t bits, zero;
    memcpy(&bits, &sum, sizeof bits);
    memcpy(&zero, &magic, sizeof zero);
    return bits - zero;
}

static inline int64_t weighted(double v, int64_t weight, bool fold)
{
    return fold ? whole(v * (double)weight) : weight * whole(v);
}

void ISA_NAME(seg_columns_moments)(const float *x, size_t stride, size_t n, size_t width,
                                   const uint32_t *weight, const seg_moment_units *units,
                                   seg_moment_sums *out)
{
    int64_t sum[SEG_RANGE_WIDTH] = { 0 }, square[SEG_RANGE_WIDTH] = { 0 };
    int64_t there[SEG_RANGE_WIDTH] = { 0 };
    const double *restrict origin = units->origin, *restrict quantum = units->quantum;
    const double *restrict square_quantum = units->square_quantum;
    for (size_t r = 0; r < n && weight == NULL; r++, x += stride)
        for (size_t f = 0; f < width; f++) {
            double off = (double)x[f] - origin[f];
            there[f] += off == off;
            off = off == off ? off : 0;
            sum[f] += whole(off * quantum[f]);
            square[f] += whole(off * off * square_quantum[f]);
        }
    for (size_t r = 0; r < n && weight != NULL; r++, x += stride)
        for (size_t f = 0; f < width; f++) {
            double off = (double)x[f] - origin[f];
            int64_t times = off == off ? (int64_t)weight[r] : 0;
            there[f] += times;
            off = off == off ? off : 0;
            sum[f] += weighted(off * quantum[f], times, units->fold);
            square[f] += weighted(off * off * square_quantum[f], times, units->fold);
        }
    for (size_t f = 0; f < width; f++) {
        out->n[f] += there[f];
        out->sum[f] += sum[f];
        out->square[f] += square[f];
    }
}

void ISA_NAME(seg_columns_row_moments)(const double *restrict v, size_t width, int64_t weight,
                                       const seg_moment_units *units, seg_moment_sums *out)
{
    int64_t *restrict sum = out->sum, *restrict square = out->square, *restrict n = out->n;
    for (size_t f = 0; f < width; f++) {
        double off = v[f] - units->origin[f];
        n[f] += off == off ? weight : 0;
        off = off == off ? off : 0;
        sum[f] += weighted(off * units->quantum[f], weight, units->fold);
        square[f] += weighted(off * off * units->square_quantum[f], weight, units->fold);
    }
}
