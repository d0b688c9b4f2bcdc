/* What strangers wrote stays text, and numbers are for people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "render/html.h"
#include "render/svg.h"

static void assert_text(const char *in, const char *expected)
{
    seg_text out = { 0 };
    seg_html_text(&out, in);
    assert_string_equal(out.bytes == NULL ? "" : out.bytes, expected);
    seg_text_free(&out);
}

static void markup_becomes_text(void **state)
{
    (void)state;
    assert_text("<script>alert('1')</script>",
                "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;");
    assert_text("\" onload=\"x", "&quot; onload=&quot;x");
    assert_text("R&D &amp;", "R&amp;D &amp;amp;");
    assert_text("M\xC3\xBCnchen \xE6\x97\xA5 \xF0\x9F\x98\x80",
                "M\xC3\xBCnchen \xE6\x97\xA5 \xF0\x9F\x98\x80");
    assert_text(NULL, "");
}

static void what_is_no_character_is_replaced(void **state)
{
    (void)state;
    assert_text("a\x01" "b\n\x7F", "a\xEF\xBF\xBD" "b\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_text("\xFF\xC3", "\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_text("\xC0\xBC", "\xEF\xBF\xBD\xEF\xBF\xBD");          /* overlong '<' */
    assert_text("\xC2\x9B" "1m", "\xEF\xBF\xBD" "1m");             /* C1 control */
    assert_text("\xE2\x80\xAE" "evil", "\xEF\xBF\xBD" "evil");     /* right-to-left override */
    assert_text("\xE2\x81\xA6", "\xEF\xBF\xBD");
    assert_text("\xEF\xBF\xBF", "\xEF\xBF\xBD");                   /* XML refuses U+FFFF */
}

static void a_cut_text_keeps_whole_characters(void **state)
{
    (void)state;
    seg_text out = { 0 };
    seg_html_text_cut(&out, "a\xC3\xBC<b", 2);
    assert_string_equal(out.bytes, "a\xE2\x80\xA6");
    seg_text_clear(&out);
    seg_html_text_cut(&out, "a\xC3\xBC<b", 4);
    assert_string_equal(out.bytes, "a\xC3\xBC&lt;\xE2\x80\xA6");
    seg_text_clear(&out);
    seg_html_text_cut(&out, "ab", 2);
    assert_string_equal(out.bytes, "ab");
    seg_text_free(&out);
}

typedef struct number_case {
    double value;
    int digits;
    const char *expected;
} number_case;

static void numbers_are_grouped_and_rounded(void **state)
{
    (void)state;
    static const number_case cases[] = {
        { 1234567.891, 2, "1,234,567.89" }, { -0.004, 2, "0.00" },
        { -1234.5, 0, "\xE2\x88\x92" "1,235" },
        { 0.999, 2, "1.00" }, { 12.05, 1, "12.1" }, { 0, 3, "0.000" }, { 1e18, 0, "1e+18" },
    };
    seg_text out = { 0 };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        seg_text_clear(&out);
        seg_html_fixed(&out, cases[i].value, cases[i].digits);
        assert_string_equal(out.bytes, cases[i].expected);
    }
    seg_text_clear(&out);
    seg_html_fixed(&out, (double)NAN, 2);
    assert_string_equal(out.bytes, "\xE2\x80\x93");
    seg_text_clear(&out);
    seg_html_share(&out, 0.1844);
    assert_string_equal(out.bytes, "18.4\xC2\xA0%");
    seg_text_clear(&out);
    seg_html_number(&out, 0.00001);
    assert_string_equal(out.bytes, "&lt; 0.001");
    seg_text_clear(&out);
    seg_html_number(&out, 12345.6);
    assert_string_equal(out.bytes, "12,346");
    seg_text_free(&out);
}

static void a_bar_stays_within_its_cell(void **state)
{
    (void)state;
    seg_text out = { 0 };
    seg_html_cell_bar(&out, 3, 1);
    assert_non_null(strstr(out.bytes, "width:100.0%"));
    seg_text_clear(&out);
    seg_html_cell_bar(&out, (double)NAN, 1);
    assert_non_null(strstr(out.bytes, "width:0.0%"));
    seg_text_clear(&out);
    seg_html_cell_bar(&out, 0.1, 0);
    assert_non_null(strstr(out.bytes, "width:0.0%"));
    seg_text_free(&out);
}

static void heads_of_columns_may_break_at_underscores(void **state)
{
    (void)state;
    static const seg_html_column heads[] = { { "a_<b_", true } };
    seg_text out = { 0 };
    seg_html_table_begin(&out, "C&", heads, 1);
    assert_non_null(strstr(out.bytes, ">a_<wbr/>&lt;b_</th>"));
    assert_non_null(strstr(out.bytes, "<caption>C&amp;</caption>"));
    seg_text_free(&out);
}

static void a_drawing_has_a_title_and_escapes(void **state)
{
    (void)state;
    seg_text out = { 0 };
    seg_svg_begin(&out, "a1", 100, 50, "T<1", "D&2");
    seg_svg_rect(&out, 1.25, -0.04, 10, 20, 0xABCDEF);
    seg_svg_text(&out, 0, 0, SEG_SVG_MIDDLE, NULL, "</text><script>");
    seg_svg_end(&out);
    assert_non_null(strstr(out.bytes, "role=\"img\" aria-labelledby=\"a1-t a1-d\""));
    assert_non_null(strstr(out.bytes, "<title id=\"a1-t\">T&lt;1</title>"));
    assert_non_null(strstr(out.bytes, "<desc id=\"a1-d\">D&amp;2</desc>"));
    assert_non_null(strstr(out.bytes, "x=\"1.3\" y=\"0.0\" width=\"10.0\" height=\"20.0\""));
    assert_non_null(strstr(out.bytes, "fill=\"#abcdef\""));
    assert_null(strstr(out.bytes, "<script"));
    seg_text_free(&out);
}

/* Contrast by WCAG 2.1 (relative luminance), from its definition. */
static double luminance(uint32_t colour)
{
    static const double weight[] = { 0.2126, 0.7152, 0.0722 };
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        double c = (double)(colour >> (16 - 8 * i) & 0xFF) / 255;
        sum += weight[i] * (c <= 0.03928 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
    }
    return sum;
}

static void dark_text_can_be_read_on_every_colour(void **state)
{
    (void)state;
    double text = luminance(0x1A1A1A) + 0.05;
    for (int i = -20; i <= 20; i++) {
        assert_true((luminance(seg_svg_diverging(i / 10.0)) + 0.05) / text > 6);
        assert_true((luminance(seg_svg_sequential(i / 10.0)) + 0.05) / text > 6);
    }
    assert_int_equal(seg_svg_diverging(0), 0xFFFFFF);
    assert_int_equal(seg_svg_diverging((double)NAN), 0xFFFFFF);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    bool failed = true;
    for (long n = 0; failed; n++) {
        seg_text out = { 0 };
        seg_alloc_fail_after = n;
        for (int i = 0; i < 50; i++)
            seg_html_cell_name(&out, "a name & more");
        seg_alloc_fail_after = -1;
        failed = out.failed;
        seg_text_free(&out);
        assert_int_equal(seg_alloc_live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markup_becomes_text),
        cmocka_unit_test(what_is_no_character_is_replaced),
        cmocka_unit_test(a_cut_text_keeps_whole_characters),
        cmocka_unit_test(numbers_are_grouped_and_rounded),
        cmocka_unit_test(a_bar_stays_within_its_cell),
        cmocka_unit_test(heads_of_columns_may_break_at_underscores),
        cmocka_unit_test(a_drawing_has_a_title_and_escapes),
        cmocka_unit_test(dark_text_can_be_read_on_every_colour),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
