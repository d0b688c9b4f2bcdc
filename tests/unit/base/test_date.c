/* Dates against a calendar that counts day by day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/date.h"

static bool is_leap(int y)
{
    return y % 400 == 0 || (y % 4 == 0 && y % 100 != 0);
}

static int month_length(int y, int m)
{
    if (m == 2)
        return is_leap(y) ? 29 : 28;
    return m == 4 || m == 6 || m == 9 || m == 11 ? 30 : 31;
}

static void every_day_of_9999_years_is_right(void **state)
{
    (void)state;
    char text[SEG_DATE_BYTES], expected[64];
    int32_t day = -719162;                       /* 0001-01-01, a published number */
    for (int y = 1; y <= 9999; y++)
        for (int m = 1; m <= 12; m++)
            for (int d = 1; d <= month_length(y, m); d++, day++) {
                int y2, m2, d2;
                if (seg_day_from_ymd(y, m, d) != day || !seg_day_valid(y, m, d))
                    fail_msg("%04d-%02d-%02d is not day %d", y, m, d, day);
                seg_day_to_ymd(day, &y2, &m2, &d2);
                if (y2 != y || m2 != m || d2 != d)
                    fail_msg("day %d is not %04d-%02d-%02d", day, y2, m2, d2);
                if (d == 1) {
                    snprintf(expected, sizeof expected, "%04d-%02d-%02d", y, m, d);
                    assert_int_equal(seg_print_day(text, day), 10);
                    assert_string_equal(text, expected);
                }
            }
    assert_int_equal(seg_day_from_ymd(1970, 1, 1), 0);
    assert_int_equal(day, 2932897);              /* 10000-01-01 */
}

static void days_that_are_not_in_the_calendar_are_refused(void **state)
{
    (void)state;
    assert_false(seg_day_valid(2011, 2, 29) || seg_day_valid(1900, 2, 29));
    assert_true(seg_day_valid(2012, 2, 29) && seg_day_valid(2000, 2, 29));
    assert_false(seg_day_valid(2011, 4, 31) || seg_day_valid(2011, 13, 1));
    assert_false(seg_day_valid(2011, 0, 1) || seg_day_valid(2011, 1, 0));
    assert_false(seg_day_valid(0, 1, 1) || seg_day_valid(10000, 1, 1));
}

static void seconds_belong_to_the_day_that_they_are_in(void **state)
{
    (void)state;
    assert_int_equal(seg_day_of_seconds(0), 0);
    assert_int_equal(seg_day_of_seconds(86399), 0);
    assert_int_equal(seg_day_of_seconds(86400), 1);
    assert_int_equal(seg_day_of_seconds(-1), -1);
    assert_int_equal(seg_day_of_seconds(-86400), -1);
    assert_int_equal(seg_day_of_seconds(-86401), -2);
    assert_int_equal(seg_day_of_seconds(INT64_MIN), INT32_MIN);
    assert_int_equal(seg_day_of_seconds(INT64_MAX), INT32_MAX);
}

static void is_date(const char *text, seg_date_format format, const char *expected, bool time)
{
    int64_t seconds = -1;
    bool has_time = !time;
    char printed[SEG_DATE_BYTES];
    if (!seg_parse_date(text, strlen(text), format, &seconds, &has_time))
        fail_msg("'%s' is refused", text);
    seg_print_time(printed, seconds);
    assert_string_equal(printed, expected);
    assert_int_equal(has_time, time);
}

static void all_forms_are_read(void **state)
{
    (void)state;
    is_date("2011-12-09", SEG_DATE_ISO, "2011-12-09T00:00:00", false);
    is_date("2011/12/9", SEG_DATE_ISO, "2011-12-09T00:00:00", false);
    is_date("2011-12-09 8:26", SEG_DATE_ISO, "2011-12-09T08:26:00", true);
    is_date("2011-12-09T08:26:59.999999", SEG_DATE_ISO, "2011-12-09T08:26:59", true);
    is_date("2011-12-09T08:26:00Z", SEG_DATE_ISO, "2011-12-09T08:26:00", true);
    is_date("2011-12-09T00:30:00+01:00", SEG_DATE_ISO, "2011-12-08T23:30:00", true);
    is_date("2011-12-31T23:30-02", SEG_DATE_ISO, "2012-01-01T01:30:00", true);
    is_date("2011-12-09T00:30:00.5+0530", SEG_DATE_ISO, "2011-12-08T19:00:00", true);
    is_date("2011-12-09 08:26:00 UTC", SEG_DATE_ISO, "2011-12-09T08:26:00", true);
    is_date("2011-12-09 08:26:00 +0100", SEG_DATE_ISO, "2011-12-09T07:26:00", true);
    is_date("12/9/2011 8:26 PM", SEG_DATE_MDY, "2011-12-09T20:26:00", true);
    is_date("12/9/2011 12:00:01am", SEG_DATE_MDY, "2011-12-09T00:00:01", true);
    is_date("12/9/2011 12:30 pm", SEG_DATE_MDY, "2011-12-09T12:30:00", true);
    is_date("1969-12-31 23:59:59", SEG_DATE_ISO, "1969-12-31T23:59:59", true);
    is_date("20111209", SEG_DATE_COMPACT, "2011-12-09T00:00:00", false);
    is_date("9.12.2011", SEG_DATE_DMY, "2011-12-09T00:00:00", false);
    is_date("09/12/2011 08:26", SEG_DATE_DMY, "2011-12-09T08:26:00", true);
    is_date("9-12-2011", SEG_DATE_DMY, "2011-12-09T00:00:00", false);
    is_date("12/9/2011", SEG_DATE_MDY, "2011-12-09T00:00:00", false);
    is_date("1323419160", SEG_DATE_EPOCH, "2011-12-09T08:26:00", true);
    is_date("-1", SEG_DATE_EPOCH, "1969-12-31T23:59:59", true);
    is_date("1323419160999", SEG_DATE_EPOCH_MS, "2011-12-09T08:26:00", true);
    is_date("-1", SEG_DATE_EPOCH_MS, "1969-12-31T23:59:59", true);
    is_date("9999-12-31", SEG_DATE_ISO, "9999-12-31T00:00:00", false);
}

static void what_is_no_date_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "", "2011", "2011-12", "2011-12-", "2011-13-01", "2011-02-29", "2011-12-09x",
        "2011-12/09", "11-12-09", "2011-12-099", "2011-12-09 ", "2011-12-09T", "2011-12-09T8",
        "2011-12-09T24:00", "2011-12-09T08:60", "2011-12-09T08:26:60", "2011-12-09T08:26:0",
        "2011-12-09T08:26:00.", "2011-12-09T08:26:00+", "2011-12-09T08:26:00+1",
        "2011-12-09T08:26:00+24:00", "2011-12-09T08:26:00Zx", "2011-12-09T08:26:00+01:0",
        "2011-12-09 13:00 pm", "2011-12-09 0:30 am", "2011-12-09 8:00 xm", "2011-12-09 8:00 ",
        "2011-12-09 8:00 p", "2011-12-09 8:00 CET", "2011-12-09 8:00 pm pm", "2011-12-09  08:26",
        " 2011-12-09", "-2011-12-09", "0000-01-01", "2011-00-01",
    };
    int64_t seconds;
    bool has_time;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (seg_parse_date(cases[i], strlen(cases[i]), SEG_DATE_ISO, &seconds, &has_time))
            fail_msg("'%s' is taken for a date", cases[i]);
    assert_false(seg_parse_date("2011-12-09\0", 11, SEG_DATE_ISO, &seconds, &has_time));
    assert_false(seg_parse_date("32.1.2011", 9, SEG_DATE_DMY, &seconds, &has_time));
    assert_false(seg_parse_date("13/9/2011", 9, SEG_DATE_MDY, &seconds, &has_time));
    assert_false(seg_parse_date("201112091", 9, SEG_DATE_COMPACT, &seconds, &has_time));
    assert_false(seg_parse_date("253402300800", 12, SEG_DATE_EPOCH, &seconds, &has_time));
    assert_false(seg_parse_date("2011-12-09", 10, SEG_DATE_NONE, &seconds, &has_time));
}

static unsigned formats_of(const char *text)
{
    return seg_date_formats_of(text, strlen(text));
}

static void tells_under_which_forms_a_cell_is_a_date(void **state)
{
    (void)state;
    assert_int_equal(formats_of("2011-12-09"), 1u << SEG_DATE_ISO);
    assert_int_equal(formats_of("9.12.2011"), 1u << SEG_DATE_DMY);
    assert_int_equal(formats_of("9/12/2011"), 1u << SEG_DATE_DMY | 1u << SEG_DATE_MDY);
    assert_int_equal(formats_of("13/12/2011"), 1u << SEG_DATE_DMY);
    assert_int_equal(formats_of("12/13/2011"), 1u << SEG_DATE_MDY);
    assert_int_equal(formats_of("20111209"), 1u << SEG_DATE_COMPACT);
    assert_int_equal(formats_of("1323419160"), 1u << SEG_DATE_EPOCH);
    assert_int_equal(formats_of("1323419160000"), 1u << SEG_DATE_EPOCH_MS);
    assert_int_equal(formats_of("17850"), 0);
    assert_int_equal(formats_of("12345678"), 0);
    assert_int_equal(formats_of("x7"), 0);
}

static void names_of_forms_go_there_and_back(void **state)
{
    (void)state;
    for (int f = SEG_DATE_ISO; f <= SEG_DATE_EPOCH_MS; f++)
        assert_int_equal(seg_date_format_find(seg_date_format_name((seg_date_format)f)), f);
    assert_int_equal(seg_date_format_find("iso8601"), SEG_DATE_NONE);
}

static void the_widest_values_fit_the_text(void **state)
{
    (void)state;
    char text[SEG_DATE_BYTES];
    assert_true(seg_print_day(text, INT32_MIN) < SEG_DATE_BYTES);
    assert_string_equal(text, "-5877641-06-23");
    assert_true(seg_print_day(text, INT32_MAX) < SEG_DATE_BYTES);
    assert_string_equal(text, "5881580-07-11");
    assert_true(seg_print_time(text, INT64_MIN) < SEG_DATE_BYTES);
    assert_true(seg_print_time(text, INT64_MAX) < SEG_DATE_BYTES);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_of_9999_years_is_right),
        cmocka_unit_test(days_that_are_not_in_the_calendar_are_refused),
        cmocka_unit_test(seconds_belong_to_the_day_that_they_are_in),
        cmocka_unit_test(all_forms_are_read),
        cmocka_unit_test(what_is_no_date_is_refused),
        cmocka_unit_test(tells_under_which_forms_a_cell_is_a_date),
        cmocka_unit_test(names_of_forms_go_there_and_back),
        cmocka_unit_test(the_widest_values_fit_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
