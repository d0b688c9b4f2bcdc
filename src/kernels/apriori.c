/* apriori.c: level-wise mining (Apriori).
 *
 * Source: R. Agrawal and R. Srikant, "Fast algorithms for mining association rules",
 * VLDB 1994. Items are ranks in order of rising count, which keeps the groups that are
 * joined small. The first pass counts all pairs in a triangle
 * of counters, in as many slices (and readings) as the memory asks for. A later pass
 * counts the candidates of seg_candidates() in a tree, basket by basket or, when a candidate is in
 * many baskets, with a bit per basket. Counters are whole numbers, so their sum is the
 * same in any order, whether each thread has its own or all share them. */
#include "kernels/apriori_miner.h"

#include <string.h>
#include "base/alloc.h"
#include "base/try.h"
#include "kernels/candidates.h"
#include "kernels/item_columns.h"

/* ---- levels ------------------------------------------------------------------------ */

/* Take over a level that is complete: numbers, and the sets of the level before it are
 * done with. Above the cap: fail, or forget this level and stop. */
static seg_status add_level(seg_apriori *miner, seg_itemsets *level, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_apriori_options *options = &miner->options;
    seg_itemset_counts *counts = &miner->counts;
    size_t n = miner->n_levels;

    if (level->n == 0 || n == SEG_ITEMSET_MAX) {
        miner->stage = STAGE_DONE;
        goto done;
    }
    if (options->max_itemsets != 0 && counts->total + level->n > options->max_itemsets) {
        if (!options->allow_partial)
            TRY(seg_too_many_itemsets(options->max_itemsets, options->min_count, level->length,
                                      err));
        miner->incomplete = true;
        miner->stage = STAGE_DONE;
        goto done;
    }
    TRY(SEG_GROW(&miner->levels, &miner->levels_cap, n + 1, "the levels", err));
    counts->total += level->n;
    counts->by_length[n] = level->n;
    counts->n_lengths = miner->n_levels = n + 1;
    miner->levels[n] = *level;
    *level = (seg_itemsets){ 0 };
    if (options->count_only && n > 0)
        seg_itemsets_clear(&miner->levels[n - 1]);
    bool enough = options->max_length != 0 && n + 1 >= options->max_length;
    miner->stage = enough ? STAGE_DONE : n == 0 ? STAGE_PAIRS : STAGE_SETS;

done:
    seg_itemsets_clear(level);
    return st;
}

/* The frequent items are the first level. */
static seg_status add_items(seg_apriori *miner, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_item_ranks *ranks = miner->options.ranks;
    seg_itemsets level = { .length = 1 };
    for (size_t r = 0; r < ranks->n; r++) {
        int32_t rank = (int32_t)r;
        TRY(seg_itemsets_add(&level, &rank, ranks->count[r], err));
    }
    TRY(add_level(miner, &level, err));

done:
    seg_itemsets_clear(&level);
    return st;
}

seg_status seg_apriori_new(const seg_apriori_options *options, seg_apriori **out,
                           seg_error *err)
{
    seg_status st = SEG_OK;
    seg_apriori *miner = NULL;
    const seg_item_ranks *ranks = options->ranks;
    *out = NULL;

    TRY(SEG_ALLOC(&miner, 1, "a miner", err));
    miner->options = *options;
    miner->m = ranks->n;
    TRY(SEG_ALLOC(&miner->use, ranks->n_items, "the order of the items", err));
    TRY(SEG_ALLOC(&miner->baskets, miner->m * (size_t)seg_apriori_threads(miner), "a basket", err));
    TRY(add_items(miner, err));
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
    for (size_t l = 0; l < miner->n_levels; l++)
        seg_itemsets_clear(&miner->levels[l]);
    seg_free(miner->levels);
    seg_free(miner->use);
    seg_free(miner->baskets);
    seg_free(miner);
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
    memcpy(miner->use, miner->options.ranks->rank,
           miner->options.ranks->n_items * sizeof *miner->use);
    return make_counters(miner, n, copies, err);
}

/* Only items of some candidate matter from now on. */
static void use_candidate_items(seg_apriori *miner)
{
    const seg_itemsets *candidates = &miner->candidates;
    const seg_item_ranks *ranks = miner->options.ranks;
    for (size_t i = 0; i < ranks->n_items; i++)
        miner->use[i] = -1;
    for (size_t i = 0; i < candidates->n * candidates->length; i++) {
        int32_t rank = candidates->items[i];
        miner->use[ranks->item[rank]] = rank;
    }
}

/* A frequent set is in at least one of DENSE baskets: bits are cheaper than steps. */
static seg_status make_columns(seg_apriori *miner, seg_error *err)
{
    enum { DENSE = 64 };
    if (miner->options.weighted
        || (uint64_t)miner->options.min_count * DENSE < miner->options.n_baskets)
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
    const seg_itemsets *level = &miner->levels[miner->n_levels - 1];
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

static bool are_apart(const seg_apriori *miner, size_t low, int32_t high)
{
    const seg_items_apart *apart = miner->options.apart;
    for (int64_t i = apart == NULL ? 0 : apart->start[low];
         apart != NULL && i < apart->start[low + 1]; i++)
        if (apart->rank[i] == high)
            return true;
    return false;
}

static seg_status end_pairs(seg_apriori *miner, seg_error *err)
{
    uint64_t max = miner->options.max_itemsets;
    const uint32_t *counter = miner->counters;
    miner->pairs.length = 2;
    for (size_t low = miner->first_rank; low < miner->end_rank; low++)
        for (size_t high = low + 1; high < miner->m; high++, counter++) {
            if (*counter < miner->options.min_count || are_apart(miner, low, (int32_t)high))
                continue;
            seg_status st = seg_itemsets_add(&miner->pairs,
                                             (int32_t[]){ (int32_t)low, (int32_t)high },
                                             *counter, err);
            if (st != SEG_OK)
                return st;
            if (max != 0 && miner->counts.total + miner->pairs.n > max) {
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
        if (miner->counters[i] < miner->options.min_count)
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
    seg_itemsets level = { 0 };

    merge_counters(miner);
    if (miner->stage == STAGE_PAIRS) {
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

done:
    release_pass(miner);
    seg_itemsets_clear(&level);
    return st;
}

/* ---- the answer -------------------------------------------------------------------- */

static bool begins_with(const int32_t *set, const int32_t *start, size_t n)
{
    return memcmp(set, start, n * sizeof *set) == 0;
}

/* Levels in ascending order become a tree: behind each set the longer ones that begin with it.
 * next[l]: the first set of level l that is not in the tree yet. */
static seg_status make_tree(const seg_apriori *miner, seg_itemset_tree *tree, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t next[SEG_ITEMSET_MAX + 1] = { 0 };
    TRY(seg_itemset_tree_reserve(tree, (size_t)miner->counts.total, err));
    for (size_t l = 0; miner->n_levels > 0;) {
        const seg_itemsets *level = &miner->levels[l];
        bool below = next[l] < level->n
                     && (l == 0 || begins_with(seg_itemset(level, next[l]),
                                               seg_itemset(level - 1, next[l - 1] - 1), l));
        if (below) {
            TRY(seg_itemset_tree_add(tree, l + 1, seg_itemset(level, next[l])[l],
                                     level->count[next[l]], err));
            next[l]++;
            l += l + 1 < miner->n_levels;
        } else if (l-- == 0) {
            break;
        }
    }

done:
    return st;
}

seg_status seg_apriori_take(seg_apriori *miner, seg_apriori_result *result, seg_error *err)
{
    *result = (seg_apriori_result){ .counts = miner->counts, .incomplete = miner->incomplete };
    seg_status st = miner->options.count_only ? SEG_OK : make_tree(miner, &result->tree, err);
    if (st != SEG_OK)
        seg_itemset_tree_clear(&result->tree);
    return st;
}
