/* rules_collect.c: baskets in memory, all or a part of them at a time. A set that enough of all
 * baskets hold is held by the same share of some part's, so the parts' sets together are
 * candidates among which nothing is missing. */
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/threads.h"
#include "base/try.h"
#include "models/rules_search_parts.h"

uint64_t seg_search_room(const seg_rules_search *s)
{
    enum { LEAST = 4 << 20 };
    const seg_context *ctx = s->options.ctx;
    uint64_t budget = ctx->memory_bytes != 0 ? ctx->memory_bytes : seg_memory_available() / 2;
    uint64_t used = ctx->memory_bytes != 0 ? seg_alloc_in_use() : 0;
    uint64_t room = budget > used ? budget - used : 0;
    return room < LEAST ? LEAST : room;
}

seg_status seg_search_in_time(const seg_rules_search *s, seg_error *err)
{
    uint32_t limit = s->options.max_seconds;
    if (limit == 0 || seg_clock_seconds() - s->started < limit)
        return SEG_OK;
    return seg_fail(err, SEG_E_GATE, "--max-time of %u seconds is over and nothing is written:"
                    " raise --min-support (now a count of %u), or limit --max-length", limit,
                    s->found.min_count);
}

static seg_status step(void *arg, double done, seg_error *err)
{
    const seg_rules_search *s = arg;
    seg_status st = seg_search_in_time(s, err);
    return st != SEG_OK ? st
                        : seg_step(s->options.ctx, "mining itemsets", (uint64_t)(done * 1e4),
                                   10000, err);
}

/* Baskets that are mined: all, or those with the head. */
static uint64_t n_to_mine(const seg_rules_search *s)
{
    int32_t head = s->options.head;
    return head < 0 ? s->found.n_baskets : s->found.item_count[head];
}

static bool is_above(const seg_rules_search *s, int32_t item, int32_t other)
{
    const seg_rules_search_options *o = &s->options;
    for (int64_t i = o->above_start[item]; i < o->above_start[item + 1]; i++)
        if (o->above[i] == other)
            return true;
    return false;
}

/* What is above or below the head is in no set with it. */
static void leave_out_groups(seg_rules_search *s, int32_t head)
{
    for (size_t i = 0; i < s->options.n_items; i++)
        if (is_above(s, head, (int32_t)i) || is_above(s, (int32_t)i, head))
            s->rank[i] = -1;
}

/* Without the head, when only its baskets are mined. */
static seg_status make_rank(seg_rules_search *s, seg_error *err)
{
    int32_t head = s->options.head;
    size_t n = s->options.n_items;
    if (head < 0 || s->rank != NULL)
        return SEG_OK;
    seg_status st = SEG_ALLOC(&s->rank, n, "the order of the items", err);
    if (st != SEG_OK)
        return st;
    memcpy(s->rank, s->found.ranks.rank, n * sizeof *s->rank);
    s->rank[head] = -1;
    if (s->options.above_start != NULL)
        leave_out_groups(s, head);
    return SEG_OK;
}

static const int32_t *rank_of(const seg_rules_search *s)
{
    return s->rank != NULL ? s->rank : s->found.ranks.rank;
}

/* The rows to mine of those of a block. */
static seg_status rows_to_mine(seg_rules_search *s, const seg_basket_rows *rows,
                               seg_basket_rows *out, seg_error *err)
{
    *out = *rows;
    if (s->options.head < 0)
        return SEG_OK;
    seg_status st = SEG_GROW(&s->skip, &s->skip_cap, rows->n_rows, "a block of baskets", err);
    if (st == SEG_OK)
        *out = seg_rows_with_item(rows, s->options.head, s->skip);
    return st;
}

/* Frequent items of the baskets, as far as there is room; 0: not known. */
static uint64_t pairs_to_mine(const seg_rules_search *s)
{
    const seg_item_ranks *ranks = &s->found.ranks;
    uint64_t n = 0;
    for (size_t r = 0; s->options.head < 0 && r < ranks->n; r++)
        n += ranks->count[r];
    return n < s->most_entries ? n : s->most_entries;
}

/* An item, its place, and with weights those of the basket and the place. */
static uint64_t entry_bytes(const seg_rules_search *s)
{
    uint64_t item = s->found.ranks.n >= UINT16_MAX ? sizeof(uint32_t) : sizeof(uint16_t);
    return item + sizeof(uint32_t) + (s->options.weighted ? 2 * sizeof(uint32_t) : 0);
}

/* Five eighths of the room are for the baskets and their places, the rest for what is found. */
seg_status seg_collect_begin(seg_rules_search *s, seg_error *err)
{
    s->n_collected = s->n_entries = 0;
    s->most_entries = seg_search_room(s) / 8 * 5 / entry_bytes(s);
    seg_miner_options options = {
        .n_ranks = s->found.ranks.n, .apart = s->apart_start == NULL ? NULL : &s->apart,
        .n_pairs = pairs_to_mine(s), .n_threads = s->n_threads, .step = step, .step_arg = s,
    };
    seg_status st = make_rank(s, err);
    return st != SEG_OK ? st : seg_miner_new(&options, &s->miner, err);
}

/* Of the sets that are mined: bodies leave room for the head. */
static size_t longest(const seg_rules_search *s)
{
    size_t n = s->options.max_length;
    return n > 0 && s->options.head >= 0 ? n - 1 : n;
}

/* The sets that are often enough in the part, among the candidates. */
static seg_status mine_part(seg_rules_search *s, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_itemset_tree part = { 0 }, all = { 0 };
    uint32_t least = seg_support_count(s->found.min_count, n_to_mine(s), s->n_collected);
    if (s->n_collected == 0)
        goto done;
    TRY(seg_miner_list(s->miner, least, longest(s), &part, err));
    seg_miner_free(s->miner);
    s->miner = NULL;
    TRY(seg_itemset_tree_unite(&s->candidates, &part, &all, err));
    seg_itemset_tree_clear(&s->candidates);
    s->candidates = all;
    all = (seg_itemset_tree){ 0 };
    s->found.n_parts++;

done:
    seg_itemset_tree_clear(&part);
    seg_itemset_tree_clear(&all);
    return st;
}

static seg_status refuse_parts(const seg_rules_search *s, seg_error *err)
{
    char n[32];
    return seg_fail(err, SEG_E_AGAIN, "--target-itemsets needs all %s baskets in memory, and"
                    " they do not fit: give more with --memory, or give --min-support",
                    seg_group_digits(n, (int64_t)s->found.n_baskets));
}

/* Entries that rows first .. end - 1 will take. */
static uint64_t entries_of(const seg_rules_search *s, const seg_basket_rows *rows, size_t first,
                           size_t end)
{
    const int32_t *rank = rank_of(s);
    uint64_t n = 0;
    for (size_t i = first; i < end; i++) {
        if (seg_basket_weight(rows, i) == 0)
            continue;
        for (int64_t j = rows->row_start[i]; j < rows->row_start[i + 1]; j++)
            n += rank[rows->items[j]] >= 0;
        n++;
    }
    return n;
}

/* Rows of a block, or of a piece of it, into a part that has room for them. */
static seg_status collect(seg_rules_search *s, const seg_basket_rows *rows, size_t first,
                          size_t end, bool all_fit, seg_error *err)
{
    seg_status st = SEG_OK;
    uint64_t n_entries = all_fit ? 0 : entries_of(s, rows, first, end);
    seg_basket_rows piece = *rows;
    piece.row_start = rows->row_start + first;
    piece.skip = rows->skip == NULL ? NULL : rows->skip + first;
    piece.weight = rows->weight == NULL ? NULL : rows->weight + first;
    piece.n_rows = end - first;
    if (s->n_collected > 0 && s->n_entries + n_entries > s->most_entries) {
        if (s->options.target_itemsets != 0)
            TRY(refuse_parts(s, err));
        TRY(mine_part(s, err));
        TRY(seg_collect_begin(s, err));
    }
    TRY(seg_miner_add(s->miner, &piece, rank_of(s), err));
    s->n_entries += n_entries;
    for (size_t i = first; i < end; i++)
        s->n_collected += seg_basket_weight(rows, i);

done:
    return st;
}

/* A part ends where it must, whatever the blocks: in the middle of one, at a row whose number is
 * a multiple of PIECE. */
seg_status seg_collect_add(seg_rules_search *s, const seg_basket_rows *rows, seg_error *err)
{
    enum { PIECE = 16 * 1024 };
    seg_status st = SEG_OK;
    bool all_fit = s->items.n_pairs + s->items.n_rows <= s->most_entries;
    size_t at_once = all_fit ? rows->n_rows : PIECE;
    seg_basket_rows mined;
    TRY(rows_to_mine(s, rows, &mined, err));
    for (size_t first = 0, end; first < rows->n_rows; first = end) {
        end = rows->n_rows - first < at_once ? rows->n_rows : first + at_once;
        TRY(collect(s, &mined, first, end, all_fit, err));
    }

done:
    return st;
}

/* At the cap: fail, or the lengths that are complete below it. */
static seg_status choose_length(seg_rules_search *s, size_t *max_length, seg_error *err)
{
    const seg_rules_search_options *o = &s->options;
    seg_itemset_counts *counts = &s->found.counts;
    uint64_t n = 0;
    *max_length = o->max_length;
    if (o->max_itemsets == 0 || counts->total <= o->max_itemsets)
        return SEG_OK;
    size_t length = 0;
    while (counts->by_length[length] <= o->max_itemsets - n)
        n += counts->by_length[length++];
    if (!o->allow_partial)
        return seg_too_many_itemsets(o->max_itemsets, s->found.min_count, length + 1, err);
    for (size_t l = length; l < counts->n_lengths; l++)
        counts->by_length[l] = 0;
    counts->n_lengths = length;
    counts->total = n;
    s->found.incomplete = true;
    *max_length = length;
    return SEG_OK;
}

static seg_status check_room(const seg_rules_search *s, seg_error *err)
{
    enum { BYTES_PER_SET = 9 };
    uint64_t n = s->found.counts.total, room = seg_search_room(s);
    char a[32];
    if (n < room / BYTES_PER_SET)
        return SEG_OK;
    return seg_fail(err, SEG_E_AGAIN, "%s itemsets need %.1f MB of memory, and %.1f MB are"
                    " left: raise --min-support (now a count of %u), limit --max-length, or count"
                    " them with --count-only",
                    n > INT64_MAX ? "too many" : seg_group_digits(a, (int64_t)n),
                    (double)n * BYTES_PER_SET / 1e6, (double)room / 1e6, s->found.min_count);
}

/* When the support was searched for, the rarest items have come to be infrequent: without them
 * the first rank is that of a frequent item again. */
static void drop_rare_ranks(seg_rules_found *found)
{
    seg_item_ranks *ranks = &found->ranks;
    size_t rare = 0;
    while (rare < ranks->n && ranks->count[rare] < found->min_count)
        ranks->rank[ranks->item[rare++]] = -1;
    ranks->n -= rare;
    for (size_t r = 0; rare > 0 && r < ranks->n; r++) {
        ranks->item[r] = ranks->item[r + rare];
        ranks->count[r] = ranks->count[r + rare];
        ranks->rank[ranks->item[r]] = (int32_t)r;
    }
    for (size_t i = 0; rare > 0 && i < found->tree.n; i++)
        found->tree.item[i] -= (int32_t)rare;
}

/* All baskets are in memory. */
static seg_status mine_all(seg_rules_search *s, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_rules_found *found = &s->found;
    size_t max_length;
    if (s->options.target_itemsets != 0)
        TRY(seg_search_support(s, err));
    TRY(seg_miner_count(s->miner, found->min_count, s->options.max_length, &found->counts, err));
    TRY(choose_length(s, &max_length, err));
    if (!s->options.count_only && found->counts.n_lengths > 0) {
        TRY(check_room(s, err));
        TRY(seg_miner_list(s->miner, found->min_count, max_length, &found->tree, err));
    }
    drop_rare_ranks(found);
    found->n_parts = 1;
    s->stage = STAGE_DONE;

done:
    seg_miner_free(s->miner);
    s->miner = NULL;
    return st;
}

seg_status seg_collect_end(seg_rules_search *s, seg_error *err)
{
    if (s->found.n_parts == 0 && s->options.head < 0)
        return mine_all(s, err);
    seg_status st = mine_part(s, err);
    seg_miner_free(s->miner);
    s->miner = NULL;
    s->stage = STAGE_COUNT;
    return st;
}

/* Forget what is longer than max_length. */
static void cut_length(seg_itemset_tree *tree, size_t max_length)
{
    for (size_t i = 0; i < tree->n; i++)
        if (tree->depth[i] > max_length)
            tree->count[i] = 0;
    seg_itemset_tree_cut(tree, 1);
}

seg_status seg_parts_begin(seg_rules_search *s, seg_error *err)
{
    seg_status st = seg_itemset_count_new(&s->candidates, s->found.ranks.n, s->n_threads,
                                          &s->counter, err);
    if (st == SEG_OK && s->options.head >= 0)
        st = seg_itemset_count_new(&s->candidates, s->found.ranks.n, s->n_threads, &s->with_head,
                                   err);
    return st;
}

seg_status seg_parts_add(seg_rules_search *s, const seg_basket_rows *rows, seg_error *err)
{
    seg_basket_rows with;
    seg_itemset_count_add(s->counter, rows, rank_of(s));
    if (s->options.head < 0)
        return SEG_OK;
    seg_status st = rows_to_mine(s, rows, &with, err);
    if (st == SEG_OK)
        seg_itemset_count_add(s->with_head, &with, rank_of(s));
    return st;
}

/* Candidates become bodies with both of their counts, and those the sets of the rules. */
static seg_status finish_head(seg_rules_search *s, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_itemset_tree *tree = &s->candidates, sets = { 0 };
    int32_t head = s->options.head;
    uint32_t *count = NULL;
    size_t n = 0;
    TRY(SEG_ALLOC(&count, tree->n, "the counts of the itemsets", err));
    seg_itemset_count_get(s->counter, count);
    seg_itemset_count_get(s->with_head, tree->count);
    for (size_t i = 0; i < tree->n; i++)
        if (tree->count[i] >= s->found.min_count)
            count[n++] = count[i];
    seg_itemset_tree_cut(tree, s->found.min_count);
    TRY(seg_head_sets(tree, count, tree->count, s->found.ranks.rank[head],
                      s->found.item_count[head], &sets, err));
    seg_itemset_tree_clear(tree);
    *tree = sets;

done:
    seg_free(count);
    return st;
}

static seg_status finish_counts(seg_rules_search *s, seg_error *err)
{
    seg_status st = SEG_OK;
    if (s->options.head >= 0) {
        st = finish_head(s, err);
    } else {
        seg_itemset_count_get(s->counter, s->candidates.count);
        seg_itemset_tree_cut(&s->candidates, s->found.min_count);
    }
    seg_itemset_count_free(s->counter);
    seg_itemset_count_free(s->with_head);
    s->counter = s->with_head = NULL;
    return st;
}

seg_status seg_parts_end(seg_rules_search *s, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_rules_found *found = &s->found;
    size_t max_length;
    TRY(finish_counts(s, err));
    seg_itemset_tree_count(&s->candidates, &found->counts);
    TRY(choose_length(s, &max_length, err));
    if (found->incomplete)
        cut_length(&s->candidates, max_length);
    if (!s->options.count_only) {
        found->tree = s->candidates;
        s->candidates = (seg_itemset_tree){ 0 };
    }
    s->stage = STAGE_DONE;

done:
    return st;
}
