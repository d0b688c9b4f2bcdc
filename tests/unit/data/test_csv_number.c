/* Numbers as people write them; expected values are typed in by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_text_is_its_value_or_refused),
        cmocka_unit_test(texts_of_64_bytes_are_not_taken_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
