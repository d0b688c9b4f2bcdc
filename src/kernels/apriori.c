/* apriori.c: level-wise mining (Apriori).
 *
 * Source: R. Agrawal and R. Srikant, "Fast algorithms for mining association rules",
 * VLDB 1994. Pass 1 counts items; frequent ones are renamed in order of rising count,
 * which keeps the groups that are joined small. Pass 2 counts all pairs in a triangle
 * of counters, in as many slices (and readings) as the memory asks for. Pass k counts
 * the candidates of seg_candidates() in a tree, basket by basket or, when a candidate is in
 * many baskets, with a bit per basket. Counters are whole numbers, so their sum is the
 * same in any order, whether each thread has its own or all share them. */
#include "kernels/apriori_miner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"
#include "kernels/candidates.h"
#include "kernels/item_columns.h"

seg_status seg_apriori_new(const seg_apriori_options *options, seg_apriori **out,
                           seg_error *err)
{
    seg_status st = SEG_OK;
    seg_apriori *miner = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&miner, 1, "a miner", err));
    miner->options = *options;
    miner->stage = STAGE_ITEMS;
    if (options->n_items > INT32_MAX)
        TRY(seg_fail(err, SEG_E_DATA, "%zu items are more than the %d that can be mined",
                     options->n_items, INT32_MAX));
    TRY(SEG_ALLOC(&miner->result.item_count, options->n_items, "the counts of the items", err));
    TRY(SEG_ALLOC(&miner->rank, options->n_items, "the order of the items", err));
    TRY(SEG_ALLOC(&miner->use, options->n_items, "the order of the items", err));
    *out = miner;
    miner = NULL;

done:
    seg_apriori_free(miner);
    return st;
}

static void release_pass(seg_apriori *miner)
{
    seg_free(miner->counters);
    miner->counters = NULL;
    seg_free(miner->columns);
    miner->columns = NULL;
    seg_item_trie_clear(&miner->trie);
    seg_itemsets_clear(&miner->candidates);
}

void seg_apriori_free(seg_apriori *miner)
{
    if (miner == NULL)
        return;
    release_pass(miner);
    seg_itemsets_clear(&miner->pairs);
    seg_apriori_result_clear(&miner->result);
    seg_free(miner->rank);
    seg_free(miner->item_of_rank);
    seg_free(miner->use);
    seg_free(miner->baskets);
    seg_free(miner);
}

void seg_apriori_result_clear(seg_apriori_result *result)
{
    for (size_t l = 0; result->levels != NULL && l < result->n_levels; l++)
        seg_itemsets_clear(&result->levels[l]);
    seg_free(result->levels);
    seg_free(result->counts);
    seg_free(result->item_count);
    *result = (seg_apriori_result){ 0 };
}

/* ---- beginning a pass --------------------------------------------------------- */

static seg_status make_counters(seg_apriori *miner, size_t n, size_t n_copies, seg_error *err)
{
    size_t all;
    miner->n_counters = n;
    miner->n_copies = n_copies;
    if (__builtin_mul_overflow(n, n_copies, &all))
        all = SIZE_MAX;
    return SEG_ALLOC(&miner->counters, all, "the counters of the itemsets", err);
}

/* Counters of the pairs whose lower item is rank r: one for each higher rank. */
static size_t triangle_row(const seg_apriori *miner, size_t r)
{
    return miner->m - 1 - r;
}

/* Counters of all pairs that are not counted yet. */
static uint64_t pairs_left(const seg_apriori *miner)
{
    uint64_t n = miner->m - miner->first_rank;
    return n * (n - 1) / 2;
}

/* A large triangle belongs to sparse data, where threads seldom meet: they share it. */
static seg_status begin_pairs(seg_apriori *miner, seg_error *err)
{
    enum { SHARED_ABOVE = 4 << 20 };
    size_t copies = pairs_left(miner) > SHARED_ABOVE ? 1 : (size_t)seg_apriori_threads(miner);
    uint64_t bytes = miner->options.memory_bytes;
    uint64_t room = bytes == 0 ? UINT64_MAX : bytes / sizeof(uint32_t) / copies;
    size_t n = 0, end = miner->first_rank;
    while (end + 1 < miner->m && (n == 0 || n + triangle_row(miner, end) <= room))
        n += triangle_row(miner, end++);
    miner->end_rank = end;
    memcpy(miner->use, miner->rank, miner->options.n_items * sizeof *miner->use);
    return make_counters(miner, n, copies, err);
}

/* Only items of some candidate matter from now on. */
static void use_candidate_items(seg_apriori *miner)
{
    const seg_itemsets *candidates = &miner->candidates;
    for (size_t i = 0; i < miner->options.n_items; i++)
        miner->use[i] = -1;
    for (size_t i = 0; i < candidates->n * candidates->length; i++) {
        int32_t rank = candidates->items[i];
        miner->use[miner->item_of_rank[rank]] = rank;
    }
}

/* A frequent set is in at least one of DENSE baskets: bits are cheaper than steps. */
static seg_status make_columns(seg_apriori *miner, seg_error *err)
{
    enum { DENSE = 64 };
    if ((uint64_t)miner->result.min_count * DENSE < miner->result.n_baskets)
        return SEG_OK;
    miner->column_words = (miner->m + miner->trie.depth) * SEG_COLUMN_WORDS;
    return SEG_ALLOC(&miner->columns, miner->column_words * (size_t)seg_apriori_threads(miner),
                     "the bits of the baskets", err);
}

/* So many candidates of k items fit: their items, their tree, a counter per thread. */
static uint64_t candidate_room(const seg_apriori *miner, size_t k)
{
    uint64_t numbers = 2 * k + 4 + (uint64_t)seg_apriori_threads(miner);
    uint64_t bytes = miner->options.memory_bytes;
    return bytes == 0 ? UINT64_MAX : bytes / (numbers * sizeof(int32_t));
}

static seg_status begin_sets(seg_apriori *miner, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_itemsets *level = &miner->result.levels[miner->result.n_levels - 1];
    TRY(seg_candidates(level, candidate_room(miner, level->length + 1), &miner->candidates,
                       err));
    if (miner->candidates.n == 0) {
        miner->stage = STAGE_DONE;
        goto done;
    }
    use_candidate_items(miner);
    TRY(seg_item_trie_new(&miner->candidates, &miner->trie, err));
    TRY(make_counters(miner, miner->candidates.n, (size_t)seg_apriori_threads(miner),
                      err));
    TRY(make_columns(miner, err));

done:
    return st;
}

seg_status seg_apriori_begin(seg_apriori *miner, bool *more, seg_error *err)
{
    seg_status st = SEG_OK;
    switch (miner->stage) {
    case STAGE_ITEMS:
        st = make_counters(miner, miner->options.n_items, (size_t)seg_apriori_threads(miner),
                           err);
        break;
    case STAGE_PAIRS: st = begin_pairs(miner, err); break;
    case STAGE_SETS:  st = begin_sets(miner, err); break;
    case STAGE_DONE:  break;
    }
    *more = st == SEG_OK && miner->stage != STAGE_DONE;
    return st;
}

/* ---- ending a pass ------------------------------------------------------------- */

/* Counters of all copies, added into those of the first. */
static void merge_counters(seg_apriori *miner)
{
    for (size_t copy = 1; copy < miner->n_copies; copy++) {
        const uint32_t *from = miner->counters + copy * miner->n_counters;
        for (size_t i = 0; i < miner->n_counters; i++)
            miner->counters[i] += from[i];
    }
}

/* Smallest whole count that reaches the support. */
static uint32_t min_count(const seg_apriori_options *options, uint64_t n_baskets)
{
    unsigned __int128 least = options->support_num;
    if (options->support_den != 0)
        least = (least * n_baskets + options->support_den - 1) / options->support_den;
    if (least > UINT32_MAX)
        least = UINT32_MAX;
    return least < 1 ? 1 : (uint32_t)least;
}

typedef struct item_and_count {
    uint32_t count;
    int32_t item;
} item_and_count;

static int by_count(const void *a, const void *b)
{
    const item_and_count *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? -1 : 1;
    return (x->item > y->item) - (x->item < y->item);
}

static seg_status rank_items(seg_apriori *miner, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n_items = miner->options.n_items;
    const uint32_t *count = miner->result.item_count;
    item_and_count *order = NULL;

    TRY(SEG_ALLOC(&order, n_items, "the order of the items", err));
    for (size_t i = 0; i < n_items; i++) {
        miner->rank[i] = -1;
        if (count[i] >= miner->result.min_count)
            order[miner->m++] = (item_and_count){ count[i], (int32_t)i };
    }
    qsort(order, miner->m, sizeof *order, by_count);
    TRY(SEG_ALLOC(&miner->item_of_rank, miner->m, "the order of the items", err));
    TRY(SEG_ALLOC(&miner->baskets, miner->m * (size_t)seg_apriori_threads(miner), "a basket", err));
    for (size_t r = 0; r < miner->m; r++) {
        miner->item_of_rank[r] = order[r].item;
        miner->rank[order[r].item] = (int32_t)r;
    }

done:
    seg_free(order);
    return st;
}

/* Take over a level that is complete: numbers, and the sets of the level before it are
 * done with. Above the cap: fail, or forget this level and stop. */
static seg_status add_level(seg_apriori *miner, seg_itemsets *level, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_apriori_result *result = &miner->result;
    const seg_apriori_options *options = &miner->options;
    size_t n = result->n_levels;

    if (level->n == 0) {
        miner->stage = STAGE_DONE;
        goto done;
    }
    miner->n_found += level->n;
    if (options->max_itemsets != 0 && miner->n_found > options->max_itemsets) {
        if (!options->allow_partial)
            TRY(seg_fail(err, SEG_E_GATE, "there are more itemsets of up to %zu items than"
                         " --max-itemsets %llu: raise --min-support (now a count of %u), limit"
                         " --max-length, or keep the shorter ones with --allow-partial",
                         level->length, (unsigned long long)options->max_itemsets,
                         result->min_count));
        result->incomplete = true;
        miner->stage = STAGE_DONE;
        goto done;
    }
    if (options->marks) {
        TRY(SEG_ALLOC(&level->marks, level->n, "the marks of the itemsets", err));
        if (n > 0)
            TRY(seg_mark_subsets(&result->levels[n - 1], level, err));
    }
    TRY(SEG_GROW(&result->levels, &miner->levels_cap, n + 1, "the levels", err));
    TRY(SEG_GROW(&result->counts, &miner->counts_cap, n + 1, "the levels", err));
    result->counts[n] = (seg_apriori_counts){ .frequent = level->n };
    result->levels[n] = *level;
    result->n_levels = n + 1;
    *level = (seg_itemsets){ 0 };
    bool enough = options->max_length != 0 && n + 1 >= options->max_length;
    miner->stage = enough ? STAGE_DONE : n == 0 ? STAGE_PAIRS : STAGE_SETS;

done:
    seg_itemsets_clear(level);
    return st;
}

/* Closed and maximal sets of level l, whose marks are final. */
static void count_marks(seg_apriori_result *result, size_t l)
{
    const seg_itemsets *level = &result->levels[l];
    for (size_t i = 0; level->marks != NULL && i < level->n; i++) {
        result->counts[l].closed += (level->marks[i] & SEG_SET_IMPLIED) == 0;
        result->counts[l].maximal += (level->marks[i] & SEG_SET_INSIDE) == 0;
    }
}

/* After level n was added level n - 1 changes no more; at the end the last one. */
static void settle_levels(seg_apriori *miner, size_t n_before)
{
    seg_apriori_result *result = &miner->result;
    size_t n = result->n_levels;
    if (n > n_before && n >= 2) {
        count_marks(result, n - 2);
        if (miner->options.count_only)
            seg_itemsets_clear(&result->levels[n - 2]);
    }
}

static seg_status end_items(seg_apriori *miner, seg_itemsets *level, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_apriori_result *result = &miner->result;
    memcpy(result->item_count, miner->counters,
           miner->options.n_items * sizeof *result->item_count);
    result->min_count = min_count(&miner->options, result->n_baskets);
    TRY(rank_items(miner, err));
    level->length = 1;
    for (size_t r = 0; r < miner->m; r++) {
        int32_t rank = (int32_t)r;
        TRY(seg_itemsets_add(level, &rank, result->item_count[miner->item_of_rank[r]], err));
    }

done:
    return st;
}

static seg_status end_pairs(seg_apriori *miner, seg_error *err)
{
    uint64_t max = miner->options.max_itemsets;
    const uint32_t *counter = miner->counters;
    miner->pairs.length = 2;
    for (size_t low = miner->first_rank; low < miner->end_rank; low++)
        for (size_t high = low + 1; high < miner->m; high++, counter++) {
            if (*counter < miner->result.min_count)
                continue;
            seg_status st = seg_itemsets_add(&miner->pairs,
                                             (int32_t[]){ (int32_t)low, (int32_t)high },
                                             *counter, err);
            if (st != SEG_OK)
                return st;
            if (max != 0 && miner->n_found + miner->pairs.n > max) {
                miner->end_rank = miner->m;   /* enough seen to know */
                return SEG_OK;
            }
        }
    return SEG_OK;
}

static seg_status end_sets(seg_apriori *miner, seg_itemsets *level, seg_error *err)
{
    const seg_itemsets *candidates = &miner->candidates;
    level->length = candidates->length;
    for (size_t i = 0; i < candidates->n; i++) {
        if (miner->counters[i] < miner->result.min_count)
            continue;
        seg_status st = seg_itemsets_add(level, seg_itemset(candidates, i), miner->counters[i],
                                         err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

seg_status seg_apriori_end(seg_apriori *miner, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n_before = miner->result.n_levels;
    seg_itemsets level = { 0 };

    merge_counters(miner);
    if (miner->stage == STAGE_ITEMS) {
        TRY(end_items(miner, &level, err));
    } else if (miner->stage == STAGE_PAIRS) {
        TRY(end_pairs(miner, err));
        miner->first_rank = miner->end_rank;
        if (miner->end_rank + 1 < miner->m)
            goto done;                        /* the next slice needs another reading */
        level = miner->pairs;
        miner->pairs = (seg_itemsets){ 0 };
    } else {
        TRY(end_sets(miner, &level, err));
    }
    release_pass(miner);
    TRY(add_level(miner, &level, err));
    settle_levels(miner, n_before);

done:
    release_pass(miner);
    seg_itemsets_clear(&level);
    return st;
}

/* Sets back from ranks to the caller's item numbers. */
static void restore_items(seg_apriori *miner)
{
    for (size_t l = 0; l < miner->result.n_levels; l++) {
        seg_itemsets *level = &miner->result.levels[l];
        for (size_t i = 0; i < level->n * level->length; i++)
            level->items[i] = miner->item_of_rank[level->items[i]];
    }
}

void seg_apriori_take(seg_apriori *miner, seg_apriori_result *result)
{
    if (miner->result.n_levels > 0) {
        size_t last = miner->result.n_levels - 1;
        count_marks(&miner->result, last);
        if (miner->options.count_only)
            seg_itemsets_clear(&miner->result.levels[last]);
    }
    restore_items(miner);
    *result = miner->result;
    miner->result = (seg_apriori_result){ 0 };
    miner->stage = STAGE_DONE;
}
