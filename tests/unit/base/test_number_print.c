/* Printed numbers read back equal (by strtod), and no shorter text would. */
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
    return seg_rng_u64((seg_rng){ 11, 2 }, i);
}

static void doubles_read_back_equal(void **state)
{
    (void)state;
    char text[SEG_NUMBER_BYTES];
    for (uint64_t i = 0; i < ROUNDS; i++) {
        uint64_t bits = random_bits(i);
        double x, y;
        memcpy(&x, &bits, sizeof x);
        if (!isfinite(x))
            continue;
        size_t n = seg_print_f64(text, x);
        y = strtod(text, NULL);
        if (n != strlen(text) || memcmp(&x, &y, sizeof x) != 0)
            fail_msg("%a is printed '%s'", x, text);
    }
}

static void floats_read_back_equal(void **state)
{
    (void)state;
    char text[SEG_NUMBER_BYTES];
    for (uint64_t i = 0; i < ROUNDS; i++) {
        uint32_t bits = (uint32_t)random_bits(i);
        float x, y;
        memcpy(&x, &bits, sizeof x);
        if (!isfinite(x))
            continue;
        seg_print_f32(text, x);
        y = strtof(text, NULL);
        if (memcmp(&x, &y, sizeof x) != 0)
            fail_msg("%a is printed '%s'", (double)x, text);
    }
}

/* Digits without sign, point, exponent and zeros at either end. */
static size_t digits_of(const char *text, char *out)
{
    size_t n = 0;
    for (; *text != 0 && *text != 'e'; text++)
        if (*text >= '0' && *text <= '9' && (n > 0 || *text != '0'))
            out[n++] = *text;
    while (n > 0 && out[n - 1] == '0')
        n--;
    out[n] = 0;
    return n;
}

/* printf with 1, 2, 3 ... digits: the first text that reads back is the shortest one and
 * the nearest of these, except at a power of two, where neighbours are not equally far. */
static void no_shorter_or_nearer_double_exists(void **state)
{
    (void)state;
    char ours[SEG_NUMBER_BYTES], theirs[64], a[64], b[64];
    for (uint64_t i = 0; i < ROUNDS / 20; i++) {
        uint64_t bits = random_bits(i) & ~(i % 3 == 0 ? 0xfffffffffffull : 0);
        double x;
        memcpy(&x, &bits, sizeof x);
        if (!isfinite(x) || (bits & 0xfffffffffffff) == 0)
            continue;
        int digits = 0;
        do
            snprintf(theirs, sizeof theirs, "%.*e", digits++, x);
        while (memcmp(&(double){ strtod(theirs, NULL) }, &x, sizeof x) != 0);
        seg_print_f64(ours, x);
        digits_of(ours, a);
        digits_of(theirs, b);
        if (strcmp(a, b) != 0)
            fail_msg("'%s' but '%s' is enough", ours, theirs);
    }
}

static void no_shorter_or_nearer_float_exists(void **state)
{
    (void)state;
    char ours[SEG_NUMBER_BYTES], theirs[64], a[64], b[64];
    for (uint64_t i = 0; i < ROUNDS / 20; i++) {
        uint32_t bits = (uint32_t)random_bits(i) & ~(i % 3 == 0 ? 0xffffu : 0);
        float x;
        memcpy(&x, &bits, sizeof x);
        if (!isfinite(x) || (bits & 0x7fffff) == 0)
            continue;
        int digits = 0;
        do
            snprintf(theirs, sizeof theirs, "%.*e", digits++, (double)x);
        while (memcmp(&(float){ strtof(theirs, NULL) }, &x, sizeof x) != 0);
        seg_print_f32(ours, x);
        digits_of(ours, a);
        digits_of(theirs, b);
        if (strcmp(a, b) != 0)
            fail_msg("'%s' but '%s' is enough", ours, theirs);
    }
}

static void every_power_of_two_and_ten_reads_back(void **state)
{
    (void)state;
    char text[SEG_NUMBER_BYTES], ten[16];
    for (int e = -1074; e <= 1023; e++) {
        double x = ldexp(1, e), below = nextafter(x, 0), above = nextafter(x, INFINITY);
        const double all[] = { x, below, above };
        for (size_t i = 0; i < 3; i++) {
            seg_print_f64(text, all[i]);
            assert_true(memcmp(&(double){ strtod(text, NULL) }, &all[i], sizeof x) == 0);
        }
    }
    for (int e = -323; e <= 308; e++) {
        snprintf(ten, sizeof ten, e > -5 && e < 16 ? "1e%d" : "1e%+d", e);
        seg_print_f64(text, strtod(ten, NULL));
        if (e < -5 || e >= 16)
            assert_string_equal(text, ten);
    }
}

static void f64(double x, const char *expected)
{
    char text[SEG_NUMBER_BYTES];
    assert_int_equal(seg_print_f64(text, x), strlen(expected));
    assert_string_equal(text, expected);
}

static void the_form_is_plain_between_1e_5_and_1e16(void **state)
{
    (void)state;
    f64(0, "0");
    f64(-0.0, "-0");
    f64(0.1, "0.1");
    f64(-1.5, "-1.5");
    f64(100000, "100000");
    f64(0.00012, "0.00012");
    f64(1e-5, "0.00001");
    f64(9.999e-6, "9.999e-6");
    f64(1e-7, "1e-7");
    f64(9999999999999998.0, "9999999999999998");
    f64(1e15, "1000000000000000");
    f64(1e16, "1e+16");
    f64(12345678901234567890.0, "1.2345678901234567e+19");
    f64(5e-324, "5e-324");
    f64(-1.7976931348623157e308, "-1.7976931348623157e+308");
    f64(-2.2250738585072014e-308, "-2.2250738585072014e-308");
    f64((double)INFINITY, "inf");
    f64(-(double)INFINITY, "-inf");
    f64((double)NAN, "nan");
    f64(123456.789, "123456.789");
    f64(9007199254740993.0, "9007199254740992");
    f64(1.2345678901234567e-5, "0.000012345678901234568");
    f64(-1.2345678901234567e-5, "-0.000012345678901234568");
}

static void floats_print_as_floats(void **state)
{
    (void)state;
    char text[SEG_NUMBER_BYTES];
    seg_print_f32(text, 0.1f);
    assert_string_equal(text, "0.1");
    seg_print_f32(text, 16777216.0f);
    assert_string_equal(text, "16777216");
    seg_print_f32(text, 3.4028235e38f);
    assert_string_equal(text, "3.4028235e+38");
    seg_print_f32(text, 1e-45f);
    assert_string_equal(text, "1e-45");
    seg_print_f32(text, -(float)INFINITY);
    assert_string_equal(text, "-inf");
}

static void whole_and_fixed_numbers_print_all_digits(void **state)
{
    (void)state;
    char text[SEG_NUMBER_BYTES];
    assert_int_equal(seg_print_i64(text, INT64_MIN), 20);
    assert_string_equal(text, "-9223372036854775808");
    assert_int_equal(seg_print_i64(text, 0), 1);
    assert_string_equal(text, "0");
    seg_print_fixed(text, 250150, 1000);
    assert_string_equal(text, "250.150");
    seg_print_fixed(text, -5, 100);
    assert_string_equal(text, "-0.05");
    seg_print_fixed(text, 17, 1);
    assert_string_equal(text, "17");
    assert_int_equal(seg_print_fixed(text, INT64_MIN, 10000), 21);
    assert_string_equal(text, "-922337203685477.5808");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_read_back_equal),
        cmocka_unit_test(floats_read_back_equal),
        cmocka_unit_test(no_shorter_or_nearer_double_exists),
        cmocka_unit_test(no_shorter_or_nearer_float_exists),
        cmocka_unit_test(every_power_of_two_and_ten_reads_back),
        cmocka_unit_test(the_form_is_plain_between_1e_5_and_1e16),
        cmocka_unit_test(floats_print_as_floats),
        cmocka_unit_test(whole_and_fixed_numbers_print_all_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
