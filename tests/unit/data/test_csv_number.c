/* Numbers as people write them; expected values are typed in by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/number.h"
#include "data/csv_number.h"

typedef struct sample {
    char point, thousands;
    bool signs;
    const char *text;
    double value;       /* NAN: refused */
} sample;

static const sample samples[] = {
    { '.', 0, false, "1234.5", 1234.5 },
    { '.', 0, false, "1,234.5", NAN },
    { '.', 0, false, "$5", NAN },
    { '.', ',', false, "1,234.5", 1234.5 },
    { '.', ',', false, "1,234", 1234 },
    { '.', ',', false, "-1,234,567.25", -1234567.25 },
    { '.', ',', false, "+12,345", 12345 },
    { '.', ',', false, "1234.5", 1234.5 },
    { '.', ',', false, "1234,567", NAN },
    { '.', ',', false, "1,23", NAN },
    { '.', ',', false, "1,2345", NAN },
    { '.', ',', false, ",123", NAN },
    { '.', ',', false, "1,,234", NAN },
    { '.', ',', false, "1,234,", NAN },
    { '.', ',', false, "0,123", NAN },
    { '.', ',', false, "1.234,567", NAN },
    { '.', ',', false, "-,123", NAN },
    { ',', '.', false, "1.234.567,89", 1234567.89 },
    { ',', '.', false, "-1.234,5", -1234.5 },
    { ',', '.', false, "1.234", 1234 },
    { ',', '.', false, "12.34,5", NAN },
    { ',', '.', false, "0.123", NAN },
    { ',', '.', false, "12.345.6", NAN },
    { ',', '.', false, "0,5", 0.5 },
    { '.', '\'', false, "1'234'567.5", 1234567.5 },
    { '.', '\'', false, "1\xe2\x80\x99" "234.5", 1234.5 },
    { ',', ' ', false, "1 234,5", 1234.5 },
    { ',', ' ', false, "1\xc2\xa0" "234,5", 1234.5 },
    { ',', ' ', false, "1\xe2\x80\xaf" "234,5", 1234.5 },
    { ',', ' ', false, "12 34", NAN },
    { '.', '_', false, "1_000_000", 1e6 },
    { '.', 0, true, "$5", 5 },
    { '.', 0, true, "-$5", -5 },
    { '.', 0, true, "$-5", -5 },
    { '.', 0, true, "+$5", 5 },
    { '.', 0, true, "- $5", NAN },
    { '.', 0, true, "-$-5", NAN },
    { '.', 0, true, "+$-5", NAN },
    { '.', 0, true, "5 \xe2\x82\xac", 5 },
    { '.', 0, true, "5\xc2\xa0\xe2\x82\xac", 5 },
    { '.', 0, true, "\xe2\x82\xac 5", 5 },
    { '.', 0, true, "-5 EUR", -5 },
    { '.', 0, true, "CHF 5.50", 5.5 },
    { '.', 0, true, "\xc2\xa3" "12", 12 },
    { '.', 0, true, "12 %", 12 },
    { '.', 0, true, "12%", 12 },
    { '.', 0, true, "5-", -5 },
    { '.', 0, true, "5- EUR", -5 },
    { '.', 0, true, "-5-", NAN },
    { '.', 0, true, "-$5-", NAN },
    { '.', 0, true, "$", NAN },
    { '.', 0, true, "%", NAN },
    { '.', 0, true, "-", NAN },
    { '.', 0, true, "$5 %", NAN },
    { '.', 0, true, "$$5", NAN },
    { '.', 0, true, "(5)", NAN },
    { '.', 0, true, "5 pieces", NAN },
    { '.', 0, true, "EURO 5", NAN },
    { '.', 0, true, "$1,234.56", NAN },
    { '.', ',', true, "$1,234.56", 1234.56 },
    { '.', ',', true, "-$1,234.56", -1234.56 },
    { ',', '.', true, "1.234,56 \xe2\x82\xac", 1234.56 },
    { ',', '.', true, "1.234,56-", -1234.56 },
    { '.', ',', true, "$nan", NAN },
};

static void each_text_is_its_value_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const sample *s = &samples[i];
        seg_csv_notation as = { s->point, s->thousands, s->signs };
        double wide = 0, fast = 0;
        float single = 0;
        int64_t fixed = 0;
        bool exact, refused = isnan(s->value);
        size_t n = strlen(s->text);
        char text[64] = { 0 };   /* bytes behind a cell can be read */
        memcpy(text, s->text, n);
        if (seg_csv_parse_f64(&as, s->text, n, &wide) == refused
            || seg_csv_number(&as, text, n, &fast) == refused
            || seg_csv_parse_f32(&as, s->text, n, &single) == refused
            || seg_csv_parse_fixed(&as, s->text, n, 10000, &fixed, &exact) == refused
            || (!refused && (wide != s->value || fast != s->value || single != (float)s->value
                             || fixed != (int64_t)lround(s->value * 10000) || !exact)))
            fail_msg("'%s' with %c, thousands %c, signs %d: %g, %g, %lld", s->text, s->point,
                     s->thousands == 0 ? '0' : s->thousands, s->signs, wide, fast,
                     (long long)fixed);
    }
}

static void texts_of_64_bytes_are_not_taken_apart(void **state)
{
    (void)state;
    char text[80];
    double value;
    seg_csv_notation as = { '.', ',', true };
    memset(text, '1', sizeof text);
    for (size_t i = 1; i < 64; i += 4)
        text[i] = ',';
    assert_false(seg_csv_parse_f64(&as, text, 65, &value));
    assert_true(seg_csv_parse_f64(&as, text, 61, &value));
}

/* ---- random decimals: the fast roads against the plain ones -------------------------------- */

static uint64_t seed = 88172645463325252u;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static void assert_same_number(const char *s, size_t n, char point)
{
    char cell[64];
    double value = 0, fast = 0;
    float single = 0, fast_single = 0;
    seg_csv_notation as = { point, 0, false };
    bool good = seg_parse_f64(s, n, point, &value);
    for (int behind = 0; behind < 3; behind++) {   /* what follows the cell does not matter */
        memset(cell, behind == 0 ? ',' : behind == 1 ? '7' : '.', sizeof cell);
        memcpy(cell, s, n);
        bool same = seg_csv_number(&as, cell, n, &fast) == good
                    && (!good || memcmp(&fast, &value, sizeof value) == 0);
        if (same && good && fabs(value) <= 1e38 && seg_parse_f32(s, n, point, &single))
            same = seg_csv_single(&as, cell, n, fast, &fast_single)
                   && memcmp(&single, &fast_single, sizeof single) == 0;
        if (!same)
            fail_msg("'%.*s': %.17g and %.17g, %.9g and %.9g", (int)n, s, value, fast,
                     (double)single, (double)fast_single);
    }
}

/* Up to ten digits on each side of the point, now and then with a sign or without a side. */
static size_t make_decimal(char *s, char point)
{
    size_t n = 0, whole = next_random() % 11, fraction = next_random() % 10;
    if (next_random() % 3 == 0)
        s[n++] = "-+- "[next_random() % 4];
    for (size_t i = 0; i < whole; i++)
        s[n++] = (char)('0' + next_random() % 10);
    if (next_random() % 4 > 0) {
        s[n++] = point;
        for (size_t i = 0; i < fraction; i++)
            s[n++] = (char)('0' + next_random() % 10);
    }
    if (n > 0 && next_random() % 40 == 0)
        s[next_random() % n] = "/:,.eE-+ x\x80\0"[next_random() % 12];
    return n;
}

static void random_decimals_are_the_numbers_of_the_plain_parser(void **state)
{
    (void)state;
    char s[40];
    for (int i = 0; i < 1000000; i++) {
        char point = i % 5 == 0 ? ',' : '.';
        assert_same_number(s, make_decimal(s, point), point);
    }
}

/* Where the whole part or the fraction is just as long as eight bytes hold, or longer. */
static void digits_about_the_eighth_are_not_lost(void **state)
{
    (void)state;
    char s[40];
    for (size_t whole = 0; whole <= 12; whole++)
        for (size_t fraction = 0; fraction <= 12; fraction++)
            for (unsigned form = 0; form < 64; form++) {
                size_t n = 0;
                if ((form & 1) != 0)
                    s[n++] = '-';
                for (size_t i = 0; i < whole; i++)
                    s[n++] = form >> 2 < 3 ? "019"[form >> 2] : (char)('0' + next_random() % 10);
                if ((form & 2) != 0)
                    s[n++] = '.';
                for (size_t i = 0; i < fraction; i++)
                    s[n++] = form >> 2 < 3 ? "019"[form >> 2] : (char)('0' + next_random() % 10);
                assert_same_number(s, n, '.');
            }
}

/* The middle of two floats, and a little beside it. */
static void middles_of_floats_round_once(void **state)
{
    (void)state;
    char s[64];
    for (int i = 0; i < 300000; i++) {
        uint32_t bits = (uint32_t)next_random() % 0x7e000000u;
        float a, b;
        memcpy(&a, &bits, sizeof a);
        a = i % 2 == 0 ? (float)(next_random() % 1000000) / 64 : a;
        b = nextafterf(a, INFINITY);
        double middle = ((double)a + (double)b) / 2;
        if (fabs(middle) > 1e38)
            continue;
        int n = snprintf(s, sizeof s, "%.*g", 9 + i / 2 % 12, middle);
        assert_same_number(s, (size_t)n, '.');
        n = snprintf(s, sizeof s, "%.*f", i / 2 % 10, middle);
        if (n < 40)
            assert_same_number(s, (size_t)n, '.');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_text_is_its_value_or_refused),
        cmocka_unit_test(texts_of_64_bytes_are_not_taken_apart),
        cmocka_unit_test(random_decimals_are_the_numbers_of_the_plain_parser),
        cmocka_unit_test(digits_about_the_eighth_are_not_lost),
        cmocka_unit_test(middles_of_floats_round_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
