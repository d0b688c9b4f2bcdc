/* alloc.c: a header of 64 bytes in front of each block keeps its size, so that
 * the budget can be counted without asking the C library. */
#include "base/alloc.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

_Atomic long seg_alloc_fail_after = -1;
_Atomic long seg_alloc_live = 0;

static _Atomic uint64_t limit_bytes = 0;
static _Atomic uint64_t used_bytes = 0;
static _Atomic uint64_t peak_bytes = 0;

enum { HEADER = 64 };

static size_t *size_of(void *p)
{
    return (size_t *)(void *)((char *)p - HEADER);
}

/* True when tests asked this very call to fail. */
static int told_to_fail(void)
{
    long left = atomic_load(&seg_alloc_fail_after);
    if (left < 0)
        return 0;
    while (left > 0)
        if (atomic_compare_exchange_weak(&seg_alloc_fail_after, &left, left - 1))
            return 0;
    return left == 0;
}

static int take(uint64_t bytes)
{
    uint64_t now = atomic_fetch_add(&used_bytes, bytes) + bytes;
    uint64_t limit = atomic_load(&limit_bytes);
    if (limit != 0 && now > limit) {
        atomic_fetch_sub(&used_bytes, bytes);
        return 0;
    }
    uint64_t peak = atomic_load(&peak_bytes);
    while (now > peak && !atomic_compare_exchange_weak(&peak_bytes, &peak, now))
        ;
    return 1;
}

static void *get(size_t bytes)
{
    if (told_to_fail() || bytes > PTRDIFF_MAX - 2 * HEADER)
        return NULL;
    size_t total = (bytes + HEADER + 63) / 64 * 64;
    if (!take(total))
        return NULL;
    char *p = aligned_alloc(64, total);
    if (p == NULL) {
        atomic_fetch_sub(&used_bytes, total);
        return NULL;
    }
    atomic_fetch_add(&seg_alloc_live, 1);
    *(size_t *)(void *)p = total;
    return p + HEADER;
}

seg_status seg_no_memory(size_t bytes, const char *what, seg_error *err)
{
    uint64_t limit = seg_alloc_limit();
    double mb = (double)bytes / 1e6;
    if (limit != 0)
        return seg_fail(err, SEG_E_AGAIN, "cannot allocate %.1f MB for %s: %.1f MB of the"
                        " memory budget of %.1f MB are in use; give more with --memory",
                        mb, what, (double)seg_alloc_in_use() / 1e6, (double)limit / 1e6);
    return seg_fail(err, SEG_E_AGAIN, "cannot allocate %.1f MB for %s", mb, what);
}

seg_status seg_alloc_array(void *out_pointer, size_t n, size_t item_size,
                           const char *what, seg_error *err)
{
    void *p = NULL;
    memcpy(out_pointer, &p, sizeof p);

    size_t bytes;
    if (__builtin_mul_overflow(n, item_size, &bytes))
        return seg_fail(err, SEG_E_AGAIN, "the size of %s overflows: %zu items of %zu bytes",
                        what, n, item_size);
    p = get(bytes);
    if (p == NULL)
        return seg_no_memory(bytes, what, err);
    memset(p, 0, *size_of(p) - HEADER);
    memcpy(out_pointer, &p, sizeof p);
    return SEG_OK;
}

seg_status seg_realloc_array(void *in_out_pointer, size_t n, size_t item_size,
                             const char *what, seg_error *err)
{
    void *old = NULL, *p = NULL;
    memcpy(&old, in_out_pointer, sizeof old);
    seg_status st = seg_alloc_array(&p, n, item_size, what, err);
    if (st != SEG_OK)
        return st;
    if (old != NULL) {
        size_t kept = *size_of(old) < *size_of(p) ? *size_of(old) : *size_of(p);
        memcpy(p, old, kept - HEADER);
        seg_free(old);
    }
    memcpy(in_out_pointer, &p, sizeof p);
    return SEG_OK;
}

seg_status seg_grow_array(void *in_out_pointer, size_t *cap, size_t need,
                          size_t item_size, const char *what, seg_error *err)
{
    if (need <= *cap)
        return SEG_OK;
    size_t wanted = *cap < 8 ? 8 : *cap + *cap / 2;
    if (wanted < need)
        wanted = need;
    seg_status st = seg_realloc_array(in_out_pointer, wanted, item_size, what, err);
    if (st == SEG_OK)
        *cap = wanted;
    return st;
}

void *seg_alloc_plain(size_t bytes)
{
    return get(bytes == 0 ? 1 : bytes);
}

void seg_free(void *p)
{
    if (p == NULL)
        return;
    atomic_fetch_sub(&used_bytes, *size_of(p));
    atomic_fetch_sub(&seg_alloc_live, 1);
    free((char *)p - HEADER);
}

void seg_alloc_set_limit(uint64_t bytes) { atomic_store(&limit_bytes, bytes); }
uint64_t seg_alloc_limit(void) { return atomic_load(&limit_bytes); }
uint64_t seg_alloc_in_use(void) { return atomic_load(&used_bytes); }
uint64_t seg_alloc_peak(void) { return atomic_load(&peak_bytes); }
