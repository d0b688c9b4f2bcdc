/* miner_memory.c: large arrays that threads write. */
#include "kernels/miner_parts.h"

#include <string.h>
#include <sys/mman.h>
#include "base/alloc.h"

/* Finding the pages of 15 million sets one by one took half the time of listing them. */
static void ask_for_huge_pages(void *bytes, size_t size)
{
    enum { HUGE_PAGE = 2 << 20 };
    uintptr_t first = ((uintptr_t)bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE,
              end = ((uintptr_t)bytes + size) / HUGE_PAGE * HUGE_PAGE;
    if (end > first)
        madvise((void *)first, end - first, MADV_HUGEPAGE);   /* a wish: it may be refused */
}

seg_status seg_miner_array(void *out_pointer, size_t size, const char *what, seg_error *err)
{
    void *p = seg_alloc_plain(size);
    memcpy(out_pointer, &p, sizeof p);
    if (p == NULL)
        return seg_no_memory(size, what, err);
    ask_for_huge_pages(p, size);
    return SEG_OK;
}
