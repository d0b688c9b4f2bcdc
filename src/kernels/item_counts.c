/* item_counts.c: each thread counts rows in counters of its own; whole numbers add up to the
 * same in any order. */
#include "kernels/item_counts.h"

#include <omp.h>
#include <stdlib.h>
#include "base/alloc.h"
#include "base/try.h"

seg_status seg_item_counts_new(size_t n_items, int n_threads, seg_item_counts *counts,
                               seg_error *err)
{
    *counts = (seg_item_counts){ .n_items = n_items, .n_threads = n_threads < 1 ? 1 : n_threads };
    if (n_items > INT32_MAX)
        return seg_fail(err, SEG_E_DATA, "%zu items are more than the %d that can be mined",
                        n_items, INT32_MAX);
    return seg_alloc_array(&counts->count, n_items,
                           (size_t)counts->n_threads * sizeof *counts->count,
                           "the counts of the items", err);
}

void seg_item_counts_clear(seg_item_counts *counts)
{
    seg_free(counts->count);
    *counts = (seg_item_counts){ 0 };
}

typedef struct sums {
    uint64_t rows, baskets, empty, pairs;
} sums;

static void count_row(const seg_basket_rows *rows, size_t i, uint32_t *count, sums *s)
{
    uint32_t weight = seg_basket_weight(rows, i);
    int64_t first = rows->row_start[i], end = rows->row_start[i + 1];
    if (weight == 0)
        return;
    s->rows++;
    s->baskets += weight;
    s->empty += first == end ? weight : 0;
    s->pairs += (uint64_t)(end - first);
    for (int64_t j = first; j < end; j++)
        count[rows->items[j]] += weight;
}

seg_status seg_item_counts_add(seg_item_counts *counts, const seg_basket_rows *rows,
                               uint64_t first_row, seg_error *err)
{
    seg_status st = seg_basket_rows_check(rows, counts->n_items, first_row, counts->n_threads,
                                          err);
    if (st != SEG_OK)
        return st;
    uint64_t n_rows = 0, baskets = 0, empty = 0, pairs = 0;
    #pragma omp parallel num_threads(counts->n_threads) reduction(+ : n_rows, baskets, empty, pairs)
    {
        uint32_t *mine = counts->count + (size_t)omp_get_thread_num() * counts->n_items;
        sums s = { 0 };
        #pragma omp for schedule(static) nowait
        for (size_t i = 0; i < rows->n_rows; i++)
            count_row(rows, i, mine, &s);
        n_rows += s.rows;
        baskets += s.baskets;
        empty += s.empty;
        pairs += s.pairs;
    }
    counts->n_rows += n_rows;
    counts->n_baskets += baskets;
    counts->n_empty += empty;
    counts->n_pairs += pairs;
    if (counts->n_baskets > UINT32_MAX)
        return seg_fail(err, SEG_E_DATA, "there are more than %u baskets", UINT32_MAX);
    return SEG_OK;
}

void seg_item_counts_sum(seg_item_counts *counts)
{
    for (int thread = 1; thread < counts->n_threads; thread++) {
        uint32_t *from = counts->count + (size_t)thread * counts->n_items;
        for (size_t i = 0; i < counts->n_items; i++) {
            counts->count[i] += from[i];
            from[i] = 0;
        }
    }
}

/* ---- ranks ------------------------------------------------------------------------ */

typedef struct item_and_count {
    uint32_t count;
    int32_t place, item;
} item_and_count;

static int by_count(const void *a, const void *b)
{
    const item_and_count *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

seg_status seg_item_ranks_new(const uint32_t *count, size_t n_items, uint32_t min_count,
                              const int32_t *place, const bool *wanted, seg_item_ranks *ranks,
                              seg_error *err)
{
    seg_status st = SEG_OK;
    item_and_count *order = NULL;
    *ranks = (seg_item_ranks){ .n_items = n_items };

    TRY(SEG_ALLOC(&order, n_items, "the order of the items", err));
    TRY(SEG_ALLOC(&ranks->rank, n_items, "the order of the items", err));
    for (size_t i = 0; i < n_items; i++) {
        ranks->rank[i] = -1;
        if (count[i] >= min_count && count[i] > 0 && (wanted == NULL || wanted[i]))
            order[ranks->n++] = (item_and_count){
                count[i], place == NULL ? (int32_t)i : place[i], (int32_t)i };
    }
    if (ranks->n > 1)
        qsort(order, ranks->n, sizeof *order, by_count);
    TRY(SEG_ALLOC(&ranks->item, ranks->n, "the order of the items", err));
    TRY(SEG_ALLOC(&ranks->count, ranks->n, "the order of the items", err));
    for (size_t r = 0; r < ranks->n; r++) {
        ranks->item[r] = order[r].item;
        ranks->count[r] = order[r].count;
        ranks->rank[order[r].item] = (int32_t)r;
    }

done:
    seg_free(order);
    if (st != SEG_OK)
        seg_item_ranks_clear(ranks);
    return st;
}

void seg_item_ranks_clear(seg_item_ranks *ranks)
{
    seg_free(ranks->rank);
    seg_free(ranks->item);
    seg_free(ranks->count);
    *ranks = (seg_item_ranks){ 0 };
}

uint32_t seg_support_count(uint64_t num, uint64_t den, uint64_t n_baskets)
{
    unsigned __int128 least = num;
    if (den != 0)
        least = (least * n_baskets + den - 1) / den;
    if (least > UINT32_MAX)
        least = UINT32_MAX;
    return least < 1 ? 1 : (uint32_t)least;
}
