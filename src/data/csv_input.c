/* csv_input.c: stored bytes -> unpacked bytes -> UTF-8, pulled through small buffers.
 *
 * Three stages, each a function that fills the next buffer: pread; zlib or zstd (members
 * that follow each other are one text, as gunzip reads them); iconv when an encoding is
 * named. Memory is three buffers whatever the file's size. Everything can start over,
 * because types need a first pass over the whole text; that is why a pipe is spooled. */
#include "data/csv_input.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/spill.h"
#include "base/text.h"
#include "base/try.h"

enum { STORED_BYTES = 128 * 1024, PLAIN_BYTES = 64 * 1024 };

typedef enum packing { PLAIN, GZIP, ZSTD } packing;

struct seg_input {
    char *name;
    int fd;
    uint64_t size, offset;        /* of the stored bytes */
    packing packing;
    unsigned char *stored;        /* stored[stored_at .. stored_end) is to be unpacked */
    size_t stored_at, stored_end;
    z_stream zip;
    bool zip_open, member_open;
    ZSTD_DStream *zstd;
    char *encoding;
    iconv_t iconv;                /* (iconv_t)-1: none */
    char *plain;                  /* unpacked, not yet UTF-8; only with iconv */
    size_t plain_at, plain_end;
    uint64_t plain_offset;        /* bytes converted so far, for messages */
    bool at_start;
    bool spooled;                 /* the standard input */
    size_t mark_bytes;            /* of a byte order mark before plain UTF-8 */
};

/* ---- standard input --------------------------------------------------------- */

#define SPOOL "spool the standard input there (TMPDIR names another folder)"

static seg_status write_all(int fd, const unsigned char *bytes, size_t n, const char *folder,
                            seg_error *err)
{
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return seg_errno(err, errno, folder, SPOOL);
        bytes += done;
        n -= (size_t)done;
    }
    return SEG_OK;
}

static seg_status spool(const seg_context *ctx, seg_input *in, seg_error *err)
{
    const char *folder;
    in->fd = seg_unnamed_file(&folder);
    if (in->fd < 0)
        return seg_errno(err, errno, folder, SPOOL);
    for (;;) {
        seg_status st = seg_step(ctx, "reading the standard input", in->size, 0, err);
        if (st != SEG_OK)
            return st;
        ssize_t got = read(STDIN_FILENO, in->stored, STORED_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return seg_errno(err, errno, "standard input", "read");
        if (got == 0)
            return SEG_OK;
        st = write_all(in->fd, in->stored, (size_t)got, folder, err);
        if (st != SEG_OK)
            return st;
        in->size += (uint64_t)got;
    }
}

/* ---- stage 1: stored bytes ---------------------------------------------------- */

static seg_status fill_stored(seg_input *in, seg_error *err)
{
    if (in->stored_at < in->stored_end || in->offset >= in->size)
        return SEG_OK;
    size_t n = STORED_BYTES;
    if (in->size - in->offset < n)
        n = (size_t)(in->size - in->offset);
    seg_status st = seg_pread_all(in->fd, in->stored, n, in->offset, in->name, err);
    if (st != SEG_OK)
        return st;
    in->offset += n;
    in->stored_at = 0;
    in->stored_end = n;
    return SEG_OK;
}

/* ---- stage 2: unpacked bytes --------------------------------------------------- */

static voidpf zip_alloc(voidpf unused, uInt n, uInt size)
{
    (void)unused;
    return seg_alloc_plain((size_t)n * size);
}

static void zip_free(voidpf unused, voidpf p)
{
    (void)unused;
    seg_free(p);
}

static seg_status damaged(const seg_input *in, const char *why, seg_error *err)
{
    return seg_fail(err, SEG_E_DATA, "%s: the compressed data are damaged: %s", in->name, why);
}

static seg_status read_gzip(seg_input *in, char *bytes, size_t n, size_t *got, seg_error *err)
{
    *got = 0;
    while (*got < n) {
        seg_status st = fill_stored(in, err);
        if (st != SEG_OK)
            return st;
        if (in->stored_at == in->stored_end)
            return in->member_open ? damaged(in, "they end too early", err) : SEG_OK;
        size_t room = n - *got < (1u << 30) ? n - *got : 1u << 30;
        in->zip.next_in = in->stored + in->stored_at;
        in->zip.avail_in = (uInt)(in->stored_end - in->stored_at);
        in->zip.next_out = (Bytef *)bytes + *got;
        in->zip.avail_out = (uInt)room;
        in->member_open = true;
        int rc = inflate(&in->zip, Z_NO_FLUSH);
        in->stored_at = in->stored_end - in->zip.avail_in;
        *got += room - in->zip.avail_out;
        if (rc == Z_MEM_ERROR)
            return seg_fail(err, SEG_E_AGAIN, "%s: cannot allocate memory to unpack", in->name);
        if (rc == Z_STREAM_END) {
            in->member_open = false;
            rc = inflateReset(&in->zip);
        }
        if (rc != Z_OK && rc != Z_BUF_ERROR)
            return damaged(in, in->zip.msg == NULL ? "bad gzip" : in->zip.msg, err);
    }
    return SEG_OK;
}

static seg_status read_zstd(seg_input *in, char *bytes, size_t n, size_t *got, seg_error *err)
{
    *got = 0;
    while (*got < n) {
        seg_status st = fill_stored(in, err);
        if (st != SEG_OK)
            return st;
        bool ended = in->stored_at == in->stored_end;
        if (ended && !in->member_open)
            return SEG_OK;
        ZSTD_inBuffer from = { in->stored, in->stored_end, in->stored_at };
        ZSTD_outBuffer to = { bytes, n, *got };
        size_t rc = ZSTD_decompressStream(in->zstd, &to, &from);
        if (ZSTD_isError(rc))
            return damaged(in, ZSTD_getErrorName(rc), err);
        if (ended && to.pos == *got && rc != 0)
            return damaged(in, "they end too early", err);
        in->member_open = rc != 0;
        in->stored_at = from.pos;
        *got = to.pos;
    }
    return SEG_OK;
}

static seg_status read_plain(seg_input *in, char *bytes, size_t n, size_t *got, seg_error *err)
{
    *got = 0;
    while (*got < n) {
        seg_status st = fill_stored(in, err);
        if (st != SEG_OK)
            return st;
        size_t take = in->stored_end - in->stored_at;
        if (take == 0)
            return SEG_OK;
        if (take > n - *got)
            take = n - *got;
        memcpy(bytes + *got, in->stored + in->stored_at, take);
        in->stored_at += take;
        *got += take;
    }
    return SEG_OK;
}

static seg_status read_unpacked(seg_input *in, char *bytes, size_t n, size_t *got,
                                seg_error *err)
{
    switch (in->packing) {
    case GZIP: return read_gzip(in, bytes, n, got, err);
    case ZSTD: return read_zstd(in, bytes, n, got, err);
    case PLAIN: break;
    }
    return read_plain(in, bytes, n, got, err);
}

/* ---- stage 3: UTF-8 ------------------------------------------------------------ */

/* iconv stops before a character that no longer fits: a call may give up to 3 bytes less
 * than asked for. */
static seg_status read_converted(seg_input *in, char *bytes, size_t n, size_t *got,
                                 seg_error *err)
{
    char *to = bytes;
    size_t room = n;
    for (bool short_of = false; room > 0;) {
        if (in->plain_at == in->plain_end || short_of) {
            size_t kept = in->plain_end - in->plain_at, more;
            memmove(in->plain, in->plain + in->plain_at, kept);
            seg_status st = read_unpacked(in, in->plain + kept, PLAIN_BYTES - kept, &more, err);
            if (st != SEG_OK)
                return st;
            in->plain_at = 0;
            in->plain_end = kept + more;
            if (more == 0 && kept > 0)
                return seg_fail(err, SEG_E_DATA, "%s: the text ends within a character of %s",
                                in->name, in->encoding);
            if (more == 0)
                break;
        }
        char *from = in->plain + in->plain_at;
        size_t left = in->plain_end - in->plain_at;
        size_t rc = iconv(in->iconv, &from, &left, &to, &room);
        int error_number = rc == (size_t)-1 ? errno : 0;
        size_t used = in->plain_end - left - in->plain_at;
        in->plain_at += used;
        in->plain_offset += used;
        if (error_number == EILSEQ)
            return seg_fail(err, SEG_E_DATA, "%s: byte %llu: cannot be read as %s", in->name,
                            (unsigned long long)in->plain_offset + 1, in->encoding);
        if (error_number == E2BIG)
            break;
        short_of = error_number == EINVAL;
    }
    *got = n - room;
    return SEG_OK;
}

seg_status seg_input_read(seg_input *in, char *bytes, size_t n, size_t *got, seg_error *err)
{
    static const char mark[] = "\xef\xbb\xbf";
    seg_status st;
    if (in->iconv == (iconv_t)-1)
        st = read_unpacked(in, bytes, n, got, err);
    else
        st = read_converted(in, bytes, n, got, err);
    if (st != SEG_OK || !in->at_start)
        return st;
    in->at_start = false;
    if (*got < 3 || memcmp(bytes, mark, 3) != 0)
        return SEG_OK;
    size_t kept = *got - 3, more = 0;
    memmove(bytes, bytes + 3, kept);
    st = seg_input_read(in, bytes + kept, n - kept, &more, err);
    *got = kept + more;
    return st;
}

/* ---- open, rewind, close -------------------------------------------------------- */

seg_status seg_input_rewind(seg_input *in, seg_error *err)
{
    in->offset = 0;
    in->stored_at = in->stored_end = 0;
    in->plain_at = in->plain_end = 0;
    in->plain_offset = 0;
    in->member_open = false;
    in->at_start = true;
    if (in->zip_open && inflateReset(&in->zip) != Z_OK)
        return seg_fail(err, SEG_E_IO, "%s: could not start over", in->name);
    if (in->zstd != NULL)
        ZSTD_initDStream(in->zstd);
    if (in->iconv != (iconv_t)-1)
        iconv(in->iconv, NULL, NULL, NULL, NULL);
    return SEG_OK;
}

static seg_status open_packing(seg_input *in, seg_error *err)
{
    unsigned char head[4] = { 0 };
    size_t n = in->size < sizeof head ? (size_t)in->size : sizeof head;
    seg_status st = seg_pread_all(in->fd, head, n, 0, in->name, err);
    if (st != SEG_OK)
        return st;
    if (n >= 2 && head[0] == 0x1f && head[1] == 0x8b) {
        in->packing = GZIP;
        in->zip.zalloc = zip_alloc;
        in->zip.zfree = zip_free;
        in->zip_open = inflateInit2(&in->zip, 15 + 16) == Z_OK;
        if (!in->zip_open)
            return seg_fail(err, SEG_E_AGAIN, "%s: cannot allocate memory to unpack", in->name);
    } else if (n == 4 && memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0) {
        in->packing = ZSTD;
        in->zstd = ZSTD_createDStream();
        if (in->zstd == NULL)
            return seg_fail(err, SEG_E_AGAIN, "%s: cannot allocate memory to unpack", in->name);
    }
    return SEG_OK;
}

/* What the first unpacked bytes give away. */
static const char *no_text(const unsigned char *s, size_t n)
{
    static const struct { const char *bytes; size_t n; const char *what; } known[] = {
        { "PK\3\4", 4, "a ZIP archive or an Excel workbook; save it as CSV" },
        { "\xd0\xcf\x11\xe0", 4, "an old Excel workbook; save it as CSV" },
        { "\x89HDF\r\n\x1a\n", 8, "HDF5, not text" },
        { "\x89PNG", 4, "an image" },
        { "%PDF-", 5, "a PDF" },
        { "PAR1", 4, "Parquet; convert it to CSV" },
        { "\x7f" "ELF", 4, "a program" },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (n >= known[i].n && memcmp(s, known[i].bytes, known[i].n) == 0)
            return known[i].what;
    return NULL;
}

static seg_status open_encoding(seg_input *in, const char *encoding, seg_error *err)
{
    seg_status st = seg_text_copy(encoding, &in->encoding, err);
    if (st != SEG_OK)
        return st;
    in->iconv = iconv_open("UTF-8", encoding);
    if (in->iconv == (iconv_t)-1)
        return seg_fail(err, SEG_E_USAGE, "unknown encoding '%s'; examples: UTF-8, UTF-16, "
                        "ISO-8859-1, WINDOWS-1252", encoding);
    return SEG_ALLOC(&in->plain, PLAIN_BYTES, "a text buffer", err);
}

/* The encoding that a byte order mark tells, or null. */
static const char *marked_encoding(const unsigned char *s, size_t n)
{
    if (n >= 4 && (memcmp(s, "\xff\xfe\0\0", 4) == 0 || memcmp(s, "\0\0\xfe\xff", 4) == 0))
        return "UTF-32";
    if (n >= 2 && (memcmp(s, "\xff\xfe", 2) == 0 || memcmp(s, "\xfe\xff", 2) == 0))
        return "UTF-16";
    return NULL;
}

static seg_status check_head(seg_input *in, seg_error *err)
{
    char head[8];
    const unsigned char *bytes = (const unsigned char *)head;
    size_t n;
    seg_status st = read_unpacked(in, head, sizeof head, &n, err);
    if (st != SEG_OK)
        return st;
    const char *what = no_text(bytes, n), *encoding = marked_encoding(bytes, n);
    if (what != NULL)
        return seg_fail(err, SEG_E_DATA, "%s: looks like %s", in->name, what);
    in->mark_bytes = n >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    st = seg_input_rewind(in, err);
    return st == SEG_OK && encoding != NULL ? open_encoding(in, encoding, err) : st;
}

seg_status seg_input_open(const seg_context *ctx, const char *path, const char *encoding,
                          seg_input **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_input *in = NULL;
    *out = NULL;

    bool from_stdin = strcmp(path, "-") == 0;
    TRY(SEG_ALLOC(&in, 1, "an input", err));
    in->spooled = from_stdin;
    in->fd = -1;
    in->iconv = (iconv_t)-1;
    in->at_start = true;
    TRY(seg_text_copy(from_stdin ? "standard input" : path, &in->name, err));
    TRY(SEG_ALLOC(&in->stored, STORED_BYTES, "a read buffer", err));
    if (from_stdin)
        TRY(spool(ctx, in, err));
    else
        TRY(seg_open_read(path, &in->fd, &in->size, err));
    TRY(open_packing(in, err));
    if (encoding == NULL)
        TRY(check_head(in, err));
    else
        TRY(open_encoding(in, encoding, err));
    *out = in;
    in = NULL;

done:
    seg_input_close(in);
    return st;
}

void seg_input_close(seg_input *in)
{
    if (in == NULL)
        return;
    if (in->fd >= 0)
        close(in->fd);
    if (in->zip_open)
        inflateEnd(&in->zip);
    ZSTD_freeDStream(in->zstd);
    if (in->iconv != (iconv_t)-1)
        iconv_close(in->iconv);
    seg_free(in->name);
    seg_free(in->encoding);
    seg_free(in->stored);
    seg_free(in->plain);
    seg_free(in);
}

bool seg_input_direct(const seg_input *in, int *fd, uint64_t *start, uint64_t *end)
{
    *fd = in->fd;
    *start = in->mark_bytes;
    *end = in->size;
    return in->packing == PLAIN && in->iconv == (iconv_t)-1;
}

const char *seg_input_path(const seg_input *in)
{
    return in->spooled ? NULL : in->name;
}

const char *seg_input_name(const seg_input *in) { return in->name; }
uint64_t seg_input_position(const seg_input *in) { return in->offset; }
uint64_t seg_input_size(const seg_input *in) { return in->size; }
