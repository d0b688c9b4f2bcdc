/* candidates.c: join and prune (apriori-gen of Agrawal and Srikant, VLDB 1994).
 *
 * Two frequent sets with the same first k - 1 items are joined; the result is dropped
 * if one of its other subsets is missing. The subsets are looked up by hash key: the key
 * of a subset is the key of the set minus that of the item left out. */
#include "kernels/candidates.h"

#include <string.h>
#include "base/alloc.h"
#include "base/text.h"
#include "base/try.h"

/* Items of the set without number `left_out`, into `subset`. */
static void without(const int32_t *set, size_t n, size_t left_out, int32_t *subset)
{
    memcpy(subset, set, left_out * sizeof *set);
    memcpy(subset + left_out, set + left_out + 1, (n - left_out - 1) * sizeof *set);
}

/* The last two items left out give the sets that were joined: they are there. */
static bool subsets_frequent(const seg_itemset_index *index, const int32_t *set, size_t n,
                             int32_t *subset)
{
    uint64_t key = seg_itemset_key(set, n);
    for (size_t i = 0; i + 2 < n; i++) {
        without(set, n, i, subset);
        if (seg_itemset_find(index, subset, key - seg_item_key(set[i])) == SIZE_MAX)
            return false;
    }
    return true;
}

static bool same_start(const seg_itemsets *level, size_t a, size_t b)
{
    return memcmp(seg_itemset(level, a), seg_itemset(level, b),
                  (level->length - 1) * sizeof(int32_t)) == 0;
}

/* All joins of set i with the sets first .. end-1. */
static seg_status join(const seg_itemset_index *index, size_t i, size_t end, int32_t *set,
                       int32_t *subset, seg_itemsets *candidates, seg_error *err)
{
    size_t k = index->sets->length;
    memcpy(set, seg_itemset(index->sets, i), k * sizeof *set);
    for (size_t j = i + 1; j < end; j++) {
        set[k] = seg_itemset(index->sets, j)[k - 1];
        if (!subsets_frequent(index, set, k + 1, subset))
            continue;
        seg_status st = seg_itemsets_add(candidates, set, 0, err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

static seg_status too_many(const seg_itemsets *candidates, seg_error *err)
{
    char n[32];
    return seg_fail(err, SEG_E_AGAIN, "more than %s candidate itemsets of %zu items do not fit"
                    " into the memory: raise --min-support, limit --max-length, or give more"
                    " with --memory", seg_group_digits(n, (int64_t)candidates->n - 1),
                    candidates->length);
}

seg_status seg_candidates(const seg_itemsets *level, uint64_t max_sets,
                          seg_itemsets *candidates, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t k = level->length;
    seg_itemset_index index = { 0 };
    int32_t *set = NULL;
    *candidates = (seg_itemsets){ .length = k + 1 };

    TRY(seg_itemset_index_new(level, &index, err));
    TRY(SEG_ALLOC(&set, 2 * (k + 1), "a candidate", err));
    for (size_t first = 0, end; first < level->n; first = end) {
        for (end = first + 1; end < level->n && same_start(level, first, end); end++)
            ;
        for (size_t i = first; i + 1 < end; i++) {
            TRY(join(&index, i, end, set, set + k + 1, candidates, err));
            if (candidates->n > max_sets)
                TRY(too_many(candidates, err));
        }
    }

done:
    seg_itemset_index_clear(&index);
    seg_free(set);
    if (st != SEG_OK)
        seg_itemsets_clear(candidates);
    return st;
}
