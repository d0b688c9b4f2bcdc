/* A matrix as memory: mapped whole, given back behind, mapped in windows, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fcntl.h>
#include "base/alloc.h"
#include "data/h5_internal.h"
#include "data/schema.h"
#include "tests/support/tables.h"

enum { NUMBERS = 24 << 20, FIRST = 4096 + 40, PART = 300001 };
static char path[] = "/tmp/test-h5-window-XXXXXX";
static seg_error err;
static int fd;

static int make_file(void **state)
{
    (void)state;
    fd = mkstemp(path);
    FILE *f = fdopen(dup(fd), "wb");
    char lead[FIRST] = { 0 };
    fwrite(lead, 1, FIRST, f);
    for (uint32_t i = 0; i < NUMBERS; i++)
        fwrite(&i, sizeof i, 1, f);
    return fclose(f);
}

static int remove_file(void **state)
{
    (void)state;
    close(fd);
    return unlink(path);
}

/* Resident pages of the process, in bytes. */
static uint64_t resident(void)
{
    unsigned long all = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (fscanf(f, "%lu %lu", &all, &pages) != 2)
        pages = 0;
    fclose(f);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Every number in its place, in parts that end anywhere. True if all could be mapped. */
static bool read_all(h5_window *w, uint64_t *most_resident)
{
    uint64_t n_bytes = (uint64_t)NUMBERS * 4, start = resident();
    bool mapped = true;
    *most_resident = 0;
    for (uint64_t at = 0; at < n_bytes; at += PART * 4) {
        uint64_t n = n_bytes - at < PART * 4 ? n_bytes - at : PART * 4;
        const void *bytes;
        seg_status st = h5_window_get(w, at, n, path, &bytes, &err);
        assert_int_equal(st, SEG_OK);
        if (bytes == NULL) {
            mapped = false;
            continue;
        }
        const uint32_t *numbers = bytes;
        for (uint64_t i = 0; i < n / 4; i++)
            if (numbers[i] != at / 4 + i)
                fail_msg("number %llu is %u", (unsigned long long)(at / 4 + i), numbers[i]);
        uint64_t now = resident();
        if (now > start && now - start > *most_resident)
            *most_resident = now - start;
    }
    return mapped;
}

static void a_small_range_stays_mapped(void **state)
{
    (void)state;
    h5_window w;
    uint64_t most;
    h5_window_open(&w, fd, FIRST, (uint64_t)NUMBERS * 4);
    assert_true(w.keep);
    assert_true(read_all(&w, &most));
    h5_window_pause(&w);
    assert_non_null(w.map);
    assert_true(read_all(&w, &most));
    h5_window_close(&w);
    assert_null(w.map);
}

static void used_pages_are_given_back(void **state)
{
    (void)state;
    h5_window w;
    uint64_t most;
    seg_alloc_set_limit(128 << 20);   /* 100 MB are more than a quarter of it */
    h5_window_open(&w, fd, FIRST, (uint64_t)NUMBERS * 4);
    seg_alloc_set_limit(0);
    assert_true(!w.keep && w.whole);
    for (int pass = 0; pass < 2; pass++) {
        assert_true(read_all(&w, &most));
        /* a window, a part, and what the system maps around it */
        if (most > (8 << 20) + PART * 4 + (4 << 20))
            fail_msg("%llu bytes are resident", (unsigned long long)most);
    }
    h5_window_close(&w);
}

/* In a child, whose addresses are limited: windows; and where not even they fit: none. */
static void limited_addresses_are_respected(void **state)
{
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip();   /* they need all the addresses there are */
#endif
    pid_t child = fork();
    if (child == 0) {
        unsigned long all = 0;
        FILE *f = fopen("/proc/self/statm", "r");
        if (fscanf(f, "%lu", &all) != 1)
            _exit(1);
        fclose(f);
        struct rlimit limit = { .rlim_cur = all * 4096 + (40 << 20), .rlim_max = RLIM_INFINITY };
        h5_window w;
        uint64_t most;
        seg_alloc_set_limit(160 << 20);
        if (setrlimit(RLIMIT_AS, &limit) != 0)
            _exit(2);
        h5_window_open(&w, fd, FIRST, (uint64_t)NUMBERS * 4);
        if (w.whole || !read_all(&w, &most))
            _exit(3);
        h5_window_close(&w);
        limit.rlim_cur = all * 4096;
        if (setrlimit(RLIMIT_AS, &limit) != 0)
            _exit(4);
        h5_window_open(&w, fd, FIRST, (uint64_t)NUMBERS * 4);
        _exit(read_all(&w, &most) ? 5 : w.refused ? 0 : 6);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_file_that_became_shorter_is_an_error(void **state)
{
    (void)state;
    char name[] = "/tmp/test-h5-window-short-XXXXXX";
    int short_fd = mkstemp(name);
    h5_window w;
    const void *bytes;
    assert_int_equal(ftruncate(short_fd, 1 << 20), 0);
    h5_window_open(&w, short_fd, 0, 1 << 20);
    assert_int_equal(h5_window_get(&w, 0, 4096, name, &bytes, &err), SEG_OK);
    assert_non_null(bytes);
    assert_int_equal(ftruncate(short_fd, 1 << 19), 0);
    assert_int_equal(h5_window_get(&w, 4096, 4096, name, &bytes, &err), SEG_OK);
    assert_int_equal(h5_window_get(&w, 1 << 19, 4096, name, &bytes, &err), SEG_E_DATA);
    assert_non_null(strstr(err.text, "became shorter"));
    assert_null(bytes);
    h5_window_close(&w);
    close(short_fd);
    unlink(name);
}

/* A table of ours under a budget of which X is more than a quarter: the same rows. */
static void rows_do_not_depend_on_the_window(void **state)
{
    (void)state;
    static const uint64_t limits[] = { 0, 24 << 20 };
    char name[] = "/tmp/test-h5-window-table-XXXXXX";
    enum { N = 600000 };
    double sums[2] = { 0, 0 };
    close(mkstemp(name));
    seg_status st = table_write(SEG_KIND_FEATURES, false, N, 8192, name, &err);
    if (st != SEG_OK)
        fail_msg("%s", err.text);
    for (int k = 0; k < 2; k++) {
        seg_context ctx = seg_context_defaults();
        seg_source *source;
        seg_block block;
        seg_alloc_set_limit(limits[k]);
        st = seg_h5_source(&ctx, name, &source, &err);
        if (st != SEG_OK)
            fail_msg("%s", err.text);
        for (int pass = 0; pass < 2; pass++) {
            uint64_t row = 0;
            assert_int_equal(source->rewind(source, &err), SEG_OK);
            do {
                assert_int_equal(source->next(source, &block, &err), SEG_OK);
                for (size_t i = 0; i < block.n_rows * block.x.n_cols; i++)
                    if (block.x.x[i] == block.x.x[i])
                        sums[k] += (double)block.x.x[i] * (double)((row + i) % 97);
                row += block.n_rows * block.x.n_cols;
            } while (block.n_rows > 0);
        }
        seg_source_close(source);
        seg_alloc_set_limit(0);
    }
    unlink(name);
    assert_true(sums[0] == sums[1] && sums[0] != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_range_stays_mapped),
        cmocka_unit_test(used_pages_are_given_back),
        cmocka_unit_test(limited_addresses_are_respected),
        cmocka_unit_test(a_file_that_became_shorter_is_an_error),
        cmocka_unit_test(rows_do_not_depend_on_the_window),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
