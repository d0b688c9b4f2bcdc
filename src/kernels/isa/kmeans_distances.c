/* kmeans_distances.c: squared distances of rows to centroids, by direct differences.
 *
 * One vector holds the same feature of neighbouring centroids, so each distance is
 * summed over the features in ascending order whatever the width of the register: the
 * bits are the same at every level. Four rows share each load of a centroid.
 *
 * Direct differences, not |x|^2 - 2xc + |c|^2: the latter cancels when the clusters are
 * far from the origin. */
#include "base/isa_name.h"
#include "kernels/isa/vec.h"
#include "kernels/kernels.h"

enum { ROWS = 4 };

static void rows_to_vector(const double *const row[ROWS], size_t d, const double *ct,
                           size_t k_pad, vec_f64 sum[ROWS])
{
    for (size_t r = 0; r < ROWS; r++)
        sum[r] = (vec_f64){ 0 };
    for (size_t f = 0; f < d; f++) {
        vec_f64 c = *(const vec_f64 *)(const void *)(ct + f * k_pad);
        #pragma GCC unroll 4
        for (size_t r = 0; r < ROWS; r++) {
            vec_f64 diff = row[r][f] - c;
            sum[r] += diff * diff;
        }
    }
}

void ISA_NAME(seg_kmeans_distances)(const double *z, size_t n, size_t d, const double *ct,
                                    size_t k_pad, double *dist2)
{
    for (size_t i = 0; i < n; i += ROWS) {
        const double *row[ROWS];
        for (size_t r = 0; r < ROWS; r++)   /* a missing row repeats the last one */
            row[r] = z + (i + r < n ? i + r : n - 1) * d;
        for (size_t j = 0; j < k_pad; j += VEC_F64_WIDTH) {
            vec_f64 sum[ROWS];
            rows_to_vector(row, d, ct + j, k_pad, sum);
            for (size_t r = 0; r < ROWS && i + r < n; r++)
                *(vec_f64 *)(void *)(dist2 + (i + r) * k_pad + j) = sum[r];
        }
    }
}
