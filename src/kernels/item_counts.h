/* item_counts.h: how many baskets hold each item, and the items in the order in which
 * itemsets are mined. */
#ifndef SEGMILL_KERNELS_ITEM_COUNTS_H
#define SEGMILL_KERNELS_ITEM_COUNTS_H

#include "kernels/basket_rows.h"

typedef struct seg_item_counts {
    size_t n_items;
    int n_threads;
    uint64_t n_rows, n_baskets;  /* rows that count; the baskets they stand for */
    uint64_t n_empty;            /* baskets without an item */
    uint64_t n_pairs;            /* (row, item) pairs of the rows that count */
    uint32_t *count;             /* n_threads x n_items; the sum in the first after a sum up */
} seg_item_counts;

seg_status seg_item_counts_new(size_t n_items, int n_threads, seg_item_counts *counts,
                               seg_error *err);
void seg_item_counts_clear(seg_item_counts *counts);

/* SEG_E_DATA: a row as seg_basket_rows_check() says, or more than 2^32 - 1 baskets. */
seg_status seg_item_counts_add(seg_item_counts *counts, const seg_basket_rows *rows,
                               uint64_t first_row, seg_error *err);
/* Baskets per item, into count[0 .. n_items - 1]. */
void seg_item_counts_sum(seg_item_counts *counts);

/* The items that at least min_count baskets hold, in order of rising count; equal ones in
 * the order of place[item] (null: of their numbers). */
typedef struct seg_item_ranks {
    size_t n_items, n;
    int32_t *rank;               /* n_items: 0 .. n - 1, or -1: not frequent */
    int32_t *item;               /* n */
    uint32_t *count;             /* n, rising */
} seg_item_ranks;

/* wanted: per item, false leaves it out; may be null. */
seg_status seg_item_ranks_new(const uint32_t *count, size_t n_items, uint32_t min_count,
                              const int32_t *place, const bool *wanted, seg_item_ranks *ranks,
                              seg_error *err);
void seg_item_ranks_clear(seg_item_ranks *ranks);

/* Smallest whole count that reaches a support: num baskets, or, with den > 0, the share
 * num / den of n_baskets. At least 1. */
uint32_t seg_support_count(uint64_t num, uint64_t den, uint64_t n_baskets);

#endif
