/* scratch.c: large working memory, if need be in a file. */
#include "base/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/spill.h"
#include "base/threads.h"

uint64_t seg_scratch_room(void)
{
    uint64_t limit = seg_alloc_limit(), used = seg_alloc_in_use();
    return limit == 0 ? seg_memory_available() / 2 : limit > used ? limit - used : 0;
}

static seg_status map_file(size_t size, const char *what, seg_scratch *out, seg_error *err)
{
    const char *folder;
    int fd = seg_unnamed_file(&folder);
    if (fd < 0)
        return seg_fail(err, SEG_E_IO, "could not make a temporary file in '%s' for %s: %s",
                        folder, what, strerror(errno));
    void *bytes = MAP_FAILED;
    /* Room is asked for now: a full disk found later would be a signal, not an error. */
    int problem = posix_fallocate(fd, 0, (off_t)size);
    if (problem == 0) {
        bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        problem = bytes == MAP_FAILED ? errno : 0;
    }
    close(fd);
    if (problem != 0)
        return seg_fail(err, SEG_E_AGAIN, "could not put aside %zu bytes for %s in '%s': %s",
                        size, what, folder, strerror(problem));
    *out = (seg_scratch){ bytes, size, size };
    return SEG_OK;
}

/* Records are read here and there; finding their pages takes less time when they are large
 * (4 % of boosting a million rows). */
static void ask_for_huge_pages(char *bytes, size_t size)
{
    enum { HUGE_PAGE = 2 << 20 };
    uintptr_t first = ((uintptr_t)bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE,
              end = ((uintptr_t)bytes + size) / HUGE_PAGE * HUGE_PAGE;
    if (end > first)
        madvise((void *)first, end - first, MADV_HUGEPAGE);   /* a wish: it may be refused */
}

seg_status seg_scratch_new(size_t size, uint64_t heap_bytes, const char *what,
                           seg_scratch *out, seg_error *err)
{
    *out = (seg_scratch){ 0 };
    if (size > heap_bytes)
        return map_file(size, what, out, err);
    char *bytes = seg_alloc_plain(size);
    if (bytes == NULL)
        return seg_no_memory(size, what, err);
    ask_for_huge_pages(bytes, size);
    memset(bytes, 0, size);
    *out = (seg_scratch){ bytes, size, 0 };
    return SEG_OK;
}

void seg_scratch_free(seg_scratch *scratch)
{
    if (scratch->mapped > 0)
        munmap(scratch->bytes, scratch->mapped);
    else
        seg_free(scratch->bytes);
    *scratch = (seg_scratch){ 0 };
}
