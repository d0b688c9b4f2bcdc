/* publish.c: a directory of results becomes visible by one rename, or not at all.
 *
 * Readers open OUT/current once and see one complete run, whenever the writer dies; the
 * order of syncs is in publish.h, and tests/fault/ replays every prefix of it. The lock is
 * flock(): the kernel drops it with the last process that holds it, so a lock can never be
 * left behind. A worker inherits it: no second run starts while an old worker still
 * writes. */
#include "base/publish.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/manifest.h"
#include "base/text.h"
#include "base/try.h"
#include "segmill/context.h"

enum { ID_BYTES = 100, LOCK_PAUSE_NS = 50 * 1000 * 1000 };

struct seg_publish {
    char shown[PATH_MAX];   /* OUT as the caller said it */
    char out[PATH_MAX];     /* from the root, without links */
    char temp[PATH_MAX];
    int fd, lock, slot;
};

/* ---- names ---- */

static bool valid_id(const char *id)
{
    size_t n = strlen(id);
    if (n == 0 || n > ID_BYTES || id[0] == '.')
        return false;
    for (; *id != 0; id++)
        if (!((*id >= 'a' && *id <= 'z') || (*id >= 'A' && *id <= 'Z') ||
              (*id >= '0' && *id <= '9') || *id == '-' || *id == '_' || *id == '.'))
            return false;
    return true;
}

static bool begins(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

static seg_status inside(const seg_publish *p, char out[PATH_MAX], const char *name,
                         seg_error *err)
{
    int n = snprintf(out, PATH_MAX, "%s/%s", p->out, name);
    return n >= 0 && n < PATH_MAX ? SEG_OK : seg_errno(err, ENAMETOOLONG, p->shown, "use");
}

static seg_status sync_out(const seg_publish *p, seg_error *err)
{
    if (fsync(p->fd) != 0 && errno != EINVAL)
        return seg_errno(err, errno, p->shown, "sync");
    return SEG_OK;
}

/* The run that `current` points at, or "" if there is none. */
static void current_run(const seg_publish *p, char run[PATH_MAX])
{
    ssize_t n = readlinkat(p->fd, "current", run, PATH_MAX - 1);
    run[n < 0 ? 0 : n] = 0;
}

/* ---- begin ---- */

static seg_status take_lock(seg_publish *p, double wait_seconds, seg_error *err)
{
    p->lock = openat(p->fd, ".lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (p->lock < 0)
        return seg_errno(err, errno, p->shown, "open the lock in");
    double give_up = seg_clock_seconds() + wait_seconds;
    while (flock(p->lock, LOCK_EX | LOCK_NB) != 0) {
        int why = errno;
        if (why != EWOULDBLOCK && why != EINTR)
            return seg_errno(err, why, p->shown, "lock");
        seg_status st = seg_step(NULL, "waiting for another run", 0, 0, err);
        if (st != SEG_OK)
            return st;
        if (why == EWOULDBLOCK && seg_clock_seconds() >= give_up)
            return seg_fail(err, SEG_E_AGAIN, "%s: another run holds the lock", p->shown);
        nanosleep(&(struct timespec){.tv_nsec = LOCK_PAUSE_NS}, NULL);
    }
    return SEG_OK;
}

/* Under the lock, whatever is unfinished belongs to a run that died. */
static seg_status sweep(const seg_publish *p, seg_error *err)
{
    DIR *entries = opendir(p->out);
    if (entries == NULL)
        return seg_errno(err, errno, p->shown, "list");
    seg_status st = SEG_OK;
    for (struct dirent *e = readdir(entries); e != NULL && st == SEG_OK; e = readdir(entries)) {
        char path[PATH_MAX];
        if (!begins(e->d_name, ".tmp-") && !begins(e->d_name, ".del-") &&
            strcmp(e->d_name, ".current") != 0)
            continue;
        st = inside(p, path, e->d_name, err);
        if (st == SEG_OK)
            seg_remove_tree(path);
    }
    closedir(entries);
    return st;
}

static seg_status make_temp(seg_publish *p, seg_error *err)
{
    char name[32];
    snprintf(name, sizeof name, ".tmp-%ld", (long)getpid());
    seg_status st = inside(p, p->temp, name, err);
    if (st == SEG_OK)
        st = seg_temp_add(p->temp, &p->slot, err);
    if (st != SEG_OK)
        return st;
    if (mkdir(p->temp, 0700) == 0)
        return SEG_OK;
    st = seg_errno(err, errno, p->temp, "make the directory");
    seg_temp_drop(p->slot);
    p->slot = -1;
    return st;
}

static seg_status open_out(seg_publish *p, const char *out, seg_error *err)
{
    size_t n = strlen(out);
    if (n >= sizeof p->shown)
        return seg_errno(err, ENAMETOOLONG, out, "open");
    memcpy(p->shown, out, n + 1);
    seg_status st = seg_make_dirs(out, err);
    if (st != SEG_OK)
        return st;
    if (realpath(out, p->out) == NULL)
        return seg_errno(err, errno, out, "open");
    p->fd = open(p->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (p->fd < 0)
        return seg_errno(err, errno, out, "open");
    struct stat info;
    if (fstatat(p->fd, "current", &info, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISLNK(info.st_mode))
        return seg_fail(err, SEG_E_IO, "%s/current: cannot publish: it is not a link made by"
                        " an earlier run", out);
    return SEG_OK;
}

seg_status seg_publish_begin(const char *out, double lock_wait_seconds, seg_publish **out_p,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    seg_publish *p = NULL;
    *out_p = NULL;

    TRY(SEG_ALLOC(&p, 1, "a publication", err));
    p->fd = p->lock = p->slot = -1;
    TRY(open_out(p, out, err));
    TRY(take_lock(p, lock_wait_seconds, err));
    TRY(sweep(p, err));
    TRY(make_temp(p, err));
    *out_p = p;
    p = NULL;

done:
    seg_publish_close(p);
    return st;
}

const char *seg_publish_dir(const seg_publish *p) { return p->temp; }

/* ---- commit ---- */

static seg_status point_current(const seg_publish *p, const char *run, seg_error *err)
{
    char now[PATH_MAX];
    current_run(p, now);
    if (strcmp(now, run) == 0)
        return SEG_OK;
    unlinkat(p->fd, ".current", 0);
    if (symlinkat(run, p->fd, ".current") != 0)
        return seg_errno(err, errno, p->shown, "make the link 'current' in");
    if (renameat(p->fd, ".current", p->fd, "current") != 0) {
        seg_status st = seg_errno(err, errno, p->shown, "swap the link 'current' in");
        unlinkat(p->fd, ".current", 0);
        return st;
    }
    return sync_out(p, err);
}

/* A run that is there must be undamaged. */
static seg_status check_existing(const seg_publish *p, const char *run, seg_error *err)
{
    char dir[PATH_MAX];
    uint64_t n_files;
    seg_status st = inside(p, dir, run, err);
    if (st == SEG_OK)
        st = seg_manifest_verify(dir, &n_files, err);
    if (st == SEG_E_VERIFY) {
        st = SEG_E_IO;
        seg_error_context(err, "a run of this name exists already and is damaged");
    }
    return st;
}

static seg_status compare_existing(const seg_publish *p, const char *run, const char *manifest,
                                   seg_error *err)
{
    seg_status st = SEG_OK;
    char name[ID_BYTES + 32], path[PATH_MAX], *there = NULL;
    size_t n = 0;

    snprintf(name, sizeof name, "%s/MANIFEST", run);
    TRY(inside(p, path, name, err));
    TRY(seg_file_get(path, SEG_MANIFEST_MAX_BYTES, &there, &n, err));
    if (!seg_manifest_same_results(there, manifest))
        st = seg_fail(err, SEG_E_IO, "%s/%s: exists already and holds other results", p->shown,
                      run);

done:
    seg_free(there);
    return st;
}

static void drop_temp(seg_publish *p)
{
    if (p->slot < 0)
        return;
    seg_remove_tree(p->temp);
    seg_temp_drop(p->slot);
    p->slot = -1;
}

static seg_status move_into_place(seg_publish *p, const char *run, const seg_text *manifest,
                                  seg_error *err)
{
    seg_status st = SEG_OK;
    char path[PATH_MAX];

    int n = snprintf(path, sizeof path, "%s/MANIFEST", p->temp);
    if (n < 0 || (size_t)n >= sizeof path)
        return seg_errno(err, ENAMETOOLONG, p->temp, "write");
    TRY(seg_file_put(path, manifest->bytes, manifest->n, err));   /* syncs p->temp too */
    TRY(inside(p, path, run, err));
    if (rename(p->temp, path) != 0) {
        st = seg_errno(err, errno, path, "rename to");
        goto done;
    }
    seg_temp_drop(p->slot);
    p->slot = -1;
    TRY(sync_out(p, err));

done:
    return st;
}

static seg_status run_name(const char *id, char run[ID_BYTES + 8], seg_error *err)
{
    if (!valid_id(id))
        return seg_fail(err, SEG_E_USAGE, "a run's name may hold letters, digits, '-', '_' and"
                        " '.', at most %d, and not begin with '.'; not '%s'", ID_BYTES, id);
    snprintf(run, ID_BYTES + 8, "run-%s", id);
    return SEG_OK;
}

static bool is_there(const seg_publish *p, const char *run)
{
    struct stat info;
    return fstatat(p->fd, run, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

seg_status seg_publish_adopt(seg_publish *p, const char *id, bool *existed, seg_error *err)
{
    seg_status st = SEG_OK;
    char run[ID_BYTES + 8];
    *existed = false;

    TRY(run_name(id, run, err));
    if (!is_there(p, run))
        return SEG_OK;
    TRY(check_existing(p, run, err));
    drop_temp(p);
    TRY(point_current(p, run, err));
    *existed = true;

done:
    return st;
}

seg_status seg_publish_commit(seg_publish *p, const char *id, bool *existed, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_text manifest = {0};
    char run[ID_BYTES + 8];
    *existed = false;

    TRY(run_name(id, run, err));
    TRY(seg_manifest_make(p->temp, true, &manifest, err));
    if (is_there(p, run)) {
        TRY(compare_existing(p, run, manifest.bytes, err));
        TRY(seg_publish_adopt(p, id, existed, err));
    } else {
        TRY(move_into_place(p, run, &manifest, err));
        TRY(point_current(p, run, err));
    }

done:
    seg_text_free(&manifest);
    return st;
}

void seg_publish_close(seg_publish *p)
{
    if (p == NULL)
        return;
    drop_temp(p);
    if (p->lock >= 0)
        close(p->lock);
    if (p->fd >= 0)
        close(p->fd);
    seg_free(p);
}

/* ---- prune ---- */

typedef struct published_run {
    char name[ID_BYTES + 8];
    struct timespec when;   /* its MANIFEST was written */
} published_run;

/* Newest first. */
static int by_age(const void *a, const void *b)
{
    const published_run *x = a, *y = b;
    if (x->when.tv_sec != y->when.tv_sec)
        return x->when.tv_sec > y->when.tv_sec ? -1 : 1;
    if (x->when.tv_nsec != y->when.tv_nsec)
        return x->when.tv_nsec > y->when.tv_nsec ? -1 : 1;
    return strcmp(y->name, x->name);
}

static seg_status list_runs(const seg_publish *p, published_run **out, size_t *out_n,
                            seg_error *err)
{
    size_t n = 0, cap = 0;
    published_run *runs = NULL;
    seg_status st = SEG_OK;
    DIR *entries = opendir(p->out);
    if (entries == NULL)
        return seg_errno(err, errno, p->shown, "list");

    for (struct dirent *e = readdir(entries); e != NULL; e = readdir(entries)) {
        struct stat info;
        char path[PATH_MAX];
        if (!begins(e->d_name, "run-") || !valid_id(e->d_name + 4))
            continue;
        snprintf(path, sizeof path, "%s/MANIFEST", e->d_name);
        if (fstatat(p->fd, path, &info, AT_SYMLINK_NOFOLLOW) != 0)
            continue;   /* not published by us */
        TRY(SEG_GROW(&runs, &cap, n + 1, "the list of runs", err));
        memcpy(runs[n].name, e->d_name, strlen(e->d_name) + 1);
        runs[n++].when = info.st_mtim;
    }
    *out = runs;
    *out_n = n;
    runs = NULL;

done:
    seg_free(runs);
    closedir(entries);
    return st;
}

/* Out of sight by one rename first: nobody ever sees half a run. */
static seg_status delete_run(const seg_publish *p, const char *run, seg_error *err)
{
    char hidden[ID_BYTES + 16], path[PATH_MAX];
    snprintf(hidden, sizeof hidden, ".del-%s", run);
    if (renameat(p->fd, run, p->fd, hidden) != 0)
        return seg_errno(err, errno, p->shown, "delete an old run in");
    seg_status st = sync_out(p, err);
    if (st == SEG_OK)
        st = inside(p, path, hidden, err);
    if (st == SEG_OK)
        seg_remove_tree(path);
    return st;
}

seg_status seg_publish_prune(seg_publish *p, uint32_t keep, seg_error *err)
{
    seg_status st = SEG_OK;
    published_run *runs = NULL;
    size_t n = 0, kept = 0;
    char current[PATH_MAX];

    current_run(p, current);
    TRY(list_runs(p, &runs, &n, err));
    if (n > 1)
        qsort(runs, n, sizeof *runs, by_age);
    for (size_t i = 0; i < n; i++)
        kept += strcmp(runs[i].name, current) == 0;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(runs[i].name, current) == 0)
            continue;
        if (kept < keep)
            kept++;
        else
            TRY(delete_run(p, runs[i].name, err));
    }

done:
    seg_free(runs);
    return st;
}
