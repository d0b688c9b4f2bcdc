/* apriori.h: all itemsets that enough baskets hold, level by level over passes.
 *
 *     seg_apriori_new(&options, &miner)
 *     while (seg_apriori_begin(miner, &more), more) {
 *         for each block: seg_apriori_add(miner, block)
 *         seg_apriori_end(miner)
 *     }
 *     seg_apriori_take(miner, &result)
 *
 * Counts are whole numbers, so the answer depends neither on threads nor on blocks. */
#ifndef SEGMILL_KERNELS_APRIORI_H
#define SEGMILL_KERNELS_APRIORI_H

#include "kernels/basket_rows.h"
#include "kernels/itemsets.h"

typedef struct seg_apriori seg_apriori;

typedef struct seg_apriori_options {
    size_t n_items;          /* items are 0 .. n_items - 1 */
    uint64_t support_num;    /* frequent: in at least support_num baskets, or, with */
    uint64_t support_den;    /* support_den > 0, in at least that share of them */
    size_t max_length;       /* items per set; 0: any */
    uint64_t max_itemsets;   /* more than so many frequent sets: stop; 0: any number */
    bool allow_partial;      /* then keep the lengths that are complete */
    bool marks;              /* find out which sets are closed and maximal */
    bool count_only;         /* keep numbers per length, no sets */
    uint64_t memory_bytes;   /* for the counters of one pass; more needs more passes */
    int n_threads;
} seg_apriori_options;

/* Numbers per length; length k stands at k - 1. */
typedef struct seg_apriori_counts {
    uint64_t frequent, closed, maximal;
} seg_apriori_counts;

typedef struct seg_apriori_result {
    uint64_t n_baskets;
    uint32_t min_count;
    bool incomplete;             /* stopped at max_itemsets: longer sets are missing */
    uint32_t *item_count;        /* n_items: baskets per item */
    size_t n_levels;
    seg_apriori_counts *counts;  /* n_levels */
    seg_itemsets *levels;        /* n_levels, each of one length; in no promised order,
                                    without marks unless asked; empty after count_only */
} seg_apriori_result;

seg_status seg_apriori_new(const seg_apriori_options *options, seg_apriori **out,
                           seg_error *err);
void seg_apriori_free(seg_apriori *miner);   /* takes null */

/* Prepare the next pass; *more false: no further pass is needed.
 * SEG_E_AGAIN when the candidates do not fit into memory. */
seg_status seg_apriori_begin(seg_apriori *miner, bool *more, seg_error *err);
/* SEG_E_DATA names a row whose items are out of range or out of order. */
seg_status seg_apriori_add(seg_apriori *miner, const seg_basket_rows *rows,
                           uint64_t first_row, seg_error *err);
/* SEG_E_GATE above max_itemsets, unless partial results are allowed. */
seg_status seg_apriori_end(seg_apriori *miner, seg_error *err);

/* Move the answer out; release it with seg_apriori_result_clear(). */
void seg_apriori_take(seg_apriori *miner, seg_apriori_result *result);
void seg_apriori_result_clear(seg_apriori_result *result);

#endif
