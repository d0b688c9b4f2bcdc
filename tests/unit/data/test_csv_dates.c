/* Dates by the fast road of the import are those of the plain parser: every day there is,
 * and texts that are nearly dates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/date.h"
#include "data/csv_import.h"
#include "tests/support/files.h"

enum { DAYS = 3652059, LAST_DAY = 2932896 };   /* 0001-01-01 .. 9999-12-31 */

static char *text;
static seg_context ctx;   /* the source keeps it */

static seg_source *open_dates(uint64_t max_errors)
{
    const char *path = "dates.csv";
    seg_import_options options;
    seg_source *source = NULL;
    seg_error err = { .text = "" };
    seg_import_defaults(&options);
    options.types = "d:date";
    options.dates = "iso";
    options.max_errors = max_errors;
    ctx = seg_context_defaults();
    ctx.n_threads = 2;
    if (seg_csv_source(&ctx, &path, 1, &options, NULL, &source, &err) != SEG_OK)
        fail_msg("%s", err.text);
    return source;
}

/* Each day is the one after the day before, by a count that knows no calendar. */
static void every_day_is_the_next_one(void **state)
{
    (void)state;
    size_t n = (size_t)sprintf(text, "x,d\n");
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    for (int year = 1; year <= 9999; year++)
        for (int month = 0; month < 12; month++) {
            bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            for (int day = 1; day <= lengths[month] + (leap && month == 1); day++)
                n += (size_t)sprintf(text + n, "1,%04d-%02d-%02d\n", year, month + 1, day);
        }
    write_text("dates.csv", text);
    seg_source *source = open_dates(0);
    seg_block block;
    seg_error err;
    assert_int_equal(source->n_rows, DAYS);
    assert_int_equal(source->schema->columns[0].type, SEG_TYPE_DAY);
    for (uint64_t row = 0; row < DAYS; row += block.n_rows) {
        assert_int_equal(source->next(source, &block, &err), SEG_OK);
        for (size_t r = 0; r < block.n_rows; r++)
            if (((const int32_t *)block.columns[0])[r] != (int32_t)(row + r) - DAYS + 1 + LAST_DAY)
                fail_msg("day %llu is another one", (unsigned long long)(row + r));
    }
    seg_source_close(source);
    assert_int_equal(seg_alloc_live, 0);
}

static uint64_t seed = 88172645463325252u;

static unsigned below(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 20) % n;
}

/* A date or time of day with a byte or two that are others, or a number that is too large. */
static size_t near_date(char *s)
{
    static const char others[] = "0123456789-:/ T.+Zx";
    int n = sprintf(s, "%04u-%02u-%02u", below(12) == 0 ? below(3) : 1900 + below(200),
                    below(14), below(33));
    if (below(2) == 0)
        n += sprintf(s + n, "%c%02u:%02u:%02u", "T "[below(2)], below(26), below(62), below(62));
    for (unsigned i = below(3); i > 0; i--)
        s[below((unsigned)n)] = others[below(sizeof others - 1)];
    if (below(12) == 0)
        n -= 1;
    return (size_t)n;
}

static void texts_that_are_nearly_dates_are_judged_as_by_the_plain_parser(void **state)
{
    (void)state;
    enum { ROWS = 200000 };
    static int64_t expected[ROWS];
    size_t n = (size_t)sprintf(text, "x,d\n"), n_good = 0, n_bad = 0;
    for (size_t i = 0; i < ROWS; i++) {
        char s[40];
        bool has_time;
        size_t length = near_date(s);
        seg_csv_cell cell = seg_csv_trim(s, length);
        if (seg_parse_date(cell.s, cell.n, SEG_DATE_ISO, &expected[n_good], &has_time))
            n_good++;
        else
            n_bad++;
        n += (size_t)sprintf(text + n, "1,%.*s\n", (int)length, s);
    }
    assert_true(n_good > ROWS / 4 && n_bad > ROWS / 4);
    write_text("dates.csv", text);
    seg_source *source = open_dates(ROWS);
    seg_block block;
    seg_error err;
    assert_int_equal(source->n_rows, n_good);
    assert_int_equal(source->schema->columns[0].type, SEG_TYPE_TIME);
    for (uint64_t row = 0; row < n_good; row += block.n_rows) {
        assert_int_equal(source->next(source, &block, &err), SEG_OK);
        assert_memory_equal(block.columns[0], expected + row, block.n_rows * sizeof *expected);
    }
    seg_source_close(source);
    assert_int_equal(seg_alloc_live, 0);
}

static int open_all(void **state)
{
    text = malloc((size_t)DAYS * 13 + 64);
    return text == NULL ? -1 : enter_memory(state);
}

static int close_all(void **state)
{
    free(text);
    return leave_directory(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_is_the_next_one),
        cmocka_unit_test(texts_that_are_nearly_dates_are_judged_as_by_the_plain_parser),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
