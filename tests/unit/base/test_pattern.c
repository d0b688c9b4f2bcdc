/* Patterns: the files that match, by their bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/pattern.h"
#include "tests/support/files.h"

static void touch(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static void files_stand_in_the_order_of_their_bytes(void **state)
{
    (void)state;
    static const char *const names[] = { "B", "a", "b1", "b10", "b2", "\xc3\xa4" };
    seg_paths paths = { 0 };
    touch(".hidden");
    for (size_t i = 0; i < 6; i++)
        touch(names[5 - i]);
    assert_int_equal(seg_paths_add(&paths, "*", NULL), SEG_OK);
    assert_int_equal(paths.n, 6);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(paths.list[i], names[i]);
    assert_int_equal(seg_paths_add(&paths, "b?", NULL), SEG_OK);
    assert_int_equal(seg_paths_add(&paths, "no such file", NULL), SEG_OK);
    assert_int_equal(seg_paths_add(&paths, "-", NULL), SEG_OK);
    assert_int_equal(paths.n, 10);
    assert_string_equal(paths.list[6], "b1");
    assert_string_equal(paths.list[8], "no such file");
    seg_paths_free(&paths);
    for (size_t i = 0; i < 6; i++)
        unlink(names[i]);
    unlink(".hidden");
}

static void a_file_of_that_name_is_no_pattern(void **state)
{
    (void)state;
    touch("a[1]*?");
    assert_false(seg_is_pattern("a[1]*?"));
    assert_true(seg_is_pattern("a[1]*"));
    assert_false(seg_is_pattern("plain"));
    unlink("a[1]*?");
}

static void a_pattern_without_files_says_so(void **state)
{
    (void)state;
    seg_paths paths = { 0 };
    seg_error err;
    assert_int_equal(seg_paths_add(&paths, "none-*.csv", &err), SEG_E_IO);
    assert_string_equal(err.text, "none-*.csv: no file matches");
    assert_int_equal(paths.n, 0);
    seg_paths_free(&paths);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    touch("x1");
    touch("x2");
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st != SEG_OK; n++) {
        seg_paths paths = { 0 };
        seg_alloc_fail_after = n;
        st = seg_paths_add(&paths, "x*", NULL);
        seg_alloc_fail_after = -1;
        assert_true(st == SEG_OK || st == SEG_E_AGAIN);
        seg_paths_free(&paths);
        assert_int_equal(seg_alloc_live, 0);
    }
    unlink("x1");
    unlink("x2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_stand_in_the_order_of_their_bytes),
        cmocka_unit_test(a_file_of_that_name_is_no_pattern),
        cmocka_unit_test(a_pattern_without_files_says_so),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, enter_memory, leave_directory);
}
