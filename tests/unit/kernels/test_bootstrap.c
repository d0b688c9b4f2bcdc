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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_are_poisson_with_mean_one),
        cmocka_unit_test(a_draw_depends_on_seed_resample_and_row_alone),
        cmocka_unit_test(a_weight_is_drawn_as_a_whole),
        cmocka_unit_test(halves_are_even_and_independent_of_the_split_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
