/* Threads and memory that may be used. Limits are set in a child: they do not go back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/threads.h"

/* What `answer` gives in a process that `limit` was called in, at most 255. */
static int in_a_child(void (*limit)(void), int (*answer)(void))
{
    int how = 0;
    pid_t child = fork();
    if (child == 0) {
        limit();
        _exit(answer());
    }
    assert_true(child > 0 && waitpid(child, &how, 0) == child && WIFEXITED(how));
    return WEXITSTATUS(how);
}

static int default_threads(void)
{
    return seg_thread_count(0);
}

static int forty_threads(void)
{
    return seg_thread_count(40);
}

static void nothing(void)
{
}

static void one_processor(void)
{
    cpu_set_t set, one;
    sched_getaffinity(0, sizeof set, &set);
    CPU_ZERO(&one);
    for (size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &set))
            CPU_SET(i, &one);
    sched_setaffinity(0, sizeof one, &one);
}

/* Room for some stacks of 8 MiB, not for 40. */
static void little_address_space(void)
{
    struct rlimit stack = { 8 << 20, 8 << 20 }, space = { 200 << 20, 200 << 20 };
    setrlimit(RLIMIT_STACK, &stack);
    setrlimit(RLIMIT_AS, &space);
}

static int space_is_counted(void)
{
    uint64_t left = seg_memory_available();
    return left > 0 && left < 200u << 20;
}

static void at_least_one_and_what_was_asked_for(void **state)
{
    (void)state;
    assert_int_equal(seg_thread_count(1), 1);
    assert_in_range(seg_thread_count(0), 1, sysconf(_SC_NPROCESSORS_ONLN));
    assert_int_equal(seg_thread_count(3), 3);
    assert_int_equal(in_a_child(nothing, forty_threads), 40);
}

static void the_affinity_mask_counts(void **state)
{
    (void)state;
    assert_int_equal(in_a_child(one_processor, default_threads), 1);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { HAS_ROOM_OF_ITS_OWN = 1 };   /* sanitizers need terabytes of address space */
#else
enum { HAS_ROOM_OF_ITS_OWN = 0 };
#endif

static void never_more_than_could_be_started(void **state)
{
    (void)state;
    if (HAS_ROOM_OF_ITS_OWN)
        skip();
    assert_in_range(in_a_child(little_address_space, forty_threads), 1, 30);
}

static void the_limit_of_the_address_space_counts(void **state)
{
    (void)state;
    if (HAS_ROOM_OF_ITS_OWN)
        skip();
    assert_int_equal(in_a_child(little_address_space, space_is_counted), 1);
    assert_true(seg_memory_available() > 1 << 20);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_affinity_mask_counts),
        cmocka_unit_test(never_more_than_could_be_started),
        cmocka_unit_test(the_limit_of_the_address_space_counts),
        cmocka_unit_test(at_least_one_and_what_was_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
