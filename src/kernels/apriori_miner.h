/* apriori_miner.h: what the miner holds, for the files that make it up. */
#ifndef SEGMILL_KERNELS_APRIORI_MINER_H
#define SEGMILL_KERNELS_APRIORI_MINER_H

#include "kernels/apriori.h"
#include "kernels/item_trie.h"

typedef enum stage { STAGE_PAIRS, STAGE_SETS, STAGE_DONE } stage;

struct seg_apriori {
    seg_apriori_options options;
    stage stage;
    seg_itemset_counts counts;
    bool incomplete;
    seg_itemsets *levels;         /* of the complete lengths, ascending sets of ranks */
    size_t n_levels, levels_cap;

    size_t m;                     /* frequent items */
    int32_t *use;                 /* ranks->n_items: rank if the item matters in this pass */

    size_t first_rank, end_rank;  /* STAGE_PAIRS: pairs whose lower item is in this slice */
    seg_itemsets pairs;           /* found in the slices so far */
    seg_itemsets candidates;
    seg_item_trie trie;
    uint64_t *columns;            /* bits per basket: n_threads x column_words; or null */
    size_t column_words;          /* of all items, and of the walk over the tree */

    size_t n_counters, n_copies;  /* a copy for each thread, or one for all */
    uint32_t *counters;           /* n_copies x n_counters */
    int32_t *baskets;             /* n_threads x max(m, 1): one basket in ranks */
};

static inline int seg_apriori_threads(const seg_apriori *miner)
{
    return miner->options.n_threads < 1 ? 1 : miner->options.n_threads;
}

#endif
