/* The figures of a classifier against plain loops over rows, and by hand. */
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
#include "kernels/classify.h"

enum { N = 3000 };
static float scores[N];
static uint8_t classes[N];

/* Scores in steps of 1/steps: small steps make many ties. */
static void make_rows(size_t n, uint64_t seed, uint64_t steps)
{
    seg_rng rng = { seed, 1 };
    for (size_t i = 0; i < n; i++) {
        scores[i] = (float)seg_rng_below(rng, 2 * i, steps + 1) / (float)steps;
        classes[i] = seg_rng_f64(rng, 2 * i + 1) < 0.1 + 0.6 * (double)scores[i];
    }
}

static seg_score_table table_of(size_t n, size_t block)
{
    seg_score_table table = { 0 };
    seg_error err;
    for (size_t i = 0; i < n; i += block) {
        size_t m = n - i < block ? n - i : block;
        assert_int_equal(seg_score_table_add(&table, scores + i, classes + i, m, &err), SEG_OK);
    }
    assert_int_equal(seg_score_table_finish(&table, &err), SEG_OK);
    return table;
}

static seg_class_figures measure(size_t n, size_t block)
{
    seg_score_table table = table_of(n, block);
    seg_class_figures figures;
    seg_error err;
    assert_int_equal(seg_class_measure(&table, &figures, &err), SEG_OK);
    seg_score_table_free(&table);
    return figures;
}

static double plain_auc(size_t n)
{
    double right = 0, pairs = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            if (classes[i] == 1 && classes[j] == 0) {
                pairs++;
                right += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
            }
    return right / pairs;
}

static double distance_at(size_t n, double positives, double threshold)
{
    double above[2] = { 0, 0 };
    for (size_t i = 0; i < n; i++)
        if ((double)scores[i] >= threshold)
            above[classes[i]]++;
    return fabs(above[1] / positives - above[0] / ((double)n - positives));
}

static double plain_ks(size_t n, double positives)
{
    double worst = 0;
    for (size_t t = 0; t < n; t++)
        worst = fmax(worst, distance_at(n, positives, (double)scores[t]));
    return worst;
}

/* The variance of DeLong et al. 1988 as it is defined: the kernel over all pairs, its mean
 * for each row, and the spread of these means in each class. */
static double plain_variance(size_t n, double auc)
{
    double variance = 0;
    for (int of = 0; of < 2; of++) {
        double spread = 0, rows = 0;
        for (size_t i = 0; i < n; i++) {
            double right = 0, others = 0;
            for (size_t j = 0; j < n && classes[i] == of; j++)
                if (classes[j] != of) {
                    bool wins = of == 1 ? scores[i] > scores[j] : scores[i] < scores[j];
                    right += wins ? 1 : scores[i] == scores[j] ? 0.5 : 0;
                    others++;
                }
            if (classes[i] == of) {
                spread += pow(right / others - auc, 2);
                rows++;
            }
        }
        variance += spread / (rows - 1) / rows;
    }
    return variance;
}

/* Average precision: mean over the positives of the precision at their own score. */
static double plain_pr_auc(size_t n, double positives)
{
    double sum = 0;
    for (size_t t = 0; t < n; t++) {
        double above[2] = { 0, 0 };
        if (classes[t] == 0)
            continue;
        for (size_t i = 0; i < n; i++)
            if (scores[i] >= scores[t])
                above[classes[i]]++;
        sum += above[1] / (above[0] + above[1]);
    }
    return sum / positives;
}

static void agrees_with_plain_loops_over_pairs(void **state)
{
    (void)state;
    const uint64_t steps[] = { 1, 7, 100, 1u << 20 };
    for (size_t s = 0; s < 4; s++) {
        make_rows(700, 5 + s, steps[s]);
        seg_class_figures f = measure(700, 64);
        double positives = 0, log_loss = 0, brier = 0;
        for (size_t i = 0; i < 700; i++) {
            double p = fmin(fmax((double)scores[i], 1e-15), 1 - 1e-15);
            positives += classes[i];
            log_loss -= classes[i] ? log(p) : log1p(-p);
            brier += pow((double)scores[i] - classes[i], 2);
        }
        assert_int_equal(f.rows, 700);
        assert_int_equal(f.positives, (int64_t)positives);
        assert_true(fabs(f.auc - plain_auc(700)) < 1e-12);
        assert_true(fabs(f.ks - plain_ks(700, positives)) < 1e-12);
        assert_true(fabs(f.pr_auc - plain_pr_auc(700, positives)) < 1e-12);
        assert_true(fabs(f.log_loss - log_loss / 700) < 1e-9 * log_loss);
        assert_true(fabs(f.brier - brier / 700) < 1e-12);
        double half = 1.959963984540054 * sqrt(plain_variance(700, f.auc));
        assert_true(fabs(f.auc_low - fmax(0, f.auc - half)) < 1e-12);
        assert_true(fabs(f.auc_high - fmin(1, f.auc + half)) < 1e-12);
        assert_true(fabs(f.ks - distance_at(700, positives, f.ks_score)) < 1e-12);
    }
}

/* Ten rows: scores 0.1, 0.2 .. 1.0, the three highest are positive, and the lowest. */
static void small_case_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < 10; i++) {
        scores[i] = (float)(i + 1) / 10;
        classes[i] = i >= 7 || i == 0;
    }
    seg_class_figures f = measure(10, 10);
    assert_true(fabs(f.auc - 18.0 / 24) < 1e-15);          /* 3 x 6 pairs of 4 x 6 */
    assert_true(fabs(f.pr_auc - (1 + 1 + 1 + 0.4) / 4) < 1e-15);
    assert_true(fabs(f.ks - 0.75) < 1e-15);
    assert_true(fabs(f.ks_score - 0.8) < 1e-6);
    assert_true(fabs(f.lift_top_decile - 2.5) < 1e-12);    /* 1 of 1 against 4 of 10 */
    /* one row a bin: |1 - 0.1| + 0.2 + .. + 0.7 + 0.2 + 0.1 + 0 */
    assert_true(fabs(f.ece - (0.9 + 2.7 + 0.3) / 10) < 1e-6);
}

static void ties_at_the_edge_of_the_top_tenth_count_in_proportion(void **state)
{
    (void)state;
    for (size_t i = 0; i < 100; i++) {
        scores[i] = i < 20 ? 0.9f : 0.1f;
        classes[i] = i < 10;
    }
    assert_true(fabs(measure(100, 100).lift_top_decile - 5) < 1e-12);
}

static void row_order_and_blocks_do_not_change_a_bit(void **state)
{
    (void)state;
    make_rows(N, 9, 1u << 22);
    seg_class_figures whole = measure(N, N);
    for (size_t i = 0; i < N / 2; i++) {
        float s = scores[i];
        uint8_t c = classes[i];
        scores[i] = scores[N - 1 - i], classes[i] = classes[N - 1 - i];
        scores[N - 1 - i] = s, classes[N - 1 - i] = c;
    }
    seg_class_figures pieces = measure(N, 17);
    assert_memory_equal(&whole, &pieces, sizeof whole);
}

static void one_class_alone_has_no_ranking(void **state)
{
    (void)state;
    for (size_t i = 0; i < 5; i++)
        scores[i] = 0.5f, classes[i] = 0;
    seg_class_figures f = measure(5, 5);
    assert_true(isnan(f.auc) && isnan(f.pr_auc) && isnan(f.ks));
    assert_true(fabs(f.log_loss - log(2)) < 1e-15);
    assert_true(fabs(f.ece - 0.5) < 1e-15);
}

/* Every row once, groups in order, no equal scores in two of them, and the error is theirs. */
static void reliability_has_every_row_once(void **state)
{
    (void)state;
    const uint64_t steps[] = { 1, 7, 1u << 20 };
    for (size_t s = 0; s < 3; s++) {
        make_rows(1000, 21 + s, steps[s]);
        seg_score_table table = table_of(1000, 1000);
        seg_class_figures f = measure(1000, 1000);
        seg_reliability_bin bins[SEG_RELIABILITY_BINS];
        size_t n = seg_class_reliability(&table, bins);
        int64_t rows = 0, positives = 0;
        double error = 0, expected = 0, sum = 0;
        for (size_t b = 0; b < n; b++) {
            assert_true(bins[b].rows > 0 && bins[b].positives <= bins[b].rows);
            assert_true(b == 0 || bins[b].score > bins[b - 1].score);
            rows += bins[b].rows;
            positives += bins[b].positives;
            sum += bins[b].score * (double)bins[b].rows;
            error += fabs(bins[b].share - bins[b].score) * (double)bins[b].rows / 1000;
        }
        for (size_t i = 0; i < 1000; i++)
            expected += (double)scores[i];
        assert_int_equal(rows, 1000);
        assert_int_equal(positives, f.positives);
        assert_true(fabs(sum - expected) < 1e-9 && fabs(error - f.ece) < 1e-12);
        if (s == 2)
            for (size_t b = 0; b < n; b++)
                assert_int_equal(bins[b].rows, 100);
        seg_score_table_free(&table);
    }
}

/* Twenty rows, four with the score 0.5 over the edge from 3 to 4 tenths: 5 .. 8 from the top. */
static void gain_keeps_equal_scores_together(void **state)
{
    (void)state;
    for (size_t i = 0; i < 20; i++) {
        bool tied = i >= 4 && i < 8;
        scores[i] = tied ? 0.5f : i < 4 ? 0.9f - 0.01f * (float)i : 0.4f - 0.01f * (float)i;
        classes[i] = i < 3 || i == 5 || i == 19;
    }
    seg_score_table table = table_of(20, 20);
    seg_gain_row rows[SEG_GAIN_ROWS];
    size_t n = seg_class_gain(&table, rows);
    assert_int_equal(n, 9);             /* no third: its edge at 6 is as near to 4 as to 8 */
    assert_int_equal(rows[0].decile, 1);
    assert_int_equal(rows[0].positives, 2);
    assert_int_equal(rows[1].decile, 2);
    assert_int_equal(rows[2].decile, 4);
    assert_int_equal(rows[2].rows, 4);
    assert_true(rows[2].score == 0.5f && rows[2].rate == 0.25 && rows[2].lift == 1);
    assert_true(fabs(rows[2].captured - 0.8) < 1e-15);
    assert_int_equal(rows[8].decile, 10);
    assert_true(rows[8].captured == 1);
    seg_score_table_free(&table);
}

static void confusion_counts_rows_from_the_threshold_on(void **state)
{
    (void)state;
    const double thresholds[] = { 0, 0.3, 0.7, 1 };
    make_rows(900, 4, 10);
    seg_score_table table = table_of(900, 900);
    for (size_t t = 0; t < 4; t++) {
        double n[2][2] = { { 0, 0 }, { 0, 0 } };
        for (size_t i = 0; i < 900; i++)   /* scores are tenths: 0.7f is less than 0.7 */
            n[classes[i]][lround(10 * (double)scores[i]) >= lround(10 * thresholds[t])]++;
        seg_confusion c = seg_class_confusion(&table, thresholds[t]);
        assert_int_equal(c.tp, (int64_t)n[1][1]);
        assert_int_equal(c.fp, (int64_t)n[0][1]);
        assert_int_equal(c.fn, (int64_t)n[1][0]);
        assert_int_equal(c.tn, (int64_t)n[0][0]);
        double precision = n[1][1] / (n[1][1] + n[0][1]), recall = n[1][1] / (n[1][1] + n[1][0]);
        assert_true(fabs(c.precision - precision) < 1e-15 && fabs(c.recall - recall) < 1e-15);
        assert_true(fabs(c.accuracy - (n[1][1] + n[0][0]) / 900) < 1e-15);
        assert_true(fabs(c.f1 - 2 * precision * recall / (precision + recall)) < 1e-12);
    }
    seg_score_table_free(&table);
    for (size_t i = 0; i < 5; i++)
        scores[i] = 0.5f, classes[i] = 0;
    table = table_of(5, 5);
    seg_confusion c = seg_class_confusion(&table, 0.9);
    assert_true(isnan(c.precision) && isnan(c.recall) && isnan(c.f1) && c.accuracy == 1);
    seg_score_table_free(&table);
}

static void refuses_a_score_that_is_no_probability(void **state)
{
    (void)state;
    const float bad[] = { -0.01f, 1.01f, NAN, INFINITY };
    for (size_t i = 0; i < 4; i++) {
        seg_score_table table = { 0 };
        seg_error err;
        uint8_t class = 1;
        assert_int_equal(seg_score_table_add(&table, &bad[i], &class, 1, &err), SEG_E_DATA);
        assert_non_null(strstr(err.text, "0 .. 1"));
        seg_score_table_free(&table);
    }
    seg_class_figures f;
    assert_int_equal(seg_class_measure(&(seg_score_table){ 0 }, &f, NULL), SEG_E_DATA);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    make_rows(100, 1, 50);
    seg_status st = SEG_E_AGAIN;
    long live = seg_alloc_live;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_score_table table = { 0 };
        seg_error err;
        seg_alloc_fail_after = n;
        st = seg_score_table_add(&table, scores, classes, 100, &err);
        if (st == SEG_OK)
            st = seg_score_table_finish(&table, &err);
        seg_alloc_fail_after = -1;
        seg_score_table_free(&table);
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(st, SEG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_plain_loops_over_pairs),
        cmocka_unit_test(small_case_by_hand),
        cmocka_unit_test(ties_at_the_edge_of_the_top_tenth_count_in_proportion),
        cmocka_unit_test(row_order_and_blocks_do_not_change_a_bit),
        cmocka_unit_test(one_class_alone_has_no_ranking),
        cmocka_unit_test(reliability_has_every_row_once),
        cmocka_unit_test(gain_keeps_equal_scores_together),
        cmocka_unit_test(confusion_counts_rows_from_the_threshold_on),
        cmocka_unit_test(refuses_a_score_that_is_no_probability),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
