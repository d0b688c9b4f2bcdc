/* Arena: nothing overlaps, everything is freed together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    seg_arena arena = { 0 };
    enum { N = 3000 };
    static unsigned char *pieces[N];
    for (size_t i = 0; i < N; i++) {
        size_t n = i * 7 % 500;
        pieces[i] = seg_arena_get(&arena, n);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        for (size_t j = 0; j < n; j++)
            assert_int_equal(pieces[i][j], 0);
        memset(pieces[i], (int)(i % 255) + 1, n);
    }
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < i * 7 % 500; j++)
            assert_int_equal(pieces[i][j], i % 255 + 1);
    seg_arena_free(&arena);
    seg_arena_free(&arena);
    assert_int_equal(seg_alloc_live, 0);
}

static void pieces_larger_than_a_page_are_given(void **state)
{
    (void)state;
    seg_arena arena = { 0 };
    char *small = seg_arena_text(&arena, "before");
    char *large = seg_arena_get(&arena, 5000000);
    assert_non_null(large);
    memset(large, 'x', 5000000);
    assert_string_equal(small, "before");
    assert_string_equal(seg_arena_text_n(&arena, "after it", 5), "after");
    assert_null(seg_arena_text(&arena, NULL));
    assert_null(seg_arena_get(&arena, SIZE_MAX));
    seg_arena_free(&arena);
    assert_int_equal(seg_alloc_live, 0);
}

static void texts_lie_side_by_side(void **state)
{
    (void)state;
    seg_arena arena = { 0 };
    const char *first = seg_arena_text(&arena, "one"), *second = seg_arena_text(&arena, "two");
    const char *aligned = seg_arena_get(&arena, 1), *third = seg_arena_text(&arena, "three");
    assert_ptr_equal(second, first + sizeof "one");
    assert_int_equal((uintptr_t)aligned % 16, 0);
    assert_ptr_equal(third, aligned + 1);
    assert_string_equal(first, "one");
    assert_string_equal(second, "two");
    assert_null(seg_arena_text_n(&arena, "", SIZE_MAX));
    seg_arena_free(&arena);
    assert_int_equal(seg_alloc_live, 0);
}

static void every_allocation_failure_is_a_null(void **state)
{
    (void)state;
    seg_error err;
    bool whole = false;
    for (long n = 0; !whole; n++) {
        seg_arena arena = { 0 };
        whole = true;
        seg_alloc_fail_after = n;
        for (int i = 0; i < 1000 && whole; i++)
            whole = seg_arena_text(&arena, "a name of some length") != NULL;
        seg_alloc_fail_after = -1;
        seg_arena_free(&arena);
        assert_int_equal(seg_alloc_live, 0);
    }
    assert_int_equal(seg_arena_failed(&err), SEG_E_AGAIN);
    assert_string_equal(err.text, "cannot allocate memory for names");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(pieces_larger_than_a_page_are_given),
        cmocka_unit_test(texts_lie_side_by_side),
        cmocka_unit_test(every_allocation_failure_is_a_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
