/* The profit of a campaign by hand, against a loop over every cut, and its expectation
 * against numeric integration, limits, and the published value of another program. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "kernels/profit.h"

enum { N = 2000 };
static float scores[N];
static uint8_t classes[N];
static const seg_campaign usual = { 200, 10, 1, 0.3 };

static void make_rows(size_t n, uint64_t seed, uint64_t steps)
{
    seg_rng rng = { seed, 1 };
    for (size_t i = 0; i < n; i++) {
        scores[i] = (float)seg_rng_below(rng, 2 * i, steps + 1) / (float)steps;
        classes[i] = seg_rng_f64(rng, 2 * i + 1) < 0.05 + 0.5 * (double)scores[i];
    }
}

static seg_score_table table_of(size_t n)
{
    seg_score_table table = { 0 };
    assert_int_equal(seg_score_table_add(&table, scores, classes, n, NULL), SEG_OK);
    assert_int_equal(seg_score_table_finish(&table, NULL), SEG_OK);
    return table;
}

static seg_profit measure(size_t n, seg_campaign campaign)
{
    seg_profit profit;
    seg_score_table table = table_of(n);
    assert_int_equal(seg_profit_measure(&table, &campaign, &profit, NULL), SEG_OK);
    seg_score_table_free(&table);
    return profit;
}

static double expected(size_t n, seg_campaign campaign)
{
    double empc;
    seg_score_table table = table_of(n);
    assert_int_equal(seg_profit_expected(&table, &campaign, &empc, NULL), SEG_OK);
    seg_score_table_free(&table);
    return empc;
}

/* The profit when rows with at least this score are called, row by row. */
static double plain_profit(size_t n, double threshold, seg_campaign c)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        if ((double)scores[i] >= threshold)
            sum += classes[i] ? c.accept * (c.value - c.offer_cost) - c.contact_cost
                              : -(c.offer_cost + c.contact_cost);
    return sum;
}

static double plain_maximum(size_t n, seg_campaign c)
{
    double best = 0;
    for (size_t i = 0; i < n; i++)
        best = fmax(best, plain_profit(n, (double)scores[i], c));
    return best;
}

/* A leaver earns 0.3 * 190 - 1 = 56, a stayer costs 11. From the top: 56, 112, 101, 90, 146,
 * 135, 124, 113: the fifth cut is the best. */
static void small_case_by_hand(void **state)
{
    (void)state;
    const uint8_t leaves[] = { 1, 1, 0, 0, 1, 0, 0, 0 };
    for (size_t i = 0; i < 8; i++) {
        scores[i] = 0.9f - 0.1f * (float)i;
        classes[i] = leaves[i];
    }
    seg_profit p = measure(8, usual);
    assert_true(fabs(p.max - 146) < 1e-12);
    assert_true(fabs(p.per_customer - 146.0 / 8) < 1e-12);
    assert_int_equal(p.customers, 5);
    assert_int_equal(p.leavers, 3);
    assert_true(fabs(p.threshold - 0.5) < 1e-6);
    assert_true(fabs(p.target_share - 5.0 / 8) < 1e-15);
    assert_int_equal(p.n_points, 9);
    const double curve[] = { 0, 56, 112, 101, 90, 146, 135, 124, 113 };
    for (size_t i = 0; i < 9; i++) {
        assert_true(fabs(p.curve[i].profit - curve[i]) < 1e-12);
        assert_true(fabs(p.curve[i].share - (double)i / 8) < 1e-15);
    }
    assert_true(isnan(p.curve[0].threshold));
}

static void best_cut_is_that_of_a_loop_over_every_cut(void **state)
{
    (void)state;
    const seg_campaign campaigns[] = { usual, { 50, 5, 0, 0.5 }, { 1000, 0, 3, 0.1 },
                                       { 30, 2, 1, 1 } };
    const uint64_t steps[] = { 3, 40, 1u << 20 };
    for (size_t c = 0; c < 4; c++)
        for (size_t s = 0; s < 3; s++) {
            make_rows(500, 3 + s, steps[s]);
            seg_profit p = measure(500, campaigns[c]);
            double best = plain_maximum(500, campaigns[c]);
            assert_true(fabs(p.max - best) <= 1e-9 * best + 1e-9);
            if (p.customers > 0)
                assert_true(fabs(plain_profit(500, p.threshold, campaigns[c]) - best) < 1e-9);
            for (size_t i = 1; i < p.n_points; i++) {
                assert_true(p.curve[i].share > p.curve[i - 1].share);
                assert_true(fabs(plain_profit(500, p.curve[i].threshold, campaigns[c])
                                 - p.curve[i].profit) < 1e-9);
            }
            assert_true(p.n_points <= SEG_PROFIT_POINTS);
            assert_true(fabs(p.curve[p.n_points - 1].share - 1) < 1e-15);
        }
}

static void nobody_is_called_when_no_call_pays(void **state)
{
    (void)state;
    make_rows(300, 5, 100);
    const seg_campaign dear[] = { { 10, 20, 1, 0.5 }, { 200, 10, 100, 0.3 }, { 100, 1, 0.5, 0 } };
    for (size_t c = 0; c < 3; c++) {
        seg_profit p = measure(300, dear[c]);
        assert_true(p.max == 0 && p.per_customer == 0 && p.target_share == 0);
        assert_true(isnan(p.threshold));
        assert_int_equal(p.customers, 0);
    }
    assert_true(expected(300, dear[0]) == 0);
}

/* The Python package empulse documents this for empc_score with its defaults, which are those of
 * empChurn in the R package EMP. */
static void expectation_is_the_published_one(void **state)
{
    (void)state;
    const float given[] = { 0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.7f, 0.8f, 0.9f };
    for (size_t i = 0; i < 8; i++) {
        scores[i] = given[i];
        classes[i] = i % 2;
    }
    assert_true(fabs(expected(8, usual) - 23.875593418348124) < 1e-12);
}

/* The maximum over every cut, weighted with the density of Beta(6, 14), by the midpoint
 * rule. */
static double plain_expectation(size_t n, seg_campaign c)
{
    enum { STEPS = 4000 };
    double sum = 0, weights = 0;
    for (size_t i = 0; i < STEPS; i++) {
        c.accept = ((double)i + 0.5) / STEPS;
        double weight = pow(c.accept, 5) * pow(1 - c.accept, 13);
        sum += weight * plain_maximum(n, c);
        weights += weight;
    }
    return sum / weights / (double)n;
}

static void expectation_is_that_of_numeric_integration(void **state)
{
    (void)state;
    const seg_campaign campaigns[] = { usual, { 60, 10, 1, 0 }, { 100, 0, 5, 0 } };
    const uint64_t steps[] = { 4, 1000 };
    for (size_t c = 0; c < 3; c++)
        for (size_t s = 0; s < 2; s++) {
            make_rows(60, 11 + s, steps[s]);
            double plain = plain_expectation(60, campaigns[c]);
            assert_true(fabs(expected(60, campaigns[c]) - plain) < 1e-5 * (1 + plain));
        }
}

/* A perfect ranking calls all leavers whenever one pays, from a share of f / (v - d) on,
 * below which Beta(6, 14) has no weight to speak of: pi0 * (0.3 (v - d) - f). A ranking that
 * says nothing has one cut, all: the same less pi1 (d + f), where that is positive. */
static void perfect_and_random_rankings_are_the_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++) {
        classes[i] = i % 5 == 0;
        scores[i] = classes[i] ? 0.8f : 0.1f;
    }
    double perfect = 0.2 * (0.3 * 190 - 1);
    assert_true(fabs(expected(N, usual) - perfect) < 1e-6);
    assert_true(fabs(measure(N, usual).per_customer - perfect) < 1e-12);
    for (size_t i = 0; i < N; i++)
        scores[i] = 0.2f;
    double random = expected(N, usual);
    assert_true(random >= 0.2 * (0.3 * 190 - 1) - 0.8 * 11);
    assert_true(fabs(random - plain_expectation(N, usual)) < 1e-5);
}

static void no_rows_are_an_error(void **state)
{
    (void)state;
    seg_profit p;
    double empc;
    seg_error err;
    const seg_score_table none = { 0 };
    assert_int_equal(seg_profit_measure(&none, &usual, &p, &err), SEG_E_DATA);
    assert_int_equal(seg_profit_expected(&none, &usual, &empc, &err), SEG_E_DATA);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    make_rows(100, 1, 50);
    seg_score_table table = table_of(100);
    seg_status st = SEG_E_AGAIN;
    long live = seg_alloc_live;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        double empc;
        seg_error err;
        seg_alloc_fail_after = n;
        st = seg_profit_expected(&table, &usual, &empc, &err);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(st, SEG_OK);
    seg_score_table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_case_by_hand),
        cmocka_unit_test(best_cut_is_that_of_a_loop_over_every_cut),
        cmocka_unit_test(nobody_is_called_when_no_call_pays),
        cmocka_unit_test(expectation_is_the_published_one),
        cmocka_unit_test(expectation_is_that_of_numeric_integration),
        cmocka_unit_test(perfect_and_random_rankings_are_the_limits),
        cmocka_unit_test(no_rows_are_an_error),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
