/* threads.c: libgomp ends the process when a thread cannot be started. So the system is
 * asked first, once, with as many threads as are wanted alive at the same time. */
#include "base/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/cgroup.h"

enum { MOST_THREADS = 1024 };

/* ---- threads -------------------------------------------------------------- */

/* Processors in the affinity mask: room for 65,536 of them. */
static uint32_t affinity_cpus(void)
{
    cpu_set_t set[64];
    uint32_t count = 0;
    CPU_ZERO_S(sizeof set, set);
    if (sched_getaffinity(0, sizeof set, set) == 0)
        count = (uint32_t)CPU_COUNT_S(sizeof set, set);
    long online = count > 0 ? (long)count : sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (uint32_t)online : 1;
}

static uint32_t usable_cpus(void)
{
    uint32_t cpus = affinity_cpus(), quota = seg_cgroup_cpus("");
    return quota > 0 && quota < cpus ? quota : cpus;
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *wait_at_gate(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    return NULL;
}

/* How many of `wanted` threads, this one included, live at the same time. */
static uint32_t try_to_start(uint32_t wanted)
{
    pthread_t threads[MOST_THREADS];
    uint32_t n = 0;
    pthread_mutex_lock(&gate);
    while (n + 1 < wanted && pthread_create(&threads[n], NULL, wait_at_gate, NULL) == 0)
        n++;
    pthread_mutex_unlock(&gate);
    for (uint32_t i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    return n + 1;
}

/* `wanted`, or the number at which the system said no, which is asked only once: later
 * the threads of a running team would count twice. */
static uint32_t startable(uint32_t wanted)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static uint32_t proven = 1, limit = MOST_THREADS;
    pthread_mutex_lock(&lock);
    if (wanted > limit)
        wanted = limit;
    if (wanted > proven) {
        proven = try_to_start(wanted);
        if (proven < wanted)
            limit = wanted = proven;
    }
    pthread_mutex_unlock(&lock);
    return wanted;
}

int seg_thread_count(uint32_t wanted)
{
    static _Atomic uint32_t usable;
    if (wanted == 0) {
        if (usable == 0)
            usable = usable_cpus();
        wanted = usable;
    }
    return (int)startable(wanted);
}

/* ---- memory --------------------------------------------------------------- */

static uint64_t page_bytes(void)
{
    long bytes = sysconf(_SC_PAGESIZE);
    return bytes > 0 ? (uint64_t)bytes : 4096;
}

static uint64_t machine_left(void)
{
    uint64_t kib;
    if (seg_system_number("/proc/meminfo", "MemAvailable:", &kib))
        return kib * 1024;
    long pages = sysconf(_SC_AVPHYS_PAGES);
    return pages > 0 ? (uint64_t)pages * page_bytes() : 0;
}

static uint64_t address_space_left(void)
{
    struct rlimit limit;
    uint64_t pages = 0;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return UINT64_MAX;
    uint64_t used = seg_system_number("/proc/self/statm", NULL, &pages) ? pages * page_bytes() : 0;
    return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}

uint64_t seg_memory_available(void)
{
    uint64_t left = machine_left(), group = seg_cgroup_memory_left(""),
             space = address_space_left();
    if (group < left)
        left = group;
    return space < left ? space : left;
}
