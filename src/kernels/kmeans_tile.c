/* kmeans_tile.c: scaled rows and their distances, a tile at a time. */
#include "kernels/kmeans_tile.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/real.h"
#include "base/try.h"

seg_status seg_tiles_new(int n_threads, size_t d, size_t k_pad, seg_tile **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_tile *tiles = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&tiles, (size_t)n_threads, "tiles", err));
    for (int t = 0; t < n_threads; t++) {
        TRY(SEG_ALLOC(&tiles[t].z, SEG_TILE_ROWS * d, "a tile of rows", err));
        TRY(SEG_ALLOC(&tiles[t].dist2, SEG_TILE_ROWS * k_pad, "a tile of distances", err));
    }
    *out = tiles;
    tiles = NULL;

done:
    seg_tiles_free(tiles, n_threads);
    return st;
}

void seg_tiles_free(seg_tile *tiles, int n_threads)
{
    if (tiles == NULL)
        return;
    for (int t = 0; t < n_threads; t++) {
        seg_free(tiles[t].z);
        seg_free(tiles[t].dist2);
    }
    seg_free(tiles);
}

void seg_tile_load(seg_tile *tile, const seg_kmeans_scale *scale, seg_matrix rows, size_t first,
                   size_t n)
{
    size_t d = scale->d;
    tile->n = n;
    for (size_t r = 0; r < n; r++) {
        const float *x = rows.x + (first + r) * rows.stride;
        double *z = tile->z + r * d;
        for (size_t f = 0; f < d; f++) {
            double v = (double)x[scale->columns[f]];
            if (scale->log1p)
                v = v < -1 ? -(double)INFINITY : seg_log1p(v);
            z[f] = isnan(v) ? 0 : (v - scale->shift[f]) * scale->inverse[f];
        }
    }
}

void seg_tile_measure(seg_tile *tile, const seg_kmeans_centres *centres,
                      const seg_kernels *kernels)
{
    if (centres->k > 0)
        kernels->kmeans_distances(tile->z, tile->n, centres->d, centres->ct, centres->k_pad,
                                  tile->dist2);
}

size_t seg_tile_count(size_t n_rows)
{
    return (n_rows + SEG_TILE_ROWS - 1) / SEG_TILE_ROWS;
}

int seg_tile_team(int n_threads, size_t n_tiles)
{
    size_t shares = (n_tiles + SEG_TILE_SHARE - 1) / SEG_TILE_SHARE;
    return shares >= (size_t)n_threads ? n_threads : shares == 0 ? 1 : (int)shares;
}

size_t seg_tile_take(seg_tile *tile, const seg_kmeans_scale *scale,
                     const seg_kmeans_centres *centres, const seg_kernels *kernels,
                     seg_matrix rows, size_t t)
{
    size_t first = t * SEG_TILE_ROWS, left = rows.n_rows - first;
    seg_tile_load(tile, scale, rows, first, left < SEG_TILE_ROWS ? left : SEG_TILE_ROWS);
    seg_tile_measure(tile, centres, kernels);
    return first;
}

seg_status seg_kmeans_centres_new(size_t k_max, size_t d, seg_kmeans_centres *out,
                                  seg_error *err)
{
    size_t k_pad = (k_max + SEG_KMEANS_PAD - 1) / SEG_KMEANS_PAD * SEG_KMEANS_PAD;
    *out = (seg_kmeans_centres){ .k_pad = k_pad, .d = d };
    return SEG_ALLOC(&out->ct, d * k_pad, "the centroids", err);
}

void seg_kmeans_centres_free(seg_kmeans_centres *centres)
{
    seg_free(centres->ct);
    centres->ct = NULL;
}

void seg_kmeans_centres_set(seg_kmeans_centres *centres, const double *z, size_t k)
{
    centres->k = k;
    centres->k_pad = (k + SEG_KMEANS_PAD - 1) / SEG_KMEANS_PAD * SEG_KMEANS_PAD;
    for (size_t f = 0; f < centres->d; f++)
        for (size_t j = 0; j < centres->k_pad; j++)
            centres->ct[f * centres->k_pad + j] =
                j < k ? z[j * centres->d + f] : (double)INFINITY;
}
