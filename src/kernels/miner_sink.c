/* miner_sink.c: the tree of a listing, and the sets of a cube at their place in it. */
#include "kernels/miner_parts.h"

#include <string.h>
#include <sys/mman.h>
#include "base/alloc.h"
#include "base/try.h"

/* Finding the pages of 15 million sets one by one took half the time of listing them. */
static void ask_for_huge_pages(void *bytes, size_t size)
{
    enum { HUGE_PAGE = 2 << 20 };
    uintptr_t first = ((uintptr_t)bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE,
              end = ((uintptr_t)bytes + size) / HUGE_PAGE * HUGE_PAGE;
    if (end > first)
        madvise((void *)first, end - first, MADV_HUGEPAGE);   /* a wish: it may be refused */
}

/* Not zeroed: the threads that write it find the pages. */
static seg_status get_array(void *out, size_t size, seg_error *err)
{
    void *p = seg_alloc_plain(size);
    memcpy(out, &p, sizeof p);
    if (p == NULL)
        return seg_no_memory(size, "the itemsets", err);
    ask_for_huge_pages(p, size);
    return SEG_OK;
}

seg_status seg_sink_reserve(seg_itemset_tree *tree, size_t n, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(get_array(&tree->depth, n * sizeof *tree->depth, err));
    TRY(get_array(&tree->item, n * sizeof *tree->item, err));
    TRY(get_array(&tree->count, n * sizeof *tree->count, err));
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
