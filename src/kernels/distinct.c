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

enum { MAX_KEEP = 2048 };

seg_status seg_distinct_new(size_t keep, seg_distinct *out, seg_error *err)
{
    seg_status st = SEG_OK;
    *out = (seg_distinct){ .limit = UINT64_MAX, .keep = keep < MAX_KEEP ? keep : MAX_KEEP };
    TRY(SEG_ALLOC(&out->table, 4 * out->keep, "the different values", err));
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
    size_t mask = 4 * set->keep - 1, at = (size_t)(hash >> 32) & mask;
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

static void keep_smallest(seg_distinct *set)
{
    uint64_t hashes[2 * MAX_KEEP + 1];
    ptrdiff_t n = 0;
    for (size_t at = 0; at < 4 * set->keep; at++)
        if (set->table[at] != 0)
            hashes[n++] = set->table[at];
    select_smallest(hashes, n, (ptrdiff_t)set->keep);
    memset(set->table, 0, 4 * set->keep * sizeof *set->table);
    set->limit = 0;
    set->n = set->keep;
    for (size_t i = 0; i < set->keep; i++) {
        set->table[place_of(set, hashes[i])] = hashes[i];
        set->limit = hashes[i] > set->limit ? hashes[i] : set->limit;
    }
}

void seg_distinct_insert(seg_distinct *set, uint64_t hash)
{
    size_t at = place_of(set, hash);
    if (set->table[at] == hash)
        return;
    set->table[at] = hash;
    if (++set->n > 2 * set->keep)
        keep_smallest(set);
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
