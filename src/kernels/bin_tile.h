/* bin_tile.h: values to bins, 64 rows at a time: what both training (tree_bins.h) and scoring
 * (forest.h) begin with. A bin is a byte: 0 is missing, numbers have 1 + the number of cuts
 * below them, categories what their table says. */
#ifndef SEGMILL_KERNELS_BIN_TILE_H
#define SEGMILL_KERNELS_BIN_TILE_H

#include <stddef.h>
#include <stdint.h>
#include "segmill/matrix.h"

enum {
    SEG_TILE_ROWS = 64,
    SEG_TILE_COLUMNS = 32,      /* of a record */
    SEG_BIN_CUTS = 255,         /* room for cuts; at most 254 are used */
    SEG_BIN_HEAP = 32,          /* the upper five levels of a search, before its places */
    SEG_BIN_SEARCH = SEG_BIN_HEAP + 1 + SEG_BIN_CUTS
};

typedef struct seg_bin_tile_column {
    size_t feature;             /* column of x */
    uint32_t n_levels;          /* category: codes 0 .. n_levels - 1; 0: a number */
    const uint8_t *level_bin;   /* category: bin per code; other codes are missing */
    const float *search;        /* number: SEG_BIN_SEARCH floats, from seg_bin_search_fill();
                                   fastest when 64-byte aligned */
} seg_bin_tile_column;

/* n <= SEG_TILE_ROWS rows of x to planes[column * SEG_TILE_ROWS + row]; the rest of a plane is
 * not defined. A value that is not finite is missing. planes: 64-byte aligned. */
typedef void seg_bin_tile_fn(const seg_bin_tile_column *columns, size_t n_columns,
                             const float *x, size_t stride, size_t n, uint8_t *planes);

/* Planes of at most SEG_TILE_COLUMNS columns to n <= SEG_TILE_ROWS records, one after the
 * other: records[row * SEG_TILE_COLUMNS + column]; bytes behind the columns are 0. */
typedef void seg_bin_records_fn(const uint8_t *planes, size_t n_columns, size_t n,
                                uint8_t *records);

/* Add the rows of x to counts[column * SEG_COUNT_BINS + bin]; no bin is SEG_COUNT_BINS or more:
 * bin_count.c. */
enum { SEG_COUNT_BINS = 16 };
void seg_bins_count(const seg_bin_tile_column *columns, size_t n_columns, seg_matrix x,
                    int n_threads, int64_t *counts);

/* What a number is looked up in. Cuts ascending: at most 254, the others infinite. */
void seg_bin_search_fill(const float cuts[SEG_BIN_CUTS], float search[SEG_BIN_SEARCH]);

#endif
