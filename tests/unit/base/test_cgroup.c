/* Limits of control groups, read from trees of files like those of real systems. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cgroup.h"

static char root[64];

static int make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/segmill-cgroup-XXXXXX");
    return mkdtemp(root) == NULL;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

static int remove_root(void **state)
{
    (void)state;
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A file below the root, with the directories above it. */
static void put(const char *path, const char *text)
{
    char full[512];
    snprintf(full, sizeof full, "%s%s", root, path);
    for (char *s = full + strlen(root) + 1; (s = strchr(s, '/')) != NULL; s++) {
        *s = 0;
        mkdir(full, 0700);
        *s = '/';
    }
    FILE *f = fopen(full, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void without_groups_there_is_no_limit(void **state)
{
    (void)state;
    assert_int_equal(seg_cgroup_cpus(root), 0);
    assert_true(seg_cgroup_memory_left(root) == UINT64_MAX);
    put("/proc/self/cgroup", "0::/\n");
    assert_int_equal(seg_cgroup_cpus(root), 0);
    put("/sys/fs/cgroup/cpu.max", "max 100000\n");
    put("/sys/fs/cgroup/memory.max", "max\n");
    put("/sys/fs/cgroup/memory.current", "1000\n");
    assert_int_equal(seg_cgroup_cpus(root), 0);
    assert_true(seg_cgroup_memory_left(root) == UINT64_MAX);
}

static void the_smallest_limit_on_the_path_of_v2_counts(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/jobs.slice/night.service\n");
    put("/sys/fs/cgroup/jobs.slice/cpu.max", "350000 100000\n");
    put("/sys/fs/cgroup/jobs.slice/night.service/cpu.max", "800000 100000\n");
    assert_int_equal(seg_cgroup_cpus(root), 3);
    put("/sys/fs/cgroup/jobs.slice/night.service/cpu.max", "50000 100000\n");
    assert_int_equal(seg_cgroup_cpus(root), 1);

    put("/sys/fs/cgroup/jobs.slice/memory.max", "8000000000\n");
    put("/sys/fs/cgroup/jobs.slice/memory.current", "5000000000\n");
    put("/sys/fs/cgroup/jobs.slice/night.service/memory.max", "4000000000\n");
    put("/sys/fs/cgroup/jobs.slice/night.service/memory.current", "500000000\n");
    assert_true(seg_cgroup_memory_left(root) == 3000000000u);
    put("/sys/fs/cgroup/jobs.slice/memory.stat",
        "anon 5\nactive_file 7\ninactive_file 1000000000\n");
    assert_true(seg_cgroup_memory_left(root) == 3500000000u);
    put("/sys/fs/cgroup/jobs.slice/night.service/memory.current", "4000000001\n");
    assert_true(seg_cgroup_memory_left(root) == 0);
}

static void v1_is_read_and_no_quota_is_none(void **state)
{
    (void)state;
    put("/proc/self/cgroup",
        "11:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/\n");
    put("/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_quota_us", "-1\n");
    put("/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_period_us", "100000\n");
    put("/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "9223372036854771712\n");
    put("/sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes", "1000\n");
    assert_int_equal(seg_cgroup_cpus(root), 0);
    assert_true(seg_cgroup_memory_left(root) == UINT64_MAX);
    put("/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_quota_us", "250000\n");
    put("/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "2000\n");
    put("/sys/fs/cgroup/memory/docker/abc/memory.stat", "cache 9\ntotal_inactive_file 400\n");
    assert_int_equal(seg_cgroup_cpus(root), 2);
    assert_true(seg_cgroup_memory_left(root) == 1400);
}

/* The path is that of the host; the mount shows the container's own group. */
static void in_a_container_the_mount_itself_counts(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "4:cpu,cpuacct:/docker/abc\n");
    put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "400000\n");
    put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    assert_int_equal(seg_cgroup_cpus(root), 4);
}

static void nonsense_is_no_limit(void **state)
{
    (void)state;
    static const char *const groups[] = { "", "\n\n", "0:", "0::", "x", "0::/../../etc\n" };
    static const char *const limits[] = { "", "\n", "max", "-5 100000", "100000", "100000 0",
                                          "x y" };
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        put("/proc/self/cgroup", groups[i]);
        assert_int_equal(seg_cgroup_cpus(root), 0);
    }
    put("/proc/self/cgroup", "0::/\n");
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        put("/sys/fs/cgroup/cpu.max", limits[i]);
        assert_int_equal(seg_cgroup_cpus(root), 0);
    }
}

static void very_long_paths_are_walked_or_left_alone(void **state)
{
    (void)state;
    static char line[9000];
    memset(line, 'a', sizeof line - 2);
    memcpy(line, "0::/", 4);
    line[sizeof line - 2] = '\n';
    put("/proc/self/cgroup", line);
    put("/sys/fs/cgroup/cpu.max", "100000 100000");
    assert_int_equal(seg_cgroup_cpus(root), 0);
}

static void numbers_are_found_by_their_key(void **state)
{
    (void)state;
    char path[128];
    uint64_t value;
    put("/meminfo", "MemTotal: 16 kB\nMemFree:  5 kB\nMemAvailable:    12 kB\nEmpty:\n");
    snprintf(path, sizeof path, "%s/meminfo", root);
    assert_true(seg_system_number(path, "MemAvailable:", &value) && value == 12);
    assert_true(seg_system_number(path, "MemTotal:", &value) && value == 16);
    assert_false(seg_system_number(path, "Available:", &value));
    assert_false(seg_system_number(path, NULL, &value));
    assert_false(seg_system_number(path, "Swap:", &value));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_root, remove_root)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(without_groups_there_is_no_limit),
        CASE(the_smallest_limit_on_the_path_of_v2_counts),
        CASE(v1_is_read_and_no_quota_is_none),
        CASE(in_a_container_the_mount_itself_counts),
        CASE(nonsense_is_no_limit),
        CASE(very_long_paths_are_walked_or_left_alone),
        CASE(numbers_are_found_by_their_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
