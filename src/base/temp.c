/* temp.c: the registry of temporary files and directories, and removing them.
 *
 * A fixed table in memory that a forked worker shares with its parent: the worker
 * enters a name before it makes the file and takes it out when the file has its final
 * name, so whatever ends the worker, the parent knows what to remove. An entry becomes
 * visible by one atomic store after its path is complete: a worker that dies while it
 * writes one cannot make the parent remove a cut path. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { N_ENTRIES = 512, MAX_DEPTH = 32 };

typedef struct temp_entry {
    _Atomic long owner;   /* process; 0: the entry is free */
    _Atomic int ready;    /* the path is complete */
    char path[PATH_MAX];
} temp_entry;

static temp_entry *_Atomic registry;   /* N_ENTRIES, or null before the first use */

static void remove_at(int directory, const char *name, int depth);

static void remove_entries(int directory, int depth)
{
    DIR *entries = fdopendir(directory);
    if (entries == NULL) {
        close(directory);
        return;
    }
    for (struct dirent *e = readdir(entries); e != NULL; e = readdir(entries))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            remove_at(dirfd(entries), e->d_name, depth + 1);
    closedir(entries);
}

/* A link is removed, never followed. */
static void remove_at(int directory, const char *name, int depth)
{
    int inner = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (inner < 0) {
        if (unlinkat(directory, name, 0) != 0 && errno == EISDIR)
            unlinkat(directory, name, AT_REMOVEDIR);   /* one that cannot be opened */
        return;
    }
    if (depth < MAX_DEPTH)
        remove_entries(inner, depth);
    else
        close(inner);
    unlinkat(directory, name, AT_REMOVEDIR);
}

void seg_remove_tree(const char *path)
{
    remove_at(AT_FDCWD, path, 0);
}

/* "123-4" of a process 123 that is no more. */
static bool owner_is_gone(const char *name)
{
    char *end;
    errno = 0;
    long pid = strtol(name, &end, 10);
    return errno == 0 && end != name && *end == '-' && pid > 0 && kill((pid_t)pid, 0) != 0 &&
           errno == ESRCH;
}

void seg_temp_sweep_stale(const char *directory, const char *prefix)
{
    DIR *entries = opendir(directory);
    if (entries == NULL)
        return;
    size_t n = strlen(prefix);
    for (struct dirent *e = readdir(entries); e != NULL; e = readdir(entries))
        if (strncmp(e->d_name, prefix, n) == 0 && owner_is_gone(e->d_name + n))
            unlinkat(dirfd(entries), e->d_name, 0);
    closedir(entries);
}

seg_status seg_temp_share(seg_error *err)
{
    if (atomic_load(&registry) != NULL)
        return SEG_OK;
    size_t bytes = N_ENTRIES * sizeof(temp_entry);
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return seg_fail(err, SEG_E_AGAIN, "cannot get %zu bytes of shared memory for the names"
                        " of temporary files", bytes);
    temp_entry *none = NULL;
    if (!atomic_compare_exchange_strong(&registry, &none, memory))
        munmap(memory, bytes);   /* another thread was first */
    return SEG_OK;
}

static temp_entry *claim(void)
{
    temp_entry *entries = atomic_load(&registry);
    for (size_t i = 0; i < N_ENTRIES; i++) {
        long none = 0;
        if (atomic_compare_exchange_strong(&entries[i].owner, &none, (long)getpid()))
            return &entries[i];
    }
    return NULL;
}

seg_status seg_temp_add(const char *path, int *slot, seg_error *err)
{
    *slot = -1;
    size_t n = strlen(path);
    if (path[0] != '/' || n >= PATH_MAX)
        return seg_errno(err, ENAMETOOLONG, path, "use as a temporary name");
    seg_status st = seg_temp_share(err);
    if (st != SEG_OK)
        return st;
    temp_entry *entry = claim();
    if (entry == NULL)
        return seg_fail(err, SEG_E_AGAIN, "%s: could not create: %d files are being written"
                        " already", path, N_ENTRIES);
    memcpy(entry->path, path, n + 1);
    atomic_store(&entry->ready, 1);
    *slot = (int)(entry - atomic_load(&registry));
    return SEG_OK;
}

void seg_temp_drop(int slot)
{
    temp_entry *entries = atomic_load(&registry);
    if (slot < 0 || slot >= N_ENTRIES || entries == NULL)
        return;
    atomic_store(&entries[slot].ready, 0);
    atomic_store(&entries[slot].owner, 0);
}

void seg_temp_sweep(long pid)
{
    temp_entry *entries = atomic_load(&registry);
    if (entries == NULL)
        return;
    for (int i = 0; i < N_ENTRIES; i++) {
        long owner = atomic_load(&entries[i].owner);
        if (owner == 0 || (pid != 0 && owner != pid))
            continue;
        if (atomic_load(&entries[i].ready))
            seg_remove_tree(entries[i].path);
        seg_temp_drop(i);
    }
}
