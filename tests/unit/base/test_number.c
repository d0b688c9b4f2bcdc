/* Reading numbers against strtod of the C library, and the hard cases of the literature. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/number.h"
#include "base/rng.h"

enum { ROUNDS = 2000000 };

static uint64_t random_bits(uint64_t i)
{
    return seg_rng_u64((seg_rng){ 7, 1 }, i);
}

static double double_of(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static bool same_f64(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static bool same_f32(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* Both widths agree with the C library on the text; an overflow is false. */
static void like_strtod(const char *text)
{
    double expected = strtod(text, NULL), x = -1;
    float expected32 = strtof(text, NULL), y = -1;
    bool ok = seg_parse_f64(text, strlen(text), '.', &x);
    if (isinf(expected) ? ok : !ok || !same_f64(x, expected))
        fail_msg("'%s' gives %a, strtod %a", text, x, expected);
    ok = seg_parse_f32(text, strlen(text), '.', &y);
    if (isinf(expected32) ? ok : !ok || !same_f32(y, expected32))
        fail_msg("'%s' gives %a, strtof %a", text, (double)y, (double)expected32);
}

static void equals_strtod_on_random_bit_patterns(void **state)
{
    (void)state;
    char text[128];
    for (uint64_t i = 0; i < ROUNDS; i++) {
        double x = double_of(random_bits(i));
        if (!isfinite(x))
            continue;
        snprintf(text, sizeof text, "%.*e", (int)(i % 40), x);
        like_strtod(text);
    }
}

static void equals_strtod_where_floats_live(void **state)
{
    (void)state;
    char text[128];
    for (uint64_t i = 0; i < ROUNDS / 4; i++) {
        uint32_t bits = (uint32_t)random_bits(i + ROUNDS);
        float x;
        memcpy(&x, &bits, sizeof x);
        if (!isfinite(x))
            continue;
        snprintf(text, sizeof text, "%.*e", (int)(i % 25), (double)x);
        like_strtod(text);
    }
}

static void equals_strtod_on_money_and_measures(void **state)
{
    (void)state;
    char text[128];
    for (uint64_t i = 0; i < ROUNDS / 4; i++) {
        uint64_t r = random_bits(i + 3 * ROUNDS);
        snprintf(text, sizeof text, "%s%llu.%0*llu", r & 1 ? "-" : "",
                 (unsigned long long)(r >> 8 & 0xffffff), (int)(r >> 1 & 7) + 1,
                 (unsigned long long)(r >> 40 & 0x3ff));
        like_strtod(text);
    }
}

/* The exact middle of two neighbours has one more bit than a double: a long double holds
 * it and prints all its digits. A last digit beyond decides. */
static void middles_go_to_even_and_one_digit_more_decides(void **state)
{
    (void)state;
    char text[1400];
    for (uint64_t i = 0; i < 20000; i++) {
        uint64_t bits = random_bits(i + 5 * ROUNDS) & INT64_MAX;
        if (i % 8 == 0)
            bits &= 0x000fffffffffffff;          /* denormal */
        if (bits >> 52 >= 0x7fe)
            continue;
        long double middle = ((long double)double_of(bits) + (long double)double_of(bits + 1)) / 2;
        int n = snprintf(text, sizeof text, "%.1100Le", middle);
        like_strtod(text);
        char *e = strchr(text, 'e');
        assert_true(n > 0 && e != NULL);
        e[-1] = '1';
        like_strtod(text);
    }
}

/* The middle of two floats is a double: all its digits by printf. */
static void middles_of_floats_go_to_even_and_one_digit_more_decides(void **state)
{
    (void)state;
    char text[256];
    for (uint64_t i = 0; i < 200000; i++) {
        uint32_t bits = (uint32_t)random_bits(i + 7 * ROUNDS) & INT32_MAX;
        float below, above;
        if (i % 8 == 0)
            bits &= 0x007fffff;                  /* denormal */
        if (bits >> 23 >= 0xfe)
            continue;
        memcpy(&below, &bits, sizeof below);
        above = nextafterf(below, INFINITY);
        snprintf(text, sizeof text, "%.160e", ((double)below + (double)above) / 2);
        like_strtod(text);
        strchr(text, 'e')[-1] = '1';
        like_strtod(text);
    }
}

static void hard_cases_of_the_literature(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "0", "-0", "0.0", "-0.0e5", "0e999999999999999999999", "1e-999999999999999999999",
        "5e-324", "4.9406564584124654e-324", "2.4703282292062327e-324",
        "2.4703282292062328e-324", "2.47032822920623272088284396434110686182e-324",
        "2.2250738585072011e-308", "2.2250738585072012e-308", "2.2250738585072014e-308",
        "1.7976931348623157e308", "1.7976931348623158e308", "1.7976931348623159e308",
        "1.797693134862315807e308", "1.797693134862315808e308", "1e308", "1e309", "1e400",
        "9007199254740992", "9007199254740993", "9007199254740994", "9007199254740995",
        "9007199254740993.00000000000000000000000000000000000000000000000001",
        "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203124",
        "1.00000000000000011102230246251565404236316680908203126",
        "9223372036854775807", "18446744073709551615", "18446744073709551616",
        "123456789012345678901234567890", "8.98846567431158e307", "1e23", "8.5e22",
        "6929495644600919.5", "3.237883913302901289588352412501532174863037669423108e-175",
        "5.708990770823839207320493820740630171355185151999e-3", "7.2057594037927933e16",
        "0.000000000000000000000000000000000000011754943508222875", "1.401298464324817e-45",
        "7.006492321624085e-46", "7.006492321624086e-46", "3.4028234663852886e38",
        "3.4028235677973366e38", "3.4028235677973365e38", "16777217", "16777219",
        "1.175494350822287507968736537222245677819e-38", "33554435", "+1", ".5", "5.", "1E5",
        "1e+5", "00000000000000000000000000000000000012345", "1.e1", "0.1e1", ".1e-1",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        like_strtod(cases[i]);
}

static void very_long_numbers_are_exact(void **state)
{
    (void)state;
    char text[3000];
    for (size_t n = 1; n < 1500; n += 37) {
        memset(text, '0', sizeof text);
        memcpy(text, "0.", 2);
        snprintf(text + n + 2, sizeof text - n - 2, "123456789e%zu", n);
        like_strtod(text);
        memset(text, '7', n);
        text[n] = 0;
        like_strtod(text);
        memset(text, '9', n);
        snprintf(text + n, sizeof text - n, "e-%zu", n);
        like_strtod(text);
    }
}

static void refuses_what_is_not_a_number(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "", "-", "+", ".", "-.", "e5", "1e", "1e+", "1e-", "1e5.0", " 1", "1 ", "1,5", "0x10",
        "inf", "nan", "Infinity", "1..2", "1.2.3", "--1", "+-1", "1_000", "1d5", "1e5x", "\xb2",
    };
    double x;
    float y;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_false(seg_parse_f64(cases[i], strlen(cases[i]), '.', &x));
        assert_false(seg_parse_f32(cases[i], strlen(cases[i]), '.', &y));
    }
    assert_false(seg_parse_f64("1\0", 2, '.', &x));
}

static void reads_only_its_bytes_and_takes_a_comma(void **state)
{
    (void)state;
    double x;
    assert_true(seg_parse_f64("12,5;7", 4, ',', &x) && same_f64(x, 12.5));
    assert_true(seg_parse_f64("12345", 3, '.', &x) && same_f64(x, 123));
    assert_false(seg_parse_f64("12.5", 4, ',', &x));
    assert_true(seg_parse_f64("1234567890123456789012,5", 24, ',', &x));
    assert_true(same_f64(x, 1234567890123456789012.5));
}

static void whole_numbers_fit_or_are_refused(void **state)
{
    (void)state;
    int64_t i;
    uint64_t u;
    assert_true(seg_parse_i64("-9223372036854775808", 20, &i) && i == INT64_MIN);
    assert_true(seg_parse_i64("9223372036854775807", 19, &i) && i == INT64_MAX);
    assert_true(seg_parse_i64("+0012", 5, &i) && i == 12);
    assert_false(seg_parse_i64("9223372036854775808", 19, &i));
    assert_false(seg_parse_i64("-9223372036854775809", 20, &i));
    assert_false(seg_parse_i64("99999999999999999999", 20, &i));
    assert_false(seg_parse_i64("", 0, &i) || seg_parse_i64("-", 1, &i));
    assert_false(seg_parse_i64("1.0", 3, &i) || seg_parse_i64("1 ", 2, &i));
    assert_true(seg_parse_u64("18446744073709551615", 20, &u) && u == UINT64_MAX);
    assert_false(seg_parse_u64("18446744073709551616", 20, &u));
    assert_false(seg_parse_u64("-1", 2, &u));
}

static void fixed(const char *text, uint32_t scale, int64_t expected, bool expected_exact)
{
    int64_t value = -1;
    bool exact = !expected_exact;
    if (!seg_parse_fixed(text, strlen(text), '.', scale, &value, &exact) || value != expected ||
        exact != expected_exact)
        fail_msg("'%s' gives %lld, exact %d", text, (long long)value, exact);
}

static void money_is_exact_or_rounded_half_to_even(void **state)
{
    (void)state;
    fixed("12.5", 1000, 12500, true);
    fixed("-12.50", 100, -1250, true);
    fixed("7", 100, 700, true);
    fixed(".07", 100, 7, true);
    fixed("3.", 100, 300, true);
    fixed("1.005", 100, 100, false);
    fixed("1.015", 100, 102, false);
    fixed("1.0150000000000000000000000000", 100, 102, false);
    fixed("1.00500000000000000000000000001", 100, 101, false);
    fixed("-1.005", 100, -100, false);
    fixed("1.00000000000000000000000000000", 100, 100, true);
    fixed("2.5", 1, 2, false);
    fixed("3.5", 1, 4, false);
    fixed("0.4", 1, 0, false);
    fixed("92233720368547758.07", 100, INT64_MAX, true);
    fixed("-92233720368547758.08", 100, INT64_MIN, true);
}

static void money_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = { "", ".", "-", "1e2", "1.2.3", "1,5", " 1", "1 ", "x",
                                         "92233720368547758.08", "99999999999999999999",
                                         "184467440737095516.16", "1.00x" };
    int64_t value;
    bool exact;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_false(seg_parse_fixed(cases[i], strlen(cases[i]), '.', 100, &value, &exact));
}

static void share(const char *text, uint64_t expected_num, uint64_t expected_den)
{
    uint64_t num = 77, den = 77;
    if (!seg_parse_share(text, strlen(text), &num, &den) || num != expected_num ||
        den != expected_den)
        fail_msg("'%s' gives %llu / %llu", text, (unsigned long long)num,
                 (unsigned long long)den);
}

static void shares_are_exact_and_digits_alone_a_count(void **state)
{
    (void)state;
    share("0.07", 7, 100);
    share("7%", 7, 100);
    share("7", 7, 0);
    share("0", 0, 0);
    share("1.0", 1, 1);
    share("0.5%", 5, 1000);
    share("0.010000000000000000000000000000000", 1, 100);
    share(".5", 5, 10);
    share("100%", 100, 100);
    share("18446744073709551615", UINT64_MAX, 0);
    static const char *const bad[] = { "", "%", ".", "-1", "+1", "1e-3", "0.1.2", "7%%", "7 %",
                                       "18446744073709551616", "0.00000000000000000000000001" };
    uint64_t num, den;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(seg_parse_share(bad[i], strlen(bad[i]), &num, &den));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_strtod_on_random_bit_patterns),
        cmocka_unit_test(equals_strtod_where_floats_live),
        cmocka_unit_test(equals_strtod_on_money_and_measures),
        cmocka_unit_test(middles_go_to_even_and_one_digit_more_decides),
        cmocka_unit_test(middles_of_floats_go_to_even_and_one_digit_more_decides),
        cmocka_unit_test(hard_cases_of_the_literature),
        cmocka_unit_test(very_long_numbers_are_exact),
        cmocka_unit_test(refuses_what_is_not_a_number),
        cmocka_unit_test(reads_only_its_bytes_and_takes_a_comma),
        cmocka_unit_test(whole_numbers_fit_or_are_refused),
        cmocka_unit_test(money_is_exact_or_rounded_half_to_even),
        cmocka_unit_test(money_that_does_not_fit_is_refused),
        cmocka_unit_test(shares_are_exact_and_digits_alone_a_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
