/* kmeans_start.c: where the first centroids come from.
 *
 * k-means++ (D. Arthur, S. Vassilvitskii, SODA 2007, 1027-1035) draws a row with
 * probability proportional to its squared distance to the nearest centre so far; greedy:
 * of several drawn rows the one that leaves the least potential. Drawing is an
 * exponential race keyed by (seed, stream, row): one pass, any order, same winner. */
#include "kernels/kmeans.h"

#include <math.h>
#include <omp.h>
#include <string.h>
#include "base/alloc.h"
#include "base/real.h"
#include "base/rng.h"
#include "base/try.h"
#include "kernels/kmeans_tile.h"

static double nearest_dist2(const double *dist2, size_t k)
{
    double least = dist2[0];
    for (size_t j = 1; j < k; j++)
        least = dist2[j] < least ? dist2[j] : least;
    return least;
}

static double race_key(seg_kmeans_weight weight, double dist2, seg_rng rng, uint64_t row)
{
    switch (weight) {
    case SEG_KMEANS_UNIFORM:  return -seg_log(seg_rng_open(rng, row));
    case SEG_KMEANS_FARTHEST: return dist2 > 0 ? -dist2 : (double)INFINITY;
    case SEG_KMEANS_DISTANCE: break;
    }
    return dist2 > 0 ? -seg_log(seg_rng_open(rng, row)) / dist2 : (double)INFINITY;
}

static void keep_winner(seg_kmeans_winner *winner, double key, uint64_t row, const double *z,
                        size_t d)
{
    if (!(key < winner->key || (key == winner->key && key < (double)INFINITY
                                && row < winner->row)))
        return;
    winner->key = key;
    winner->row = row;
    memcpy(winner->z, z, d * sizeof *z);
}

/* Each thread's winners: n per thread, with room for their rows. */
static seg_status winners_new(int n_threads, size_t n, size_t d, seg_kmeans_winner **out,
                              double **z, seg_error *err)
{
    size_t all = (size_t)n_threads * n;
    *z = NULL;
    seg_status st = SEG_ALLOC(out, all, "the races", err);
    if (st == SEG_OK)
        st = SEG_ALLOC(z, all * d, "the races", err);
    for (size_t i = 0; st == SEG_OK && i < all; i++)
        (*out)[i] = (seg_kmeans_winner){ (double)INFINITY, UINT64_MAX, *z + i * d };
    return st;
}

seg_status seg_kmeans_race(const seg_kmeans_scale *scale, const seg_kmeans_centres *centres,
                           seg_kmeans_weight weight, uint64_t seed, uint64_t stream,
                           seg_matrix rows, uint64_t first_row, int n_threads,
                           seg_kmeans_winner *winners, size_t n, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_tile *tiles = NULL;
    seg_kmeans_winner *own = NULL;
    double *own_z = NULL;
    size_t d = scale->d, n_tiles = seg_tile_count(rows.n_rows);
    const seg_kernels *kernels = seg_kernels_get();

    n_threads = seg_tile_team(n_threads, n_tiles);
    TRY(seg_tiles_new(n_threads, d, centres->k_pad, &tiles, err));
    TRY(winners_new(n_threads, n, d, &own, &own_z, err));

    #pragma omp parallel for schedule(dynamic, SEG_TILE_SHARE) num_threads(n_threads)
    for (size_t t = 0; t < n_tiles; t++) {
        int thread = omp_get_thread_num();
        seg_tile *tile = &tiles[thread];
        size_t first = seg_tile_take(tile, scale, centres, kernels, rows, t);
        for (size_t r = 0; r < tile->n; r++) {
            double dist2 = centres->k == 0
                           ? 1 : nearest_dist2(tile->dist2 + r * centres->k_pad, centres->k);
            for (size_t l = 0; l < n; l++) {
                seg_rng rng = { seed, stream + l };
                uint64_t row = first_row + first + r;
                keep_winner(&own[(size_t)thread * n + l], race_key(weight, dist2, rng, row),
                            row, tile->z + r * d, d);
            }
        }
    }
    for (size_t i = 0; i < (size_t)n_threads * n; i++)
        keep_winner(&winners[i % n], own[i].key, own[i].row, own[i].z, d);

done:
    seg_free(own);
    seg_free(own_z);
    seg_tiles_free(tiles, n_threads);
    return st;
}

seg_status seg_kmeans_potential(const seg_kmeans_scale *scale,
                                const seg_kmeans_centres *centres, size_t n,
                                double dist_quantum, seg_matrix rows, int n_threads,
                                int64_t *potential, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_tile *tiles = NULL;
    int64_t *own = NULL;
    size_t k = centres->k - n, n_tiles = seg_tile_count(rows.n_rows);
    const seg_kernels *kernels = seg_kernels_get();

    n_threads = seg_tile_team(n_threads, n_tiles);
    TRY(seg_tiles_new(n_threads, scale->d, centres->k_pad, &tiles, err));
    TRY(SEG_ALLOC(&own, (size_t)n_threads * n, "the potentials", err));

    #pragma omp parallel for schedule(dynamic, SEG_TILE_SHARE) num_threads(n_threads)
    for (size_t t = 0; t < n_tiles; t++) {
        int thread = omp_get_thread_num();
        seg_tile *tile = &tiles[thread];
        seg_tile_take(tile, scale, centres, kernels, rows, t);
        for (size_t r = 0; r < tile->n; r++) {
            const double *dist2 = tile->dist2 + r * centres->k_pad;
            double before = k == 0 ? (double)INFINITY : nearest_dist2(dist2, k);
            for (size_t c = 0; c < n; c++) {
                double after = dist2[k + c] < before ? dist2[k + c] : before;
                own[(size_t)thread * n + c] += (int64_t)nearbyint(after * dist_quantum);
            }
        }
    }
    for (size_t i = 0; i < (size_t)n_threads * n; i++)
        potential[i % n] += own[i];

done:
    seg_free(own);
    seg_tiles_free(tiles, n_threads);
    return st;
}
