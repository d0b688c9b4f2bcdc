/* Dictionaries against plain arrays of texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "data/dictionary.h"

static int32_t add(seg_dictionary *d, const char *text)
{
    int32_t code = -1;
    assert_int_equal(seg_dictionary_add(d, text, strlen(text), &code, NULL), SEG_OK);
    return code;
}

static void codes_count_in_order_of_first_appearance(void **state)
{
    (void)state;
    seg_dictionary *d;
    assert_int_equal(seg_dictionary_new(&d, NULL), SEG_OK);
    assert_int_equal(add(d, "b"), 0);
    assert_int_equal(add(d, ""), 1);
    assert_int_equal(add(d, "a"), 2);
    assert_int_equal(add(d, "b"), 0);
    assert_int_equal(seg_dictionary_find(d, "a", 1), 2);
    assert_int_equal(seg_dictionary_find(d, "ab", 2), -1);
    assert_int_equal(seg_dictionary_find(d, "ab", 1), 2);
    assert_string_equal(seg_dictionary_texts(d)[0], "b");
    assert_int_equal(seg_dictionary_size(d), 3);
    seg_dictionary_free(d);
}

static void a_hundred_thousand_texts_keep_their_codes(void **state)
{
    (void)state;
    enum { N = 100000 };
    char text[32];
    seg_dictionary *d;
    assert_int_equal(seg_dictionary_new(&d, NULL), SEG_OK);
    for (int i = 0; i < N; i++) {
        snprintf(text, sizeof text, "customer %d", i * 7);
        assert_int_equal(add(d, text), i);
    }
    for (int i = 0; i < N; i++) {
        snprintf(text, sizeof text, "customer %d", i * 7);
        assert_int_equal(seg_dictionary_find(d, text, strlen(text)), i);
    }
    assert_int_equal(seg_dictionary_find(d, "customer 1", 10), -1);
    seg_dictionary_free(d);
}

static void ranks_order_by_bytes_or_by_value(void **state)
{
    (void)state;
    static const char *const texts[] = { "10", "9", "010", "100", "9a" };
    seg_dictionary *d;
    int32_t *rank;
    assert_int_equal(seg_dictionary_new(&d, NULL), SEG_OK);
    for (size_t i = 0; i < 5; i++)
        add(d, texts[i]);
    assert_int_equal(seg_dictionary_ranks(d, false, &rank, NULL), SEG_OK);
    /* 010 10 100 9 9a */
    static const int32_t by_bytes[] = { 1, 3, 0, 2, 4 };
    assert_memory_equal(rank, by_bytes, sizeof by_bytes);
    seg_free(rank);
    seg_dictionary_free(d);

    assert_int_equal(seg_dictionary_new(&d, NULL), SEG_OK);
    for (size_t i = 0; i < 4; i++)
        add(d, texts[i]);
    assert_int_equal(seg_dictionary_ranks(d, true, &rank, NULL), SEG_OK);
    static const int32_t by_value[] = { 2, 0, 1, 3 };   /* 9 010 10 100 */
    assert_memory_equal(rank, by_value, sizeof by_value);
    seg_free(rank);
    seg_dictionary_free(d);
}

static seg_status fill(void)
{
    seg_dictionary *d = NULL;
    int32_t code, *rank = NULL;
    seg_status st = seg_dictionary_new(&d, NULL);
    for (int i = 0; st == SEG_OK && i < 300; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        st = seg_dictionary_add(d, text, strlen(text), &code, NULL);
    }
    if (st == SEG_OK)
        st = seg_dictionary_ranks(d, true, &rank, NULL);
    seg_free(rank);
    seg_dictionary_free(d);
    return st;
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_alloc_fail_after = n;
        st = fill();
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, 0);
    }
    assert_int_equal(st, SEG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_count_in_order_of_first_appearance),
        cmocka_unit_test(a_hundred_thousand_texts_keep_their_codes),
        cmocka_unit_test(ranks_order_by_bytes_or_by_value),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
