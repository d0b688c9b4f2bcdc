/* itemset_tree.h: sets of items as a tree in preorder, nine bytes a set: every set stands
 * behind the one that lacks its last item. */
#ifndef SEGMILL_KERNELS_ITEMSET_TREE_H
#define SEGMILL_KERNELS_ITEMSET_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

enum { SEG_ITEMSET_MAX = 255 };   /* items in a set */

/* Node i is the set of the items on its path. Items are ranks: 0 .. , the rarest item
 * first, equally frequent ones by name. Ranks ascend along a path and among the children of
 * a node, so the sets stand in lexicographic order of their ranks and a set stands before
 * the longer ones that begin with it: one list of sets has one tree. */
typedef struct seg_itemset_tree {
    size_t n, cap;
    uint8_t *depth;      /* items in the set, 1 .. SEG_ITEMSET_MAX; the first is 1 and each
                            at most one more than the one before */
    int32_t *item;       /* its last item */
    uint32_t *count;     /* baskets that hold the set; 0: not a set of the list, only the
                            beginning of longer ones */
} seg_itemset_tree;

/* Room for n nodes in all. */
seg_status seg_itemset_tree_reserve(seg_itemset_tree *tree, size_t n, seg_error *err);
seg_status seg_itemset_tree_add(seg_itemset_tree *tree, size_t depth, int32_t item,
                                uint32_t count, seg_error *err);
void seg_itemset_tree_clear(seg_itemset_tree *tree);   /* all zero again */

/* The sets one after the other:
 *     seg_itemset_walk walk = { .tree = tree };
 *     while (seg_itemset_next(&walk)) ... walk.items[0 .. walk.n - 1], walk.node */
typedef struct seg_itemset_walk {
    const seg_itemset_tree *tree;
    size_t next, node;
    size_t n;                            /* items of the set */
    int32_t items[SEG_ITEMSET_MAX];      /* ascending */
} seg_itemset_walk;

static inline bool seg_itemset_next(seg_itemset_walk *walk)
{
    if (walk->next == walk->tree->n)
        return false;
    walk->node = walk->next++;
    walk->n = walk->tree->depth[walk->node];
    walk->items[walk->n - 1] = walk->tree->item[walk->node];
    return true;
}

/* The first node behind all sets that begin with set i. */
static inline size_t seg_itemset_end(const seg_itemset_tree *tree, size_t i)
{
    size_t end = i + 1;
    while (end < tree->n && tree->depth[end] > tree->depth[i])
        end++;
    return end;
}

/* Sets per length; of length k at k - 1. Numbers too large stay at UINT64_MAX. */
typedef struct seg_itemset_counts {
    size_t n_lengths;            /* up to the longest set */
    uint64_t by_length[SEG_ITEMSET_MAX];
    uint64_t total;
} seg_itemset_counts;

/* Of the listed sets. */
void seg_itemset_tree_count(const seg_itemset_tree *tree, seg_itemset_counts *counts);

/* Forget the sets that fewer than min_count baskets hold. Counts must not rise along a path. */
void seg_itemset_tree_cut(seg_itemset_tree *tree, uint32_t min_count);

/* All sets of either tree, as `out` (all zero before), with the counts of a where it has them. */
seg_status seg_itemset_tree_unite(const seg_itemset_tree *a, const seg_itemset_tree *b,
                                  seg_itemset_tree *out, seg_error *err);

/* SEG_E_GATE: there are more sets of up to `length` items than the user's cap. */
seg_status seg_too_many_itemsets(uint64_t cap, uint32_t min_count, size_t length,
                                 seg_error *err);

/* Items that may not be in one set, an item and its own group: the ranks above r that are apart
 * from r are rank[start[r]] .. rank[start[r + 1] - 1], ascending. */
typedef struct seg_items_apart {
    const int64_t *start;        /* n_ranks + 1 */
    const int32_t *rank;
} seg_items_apart;

/* What makes arrays a tree: ranks below n_items, in order; counts that do not rise along a
 * path, at most n_baskets; every leaf in the list. SEG_E_DATA says which node is wrong. */
seg_status seg_itemset_tree_check(const seg_itemset_tree *tree, size_t n_items,
                                  uint32_t n_baskets, seg_error *err);

#endif
