/* profile.h: every column of a table at a glance, in one pass over its blocks: how much is
 * missing, how many values are different, range, moments, quantiles, shape; and what makes a
 * data scientist look twice: columns that move together or give the label away. */
#ifndef SEGMILL_KERNELS_PROFILE_H
#define SEGMILL_KERNELS_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kernels/distinct.h"
#include "segmill/status.h"
#include "segmill/table.h"

/* Shares at which quantiles are given: 1 %, 5 %, 25 %, 50 %, 75 %, 95 %, 99 %. */
enum { SEG_PROFILE_QUANTILES = 7, SEG_PROFILE_BINS = 16 };
extern const double seg_profile_shares[SEG_PROFILE_QUANTILES];

/* One column. Values are in the units that people see: money divided by its scale, dates in
 * days, times in seconds, categories as codes. Infinite values count as there, but not in
 * range, moments and quantiles. */
typedef struct seg_profile_column {
    seg_column what;               /* X's numbers have type F32; ids are a text */
    /* over all rows */
    int64_t n, n_finite, n_zero, n_whole;
    double least, largest, mean, sd;
    double n_distinct;             /* texts too; of a category: the levels that occur */
    bool distinct_exact;
    int64_t *levels;               /* category: rows of each level */
    /* over the sampled rows */
    double *sample;                /* n_sampled of the profile; NaN: missing or infinite */
    size_t n_values;
    double quantiles[SEG_PROFILE_QUANTILES];
    double usual;                  /* the commonest value (the least of them), and its rows */
    size_t n_usual;
    double inner_least, inner_largest;   /* without the least and the largest of all rows */
    double bins_from, bins_to;     /* the n_bins cells; what lies outside is in the end ones */
    size_t bins[SEG_PROFILE_BINS], n_bins;
    double auc;                    /* against the label, 0.5 .. 1; NaN if there is none */
    double purity;                 /* share of the label's uncertainty that knowing this
                                      column's level (or that it is missing) takes away */
    size_t twin;                   /* an earlier column that tells the same, or SIZE_MAX */
    double twin_r;                 /* their correlation; 1 for categories */
    /* while adding */
    bool has_origin;
    double origin, sum, square;
    seg_distinct distinct;
} seg_profile_column;

typedef struct seg_profile {
    size_t n_features, n_columns;  /* columns: features of X, obs columns, then the ids */
    seg_profile_column *columns;
    uint64_t n_rows;               /* of the source */
    size_t n_sampled;              /* rows in the sample: all, or one of each equal stretch */
    bool has_ids;
    const struct seg_kernels *kernels;
    /* while adding */
    size_t next_sample;
    uint32_t *block_sample;        /* rows of the block at hand that are in the sample */
    size_t block_sample_n, block_sample_cap;
} seg_profile;

/* The schema outlives the profile. Memory: about 40 MB for many rows, and 6 KB per column of
 * a wide table; it depends on the numbers of rows and columns alone. */
seg_status seg_profile_new(const seg_schema *schema, uint64_t n_rows, seg_profile *out,
                           seg_error *err);
void seg_profile_free(seg_profile *profile);

/* Blocks in order. */
seg_status seg_profile_add(seg_profile *profile, const seg_block *block, int n_threads,
                           seg_error *err);

/* After the last block. label: index of a category column, or SIZE_MAX. */
seg_status seg_profile_finish(seg_profile *profile, size_t label, int n_threads, seg_error *err);

/* A value or its lack, not a text: what moments and quantiles are for. */
bool seg_profile_is_number(const seg_profile_column *column);

/* Parts of finish: twins among the columns, see profile_pairs.c. */
enum { SEG_PROFILE_PAIRED = 1000 };   /* only so many first columns are compared */
seg_status seg_profile_find_twins(seg_profile *profile, int n_threads, seg_error *err);

#endif
