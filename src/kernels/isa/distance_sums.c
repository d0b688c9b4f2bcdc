/* distance_sums.c: distances between rows and whole clusters of points, for the silhouette,
 * summed as they arise: no table of distances.
 *
 * Point 8g + l always adds to sum l, in increasing order of g, and the eight sums are added
 * in order: the bits are the same at every level. Four rows share each load of a point.
 * Distances are direct differences, as in kmeans_distances.c. */
#include <math.h>
#if defined(__SSE2__)
#  include <immintrin.h>
#endif

#include "base/isa_name.h"
#include "kernels/isa/vec.h"
#include "kernels/kernels.h"

enum { ROWS = 4, LANES = 8, PARTS = LANES / VEC_F64_WIDTH };

/* Written out: math.h's function may set errno, which keeps it out of vectors. Square roots
 * are rounded correctly everywhere. */
static inline vec_f64 square_roots(vec_f64 x)
{
#if defined(__AVX512F__)
    return (vec_f64)_mm512_sqrt_pd((__m512d)x);
#elif defined(__AVX2__)
    return (vec_f64)_mm256_sqrt_pd((__m256d)x);
#elif defined(__SSE2__)
    return (vec_f64)_mm_sqrt_pd((__m128d)x);
#else
    for (int l = 0; l < VEC_F64_WIDTH; l++)
        x[l] = sqrt(x[l]);
    return x;
#endif
}

static inline vec_f64 at(const double *p)
{
    return *(const vec_f64 *)(const void *)p;
}

/* One vector of each group from first to end: distances of the rows to it, weighted. */
static void add_groups(const double *const row[ROWS], size_t d, const double *points,
                       const double *weight, size_t first, size_t end, vec_f64 sum[ROWS])
{
    for (size_t r = 0; r < ROWS; r++)
        sum[r] = (vec_f64){ 0 };
    for (size_t g = first; g < end; g++) {
        const double *group = points + g * d * LANES;
        vec_f64 square[ROWS] = { 0 }, w = at(weight + g * LANES);
        for (size_t f = 0; f < d; f++) {
            vec_f64 p = at(group + f * LANES);
            #pragma GCC unroll 4
            for (size_t r = 0; r < ROWS; r++) {
                vec_f64 diff = row[r][f] - p;
                square[r] += diff * diff;
            }
        }
        #pragma GCC unroll 4
        for (size_t r = 0; r < ROWS; r++)
            sum[r] += w * square_roots(square[r]);
    }
}

static void rows_to_cluster(const double *const row[ROWS], size_t d, const double *points,
                            const double *weight, size_t first, size_t end, double total[ROWS])
{
    for (size_t r = 0; r < ROWS; r++)
        total[r] = 0;
    for (size_t p = 0; p < PARTS; p++) {
        vec_f64 sum[ROWS];
        add_groups(row, d, points + p * VEC_F64_WIDTH, weight + p * VEC_F64_WIDTH, first, end,
                   sum);
        for (size_t r = 0; r < ROWS; r++)
            for (size_t l = 0; l < VEC_F64_WIDTH; l++)
                total[r] += sum[r][l];
    }
}

void ISA_NAME(seg_distance_sums)(const double *z, size_t n, size_t d, const double *points,
                                 const double *weight, const size_t *ends, size_t k,
                                 double *sums)
{
    for (size_t i = 0; i < n; i += ROWS) {
        const double *row[ROWS];
        for (size_t r = 0; r < ROWS; r++)   /* a missing row repeats the last one */
            row[r] = z + (i + r < n ? i + r : n - 1) * d;
        for (size_t j = 0; j < k; j++) {
            double total[ROWS];
            rows_to_cluster(row, d, points, weight, j > 0 ? ends[j - 1] : 0, ends[j], total);
            for (size_t r = 0; r < ROWS && i + r < n; r++)
                sums[(i + r) * k + j] = total[r];
        }
    }
}
