/* h5_window.c: a range of a file as memory. The whole range is one map whose pages come
 * when they are touched; if it is larger than its share of the memory budget, pages that
 * were used are given back, so that no more than a window of it is ever resident. Where
 * addresses themselves are limited (ulimit -v) only a window is mapped at a time.
 *
 * Measured (AMD EPYC, Linux 6.18, warm, with a sum of every value, summing an array in
 * memory = 100 %): 84 to 94 % this way, 51 % with MAP_POPULATE per block, 60 % by pread.
 * The first pass, which also maps and checks, takes 15 to 20 % longer with MADV_POPULATE_READ
 * ahead of each block, and 2 times the processor time with two threads that meet new pages.
 *
 * A page that the file lost after the look at its size ends the process (SIGBUS): so its
 * size is looked at before each block, and the worker's parent reports the rest. */
#include "data/h5_internal.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/threads.h"

static const uint64_t usual_window = 64u << 20;

static uint64_t page_bytes(void)
{
    return (uint64_t)sysconf(_SC_PAGESIZE);
}

static bool addresses_are_limited(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

void h5_window_open(h5_window *w, int fd, uint64_t first, uint64_t n_bytes)
{
    uint64_t budget = seg_alloc_limit() != 0 ? seg_alloc_limit() : seg_memory_available() / 2;
    *w = (h5_window){ .fd = fd, .first = first, .n_bytes = n_bytes };
    w->keep = n_bytes <= budget / 4;
    w->window = budget / 16 < usual_window ? budget / 16 : usual_window;
    w->whole = w->keep || !addresses_are_limited();
}

static void unmap(h5_window *w)
{
    if (w->map != NULL)
        munmap(w->map, w->map_bytes);
    w->map = NULL;
}

/* From `from` (of the file) on: all of the range, or a window of at least n bytes. */
static bool map_from(h5_window *w, uint64_t from, uint64_t n)
{
    uint64_t end = w->first + w->n_bytes, bytes = n < w->window ? w->window : n;
    if (w->whole)
        from = w->first;
    from -= from % page_bytes();
    if (w->whole || bytes > end - from)
        bytes = end - from;
    else   /* the first page may begin before what is wanted */
        bytes = bytes + page_bytes() < end - from ? bytes + page_bytes() : end - from;
    unmap(w);
    void *map = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, w->fd, (off_t)from);
    if (map == MAP_FAILED)
        return false;
    w->map = map;
    w->map_from = w->used_to = from;
    w->map_bytes = bytes;
    madvise(map, bytes, MADV_HUGEPAGE);   /* where the file system has large pages */
    return true;
}

/* What lies before `from` was used: in later passes it is read again. */
static void give_back(h5_window *w, uint64_t from)
{
    from -= from % page_bytes();
    if (w->keep)
        return;
    if (from < w->used_to)   /* a new pass */
        w->used_to = w->map_from;
    if (from - w->used_to < w->window / 2)
        return;
    madvise(w->map + (w->used_to - w->map_from), from - w->used_to, MADV_DONTNEED);
    w->used_to = from;
}

void h5_read_ahead(int fd, uint64_t from, uint64_t n)
{
    enum { SAMPLES = 4 };
    char byte;
    struct iovec one = { .iov_base = &byte, .iov_len = 1 };
    for (uint64_t i = 0; i < SAMPLES && n > 0; i++)
        if (preadv2(fd, &one, 1, (off_t)(from + (n - 1) / (SAMPLES - 1) * i), RWF_NOWAIT) < 0) {
            posix_fadvise(fd, (off_t)from, (off_t)n, POSIX_FADV_WILLNEED);
            return;
        }
}

seg_status h5_window_get(h5_window *w, uint64_t offset, uint64_t n, const char *name,
                         const void **bytes, seg_error *err)
{
    struct stat info;
    uint64_t from = w->first + offset, left = w->n_bytes - offset - n;
    *bytes = NULL;
    if (fstat(w->fd, &info) != 0 || (uint64_t)info.st_size < from + n)
        return seg_fail(err, SEG_E_DATA, "%s: the file became shorter while it was read", name);
    h5_read_ahead(w->fd, from + n, n < left ? n : left);
    if (w->refused)
        return SEG_OK;
    if (w->map == NULL || from < w->map_from || from + n > w->map_from + w->map_bytes) {
        if (!map_from(w, from, n) && w->whole) {
            w->whole = false;
            w->keep = false;
        }
        if (w->map == NULL && !map_from(w, from, n)) {
            w->refused = true;
            return SEG_OK;
        }
    }
    give_back(w, from);
    *bytes = w->map + (from - w->map_from);
    return SEG_OK;
}

void h5_window_pause(h5_window *w)
{
    if (!w->keep)
        unmap(w);
}

void h5_window_close(h5_window *w)
{
    unmap(w);
}
