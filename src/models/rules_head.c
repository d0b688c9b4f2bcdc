/* rules_head.c: only the rules to one item. Its baskets, which are few, are mined without it: that
 * gives every body X with n(X and item), and nothing else is ever looked for. One more pass counts
 * n(X) in all baskets. */
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "models/rules_search_parts.h"

/* rows that hold the item, as others to be skipped; skip: n_rows. */
seg_basket_rows seg_rows_with_item(const seg_basket_rows *rows, int32_t item, uint8_t *skip)
{
    seg_basket_rows with = *rows;
    for (size_t i = 0; i < rows->n_rows; i++) {
        skip[i] = 1;
        for (int64_t j = rows->row_start[i]; j < rows->row_start[i + 1]; j++)
            if (rows->items[j] == item)
                skip[i] = seg_basket_weight(rows, i) == 0;
    }
    with.skip = skip;
    with.skip_value = 1;
    return with;
}

/* What the sets of the answer are made of: bodies, and their two counts. */
typedef struct bodies {
    const seg_itemset_tree *tree;
    const uint32_t *count, *with_head;
    int32_t head;                /* its rank */
    seg_itemset_tree *out;
} bodies;

static seg_status add(const bodies *b, size_t depth, int32_t item, uint32_t count, seg_error *err)
{
    if (depth > SEG_ITEMSET_MAX)
        return seg_fail(err, SEG_E_AGAIN, "an itemset has more than %d items: limit --max-length",
                        SEG_ITEMSET_MAX);
    return seg_itemset_tree_add(b->out, depth, item, count, err);
}

/* Nodes first .. end - 1 as they stand; `count` of them, `deeper` than in the tree. */
static seg_status copy(const bodies *b, size_t first, size_t end, const uint32_t *count,
                       size_t deeper, seg_error *err)
{
    seg_status st = SEG_OK;
    for (size_t i = first; i < end && st == SEG_OK; i++)
        st = add(b, b->tree->depth[i] + deeper, b->tree->item[i], count[i], err);
    return st;
}

/* The sets below a prefix of `depth` items, all of them before the head: those that go on with a
 * lower rank, then the head with all that comes behind it, then the same without the head. */
static seg_status merge(const bodies *b, size_t first, size_t end, size_t depth,
                        uint32_t with_head, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t i = first;
    while (i < end && b->tree->item[i] < b->head) {
        size_t next = seg_itemset_end(b->tree, i);
        TRY(add(b, depth + 1, b->tree->item[i], b->count[i], err));
        TRY(merge(b, i + 1, next, depth + 1, b->with_head[i], err));
        i = next;
    }
    TRY(add(b, depth + 1, b->head, with_head, err));
    TRY(copy(b, i, end, b->with_head, 1, err));
    TRY(copy(b, i, end, b->count, 0, err));

done:
    return st;
}

seg_status seg_head_sets(const seg_itemset_tree *tree, const uint32_t *count,
                         const uint32_t *with_head, int32_t head, uint32_t head_count,
                         seg_itemset_tree *out, seg_error *err)
{
    bodies b = { .tree = tree, .count = count, .with_head = with_head, .head = head,
                 .out = out };
    seg_status st = seg_itemset_tree_reserve(out, 2 * tree->n + 1, err);
    if (st == SEG_OK)
        st = merge(&b, 0, tree->n, 0, head_count, err);
    if (st != SEG_OK)
        seg_itemset_tree_clear(out);
    return st;
}
