/* The door to the heap: zeroed, aligned, counted, and able to say no. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <omp.h>
#include "base/alloc.h"

static bool all_zero(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != 0)
            return false;
    return true;
}

static void blocks_are_zeroed_and_aligned(void **state)
{
    (void)state;
    seg_error err;
    for (size_t n = 0; n < 5000; n = n * 3 + 1) {
        unsigned char *p;
        assert_int_equal(SEG_ALLOC(&p, n, "bytes", &err), SEG_OK);
        assert_int_equal((uintptr_t)p % 64, 0);
        assert_true(all_zero(p, n));
        memset(p, 0xff, n);
        seg_free(p);
    }
    seg_free(NULL);
    assert_int_equal(seg_alloc_live, 0);
    assert_true(seg_alloc_in_use() == 0);
}

static void a_changed_size_keeps_the_content_and_zeroes_what_is_new(void **state)
{
    (void)state;
    seg_error err;
    uint32_t *p = NULL;
    assert_int_equal(SEG_REALLOC(&p, 100, "numbers", &err), SEG_OK);
    for (uint32_t i = 0; i < 100; i++)
        p[i] = i;
    assert_int_equal(SEG_REALLOC(&p, 10000, "numbers", &err), SEG_OK);
    for (uint32_t i = 0; i < 10000; i++)
        assert_int_equal(p[i], i < 100 ? i : 0);
    assert_int_equal(SEG_REALLOC(&p, 7, "numbers", &err), SEG_OK);
    for (uint32_t i = 0; i < 7; i++)
        assert_int_equal(p[i], i);
    seg_free(p);
}

static void a_growing_array_grows_by_shares(void **state)
{
    (void)state;
    seg_error err;
    size_t *p = NULL, cap = 0, changes = 0;
    for (size_t n = 0; n < 100000; n++) {
        size_t before = cap;
        assert_int_equal(SEG_GROW(&p, &cap, n + 1, "numbers", &err), SEG_OK);
        changes += cap != before;
        p[n] = n;
    }
    for (size_t n = 0; n < 100000; n++)
        assert_true(p[n] == n);
    assert_true(changes < 40 && cap < 200000);
    seg_free(p);
    assert_int_equal(seg_alloc_live, 0);
}

static void the_call_that_was_told_to_fails_and_says_what_for(void **state)
{
    (void)state;
    seg_error err;
    double *a = NULL, *b = NULL;
    seg_alloc_fail_after = 1;
    assert_int_equal(SEG_ALLOC(&a, 1000, "the distance table", &err), SEG_OK);
    assert_int_equal(SEG_ALLOC(&b, 125000, "the distance table", &err), SEG_E_AGAIN);
    assert_null(b);
    assert_string_equal(err.text, "cannot allocate 1.0 MB for the distance table");
    assert_int_equal(SEG_REALLOC(&a, 2000, "the table", &err), SEG_E_AGAIN);
    assert_non_null(a);                          /* the old block stays */
    seg_alloc_fail_after = -1;
    seg_free(a);
    assert_int_equal(seg_alloc_live, 0);
}

static void sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    seg_error err;
    double *p;
    assert_int_equal(SEG_ALLOC(&p, SIZE_MAX / 4, "rows", &err), SEG_E_AGAIN);
    assert_null(p);
    assert_non_null(strstr(err.text, "the size of rows overflows"));
    char *q;
    assert_int_equal(SEG_ALLOC(&q, SIZE_MAX - 10, "bytes", &err), SEG_E_AGAIN);
    assert_null(q);
    assert_null(seg_alloc_plain(SIZE_MAX));
    assert_true(seg_alloc_in_use() == 0);
}

static void the_budget_is_kept(void **state)
{
    (void)state;
    seg_error err;
    char *a, *b;
    seg_alloc_set_limit(1000000);
    assert_int_equal(SEG_ALLOC(&a, 600000, "block one", &err), SEG_OK);
    assert_int_equal(SEG_ALLOC(&b, 600000, "block two", &err), SEG_E_AGAIN);
    assert_null(b);
    assert_string_equal(err.text, "cannot allocate 0.6 MB for block two: 0.6 MB of the memory"
                                  " budget of 1.0 MB are in use; give more with --memory");
    assert_true(seg_alloc_in_use() >= 600000 && seg_alloc_in_use() < 700000);
    seg_free(a);
    assert_int_equal(SEG_ALLOC(&b, 600000, "block two", &err), SEG_OK);
    seg_free(b);
    seg_alloc_set_limit(0);
    assert_true(seg_alloc_peak() >= 600000);
    assert_true(seg_alloc_limit() == 0 && seg_alloc_in_use() == 0);
}

static void threads_share_the_count(void **state)
{
    (void)state;
    int bad = 0;
#pragma omp parallel for num_threads(4) reduction(+ : bad)
    for (int i = 0; i < 20000; i++) {
        char *p;
        bad += SEG_ALLOC(&p, (size_t)(i % 300), "bytes", NULL) != SEG_OK;
        seg_free(p);
    }
    assert_int_equal(bad, 0);
    assert_true(seg_alloc_live == 0 && seg_alloc_in_use() == 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_zeroed_and_aligned),
        cmocka_unit_test(a_changed_size_keeps_the_content_and_zeroes_what_is_new),
        cmocka_unit_test(a_growing_array_grows_by_shares),
        cmocka_unit_test(the_call_that_was_told_to_fails_and_says_what_for),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(the_budget_is_kept),
        cmocka_unit_test(threads_share_the_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
