/* The fast road for numbers in columns prints what the searching one does. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/number.h"
#include "base/rng.h"

enum { ROUNDS = 6000000 };   /* of each kind */

static uint64_t random_bits(uint64_t i)
{
    return seg_rng_u64((seg_rng){ 23, 5 }, i);
}

static void same_f32(float x)
{
    char put[2 * SEG_NUMBER_BYTES], printed[SEG_NUMBER_BYTES];
    size_t n = (size_t)(seg_put_f32(put, x) - put);
    if (n != seg_print_f32(printed, x) || memcmp(put, printed, n) != 0)
        fail_msg("%a is put as '%.*s', not '%s'", (double)x, (int)n, put, printed);
}

static void same_f64(double x)
{
    char put[2 * SEG_NUMBER_BYTES], printed[SEG_NUMBER_BYTES];
    size_t n = (size_t)(seg_put_f64(put, x) - put);
    if (n != seg_print_f64(printed, x) || memcmp(put, printed, n) != 0)
        fail_msg("%a is put as '%.*s', not '%s'", x, (int)n, put, printed);
}

static void same_around_f32(float x)
{
    same_f32(x);
    same_f32(-x);
    same_f32(nextafterf(x, 0));
    same_f32(nextafterf(x, INFINITY));
}

static void same_around_f64(double x)
{
    same_f64(x);
    same_f64(-x);
    same_f64(nextafter(x, 0));
    same_f64(nextafter(x, (double)INFINITY));
}

static void floats_of_any_bits_print_the_same(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        uint32_t bits = (uint32_t)random_bits(i);
        float x;
        memcpy(&x, &bits, sizeof x);
        same_f32(x);
    }
}

/* 2^-12 .. 2^26: where the fast road begins and ends. */
static void floats_of_tables_print_the_same(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        uint64_t bits = random_bits(i);
        same_f32(ldexpf(1 + (float)(bits >> 41) / 8388608, (int)(bits % 38) - 12));
    }
}

static void decimals_of_any_places_print_the_same(void **state)
{
    (void)state;
    static const double units[] = { 1, 10, 100, 1000, 1e4, 1e5, 1e6, 1e7, 1e8 };
    for (uint64_t i = 0; i < ROUNDS / 2; i++) {
        uint64_t bits = random_bits(i);
        double unit = units[bits % 9], size = ldexp(1, (int)(bits >> 8 & 31));
        double x = floor((double)(bits >> 32) / 4294967296.0 * size * unit) / unit;
        same_around_f32((float)x);
        same_f64(x);
        same_f64(nextafter(x, 0));
    }
}

static void every_edge_prints_the_same(void **state)
{
    (void)state;
    static const double edges[] = { 0, 1e-5, 9.999e-6, 0.001, 0.0009765625, 0.5, 1, 9.5, 16, 99,
        100, 1024, 9999, 10000, 99999.99, 131072, 1e6, 1e7, 16777215, 16777216, 16777217, 1e8,
        99999999.999999, 1e13, 9999999999999.99, 1e15, 999999999999999.9, 9007199254740992.0,
        1e16, 1e17, 1.17549435e-38, 3.4028235e38, 2.2250738585072014e-308, 5e-324,
        1.7976931348623157e308 };
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        same_around_f64(edges[i]);
        same_around_f32((float)edges[i]);
    }
    same_f32(NAN);
    same_f32(INFINITY);
    same_f64((double)NAN);
    same_f64(-(double)INFINITY);
    for (int e = -149; e <= 127; e++)
        same_around_f32(ldexpf(1, e));
    for (int e = -1074; e <= 1023; e++)
        same_around_f64(ldexp(1, e));
    for (uint32_t i = 0; i < 1 << 17; i++)
        same_f32((float)i * 0.01f);
}

static void doubles_of_any_bits_print_the_same(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < ROUNDS / 2; i++) {
        uint64_t bits = random_bits(i);
        double x;
        memcpy(&x, &bits, sizeof x);
        same_f64(x);
        same_f64(ldexp(1 + (double)(bits >> 12) / 4503599627370496.0, (int)(bits % 66) - 12));
    }
}

static void whole_numbers_and_money_print_the_same(void **state)
{
    (void)state;
    static const uint32_t scales[] = { 1, 10, 100, 1000, 10000, 1000000 };
    char put[2 * SEG_NUMBER_BYTES], printed[SEG_NUMBER_BYTES];
    for (uint64_t i = 0; i < ROUNDS / 2; i++) {
        int64_t x = i == 0 ? INT64_MIN : i == 1 ? INT64_MAX : i == 2 ? 0
                    : (int64_t)random_bits(i) >> random_bits(i + 1) % 64;
        size_t n = (size_t)(seg_put_i64(put, x) - put);
        assert_int_equal(n, seg_print_i64(printed, x));
        assert_memory_equal(put, printed, n);
        uint32_t scale = scales[i % 6];
        n = (size_t)(seg_put_fixed(put, x, scale) - put);
        assert_int_equal(n, seg_print_fixed(printed, x, scale));
        assert_memory_equal(put, printed, n);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(floats_of_any_bits_print_the_same),
        cmocka_unit_test(floats_of_tables_print_the_same),
        cmocka_unit_test(decimals_of_any_places_print_the_same),
        cmocka_unit_test(every_edge_prints_the_same),
        cmocka_unit_test(doubles_of_any_bits_print_the_same),
        cmocka_unit_test(whole_numbers_and_money_print_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
