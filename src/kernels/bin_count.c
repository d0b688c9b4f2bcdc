/* bin_count.c: how many rows fall in each of a few bins, without keeping the bins. */
#include "kernels/kernels.h"

enum { PART_ROWS = 64 * SEG_TILE_ROWS };

/* A part of the rows in at most SEG_TILE_COLUMNS columns. */
static void count_part(const seg_bin_tile_column *columns, size_t n_columns, seg_matrix x,
                       int64_t *counts)
{
    const seg_kernels *kernels = seg_kernels_get();
    _Alignas(64) uint8_t planes[SEG_TILE_COLUMNS * SEG_TILE_ROWS];
    uint32_t own[SEG_TILE_COLUMNS][SEG_COUNT_BINS] = { { 0 } };
    for (size_t first = 0; first < x.n_rows; first += SEG_TILE_ROWS) {
        size_t n = x.n_rows - first < SEG_TILE_ROWS ? x.n_rows - first : SEG_TILE_ROWS;
        kernels->bin_tile(columns, n_columns, x.x + first * x.stride, x.stride, n, planes);
        for (size_t c = 0; c < n_columns; c++)
            for (size_t i = 0; i < n; i++)
                own[c][planes[c * SEG_TILE_ROWS + i]]++;
    }
    for (size_t c = 0; c < n_columns; c++)
        for (size_t b = 0; b < SEG_COUNT_BINS; b++) {
            #pragma omp atomic
            counts[c * SEG_COUNT_BINS + b] += own[c][b];
        }
}

void seg_bins_count(const seg_bin_tile_column *columns, size_t n_columns, seg_matrix x,
                    int n_threads, int64_t *counts)
{
    #pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
    for (size_t first = 0; first < x.n_rows; first += PART_ROWS) {
        size_t n = x.n_rows - first < PART_ROWS ? x.n_rows - first : PART_ROWS;
        seg_matrix part = { x.x + first * x.stride, n, x.n_cols, x.stride };
        for (size_t c = 0; c < n_columns; c += SEG_TILE_COLUMNS)
            count_part(columns + c,
                       n_columns - c < SEG_TILE_COLUMNS ? n_columns - c : SEG_TILE_COLUMNS, part,
                       counts + c * SEG_COUNT_BINS);
    }
}
