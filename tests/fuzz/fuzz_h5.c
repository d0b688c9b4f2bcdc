/* fuzz_h5.c: any bytes as an HDF5 file: opened as a table and read to its end, as a model,
 * and verified.
 *
 * libhdf5 itself dies and runs in circles on crafted metadata; the program keeps that in a
 * worker. So each input is read in a child, and when it dies the frames of its stack are
 * looked at from the innermost out: the first one outside the C library and the sanitizer
 * tells whose fault it is. libhdf5's are counted; ours, a hang of ours and a wrong status
 * end the fuzzer. The child hands its coverage over in shared memory. */
#include "tests/fuzz/fuzz.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "data/h5.h"
#include "segmill/model.h"
#include "segmill/stream.h"

enum { CHILD_SECONDS = 10, LIBRARY = 201, LIBRARY_HANGS = 202, OURS = 203, OUR_HANG = 204,
       WRONG = 205, LOST = 206 };

static struct { unsigned long inputs, read, refused, died, hung; } seen;

/* ---- coverage ------------------------------------------------------------------------- */

/* clang's counters, one byte per edge; absent when nothing is instrumented. */
extern unsigned char __start___sancov_cntrs[] __attribute__((weak));
extern unsigned char __stop___sancov_cntrs[] __attribute__((weak));

static unsigned char *shared;

static size_t n_counters(void)
{
    return __start___sancov_cntrs == NULL
           ? 0 : (size_t)(__stop___sancov_cntrs - __start___sancov_cntrs);
}

static void share_counters(void)
{
    size_t n = n_counters();
    if (shared != NULL || n == 0)
        return;
    shared = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        abort();
}

static void hand_counters_over(void)
{
    if (shared != NULL)
        memcpy(shared, __start___sancov_cntrs, n_counters());
}

static void take_counters(void)
{
    if (shared != NULL)
        memcpy(__start___sancov_cntrs, shared, n_counters());
}

/* ---- whose frame ------------------------------------------------------------------------ */

typedef enum owner { NOBODY, LIBHDF5, WE } owner;

static bool starts(const char *s, const char *start)
{
    return s != NULL && strncmp(s, start, strlen(start)) == 0;
}

/* Of the sanitizer's run time, which is linked into the program. */
static bool is_runtime(const char *symbol)
{
    static const char *const names[] = { "__interceptor", "__asan", "__sanitizer", "__ubsan",
                                         "__lsan", "_ZN6__asan", "_ZN11__sanitizer", "free",
                                         "malloc", "calloc", "realloc", "mem", "str" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (starts(symbol, names[i]))
            return true;
    return false;
}

static owner owner_of(void *address)
{
    Dl_info info;
    if (dladdr(address, &info) == 0 || info.dli_fname == NULL)
        return NOBODY;
    if (strstr(info.dli_fname, "libhdf5") != NULL)
        return LIBHDF5;
    if (strstr(info.dli_fname, ".so") != NULL || is_runtime(info.dli_sname))
        return NOBODY;   /* the C library, zlib below libhdf5, ... */
    return WE;
}

/* From our own handler outwards: the frames behind that of the signal. */
static owner owner_of_stack(void)
{
    void *frames[128];
    int n = backtrace(frames, 128), i = 0;
    for (; i < n; i++) {   /* the signal's frame lies in the C library */
        Dl_info info;
        if (dladdr(frames[i], &info) != 0 && strstr(info.dli_fname, "libc.so") != NULL)
            break;
    }
    for (; i < n; i++) {
        owner who = owner_of(frames[i]);
        if (who != NOBODY)
            return who;
    }
    return NOBODY;
}

static void died(int number)
{
    hand_counters_over();
    owner who = owner_of_stack();
    if (number == SIGALRM)
        _exit(who == LIBHDF5 ? LIBRARY_HANGS : OUR_HANG);
    if (who == LIBHDF5)
        _exit(LIBRARY);
    void *frames[64];
    backtrace_symbols_fd(frames, backtrace(frames, 64), STDERR_FILENO);
    _exit(OURS);
}

/* The sanitizer's report: "    #3 0x7f1b... (module+0x...)", innermost first. */
__attribute__((unused)) static void reported(const char *report)
{
    hand_counters_over();
    owner who = NOBODY;
    for (const char *at = report; who == NOBODY && (at = strstr(at, " 0x")) != NULL; at++) {
        const char *line = at;
        while (line > report && line[-1] != '\n')
            line--;
        if (strspn(line, " ") > 0 && line[strspn(line, " ")] == '#')
            who = owner_of((void *)(uintptr_t)strtoull(at, NULL, 16));
    }
    if (who == LIBHDF5)
        _exit(LIBRARY);
}

extern void __asan_set_error_report_callback(void (*callback)(const char *))
    __attribute__((weak));

static void watch_child(void)
{
    static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM };
    static char stack[1 << 18];
    sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof stack }, NULL);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &(struct sigaction){ .sa_handler = died, .sa_flags = SA_ONSTACK },
                  NULL);
    if (__asan_set_error_report_callback != NULL)
        __asan_set_error_report_callback(reported);
    alarm(CHILD_SECONDS);
}

/* ---- one file ------------------------------------------------------------------------------- */

static bool fine(seg_status st, const seg_error *err, const char *what)
{
    bool refused = (st == SEG_E_DATA || st == SEG_E_VERIFY || st == SEG_E_AGAIN)
                   && err->text[0] != 0;
    if (st == SEG_OK || refused)
        return true;
    dprintf(STDERR_FILENO, "fuzz_h5: %s: %s: %s\n", what, seg_status_name(st), err->text);
    return false;
}

static seg_status read_table(const char *path, seg_error *err)
{
    seg_context ctx = seg_context_defaults();
    seg_source *source = NULL;
    ctx.n_threads = 1;
    ctx.memory_bytes = 256 << 20;
    seg_status st = seg_source_open(&ctx, path, &source, err);
    for (seg_block block = { .n_rows = 1 }; st == SEG_OK && block.n_rows > 0;)
        st = source->next(source, &block, err);
    seg_source_close(source);
    return st;
}

/* The exit code of the child. */
static int read_file(const char *path)
{
    seg_error err = { .text = "" };
    seg_model *model = NULL;
    seg_alloc_set_limit(256 << 20);
    seg_status table = read_table(path, &err);
    bool good = fine(table, &err, "table");
    err.text[0] = 0;
    seg_status st = seg_model_load(path, &model, &err);
    good = fine(st, &err, "model") && good;
    seg_model_free(model);
    if (seg_alloc_live != 0) {
        dprintf(STDERR_FILENO, "fuzz_h5: memory is not given back\n");
        good = false;
    }
    return !good ? WRONG : table == SEG_OK || st == SEG_OK ? 0 : 1;
}

/* libhdf5 asks for the real path: the file needs a name. */
static char file_path[64];

static void remove_file(void)
{
    unlink(file_path);
}

static const char *file_of(const uint8_t *data, size_t n)
{
    static int fd = -1;
    if (fd < 0) {
        snprintf(file_path, sizeof file_path, "%s/segmill-fuzz-XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        fd = mkostemp(file_path, O_CLOEXEC);
        atexit(remove_file);
    }
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, n, 0) != (ssize_t)n)
        abort();
    return file_path;
}

static int wait_for(pid_t child)
{
    int how;
    while (waitpid(child, &how, 0) != child)
        if (errno != EINTR)
            abort();
    return WIFEXITED(how) ? WEXITSTATUS(how) : LOST;
}

/* FUZZ_KEEP names a folder for what libhdf5 died on: to be read by the program, too. */
static void keep(const char *how, const uint8_t *data, size_t n)
{
    char path[512];
    const char *folder = getenv("FUZZ_KEEP");
    if (folder == NULL || seen.died + seen.hung > 200)
        return;
    snprintf(path, sizeof path, "%s/%s-%d-%lu.h5", folder, how, (int)getpid(),
             seen.died + seen.hung);
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return;
    fwrite(data, 1, n, file);
    fclose(file);
}

static void count(int code, const uint8_t *data, size_t n)
{
    seen.inputs++;
    switch (code) {
    case 0:
        seen.read++;
        return;
    case 1:
        seen.refused++;
        return;
    case LIBRARY:
        keep("died", data, n);
        seen.died++;
        return;
    case LIBRARY_HANGS:
        keep("hung", data, n);
        seen.hung++;
        return;
    default:
        fprintf(stderr, "fuzz_h5: %s\n", code == OURS ? "our code died" : code == OUR_HANG
                ? "our code hangs" : code == WRONG ? "a wrong end" : "the sanitizer complains");
        abort();
    }
}

/* libhdf5 sets itself up once, before the forks. */
static void start_library(void)
{
    static bool done;
    seg_h5 *none = NULL;
    if (!done && seg_h5_open("/nonexistent/none.h5", &none, NULL) == SEG_OK)
        abort();
    done = true;
}

int fuzz_h5(const uint8_t *data, size_t n)
{
    static const uint8_t signature[8] = { 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n' };
    if (n < sizeof signature || memcmp(data, signature, sizeof signature) != 0)
        return -1;   /* not to be kept: any text would do */
    share_counters();
    start_library();
    const char *path = file_of(data, n);
    fflush(NULL);
    pid_t child = fork();
    if (child < 0)
        abort();
    if (child == 0) {
        watch_child();
        int code = read_file(path);
        hand_counters_over();
        _exit(code);
    }
    int code = wait_for(child);
    take_counters();
    count(code, data, n);
    return 0;
}

void fuzz_h5_summary(void)
{
    if (seen.inputs > 0)
        fprintf(stderr, "fuzz_h5: %lu files: %lu read, %lu refused; libhdf5 died on %lu and did "
                "not come back from %lu\n", seen.inputs, seen.read, seen.refused, seen.died,
                seen.hung);
}
