/* kmeans_tile.h: how a sweep walks a block: chunk by chunk over the threads, tile by tile
 * inside, each thread with scratch of its own. */
#ifndef SEGMILL_KERNELS_KMEANS_TILE_H
#define SEGMILL_KERNELS_KMEANS_TILE_H

#include "kernels/kernels.h"
#include "kernels/kmeans.h"

enum {
    SEG_TILE_ROWS = 64,
    SEG_TILE_SHARE = 4   /* tiles that a thread takes at a time */
};

typedef struct seg_tile {
    double *z;        /* SEG_TILE_ROWS x d */
    double *dist2;    /* SEG_TILE_ROWS x k_pad */
    size_t n;
} seg_tile;

/* One tile per thread. */
seg_status seg_tiles_new(int n_threads, size_t d, size_t k_pad, seg_tile **out, seg_error *err);
void seg_tiles_free(seg_tile *tiles, int n_threads);

/* Scale rows first .. first+n-1 into the tile; distances to the centres unless k is 0. */
void seg_tile_load(seg_tile *tile, const seg_kmeans_scale *scale, seg_matrix rows, size_t first,
                   size_t n);
void seg_tile_measure(seg_tile *tile, const seg_kmeans_centres *centres,
                      const seg_kernels *kernels);

/* Tiles of n_rows rows; and tile t of the block, loaded and measured: returns its first row. */
size_t seg_tile_count(size_t n_rows);
/* No more threads than there are shares of tiles. */
int seg_tile_team(int n_threads, size_t n_tiles);
size_t seg_tile_take(seg_tile *tile, const seg_kmeans_scale *scale,
                     const seg_kmeans_centres *centres, const seg_kernels *kernels,
                     seg_matrix rows, size_t t);

#endif
