/* Range, mean and deviation of features against plain loops in long double; and what must
 * not change their bits. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "kernels/kernels.h"
#include "kernels/kmeans_columns.h"

enum { N = 5000, D = 12, WIDTH = 90 };

static seg_error err;
#define OK(call)                                                  \
    do {                                                          \
        seg_status st_ = (call);                                  \
        if (st_ != SEG_OK)                                        \
            fail_msg("%s: %s", seg_status_name(st_), err.text);   \
    } while (0)

static float x[N * WIDTH], repeated[N * 4 * WIDTH];
static uint32_t weight[N];
static const size_t apart[D] = { 1, 2, 3, 10, 11, 40, 5, 77, 78, 79, 0, 89 };
static const char *const names[D] = {
    "bell", "offset", "tail", "constant", "all but one", "missing", "tiny", "huge", "whole",
    "two ends", "negative", "heavy tail"
};

static double uniform(uint64_t i)
{
    return seg_rng_f64((seg_rng){ 37, 4 }, i);
}

static void make_rows(void)
{
    for (size_t i = 0; i < N; i++) {
        uint64_t at = 20 * i;
        double bell = uniform(at) + uniform(at + 1) + uniform(at + 2) - 1.5;
        double tail = 1 / (1e-4 + uniform(at + 3));
        double v[D] = {
            bell, 1e6 + bell, tail, 42, i == 4321 ? 1e6 : 3, uniform(at + 4) < 0.3 ? NAN : bell,
            1e-6 * bell, 1e30 * bell, floor(9 * uniform(at + 5)), i % 2 == 0 ? 0 : 1, -1e6 * tail,
            tail * tail * tail,
        };
        for (size_t f = 0; f < D; f++)
            x[i * WIDTH + apart[f]] = (float)v[f];
        weight[i] = (uint32_t)(4 * uniform(at + 6));
    }
}

static seg_matrix rows_of(const float *from, size_t n)
{
    return (seg_matrix){ from, n, WIDTH, WIDTH };
}

/* Both passes, in blocks. */
static void walk(seg_kmeans_columns *c, seg_matrix rows, const uint32_t *weights, double total,
                 size_t block, int n_threads)
{
    for (int pass = 0; pass < 2; pass++) {
        for (size_t first = 0; first < rows.n_rows; first += block) {
            size_t left = rows.n_rows - first;
            seg_matrix part = rows_of(rows.x + first * WIDTH, left < block ? left : block);
            if (pass == 0)
                OK(seg_kmeans_columns_range(c, part, n_threads, &err));
            else
                OK(seg_kmeans_columns_moments(c, part, weights == NULL ? NULL : weights + first,
                                              n_threads, &err));
        }
        if (pass == 0)
            seg_kmeans_columns_begin(c, &(seg_kmeans_totals){ .weight = total, .most = 1 });
    }
}

static void new_columns(bool log1p, seg_kmeans_columns *c)
{
    make_rows();
    OK(seg_kmeans_columns_new(apart, NULL, D, log1p, c, &err));
}

/* ---- against plain loops ------------------------------------------------------------------------ */

typedef struct plain {
    double least, most;
    uint64_t missing;
    long double n, mean, variance, square;   /* square: about `from` */
} plain;

static const double from = 0.25;

static plain measure(size_t f, bool log1p, const uint32_t *weights)
{
    plain p = { .least = (double)INFINITY, .most = -(double)INFINITY };
    long double sum = 0;
    for (int turn = 0; turn < 2; turn++)
        for (size_t i = 0; i < N; i++) {
            double v = (double)x[i * WIDTH + apart[f]];
            long double w = weights == NULL ? 1 : weights[i];
            if (isnan(v)) {
                p.missing += turn == 0;
                continue;
            }
            long double used = log1p ? log1pl((long double)v) : (long double)v;
            if (turn == 0) {
                p.least = fmin(p.least, (double)used);
                p.most = fmax(p.most, (double)used);
                p.n += w;
                sum += w * used;
                p.mean = sum / p.n;
                p.square += w * (used - from) * (used - from);
            } else {
                p.variance += w * (used - p.mean) * (used - p.mean) / p.n;
            }
        }
    return p;
}

static void check_feature(const seg_kmeans_columns *c, size_t f, const uint32_t *weights)
{
    plain p = measure(f, c->log1p, weights);
    double least, most, mean, sd, range = p.most - p.least;
    seg_kmeans_columns_limits(c, f, &least, &most);
    seg_kmeans_columns_mean(c, f, &mean, &sd);
    double square = seg_kmeans_columns_square(c, f, from);
    /* a square is rounded to a unit of the range, a value as a double is */
    long double unit = (long double)range * range * 0x1p-51L, rounding = 4e-16L * fabsl(p.mean);
    bool good = fabs(least - p.least) <= 4e-16 * fabs(least)
                && fabs(most - p.most) <= 4e-16 * fabs(most) && c->missing[f] == p.missing
                && fabsl(mean - p.mean) <= 1e-14L * range + rounding
                && fabsl((long double)sd * sd - p.variance) <= 1e-12L * p.variance + unit + (2 * sd + rounding) * rounding
                && fabsl(square - p.square)
                       <= 1e-12L * p.square + p.n * (unit + 10 * rounding * (range + 1));
    if (!good)
        fail_msg("%s: from %.17g to %.17g, mean %.17g, sd %.17g, square %.17g; should be %.17g, "
                 "%.17g, %.17Lg, %.17Lg, %.17Lg", names[f], least, most, mean, sd, square,
                 p.least, p.most, p.mean, sqrtl(p.variance), p.square);
}

static void mean_and_deviation_are_those_of_plain_loops(void **state)
{
    (void)state;
    double total = 0;
    for (int weighted = 0; weighted < 2; weighted++) {
        seg_kmeans_columns c;
        new_columns(false, &c);
        for (size_t i = 0; i < N; i++)
            total += weight[i];
        walk(&c, rows_of(x, N), weighted ? weight : NULL, weighted ? total : N, N, 2);
        for (size_t f = 0; f < D; f++)
            check_feature(&c, f, weighted ? weight : NULL);
        seg_kmeans_columns_free(&c);
    }
}

static void logarithms_are_measured_as_used(void **state)
{
    (void)state;
    seg_kmeans_columns c;
    new_columns(true, &c);
    for (size_t i = 0; i < N * WIDTH; i++)
        x[i] = fabsf(x[i]);
    walk(&c, rows_of(x, N), NULL, N, N, 2);
    for (size_t f = 0; f < D; f++)
        check_feature(&c, f, NULL);
    seg_kmeans_columns_free(&c);
}

static void large_weights_do_not_overflow(void **state)
{
    (void)state;
    seg_kmeans_columns c;
    double mean, sd, total = 0;
    new_columns(false, &c);
    for (size_t i = 0; i < N; i++)
        total += weight[i] = 0x7fffffff - (uint32_t)i;
    walk(&c, rows_of(x, N), weight, total, N, 2);
    plain p = measure(0, false, weight);
    seg_kmeans_columns_mean(&c, 0, &mean, &sd);
    assert_true(fabsl(mean - p.mean) < 1e-5L);
    assert_true(fabsl(sd - sqrtl(p.variance)) < 1e-5L);
    seg_kmeans_columns_free(&c);
}

/* ---- what has no mean ------------------------------------------------------------------------- */

static void no_value_at_all_has_no_limits(void **state)
{
    (void)state;
    seg_kmeans_columns c;
    double least, most, mean, sd;
    new_columns(false, &c);
    for (size_t i = 0; i < N; i++)
        x[i * WIDTH + apart[0]] = NAN;
    walk(&c, rows_of(x, N), NULL, N, N, 1);
    seg_kmeans_columns_limits(&c, 0, &least, &most);
    seg_kmeans_columns_mean(&c, 0, &mean, &sd);
    assert_true(isnan(least) && isnan(most) && mean == 0 && sd == 0);
    assert_int_equal(c.missing[0], N);
    seg_kmeans_columns_free(&c);
}

static void infinite_limits_are_told(void **state)
{
    (void)state;
    seg_kmeans_columns c;
    double least, most;
    new_columns(false, &c);
    x[3 * WIDTH + apart[0]] = INFINITY;
    x[4000 * WIDTH + apart[1]] = -INFINITY;
    OK(seg_kmeans_columns_range(&c, rows_of(x, N), 2, &err));
    seg_kmeans_columns_limits(&c, 0, &least, &most);
    assert_true(isfinite(least) && most == (double)INFINITY);
    seg_kmeans_columns_limits(&c, 1, &least, &most);
    assert_true(least == -(double)INFINITY && isfinite(most));
    c.log1p = true;
    seg_kmeans_columns_limits(&c, 10, &least, &most);
    assert_true(least == -(double)INFINITY);
    seg_kmeans_columns_free(&c);
}

static void a_constant_has_no_deviation(void **state)
{
    (void)state;
    seg_kmeans_columns c;
    double mean, sd;
    new_columns(false, &c);
    walk(&c, rows_of(x, N), NULL, N, N, 1);
    seg_kmeans_columns_mean(&c, 3, &mean, &sd);
    assert_true(mean == 42 && sd == 0);
    seg_kmeans_columns_free(&c);
}

/* ---- the same bits ----------------------------------------------------------------------------- */

static void assert_same(const seg_kmeans_columns *a, const seg_kmeans_columns *b)
{
    assert_memory_equal(a->least, b->least, D * sizeof *a->least);
    assert_memory_equal(a->most, b->most, D * sizeof *a->most);
    assert_memory_equal(a->n, b->n, D * sizeof *a->n);
    assert_memory_equal(a->sum, b->sum, D * sizeof *a->sum);
    assert_memory_equal(a->square, b->square, D * sizeof *a->square);
    assert_memory_equal(a->quantum, b->quantum, D * sizeof *a->quantum);
}

static void a_row_of_weight_3_counts_like_three_rows(void **state)
{
    (void)state;
    seg_kmeans_columns a, b;
    size_t n = 0;
    new_columns(false, &a);
    new_columns(false, &b);
    for (size_t i = 0; i < N; i++) {
        weight[i] += weight[i] == 0;
        for (uint32_t w = 0; w < weight[i]; w++)
            memcpy(repeated + n++ * WIDTH, x + i * WIDTH, WIDTH * sizeof *x);
    }
    walk(&a, rows_of(x, N), weight, (double)n, N, 1);
    walk(&b, rows_of(repeated, n), NULL, (double)n, 2048, 2);
    assert_same(&a, &b);
    seg_kmeans_columns_free(&a);
    seg_kmeans_columns_free(&b);
}

static void same_bits_for_any_threads_blocks_and_levels(void **state)
{
    (void)state;
    seg_kmeans_columns a, b;
    setenv("SEGMILL_ISA", "base", 1);
    new_columns(false, &a);
    walk(&a, rows_of(x, N), NULL, N, N, 1);
    for (seg_isa isa = SEG_ISA_BASE; isa < SEG_ISA_COUNT && seg_kernels_at(isa) != NULL; isa++)
        for (int n_threads = 1; n_threads <= 3; n_threads++) {
            setenv("SEGMILL_ISA", seg_isa_name(isa), 1);
            new_columns(false, &b);
            walk(&b, rows_of(x, N), NULL, N, 1024 * (size_t)n_threads, n_threads);
            assert_same(&a, &b);
            seg_kmeans_columns_free(&b);
        }
    unsetenv("SEGMILL_ISA");
    seg_kmeans_columns_free(&a);
}

static seg_status once(void)
{
    seg_kmeans_columns c;
    seg_status st = seg_kmeans_columns_new(apart, NULL, D, false, &c, &err);
    if (st == SEG_OK)
        st = seg_kmeans_columns_range(&c, rows_of(x, N), 2, &err);
    if (st == SEG_OK)
        seg_kmeans_columns_begin(&c, &(seg_kmeans_totals){ .weight = N, .most = 1 });
    if (st == SEG_OK)
        st = seg_kmeans_columns_moments(&c, rows_of(x, N), NULL, 2, &err);
    seg_kmeans_columns_free(&c);
    return st;
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    long before = seg_alloc_live;
    seg_status st = SEG_E_AGAIN;
    make_rows();
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_alloc_fail_after = n;
        st = once();
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, before);
    }
    assert_int_equal(st, SEG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_and_deviation_are_those_of_plain_loops),
        cmocka_unit_test(logarithms_are_measured_as_used),
        cmocka_unit_test(large_weights_do_not_overflow),
        cmocka_unit_test(no_value_at_all_has_no_limits),
        cmocka_unit_test(infinite_limits_are_told),
        cmocka_unit_test(a_constant_has_no_deviation),
        cmocka_unit_test(a_row_of_weight_3_counts_like_three_rows),
        cmocka_unit_test(same_bits_for_any_threads_blocks_and_levels),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
