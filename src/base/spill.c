/* spill.c: slabs of memory, then a file. A piece never lies across two slabs. Huge pages
 * were tried: their first touch costs more than that of small ones that others gave back. */
#include "base/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/try.h"

enum { FIRST_SLAB = 1 << 18, LARGEST_SLAB = 4 << 20 };

typedef struct slab {
    uint64_t start;         /* of its bytes, in the order of all */
    size_t size;
    char *bytes;
} slab;

struct seg_spill {
    slab *slabs;
    size_t n_slabs, slabs_cap;
    uint64_t limit, in_memory;
    uint64_t end;           /* of all pieces */
    uint64_t file_start;    /* where the file takes over; UINT64_MAX: not yet */
    const char *folder;
    int fd;
};

/* ---- an unnamed file ------------------------------------------------------------- */

static int unnamed_in(const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
        return fd;
    char name[4096];        /* a file system without O_TMPFILE */
    static const char ending[] = "/segmill-XXXXXX";
    size_t n = strlen(folder);
    if (n + sizeof ending > sizeof name) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(name, folder, n);
    memcpy(name + n, ending, sizeof ending);
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0)
        unlink(name);
    return fd;
}

int seg_unnamed_file(const char **folder)
{
    const char *told = getenv("TMPDIR");
    *folder = told;
    if (told != NULL && told[0] == '/')
        return unnamed_in(told);
    *folder = "/var/tmp";   /* /tmp may lie in memory */
    int fd = unnamed_in(*folder);
    if (fd >= 0)
        return fd;
    *folder = "/tmp";
    return unnamed_in(*folder);
}

/* ---- memory ----------------------------------------------------------------------- */

seg_status seg_spill_new(uint64_t memory_bytes, seg_spill **out, seg_error *err)
{
    seg_status st = SEG_ALLOC(out, 1, "a store", err);
    if (st != SEG_OK)
        return st;
    (*out)->limit = memory_bytes;
    (*out)->file_start = UINT64_MAX;
    (*out)->fd = -1;
    return SEG_OK;
}

void seg_spill_clear(seg_spill *spill)
{
    for (size_t i = 0; i < spill->n_slabs; i++)
        seg_free(spill->slabs[i].bytes);
    if (spill->fd >= 0)
        close(spill->fd);
    spill->fd = -1;
    spill->n_slabs = 0;
    spill->in_memory = spill->end = 0;
    spill->file_start = UINT64_MAX;
}

void seg_spill_free(seg_spill *spill)
{
    if (spill == NULL)
        return;
    seg_spill_clear(spill);
    seg_free(spill->slabs);
    seg_free(spill);
}

/* False: the limit or the heap says no. */
static bool add_slab(seg_spill *spill, size_t n)
{
    size_t size = spill->n_slabs == 0 ? FIRST_SLAB : spill->slabs[spill->n_slabs - 1].size * 2;
    if (size > LARGEST_SLAB)
        size = LARGEST_SLAB;
    if (size < n)
        size = (n + 63) / 64 * 64;   /* the next piece starts at a multiple of 64 */
    if (size > spill->limit || spill->in_memory > spill->limit - size)
        return false;
    if (SEG_GROW(&spill->slabs, &spill->slabs_cap, spill->n_slabs + 1, "a store", NULL) != SEG_OK)
        return false;
    char *bytes = seg_alloc_plain(size);
    if (bytes == NULL)
        return false;
    spill->in_memory += size;
    spill->slabs[spill->n_slabs++] = (slab){ spill->end, size, bytes };
    return true;
}

static bool fits_last_slab(const seg_spill *spill, size_t n)
{
    if (spill->n_slabs == 0)
        return false;
    const slab *last = &spill->slabs[spill->n_slabs - 1];
    uint64_t used = spill->end - last->start;   /* may be rounded up beyond its size */
    return used <= last->size && n <= last->size - used;
}

seg_status seg_spill_reserve(seg_spill *spill, size_t n, uint64_t *at, seg_error *err)
{
    spill->end = (spill->end + 63) / 64 * 64;
    bool in_file = spill->file_start != UINT64_MAX;
    if (!in_file && !fits_last_slab(spill, n) && !add_slab(spill, n)) {
        spill->fd = seg_unnamed_file(&spill->folder);
        if (spill->fd < 0)
            return seg_errno(err, errno, spill->folder, "put rows aside there (TMPDIR names"
                             " another folder)");
        spill->file_start = spill->end;
    }
    *at = spill->end;
    spill->end += n;
    return SEG_OK;
}

static char *in_memory(const seg_spill *spill, uint64_t at)
{
    size_t low = 0, high = spill->n_slabs;
    if (at >= spill->file_start)
        return NULL;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (spill->slabs[middle].start <= at)
            low = middle;
        else
            high = middle;
    }
    return spill->slabs[low].bytes + (at - spill->slabs[low].start);
}

/* ---- pieces ------------------------------------------------------------------------- */

seg_status seg_spill_put(seg_spill *spill, uint64_t at, const void *bytes, size_t n,
                         seg_error *err)
{
    char *memory = in_memory(spill, at);
    if (memory != NULL) {
        memcpy(memory, bytes, n);
        return SEG_OK;
    }
    const char *from = bytes;
    for (uint64_t to = at - spill->file_start; n > 0;) {
        ssize_t done = pwrite(spill->fd, from, n, (off_t)to);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return seg_errno(err, errno, spill->folder, "put rows aside there (TMPDIR names"
                             " another folder)");
        from += done;
        to += (uint64_t)done;
        n -= (size_t)done;
    }
    return SEG_OK;
}

seg_status seg_spill_get(const seg_spill *spill, uint64_t at, size_t n, void *room,
                         const void **out, seg_error *err)
{
    *out = in_memory(spill, at);
    if (*out != NULL)
        return SEG_OK;
    *out = room;
    return seg_pread_all(spill->fd, room, n, at - spill->file_start, spill->folder, err);
}
