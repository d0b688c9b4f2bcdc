/* apriori_miner.h: what the miner holds, for the files that make it up. */
#ifndef SEGMILL_KERNELS_APRIORI_MINER_H
#define SEGMILL_KERNELS_APRIORI_MINER_H

#include "kernels/apriori.h"
#include "kernels/item_trie.h"

typedef enum stage { STAGE_ITEMS, STAGE_PAIRS, STAGE_SETS, STAGE_DONE } stage;

struct seg_apriori {
    seg_apriori_options options;
    stage stage;
    size_t levels_cap, counts_cap;
    uint64_t n_found;             /* frequent sets so far */
    seg_apriori_result result;

    size_t m;                     /* frequent items */
    int32_t *rank;                /* n_items: 0 .. m-1 in order of rising count, or -1 */
    int32_t *item_of_rank;        /* m */
    int32_t *use;                 /* n_items: rank if the item can matter in this pass */

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
