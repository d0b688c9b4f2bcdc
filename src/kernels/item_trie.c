/* item_trie.c: counting candidates by walking basket and tree together.
 *
 * Source: R. Agrawal and R. Srikant, "Fast algorithms for mining association rules",
 * VLDB 1994, with the hash tree replaced by a trie of sorted arrays as in F. Bodon, "A
 * fast APRIORI implementation", FIMI 2003: no pointers, children in one run, and a
 * basket meets a node's children by merging two ascending lists. */
#include "kernels/item_trie.h"

#include "base/alloc.h"
#include "base/try.h"

/* Items that set i shares with the one before it. */
static size_t shared(const seg_itemsets *sets, size_t i)
{
    if (i == 0)
        return 0;
    const int32_t *a = seg_itemset(sets, i - 1), *b = seg_itemset(sets, i);
    size_t d = 0;
    while (d < sets->length && a[d] == b[d])
        d++;
    return d;
}

static void count_nodes(const seg_itemsets *sets, size_t *n_nodes)
{
    for (size_t i = 0; i < sets->n; i++)
        for (size_t d = shared(sets, i); d < sets->length; d++)
            n_nodes[d]++;
}

static void fill_nodes(const seg_itemsets *sets, seg_item_trie *trie)
{
    for (size_t d = 0; d < trie->depth; d++)
        trie->n_nodes[d] = 0;
    for (size_t i = 0; i < sets->n; i++) {
        const int32_t *set = seg_itemset(sets, i);
        for (size_t d = shared(sets, i); d < trie->depth; d++) {
            size_t node = trie->n_nodes[d]++;
            trie->item[d][node] = set[d];
            if (d + 1 < trie->depth)
                trie->child[d][node] = (uint32_t)trie->n_nodes[d + 1];
        }
    }
    for (size_t d = 0; d + 1 < trie->depth; d++)
        trie->child[d][trie->n_nodes[d]] = (uint32_t)trie->n_nodes[d + 1];
}

seg_status seg_item_trie_new(const seg_itemsets *sets, seg_item_trie *trie, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t depth = sets->length;
    *trie = (seg_item_trie){ .depth = depth };

    TRY(SEG_ALLOC(&trie->n_nodes, depth, "the tree of candidates", err));
    TRY(SEG_ALLOC(&trie->item, depth, "the tree of candidates", err));
    TRY(SEG_ALLOC(&trie->child, depth, "the tree of candidates", err));
    count_nodes(sets, trie->n_nodes);
    for (size_t d = 0; d < depth; d++) {
        TRY(SEG_ALLOC(&trie->item[d], trie->n_nodes[d], "the tree of candidates", err));
        TRY(SEG_ALLOC(&trie->child[d], d + 1 < depth ? trie->n_nodes[d] + 1 : 0,
                      "the tree of candidates", err));
    }
    fill_nodes(sets, trie);

done:
    if (st != SEG_OK)
        seg_item_trie_clear(trie);
    return st;
}

void seg_item_trie_clear(seg_item_trie *trie)
{
    for (size_t d = 0; d < trie->depth; d++) {
        if (trie->item != NULL)
            seg_free(trie->item[d]);
        if (trie->child != NULL)
            seg_free(trie->child[d]);
    }
    seg_free(trie->n_nodes);
    seg_free(trie->item);
    seg_free(trie->child);
    *trie = (seg_item_trie){ 0 };
}

typedef struct walk {
    const seg_item_trie *trie;
    uint32_t weight, *count;
} walk;

/* First node in first .. end-1 whose item is at least `item`. */
static size_t lower_bound(const int32_t *items, size_t first, size_t end, int32_t item)
{
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (items[middle] < item)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

/* Nodes first .. end-1 of depth d against what is left of the basket. The basket must
 * still have an item for each depth to come. */
static void descend(const walk *w, size_t d, size_t first, size_t end, const int32_t *basket,
                    size_t n)
{
    enum { FAR = 8 };   /* so many children per basket item: search instead of stepping */
    const int32_t *items = w->trie->item[d];
    size_t left = w->trie->depth - d;
    bool last = left == 1, far = end - first > FAR * n;

    for (size_t i = 0; first < end && i + left <= n;) {
        if (items[first] < basket[i]) {
            first = far ? lower_bound(items, first, end, basket[i]) : first + 1;
            continue;
        }
        if (items[first] == basket[i]) {
            if (last)
                w->count[first] += w->weight;
            else
                descend(w, d + 1, w->trie->child[d][first], w->trie->child[d][first + 1],
                        basket + i + 1, n - i - 1);
            first++;
        }
        i++;
    }
}

void seg_item_trie_count(const seg_item_trie *trie, const int32_t *basket, size_t n,
                         uint32_t weight, uint32_t *count)
{
    walk w = { .trie = trie, .weight = weight, .count = count };
    if (trie->depth > 0)
        descend(&w, 0, 0, trie->n_nodes[0], basket, n);
}
