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
