/* The logistic regression against the conditions of its minimum, taken by plain loops, and
 * against closed forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "kernels/logistic.h"

enum { N = 3000, NUMBERS = 3, LEVELS_1 = 4, LEVELS_2 = 7, P = 1 + NUMBERS + LEVELS_1 + LEVELS_2 };
static float numbers[NUMBERS * N];
static uint16_t levels[2 * N];
static const uint32_t n_levels[2] = { LEVELS_1, LEVELS_2 };
static uint8_t classes[N], use[N];

static seg_logistic_rows table(size_t n)
{
    const seg_rng rng = { 3, 9 };
    for (uint64_t i = 0; i < n; i++) {
        double eta = -1;
        for (size_t j = 0; j < NUMBERS; j++) {
            double v = 4 * seg_rng_f64(rng, i * 16 + j) - 2;
            numbers[j * n + i] = (float)v;
            eta += v * ((double)j - 0.7);
        }
        levels[i] = (uint16_t)seg_rng_below(rng, i * 16 + 8, LEVELS_1);
        levels[n + i] = (uint16_t)seg_rng_below(rng, i * 16 + 9, LEVELS_2 - 1);   /* one is empty */
        eta += levels[i] == 2 ? 1.5 : 0;
        classes[i] = seg_rng_f64(rng, i * 16 + 10) < 1 / (1 + exp(-eta));
        use[i] = i % 5 != 3;
    }
    return (seg_logistic_rows){ .n = n, .n_numbers = NUMBERS, .n_categories = 2,
                                .numbers = numbers, .levels = levels, .n_levels = n_levels,
                                .classes = classes };
}

static seg_logistic *fit_of(const seg_logistic_rows *rows, double lambda, int threads)
{
    seg_logistic *fit;
    seg_error err = { .text = "" };
    if (seg_logistic_new(rows, lambda, threads, &fit, &err) != SEG_OK)
        fail_msg("%s", err.text);
    return fit;
}

/* Value of coefficient j's column in row i. */
static double cell(size_t i, size_t j)
{
    if (j == 0)
        return 1;
    if (j <= NUMBERS)
        return (double)numbers[(j - 1) * N + i];
    if (j < 1 + NUMBERS + LEVELS_1)
        return levels[i] == j - 1 - NUMBERS;
    return levels[N + i] == j - 1 - NUMBERS - LEVELS_1;
}

static void nothing_can_be_gained_at_the_end(void **state)
{
    (void)state;
    seg_logistic_rows rows = table(N);
    for (double lambda = 0.01; lambda < 200; lambda *= 100) {
        seg_logistic *fit = fit_of(&rows, lambda, 1);
        assert_int_equal(seg_logistic_size(fit), P);
        const double *beta = seg_logistic_learn(fit, use);
        assert_in_range(seg_logistic_steps(fit), 1, 30);
        for (size_t j = 0; j < P; j++) {
            double slope = j == 0 ? 0 : lambda * beta[j];
            for (size_t i = 0; i < N; i++) {
                double eta = 0;
                for (size_t k = 0; k < P; k++)
                    eta += beta[k] * cell(i, k);
                if (use[i])
                    slope += cell(i, j) * (1 / (1 + exp(-eta)) - classes[i]);
            }
            assert_true(fabs(slope) < 1e-5 * N);
        }
        assert_true(fabs(beta[P - 1]) < 1e-9);   /* the level that nobody has */
        seg_logistic_free(fit);
    }
}

static void the_coefficients_are_those_the_data_were_made_with(void **state)
{
    (void)state;
    seg_logistic_rows rows = table(N);
    seg_logistic *fit = fit_of(&rows, 0.01, 1);
    memset(use, 1, N);
    const double *beta = seg_logistic_learn(fit, use);
    for (size_t j = 0; j < NUMBERS; j++)
        assert_true(fabs(beta[1 + j] - ((double)j - 0.7)) < 0.15);
    assert_true(fabs(beta[1 + NUMBERS + 2] - beta[1 + NUMBERS] - 1.5) < 0.3);
    seg_logistic_free(fit);
}

/* With one category and hardly a penalty every level has the log-odds of its rate. */
static void a_category_alone_gives_the_rates(void **state)
{
    (void)state;
    seg_logistic_rows rows = table(N);
    rows.n_numbers = 0;
    rows.n_categories = 1;
    double yes[LEVELS_1] = { 0 }, all[LEVELS_1] = { 0 };
    for (size_t i = 0; i < N; i++) {
        all[levels[i]] += use[i];
        yes[levels[i]] += use[i] * classes[i];
    }
    seg_logistic *fit = fit_of(&rows, 1e-6, 1);
    const double *beta = seg_logistic_learn(fit, use);
    for (size_t v = 0; v < LEVELS_1; v++)
        assert_true(fabs(1 / (1 + exp(-beta[0] - beta[1 + v])) - yes[v] / all[v]) < 1e-4);
    seg_logistic_free(fit);
}

static void going_on_from_another_fold_ends_at_the_same_place(void **state)
{
    (void)state;
    seg_logistic_rows rows = table(N);
    double cold[P];
    seg_logistic *fit = fit_of(&rows, 1, 1);
    memcpy(cold, seg_logistic_learn(fit, use), sizeof cold);
    seg_logistic_free(fit);
    fit = fit_of(&rows, 1, 1);
    uint8_t other[N];
    for (size_t i = 0; i < N; i++)
        other[i] = i % 5 != 1;
    seg_logistic_learn(fit, other);
    const double *warm = seg_logistic_learn(fit, use);
    for (size_t j = 0; j < P; j++)
        assert_true(fabs(warm[j] - cold[j]) < 1e-3);
    seg_logistic_free(fit);
}

static void same_bits_for_any_threads(void **state)
{
    (void)state;
    seg_logistic_rows rows = table(N);
    double one[P];
    seg_logistic *fit = fit_of(&rows, 1, 1);
    memcpy(one, seg_logistic_learn(fit, use), sizeof one);
    seg_logistic_free(fit);
    for (int threads = 2; threads < 9; threads += 3) {
        fit = fit_of(&rows, 1, threads);
        assert_memory_equal(seg_logistic_learn(fit, use), one, sizeof one);
        seg_logistic_free(fit);
    }
}

/* A number that parts the classes, one that is there twice, rows of one class, no rows. */
static void odd_tables_end_with_finite_coefficients(void **state)
{
    (void)state;
    for (int odd = 0; odd < 4; odd++) {
        size_t n = odd == 3 ? 1 : N;
        seg_logistic_rows rows = table(n);
        for (size_t i = 0; i < n; i++) {
            if (odd == 0)
                numbers[i] = classes[i] == 1 ? 1000.0F : -1000.0F;
            if (odd == 1)
                numbers[n + i] = numbers[i];
            if (odd == 2)
                classes[i] = 1;
            if (odd == 3)
                use[i] = 0;
        }
        seg_logistic *fit = fit_of(&rows, 1, 2);
        const double *beta = seg_logistic_learn(fit, use);
        for (size_t j = 0; j < P; j++)
            assert_true(isfinite(beta[j]));
        seg_logistic_free(fit);
    }
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    seg_logistic_rows rows = table(100);
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_logistic *fit;
        seg_error err;
        seg_alloc_fail_after = n;
        st = seg_logistic_new(&rows, 1, 2, &fit, &err);
        seg_alloc_fail_after = -1;
        seg_logistic_free(fit);
        assert_int_equal(seg_alloc_live, 0);
    }
    assert_int_equal(st, SEG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_can_be_gained_at_the_end),
        cmocka_unit_test(the_coefficients_are_those_the_data_were_made_with),
        cmocka_unit_test(a_category_alone_gives_the_rates),
        cmocka_unit_test(going_on_from_another_fold_ends_at_the_same_place),
        cmocka_unit_test(same_bits_for_any_threads),
        cmocka_unit_test(odd_tables_end_with_finite_coefficients),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
