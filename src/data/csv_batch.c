/* csv_batch.c: plain files are mapped, a batch at a time, because copying them costs more
 * than touching them; the end of a file, where nothing may be read beyond it and a line
 * feed may be missing, and all packed text, come through a buffer. */
#include "data/csv_batch.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/try.h"
#include "data/csv_chunk.h"

void seg_csv_batch_init(seg_csv_batch *b, size_t bytes)
{
    *b = (seg_csv_batch){ .cap = bytes < 64 ? 64 : bytes };
}

static void unmap(seg_csv_batch *b)
{
    if (b->map != NULL)
        munmap(b->map, b->map_bytes);
    b->map = NULL;
}

void seg_csv_batch_free(seg_csv_batch *b)
{
    unmap(b);
    seg_free(b->own);
    seg_sha256_free(b->sha);
    *b = (seg_csv_batch){ 0 };
}

seg_status seg_csv_batch_start(seg_csv_batch *b, seg_input *input, bool hash, seg_error *err)
{
    unmap(b);
    b->input = input;
    b->direct = seg_input_direct(input, &b->fd, &b->offset, &b->end);
    b->text = b->own;
    b->at = b->n = 0;
    b->last = false;
    b->taken = b->hashed = b->offset;
    seg_sha256_free(b->sha);
    b->sha = NULL;
    if (!hash || !b->direct)
        return SEG_OK;
    seg_status st = seg_sha256_new(&b->sha, err);
    if (st == SEG_OK && b->offset > 0)
        seg_sha256_add(b->sha, "\xef\xbb\xbf", (size_t)b->offset);   /* the mark before it */
    return st;
}

/* ---- the file itself ---------------------------------------------------------------- */

static seg_status need_own(seg_csv_batch *b, size_t n, seg_error *err)
{
    return SEG_GROW(&b->own, &b->own_cap, n + SEG_CSV_PADDING + 1, "a batch of text", err);
}

/* False: not to be had; then it is read. */
static bool map_text(seg_csv_batch *b)
{
    size_t lead = (size_t)(b->offset % (uint64_t)sysconf(_SC_PAGESIZE));
    unmap(b);
    b->map_bytes = lead + b->cap + SEG_CSV_PADDING;
    void *map = mmap(NULL, b->map_bytes, PROT_READ, MAP_PRIVATE, b->fd,
                     (off_t)(b->offset - lead));
    if (map == MAP_FAILED)
        return false;
    b->map = map;
    b->text = (const char *)map + lead;
    return true;
}

/* A file that became shorter must not be touched through a map. */
static seg_status check_size(const seg_csv_batch *b, seg_error *err)
{
    struct stat now;
    if (fstat(b->fd, &now) != 0)
        return seg_errno(err, errno, seg_input_name(b->input), "read");
    if ((uint64_t)now.st_size < b->end)
        return seg_fail(err, SEG_E_DATA, "%s: the file became shorter while it was read",
                        seg_input_name(b->input));
    return SEG_OK;
}

static seg_status fill_direct(seg_csv_batch *b, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(check_size(b, err));
    b->offset += b->at;
    b->at = 0;
    uint64_t left = b->end - b->offset;
    b->last = left <= b->cap + SEG_CSV_PADDING;
    b->n = b->last ? (size_t)left : b->cap;
    if (b->last || !map_text(b)) {
        unmap(b);
        TRY(need_own(b, b->n, err));
        TRY(seg_pread_all(b->fd, b->own, b->n, b->offset, seg_input_name(b->input), err));
        b->text = b->own;
    }
    b->taken = b->offset + b->n;

done:
    return st;
}

/* ---- packed text ----------------------------------------------------------------------- */

static seg_status fill_packed(seg_csv_batch *b, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(need_own(b, b->cap, err));
    memmove(b->own, b->own + b->at, b->n - b->at);
    b->n -= b->at;
    b->at = 0;
    b->text = b->own;
    while (!b->last && b->cap - b->n >= 16) {
        size_t got;
        TRY(seg_input_read(b->input, b->own + b->n, b->cap - b->n, &got, err));
        b->n += got;
        b->last = got == 0;
    }
    b->taken = seg_input_position(b->input);

done:
    return st;
}

seg_status seg_csv_batch_fill(seg_csv_batch *b, seg_error *err)
{
    seg_status st = SEG_OK;
    if (b->last)
        return SEG_OK;
    seg_csv_batch_hash(b);
    if (b->n - b->at > b->cap / 2)
        b->cap *= 2;
    TRY(b->direct ? fill_direct(b, err) : fill_packed(b, err));
    if (b->text != b->own)
        return SEG_OK;
    if (b->last && b->n > 0 && b->own[b->n - 1] != '\n')
        b->own[b->n++] = '\n';
    memset(b->own + b->n, 0, SEG_CSV_PADDING);

done:
    return st;
}

/* ---- the hash ---------------------------------------------------------------------------- */

void seg_csv_batch_hash(seg_csv_batch *b)
{
    if (b->sha == NULL || b->taken <= b->hashed)
        return;
    seg_sha256_add(b->sha, b->text + (b->hashed - b->offset), (size_t)(b->taken - b->hashed));
    b->hashed = b->taken;
}

bool seg_csv_batch_sha256(seg_csv_batch *b, char out[65])
{
    if (b->sha == NULL)
        return false;
    seg_csv_batch_hash(b);
    seg_sha256_hex(b->sha, out);
    return true;
}
