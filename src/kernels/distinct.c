/* distinct.c: the k smallest hashes of a stream (k minimum values). If the k-th smallest of
 * uniform hashes lies at the share u of their range, (k - 1) / u values were different.
 * Source: Z. Bar-Yossef et al., "Counting distinct elements in a data stream", RANDOM 2002.
 * Chosen over HyperLogLog because small sets are exact and a value that does not matter any
 * more costs one comparison. */
#include "kernels/distinct.h"

#include <stddef.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"

enum { MAX_KEEP = 2048, FIRST_PLACES = 64, PART = 256 };

seg_status seg_distinct_new(size_t keep, seg_distinct *out, seg_error *err)
{
    seg_status st = SEG_OK;
    *out = (seg_distinct){ .limit = UINT64_MAX, .keep = keep < MAX_KEEP ? keep : MAX_KEEP,
                            .mask = FIRST_PLACES - 1 };
    TRY(SEG_ALLOC(&out->table, 4 * out->keep + 1, "the different values", err));
done:
    return st;
}

void seg_distinct_free(seg_distinct *set)
{
    seg_free(set->table);
    *set = (seg_distinct){ 0 };
}

/* The place of the hash, or the free one where it belongs. */
static size_t place_of(const seg_distinct *set, uint64_t hash)
{
    size_t mask = set->mask, at = (size_t)(hash >> 32) & mask;
    while (set->table[at] != 0 && set->table[at] != hash)
        at = (at + 1) & mask;
    return at;
}

/* Moves the k smallest of n different numbers to the front (C. A. R. Hoare, CACM 4, 1961). */
static void select_smallest(uint64_t *x, ptrdiff_t n, ptrdiff_t k)
{
    ptrdiff_t left = 0, right = n - 1, last = k - 1;
    while (left < right) {
        uint64_t pivot = x[last];
        ptrdiff_t i = left, j = right;
        while (i <= j) {
            while (x[i] < pivot)
                i++;
            while (x[j] > pivot)
                j--;
            if (i > j)
                break;
            uint64_t other = x[i];
            x[i++] = x[j];
            x[j--] = other;
        }
        if (j < last)
            left = i;
        if (last < i)
            right = j;
    }
}

/* Takes all hashes out of the table. */
static size_t empty_table(seg_distinct *set, uint64_t *hashes)
{
    size_t n = 0;
    for (size_t at = 0; at <= set->mask; at++)
        if (set->table[at] != 0)
            hashes[n++] = set->table[at];
    memset(set->table, 0, (set->mask + 1) * sizeof *set->table);
    return n;
}

static void put_back(seg_distinct *set, const uint64_t *hashes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        set->table[place_of(set, hashes[i])] = hashes[i];
    set->n = n;
}

static void grow(seg_distinct *set)
{
    uint64_t hashes[2 * MAX_KEEP + 1];
    size_t n = empty_table(set, hashes);
    set->mask = 2 * set->mask + 1;
    put_back(set, hashes, n);
}

static void keep_smallest(seg_distinct *set)
{
    uint64_t hashes[2 * MAX_KEEP + 1];
    size_t n = empty_table(set, hashes);
    select_smallest(hashes, (ptrdiff_t)n, (ptrdiff_t)set->keep);
    set->limit = hashes[set->keep - 1];
    put_back(set, hashes, set->keep);
}

void seg_distinct_insert(seg_distinct *set, uint64_t hash)
{
    size_t at = place_of(set, hash);
    if (set->table[at] == hash)
        return;
    set->table[at] = hash;
    set->n++;
    if (2 * set->n > set->mask + 1 && set->mask + 1 < 4 * set->keep)
        grow(set);
    else if (set->n > 2 * set->keep)
        keep_smallest(set);
}

/* Gathers without a branch, as which hashes pass is not to be foretold. Returns how many do. */
static size_t not_seen(const seg_distinct *set, uint32_t *out, const uint32_t *hashes, size_t n)
{
    const uint64_t *table = set->table;
    size_t mask = set->mask, k = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t hash = (uint64_t)hashes[i] << 32 | 1;
        size_t at = hashes[i] & mask;
        out[k] = hashes[i];
        k += (size_t)((table[at] != hash) & (table[at + 1] != hash));
    }
    return k;
}

void seg_distinct_add_many(seg_distinct *set, const uint32_t *hashes, size_t n, uint32_t none)
{
    uint32_t fresh[PART];
    for (size_t first = 0; first < n; first += PART) {
        size_t count = n - first < PART ? n - first : PART;
        count = not_seen(set, fresh, hashes + first, count);
        for (size_t i = 0; i < count; i++)
            if (fresh[i] != none)
                seg_distinct_add(set, (uint64_t)fresh[i] << 32);
    }
}

double seg_distinct_count(seg_distinct *set, bool *exact)
{
    *exact = set->limit == UINT64_MAX;
    if (*exact)
        return (double)set->n;
    if (set->n > set->keep)
        keep_smallest(set);
    return (double)(set->keep - 1) / ((double)set->limit * 0x1p-64);
}
