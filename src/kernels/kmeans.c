/* kmeans.c: assignment and sums (S. Lloyd, "Least squares quantization in PCM", IEEE
 * Transactions on Information Theory 28 (1982) 129-137).
 *
 * Distances are float64 in one fixed order; sums are 64-bit fixed point. Integer addition
 * is associative, so any split over threads, blocks or ranks gives the same centroids. */
#include "kernels/kmeans.h"

#include <math.h>
#include <omp.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"
#include "kernels/kmeans_tile.h"
#include "segmill/context.h"

seg_status seg_kmeans_sums_new(size_t k, size_t d, seg_kmeans_sums *out, seg_error *err)
{
    seg_status st = SEG_OK;
    *out = (seg_kmeans_sums){ .k = k, .d = d };
    TRY(SEG_ALLOC(&out->sum, k * d, "the sums", err));
    TRY(SEG_ALLOC(&out->count, k, "the counts", err));
    TRY(SEG_ALLOC(&out->spread, k, "the spreads", err));
    TRY(SEG_ALLOC(&out->quantum, d, "the quanta", err));
    TRY(SEG_ALLOC(&out->far_dist2, k, "the farthest rows", err));
    TRY(SEG_ALLOC(&out->far_row, k, "the farthest rows", err));
    TRY(SEG_ALLOC(&out->far_z, k * d, "the farthest rows", err));
    seg_kmeans_sums_clear(out);
    return SEG_OK;

done:
    seg_kmeans_sums_free(out);
    return st;
}

void seg_kmeans_sums_clear(seg_kmeans_sums *s)
{
    memset(s->sum, 0, s->k * s->d * sizeof *s->sum);
    memset(s->count, 0, s->k * sizeof *s->count);
    memset(s->spread, 0, s->k * sizeof *s->spread);
    s->silhouette = 0;
    for (size_t j = 0; j < s->k; j++) {
        s->far_dist2[j] = -1;
        s->far_row[j] = UINT64_MAX;
    }
}

void seg_kmeans_sums_free(seg_kmeans_sums *s)
{
    seg_free(s->sum);
    seg_free(s->count);
    seg_free(s->spread);
    seg_free(s->quantum);
    seg_free(s->far_dist2);
    seg_free(s->far_row);
    seg_free(s->far_z);
    *s = (seg_kmeans_sums){ 0 };
}

static bool is_farther(double dist2, uint64_t row, double than, uint64_t than_row)
{
    return dist2 > than || (dist2 == than && row < than_row);
}

static void keep_farthest(seg_kmeans_sums *s, size_t j, double dist2, uint64_t row,
                          const double *z)
{
    if (!is_farther(dist2, row, s->far_dist2[j], s->far_row[j]))
        return;
    s->far_dist2[j] = dist2;
    s->far_row[j] = row;
    memcpy(s->far_z + j * s->d, z, s->d * sizeof *z);
}

static void merge(seg_kmeans_sums *into, const seg_kmeans_sums *from)
{
    for (size_t i = 0; i < into->k * into->d; i++)
        into->sum[i] += from->sum[i];
    for (size_t j = 0; j < into->k; j++) {
        into->count[j] += from->count[j];
        into->spread[j] += from->spread[j];
        keep_farthest(into, j, from->far_dist2[j], from->far_row[j], from->far_z + j * from->d);
    }
    into->silhouette += from->silhouette;
}

typedef struct nearest {
    size_t label, second;
    double dist2, second_dist2;
} nearest;

static nearest find_nearest(const double *dist2, size_t k)
{
    nearest n = { .label = 0, .second = SIZE_MAX, .dist2 = dist2[0],
                  .second_dist2 = (double)INFINITY };
    for (size_t j = 1; j < k; j++) {
        if (dist2[j] < n.dist2) {
            n.second = n.label;
            n.second_dist2 = n.dist2;
            n.label = j;
            n.dist2 = dist2[j];
        } else if (dist2[j] < n.second_dist2) {
            n.second = j;
            n.second_dist2 = dist2[j];
        }
    }
    return n;
}

static void add_row(seg_kmeans_sums *s, const double *z, nearest n, uint64_t row)
{
    enum { SILHOUETTE_BITS = 28 };
    for (size_t f = 0; f < s->d; f++)
        s->sum[n.label * s->d + f] += (int64_t)nearbyint(z[f] * s->quantum[f]);
    s->count[n.label]++;
    s->spread[n.label] += (int64_t)nearbyint(n.dist2 * s->dist_quantum);
    if (n.second != SIZE_MAX && n.second_dist2 > 0)
        s->silhouette += (int64_t)nearbyint(ldexp(1 - sqrt(n.dist2) / sqrt(n.second_dist2),
                                                  SILHOUETTE_BITS));
    keep_farthest(s, n.label, n.dist2, row, z);
}

static void note_row(const seg_kmeans_rows *out, size_t i, nearest n)
{
    if (out->label != NULL)
        out->label[i] = (int32_t)n.label;
    if (out->second != NULL)
        out->second[i] = n.second == SIZE_MAX ? -1 : (int32_t)n.second;
    if (out->dist2 != NULL)
        out->dist2[i] = n.dist2;
    if (out->second_dist2 != NULL)
        out->second_dist2[i] = n.second_dist2;
}

seg_status seg_kmeans_assign(const seg_kmeans_scale *scale, const seg_kmeans_centres *centres,
                             seg_matrix rows, uint64_t first_row, int n_threads,
                             const seg_kmeans_rows *out, seg_kmeans_sums *sums,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    seg_tile *tiles = NULL;
    seg_kmeans_sums *own = NULL;
    const seg_kernels *kernels = seg_kernels_get();
    size_t n_tiles = seg_tile_count(rows.n_rows);

    n_threads = seg_tile_team(n_threads, n_tiles);
    TRY(seg_tiles_new(n_threads, scale->d, centres->k_pad, &tiles, err));
    TRY(SEG_ALLOC(&own, (size_t)n_threads, "the sums", err));
    for (int t = 0; t < n_threads && sums != NULL; t++) {
        TRY(seg_kmeans_sums_new(sums->k, sums->d, &own[t], err));
        memcpy(own[t].quantum, sums->quantum, sums->d * sizeof *sums->quantum);
        own[t].dist_quantum = sums->dist_quantum;
    }

    #pragma omp parallel for schedule(dynamic, SEG_TILE_SHARE) num_threads(n_threads)
    for (size_t t = 0; t < n_tiles; t++) {
        int thread = omp_get_thread_num();
        seg_tile *tile = &tiles[thread];
        size_t first = seg_tile_take(tile, scale, centres, kernels, rows, t);
        for (size_t r = 0; r < tile->n; r++) {
            nearest found = find_nearest(tile->dist2 + r * centres->k_pad, centres->k);
            if (out != NULL)
                note_row(out, first + r, found);
            if (sums != NULL)
                add_row(&own[thread], tile->z + r * scale->d, found, first_row + first + r);
        }
    }
    for (int t = 0; t < n_threads && sums != NULL; t++)
        merge(sums, &own[t]);

done:
    for (int t = 0; t < n_threads && own != NULL; t++)
        seg_kmeans_sums_free(&own[t]);
    seg_free(own);
    seg_tiles_free(tiles, n_threads);
    return st;
}
