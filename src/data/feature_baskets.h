/* feature_baskets.h: rows of features as baskets of attribute=value items: "plan=gold",
 * "age=[30,45)". */
#ifndef SEGMILL_DATA_FEATURE_BASKETS_H
#define SEGMILL_DATA_FEATURE_BASKETS_H

#include "segmill/context.h"
#include "segmill/stream.h"

typedef enum seg_item_form {
    SEG_ITEM_LEVEL = 0,   /* a category: COL=LEVEL; no cuts */
    SEG_ITEM_VALUE,       /* a number of few values: COL=VALUE; the cuts are the values */
    SEG_ITEM_RANGE        /* a number: COL<A, COL=[A,B), COL>=B; n cuts part n + 1 ranges */
} seg_item_form;

/* How one column becomes items. */
typedef struct seg_item_column {
    const char *name;
    seg_item_form form;
    const float *cuts;    /* ascending, finite */
    size_t n_cuts;
} seg_item_column;

/* What a model must remember: the columns that become items. */
typedef struct seg_item_bins {
    const seg_item_column *columns;
    size_t n_columns;
} seg_item_bins;

typedef struct seg_feature_baskets_options {
    /* N, or COL:E,E,... or COL:qN or COL:each, any number of them parted by commas, as in
     * "5,age:30,45,income:q4,year:each"; null: none are declared.
     *   N             every other number of more than N values becomes N ranges of about as
     *                 many rows each (2 .. 100); one of fewer gives an item
     *                 per value
     *   COL:E,E,...   ranges with these bounds: below the first, [E,E) ..., from the last on
     *   COL:qN        N ranges of about as many rows each
     *   COL:each      every value is an item (at most 1,000) */
    const char *bins;
    const char *drop;      /* COL,...: no items of these; null: none */
    const char *weights;   /* a number that becomes an obs column instead of items; null: none */
} seg_feature_baskets_options;

/* Baskets of the rows of a features source: each category (feature, label or other category
 * beside X) gives the item COL=LEVEL, each number the item of its value or range; a missing
 * cell gives none. Rows, ids and obs columns stay as they are. Values are compared as
 * float32, and so are the bounds of ranges, which are printed so that they read back equal.
 *
 * SEG_E_USAGE: the options name a column that is not there (with the nearest name), are
 * malformed, or nothing is declared for a number with more than 12 values or with fractions
 * (the message says what to declare).
 * SEG_E_DATA: two columns would give items of the same name; no column gives any.
 * Takes over `from` when it succeeds. Reads it once to see the values, and three times more
 * where ranges of equal counts are wanted. Cost of a pass: linear, in parallel; one block. */
seg_status seg_feature_baskets(const seg_context *ctx, seg_source *from,
                               const seg_feature_baskets_options *options, seg_source **out,
                               seg_error *err);

/* The same by what a model remembers: other columns are not looked at, values that it has not
 * seen give no item. Columns that the data lack are told (a label to be foreseen may be one of
 * them); SEG_E_DATA when all are lacking, or one is a number where a category is expected, or
 * the other way. Copies `bins`. */
seg_status seg_feature_baskets_by(const seg_context *ctx, seg_source *from,
                                  const seg_item_bins *bins, seg_source **out, seg_error *err);

/* What the source above goes by, also through seg_baskets_with_groups(); null for any other
 * source. Lives as long as the source. */
const seg_item_bins *seg_feature_baskets_bins(const seg_source *source);

/* A copy in one block, after checks; seg_item_bins_free() takes null. SEG_E_DATA. */
seg_status seg_item_bins_new(const seg_item_bins *parts, seg_item_bins **out, seg_error *err);
void seg_item_bins_free(seg_item_bins *bins);

#endif
