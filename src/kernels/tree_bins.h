/* tree_bins.h: training rows as bytes. Numbers are cut between quantiles of a sample of the
 * rows, categories go by a table from code to bin; bin 0 is missing. A category of more levels
 * than bins is binned twice, each time in an order: by rows and by code. */
#ifndef SEGMILL_KERNELS_TREE_BINS_H
#define SEGMILL_KERNELS_TREE_BINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kernels/bin_tile.h"
#include "segmill/matrix.h"
#include "segmill/status.h"

enum {
    SEG_TREE_BINS = 255,                 /* bin 0 is missing; the others are values */
    SEG_RECORD_BYTES = SEG_TILE_COLUMNS  /* binned columns of a record */
};

typedef struct seg_bins {
    size_t n_features;
    size_t n_columns;       /* binned columns: column c < n_features is feature c; behind them
                               the categories that are binned twice, in the order of their codes */
    seg_bin_tile_column *columns;
    bool *ordered;          /* per column: neighbouring bins are neighbours: a number, or a
                               category put in an order */
    uint16_t *n_bins;       /* per column, with bin 0 */
    uint16_t *n_alone;      /* per column: bins 1 .. n_alone hold one level each */
    uint32_t *first_bin;    /* sum of n_bins of the columns before; n_columns + 1 */
    uint32_t *n_levels;     /* per column; 0: a number */
    float *cuts, *search;   /* per feature SEG_BIN_CUTS: value bin b (from 1) holds
                               cuts[b-2] < x <= cuts[b-1]; search: as in bin_tile.h */
    size_t *first_level;    /* per column: its place in the two below; n_columns + 1 */
    uint8_t *level_bin;     /* 0: the level was not seen */
    uint64_t *level_rows;   /* features only */
    uint64_t *bin_rows;     /* [feature][SEG_BIN_CUTS + 1]: rows in each bin; of numbers, those
                               of the sample */
    uint64_t n_used;        /* rows looked at */
    /* the sample, until seg_bins_finish(): keys (radix.h) of numbers, feature by feature */
    uint32_t *sample;
    size_t n_sampled, sample_cap;
    uint64_t n_rows, sample_wanted, seed;
} seg_bins;

/* n_levels: per feature, 0 for a number. n_rows: rows to come, about; all of them are
 * the sample when there are at most 65,536. */
seg_status seg_bins_new(size_t n_features, const uint32_t *n_levels, uint64_t n_rows,
                        uint64_t seed, seg_bins **out, seg_error *err);
void seg_bins_free(seg_bins *bins);   /* takes null */
/* Rows first_row .. in order; only those with use[i] != 0. Which of them are sampled
 * depends on the seed and the row's index alone. */
void seg_bins_add(seg_bins *bins, seg_matrix x, uint64_t first_row, const uint8_t *use,
                  int n_threads);
seg_status seg_bins_finish(seg_bins *bins, int n_threads, seg_error *err);

/* out[f * x.n_rows + i]: the bin of row i in feature f: tree_records.c. */
void seg_bins_apply(const seg_bins *bins, seg_matrix x, int n_threads, uint8_t *out);

/* The rows with use[i] != 0 (null: all) as records, in their order, one after the other:
 * group g of SEG_RECORD_BYTES columns of the j-th of them at
 * records[(g * capacity + first + j) * SEG_RECORD_BYTES]; unused bytes are 0. Returns how
 * many there were. */
size_t seg_bins_records(const seg_bins *bins, seg_matrix x, const uint8_t *use, int n_threads,
                        uint8_t *records, size_t capacity, size_t first);

#endif
