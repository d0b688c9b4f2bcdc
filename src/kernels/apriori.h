/* apriori.h: all itemsets that enough baskets hold, level by level over passes: the baskets
 * are read again for every length and need not be in memory.
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

#include "kernels/item_counts.h"
#include "kernels/itemset_tree.h"

typedef struct seg_apriori seg_apriori;

typedef struct seg_apriori_options {
    const seg_item_ranks *ranks;   /* of the frequent items; outlives the miner */
    uint32_t min_count;            /* frequent: at least so many baskets hold the set */
    uint64_t n_baskets;            /* in all */
    size_t max_length;             /* items per set; 0: any */
    uint64_t max_itemsets;         /* more than so many frequent sets: stop; 0: any number */
    bool allow_partial;            /* then keep the lengths that are complete */
    bool count_only;               /* keep numbers per length, no sets */
    const seg_items_apart *apart;  /* or null */
    bool weighted;                 /* rows will bring weights */
    uint64_t memory_bytes;         /* for the counters of one pass; more needs more passes */
    int n_threads;
} seg_apriori_options;

typedef struct seg_apriori_result {
    seg_itemset_counts counts;
    bool incomplete;               /* stopped at max_itemsets: longer sets are missing */
    seg_itemset_tree tree;         /* empty after count_only */
} seg_apriori_result;

seg_status seg_apriori_new(const seg_apriori_options *options, seg_apriori **out,
                           seg_error *err);
void seg_apriori_free(seg_apriori *miner);   /* takes null */

/* Prepare the next pass; *more false: no further pass is needed.
 * SEG_E_AGAIN when the candidates do not fit into memory. */
seg_status seg_apriori_begin(seg_apriori *miner, bool *more, seg_error *err);
/* rows: checked by seg_basket_rows_check(); items below ranks->n_items. */
void seg_apriori_add(seg_apriori *miner, const seg_basket_rows *rows);
/* SEG_E_GATE above max_itemsets, unless partial results are allowed. */
seg_status seg_apriori_end(seg_apriori *miner, seg_error *err);

/* Move the answer out; the caller clears the tree. */
seg_status seg_apriori_take(seg_apriori *miner, seg_apriori_result *result, seg_error *err);

#endif
