/* file.c: write beside, sync, rename; read with a reason when it fails.
 *
 * The order (write, fsync of the file, rename, fsync of the directory) is the one after
 * which POSIX systems keep either the old or the new content through a power failure;
 * see T. Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014. A failed
 * fsync is never repeated: the kernel may have dropped the pages it could not write. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/try.h"

enum {
    BUFFER_BYTES = 1 << 18,
    NAME_KEPT = 200,   /* of a long name in its temporary name: NAME_MAX is 255 */
    MAX_TRIES = 100,   /* temporary names tried; one exists only after a crash */
    BEHIND_BYTES = 32 << 20   /* after so many the disk is told to begin */
};

struct seg_file {
    char path[PATH_MAX];     /* as the caller said it: for messages */
    char target[PATH_MAX];   /* from the root */
    char temp[PATH_MAX];
    int fd, slot;
    uint64_t n_flushed;      /* the buffer's place in the file */
    size_t n_buffered;
    unsigned char *buffer;
    _Atomic uint64_t n_written;   /* by all threads */
};

seg_status seg_errno_reason(int error_number, char out[SEG_REASON_BYTES])
{
    const char *words = strerrordesc_np(error_number);
    if (words == NULL)
        words = "unknown error";
    /* "No such file" but not "RFS specific error". */
    char first = words[0];
    if (first >= 'A' && first <= 'Z' && words[1] >= 'a' && words[1] <= 'z')
        first = (char)(first - 'A' + 'a');
    snprintf(out, SEG_REASON_BYTES, "%c%s", first, words + 1);

    switch (error_number) {
    case ENOSPC: case EDQUOT: case ENOMEM: case EAGAIN: case EMFILE: case ENFILE:
        return SEG_E_AGAIN;
    }
    return SEG_E_IO;
}

seg_status seg_errno(seg_error *err, int error_number, const char *path, const char *action)
{
    char why[SEG_REASON_BYTES];
    seg_status st = seg_errno_reason(error_number, why);
    return seg_fail(err, st, "%s: could not %s: %s", path, action, why);
}

/* ---- paths ---- */

bool seg_path_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

bool seg_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

seg_status seg_path_absolute(const char *path, char *out, seg_error *err)
{
    size_t n = 0;
    if (path[0] != '/') {
        if (getcwd(out, PATH_MAX) == NULL)
            return seg_errno(err, errno, path, "find the working directory of");
        n = strlen(out);
        if (n + 1 < PATH_MAX && (n == 0 || out[n - 1] != '/'))
            out[n++] = '/';
    }
    size_t n_path = strlen(path);
    if (n_path >= PATH_MAX - n)
        return seg_errno(err, ENAMETOOLONG, path, "use");
    memcpy(out + n, path, n_path + 1);
    return SEG_OK;
}

/* EINVAL: the file system cannot sync such an object and keeps its own order. */
static int sync_fd(int fd)
{
    int failed;
    do
        failed = fsync(fd);
    while (failed != 0 && errno == EINTR);
    return failed != 0 && errno == EINVAL ? 0 : failed;
}

seg_status seg_sync_dir(const char *path, seg_error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return seg_errno(err, errno, path, "open");
    seg_status st = SEG_OK;
    if (sync_fd(fd) != 0)
        st = seg_errno(err, errno, path, "sync");
    close(fd);
    return st;
}

seg_status seg_sync_parent(const char *path, seg_error *err)
{
    char parent[PATH_MAX];
    seg_status st = seg_path_absolute(path, parent, err);
    if (st != SEG_OK)
        return st;
    char *slash = strrchr(parent, '/');
    slash[slash == parent] = 0;
    return seg_sync_dir(parent, err);
}

static seg_status make_one(const char *path, seg_error *err)
{
    if (mkdir(path, 0700) == 0)
        return seg_sync_parent(path, err);
    int why = errno;
    struct stat info;
    if (why == EEXIST && stat(path, &info) == 0) {
        if (S_ISDIR(info.st_mode))
            return SEG_OK;
        why = ENOTDIR;
    }
    return seg_errno(err, why, path, "make the directory");
}

seg_status seg_make_dirs(const char *path, seg_error *err)
{
    char part[PATH_MAX];
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof part)
        return seg_errno(err, n == 0 ? ENOENT : ENAMETOOLONG, path, "make the directory");
    memcpy(part, path, n + 1);
    while (n > 1 && part[n - 1] == '/')
        part[--n] = 0;
    for (size_t i = 1; i <= n; i++) {
        if ((part[i] != '/' && part[i] != 0) || part[i - 1] == '/')
            continue;
        char kept = part[i];
        part[i] = 0;
        /* A parent that is there already may be one we could not make or read. */
        seg_status st = kept != 0 && seg_path_exists(part) ? SEG_OK : make_one(part, err);
        part[i] = kept;
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

/* ---- writing ---- */

static const char *kind_of(mode_t mode)
{
    if (S_ISDIR(mode))
        return "a directory";
    if (S_ISFIFO(mode))
        return "a pipe";
    if (S_ISSOCK(mode))
        return "a socket";
    return "a device";
}

seg_status seg_path_check_output(const char *path, seg_error *err)
{
    if (path[0] == '\0')
        return seg_fail(err, SEG_E_USAGE, "'' is not the name of a file");
    if (strcmp(path, "-") == 0)
        return seg_fail(err, SEG_E_USAGE, "-: cannot write to the standard output, where the "
                        "result is printed; name a file");
    return SEG_OK;
}

/* Writing makes a new file of that name: never in place of a device or directory. */
static seg_status check_target(const char *path, seg_error *err)
{
    seg_status st = seg_path_check_output(path, err);
    if (st != SEG_OK)
        return st;
    if (path[strlen(path) - 1] == '/')
        return seg_fail(err, SEG_E_USAGE, "'%s' is not the name of a file", path);
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return seg_fail(err, SEG_E_IO, "%s: cannot write: it is %s, not a regular file", path,
                        kind_of(info.st_mode));
    return SEG_OK;
}

/* ".NAME.tmp-", before the process and a number. */
static void temp_prefix(const seg_file *file, char out[NAME_MAX])
{
    snprintf(out, NAME_MAX, ".%.*s.tmp-", NAME_KEPT, strrchr(file->target, '/') + 1);
}

static seg_status temp_name(seg_file *file, seg_error *err)
{
    static _Atomic unsigned serial;
    char prefix[NAME_MAX];
    temp_prefix(file, prefix);
    int n = snprintf(file->temp, sizeof file->temp, "%.*s/%s%ld-%u",
                     (int)(strrchr(file->target, '/') - file->target), file->target, prefix,
                     (long)getpid(), atomic_fetch_add(&serial, 1));
    if (n < 0 || (size_t)n >= sizeof file->temp)
        return seg_errno(err, ENAMETOOLONG, file->path, "create");
    return SEG_OK;
}

static void sweep_stale(const seg_file *file)
{
    char prefix[NAME_MAX], directory[PATH_MAX];
    size_t n = (size_t)(strrchr(file->target, '/') - file->target) + 1;
    memcpy(directory, file->target, n);
    directory[n] = 0;
    temp_prefix(file, prefix);
    seg_temp_sweep_stale(directory, prefix);
}

static seg_status open_temp(seg_file *file, seg_error *err)
{
    for (int i = 0; i < MAX_TRIES; i++) {
        seg_status st = temp_name(file, err);
        if (st == SEG_OK)
            st = seg_temp_add(file->temp, &file->slot, err);
        if (st != SEG_OK)
            return st;
        file->fd = open(file->temp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (file->fd >= 0)
            return SEG_OK;
        int why = errno;
        seg_temp_drop(file->slot);
        file->slot = -1;
        if (why != EEXIST)
            return seg_errno(err, why, file->path, "create");
    }
    return seg_errno(err, EEXIST, file->path, "create a temporary file for");
}

seg_status seg_file_create(const char *path, seg_file **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_file *file = NULL;
    *out = NULL;

    TRY(check_target(path, err));
    TRY(SEG_ALLOC(&file, 1, "a file to write", err));
    file->fd = file->slot = -1;
    TRY(SEG_ALLOC(&file->buffer, BUFFER_BYTES, "a file's buffer", err));
    TRY(seg_path_absolute(path, file->target, err));
    memcpy(file->path, path, strlen(path) + 1);
    sweep_stale(file);
    TRY(open_temp(file, err));
    *out = file;
    file = NULL;

done:
    seg_file_close(file);
    return st;
}

int seg_file_fd(const seg_file *file) { return file->fd; }
const char *seg_file_temp_path(const seg_file *file) { return file->temp; }

/* The kernel would keep what is written until it has too much or fsync asks, and then the
 * disk works while nobody computes. Told now and then to begin, it writes behind our back:
 * 256 MB were synced in 0.02 s instead of 0.14 s. Nothing is waited for, and a file system
 * that cannot do it loses nothing. */
static void write_behind(seg_file *file, size_t n)
{
    uint64_t before = atomic_fetch_add_explicit(&file->n_written, n, memory_order_relaxed);
    if ((before + n) / BEHIND_BYTES != before / BEHIND_BYTES)
        (void)sync_file_range(file->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

seg_status seg_file_pwrite(seg_file *file, const void *bytes, size_t n, uint64_t offset,
                           seg_error *err)
{
    const unsigned char *from = bytes;
    while (n > 0) {
        ssize_t written = pwrite(file->fd, from, n, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return seg_errno(err, written < 0 ? errno : EIO, file->path, "write");
        from += written;
        offset += (uint64_t)written;
        n -= (size_t)written;
        write_behind(file, (size_t)written);
    }
    return SEG_OK;
}

static seg_status flush(seg_file *file, seg_error *err)
{
    seg_status st = seg_file_pwrite(file, file->buffer, file->n_buffered, file->n_flushed, err);
    if (st == SEG_OK) {
        file->n_flushed += file->n_buffered;
        file->n_buffered = 0;
    }
    return st;
}

seg_status seg_file_write(seg_file *file, const void *bytes, size_t n, seg_error *err)
{
    if (n > BUFFER_BYTES - file->n_buffered) {
        seg_status st = flush(file, err);
        if (st != SEG_OK)
            return st;
    }
    if (n >= BUFFER_BYTES) {
        seg_status st = seg_file_pwrite(file, bytes, n, file->n_flushed, err);
        if (st == SEG_OK)
            file->n_flushed += n;
        return st;
    }
    if (n > 0)
        memcpy(file->buffer + file->n_buffered, bytes, n);
    file->n_buffered += n;
    return SEG_OK;
}

seg_status seg_file_commit(seg_file *file, seg_error *err)
{
    seg_status st = flush(file, err);
    if (st != SEG_OK)
        return st;
    if (sync_fd(file->fd) != 0)
        return seg_errno(err, errno, file->path, "sync");
    int failed = close(file->fd);   /* network file systems may tell only here */
    file->fd = -1;
    if (failed != 0 && errno != EINTR)
        return seg_errno(err, errno, file->path, "close");
    if (rename(file->temp, file->target) != 0)
        return seg_errno(err, errno, file->path, "rename");
    seg_temp_drop(file->slot);
    file->slot = -1;
    return seg_sync_parent(file->target, err);
}

void seg_file_close(seg_file *file)
{
    if (file == NULL)
        return;
    if (file->fd >= 0)
        close(file->fd);
    if (file->slot >= 0) {   /* not committed */
        unlink(file->temp);
        seg_temp_drop(file->slot);
    }
    seg_free(file->buffer);
    seg_free(file);
}

seg_status seg_file_put(const char *path, const void *bytes, size_t n, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_file *file = NULL;

    TRY(seg_file_create(path, &file, err));
    TRY(seg_file_write(file, bytes, n, err));
    TRY(seg_file_commit(file, err));

done:
    seg_file_close(file);
    return st;
}

/* ---- reading ---- */

seg_status seg_open_read(const char *path, int *fd, uint64_t *size, seg_error *err)
{
    *fd = -1;
    *size = 0;
    /* O_NONBLOCK: a pipe without a writer must not hold the run for ever. */
    int opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (opened < 0)
        return seg_errno(err, errno, path, "open");
    seg_status st = SEG_OK;
    struct stat info;
    if (fstat(opened, &info) != 0)
        st = seg_errno(err, errno, path, "read");
    else if (!S_ISREG(info.st_mode))
        st = seg_fail(err, SEG_E_IO, "%s: cannot read: it is %s, not a regular file", path,
                      kind_of(info.st_mode));
    if (st != SEG_OK) {
        close(opened);
        return st;
    }
    *fd = opened;
    *size = (uint64_t)info.st_size;
    return SEG_OK;
}

seg_status seg_pread_all(int fd, void *bytes, size_t n, uint64_t offset, const char *name,
                         seg_error *err)
{
    unsigned char *to = bytes;
    uint64_t end;
    if (__builtin_add_overflow(offset, (uint64_t)n, &end) || end > INT64_MAX)
        return seg_fail(err, SEG_E_DATA, "%s: cannot read %zu bytes at %llu: no file is that long",
                        name, n, (unsigned long long)offset);
    while (n > 0) {
        ssize_t got = pread(fd, to, n, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return seg_errno(err, errno, name, "read");
        if (got == 0)
            return seg_fail(err, SEG_E_DATA, "%s: ends after %llu bytes; %llu are needed", name,
                            (unsigned long long)offset, (unsigned long long)end);
        to += got;
        offset += (uint64_t)got;
        n -= (size_t)got;
    }
    return SEG_OK;
}

seg_status seg_file_get(const char *path, size_t max, char **out, size_t *n, seg_error *err)
{
    seg_status st = SEG_OK;
    int fd = -1;
    uint64_t size = 0;
    char *bytes = NULL;
    *out = NULL;
    *n = 0;

    TRY(seg_open_read(path, &fd, &size, err));
    if (size > max) {
        st = seg_fail(err, SEG_E_DATA, "%s: has %llu bytes; at most %zu are read", path,
                      (unsigned long long)size, max);
        goto done;
    }
    TRY(SEG_ALLOC(&bytes, (size_t)size + 1, "a file's content", err));
    TRY(seg_pread_all(fd, bytes, (size_t)size, 0, path, err));
    bytes[size] = 0;
    *out = bytes;
    *n = (size_t)size;
    bytes = NULL;

done:
    seg_free(bytes);
    if (fd >= 0)
        close(fd);
    return st;
}
