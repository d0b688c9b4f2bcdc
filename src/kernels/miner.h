/* miner.h: all itemsets that enough baskets hold, depth first over baskets in memory.
 *
 *     seg_miner_new(&options, &miner)
 *     for each block: seg_miner_add(miner, block, ...)
 *     seg_miner_count(miner, min_count, ...)    as often as wanted: numbers per length
 *     seg_miner_list(miner, min_count, ...)     the sets themselves
 *     seg_miner_free(miner)
 *
 * Everything is counted in whole numbers and listed in one order, so the answer depends
 * neither on threads nor on blocks nor on the instruction set. */
#ifndef SEGMILL_KERNELS_MINER_H
#define SEGMILL_KERNELS_MINER_H

#include "kernels/basket_rows.h"
#include "kernels/itemset_tree.h"

typedef struct seg_miner seg_miner;

/* Items are known by their rank: 0 .. n_ranks - 1 in order of rising count in all the data. A
 * miner may be given only a part of the baskets: it counts itself how many of its own hold an
 * item, which then need not rise and may be none. Baskets without a ranked item count too. */
typedef struct seg_miner_options {
    size_t n_ranks;
    const seg_items_apart *apart;  /* or null */
    uint64_t n_pairs;            /* (basket, ranked item) pairs to come at most; 0: unknown */
    int n_threads;
    /* Called now and then by one thread with the share of the work that is done; what it
     * returns other than SEG_OK ends the work (a signal, a time limit). Or null. */
    seg_status (*step)(void *arg, double done, seg_error *err);
    void *step_arg;
} seg_miner_options;

seg_status seg_miner_new(const seg_miner_options *options, seg_miner **out, seg_error *err);
void seg_miner_free(seg_miner *miner);   /* takes null */

/* Append baskets, checked by seg_basket_rows_check(). rank: of each item, or -1: the item is
 * left out. */
seg_status seg_miner_add(seg_miner *miner, const seg_basket_rows *rows, const int32_t *rank,
                         seg_error *err);

/* Memory that the baskets take, and that mining them will take beside, in bytes. */
uint64_t seg_miner_bytes(const seg_miner *miner);

/* How many sets of at most max_length items (0: any) at least min_count (>= 1) baskets
 * hold. Nothing is listed: sets that need not be told apart are not even formed. */
seg_status seg_miner_count(seg_miner *miner, uint32_t min_count, size_t max_length,
                           seg_itemset_counts *counts, seg_error *err);
/* The sets. tree: all zero before. */
seg_status seg_miner_list(seg_miner *miner, uint32_t min_count, size_t max_length,
                          seg_itemset_tree *tree, seg_error *err);

#endif
