/* Own elementary functions against libm, in units of the last place. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/real.h"
#include "base/rng.h"

enum { ROUNDS = 500000 };

static double uniform(uint64_t i)
{
    return seg_rng_f64((seg_rng){ 3, 9 }, i);
}

/* Distance in values of the type; finite, of the same sign. */
static void within_one(double ours, double theirs, double x)
{
    int64_t a, b;
    memcpy(&a, &ours, sizeof a);
    memcpy(&b, &theirs, sizeof b);
    if (a - b > 1 || b - a > 1)
        fail_msg("at %a: %a, libm %a", x, ours, theirs);
}

static void log_is_within_one_ulp(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        double u = uniform(i), wide = exp((u - 0.5) * 1418), near = 0.5 + 1.5 * u;
        double at_one = 1 + ldexp(u - 0.5, -(int)(i % 50));
        within_one(seg_log(wide), log(wide), wide);
        within_one(seg_log(near), log(near), near);
        within_one(seg_log(at_one), log(at_one), at_one);
    }
    for (int e = -1074; e <= 1023; e++)
        within_one(seg_log(ldexp(1, e)), log(ldexp(1, e)), ldexp(1, e));
}

static void exp_is_within_one_ulp(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        double u = uniform(i), wide = -745.13 + 1454.8 * u, near = 2 * u - 1;
        double tiny = ldexp(u - 0.5, -(int)(i % 70));
        within_one(seg_exp(wide), exp(wide), wide);
        within_one(seg_exp(near), exp(near), near);
        within_one(seg_exp(tiny), exp(tiny), tiny);
    }
}

static void log1p_is_within_one_ulp(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        double u = uniform(i), near = 2 * u - 1, wide = exp((u - 0.5) * 1400);
        double tiny = ldexp(u - 0.5, -(int)(i % 1000));
        within_one(seg_log1p(near), log1p(near), near);
        within_one(seg_log1p(wide), log1p(wide), wide);
        within_one(seg_log1p(tiny), log1p(tiny), tiny);
        within_one(seg_log1p(-wide / (1 + wide)), log1p(-wide / (1 + wide)), -wide / (1 + wide));
    }
}

static void near_in_share(double ours, double theirs, double x)
{
    if (!(fabs(ours - theirs) <= 1e-14 * fabs(theirs)))
        fail_msg("at %a: %.17g, libm %.17g", x, ours, theirs);
}

static void lgamma_is_within_1e_14(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        double u = uniform(i);
        double all[] = { 12 * u, exp(u * 80 - 40), exp(u * 700), 1 + ldexp(u - 0.5, -(int)(i % 50)),
                         2 + ldexp(u - 0.5, -(int)(i % 50)) };
        for (size_t j = 0; j < sizeof all / sizeof *all; j++)
            near_in_share(seg_lgamma(all[j]), lgamma(all[j]), all[j]);
    }
}

static void lgamma_of_whole_numbers_is_the_log_of_a_factorial(void **state)
{
    (void)state;
    double factorial = 1;
    assert_true(seg_lgamma(1) == 0 && seg_lgamma(2) == 0);
    for (int n = 2; n < 22; n++) {
        factorial *= n;                 /* exact up to 22! */
        near_in_share(seg_lgamma(n + 1), log(factorial), n + 1);
    }
    near_in_share(seg_lgamma(0.5), 0.57236494292470008707, 0.5);   /* log(pi) / 2 */
}

static void special_cases_are_those_of_c99(void **state)
{
    (void)state;
    double inf = (double)INFINITY, nan_value = (double)NAN;
    assert_true(seg_log(1) == 0 && seg_log(inf) == inf && seg_log(0) == -inf);
    assert_true(seg_log(-0.0) == -inf && isnan(seg_log(-1)) && isnan(seg_log(nan_value)));
    assert_true(isnan(seg_log(-inf)));
    assert_true(seg_exp(0) == 1 && seg_exp(inf) == inf && seg_exp(-inf) == 0);
    assert_true(isnan(seg_exp(nan_value)) && seg_exp(710) == inf && seg_exp(-746) == 0);
    assert_true(seg_exp(709.782712893385) == inf && isfinite(seg_exp(709.782712893383)));
    assert_true(seg_exp(-745.133) > 0);
    assert_true(seg_log1p(0) == 0 && signbit(seg_log1p(-0.0)) != 0 && seg_log1p(-1) == -inf);
    assert_true(isnan(seg_log1p(-1.5)) && seg_log1p(inf) == inf && isnan(seg_log1p(nan_value)));
    assert_true(isnan(seg_log1p(-inf)));
    assert_true(seg_lgamma(0) == inf && seg_lgamma(inf) == inf && isnan(seg_lgamma(nan_value)));
    assert_true(seg_lgamma(1e308) == inf);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_is_within_one_ulp),
        cmocka_unit_test(exp_is_within_one_ulp),
        cmocka_unit_test(log1p_is_within_one_ulp),
        cmocka_unit_test(lgamma_is_within_1e_14),
        cmocka_unit_test(lgamma_of_whole_numbers_is_the_log_of_a_factorial),
        cmocka_unit_test(special_cases_are_those_of_c99),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
