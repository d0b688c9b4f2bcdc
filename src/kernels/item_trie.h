/* item_trie.h: candidate itemsets of one length as a tree, to count them in baskets. */
#ifndef SEGMILL_KERNELS_ITEM_TRIE_H
#define SEGMILL_KERNELS_ITEM_TRIE_H

#include "kernels/itemsets.h"

/* Depth d holds the distinct beginnings of d + 1 items, in ascending order; the nodes of
 * the last depth are the sets themselves. */
typedef struct seg_item_trie {
    size_t depth;         /* items per set */
    size_t *n_nodes;      /* depth */
    int32_t **item;       /* depth arrays of n_nodes */
    uint32_t **child;     /* depth - 1 arrays of n_nodes + 1: first node one depth below */
} seg_item_trie;

/* sets: of one length, in ascending order, distinct. */
seg_status seg_item_trie_new(const seg_itemsets *sets, seg_item_trie *trie, seg_error *err);
void seg_item_trie_clear(seg_item_trie *trie);

/* Add `weight` to count[i] for every set i that the basket of n ascending items holds. */
void seg_item_trie_count(const seg_item_trie *trie, const int32_t *basket, size_t n,
                         uint32_t weight, uint32_t *count);

#endif
