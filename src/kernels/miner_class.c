/* miner_class.c: the class of one item of baskets kept as lists.
 *
 * All items that follow are counted in one sweep over the places of the item ("occurrence
 * deliver" of T. Uno, M. Kiyomi and H. Arimura, "LCM ver. 2: efficient mining algorithms for
 * frequent/closed/maximal itemsets", FIMI 2004). Those frequent enough make the class: masks
 * when they are 64 or fewer, else shorter lists. */
#include "kernels/miner_parts.h"

#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

/* Reading over so many counts costs as much as keeping book of those of one basket. */
enum { FEW = 32 };

typedef struct class {
    seg_miner_lane *lane;
    const seg_miner_lists *lists;
    seg_miner_desk *desk;
    const uint32_t *ids;
    size_t item;
    uint32_t support;
    size_t depth, n_free;        /* of the prefix with the item */
    size_t n;                    /* items that follow: desk->follows, desk->support */
} class;

seg_status seg_desk_init(seg_miner_desk *desk, size_t n_items, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(SEG_ALLOC(&desk->count, n_items + SEG_TAKE_PAD, "the counts of a class", err));
    TRY(SEG_ALLOC(&desk->bit, n_items, "the counts of a class", err));
    TRY(SEG_ALLOC(&desk->touched, n_items + 1, "the counts of a class", err));
    TRY(SEG_ALLOC(&desk->follows, n_items + SEG_TAKE_PAD, "the counts of a class", err));
    TRY(SEG_ALLOC(&desk->support, n_items + SEG_TAKE_PAD, "the counts of a class", err));

done:
    return st;
}

void seg_desk_clear(seg_miner_desk *desk)
{
    seg_free(desk->count);
    seg_free(desk->bit);
    seg_free(desk->touched);
    seg_free(desk->follows);
    seg_free(desk->support);
    *desk = (seg_miner_desk){ 0 };
}

static uint32_t id_of(const class *c, size_t item)
{
    return c->ids == NULL ? (uint32_t)item : c->ids[item];
}

/* The baskets of an item lie far apart: ask for one some turns before it is read. */
static inline __attribute__((always_inline))
void ask_ahead(const seg_miner_lists *lists, bool wide, size_t z, size_t end)
{
    enum { AHEAD = 12, LINE = 64 };
    size_t next = lists->at[z + AHEAD < end ? z + AHEAD : end - 1];
    const char *p = (const char *)lists->entries
                    + next * (wide ? sizeof(uint32_t) : sizeof(uint16_t));
    __builtin_prefetch(p);
    __builtin_prefetch(p + LINE);
}

/* ---- counting -------------------------------------------------------------------------- */

static inline __attribute__((always_inline))
void deliver(const class *c, bool wide)
{
    const seg_miner_lists *lists = c->lists;
    uint32_t end = seg_lists_end(wide), *count = c->desk->count;
    size_t last = lists->first[c->item + 1];
    for (size_t z = lists->first[c->item]; z < last; z++) {
        uint32_t weight = lists->at_weight == NULL ? 1 : lists->at_weight[z];
        ask_ahead(lists, wide, z, last);
        for (size_t i = lists->at[z]; ; i++) {
            uint32_t item = seg_lists_entry(lists->entries, wide, i);
            if (item == end)
                break;
            count[item] += weight;
        }
    }
}

/* The same, and which items were met: for few baskets of many items. */
static inline __attribute__((always_inline))
size_t deliver_few(const class *c, bool wide)
{
    const seg_miner_lists *lists = c->lists;
    uint32_t end = seg_lists_end(wide), *count = c->desk->count, *touched = c->desk->touched;
    size_t n = 0, last = lists->first[c->item + 1];
    for (size_t z = lists->first[c->item]; z < last; z++) {
        uint32_t weight = lists->at_weight == NULL ? 1 : lists->at_weight[z];
        ask_ahead(lists, wide, z, last);
        for (size_t i = lists->at[z]; ; i++) {
            uint32_t item = seg_lists_entry(lists->entries, wide, i);
            if (item == end)
                break;
            touched[n] = item;
            n += count[item] == 0;
            count[item] += weight;
        }
    }
    return n;
}

static void sort(uint32_t *items, size_t n)
{
    static const size_t gaps[] = { 701, 301, 132, 57, 23, 10, 4, 1 };   /* M. Ciura, 2001 */
    for (size_t g = 0; g < sizeof gaps / sizeof *gaps; g++)
        for (size_t i = gaps[g], gap = gaps[g]; i < n; i++) {
            uint32_t item = items[i];
            size_t j = i;
            for (; j >= gap && items[j - gap] > item; j -= gap)
                items[j] = items[j - gap];
            items[j] = item;
        }
}

static void drop_apart(const class *c)
{
    const seg_miner *miner = c->lane->miner;
    uint32_t id = id_of(c, c->item);
    if (miner->apart_start == NULL)
        return;
    int64_t at = miner->apart_start[id], end = miner->apart_start[id + 1];
    for (size_t i = c->item + 1; i < c->lists->n_items && at < end; ) {
        uint32_t other = id_of(c, i);
        if (other > (uint32_t)miner->apart[at])
            at++;
        else if (other == (uint32_t)miner->apart[at])
            c->desk->count[i++] = 0;
        else
            i++;
    }
}

/* Items 0 .. n - 1 of desk->follows, ascending, of at least min_count; their counts are taken
 * off the desk. */
static size_t take_few(const class *c)
{
    seg_miner_desk *desk = c->desk;
    size_t n = c->lists->wide ? deliver_few(c, true) : deliver_few(c, false), kept = 0;
    drop_apart(c);
    for (size_t i = 0; i < n; i++) {
        desk->follows[kept] = desk->touched[i];
        kept += desk->count[desk->touched[i]] >= c->lane->min_count;
    }
    sort(desk->follows, kept);
    for (size_t i = 0; i < kept; i++)
        desk->support[i] = desk->count[desk->follows[i]];
    for (size_t i = 0; i < n; i++)
        desk->count[desk->touched[i]] = 0;
    return kept;
}

static size_t take_many(const class *c)
{
    seg_miner_desk *desk = c->desk;
    size_t from = c->item + 1;
    if (c->lists->wide)
        deliver(c, true);
    else
        deliver(c, false);
    drop_apart(c);
    return c->lane->kernels->take_counts(desk->count + from, c->lists->n_items - from,
                                         (uint32_t)from, c->lane->min_count, desk->follows,
                                         desk->support);
}

/* The items that follow; those that all baskets hold become free where that is right. */
static void find_followers(class *c)
{
    const seg_miner *miner = c->lane->miner;
    seg_miner_desk *desk = c->desk;
    size_t n_rows = c->lists->first[c->item + 1] - c->lists->first[c->item];
    bool few = n_rows * FEW < c->lists->n_items - c->item;
    size_t n = few ? take_few(c) : take_many(c);
    for (size_t i = 0; i < n; i++) {
        uint32_t item = desk->follows[i], count = desk->support[i];
        bool is_free = c->lane->sink == NULL && count == c->support
                       && (miner->has_apart == NULL || !miner->has_apart[id_of(c, item)]);
        desk->follows[c->n] = item;
        desk->support[c->n] = count;
        c->n += !is_free;
        c->n_free += is_free;
    }
}

/* ---- a class of masks ------------------------------------------------------------------ */

static inline __attribute__((always_inline))
void make_rows(const class *c, bool wide, seg_mask_rows *rows)
{
    const seg_miner_lists *lists = c->lists;
    const uint64_t *bit = c->desk->bit;
    uint32_t end = seg_lists_end(wide);
    size_t n = 0;
    size_t last = lists->first[c->item + 1];
    for (size_t z = lists->first[c->item]; z < last; z++) {
        uint64_t mask = 0;
        ask_ahead(lists, wide, z, last);
        for (size_t i = lists->at[z]; ; i++) {
            uint32_t item = seg_lists_entry(lists->entries, wide, i);
            if (item == end)
                break;
            mask |= bit[item];
        }
        rows->mask[n] = mask;
        rows->weight[n] = lists->at_weight == NULL ? 1 : lists->at_weight[z];
        n += mask != 0;
    }
    rows->n = n;
}

/* Sets whose items are those that follow from number `from` on, at most 64 of them; and the
 * prefix alone. */
static bool mine_as_masks(const class *c, size_t from)
{
    seg_miner_lane *lane = c->lane;
    seg_miner_desk *desk = c->desk;
    const uint32_t *follows = desk->follows + from, *support = desk->support + from;
    seg_mask_class masks = { .n = c->n - from };
    seg_mask_counts counts = { .all = 0 };
    for (size_t b = 0; b < masks.n; b++) {
        masks.ids[b] = id_of(c, follows[b]);
        counts.count[b] = support[b];
        counts.enough |= UINT64_C(1) << b;
        counts.all |= (uint64_t)(support[b] == c->support) << b;
    }
    seg_mask_class_init(lane->miner, &masks);
    size_t n_rows = c->lists->first[c->item + 1] - c->lists->first[c->item];
    if (!seg_lane_room(lane, 0, n_rows + 1))
        return false;
    for (size_t b = 0; b < masks.n; b++)
        desk->bit[follows[b]] = UINT64_C(1) << b;
    if (c->lists->wide)
        make_rows(c, true, &lane->level[0]);
    else
        make_rows(c, false, &lane->level[0]);
    for (size_t b = 0; b < masks.n; b++)
        desk->bit[follows[b]] = 0;
    lane->kernels->mask_merge(&lane->level[0], lane->table);
    return seg_mine_masks(lane, &masks, &counts, c->support, c->depth, c->n_free);
}

/* ---- a class of lists ------------------------------------------------------------------ */

/* What of the class's baskets is left to go on with; baskets of fewer than two items are
 * not. bit[item]: 1 + its new number. */
static inline __attribute__((always_inline))
void cut_lists(const class *c, bool wide, bool wide_out, seg_miner_lists *out)
{
    const seg_miner_lists *lists = c->lists;
    const uint64_t *bit = c->desk->bit;
    uint32_t end = seg_lists_end(wide);
    size_t n = 0;
    size_t last = lists->first[c->item + 1];
    for (size_t z = lists->first[c->item]; z < last; z++) {
        size_t begin = n;
        ask_ahead(lists, wide, z, last);
        for (size_t i = lists->at[z]; ; i++) {
            uint32_t item = seg_lists_entry(lists->entries, wide, i);
            if (item == end)
                break;
            uint64_t number = bit[item];
            seg_lists_put(out->entries, wide_out, n, (uint32_t)number - 1);
            n += number != 0;
        }
        if (n < begin + 2) {
            n = begin;
            continue;
        }
        seg_lists_put(out->entries, wide_out, n++, seg_lists_end(wide_out));
        if (out->weight != NULL)
            out->weight[out->n_rows] = lists->at_weight[z];
        out->n_rows++;
    }
    out->n = n;
}

static size_t count_entries(const class *c)
{
    uint64_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        n += c->desk->support[i];
    return n < c->lists->n ? (size_t)n : c->lists->n;    /* supports are sums of weights */
}

/* seg_mine_item() for each but the last 64. */
static bool mine_all(const class *c, const seg_miner_lists *lists, const uint32_t *ids,
                     const uint32_t *support)
{
    seg_miner_lane *lane = c->lane;
    seg_miner_desk desk = { 0 };
    seg_status st = SEG_OK;
    TRY(seg_desk_init(&desk, lists->n_items, &lane->error));
    for (size_t i = 0; i < lists->n_items - SEG_MASK_BITS; i++)
        if (!seg_mine_item(lane, lists, &desk, ids, i, support[i], c->depth, c->n_free)) {
            st = lane->status;
            break;
        }

done:
    seg_desk_clear(&desk);
    lane->status = st;
    return st == SEG_OK;
}

/* The last 64 items, the most frequent ones, need no lists: sets of them alone are found as
 * masks. */
static bool mine_as_lists(const class *c)
{
    seg_miner_lane *lane = c->lane;
    seg_miner_desk *desk = c->desk;
    seg_status st = SEG_OK;
    seg_miner_lists out = { .wide = c->n >= UINT16_MAX, .n_items = c->n };
    uint32_t *ids = NULL, *support = NULL;
    size_t n_rows = c->lists->first[c->item + 1] - c->lists->first[c->item];

    TRY(SEG_ALLOC(&ids, c->n, "the items of a class", &lane->error));
    TRY(SEG_ALLOC(&support, c->n, "the items of a class", &lane->error));
    TRY(seg_lists_reserve(&out, count_entries(c) + n_rows + 1,
                          c->lists->at_weight == NULL ? 0 : n_rows, &lane->error));
    for (size_t i = 0; i < c->n; i++) {
        ids[i] = id_of(c, desk->follows[i]);
        support[i] = desk->support[i];
        desk->bit[desk->follows[i]] = i + 1;
    }
    if (c->lists->wide && out.wide)
        cut_lists(c, true, true, &out);
    else if (c->lists->wide)
        cut_lists(c, true, false, &out);
    else
        cut_lists(c, false, false, &out);
    for (size_t i = 0; i < c->n; i++)
        desk->bit[desk->follows[i]] = 0;
    TRY(seg_lists_index(&out, 1, &lane->error));
    if (!mine_all(c, &out, ids, support) || !mine_as_masks(c, c->n - SEG_MASK_BITS))
        st = lane->status;

done:
    lane->status = st;
    seg_lists_clear(&out);
    seg_free(ids);
    seg_free(support);
    return st == SEG_OK;
}

/* ---- one item -------------------------------------------------------------------------- */

/* The sets that are one item longer than the longest prefix. */
static void mine_last(const class *c)
{
    seg_miner_lane *lane = c->lane;
    if (lane->sink == NULL) {
        seg_cells_add(&lane->cells, c->depth, c->n_free, 1);
        seg_cells_add(&lane->cells, c->depth + 1, c->n_free, c->n);
        return;
    }
    for (size_t i = 0; i < c->n; i++)
        seg_sink_put(lane->sink, c->depth + 1, id_of(c, c->desk->follows[i]),
                     c->desk->support[i]);
}

bool seg_mine_item(seg_miner_lane *lane, const seg_miner_lists *lists, seg_miner_desk *desk,
                   const uint32_t *ids, size_t i, uint32_t support, size_t depth,
                   size_t n_free)
{
    class c = { .lane = lane, .lists = lists, .desk = desk, .ids = ids, .item = i,
                .support = support, .depth = depth + 1, .n_free = n_free };
    if (lane->sink != NULL)
        seg_sink_put(lane->sink, c.depth, id_of(&c, i), support);
    if (c.depth < lane->limit)
        find_followers(&c);
    if (c.n == 0 || c.depth + 1 == lane->limit) {
        mine_last(&c);
        return true;
    }
    return c.n <= SEG_MASK_BITS ? mine_as_masks(&c, 0) : mine_as_lists(&c);
}
