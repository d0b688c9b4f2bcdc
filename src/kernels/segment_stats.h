/* segment_stats.h: how each segment of rows differs from all of them, feature by feature. */
#ifndef SEGMILL_KERNELS_SEGMENT_STATS_H
#define SEGMILL_KERNELS_SEGMENT_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "segmill/matrix.h"
#include "segmill/status.h"

/* Rows and their segments. A value that is not finite is missing, and left out of whatever
 * is said about its feature. */
typedef struct seg_segment_rows {
    seg_matrix x;
    const int32_t *labels;       /* 0 .. k-1; a row with another label is of no segment, but
                                    one of all rows */
    const uint64_t *weights;     /* null: 1 each; their sum is below 2^62. Shares, medians and
                                    ranks are those of w rows for a row of weight w */
    size_t k;
    int n_threads;
} seg_segment_rows;

/* The rows of one segment (or all rows) in one feature.
 *
 * rank: the mean over the rows of the share of all rows that lie below, those that are equal
 *       counted by half: 0.5 for all rows together, near 1 in a segment above all others. It
 *       does not see how far away an outlier is.
 * effect: rank less 0.5, in standard deviations of the rank over all rows; so it is the
 *       standardised difference, of ranks. Deviations below those of a yes/no feature that 5 %
 *       have are taken as these, and two rows like all others (ten, of a category) are added to
 *       the segment: rare things and tiny segments look less special than by chance. */
typedef struct seg_segment_number {
    uint64_t n, weight;          /* rows with a value, and their weight */
    double sum, mean, median, rank, effect;   /* mean, median, rank NaN without rows */
} seg_segment_number;

/* Of all rows in one feature. */
typedef struct seg_segment_range {
    double least, largest;       /* NaN without values */
    double negative;             /* share of the rows that are below 0 */
    bool whole;                  /* all values are whole numbers */
} seg_segment_range;

/* Columns of x that hold numbers. out: n x (k + 1), by column, all rows behind the segments.
 * Same bits for any number of threads. */
seg_status seg_segment_numbers(const seg_segment_rows *rows, const size_t *columns, size_t n,
                               seg_segment_number *out, seg_segment_range *ranges,
                               seg_error *err);

/* A level of a category in a segment: its share of the segment's rows with a value, and of
 * all rows. effect as above, of the feature "has this level". */
typedef struct seg_segment_level {
    int32_t code;                /* -1: none */
    double share, usual, effect;
} seg_segment_level;

/* The levels a segment has more of than usual, the most conspicuous first; and the level it
 * lacks most, of the SEG_SEGMENT_COMMON commonest. */
enum { SEG_SEGMENT_OVER = 3, SEG_SEGMENT_COMMON = 16 };
typedef struct seg_segment_levels {
    uint64_t n, weight;          /* rows with a value */
    seg_segment_level over[SEG_SEGMENT_OVER], under;
} seg_segment_levels;

/* Columns of x that hold codes 0 .. n_levels-1 (others are missing). out: n x k, by column. */
seg_status seg_segment_categories(const seg_segment_rows *rows, const size_t *columns,
                                  const size_t *n_levels, size_t n, seg_segment_levels *out,
                                  seg_error *err);

/* Weight (and number) of the rows of each segment, all rows behind them: k + 1. SEG_E_DATA
 * when the weights add up to 2^62 or more. */
seg_status seg_segment_sizes(const seg_segment_rows *rows, uint64_t *weight, uint64_t *n,
                             seg_error *err);

/* The rows of segment j: (*order)[(*first)[j]] .. [(*first)[j + 1] - 1], ascending. Free both. */
seg_status seg_segment_order(const seg_segment_rows *rows, uint32_t **order, size_t **first,
                             seg_error *err);

static inline uint64_t seg_segment_weight(const seg_segment_rows *rows, size_t i)
{
    return rows->weights == NULL ? 1 : rows->weights[i];
}

static inline bool seg_segment_has(const seg_segment_rows *rows, size_t i)
{
    return rows->labels[i] >= 0 && (size_t)rows->labels[i] < rows->k;
}

#endif
