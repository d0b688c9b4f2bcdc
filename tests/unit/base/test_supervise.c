#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/supervise.h"

static seg_error err;
static const seg_supervise_options no_limits;

static seg_status supervise(seg_status (*work)(void *arg, seg_error *err), void *arg)
{
    memset(&err, 0, sizeof err);
    return seg_supervise(work, arg, &no_limits, &err);
}

static seg_status succeed(void *arg, seg_error *e)
{
    (void)arg;
    (void)e;
    return SEG_OK;
}

static seg_status find_bad_data(void *arg, seg_error *e)
{
    return seg_fail(e, SEG_E_DATA, "%s: line 3: 'x' is not a number", (const char *)arg);
}

static void passes_status_and_message_on(void **state)
{
    (void)state;
    assert_int_equal(supervise(succeed, NULL), SEG_OK);
    assert_int_equal(supervise(find_bad_data, "a.csv"), SEG_E_DATA);
    assert_string_equal(err.text, "a.csv: line 3: 'x' is not a number");
}

static seg_status fill_the_message(void *arg, seg_error *e)
{
    (void)arg;
    memset(e->text, 'y', sizeof e->text);
    return SEG_E_GATE;
}

static void ends_a_message_that_does_not_end(void **state)
{
    (void)state;
    assert_int_equal(supervise(fill_the_message, NULL), SEG_E_GATE);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

static seg_status say_nothing(void *arg, seg_error *e)
{
    (void)arg;
    (void)e;
    return SEG_E_VERIFY;
}

static void a_failure_always_has_a_message(void **state)
{
    (void)state;
    assert_int_equal(supervise(say_nothing, NULL), SEG_E_VERIFY);
    assert_true(err.text[0] != 0);
}

static seg_status exit_like_libgomp(void *arg, seg_error *e)
{
    (void)arg;
    (void)e;
    _exit(1);
}

static seg_status exit_with_success(void *arg, seg_error *e)
{
    (void)arg;
    (void)e;
    _exit(0);
}

static seg_status die_by(void *arg, seg_error *e)
{
    (void)e;
    signal(*(int *)arg, SIG_DFL);
    raise(*(int *)arg);
    return SEG_OK;
}

static void a_dead_library_is_one_line(void **state)
{
    (void)state;
    assert_int_equal(supervise(exit_like_libgomp, NULL), SEG_E_IO);
    assert_string_equal(err.text, "a library ended the run (exit code 1)");
    assert_int_equal(supervise(exit_with_success, NULL), SEG_E_IO);
    assert_string_equal(err.text, "a library ended the run (exit code 0)");
    int number = SIGSEGV;
    assert_int_equal(supervise(die_by, &number), SEG_E_IO);
    assert_non_null(strstr(err.text, "signal 11"));
    number = SIGABRT;
    assert_int_equal(supervise(die_by, &number), SEG_E_IO);
    number = SIGKILL;
    assert_int_equal(supervise(die_by, &number), SEG_E_AGAIN);
    assert_non_null(strstr(err.text, "out of memory"));
    assert_non_null(strstr(err.text, "--memory"));
}

/* ---- what libraries say ------------------------------------------------------------ */

static seg_status double_free(void *arg, seg_error *e)
{
    char *p = malloc(100);
    uintptr_t inside = (uintptr_t)p + 1;
    (void)arg;
    (void)e;
    signal(SIGABRT, SIG_DFL);
    fputs("a warning of some library\n", stderr);
    free((void *)inside);
    return SEG_OK;
}

static seg_status log_a_note(void *arg, seg_error *e)
{
    seg_log log;
    (void)arg;
    (void)e;
    fputs("a warning of some library\n", stderr);
    seg_log_begin(&log, SEG_LOG_TEXT, false, "test");
    seg_log_note(&log, SEG_LEVEL_INFO, "ours");
    seg_log_end(&log);
    return SEG_OK;
}

static seg_status supervise_hushed(seg_status (*work)(void *arg, seg_error *err), char said[200])
{
    FILE *file = tmpfile();
    int kept = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    seg_status st = seg_supervise(work, NULL, &(seg_supervise_options){ .hush = true }, &err);
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(file);
    said[fread(said, 1, 199, file)] = 0;
    fclose(file);
    return st;
}

static void what_libraries_say_is_kept_for_their_death(void **state)
{
    (void)state;
    char said[200];
#ifdef __SANITIZE_ADDRESS__   /* it speaks for itself */
    skip();
#endif
    assert_int_equal(supervise_hushed(double_free, said), SEG_E_IO);
    assert_string_equal(said, "");
    assert_non_null(strstr(err.text, "signal 6"));
    assert_non_null(strstr(err.text, "from damaged input or a bug: "));
    assert_non_null(strstr(err.text, "free()"));
    assert_int_equal(supervise_hushed(log_a_note, said), SEG_OK);
    assert_non_null(strstr(said, "ours"));
    assert_null(strstr(said, "warning"));
}

static seg_status go_round_in_circles(void *arg, seg_error *e)
{
    (void)arg;
    (void)e;
    seg_guard_begin("a.h5");
    seg_guard_begin("b.h5");
    seg_guard_end();
    for (volatile int i = 0; i < 2; i = 1 - i)
        ;
    return SEG_OK;
}

static seg_status take_long_in_parts(void *arg, seg_error *e)
{
    (void)arg;
    (void)e;
    seg_guard_begin("a.h5");
    for (int i = 0; i < 3; i++) {
        for (double t = seg_clock_seconds(); seg_clock_seconds() < t + 0.6;)
            ;
        seg_guard_again();
    }
    seg_guard_end();
    for (double t = seg_clock_seconds(); seg_clock_seconds() < t + 1.2;)
        ;
    return SEG_OK;
}

static void a_library_that_does_not_come_back_is_one_line(void **state)
{
    (void)state;
    seg_guard_seconds = 1;
    assert_int_equal(supervise(go_round_in_circles, NULL), SEG_E_IO);
    assert_string_equal(err.text, "a.h5: libhdf5 did not come back within 1 seconds: a damaged"
                                  " file");
    assert_int_equal(supervise(take_long_in_parts, NULL), SEG_OK);
    seg_guard_seconds = 15;
}

static seg_status leave_files(void *arg, seg_error *e)
{
    seg_file *file = NULL;
    (void)arg;
    if (seg_file_create("half", &file, e) != SEG_OK ||
        seg_file_put("whole", "x", 1, e) != SEG_OK)
        _exit(9);
    raise(SIGKILL);
    return SEG_OK;
}

static void removes_what_a_dead_worker_left(void **state)
{
    (void)state;
    char folder[] = "/tmp/segmill-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(supervise(leave_files, NULL), SEG_E_AGAIN);
    assert_int_equal(unlink("whole"), 0);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(folder), 0);   /* nothing else was in it */
}

static seg_status burn(void *arg, seg_error *e)
{
    (void)e;
    for (volatile uint64_t *n = arg; *n != UINT64_MAX; (*n)++)
        ;
    return SEG_OK;
}

static void processor_time_is_a_cap(void **state)
{
    (void)state;
    uint64_t n = 0;
    seg_supervise_options options = {.cpu_seconds = 1};
    assert_int_equal(seg_supervise(burn, &n, &options, &err), SEG_E_GATE);
    assert_string_equal(err.text, "the limit of 1 seconds of processor time was reached");
}

static void a_deadline_is_a_cap(void **state)
{
    (void)state;
    uint64_t n = 0;
    double started = seg_clock_seconds();
    seg_supervise_options options = {.deadline_seconds = 0.2};
    assert_int_equal(seg_supervise(burn, &n, &options, &err), SEG_E_GATE);
    assert_string_equal(err.text, "the time limit of 0.2 seconds was reached");
    assert_true(seg_clock_seconds() - started < 4);
}

static seg_status ask_for_memory(void *arg, seg_error *e)
{
    char *block = NULL;
    seg_status st = SEG_ALLOC(&block, *(size_t *)arg, "a large table", e);
    seg_free(block);
    return st;
}

#ifdef __SANITIZE_ADDRESS__
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

static void memory_is_limited(void **state)
{
    (void)state;
    if (sanitized)
        skip();   /* the sanitizer itself takes terabytes of address space */
    size_t bytes = (size_t)2 << 30;
    seg_supervise_options options = {.memory_bytes = (uint64_t)1 << 30};
    assert_int_equal(seg_supervise(ask_for_memory, &bytes, &options, &err), SEG_E_AGAIN);
    assert_non_null(strstr(err.text, "a large table"));
}

static seg_status look_around(void *arg, seg_error *e)
{
    struct rlimit core;
    sigset_t blocked;
    (void)arg;
    mode_t mask = umask(0);
    getrlimit(RLIMIT_CORE, &core);
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    if (mask != 077 || core.rlim_max > 1 || sigismember(&blocked, SIGTERM))
        return seg_fail(e, SEG_E_DATA, "umask %o, cores of %llu bytes", mask,
                        (unsigned long long)core.rlim_max);
    return SEG_OK;
}

static void the_worker_is_private_and_leaves_no_core(void **state)
{
    (void)state;
    assert_int_equal(supervise(look_around, NULL), SEG_OK);
}

static seg_status stop_politely(void *arg, seg_error *e)
{
    (void)arg;
    kill(getppid(), SIGTERM);
    for (int i = 0; i < 500 && seg_stop_signal() == 0; i++)
        usleep(10000);
    return seg_stop_signal() != 0 ? seg_fail(e, SEG_E_TERMINATED, "stopped between blocks")
                                  : SEG_OK;
}

static seg_status interrupt_and_hang(void *arg, seg_error *e)
{
    (void)arg;
    (void)e;
    signal(SIGINT, SIG_DFL);
    kill(getppid(), SIGINT);
    sleep(30);
    return SEG_OK;
}

static seg_status finish_in_spite_of_a_signal(void *arg, seg_error *e)
{
    (void)arg;
    (void)e;
    kill(getppid(), SIGTERM);
    usleep(100000);
    return SEG_OK;
}

static void signals_reach_the_worker(void **state)
{
    (void)state;
    seg_stop_on_signals();
    assert_int_equal(supervise(stop_politely, NULL), SEG_E_TERMINATED);
    assert_string_equal(err.text, "stopped by SIGTERM");
    assert_int_equal(supervise(interrupt_and_hang, NULL), SEG_E_INTERRUPTED);
    assert_string_equal(err.text, "stopped by SIGINT");
    assert_int_equal(supervise(finish_in_spite_of_a_signal, NULL), SEG_OK);
    assert_int_equal(seg_stop_signal(), 0);   /* it was the worker's */
}

static void a_signal_before_the_start_is_not_lost(void **state)
{
    (void)state;
    seg_stop_on_signals();
    raise(SIGTERM);
    assert_int_equal(supervise(succeed, NULL), SEG_E_TERMINATED);
    seg_stop_clear();
    assert_int_equal(supervise(succeed, NULL), SEG_OK);
}

static seg_status wait_long(void *arg, seg_error *e)
{
    (void)e;
    if (write(*(int *)arg, &(pid_t){getpid()}, sizeof(pid_t)) != sizeof(pid_t))
        _exit(9);
    sleep(30);
    return SEG_OK;
}

static void the_worker_dies_with_its_parent(void **state)
{
    (void)state;
    int ends[2], how;
    pid_t worker = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t parent = fork();
    if (parent == 0) {
        close(ends[0]);
        _exit(supervise(wait_long, &ends[1]) == SEG_OK ? 0 : 1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &worker, sizeof worker), sizeof worker);
    kill(parent, SIGKILL);
    assert_int_equal(waitpid(parent, &how, 0), parent);
    /* The pipe ends when its last writer, the worker, is gone. */
    alarm(10);
    assert_int_equal(read(ends[0], &how, 1), 0);
    alarm(0);
    close(ends[0]);
}

static void works_where_children_are_ignored(void **state)
{
    (void)state;
    signal(SIGCHLD, SIG_IGN);
    assert_int_equal(supervise(find_bad_data, "b.csv"), SEG_E_DATA);
    signal(SIGCHLD, SIG_DFL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_status_and_message_on),
        cmocka_unit_test(ends_a_message_that_does_not_end),
        cmocka_unit_test(a_failure_always_has_a_message),
        cmocka_unit_test(a_dead_library_is_one_line),
        cmocka_unit_test(what_libraries_say_is_kept_for_their_death),
        cmocka_unit_test(a_library_that_does_not_come_back_is_one_line),
        cmocka_unit_test(removes_what_a_dead_worker_left),
        cmocka_unit_test(processor_time_is_a_cap),
        cmocka_unit_test(a_deadline_is_a_cap),
        cmocka_unit_test(memory_is_limited),
        cmocka_unit_test(the_worker_is_private_and_leaves_no_core),
        cmocka_unit_test(signals_reach_the_worker),
        cmocka_unit_test(a_signal_before_the_start_is_not_lost),
        cmocka_unit_test(the_worker_dies_with_its_parent),
        cmocka_unit_test(works_where_children_are_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
