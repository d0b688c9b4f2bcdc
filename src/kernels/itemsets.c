/* itemsets.c: sets of one length in an array, and their index. */
#include "kernels/itemsets.h"

#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

seg_status seg_itemsets_add(seg_itemsets *sets, const int32_t *items, uint32_t count,
                            seg_error *err)
{
    size_t k = sets->length;
    if (sets->n >= UINT32_MAX - 1)
        return seg_fail(err, SEG_E_AGAIN, "there are more than %u itemsets of %zu items: raise"
                        " --min-support", UINT32_MAX - 1, k);
    seg_status st = SEG_GROW(&sets->items, &sets->items_cap, (sets->n + 1) * k, "the itemsets",
                             err);
    if (st == SEG_OK)
        st = SEG_GROW(&sets->count, &sets->count_cap, sets->n + 1, "the itemsets", err);
    if (st != SEG_OK)
        return st;
    memcpy(sets->items + sets->n * k, items, k * sizeof *items);
    sets->count[sets->n++] = count;
    return SEG_OK;
}

void seg_itemsets_clear(seg_itemsets *sets)
{
    seg_free(sets->items);
    seg_free(sets->count);
    *sets = (seg_itemsets){ 0 };
}

/* ---- the index --------------------------------------------------------------- */

/* Source: the finalizer of SplitMix64 (S. Vigna, public domain). */
uint64_t seg_item_key(int32_t item)
{
    uint64_t z = (uint64_t)(uint32_t)item + 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t seg_itemset_key(const int32_t *items, size_t n)
{
    uint64_t key = 0;
    for (size_t i = 0; i < n; i++)
        key += seg_item_key(items[i]);
    return key;
}

/* The key is a sum of good numbers; fold the high half in for the table. */
static size_t home(uint64_t key, size_t mask)
{
    return (size_t)(key ^ (key >> 32)) & mask;
}

seg_status seg_itemset_index_new(const seg_itemsets *sets, seg_itemset_index *index,
                                 seg_error *err)
{
    size_t n_slots = 16;
    while (n_slots < 2 * sets->n)
        n_slots *= 2;
    *index = (seg_itemset_index){ .sets = sets, .mask = n_slots - 1 };
    seg_status st = SEG_ALLOC(&index->slots, n_slots, "the index of the itemsets", err);
    if (st != SEG_OK)
        return st;
    for (size_t i = 0; i < sets->n; i++) {
        size_t slot = home(seg_itemset_key(seg_itemset(sets, i), sets->length),
                           index->mask);
        while (index->slots[slot] != 0)
            slot = (slot + 1) & index->mask;
        index->slots[slot] = (uint32_t)i + 1;
    }
    return SEG_OK;
}

void seg_itemset_index_clear(seg_itemset_index *index)
{
    seg_free(index->slots);
    *index = (seg_itemset_index){ 0 };
}

size_t seg_itemset_find(const seg_itemset_index *index, const int32_t *items, uint64_t key)
{
    size_t bytes = index->sets->length * sizeof *items;
    for (size_t slot = home(key, index->mask); index->slots[slot] != 0;
         slot = (slot + 1) & index->mask) {
        size_t i = index->slots[slot] - 1;
        if (memcmp(seg_itemset(index->sets, i), items, bytes) == 0)
            return i;
    }
    return SIZE_MAX;
}
