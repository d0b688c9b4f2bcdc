/* Calibration against plain ways: isotonic regression by the max-min formula, the sigmoid by
 * its zero gradient and by a known truth, and what both promise of any scores. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "kernels/calibrate.h"

enum { N = 20000 };
static float scores[N];
static uint8_t classes[N];

static double true_share(double p)
{
    return 1 / (1 + exp(-(0.6 * log(p / (1 - p)) - 0.5)));
}

/* Scores in steps of 1/steps, 0 and 1 left out; leavers by the share above. */
static void make_rows(size_t n, uint64_t seed, uint64_t steps)
{
    seg_rng rng = { seed, 1 };
    for (size_t i = 0; i < n; i++) {
        scores[i] = (float)(1 + seg_rng_below(rng, 2 * i, steps)) / (float)(steps + 1);
        classes[i] = seg_rng_f64(rng, 2 * i + 1) < true_share((double)scores[i]);
    }
}

static seg_score_table table_of(size_t n)
{
    seg_score_table table = { 0 };
    assert_int_equal(seg_score_table_add(&table, scores, classes, n, NULL), SEG_OK);
    assert_int_equal(seg_score_table_finish(&table, NULL), SEG_OK);
    return table;
}

static seg_calibration fit(size_t n, seg_calibration_kind kind)
{
    seg_calibration c;
    seg_score_table table = table_of(n);
    assert_int_equal(seg_calibrate_fit(&table, kind, &c, NULL), SEG_OK);
    assert_true(seg_calibration_is_valid(&c));
    seg_score_table_free(&table);
    return c;
}

static seg_class_figures figures_of(size_t n)
{
    seg_class_figures f;
    seg_score_table table = table_of(n);
    assert_int_equal(seg_class_measure(&table, &f, NULL), SEG_OK);
    seg_score_table_free(&table);
    return f;
}

/* Isotonic regression at run i: the largest, over beginnings up to i, of the smallest mean
 * from there to an end from i on (Barlow et al. 1972), with a positive row more at the first
 * run and a negative one at the last. */
static double max_min(const double *rows, const double *positives, size_t n, size_t i)
{
    double largest = 0;
    for (size_t from = 0; from <= i; from++) {
        double smallest = 1;
        for (size_t to = i; to < n; to++) {
            double r = (from == 0) + (to == n - 1), k = from == 0;
            for (size_t j = from; j <= to; j++) {
                r += rows[j];
                k += positives[j];
            }
            smallest = fmin(smallest, k / r);
        }
        largest = fmax(largest, smallest);
    }
    return largest;
}

/* Where a block holds one score only, the line goes through its share; elsewhere it goes
 * through the block's centre. */
static void isotonic_goes_through_the_centres_of_the_blocks(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 20; seed++) {
        enum { STEPS = 40 };
        double rows[STEPS] = { 0 }, positives[STEPS] = { 0 }, share[STEPS];
        make_rows(400, seed, STEPS);
        for (size_t i = 0; i < 400; i++) {
            size_t at = (size_t)lround((double)scores[i] * (STEPS + 1)) - 1;
            rows[at]++;
            positives[at] += classes[i];
        }
        seg_calibration c = fit(400, SEG_CALIBRATION_ISOTONIC);
        for (size_t i = 0; i < STEPS; i++) {
            assert_true(rows[i] > 0);
            share[i] = max_min(rows, positives, STEPS, i);
        }
        for (size_t i = 0, end; i < STEPS; i = end) {
            double sum = 0, n = 0;
            for (end = i; end < STEPS && fabs(share[end] - share[i]) < 1e-12; end++) {
                sum += rows[end] * (double)((float)(end + 1) / (float)(STEPS + 1));
                n += rows[end];
            }
            assert_true(fabs(seg_calibrate(&c, sum / n) - share[i]) < 1e-9);
        }
    }
}

/* The first derivatives of the likelihood with Platt's targets are 0 at the fit. */
static void platt_fit_has_no_gradient(void **state)
{
    (void)state;
    make_rows(5000, 3, 1000);
    seg_calibration c = fit(5000, SEG_CALIBRATION_PLATT);
    double n[2] = { 0, 0 }, by_slope = 0, by_shift = 0;
    for (size_t i = 0; i < 5000; i++)
        n[classes[i]]++;
    for (size_t i = 0; i < 5000; i++) {
        double target = classes[i] ? (n[1] + 1) / (n[1] + 2) : 1 / (n[0] + 2);
        double p = (double)scores[i], off = seg_calibrate(&c, p) - target;
        by_slope += off * log(p / (1 - p));
        by_shift += off;
    }
    assert_true(fabs(by_slope) < 1e-6 && fabs(by_shift) < 1e-6);
    make_rows(N, 4, 1u << 20);
    c = fit(N, SEG_CALIBRATION_PLATT);
    assert_true(fabs(c.slope - 0.6) < 0.05 && fabs(c.shift + 0.5) < 0.06);
}

/* Half of the rows to fit, half to judge. */
static void error_on_new_rows_falls(void **state)
{
    (void)state;
    const seg_calibration_kind kinds[] = { SEG_CALIBRATION_PLATT, SEG_CALIBRATION_ISOTONIC };
    for (size_t k = 0; k < 2; k++) {
        make_rows(N, 8, 1u << 20);
        seg_calibration c = fit(N / 2, kinds[k]);
        memmove(scores, scores + N / 2, N / 2 * sizeof *scores);
        memmove(classes, classes + N / 2, N / 2 * sizeof *classes);
        seg_class_figures before = figures_of(N / 2);
        for (size_t i = 0; i < N / 2; i++)
            scores[i] = (float)seg_calibrate(&c, (double)scores[i]);
        seg_class_figures after = figures_of(N / 2);
        assert_true(before.ece > 0.1 && after.ece < 0.02);
        assert_true(after.log_loss < before.log_loss && after.brier < before.brier);
        assert_true(after.auc > before.auc - 1e-4);
    }
}

/* Noise, two leaves, one class per score, scores that rank the wrong way round: the map never
 * falls and never gives 0 or 1. */
static void map_never_falls_and_stays_inside(void **state)
{
    (void)state;
    const seg_calibration_kind kinds[] = { SEG_CALIBRATION_PLATT, SEG_CALIBRATION_ISOTONIC };
    for (size_t shape = 0; shape < 6; shape++)
        for (size_t k = 0; k < 2; k++) {
            const uint64_t steps[] = { 1u << 20, 3, 50, 1u << 20, 1u << 20, 1 };
            make_rows(3000, 30 + shape, steps[shape]);
            for (size_t i = 0; i < 3000; i++) {
                if (shape == 2)
                    classes[i] = scores[i] > 0.5f;
                if (shape == 3)
                    classes[i] = scores[i] < 0.4f;
                if (shape == 4)
                    scores[i] = i % 2 ? 1.0f : 0.0f;
            }
            seg_calibration c = fit(3000, kinds[k]);
            double last = 0;
            for (size_t i = 0; i <= 100000; i++) {
                double share = seg_calibrate(&c, (double)i / 100000);
                assert_true(share >= last && (float)share > 0 && (float)share < 1);
                last = share;
            }
            assert_true(isnan(seg_calibrate(&c, (double)NAN)));
        }
}

/* 2,000 scores whose shares rise at each: more blocks than there are knots. */
static void many_blocks_are_thinned_out(void **state)
{
    (void)state;
    enum { SCORES = 2000, ROWS = 2000 };
    seg_score_run *runs = calloc(SCORES, sizeof *runs);
    assert_non_null(runs);
    for (size_t i = 0; i < SCORES; i++)
        runs[i] = (seg_score_run){ (float)(i + 1) / (SCORES + 1),
                                   { (int64_t)(ROWS - i), (int64_t)i } };
    const seg_score_table table = { .runs = runs, .n_runs = SCORES };
    seg_calibration c;
    assert_int_equal(seg_calibrate_fit(&table, SEG_CALIBRATION_ISOTONIC, &c, NULL), SEG_OK);
    assert_true(seg_calibration_is_valid(&c));
    assert_in_range(c.n_knots, 200, SEG_CALIBRATION_KNOTS);
    for (size_t i = 0; i < SCORES; i++) {
        double share = seg_calibrate(&c, (double)runs[i].score);
        assert_true(fabs(share - (double)i / ROWS) < 0.005);
    }
    free(runs);
}

static void one_class_alone_cannot_be_calibrated(void **state)
{
    (void)state;
    seg_calibration c;
    seg_error err;
    for (size_t i = 0; i < 10; i++)
        scores[i] = 0.3f, classes[i] = 1;
    seg_score_table table = table_of(10);
    assert_int_equal(seg_calibrate_fit(&table, SEG_CALIBRATION_PLATT, &c, &err), SEG_E_DATA);
    assert_int_equal(seg_calibrate_fit(&table, SEG_CALIBRATION_ISOTONIC, &c, &err), SEG_E_DATA);
    assert_int_equal(seg_calibrate_fit(&table, SEG_CALIBRATION_NONE, &c, &err), SEG_OK);
    assert_true(seg_calibrate(&c, 0.25) == 0.25);
    seg_score_table_free(&table);
}

static void knows_a_damaged_calibration(void **state)
{
    (void)state;
    make_rows(500, 2, 100);
    seg_calibration good = fit(500, SEG_CALIBRATION_ISOTONIC), bad = good;
    bad.share[3] = NAN;
    assert_false(seg_calibration_is_valid(&bad));
    bad = good;
    bad.share[1] = 1;
    assert_false(seg_calibration_is_valid(&bad));
    bad = good;
    bad.score[2] = bad.score[1];
    assert_false(seg_calibration_is_valid(&bad));
    bad = good;
    bad.n_knots = SEG_CALIBRATION_KNOTS + 1;
    assert_false(seg_calibration_is_valid(&bad));
    bad = fit(500, SEG_CALIBRATION_PLATT);
    bad.slope = -1;
    assert_false(seg_calibration_is_valid(&bad));
    bad.kind = (seg_calibration_kind)9;
    assert_false(seg_calibration_is_valid(&bad));
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    make_rows(100, 1, 50);
    seg_score_table table = table_of(100);
    seg_status st = SEG_E_AGAIN;
    long live = seg_alloc_live;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_calibration c;
        seg_error err;
        seg_alloc_fail_after = n;
        st = seg_calibrate_fit(&table, SEG_CALIBRATION_ISOTONIC, &c, &err);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(st, SEG_OK);
    seg_score_table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(isotonic_goes_through_the_centres_of_the_blocks),
        cmocka_unit_test(platt_fit_has_no_gradient),
        cmocka_unit_test(error_on_new_rows_falls),
        cmocka_unit_test(map_never_falls_and_stays_inside),
        cmocka_unit_test(many_blocks_are_thinned_out),
        cmocka_unit_test(one_class_alone_cannot_be_calibrated),
        cmocka_unit_test(knows_a_damaged_calibration),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
