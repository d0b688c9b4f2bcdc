/* csv_twins.c: ids that stand twice. Ids that ascend are distinct, which csv_read.c sees on
 * the way. Else their hashes are parted into buckets that fit the nearest cache, some buckets
 * at a time if memory is short, and equal hashes within a bucket are twins: 64 bits of some
 * 10^8 ids collide with odds of 1 in 4,000, and the first pair, which is what people are
 * told, is compared as text. */
#include <string.h>
#include "base/alloc.h"
#include "base/threads.h"
#include "base/try.h"
#include "data/csv_import.h"

enum { BUCKETS = 4096, SHARE = 8 };

typedef struct pair {
    uint64_t hash, row;
} pair;

typedef struct twins {
    const seg_csv_import *im;
    size_t column;
    void *room, *other_room;     /* segments that lie in a file */
    uint64_t counts[BUCKETS];
    pair *pairs;
    size_t starts[BUCKETS + 1];  /* of the buckets in hand, among the pairs */
    size_t first, end;           /* buckets in hand */
    uint64_t *slots;             /* index + 1 of a pair, or 0 */
    size_t slots_cap;
    bool found;
    uint64_t earlier, again;     /* rows of the first pair */
    uint64_t n_twice;
} twins;

static size_t bucket_of(uint64_t hash)
{
    return (size_t)(hash >> 52);
}

/* Spread, so that its upper bits tell buckets and its lower ones slots. */
static uint64_t hash_of(const char *s, size_t n)
{
    return seg_text_hash(s, n) * 0x9e3779b97f4a7c15u;
}

/* Each id once: counted, or put into its bucket. */
static seg_status scan_ids(twins *t, bool put, seg_error *err)
{
    const seg_csv_store *store = t->im->store;
    for (size_t i = 0; i < store->n; i++) {
        seg_csv_view view;
        seg_status st = seg_csv_store_get(store, i, t->room, &view, err);
        if (st != SEG_OK)
            return st;
        for (size_t r = 0; r < view.segment->n_rows; r++) {
            size_t n;
            const char *s = seg_csv_view_text(&view, t->column, r, &n);
            if (seg_csv_is_missing(t->im, s, n))
                continue;
            uint64_t hash = hash_of(s, n);
            size_t bucket = bucket_of(hash);
            if (!put)
                t->counts[bucket]++;
            else if (bucket >= t->first && bucket < t->end)
                t->pairs[t->starts[bucket]++] = (pair){ hash, view.segment->first_row + r };
        }
    }
    return SEG_OK;
}

static seg_status text_of(const twins *t, uint64_t row, void *room, const char **s, size_t *n,
                          seg_error *err)
{
    seg_csv_view view;
    size_t i = seg_csv_store_find(t->im->store, row);
    seg_status st = seg_csv_store_get(t->im->store, i, room, &view, err);
    if (st == SEG_OK)
        *s = seg_csv_view_text(&view, t->column, (size_t)(row - view.segment->first_row), n);
    return st;
}

static seg_status maybe_first(twins *t, uint64_t earlier, uint64_t again, seg_error *err)
{
    seg_status st = SEG_OK;
    const char *a, *b;
    size_t n, m;
    if (t->found && again >= t->again)
        return SEG_OK;
    TRY(text_of(t, earlier, t->room, &a, &n, err));
    TRY(text_of(t, again, t->other_room, &b, &m, err));
    if (n == m && memcmp(a, b, n) == 0) {
        t->found = true;
        t->earlier = earlier;
        t->again = again;
    }

done:
    return st;
}

static seg_status look_into(twins *t, const pair *pairs, size_t n, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n_slots = 64;
    while (n_slots < 2 * n)
        n_slots *= 2;
    TRY(SEG_GROW(&t->slots, &t->slots_cap, n_slots, "the ids seen", err));
    memset(t->slots, 0, n_slots * sizeof *t->slots);
    for (size_t i = 0; i < n; i++) {
        size_t slot = (size_t)pairs[i].hash & (n_slots - 1);
        while (t->slots[slot] != 0 && pairs[t->slots[slot] - 1].hash != pairs[i].hash)
            slot = (slot + 1) & (n_slots - 1);
        if (t->slots[slot] == 0) {
            t->slots[slot] = i + 1;
            continue;
        }
        t->n_twice++;
        TRY(maybe_first(t, pairs[t->slots[slot] - 1].row, pairs[i].row, err));
    }

done:
    return st;
}

/* Buckets first .. end - 1. */
static seg_status take_buckets(twins *t, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t start = 0;
    for (size_t b = t->first; b < t->end; b++) {
        t->starts[b] = start;
        start += (size_t)t->counts[b];
    }
    TRY(scan_ids(t, true, err));
    start = 0;
    for (size_t b = t->first; b < t->end; b++) {
        TRY(look_into(t, t->pairs + start, (size_t)t->counts[b], err));
        start += (size_t)t->counts[b];
    }

done:
    return st;
}

static uint64_t pairs_at_a_time(const twins *t)
{
    uint64_t budget = seg_alloc_limit(), largest = 0;
    if (budget == 0)
        budget = seg_memory_available();
    uint64_t most = budget / SHARE / sizeof(pair);
    for (size_t b = 0; b < BUCKETS; b++)
        largest = t->counts[b] > largest ? t->counts[b] : largest;
    if (most > t->im->n_rows)
        most = t->im->n_rows;
    return most < largest ? largest : most;
}

/* Where a row stands, as twice_first has it. */
static seg_status place_of(const twins *t, uint64_t row, uint64_t *place, seg_error *err)
{
    seg_csv_view view;
    size_t i = seg_csv_store_find(t->im->store, row);
    seg_status st = seg_csv_store_get(t->im->store, i, t->room, &view, err);
    if (st == SEG_OK)
        *place = (uint64_t)view.segment->file << 44
                 | seg_csv_view_line(&view, t->im->rows->n_columns,
                                     (size_t)(row - view.segment->first_row));
    return st;
}

seg_status seg_csv_find_twins(seg_csv_import *im, seg_csv_column *c, seg_error *err)
{
    seg_status st = SEG_OK;
    twins *t = NULL;
    TRY(SEG_ALLOC(&t, 1, "the ids seen", err));
    t->im = im;
    t->column = (size_t)(c - im->columns);
    TRY(seg_alloc_array(&t->room, im->store->largest, 1, "a segment", err));
    TRY(seg_alloc_array(&t->other_room, im->store->largest, 1, "a segment", err));
    TRY(scan_ids(t, false, err));
    uint64_t most = pairs_at_a_time(t);
    TRY(SEG_ALLOC(&t->pairs, (size_t)most, "the ids seen", err));
    while (t->end < BUCKETS) {
        uint64_t n = 0;
        t->first = t->end;
        while (t->end < BUCKETS && n + t->counts[t->end] <= most)
            n += t->counts[t->end++];
        TRY(take_buckets(t, err));
    }
    c->n_twice = t->found ? t->n_twice : 0;
    if (t->found) {
        TRY(place_of(t, t->earlier, &c->twice_first, err));
        TRY(place_of(t, t->again, &c->twice_again, err));
    }

done:
    if (t != NULL) {
        seg_free(t->room);
        seg_free(t->other_room);
        seg_free(t->pairs);
        seg_free(t->slots);
    }
    seg_free(t);
    return st;
}
