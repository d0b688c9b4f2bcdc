/* faultinj.c: make the Nth call of a chosen kind fail, in a program that is not changed.
 *
 *   FI_COUNT=n.txt           LD_PRELOAD=faultinj.so PROG ...   writes "kind calls" lines
 *   FI_KIND=write FI_N=7     LD_PRELOAD=faultinj.so PROG ...   the 7th write fails
 *
 * FI_KIND   list of: malloc calloc realloc aligned mmap open read write fsync rename close
 *           unlink ftruncate mkdir link lock thread opendir chmod; or a group: mem (all
 *           allocations), io (all the rest), all
 * FI_N      which call fails, from 1, over the chosen kinds together and over all forked
 *           processes
 * FI_MODE   once (default); sticky: all later ones too; short: half of a read or write;
 *           kill: SIGKILL before the call; killafter: the call, then SIGKILL
 * FI_ERRNO  error number instead of the usual one of the call (ENOSPC where something is
 *           made or written, else EIO)
 * FI_PATH   count only calls on paths that contain this text (default: all but /proc, /sys
 *           and /dev)
 * FI_FROM   count only calls from objects whose file name contains this text
 * FI_LOG    gets one line when the fault fires: kind, index, path, caller
 *
 * Counted are neither the injector's own calls nor those of the loader before main. Not
 * seen: writes that stdio makes inside the C library. Memory kinds exclude AddressSanitizer:
 * both replace malloc. The idea is SQLite's and curl's: fail every call once, in turn. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

typedef enum kind {
    MALLOC, CALLOC, REALLOC, ALIGNED, MMAP, LAST_MEM = MMAP,
    OPEN, READ, WRITE, FSYNC, RENAME, CLOSE, UNLINK, FTRUNCATE, MKDIR, LINK, LOCK, THREAD,
    OPENDIR, CHMOD, N_KINDS
} kind;

static const char *const kind_names[N_KINDS] = {
    "malloc", "calloc", "realloc", "aligned", "mmap", "open", "read", "write", "fsync",
    "rename", "close", "unlink", "ftruncate", "mkdir", "link", "lock", "thread", "opendir",
    "chmod",
};

typedef enum mode { ONCE, STICKY, SHORT, KILL, KILL_AFTER, N_MODES } mode;
static const char *const mode_names[N_MODES] = {"once", "sticky", "short", "kill", "killafter"};

/* What to do with one call. */
typedef enum verdict { PASS, FAIL, HALF, PASS_THEN_DIE } verdict;

typedef struct counters {
    atomic_long hits, per_kind[N_KINDS];
    atomic_int fired;
} counters;

static struct {
    uint32_t mask;
    long target;
    mode mode;
    int error_number;
    const char *path, *from, *log, *count;
} asked;

static counters own_counters, *shared = &own_counters;   /* shared with forked children */
static atomic_int armed;
static pid_t first_process;
static __thread int busy;   /* inside the injector */

/* ---- the real functions ---- */

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static void *find_real(const char *name)
{
    busy++;
    void *function = dlsym(RTLD_NEXT, name);
    busy--;
    return function;
}

/* ---- setting up, reporting ---- */

__attribute__((format(printf, 2, 3)))
static void append_line(const char *file, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    busy++;
    int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd >= 0) {
        if (n > 0 && write(fd, line, (size_t)n < sizeof line ? (size_t)n : sizeof line) < 0)
            n = 0;
        close(fd);
    }
    busy--;
}

static void choose_kinds(const char *list)
{
    char copy[256];
    snprintf(copy, sizeof copy, "%s", list);
    char *rest = NULL;
    for (char *s = strtok_r(copy, ",", &rest); s != NULL; s = strtok_r(NULL, ",", &rest)) {
        const uint32_t mem = (1u << (LAST_MEM + 1)) - 1;
        if (strcmp(s, "all") == 0)
            asked.mask = ~0u;
        else if (strcmp(s, "mem") == 0)
            asked.mask |= mem;
        else if (strcmp(s, "io") == 0)
            asked.mask |= ~mem;
        for (int i = 0; i < N_KINDS; i++)
            if (strcmp(s, kind_names[i]) == 0)
                asked.mask |= 1u << i;
    }
}

static long number_of(const char *variable)
{
    const char *text = getenv(variable);
    return text == NULL ? 0 : strtol(text, NULL, 10);
}

__attribute__((constructor(101))) static void set_up(void)
{
    const char *kinds = getenv("FI_KIND"), *wanted = getenv("FI_MODE");
    asked.count = getenv("FI_COUNT");
    asked.path = getenv("FI_PATH");
    asked.from = getenv("FI_FROM");
    asked.log = getenv("FI_LOG");
    asked.target = number_of("FI_N");
    asked.error_number = (int)number_of("FI_ERRNO");
    choose_kinds(kinds != NULL ? kinds : asked.count != NULL ? "all" : "");
    for (int i = 0; wanted != NULL && i < N_MODES; i++)
        if (strcmp(wanted, mode_names[i]) == 0)
            asked.mode = (mode)i;
    unsetenv("LD_PRELOAD");   /* programs it executes run clean; forked ones are counted */

    busy++;
    void *memory = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    busy--;
    if (memory != MAP_FAILED)
        shared = memory;
    first_process = getpid();
    atomic_store(&armed, 1);
}

__attribute__((destructor(101))) static void report(void)
{
    atomic_store(&armed, 0);
    if (asked.count == NULL || getpid() != first_process)
        return;
    for (int i = 0; i < N_KINDS; i++)
        if (atomic_load(&shared->per_kind[i]) != 0)
            append_line(asked.count, "%s %ld\n", kind_names[i],
                        atomic_load(&shared->per_kind[i]));
    append_line(asked.count, "total %ld\n", atomic_load(&shared->hits));
}

/* ---- deciding ---- */

static void die(void)
{
    raise(SIGKILL);
    for (;;)
        pause();
}

static bool path_counts(const char *path)
{
    if (path == NULL)
        return asked.path == NULL;
    if (asked.path != NULL)
        return strstr(path, asked.path) != NULL;
    return strncmp(path, "/proc", 5) != 0 && strncmp(path, "/sys", 4) != 0 &&
           strncmp(path, "/dev", 4) != 0;
}

static void log_hit(kind k, long index, const char *path, void *caller)
{
    Dl_info info = {0};
    if (asked.log == NULL || atomic_exchange(&shared->fired, 1) != 0)
        return;
    dladdr(caller, &info);
    const char *object = info.dli_fname != NULL ? info.dli_fname : "?";
    append_line(asked.log, "%s #%ld %s from %s+0x%lx (%s)\n", kind_names[k], index,
                path != NULL ? path : "-", object,
                (unsigned long)((char *)caller - (char *)info.dli_fbase),
                info.dli_sname != NULL ? info.dli_sname : "?");
}

static verdict decide(kind k, const char *path, void *caller)
{
    Dl_info info = {0};
    if (asked.from != NULL && (dladdr(caller, &info) == 0 || info.dli_fname == NULL ||
                               strstr(info.dli_fname, asked.from) == NULL))
        return PASS;
    atomic_fetch_add(&shared->per_kind[k], 1);
    long index = atomic_fetch_add(&shared->hits, 1) + 1;
    if (asked.count != NULL || asked.target == 0 ||
        !(index == asked.target || (asked.mode == STICKY && index > asked.target)))
        return PASS;
    log_hit(k, index, path, caller);
    switch (asked.mode) {
    case KILL:       die(); return PASS;
    case KILL_AFTER: return PASS_THEN_DIE;
    case SHORT:      return k == WRITE || k == READ ? HALF : FAIL;
    default:         return FAIL;
    }
}

static bool watched(kind k)
{
    return busy == 0 && atomic_load_explicit(&armed, memory_order_relaxed) != 0 &&
           (asked.mask >> k & 1) != 0;
}

/* Calls that have no path. */
static verdict hit(kind k, void *caller)
{
    if (!watched(k))
        return PASS;
    busy++;
    verdict v = decide(k, NULL, caller);
    busy--;
    return v;
}

static verdict hit_path(kind k, const char *path, void *caller)
{
    if (!watched(k))
        return PASS;
    busy++;
    verdict v = path_counts(path) ? decide(k, path, caller) : PASS;
    busy--;
    return v;
}

/* Pipes, sockets and the like are passed over. */
static verdict hit_fd(kind k, int fd, void *caller)
{
    if (!watched(k))
        return PASS;
    char link[40], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0 || path[0] != '/')
        return PASS;
    path[n] = 0;
    return hit_path(k, path, caller);
}

static int error_or(int usual)
{
    return asked.error_number != 0 ? asked.error_number : usual;
}

/* ---- memory ---- */

#define CALLER __builtin_return_address(0)

#define MEMORY(name, params, k, real)              \
    void *name params                              \
    {                                              \
        verdict v = hit(k, CALLER);                \
        if (v == FAIL || v == HALF) {              \
            errno = ENOMEM;                        \
            return NULL;                           \
        }                                          \
        void *block = real;                        \
        if (v == PASS_THEN_DIE)                    \
            die();                                 \
        return block;                              \
    }

MEMORY(malloc, (size_t n), MALLOC, __libc_malloc(n))
MEMORY(calloc, (size_t n, size_t size), CALLOC, __libc_calloc(n, size))
MEMORY(realloc, (void *old, size_t n), REALLOC, __libc_realloc(old, n))
MEMORY(aligned_alloc, (size_t align, size_t n), ALIGNED, __libc_memalign(align, n))
MEMORY(memalign, (size_t align, size_t n), ALIGNED, __libc_memalign(align, n))

int posix_memalign(void **out, size_t align, size_t n)
{
    verdict v = hit(ALIGNED, CALLER);
    void *block = v == PASS || v == PASS_THEN_DIE ? __libc_memalign(align, n) : NULL;
    if (v == PASS_THEN_DIE)
        die();
    if (block == NULL)
        return ENOMEM;
    *out = block;
    return 0;
}

/* ---- everything else: the verdict, the error of a failure, its value ---- */

#define CALL(type, name, params, args, verdict_of_it, usual_error, failure) \
    type name params                                                        \
    {                                                                       \
        static type (*real) params;                                         \
        if (real == NULL)                                                   \
            real = (type (*) params)find_real(#name);                       \
        verdict v = verdict_of_it;                                          \
        if (v == FAIL || v == HALF) {                                       \
            errno = error_or(usual_error);                                  \
            return failure;                                                 \
        }                                                                   \
        type result = real args;                                            \
        if (v == PASS_THEN_DIE)                                             \
            die();                                                          \
        return result;                                                      \
    }
#define BY_PATH(k, path) hit_path(k, path, CALLER)
#define BY_FD(k, fd)     hit_fd(k, fd, CALLER)

CALL(void *, mmap, (void *at, size_t n, int prot, int flags, int fd, off_t offset),
     (at, n, prot, flags, fd, offset), hit(MMAP, CALLER), ENOMEM, MAP_FAILED)

/* Opening: the mode is there only with a flag that may make a file. */
#define OPENER(name, params, args, at)                                             \
    int name params                                                                \
    {                                                                              \
        static int (*real)(at int, ...);                                           \
        if (real == NULL)                                                          \
            real = (int (*)(at int, ...))find_real(#name);                         \
        unsigned permissions = 0;                                                  \
        if ((flags & (O_CREAT | O_TMPFILE)) != 0) {                                \
            va_list rest;                                                          \
            va_start(rest, flags);                                                 \
            permissions = va_arg(rest, unsigned);                                  \
            va_end(rest);                                                          \
        }                                                                          \
        verdict v = BY_PATH(OPEN, path);                                           \
        if (v == FAIL || v == HALF) {                                              \
            errno = error_or((flags & O_CREAT) != 0 ? ENOSPC : EIO);               \
            return -1;                                                             \
        }                                                                          \
        int fd = real args;                                                        \
        if (v == PASS_THEN_DIE)                                                    \
            die();                                                                 \
        return fd;                                                                 \
    }
#define COMMA ,
OPENER(open, (const char *path, int flags, ...), (path, flags, permissions), const char * COMMA)
OPENER(open64, (const char *path, int flags, ...), (path, flags, permissions), const char * COMMA)
OPENER(openat, (int dir, const char *path, int flags, ...), (dir, path, flags, permissions),
       int COMMA const char * COMMA)
OPENER(openat64, (int dir, const char *path, int flags, ...), (dir, path, flags, permissions),
       int COMMA const char * COMMA)
CALL(FILE *, fopen, (const char *path, const char *how), (path, how), BY_PATH(OPEN, path), EIO,
     NULL)
CALL(FILE *, fopen64, (const char *path, const char *how), (path, how), BY_PATH(OPEN, path),
     EIO, NULL)
CALL(int, mkstemp, (char *path), (path), BY_PATH(OPEN, path), ENOSPC, -1)
CALL(DIR *, opendir, (const char *path), (path), BY_PATH(OPENDIR, path), EIO, NULL)
CALL(DIR *, fdopendir, (int fd), (fd), BY_FD(OPENDIR, fd), ENOMEM, NULL)

/* Data: may also be done by half. */
#define DATA(name, params, all, half, k, usual_error)                       \
    ssize_t name params                                                     \
    {                                                                       \
        static ssize_t (*real) params;                                      \
        if (real == NULL)                                                   \
            real = (ssize_t (*) params)find_real(#name);                    \
        verdict v = BY_FD(k, fd);                                           \
        if (v == FAIL) {                                                    \
            errno = error_or(usual_error);                                  \
            return -1;                                                      \
        }                                                                   \
        ssize_t n_done = v == HALF ? real half : real all;                  \
        if (v == PASS_THEN_DIE)                                             \
            die();                                                          \
        return n_done;                                                      \
    }
DATA(write, (int fd, const void *b, size_t n), (fd, b, n), (fd, b, n / 2), WRITE, ENOSPC)
DATA(pwrite, (int fd, const void *b, size_t n, off_t at), (fd, b, n, at), (fd, b, n / 2, at),
     WRITE, ENOSPC)
DATA(pwrite64, (int fd, const void *b, size_t n, off64_t at), (fd, b, n, at),
     (fd, b, n / 2, at), WRITE, ENOSPC)
DATA(writev, (int fd, const struct iovec *v_, int n), (fd, v_, n), (fd, v_, 1), WRITE, ENOSPC)
DATA(read, (int fd, void *b, size_t n), (fd, b, n), (fd, b, n / 2), READ, EIO)
DATA(pread, (int fd, void *b, size_t n, off_t at), (fd, b, n, at), (fd, b, n / 2, at), READ, EIO)
DATA(pread64, (int fd, void *b, size_t n, off64_t at), (fd, b, n, at), (fd, b, n / 2, at), READ,
     EIO)

CALL(int, fsync, (int fd), (fd), BY_FD(FSYNC, fd), EIO, -1)
CALL(int, fdatasync, (int fd), (fd), BY_FD(FSYNC, fd), EIO, -1)
CALL(int, ftruncate, (int fd, off_t n), (fd, n), BY_FD(FTRUNCATE, fd), ENOSPC, -1)
CALL(int, ftruncate64, (int fd, off64_t n), (fd, n), BY_FD(FTRUNCATE, fd), ENOSPC, -1)
CALL(int, flock, (int fd, int how), (fd, how), BY_FD(LOCK, fd), ENOLCK, -1)
CALL(int, fchmod, (int fd, mode_t m), (fd, m), BY_FD(CHMOD, fd), EPERM, -1)

/* The descriptor is gone even when close fails. */
int close(int fd)
{
    static int (*real)(int);
    if (real == NULL)
        real = (int (*)(int))find_real("close");
    verdict v = BY_FD(CLOSE, fd);
    int result = real(fd);
    if (v == PASS_THEN_DIE)
        die();
    if (v == PASS)
        return result;
    errno = error_or(EIO);
    return -1;
}

/* ---- names ---- */

CALL(int, rename, (const char *a, const char *b), (a, b), BY_PATH(RENAME, b), EIO, -1)
CALL(int, renameat, (int d, const char *a, int e, const char *b), (d, a, e, b),
     BY_PATH(RENAME, b), EIO, -1)
CALL(int, renameat2, (int d, const char *a, int e, const char *b, unsigned f), (d, a, e, b, f),
     BY_PATH(RENAME, b), EIO, -1)
CALL(int, symlink, (const char *a, const char *b), (a, b), BY_PATH(LINK, b), ENOSPC, -1)
CALL(int, symlinkat, (const char *a, int d, const char *b), (a, d, b), BY_PATH(LINK, b), ENOSPC,
     -1)
CALL(int, link, (const char *a, const char *b), (a, b), BY_PATH(LINK, b), ENOSPC, -1)
CALL(int, linkat, (int d, const char *a, int e, const char *b, int f), (d, a, e, b, f),
     BY_PATH(LINK, b), ENOSPC, -1)
CALL(int, mkdir, (const char *a, mode_t m), (a, m), BY_PATH(MKDIR, a), ENOSPC, -1)
CALL(int, mkdirat, (int d, const char *a, mode_t m), (d, a, m), BY_PATH(MKDIR, a), ENOSPC, -1)
CALL(int, unlink, (const char *a), (a), BY_PATH(UNLINK, a), EIO, -1)
CALL(int, unlinkat, (int d, const char *a, int f), (d, a, f), BY_PATH(UNLINK, a), EIO, -1)

typedef void *(*thread_body)(void *);
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, thread_body body,
                   void *arg)
{
    static int (*real)(pthread_t *, const pthread_attr_t *, thread_body, void *);
    if (real == NULL)
        real = (int (*)(pthread_t *, const pthread_attr_t *, thread_body, void *))
            find_real("pthread_create");
    verdict v = hit(THREAD, CALLER);
    if (v == FAIL || v == HALF)
        return EAGAIN;
    int result = real(thread, attributes, body, arg);
    if (v == PASS_THEN_DIE)
        die();
    return result;
}
