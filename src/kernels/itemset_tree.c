/* itemset_tree.c: growing a tree of itemsets, and believing one that was read. */
#include "kernels/itemset_tree.h"

#include "base/alloc.h"
#include "base/try.h"

seg_status seg_itemset_tree_reserve(seg_itemset_tree *tree, size_t n, seg_error *err)
{
    seg_status st = SEG_OK;
    if (n <= tree->cap)
        return SEG_OK;
    if (n >= UINT32_MAX)
        return seg_fail(err, SEG_E_AGAIN, "%zu itemsets are more than can be kept: raise"
                        " --min-support, or count them with --count-only", n);
    TRY(SEG_REALLOC(&tree->depth, n, "the itemsets", err));
    TRY(SEG_REALLOC(&tree->item, n, "the itemsets", err));
    TRY(SEG_REALLOC(&tree->count, n, "the itemsets", err));
    tree->cap = n;

done:
    return st;
}

seg_status seg_itemset_tree_add(seg_itemset_tree *tree, size_t depth, int32_t item,
                                uint32_t count, seg_error *err)
{
    if (tree->n == tree->cap) {
        size_t more = tree->cap < 64 ? 64 : tree->cap + tree->cap / 2;
        seg_status st = seg_itemset_tree_reserve(tree, more, err);
        if (st != SEG_OK)
            return st;
    }
    tree->depth[tree->n] = (uint8_t)depth;
    tree->item[tree->n] = item;
    tree->count[tree->n++] = count;
    return SEG_OK;
}

void seg_itemset_tree_clear(seg_itemset_tree *tree)
{
    seg_free(tree->depth);
    seg_free(tree->item);
    seg_free(tree->count);
    *tree = (seg_itemset_tree){ 0 };
}

/* Does node i go on from the path of the node before it, which has `depth` items? */
static bool node_fits(const seg_itemset_tree *tree, size_t i, size_t depth, const int32_t *path,
                      size_t n_items)
{
    size_t d = tree->depth[i];
    int32_t item = tree->item[i];
    if (d < 1 || d > depth + 1 || item < 0 || (size_t)item >= n_items)
        return false;
    bool above = d == 1 || path[d - 2] < item;
    bool behind = d > depth || path[d - 1] < item;
    return above && behind;
}

seg_status seg_itemset_tree_check(const seg_itemset_tree *tree, size_t n_items,
                                  uint32_t n_baskets, seg_error *err)
{
    int32_t path[SEG_ITEMSET_MAX + 1];
    uint32_t most[SEG_ITEMSET_MAX + 1];
    size_t depth = 0;
    most[0] = n_baskets;
    for (size_t i = 0; i < tree->n; i++) {
        if (!node_fits(tree, i, depth, path, n_items))
            return seg_fail(err, SEG_E_DATA, "itemset %zu is out of order or holds an item out"
                            " of the range 0 to %zu", i, n_items - (n_items > 0));
        depth = tree->depth[i];
        path[depth - 1] = tree->item[i];
        bool leaf = i + 1 == tree->n || tree->depth[i + 1] <= depth;
        uint32_t count = tree->count[i];
        if (count > most[depth - 1] || (leaf && count == 0))
            return seg_fail(err, SEG_E_DATA, "itemset %zu has a count of %u, which is out of the"
                            " range %u to %u", i, count, leaf ? 1U : 0U, most[depth - 1]);
        most[depth] = count == 0 ? most[depth - 1] : count;
    }
    return SEG_OK;
}

void seg_itemset_tree_count(const seg_itemset_tree *tree, seg_itemset_counts *counts)
{
    *counts = (seg_itemset_counts){ 0 };
    for (size_t i = 0; i < tree->n; i++) {
        if (tree->count[i] == 0)
            continue;
        size_t depth = tree->depth[i];
        counts->by_length[depth - 1]++;
        counts->total++;
        if (depth > counts->n_lengths)
            counts->n_lengths = depth;
    }
}

void seg_itemset_tree_cut(seg_itemset_tree *tree, uint32_t min_count)
{
    size_t n = 0;
    for (size_t i = 0; i < tree->n; i++) {
        if (tree->count[i] < min_count)
            continue;
        tree->depth[n] = tree->depth[i];
        tree->item[n] = tree->item[i];
        tree->count[n++] = tree->count[i];
    }
    tree->n = n;
}

/* Negative: node i of a comes before node j of b, when everything before them is merged. A
 * deeper node still belongs to the set before it. */
static int compare_nodes(const seg_itemset_tree *a, size_t i, const seg_itemset_tree *b, size_t j)
{
    if (i == a->n || j == b->n)
        return (i == a->n) - (j == b->n);
    if (a->depth[i] != b->depth[j])
        return a->depth[i] > b->depth[j] ? -1 : 1;
    return (a->item[i] > b->item[j]) - (a->item[i] < b->item[j]);
}

seg_status seg_itemset_tree_unite(const seg_itemset_tree *a, const seg_itemset_tree *b,
                                  seg_itemset_tree *out, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t i = 0, j = 0;
    TRY(seg_itemset_tree_reserve(out, a->n > b->n ? a->n : b->n, err));
    while (i < a->n || j < b->n) {
        int order = compare_nodes(a, i, b, j);
        const seg_itemset_tree *from = order <= 0 ? a : b;
        size_t k = order <= 0 ? i : j;
        TRY(seg_itemset_tree_add(out, from->depth[k], from->item[k], from->count[k], err));
        i += order <= 0;
        j += order >= 0;
    }

done:
    if (st != SEG_OK)
        seg_itemset_tree_clear(out);
    return st;
}

seg_status seg_too_many_itemsets(uint64_t cap, uint32_t min_count, size_t length, seg_error *err)
{
    return seg_fail(err, SEG_E_GATE, "there are more itemsets of up to %zu items than"
                    " --max-itemsets %llu: raise --min-support (now a count of %u), limit"
                    " --max-length, or keep the shorter ones with --allow-partial", length,
                    (unsigned long long)cap, min_count);
}
