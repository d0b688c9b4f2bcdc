/* manifest.c: which files belong to a published directory, how long they are, and their
 * SHA-256. The last line is the hash of all lines before it, so a cut or edited manifest
 * is noticed too. */
#include "base/manifest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/number.h"
#include "base/publish.h"
#include "base/try.h"

enum { HEX = 64, MAX_DEPTH = 16 };

/* The regular files below a directory, by their paths from it. */
typedef struct listing {
    const char *root;
    bool seal;
    seg_status refuse;   /* for what can be no part of a published directory */
    seg_arena arena;
    const char **names;
    size_t n, cap;
} listing;

static seg_status join(char out[PATH_MAX], const char *dir, const char *name, seg_error *err)
{
    int n = snprintf(out, PATH_MAX, "%s%s%s", dir, *name == 0 ? "" : "/", name);
    return n >= 0 && n < PATH_MAX ? SEG_OK : seg_errno(err, ENAMETOOLONG, dir, "list");
}

static bool plain_name(const char *name)
{
    for (; *name != 0; name++)
        if ((unsigned char)*name < 0x20 || *name == 0x7f)
            return false;
    return true;
}

static seg_status seal_entry(const char *path, mode_t mode, seg_error *err)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return seg_errno(err, errno, path, "open");
    seg_status st = SEG_OK;
    if (fchmod(fd, mode) != 0)
        st = seg_errno(err, errno, path, "make private");
    else if (fsync(fd) != 0 && errno != EINVAL)
        st = seg_errno(err, errno, path, "sync");
    close(fd);
    return st;
}

static seg_status list_directory(listing *list, const char *inner, int depth, seg_error *err);

static seg_status add_file(listing *list, const char *name, seg_error *err)
{
    seg_status st = SEG_GROW(&list->names, &list->cap, list->n + 1, "a list of files", err);
    if (st != SEG_OK)
        return st;
    char *kept = seg_arena_text(&list->arena, name);
    if (kept == NULL)
        return seg_arena_failed(err);
    list->names[list->n++] = kept;
    return SEG_OK;
}

static seg_status list_entry(listing *list, const char *name, int depth, seg_error *err)
{
    char path[PATH_MAX];
    struct stat info;
    seg_status st = join(path, list->root, name, err);
    if (st != SEG_OK)
        return st;
    if (lstat(path, &info) != 0)
        return seg_errno(err, errno, path, "read");
    if (!plain_name(name))
        return seg_fail(err, list->refuse, "%s: has a name with control characters", path);
    if (S_ISDIR(info.st_mode)) {
        st = list_directory(list, name, depth + 1, err);
        return st == SEG_OK && list->seal ? seal_entry(path, 0700, err) : st;
    }
    if (!S_ISREG(info.st_mode))
        return seg_fail(err, list->refuse, "%s: is not a regular file", path);
    st = add_file(list, name, err);
    return st == SEG_OK && list->seal ? seal_entry(path, 0600, err) : st;
}

static seg_status list_names(listing *list, DIR *entries, const char *inner, int depth,
                             seg_error *err)
{
    for (;;) {
        errno = 0;
        struct dirent *e = readdir(entries);
        if (e == NULL)
            return errno == 0 ? SEG_OK : seg_errno(err, errno, list->root, "list");
        const char *name = e->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
            (*inner == 0 && strcmp(name, "MANIFEST") == 0))
            continue;
        if (name[0] == '.') {
            if (list->seal)
                return seg_fail(err, list->refuse, "%s/%s%s%s: was not finished", list->root,
                                inner, *inner == 0 ? "" : "/", name);
            continue;
        }
        char full[PATH_MAX];
        int n = snprintf(full, sizeof full, "%s%s%s", inner, *inner == 0 ? "" : "/", name);
        if (n < 0 || (size_t)n >= sizeof full)
            return seg_errno(err, ENAMETOOLONG, list->root, "list");
        seg_status st = list_entry(list, full, depth, err);
        if (st != SEG_OK)
            return st;
    }
}

static seg_status list_directory(listing *list, const char *inner, int depth, seg_error *err)
{
    char path[PATH_MAX];
    seg_status st = join(path, list->root, inner, err);
    if (st != SEG_OK)
        return st;
    if (depth > MAX_DEPTH)
        return seg_fail(err, list->refuse, "%s: lies more than %d directories deep", path,
                        MAX_DEPTH);
    DIR *entries = opendir(path);
    if (entries == NULL)
        return seg_errno(err, errno, path, "list");
    st = list_names(list, entries, inner, depth, err);
    closedir(entries);
    return st;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static seg_status list_all(listing *list, seg_error *err)
{
    seg_status st = list_directory(list, "", 0, err);
    if (st == SEG_OK && list->n > 1)
        qsort(list->names, list->n, sizeof *list->names, by_name);
    return st;
}

static void list_free(listing *list)
{
    seg_free(list->names);
    seg_arena_free(&list->arena);
}

/* ---- writing ---- */

static seg_status size_of(const char *path, uint64_t *size, seg_error *err)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return seg_errno(err, errno, path, "read");
    *size = (uint64_t)info.st_size;
    return SEG_OK;
}

seg_status seg_manifest_make(const char *dir, bool seal, seg_text *text, seg_error *err)
{
    seg_status st = SEG_OK;
    listing list = {.root = dir, .seal = seal, .refuse = SEG_E_IO};
    size_t first = text->n;
    char hex[HEX + 1];

    TRY(list_all(&list, err));
    for (size_t i = 0; i < list.n; i++) {
        char path[PATH_MAX];
        uint64_t size = 0;
        TRY(join(path, dir, list.names[i], err));
        TRY(seg_sha256_file(path, hex, err));
        TRY(size_of(path, &size, err));
        seg_text_addf(text, "%s %llu %s\n", hex, (unsigned long long)size, list.names[i]);
    }
    TRY(seg_text_status(text, err));
    TRY(seg_sha256_bytes(text->bytes == NULL ? "" : text->bytes + first, text->n - first, hex,
                         err));
    seg_text_addf(text, "%s end\n", hex);
    TRY(seg_text_status(text, err));

done:
    list_free(&list);
    return st;
}

seg_status seg_manifest_write(const char *dir, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_text text = {0};
    char path[PATH_MAX];

    TRY(join(path, dir, "MANIFEST", err));
    TRY(seg_manifest_make(dir, false, &text, err));
    TRY(seg_file_put(path, text.bytes, text.n, err));

done:
    seg_text_free(&text);
    return st;
}

/* ---- checking ---- */

typedef struct manifest_line {
    const char *hex;    /* 64 digits, not ended */
    uint64_t size;
    const char *name;   /* ended */
} manifest_line;

/* Whether the last line is "HEX end\n" with the hash of the *n_body bytes before it. */
static seg_status check_end(const char *text, size_t n, bool *good, size_t *n_body,
                            seg_error *err)
{
    static const char end[] = " end\n";
    size_t last = HEX + sizeof end - 1;
    char hex[HEX + 1];
    *good = false;
    *n_body = 0;
    if (n < last || memcmp(text + n - sizeof end + 1, end, sizeof end - 1) != 0)
        return SEG_OK;
    seg_status st = seg_sha256_bytes(text, n - last, hex, err);
    if (st != SEG_OK)
        return st;
    *good = memcmp(hex, text + n - last, HEX) == 0 && (n == last || text[n - last - 1] == '\n');
    *n_body = n - last;
    return SEG_OK;
}

/* A path that stays inside and that listing would give. */
static bool inner_path(const char *name)
{
    if (*name == 0 || *name == '/' || !plain_name(name))
        return false;
    for (const char *part = name; part != NULL; part = strchr(part, '/')) {
        part += *part == '/';
        if (*part == 0 || *part == '/' || *part == '.')
            return false;
    }
    return true;
}

/* Cuts the line off *at; null-terminates its name in place. */
static bool next_line(char **at, manifest_line *line)
{
    char *start = *at, *end = strchr(start, '\n');
    if (end == NULL || end - start < HEX + 4 || start[HEX] != ' ')
        return false;
    *end = 0;
    *at = end + 1;
    char *size = start + HEX + 1, *blank = strchr(size, ' ');
    if (blank == NULL || !seg_parse_u64(size, (size_t)(blank - size), &line->size))
        return false;
    line->hex = start;
    line->name = blank + 1;
    return inner_path(line->name);
}

static seg_status check_file(const char *dir, const manifest_line *line, seg_error *err)
{
    char path[PATH_MAX], hex[HEX + 1];
    uint64_t size = 0;
    seg_status st = join(path, dir, line->name, err);
    if (st == SEG_OK)
        st = size_of(path, &size, err);
    if (st != SEG_OK)
        return st;
    if (size != line->size)
        return seg_fail(err, SEG_E_VERIFY, "%s: has %llu bytes; the MANIFEST says %llu", path,
                        (unsigned long long)size, (unsigned long long)line->size);
    st = seg_sha256_file(path, hex, err);
    if (st == SEG_OK && memcmp(hex, line->hex, HEX) != 0)
        st = seg_fail(err, SEG_E_VERIFY, "%s: its SHA-256 is not the one in the MANIFEST", path);
    return st;
}

/* Both sides are sorted: walk them together. */
static seg_status check_lines(const listing *list, char *text, uint64_t *n_files, seg_error *err)
{
    size_t i = 0;
    manifest_line line;
    while (*text != 0) {
        if (!next_line(&text, &line))
            return seg_fail(err, SEG_E_VERIFY, "%s/MANIFEST: line %zu is malformed", list->root,
                            i + 1);
        int order = i < list->n ? strcmp(list->names[i], line.name) : 1;
        if (order < 0)
            break;
        if (order > 0)
            return seg_fail(err, SEG_E_VERIFY, "%s/%s: is missing", list->root, line.name);
        seg_status st = check_file(list->root, &line, err);
        if (st != SEG_OK)
            return st;
        i++;
    }
    if (i < list->n)
        return seg_fail(err, SEG_E_VERIFY, "%s/%s: is not in the MANIFEST", list->root,
                        list->names[i]);
    *n_files = i;
    return SEG_OK;
}

seg_status seg_manifest_verify(const char *dir, uint64_t *n_files, seg_error *err)
{
    seg_status st = SEG_OK;
    listing list = {.root = dir, .refuse = SEG_E_VERIFY};
    char path[PATH_MAX], *text = NULL;
    size_t n = 0, n_body = 0;
    bool good = false;
    *n_files = 0;

    TRY(list_all(&list, err));
    TRY(join(path, dir, "MANIFEST", err));
    if (!seg_path_exists(path)) {
        st = seg_fail(err, SEG_E_VERIFY, "%s: has no MANIFEST", dir);
        goto done;
    }
    TRY(seg_file_get(path, SEG_MANIFEST_MAX_BYTES, &text, &n, err));
    TRY(check_end(text, n, &good, &n_body, err));
    if (!good || memchr(text, 0, n) != NULL) {
        st = seg_fail(err, SEG_E_VERIFY, "%s: is cut off or was changed: its last line is not"
                      " the hash of the others", path);
        goto done;
    }
    text[n_body] = 0;
    TRY(check_lines(&list, text, n_files, err));

done:
    seg_free(text);
    list_free(&list);
    return st;
}

/* Past the line if it is the record of the run or the last one, whose hash covers it. */
static const char *skip_record(const char *line)
{
    const char *end = strchr(line, '\n');
    if (end == NULL)
        return line;
    size_t n = (size_t)(end - line);
    static const char record[] = " run.json", last[] = " end";
    bool is_record = n > sizeof record &&
                     memcmp(end - sizeof record + 1, record, sizeof record - 1) == 0;
    bool is_last = n == HEX + sizeof last - 1 && memcmp(line + HEX, last, sizeof last - 1) == 0;
    return is_record || is_last ? end + 1 : line;
}

bool seg_manifest_same_results(const char *a, const char *b)
{
    for (;;) {
        const char *next_a = skip_record(a), *next_b = skip_record(b);
        if (next_a != a || next_b != b) {
            a = next_a;
            b = next_b;
            continue;
        }
        const char *end = strchr(a, '\n');
        if (end == NULL)
            return strcmp(a, b) == 0;
        size_t n = (size_t)(end - a) + 1;
        if (strncmp(a, b, n) != 0)
            return false;
        a += n;
        b += n;
    }
}
