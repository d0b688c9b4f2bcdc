/* column_moments.c: sums, range and counts of one column's chunk in one sweep. Eight sums
 * stand side by side at every level: the bits do not depend on the register's width. */
#include <math.h>

#include "base/isa_name.h"
#include "kernels/isa/vec.h"
#include "kernels/kernels.h"

typedef long long vec_i64 __attribute__((vector_size(VEC_BYTES), may_alias));

enum { LANES = 8, PARTS = LANES / VEC_F64_WIDTH };

/* 1.5 * 2^52: adding and taking it away rounds to whole numbers below 2^51. */
static const double rounder = 6755399441055744.0;

static inline vec_f64 spread(double x)
{
    return x - (vec_f64){ 0 };
}

static inline vec_f64 choose(vec_i64 mask, vec_f64 yes, vec_f64 no)
{
    return (vec_f64)((mask & (vec_i64)yes) | (~mask & (vec_i64)no));
}

void ISA_NAME(seg_column_moments)(const double *x, size_t n, double origin, seg_moments *out)
{
    vec_f64 least[PARTS], largest[PARTS], sum[PARTS], square[PARTS];
    vec_i64 there[PARTS], finite[PARTS], zero[PARTS], whole[PARTS];
    for (int p = 0; p < PARTS; p++) {
        least[p] = spread((double)INFINITY);
        largest[p] = spread(-(double)INFINITY);
        sum[p] = square[p] = spread(0);
        there[p] = finite[p] = zero[p] = whole[p] = (vec_i64){ 0 };
    }
    vec_f64 middle = spread(origin), round = spread(rounder);
    for (size_t i = 0; i < n; i += LANES)
        #pragma GCC unroll 4
        for (int p = 0; p < PARTS; p++) {
            vec_f64 v = *(const vec_f64 *)(const void *)(x + i + (size_t)p * VEC_F64_WIDTH);
            vec_i64 fin = (vec_i64)(v - v == spread(0));
            vec_f64 from = choose(fin, v - middle, spread(0));
            there[p] -= (vec_i64)(v == v);
            finite[p] -= fin;
            zero[p] -= (vec_i64)(v == spread(0));
            whole[p] -= (vec_i64)(v + round - round == v) & fin;
            sum[p] += from;
            square[p] += from * from;
            least[p] = choose(fin & (vec_i64)(v < least[p]), v, least[p]);
            largest[p] = choose(fin & (vec_i64)(v > largest[p]), v, largest[p]);
        }
    *out = (seg_moments){ .least = (double)INFINITY, .largest = -(double)INFINITY };
    for (int p = 0; p < PARTS; p++)
        for (int l = 0; l < VEC_F64_WIDTH; l++) {
            out->n += there[p][l];
            out->n_finite += finite[p][l];
            out->n_zero += zero[p][l];
            out->n_whole += whole[p][l];
            out->sum += sum[p][l];
            out->square += square[p][l];
            out->least = least[p][l] < out->least ? least[p][l] : out->least;
            out->largest = largest[p][l] > out->largest ? largest[p][l] : out->largest;
        }
}
