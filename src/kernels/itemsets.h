/* itemsets.h: sets of items with their counts, and a hash index that finds one. */
#ifndef SEGMILL_KERNELS_ITEMSETS_H
#define SEGMILL_KERNELS_ITEMSETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

/* n sets of ascending items. All of one length, or each with its own. */
typedef struct seg_itemsets {
    size_t n;
    size_t length;       /* of every set; 0: they differ, set i is items[start[i]] ... */
    int64_t *start;      /* n + 1; null when `length` is set */
    int32_t *items;
    uint32_t *count;     /* baskets that hold the set */
    uint8_t *marks;      /* null, or SEG_SET_... bits */
    size_t items_cap, count_cap;
} seg_itemsets;

/* A larger frequent set holds it; one with the same count does (it is not closed). */
#define SEG_SET_INSIDE 1u
#define SEG_SET_IMPLIED 2u

static inline const int32_t *seg_itemset(const seg_itemsets *sets, size_t i)
{
    return sets->items + (sets->start != NULL ? (size_t)sets->start[i] : i * sets->length);
}

static inline size_t seg_itemset_length(const seg_itemsets *sets, size_t i)
{
    return sets->start != NULL ? (size_t)(sets->start[i + 1] - sets->start[i]) : sets->length;
}

/* Append a set to sets of one length. */
seg_status seg_itemsets_add(seg_itemsets *sets, const int32_t *items, uint32_t count,
                            seg_error *err);
void seg_itemsets_clear(seg_itemsets *sets);   /* releases the arrays; all zero again */

/* Give every item the number new_item[item] and put items and sets in ascending order
 * again (sets of one length, lexicographic). */
seg_status seg_itemsets_rename(seg_itemsets *sets, const int32_t *new_item, seg_error *err);

/* Move levels[0 .. n_levels-1] (each of one length, ascending) one after the other into
 * `all`, and release them. Only sets with (marks & unwanted) == 0. */
seg_status seg_itemsets_join(seg_itemsets *levels, size_t n_levels, unsigned unwanted,
                             seg_itemsets *all, seg_error *err);

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
/* Number of the set of these n ascending items, whose key is known; SIZE_MAX if absent. */
size_t seg_itemset_find(const seg_itemset_index *index, const int32_t *items, size_t n,
                        uint64_t key);

#endif
