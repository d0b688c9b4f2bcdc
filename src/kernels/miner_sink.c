/* miner_sink.c: the tree of a listing, and the sets of a cube at their place in it. */
#include "kernels/miner_parts.h"

#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

seg_status seg_sink_reserve(seg_itemset_tree *tree, size_t n, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(seg_miner_array(&tree->depth, n * sizeof *tree->depth, "the itemsets", err));
    TRY(seg_miner_array(&tree->item, n * sizeof *tree->item, "the itemsets", err));
    TRY(seg_miner_array(&tree->count, n * sizeof *tree->count, "the itemsets", err));
    tree->cap = n;

done:
    if (st != SEG_OK)
        seg_itemset_tree_clear(tree);
    return st;
}

void seg_sink_put_cube(seg_miner_sink *sink, seg_cube_list_fn *cube_list, const seg_cube *cube,
                       const int32_t *items, size_t depth)
{
    size_t place = sink->place, left = sink->end - place;
    seg_cube_sets there = { .depth = sink->sets.depth + place, .item = sink->sets.item + place,
                            .count = sink->sets.count + place };
    if (left >= ((size_t)1 << cube->n_items) + SEG_CUBE_PAD) {
        sink->place += cube_list(cube, items, depth, &there);
        return;
    }
    /* What follows the end may be another thread's. */
    seg_cube_sets here = { .depth = sink->depth, .item = sink->item, .count = sink->count };
    size_t n = cube_list(cube, items, depth, &here);
    if (n > left) {
        sink->overrun = true;
        n = left;
    }
    memcpy(there.depth, here.depth, n * sizeof *here.depth);
    memcpy(there.item, here.item, n * sizeof *here.item);
    memcpy(there.count, here.count, n * sizeof *here.count);
    sink->place += n;
}
