/* miner_lists.c: baskets as lists of item numbers, and the places of each item in them. */
#include "kernels/miner_parts.h"

#include <omp.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

void seg_lists_forget_index(seg_miner_lists *lists)
{
    seg_free(lists->first);
    seg_free(lists->at);
    seg_free(lists->at_weight);
    lists->first = lists->at = lists->at_weight = NULL;
    lists->ready = false;
}

void seg_lists_clear(seg_miner_lists *lists)
{
    seg_lists_forget_index(lists);
    seg_free(lists->entries);
    seg_free(lists->weight);
    *lists = (seg_miner_lists){ 0 };
}

seg_status seg_lists_reserve(seg_miner_lists *lists, size_t n, size_t n_rows, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t entry_bytes = lists->wide ? sizeof(uint32_t) : sizeof(uint16_t);
    if (n >= UINT32_MAX)
        return seg_fail(err, SEG_E_AGAIN, "%zu items in baskets are more than the %u that are"
                        " mined in memory", n, UINT32_MAX);
    if (lists->entries == NULL) {
        TRY(seg_miner_array(&lists->entries, n * entry_bytes, "the baskets", err));
        lists->cap = n;
    }
    TRY(seg_grow_array(&lists->entries, &lists->cap, n, entry_bytes, "the baskets", err));
    if (n_rows > 0)
        TRY(SEG_GROW(&lists->weight, &lists->weight_cap, n_rows, "the baskets", err));

done:
    return st;
}

/* ---- the places of each item ----------------------------------------------------------- */

/* Part p of n_parts of the entries; a part begins with a row. */
static size_t part_begin(const seg_miner_lists *lists, size_t p, size_t n_parts)
{
    size_t i = lists->n / n_parts * p;
    uint32_t end = seg_lists_end(lists->wide);
    if (p == n_parts)
        return lists->n;
    while (i > 0 && i < lists->n && seg_lists_entry(lists->entries, lists->wide, i - 1) != end)
        i++;
    return i;
}

static inline __attribute__((always_inline))
void count_part(const seg_miner_lists *lists, bool wide, size_t i, size_t end_i, uint32_t *count)
{
    uint32_t end = seg_lists_end(wide);
    for (; i < end_i; i++) {
        uint32_t item = seg_lists_entry(lists->entries, wide, i);
        if (item != end && seg_lists_entry(lists->entries, wide, i + 1) != end)
            count[item]++;
    }
}

static inline __attribute__((always_inline))
void place_part(const seg_miner_lists *lists, bool wide, size_t i, size_t end_i, size_t row,
                uint32_t *next)
{
    uint32_t end = seg_lists_end(wide);
    for (; i < end_i; i++) {
        uint32_t item = seg_lists_entry(lists->entries, wide, i);
        if (item == end) {
            row++;
        } else if (seg_lists_entry(lists->entries, wide, i + 1) != end) {
            uint32_t place = next[item]++;
            lists->at[place] = (uint32_t)i + 1;
            if (lists->at_weight != NULL)
                lists->at_weight[place] = lists->weight[row];
        }
    }
}

/* counts: n_parts x n_items, of each part; then where the part's places begin. */
static uint64_t sum_parts(seg_miner_lists *lists, uint32_t *counts, size_t n_parts)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < lists->n_items; i++) {
        lists->first[i] = sum;
        for (size_t p = 0; p < n_parts; p++) {
            uint32_t *count = &counts[p * lists->n_items + i], own = *count;
            *count = sum;
            sum += own;
        }
    }
    lists->first[lists->n_items] = sum;
    return sum;
}

static size_t rows_before(const seg_miner_lists *lists, size_t first, size_t end_i)
{
    size_t n = 0;
    uint32_t end = seg_lists_end(lists->wide);
    for (size_t i = first; i < end_i; i++)
        n += seg_lists_entry(lists->entries, lists->wide, i) == end;
    return n;
}

seg_status seg_lists_index(seg_miner_lists *lists, int n_threads, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n_parts = lists->n < (1 << 16) ? 1 : (size_t)n_threads, n_items = lists->n_items;
    uint32_t *counts = NULL;
    size_t *row = NULL;
    uint64_t n;

    TRY(SEG_ALLOC(&counts, n_parts * n_items, "the places of the items", err));
    TRY(SEG_ALLOC(&row, n_parts + 1, "the places of the items", err));
    TRY(SEG_ALLOC(&lists->first, n_items + 1, "the places of the items", err));
    #pragma omp parallel for schedule(static, 1) num_threads(n_threads) if (n_parts > 1)
    for (size_t p = 0; p < n_parts; p++) {
        size_t begin = part_begin(lists, p, n_parts), end = part_begin(lists, p + 1, n_parts);
        if (lists->wide)
            count_part(lists, true, begin, end, counts + p * n_items);
        else
            count_part(lists, false, begin, end, counts + p * n_items);
        if (lists->weight != NULL)
            row[p + 1] = rows_before(lists, begin, end);
    }
    for (size_t p = 0; p < n_parts; p++)
        row[p + 1] += row[p];
    n = sum_parts(lists, counts, n_parts);
    TRY(seg_miner_array(&lists->at, n * sizeof *lists->at, "the places of the items", err));
    if (lists->weight != NULL)
        TRY(seg_miner_array(&lists->at_weight, n * sizeof *lists->at_weight,
                            "the places of the items", err));
    #pragma omp parallel for schedule(static, 1) num_threads(n_threads) if (n_parts > 1)
    for (size_t p = 0; p < n_parts; p++) {
        size_t begin = part_begin(lists, p, n_parts), end = part_begin(lists, p + 1, n_parts);
        if (lists->wide)
            place_part(lists, true, begin, end, row[p], counts + p * n_items);
        else
            place_part(lists, false, begin, end, row[p], counts + p * n_items);
    }
    lists->ready = true;

done:
    if (st != SEG_OK)
        seg_lists_forget_index(lists);
    seg_free(counts);
    seg_free(row);
    return st;
}
