/* itemsets.h: sets of items of one length with their counts, and a hash index that finds one:
 * a level of the search by levels. */
#ifndef SEGMILL_KERNELS_ITEMSETS_H
#define SEGMILL_KERNELS_ITEMSETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

/* n sets of `length` ascending items. */
typedef struct seg_itemsets {
    size_t n, length;
    int32_t *items;      /* n x length */
    uint32_t *count;     /* baskets that hold the set */
    size_t items_cap, count_cap;
} seg_itemsets;

static inline const int32_t *seg_itemset(const seg_itemsets *sets, size_t i)
{
    return sets->items + i * sets->length;
}

seg_status seg_itemsets_add(seg_itemsets *sets, const int32_t *items, uint32_t count,
                            seg_error *err);
void seg_itemsets_clear(seg_itemsets *sets);   /* releases the arrays; all zero again */

/* Where a set stands: an open table of numbers, keyed by a sum of mixed item numbers, so
 * that the key of a set without one item is one subtraction. Equal keys are told apart
 * by comparing the items. */
typedef struct seg_itemset_index {
    const seg_itemsets *sets;
    uint32_t *slots;      /* set number + 1, 0 is free */
    size_t mask;
} seg_itemset_index;

seg_status seg_itemset_index_new(const seg_itemsets *sets, seg_itemset_index *index,
                                 seg_error *err);
void seg_itemset_index_clear(seg_itemset_index *index);

uint64_t seg_item_key(int32_t item);
uint64_t seg_itemset_key(const int32_t *items, size_t n);
/* Number of the set of these ascending items, whose key is known; SIZE_MAX if absent. */
size_t seg_itemset_find(const seg_itemset_index *index, const int32_t *items, uint64_t key);

#endif
