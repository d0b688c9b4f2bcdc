/* Growing text, UTF-8 (malformed cases of the Unicode standard, table 3-8 and others),
 * quoting, edit distance against the definition, lists. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "base/text.h"

/* ---- growing text --------------------------------------------------------- */

static void build(seg_text *text)
{
    for (int i = 0; i < 200; i++) {
        seg_text_add(text, "segment ");
        seg_text_addf(text, "%d of %s,", i, "all");
        seg_text_add_f64(text, 0.1);
        seg_text_add_char(text, ',');
        seg_text_add_i64(text, -7);
        seg_text_add_n(text, "xyz", 1);
    }
}

static void text_grows_and_is_terminated(void **state)
{
    (void)state;
    seg_text text = { 0 };
    seg_error err;
    build(&text);
    assert_int_equal(seg_text_status(&text, &err), SEG_OK);
    assert_int_equal(strlen(text.bytes), text.n);
    assert_memory_equal(text.bytes, "segment 0 of all,0.1,-7xsegment 1 of all,0.1,-7x", 48);
    seg_text_clear(&text);
    assert_string_equal(text.bytes, "");
    seg_text_add_f64(&text, (double)NAN);
    assert_string_equal(text.bytes, "");
    seg_text_add_n(&text, NULL, 0);
    seg_text_addf(&text, "%s", "");
    assert_int_equal(text.n, 0);
    seg_text_free(&text);
    assert_null(text.bytes);
    assert_int_equal(seg_alloc_live, 0);
}

static void text_survives_every_allocation_failure(void **state)
{
    (void)state;
    seg_status st = SEG_E_AGAIN;
    seg_error err;
    long n = 0;
    for (; st == SEG_E_AGAIN; n++) {
        seg_text text = { 0 };
        seg_alloc_fail_after = n;
        build(&text);
        seg_alloc_fail_after = -1;
        st = seg_text_status(&text, &err);
        if (st != SEG_OK)
            assert_true(text.failed && strncmp(err.text, "cannot allocate", 15) == 0);
        seg_text_free(&text);
        assert_int_equal(seg_alloc_live, 0);
    }
    assert_int_equal(st, SEG_OK);
    assert_true(n > 5);
}

static void a_failure_lasts(void **state)
{
    (void)state;
    seg_text text = { 0 };
    seg_error err;
    seg_alloc_fail_after = 0;
    seg_text_add(&text, "lost");
    seg_alloc_fail_after = -1;
    seg_text_add(&text, "also lost");
    assert_int_equal(text.n, 0);
    assert_int_equal(seg_text_status(&text, &err), SEG_E_AGAIN);
    seg_text_free(&text);
}

/* ---- UTF-8 ---------------------------------------------------------------- */

static size_t check(const char *s)
{
    return seg_utf8_check(s, strlen(s));
}

static void good_utf8_is_good(void **state)
{
    (void)state;
    static const char *const good[] = {
        "", "plain text of more than eight bytes", "M\xc3\xbcller",
        "\xe2\x82\xac", "\xf0\x9f\x98\x80",
        "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
        "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(check(good[i]), strlen(good[i]));
    assert_int_equal(seg_utf8_check("a\0b", 3), 3);
    assert_int_equal(seg_utf8_length("M\xc3\xbcller \xe2\x82\xac", 11), 8);
}

static void malformed_utf8_is_found_at_its_first_byte(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80", "\xbf", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xe0\x9f\xbf", "\xf0\x80\x80\xaf",
        "\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xff", "\xfe", "\xf8\x88\x80\x80\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xc3\x28",
        "\xe2\x28\xa1", "\xe2\x82\x28", "\xf0\x28\x8c\xbc", "\xf0\x90\x28\xbc", "\xf0\x90\x8c\x28",
    };
    char text[64];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        for (size_t before = 0; before < 20; before++) {
            memset(text, 'a', before);
            snprintf(text + before, sizeof text - before, "%s", bad[i]);
            if (check(text) != before)
                fail_msg("case %zu after %zu bytes", i, before);
            strncat(text, " and ascii behind it", sizeof text - strlen(text) - 1);
            if (check(text) != before)
                fail_msg("case %zu after %zu bytes, more behind", i, before);
        }
}

/* Encode every code point by the definition; decode lengths must agree. */
static void every_code_point_is_well_formed_but_surrogates(void **state)
{
    (void)state;
    for (uint32_t c = 1; c < 0x110800; c++) {
        char s[5] = { 0 };
        size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        uint32_t rest = c;
        for (size_t i = n; i-- > 1; rest >>= 6)
            s[i] = (char)(0x80 | (rest & 0x3f));
        static const unsigned lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
        s[0] = (char)(lead[n] | rest);
        bool good = c < 0x110000 && (c < 0xd800 || c > 0xdfff);
        if (seg_utf8_check(s, n) != (good ? n : 0))
            fail_msg("U+%04X", c);
    }
}

static void a_cut_does_not_split_a_code_point(void **state)
{
    (void)state;
    const char *s = "a\xe2\x82\xac" "b";
    static const size_t expected[] = { 0, 1, 1, 1, 4, 5, 5 };
    for (size_t most = 0; most < 7; most++)
        assert_int_equal(seg_utf8_cut(s, 5, most), expected[most]);
    assert_int_equal(seg_utf8_cut("\xf0\x9f\x98\x80", 4, 3), 0);
    assert_int_equal(seg_utf8_cut("\x80\x80\x80\x80\x80\x80", 6, 5), 5);
}

/* ---- messages ------------------------------------------------------------- */

static void quoted(const char *cell, size_t n, const char *expected)
{
    char out[SEG_QUOTE_BYTES];
    memset(out, '#', sizeof out);
    assert_string_equal(seg_quote_cell(out, cell, n), expected);
}

static void a_quoted_cell_is_short_and_harmless(void **state)
{
    (void)state;
    quoted("x7", 2, "x7");
    quoted("", 0, "");
    quoted("a\nb\x1b[31m\x7f", 9, "a\\x0ab\\x1b[31m\\x7f");
    quoted("\0", 1, "\\x00");
    quoted("M\xc3\xbc", 3, "M\xc3\xbc");
    quoted("M\xfc", 2, "M\\xfc");
    quoted("\xc2\x9b" "31m", 5, "\\xc2\\x9b31m");
    quoted("0123456789012345678901234567890123456789", 40,
           "0123456789012345678901234567890123456789");
    quoted("01234567890123456789012345678901234567890", 41,
           "0123456789012345678901234567890123456789...");
    quoted("012345678901234567890123456789012345678\xe2\x82\xac", 42,
           "012345678901234567890123456789012345678...");
}

static void the_longest_quoted_cell_fits(void **state)
{
    (void)state;
    char cell[100], out[SEG_QUOTE_BYTES];
    memset(cell, '\xff', sizeof cell);
    assert_int_equal(strlen(seg_quote_cell(out, cell, sizeof cell)), 40 * 4 + 3);
    memset(cell, '\x80', sizeof cell);
    assert_int_equal(strlen(seg_quote_cell(out, cell, sizeof cell)), 40 * 4 + 3);
}

static void digits_are_grouped(void **state)
{
    (void)state;
    char out[32];
    assert_string_equal(seg_group_digits(out, 17), "17");
    assert_string_equal(seg_group_digits(out, 999), "999");
    assert_string_equal(seg_group_digits(out, 17204), "17,204");
    assert_string_equal(seg_group_digits(out, -123), "-123");
    assert_string_equal(seg_group_digits(out, -1234567), "-1,234,567");
    assert_string_equal(seg_group_digits(out, INT64_MIN), "-9,223,372,036,854,775,808");
}

/* ---- edit distance -------------------------------------------------------- */

/* The definition, without memory. */
static size_t plain_distance(const char *a, size_t n, const char *b, size_t m)
{
    if (n == 0 || m == 0)
        return n + m;
    size_t best = plain_distance(a, n - 1, b, m - 1) + (a[n - 1] != b[m - 1]);
    size_t other = plain_distance(a, n - 1, b, m) + 1;
    best = other < best ? other : best;
    other = plain_distance(a, n, b, m - 1) + 1;
    best = other < best ? other : best;
    if (n > 1 && m > 1 && a[n - 1] == b[m - 2] && a[n - 2] == b[m - 1]) {
        other = plain_distance(a, n - 2, b, m - 2) + 1;
        best = other < best ? other : best;
    }
    return best;
}

static void edit_distance_is_that_of_the_definition(void **state)
{
    (void)state;
    seg_rng rng = { 5, 5 };
    for (uint64_t i = 0; i < 2000; i++) {
        char a[8] = { 0 }, b[8] = { 0 };
        uint64_t r = seg_rng_u64(rng, i);
        size_t n = r % 7, m = r / 7 % 7;
        for (size_t j = 0; j < n; j++)
            a[j] = "abcd"[r >> (10 + 2 * j) & 3];
        for (size_t j = 0; j < m; j++)
            b[j] = "abcd"[r >> (30 + 2 * j) & 3];
        assert_int_equal(seg_edit_distance(a, b), plain_distance(a, n, b, m));
    }
}

static void edit_distance_of_names(void **state)
{
    (void)state;
    assert_int_equal(seg_edit_distance("max-iter", "max-iter"), 0);
    assert_int_equal(seg_edit_distance("max-itre", "max-iter"), 1);
    assert_int_equal(seg_edit_distance("kitten", "sitting"), 3);
    assert_int_equal(seg_edit_distance("ca", "abc"), 3);      /* restricted: not 2 */
    assert_int_equal(seg_edit_distance("", "seed"), 4);
    char longer[200];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    assert_true(seg_edit_distance(longer, "seed") >= 195);
}

/* ---- lists ---------------------------------------------------------------- */

static void lists_are_walked_item_by_item(void **state)
{
    (void)state;
    static const char *const expected[] = { "age", "income in EUR", "", "x" };
    const char *list = " age ,income in EUR,, x\t", *item;
    size_t n, count = 0;
    while (seg_list_next(&list, &item, &n)) {
        assert_true(count < 4 && seg_equal_n(expected[count], item, n));
        count++;
    }
    assert_int_equal(count, 4);
    assert_false(seg_list_next(&list, &item, &n));
}

static void an_empty_list_has_no_items(void **state)
{
    (void)state;
    static const char *const empty[] = { "", "  ", NULL };
    const char *item;
    size_t n;
    for (size_t i = 0; i < 3; i++) {
        const char *list = empty[i];
        assert_false(seg_list_next(&list, &item, &n));
        assert_false(seg_list_has(empty[i], "x"));
    }
    assert_true(seg_list_has("a,bc,d", "bc") && seg_list_has("bc", "bc"));
    assert_false(seg_list_has("a,bc,d", "b") || seg_list_has("a,bc,d", "bcd"));
}

static void cells_end_at_their_width_or_at_a_null(void **state)
{
    (void)state;
    assert_int_equal(seg_cell_length("abc\0\0\0\0\0", 8), 3);
    assert_int_equal(seg_cell_length("abcdefgh", 8), 8);
    assert_int_equal(seg_cell_length("", 0), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_grows_and_is_terminated),
        cmocka_unit_test(text_survives_every_allocation_failure),
        cmocka_unit_test(a_failure_lasts),
        cmocka_unit_test(good_utf8_is_good),
        cmocka_unit_test(malformed_utf8_is_found_at_its_first_byte),
        cmocka_unit_test(every_code_point_is_well_formed_but_surrogates),
        cmocka_unit_test(a_cut_does_not_split_a_code_point),
        cmocka_unit_test(a_quoted_cell_is_short_and_harmless),
        cmocka_unit_test(the_longest_quoted_cell_fits),
        cmocka_unit_test(digits_are_grouped),
        cmocka_unit_test(edit_distance_is_that_of_the_definition),
        cmocka_unit_test(edit_distance_of_names),
        cmocka_unit_test(lists_are_walked_item_by_item),
        cmocka_unit_test(an_empty_list_has_no_items),
        cmocka_unit_test(cells_end_at_their_width_or_at_a_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
