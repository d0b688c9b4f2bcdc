/* p-values against plain sums in long double and published ones, corrections against worked
 * examples and against what arules keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "kernels/rule_tests.h"
#include "tests/support/golden.h"

static bool same(double x, double expected, double error)
{
    return fabs(x - expected) <= error * fabs(expected);
}

static long double choose(int n, int k)
{
    long double c = 1;
    for (int i = 1; i <= k; i++)
        c = c * (n - k + i) / i;
    return c;
}

static long double term(int n, int x, int y, int k)
{
    return choose(y, k) * choose(n - y, x - k) / choose(n, x);
}

static void sums_the_tail_as_defined(void **state)
{
    (void)state;
    for (int n = 1; n <= 40; n += 3)
        for (int x = 1; x <= n; x += 2)
            for (int y = 1; y <= n; y++) {
                int least = x + y > n ? x + y - n : 0, most = x < y ? x : y;
                for (int k = least > 0 ? least : 1; k <= most; k++) {
                    long double from = 0, below = 0;
                    for (int i = k; i <= most; i++)
                        from += term(n, x, y, i);
                    for (int i = least; i < k; i++)
                        below += term(n, x, y, i);
                    seg_rule_counts r = { (uint32_t)n, (uint32_t)k, (uint32_t)x, (uint32_t)y };
                    assert_true(same(seg_fisher_p(&r), (double)from, 1e-12));
                    assert_true(fabs(seg_fisher_below(&r) - (double)below) < 1e-13);
                }
            }
}

/* The lady who tastes tea: 3 of 4 right by guessing has probability 17/70. */
static void gives_fishers_own_example(void **state)
{
    (void)state;
    seg_rule_counts tea = { .all = 8, .both = 3, .body = 4, .head = 4 };
    assert_true(same(seg_fisher_p(&tea), 17.0 / 70, 1e-14));
}

static void finds_the_least_quantile(void **state)
{
    (void)state;
    for (int n = 5; n <= 60; n += 5)
        for (int x = 1; x <= n; x += 3)
            for (int y = 1; y <= n; y += 2) {
                int least = x + y > n ? x + y - n : 0, q = least;
                long double sum = term(n, x, y, q);
                while (sum < 0.99L * (1 - 1e-13L))
                    sum += term(n, x, y, ++q);
                seg_rule_counts r = { (uint32_t)n, 1, (uint32_t)x, (uint32_t)y };
                assert_int_equal(seg_hypergeometric_quantile(&r, 0.99), q);
            }
}

/* Quantiles of the normal distribution, squared. */
static void gives_published_chi_squared(void **state)
{
    (void)state;
    assert_true(same(seg_chi_squared_p(3.841458820694124), 0.05, 1e-12));
    assert_true(same(seg_chi_squared_p(6.634896601021214), 0.01, 1e-12));
    assert_true(same(seg_chi_squared_p(10.827566170662733), 0.001, 1e-12));
    for (double x = 1e-6; x < 1400; x *= 1.1)
        assert_true(same(seg_chi_squared_p(x), erfc(sqrt(x / 2)), 1e-11));
    assert_true(seg_chi_squared_p(0) == 1);
    assert_true(isnan(seg_chi_squared_p((double)NAN)));
}

static void adjusts_like_the_papers(void **state)
{
    (void)state;
    static const double p[] = { 0.01, 0.04, 0.03, 0.005 };
    static const double expected[SEG_CORRECTIONS][4] = {
        { 0.01, 0.04, 0.03, 0.005 },
        { 0.04, 0.16, 0.12, 0.02 },
        { 0.03, 0.06, 0.06, 0.02 },
        { 0.02, 0.04, 0.04, 0.02 },
        { 0.02 * 25 / 12, 0.04 * 25 / 12, 0.04 * 25 / 12, 0.02 * 25 / 12 },
    };
    for (seg_correction how = 0; how < SEG_CORRECTIONS; how++) {
        double q[4];
        memcpy(q, p, sizeof q);
        assert_int_equal(seg_adjust_p(q, 4, 4, how, NULL), SEG_OK);
        for (int i = 0; i < 4; i++)
            assert_true(same(q[i], expected[how][i], 1e-14));
    }
    double few[] = { 0.01 };
    assert_int_equal(seg_adjust_p(few, 1, 0, SEG_CORRECT_HOLM, NULL), SEG_E_USAGE);
}

static void keeps_what_arules_keeps(void **state)
{
    (void)state;
    static const struct {
        seg_correction how;
        const char *flag;
        size_t n;
    } kept[] = { { SEG_CORRECT_NONE, "sig_fisher_.01", 5594 },
                 { SEG_CORRECT_BONFERRONI, "sig_bonf", 1815 }, { SEG_CORRECT_BH, "sig_bh", 5594 } };
    golden g;
    if (!golden_read(&g))
        skip();
    double *p = malloc(g.n * sizeof *p);
    for (size_t k = 0; k < sizeof kept / sizeof *kept; k++) {
        size_t n = 0;
        for (size_t i = 0; i < g.n; i++)
            p[i] = seg_fisher_p(&g.rules[i].counts);
        assert_int_equal(seg_adjust_p(p, g.n, g.n, kept[k].how, NULL), SEG_OK);
        for (size_t i = 0; i < g.n; i++) {
            assert_int_equal(p[i] <= 0.01, golden_flag(&g, i, kept[k].flag));
            n += p[i] <= 0.01;
        }
        assert_int_equal(n, kept[k].n);
    }
    free(p);
    golden_free(&g);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    double p[] = { 0.5, 0.1, 0.2 };
    long live = seg_alloc_live;
    seg_alloc_fail_after = 0;
    assert_int_equal(seg_adjust_p(p, 3, 3, SEG_CORRECT_BH, NULL), SEG_E_AGAIN);
    seg_alloc_fail_after = -1;
    assert_int_equal(seg_alloc_live, live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_the_tail_as_defined),
        cmocka_unit_test(gives_fishers_own_example),
        cmocka_unit_test(finds_the_least_quantile),
        cmocka_unit_test(gives_published_chi_squared),
        cmocka_unit_test(adjusts_like_the_papers),
        cmocka_unit_test(keeps_what_arules_keeps),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
