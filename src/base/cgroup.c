/* cgroup.c: a group may have a limit of its own and so may every group above it: the
 * smallest counts. In a container the path that /proc/self/cgroup tells may not exist
 * below the mount; walking up then ends at the mount itself, which is the right one. */
#include "base/cgroup.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/number.h"
#include "base/text.h"

enum { PATH_BYTES = 4096, TEXT_BYTES = 16384 };

/* The first TEXT_BYTES - 1 bytes of a small file, as text; false if there is none. */
static bool slurp(const char *path, char text[TEXT_BYTES])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    size_t n = 0;
    ssize_t got = 0;
    while (n < TEXT_BYTES - 1 && (got = read(fd, text + n, TEXT_BYTES - 1 - n)) > 0)
        n += (size_t)got;
    close(fd);
    text[n] = 0;
    return got >= 0;
}

/* A whole number after blanks; more than 64 bits is as good as the largest. */
static bool number_at(const char *s, uint64_t *value)
{
    s += strspn(s, " \t\n");
    size_t n = strspn(s, "0123456789");
    if (n > 0 && !seg_parse_u64(s, n, value))
        *value = UINT64_MAX;
    return n > 0;
}

bool seg_system_number(const char *path, const char *key, uint64_t *value)
{
    char text[TEXT_BYTES];
    if (!slurp(path, text))
        return false;
    if (key == NULL)
        return number_at(text, value);
    size_t length = strlen(key);
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, length) == 0)
            return number_at(line + length, value);
    }
    return false;
}

/* ---- the groups ----------------------------------------------------------- */

typedef struct group {
    char path[PATH_BYTES];
    size_t mount;            /* length of the part that is the mount */
} group;

/* Path of this process' group for a v1 controller, or of the v2 group for "". Lines are
 * "ID:CONTROLLERS:PATH". */
static bool find_group(const char *root, const char *controller, group *g)
{
    char text[TEXT_BYTES], file[PATH_BYTES];
    snprintf(file, sizeof file, "%s/proc/self/cgroup", root);
    if (!slurp(file, text))
        return false;
    char *rest = text, *line;
    while ((line = strsep(&rest, "\n")) != NULL) {
        char *names = strchr(line, ':');
        char *path = names == NULL ? NULL : strchr(names + 1, ':');
        if (path == NULL)
            continue;
        *path++ = 0;
        names++;
        bool mine = controller[0] == 0 ? names[0] == 0 : seg_list_has(names, controller);
        if (!mine)
            continue;
        int mount = snprintf(g->path, sizeof g->path, "%s/sys/fs/cgroup%s%s", root,
                             controller[0] == 0 ? "" : "/", controller);
        g->mount = (size_t)mount;
        int all = mount < PATH_BYTES ? snprintf(g->path + mount, sizeof g->path - g->mount,
                                                "%s", path) : PATH_BYTES;
        return all >= 0 && (size_t)all < sizeof g->path - g->mount && strstr(path, "..") == NULL;
    }
    return false;
}

/* To the group above; false at the mount. */
static bool go_up(group *g)
{
    size_t n = strlen(g->path);
    if (n <= g->mount)
        return false;
    while (n > g->mount && g->path[n - 1] != '/')
        n--;
    g->path[n > g->mount ? n - 1 : n] = 0;
    return true;
}

static bool group_number(const group *g, const char *file, const char *key, uint64_t *value)
{
    char path[PATH_BYTES + 64];
    snprintf(path, sizeof path, "%s/%s", g->path, file);
    return seg_system_number(path, key, value);
}

/* ---- processors ----------------------------------------------------------- */

static uint32_t fewer(uint32_t cpus, uint64_t quota, uint64_t period)
{
    uint64_t worth = quota / period;
    if (worth < 1)
        worth = 1;
    return cpus == 0 || worth < cpus ? (uint32_t)(worth < UINT32_MAX ? worth : UINT32_MAX) : cpus;
}

uint32_t seg_cgroup_cpus(const char *root)
{
    group g;
    uint32_t cpus = 0;
    uint64_t quota, period;
    if (find_group(root, "", &g))
        do {                                     /* "max 100000" or "150000 100000" */
            char path[PATH_BYTES + 64], text[TEXT_BYTES];
            snprintf(path, sizeof path, "%s/cpu.max", g.path);
            if (slurp(path, text) && number_at(text, &quota) &&
                number_at(text + strcspn(text, " "), &period) && period > 0)
                cpus = fewer(cpus, quota, period);
        } while (go_up(&g));
    if (find_group(root, "cpu", &g))
        do                                       /* no quota is -1: not a number here */
            if (group_number(&g, "cpu.cfs_quota_us", NULL, &quota) &&
                group_number(&g, "cpu.cfs_period_us", NULL, &period) && period > 0)
                cpus = fewer(cpus, quota, period);
        while (go_up(&g));
    return cpus;
}

/* ---- memory --------------------------------------------------------------- */

/* Names of one version's files. */
typedef struct memory_files {
    const char *limit, *use, *cache;
} memory_files;

static uint64_t left_in(group *g, const memory_files *files, uint64_t left)
{
    do {
        uint64_t limit, used, cache = 0;
        if (!group_number(g, files->limit, NULL, &limit) ||
            !group_number(g, files->use, NULL, &used) || limit >= 1ull << 60)
            continue;                            /* "max", or v1's way to say no limit */
        if (group_number(g, "memory.stat", files->cache, &cache))
            used = used > cache ? used - cache : 0;
        uint64_t here = limit > used ? limit - used : 0;
        if (here < left)
            left = here;
    } while (go_up(g));
    return left;
}

uint64_t seg_cgroup_memory_left(const char *root)
{
    static const memory_files v2 = { "memory.max", "memory.current", "inactive_file " };
    static const memory_files v1 = { "memory.limit_in_bytes", "memory.usage_in_bytes",
                                     "total_inactive_file " };
    group g;
    uint64_t left = UINT64_MAX;
    if (find_group(root, "", &g))
        left = left_in(&g, &v2, left);
    if (find_group(root, "memory", &g))
        left = left_in(&g, &v1, left);
    return left;
}
