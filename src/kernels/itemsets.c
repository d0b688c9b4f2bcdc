/* itemsets.c: flat arrays of itemsets and their index. */
#include "kernels/itemsets.h"

#include <stdlib.h>
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
    seg_free(sets->start);
    seg_free(sets->items);
    seg_free(sets->count);
    seg_free(sets->marks);
    *sets = (seg_itemsets){ 0 };
}

/* ---- new numbers ------------------------------------------------------------- */

static void sort_few(int32_t *items, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        int32_t item = items[i];
        size_t j = i;
        for (; j > 0 && items[j - 1] > item; j--)
            items[j] = items[j - 1];
        items[j] = item;
    }
}

static int by_items(const void *a, const void *b, void *arg)
{
    const seg_itemsets *sets = arg;
    const int32_t *x = seg_itemset(sets, *(const uint32_t *)a);
    const int32_t *y = seg_itemset(sets, *(const uint32_t *)b);
    for (size_t i = 0; i < sets->length; i++)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return 0;
}

static void pick(const seg_itemsets *from, const uint32_t *order, seg_itemsets *to)
{
    size_t k = from->length;
    for (size_t i = 0; i < from->n; i++) {
        memcpy(to->items + i * k, from->items + order[i] * k, k * sizeof *to->items);
        to->count[i] = from->count[order[i]];
        if (to->marks != NULL)
            to->marks[i] = from->marks[order[i]];
    }
}

seg_status seg_itemsets_rename(seg_itemsets *sets, const int32_t *new_item, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t k = sets->length;
    uint32_t *order = NULL;
    seg_itemsets sorted = { .n = sets->n, .length = k };

    TRY(SEG_ALLOC(&order, sets->n, "the order of the itemsets", err));
    TRY(SEG_ALLOC(&sorted.items, sets->n * k, "the itemsets", err));
    TRY(SEG_ALLOC(&sorted.count, sets->n, "the itemsets", err));
    if (sets->marks != NULL)
        TRY(SEG_ALLOC(&sorted.marks, sets->n, "the itemsets", err));
    sorted.items_cap = sets->n * k;
    sorted.count_cap = sets->n;

    for (size_t i = 0; i < sets->n * k; i++)
        sets->items[i] = new_item[sets->items[i]];
    for (size_t i = 0; i < sets->n; i++) {
        order[i] = (uint32_t)i;
        sort_few(sets->items + i * k, k);
    }
    qsort_r(order, sets->n, sizeof *order, by_items, sets);
    pick(sets, order, &sorted);
    seg_itemsets_clear(sets);
    *sets = sorted;
    sorted = (seg_itemsets){ 0 };

done:
    seg_itemsets_clear(&sorted);
    seg_free(order);
    return st;
}

/* ---- all lengths together ---------------------------------------------------- */

static bool wanted(const seg_itemsets *level, size_t i, unsigned unwanted)
{
    return level->marks == NULL || (level->marks[i] & unwanted) == 0;
}

static void measure(const seg_itemsets *levels, size_t n_levels, unsigned unwanted,
                    size_t *n_sets, size_t *n_items)
{
    *n_sets = 0;
    *n_items = 0;
    for (size_t l = 0; l < n_levels; l++)
        for (size_t i = 0; i < levels[l].n; i++)
            if (wanted(&levels[l], i, unwanted)) {
                *n_sets += 1;
                *n_items += levels[l].length;
            }
}

static void append(const seg_itemsets *level, unsigned unwanted, seg_itemsets *all)
{
    size_t k = level->length;
    for (size_t i = 0; i < level->n; i++) {
        if (!wanted(level, i, unwanted))
            continue;
        int64_t at = all->start[all->n];
        memcpy(all->items + at, level->items + i * k, k * sizeof *all->items);
        all->count[all->n++] = level->count[i];
        all->start[all->n] = at + (int64_t)k;
    }
}

seg_status seg_itemsets_join(seg_itemsets *levels, size_t n_levels, unsigned unwanted,
                             seg_itemsets *all, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n_sets, n_items;
    *all = (seg_itemsets){ 0 };
    measure(levels, n_levels, unwanted, &n_sets, &n_items);
    if (n_sets >= UINT32_MAX - 1)
        return seg_fail(err, SEG_E_AGAIN, "%zu itemsets are more than a model can hold: raise"
                        " --min-support, or count them with --count-only", n_sets);
    TRY(SEG_ALLOC(&all->start, n_sets + 1, "the itemsets", err));
    TRY(SEG_ALLOC(&all->items, n_items, "the itemsets", err));
    TRY(SEG_ALLOC(&all->count, n_sets, "the itemsets", err));
    for (size_t l = 0; l < n_levels; l++) {
        append(&levels[l], unwanted, all);
        seg_itemsets_clear(&levels[l]);
    }

done:
    if (st != SEG_OK)
        seg_itemsets_clear(all);
    return st;
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
        size_t slot = home(seg_itemset_key(seg_itemset(sets, i), seg_itemset_length(sets, i)),
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

size_t seg_itemset_find(const seg_itemset_index *index, const int32_t *items, size_t n,
                        uint64_t key)
{
    for (size_t slot = home(key, index->mask); index->slots[slot] != 0;
         slot = (slot + 1) & index->mask) {
        size_t i = index->slots[slot] - 1;
        if (seg_itemset_length(index->sets, i) == n
            && memcmp(seg_itemset(index->sets, i), items, n * sizeof *items) == 0)
            return i;
    }
    return SIZE_MAX;
}
