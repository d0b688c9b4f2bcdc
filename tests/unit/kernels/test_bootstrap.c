/* Resamples, halves and reference data: their distributions, and that blocks do not matter. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "kernels/bootstrap.h"

enum { N = 400000, TIMES = 24 };
static uint64_t times[N];

static void draws_are_poisson_with_mean_one(void **state)
{
    (void)state;
    double seen[TIMES] = { 0 }, expected = exp(-1), chi2 = 0;
    assert_int_equal(seg_bootstrap_draw(1, 0, NULL, 0, N, times, NULL), SEG_OK);
    for (size_t i = 0; i < N; i++)
        seen[times[i] < TIMES ? times[i] : TIMES - 1]++;
    for (int j = 0; j < 8; j++) {
        double e = expected * N;
        chi2 += (seen[j] - e) * (seen[j] - e) / e;
        expected /= j + 1;
    }
    assert_true(chi2 < 26.1);      /* 8 cells: one in a thousand is above */
    for (int j = 12; j < TIMES; j++)
        assert_true(seen[j] <= 1);
}

static void a_draw_depends_on_seed_resample_and_row_alone(void **state)
{
    (void)state;
    static uint64_t pieces[5000], other[5000];
    assert_int_equal(seg_bootstrap_draw(7, 3, NULL, 1000, 5000, times, NULL), SEG_OK);
    for (size_t i = 0; i < 5000; i += 125)
        assert_int_equal(seg_bootstrap_draw(7, 3, NULL, 1000 + i, 125, pieces + i, NULL),
                         SEG_OK);
    assert_memory_equal(pieces, times, sizeof pieces);
    assert_int_equal(seg_bootstrap_draw(7, 4, NULL, 1000, 5000, other, NULL), SEG_OK);
    assert_memory_not_equal(other, times, sizeof other);
    assert_int_equal(seg_bootstrap_draw(8, 3, NULL, 1000, 5000, other, NULL), SEG_OK);
    assert_memory_not_equal(other, times, sizeof other);
}

static void a_weight_is_drawn_as_a_whole(void **state)
{
    (void)state;
    static uint64_t weight[1000], weighted[1000];
    for (size_t i = 0; i < 1000; i++)
        weight[i] = i % 5;
    assert_int_equal(seg_bootstrap_draw(2, 1, NULL, 0, 1000, times, NULL), SEG_OK);
    assert_int_equal(seg_bootstrap_draw(2, 1, weight, 0, 1000, weighted, NULL), SEG_OK);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(weighted[i], times[i] * (i % 5));
    seg_error err;
    weight[999] = UINT64_MAX;
    uint64_t b = 0;
    while (seg_bootstrap_draw(2, b, weight, 0, 1000, weighted, &err) == SEG_OK)
        b++;
    assert_non_null(strstr(err.text, "row 999"));
}

static void halves_are_even_and_independent_of_the_split_before(void **state)
{
    (void)state;
    static uint8_t first[10000], second[10000];
    int ones = 0, equal = 0;
    seg_bootstrap_halves(1, 0, 0, 10000, first);
    seg_bootstrap_halves(1, 1, 0, 10000, second);
    for (size_t i = 0; i < 10000; i++) {
        assert_true(first[i] <= 1);
        ones += first[i];
        equal += first[i] == second[i];
    }
    assert_in_range(ones, 4800, 5200);
    assert_in_range(equal, 4800, 5200);
}

static void reference_data_fill_the_box_evenly(void **state)
{
    (void)state;
    enum { ROWS = 20000 };
    static double z[ROWS * 3], piece[300];
    const double least[] = { -2, 0, 5 }, largest[] = { 2, 1, 5 };
    double sum[3] = { 0 }, cross = 0;
    seg_gap_reference(9, 2, least, largest, 3, 0, ROWS, z);
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t f = 0; f < 3; f++) {
            assert_true(z[i * 3 + f] >= least[f] && z[i * 3 + f] <= largest[f]);
            sum[f] += z[i * 3 + f] / ROWS;
        }
        cross += z[i * 3] * (z[i * 3 + 1] - 0.5) / ROWS;
    }
    assert_true(fabs(sum[0]) < 0.05 && fabs(sum[1] - 0.5) < 0.012 && fabs(sum[2] - 5) < 1e-9);
    assert_true(fabs(cross) < 0.015);
    seg_gap_reference(9, 2, least, largest, 3, 500, 100, piece);
    assert_memory_equal(piece, z + 1500, sizeof piece);
}

static void the_gap_is_the_mean_of_logs_less_the_log(void **state)
{
    (void)state;
    const double w[] = { exp(2.0), exp(3.0), exp(4.0) };
    seg_gap g = seg_gap_of(exp(1.0), w, 3);
    assert_true(fabs(g.gap - 2) < 1e-14);
    assert_true(fabs(g.error - sqrt(2.0 / 3) * sqrt(4.0 / 3)) < 1e-14);
    assert_true(isnan(seg_gap_of(0, w, 3).gap));
    assert_true(isnan(seg_gap_of(1, w, 0).gap));
    assert_true(isnan(seg_gap_of(1, (double[]){ 1, 0 }, 2).error));
}

static void the_gap_chooses_the_first_k_that_the_next_does_not_beat(void **state)
{
    (void)state;
    const seg_gap clear[] = { { 0.1, 0.01 }, { 0.5, 0.01 }, { 0.45, 0.01 }, { 0.6, 0.01 } };
    const seg_gap within[] = { { 0.1, 0.01 }, { 0.15, 0.06 }, { 0.45, 0.01 } };
    const seg_gap rising[] = { { 0.1, 0.01 }, { 0.2, 0.01 }, { 0.3, 0.01 } };
    const seg_gap holes[] = { { NAN, NAN }, { 0.2, 0.01 }, { NAN, NAN } };
    assert_int_equal(seg_gap_choose(clear, 4), 1);
    assert_int_equal(seg_gap_choose(within, 3), 0);
    assert_int_equal(seg_gap_choose(rising, 3), 2);
    assert_int_equal(seg_gap_choose(holes, 3), 1);
    assert_true(seg_gap_choose(holes, 1) == SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_are_poisson_with_mean_one),
        cmocka_unit_test(a_draw_depends_on_seed_resample_and_row_alone),
        cmocka_unit_test(a_weight_is_drawn_as_a_whole),
        cmocka_unit_test(halves_are_even_and_independent_of_the_split_before),
        cmocka_unit_test(reference_data_fill_the_box_evenly),
        cmocka_unit_test(the_gap_is_the_mean_of_logs_less_the_log),
        cmocka_unit_test(the_gap_chooses_the_first_k_that_the_next_does_not_beat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
