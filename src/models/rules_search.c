/* rules_search.c: which pass comes next, and what happens in it. */
#include "models/rules_search.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/threads.h"
#include "base/try.h"
#include "kernels/apriori.h"
#include "kernels/itemset_count.h"
#include "kernels/miner.h"
#include "models/rules_search_parts.h"

seg_status seg_rules_search_new(const seg_rules_search_options *options,
                                seg_rules_search **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_rules_search *s = NULL;
    *out = NULL;
    TRY(SEG_ALLOC(&s, 1, "the search for itemsets", err));
    s->options = *options;
    s->n_threads = seg_thread_count(options->ctx->n_threads);
    s->started = seg_clock_seconds();
    TRY(seg_item_counts_new(options->n_items, s->n_threads, &s->items, err));
    *out = s;
    s = NULL;

done:
    seg_rules_search_free(s);
    return st;
}

void seg_rules_search_free(seg_rules_search *s)
{
    if (s == NULL)
        return;
    seg_item_counts_clear(&s->items);
    seg_apriori_free(s->levels);
    seg_miner_free(s->miner);
    seg_itemset_tree_clear(&s->candidates);
    seg_itemset_count_free(s->counter);
    seg_itemset_count_free(s->with_head);
    seg_free(s->rank);
    seg_free(s->skip);
    seg_free(s->apart_start);
    seg_free(s->apart_rank);
    seg_rules_found_clear(&s->found);
    seg_free(s);
}

void seg_rules_found_clear(seg_rules_found *found)
{
    seg_free(found->item_count);
    seg_item_ranks_clear(&found->ranks);
    seg_itemset_tree_clear(&found->tree);
    *found = (seg_rules_found){ 0 };
}

/* ---- after the items were counted ---------------------------------------------------- */

/* The least count that an item must have to matter. When a number of sets is wanted, as many
 * items are too many already. */
static seg_status lowest_count(seg_rules_search *s, uint32_t *least, seg_error *err)
{
    const seg_rules_search_options *o = &s->options;
    *least = seg_support_count(o->support_num, o->support_den, s->found.n_baskets);
    if (o->target_itemsets == 0)
        return SEG_OK;
    seg_item_ranks all;
    seg_status st = seg_item_ranks_new(s->found.item_count, o->n_items, 1, o->place, o->wanted,
                                       &all, err);
    if (st == SEG_OK)
        *least = all.n > o->target_itemsets ? all.count[all.n - 1 - o->target_itemsets] : 1;
    seg_item_ranks_clear(&all);
    return st;
}

/* Every pair of a frequent item and its frequent ancestor: at `start[lower rank + 1]` one more,
 * or, when `rank` is given, the higher rank at its place. */
static void visit_apart(const seg_rules_search *s, int64_t *start, int32_t *rank)
{
    const seg_rules_search_options *o = &s->options;
    const seg_item_ranks *ranks = &s->found.ranks;
    for (size_t r = 0; r < ranks->n; r++) {
        int32_t item = ranks->item[r], mine = (int32_t)r;
        for (int64_t i = o->above_start[item]; i < o->above_start[item + 1]; i++) {
            int32_t other = ranks->rank[o->above[i]];
            if (other < 0 || other == mine)
                continue;
            int32_t low = other < mine ? other : mine, high = other < mine ? mine : other;
            if (rank == NULL)
                start[low + 1]++;
            else
                rank[start[low]++] = high;
        }
    }
}

static int by_rank(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static seg_status make_apart(seg_rules_search *s, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = s->found.ranks.n;
    int64_t *start = NULL;
    if (s->options.above_start == NULL)
        return SEG_OK;
    TRY(SEG_ALLOC(&start, n + 2, "the groups of the items", err));
    visit_apart(s, start, NULL);
    for (size_t r = 0; r < n; r++)
        start[r + 1] += start[r];
    TRY(SEG_ALLOC(&s->apart_rank, (size_t)start[n], "the groups of the items", err));
    visit_apart(s, start, s->apart_rank);
    for (size_t r = n; r > 0; r--)       /* each start moved to its end: back again */
        start[r] = start[r - 1];
    start[0] = 0;
    for (size_t r = 0; r < n; r++)
        if (start[r + 1] - start[r] > 1)
            qsort(s->apart_rank + start[r], (size_t)(start[r + 1] - start[r]),
                  sizeof *s->apart_rank, by_rank);
    s->apart_start = start;
    s->apart = (seg_items_apart){ .start = start, .rank = s->apart_rank };
    start = NULL;

done:
    seg_free(start);
    return st;
}

static seg_status begin_levels(seg_rules_search *s, seg_error *err)
{
    const seg_rules_search_options *o = &s->options;
    seg_apriori_options options = {
        .ranks = &s->found.ranks, .min_count = s->found.min_count,
        .n_baskets = s->found.n_baskets, .max_length = o->max_length,
        .max_itemsets = o->max_itemsets, .allow_partial = o->allow_partial,
        .count_only = o->count_only, .apart = s->apart_start == NULL ? NULL : &s->apart,
        .weighted = o->weighted, .memory_bytes = seg_search_room(s) / 2,
        .n_threads = s->n_threads,
    };
    s->stage = STAGE_LEVELS;
    return seg_apriori_new(&options, &s->levels, err);
}

static seg_status end_items(seg_rules_search *s, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_rules_search_options *o = &s->options;
    seg_rules_found *found = &s->found;

    seg_item_counts_sum(&s->items);
    found->n_rows = s->items.n_rows;
    found->n_baskets = s->items.n_baskets;
    found->n_empty = s->items.n_empty;
    found->item_count = s->items.count;
    s->items.count = NULL;
    TRY(SEG_REALLOC(&found->item_count, o->n_items, "the counts of the items", err));
    TRY(lowest_count(s, &found->min_count, err));
    TRY(seg_item_ranks_new(found->item_count, o->n_items, found->min_count, o->place, o->wanted,
                           &found->ranks, err));
    TRY(make_apart(s, err));
    if (o->head >= 0 && found->ranks.rank[o->head] < 0)
        s->stage = STAGE_DONE;           /* it is not frequent */
    else if (o->method == SEG_SEARCH_APRIORI)
        TRY(begin_levels(s, err));
    else
        s->stage = STAGE_COLLECT;

done:
    return st;
}

/* ---- the passes ------------------------------------------------------------------------ */

seg_status seg_rules_search_begin(seg_rules_search *s, bool *more, seg_error *err)
{
    seg_status st = SEG_OK;
    *more = true;
    switch (s->stage) {
    case STAGE_ITEMS:   break;
    case STAGE_LEVELS:  TRY(seg_apriori_begin(s->levels, more, err)); break;
    case STAGE_COLLECT: TRY(seg_collect_begin(s, err)); break;
    case STAGE_COUNT:   TRY(seg_parts_begin(s, err)); break;
    case STAGE_DONE:    *more = false; break;
    }

done:
    return st;
}

seg_status seg_rules_search_add(seg_rules_search *s, const seg_basket_rows *rows,
                                uint64_t first_row, seg_error *err)
{
    seg_status st = SEG_OK;
    if (s->stage == STAGE_ITEMS)
        return seg_item_counts_add(&s->items, rows, first_row, err);
    TRY(seg_search_in_time(s, err));
    TRY(seg_basket_rows_check(rows, s->options.n_items, first_row, s->n_threads, err));
    switch (s->stage) {
    case STAGE_LEVELS:  seg_apriori_add(s->levels, rows); break;
    case STAGE_COLLECT: TRY(seg_collect_add(s, rows, err)); break;
    case STAGE_COUNT:   TRY(seg_parts_add(s, rows, err)); break;
    case STAGE_ITEMS: case STAGE_DONE: break;
    }

done:
    return st;
}

seg_status seg_rules_search_end(seg_rules_search *s, seg_error *err)
{
    switch (s->stage) {
    case STAGE_ITEMS:   return end_items(s, err);
    case STAGE_LEVELS:  return seg_apriori_end(s->levels, err);
    case STAGE_COLLECT: return seg_collect_end(s, err);
    case STAGE_COUNT:   return seg_parts_end(s, err);
    case STAGE_DONE:    break;
    }
    return SEG_OK;
}

seg_status seg_rules_search_take(seg_rules_search *s, seg_rules_found *found, seg_error *err)
{
    seg_status st = SEG_OK;
    if (s->levels != NULL) {
        seg_apriori_result result;
        TRY(seg_apriori_take(s->levels, &result, err));
        s->found.counts = result.counts;
        s->found.tree = result.tree;
        s->found.incomplete = result.incomplete;
    }
    *found = s->found;
    s->found = (seg_rules_found){ 0 };

done:
    return st;
}
