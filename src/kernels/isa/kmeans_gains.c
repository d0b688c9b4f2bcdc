/* kmeans_gains.c: squared distances of a panel of rows to candidates, for the start. By
 * direct differences in float32, multiplied and added one after the other: each lane is a
 * row, so the bits are the same at every level. */
#include "base/isa_name.h"
#include "kernels/isa/vec.h"
#include "kernels/kernels.h"

enum { W = VEC_F32_WIDTH, PARTS = 2, STEP = SEG_GAINS_STEP };

static inline void measure(const float *z, size_t d, const float *c, float *dist2)
{
    vec_f32 sum[STEP][PARTS];
    #pragma GCC unroll 4
    for (size_t i = 0; i < STEP; i++)
        for (size_t p = 0; p < PARTS; p++)
            sum[i][p] = vec_all(0);
    for (size_t f = 0; f < d; f++, z += SEG_PANEL_ROWS, c += STEP) {
        #pragma GCC unroll 2
        for (size_t p = 0; p < PARTS; p++) {
            vec_f32 row = vec_load(z + p * W);
            #pragma GCC unroll 4
            for (size_t i = 0; i < STEP; i++) {
                vec_f32 diff = row - c[i];
                sum[i][p] += diff * diff;
            }
        }
    }
    #pragma GCC unroll 4
    for (size_t i = 0; i < STEP; i++)
        for (size_t p = 0; p < PARTS; p++)
            vec_store(dist2 + i * SEG_PANEL_ROWS + p * W, sum[i][p]);
}

void ISA_NAME(seg_kmeans_gains)(const float *z, size_t d, const float *c, size_t n, float *dist2)
{
    for (size_t j = 0; j < n; j += STEP)
        for (size_t r = 0; r < SEG_PANEL_ROWS; r += PARTS * W)
            measure(z + r, d, c + j * d, dist2 + j * SEG_PANEL_ROWS + r);
}
