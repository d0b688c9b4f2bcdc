/* Boosting in whole numbers against boosting in real ones, by plain loops. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "kernels/boost.h"
#include "kernels/kernels.h"

enum { N = 4000, D = 3, LEVELS = 5 };
static const uint32_t n_levels[D] = { 0, LEVELS, 0 };
static float x[N][D];
static uint8_t y[N];
static uint32_t numbers[N];

/* The risk rises with the first feature, depends on the category, and not on the last. */
static double true_odds(const float *row)
{
    double first = isnan(row[0]) ? 1.2 : (double)row[0];
    return -1 + 1.5 * first + (row[1] == 2 ? 1.5 : 0);
}

static void make_rows(void)
{
    seg_rng rng = { 9, 9 };
    for (size_t i = 0; i < N; i++) {
        x[i][0] = seg_rng_f64(rng, 5 * i) < 0.1 ? NAN : (float)seg_rng_f64(rng, 5 * i + 1) * 2 - 1;
        x[i][1] = (float)seg_rng_below(rng, 5 * i + 2, LEVELS);
        x[i][2] = (float)seg_rng_f64(rng, 5 * i + 3);
        y[i] = seg_rng_f64(rng, 5 * i + 4) < 1 / (1 + exp(-true_odds(x[i])));
        numbers[i] = (uint32_t)i;
    }
}

typedef struct room {
    seg_bins *bins;
    uint8_t bytes[N * SEG_RECORD_BYTES];
    uint32_t rows[N], aside[N];
    seg_row_value values[N];
    seg_boost_data data;
} room;

static room *new_room(size_t n_learned, int n_threads)
{
    room *r;
    seg_error err;
    uint8_t use[N];
    memset(use, 1, N);
    seg_matrix m = { &x[0][0], N, D, D };
    assert_int_equal(SEG_ALLOC(&r, 1, "room", &err), SEG_OK);
    assert_int_equal(seg_bins_new(D, n_levels, N, 1, &r->bins, &err), SEG_OK);
    seg_bins_add(r->bins, m, 0, use, 1);
    assert_int_equal(seg_bins_finish(r->bins, 1, &err), SEG_OK);
    seg_bins_records(r->bins, m, NULL, n_threads, r->bytes, N, 0);
    r->data = (seg_boost_data){
        .bins = r->bins, .records = { r->bytes, N, D }, .classes = y, .n_rows = N,
        .learned = numbers, .n_learned = n_learned, .judged = numbers + n_learned,
        .n_judged = N - n_learned, .rows = r->rows, .aside = r->aside, .values = r->values,
        .memory = 1 << 20, .n_threads = n_threads,
    };
    return r;
}

static void free_room(room *r)
{
    seg_bins_free(r->bins);
    seg_free(r);
}

static seg_boost_rule usual(void)
{
    return (seg_boost_rule){ .rate = 0.2, .max_depth = 4, .max_leaves = 8, .min_rows = 20,
                             .lambda = 1, .level_lambda = 1, .row_share = 1, .column_share = 1,
                             .seed = 3 };
}

static double plain_loss(const double *odds, size_t first, size_t end)
{
    double loss = 0;
    for (size_t i = first; i < end; i++)
        loss += log1p(exp(y[i] != 0 ? -odds[i] : odds[i]));
    return loss / (double)(end - first);
}

/* ---- gradients ------------------------------------------------------------------------ */

static void gradients_are_right_on_average_and_equal_at_every_level(void **state)
{
    (void)state;
    enum { ROWS = 20000 };
    static int32_t scores[ROWS];
    static uint8_t classes[ROWS];
    static uint32_t values[ROWS], again[ROWS];
    const seg_gradient_plan plan = { .score_unit = (float)SEG_SCORE_UNIT, .gradient_scale = 64,
                                     .hessian_scale = 256, .key = { 77, 78 } };
    double a = 0, b = 0, g = 0, h = 0;
    for (int32_t i = 0; i < ROWS; i++) {
        scores[i] = (i % 2001 - 1000) * 8000;   /* -7.6 .. 7.6 */
        classes[i] = i % 3 == 0;
    }
    seg_kernels_at(SEG_ISA_BASE)->boost_gradients(&plan, scores, classes, 5, ROWS, values);
    for (int isa = 1; isa < SEG_ISA_COUNT; isa++) {
        const seg_kernels *kernels = seg_kernels_at((seg_isa)isa);
        if (kernels == NULL)
            continue;
        kernels->boost_gradients(&plan, scores, classes, 5, ROWS, again);
        assert_memory_equal(values, again, sizeof values);
    }
    for (size_t i = 0; i < ROWS; i++) {
        double p = 1 / (1 + exp(-scores[i] * SEG_SCORE_UNIT));
        double own_g = 64 * (classes[i] - p), own_h = 256 * p * (1 - p);
        assert_true(fabs(seg_row_a(values[i]) - own_g) < 1.01);
        assert_true(fabs((double)(values[i] & 0xffff) - own_h) < 1.01);
        a += seg_row_a(values[i]);
        g += own_g;
        if (own_h < 1)
            continue;        /* never 0, so the least ones are rounded up */
        b += (double)(values[i] & 0xffff);
        h += own_h;
    }
    /* the sum of roundings is a few times the root of their number */
    assert_true(fabs(a - g) < 3 * 0.5 * sqrt(ROWS));
    assert_true(fabs(b - h) < 3 * 0.5 * sqrt(ROWS));
}

/* ---- trees ------------------------------------------------------------------------------ */

/* Each leaf's value is rate x G / (H + lambda) of its rows, taken from scores before. */
static void leaves_make_newtons_step(void **state)
{
    (void)state;
    make_rows();
    room *r = new_room(N, 1);
    seg_boost_rule rule = usual();
    seg_boost *boost;
    seg_error err;
    assert_int_equal(seg_boost_new(&r->data, &rule, &boost, &err), SEG_OK);
    static double odds[N];
    for (size_t i = 0; i < N; i++)
        odds[i] = seg_boost_base(boost);
    for (int t = 0; t < 10; t++) {
        seg_tree tree = { 0 };
        static uint32_t leaves[N];
        double before = plain_loss(odds, 0, N), g[64] = { 0 }, h[64] = { 0 };
        int64_t rows[64] = { 0 };
        assert_int_equal(seg_boost_tree(boost, &tree, &err), SEG_OK);
        assert_in_range(seg_tree_leaves(&tree), 2, 8);
        seg_tree_route(&tree, (seg_matrix){ &x[0][0], N, D, D }, 1, leaves);
        for (size_t i = 0; i < N; i++) {
            double p = 1 / (1 + exp(-odds[i]));
            g[leaves[i]] += y[i] - p;
            h[leaves[i]] += p * (1 - p);
            rows[leaves[i]]++;
        }
        for (size_t v = 0; v < tree.n_nodes; v++) {
            if (tree.nodes[v].feature >= 0)
                continue;
            assert_true(fabs(tree.nodes[v].value - 0.2 * g[v] / (h[v] + 1)) < 1e-3);
            assert_int_equal(tree.nodes[v].n[0] + tree.nodes[v].n[1], rows[v]);
            assert_true(rows[v] >= 10);
        }
        for (size_t i = 0; i < N; i++) {
            odds[i] += tree.nodes[leaves[i]].value;
            assert_true(odds[i] == seg_boost_scores(boost)[i] * SEG_SCORE_UNIT);
        }
        assert_true(plain_loss(odds, 0, N) < before);
        assert_true(fabs(seg_boost_loss(boost, numbers, N) - plain_loss(odds, 0, N)) < 1e-9);
        seg_tree_free(&tree);
    }
    seg_boost_free(boost);
    free_room(r);
}

/* With a table of rows held out, the odds come near to the true ones. */
static void unseen_rows_are_scored_and_learning_helps_them(void **state)
{
    (void)state;
    make_rows();
    room *r = new_room(3000, 1);
    seg_boost_rule rule = usual();
    seg_boost *boost;
    seg_error err;
    rule.row_share = 0.8;
    rule.column_share = 0.7;
    assert_int_equal(seg_boost_new(&r->data, &rule, &boost, &err), SEG_OK);
    double first = seg_boost_loss(boost, r->data.judged, r->data.n_judged), least = first,
           truth = 0;
    for (int t = 0; t < 40; t++) {
        seg_tree tree = { 0 };
        assert_int_equal(seg_boost_tree(boost, &tree, &err), SEG_OK);
        least = fmin(least, seg_boost_loss(boost, r->data.judged, r->data.n_judged));
        seg_tree_free(&tree);
    }
    for (size_t i = 3000; i < N; i++)
        truth += log1p(exp(y[i] != 0 ? -true_odds(x[i]) : true_odds(x[i]))) / 1000;
    assert_true(least < first - 0.8 * (first - truth));
    seg_boost_free(boost);
    free_room(r);
}

static void any_number_of_threads_gives_the_same_scores(void **state)
{
    (void)state;
    make_rows();
    int32_t expected[N];
    for (int n_threads = 1; n_threads <= 4; n_threads++) {
        room *r = new_room(3500, n_threads);
        seg_boost_rule rule = usual();
        seg_boost *boost;
        seg_error err;
        rule.row_share = 0.7;
        assert_int_equal(seg_boost_new(&r->data, &rule, &boost, &err), SEG_OK);
        for (int t = 0; t < 8; t++) {
            seg_tree tree = { 0 };
            assert_int_equal(seg_boost_tree(boost, &tree, &err), SEG_OK);
            seg_tree_free(&tree);
        }
        if (n_threads == 1)
            memcpy(expected, seg_boost_scores(boost), sizeof expected);
        assert_memory_equal(expected, seg_boost_scores(boost), sizeof expected);
        seg_boost_free(boost);
        free_room(r);
    }
}

static void a_constrained_score_never_falls_with_its_feature(void **state)
{
    (void)state;
    make_rows();
    for (size_t i = 0; i < N; i++)   /* noise that the constraint must overrule */
        x[i][2] = x[i][0] > 0.5f ? 1 - x[i][2] / 10 : x[i][2];
    for (int way = -1; way <= 1; way += 2) {
        room *r = new_room(N, 1);
        seg_boost_rule rule = usual();
        seg_boost *boost;
        seg_error err;
        seg_tree trees[20] = { 0 };
        const int8_t monotone[D] = { 0, 0, (int8_t)way };
        rule.monotone = monotone;
        rule.min_rows = 5;
        assert_int_equal(seg_boost_new(&r->data, &rule, &boost, &err), SEG_OK);
        for (int t = 0; t < 20; t++)
            assert_int_equal(seg_boost_tree(boost, &trees[t], &err), SEG_OK);
        for (size_t i = 0; i < 300; i++) {
            double last = way > 0 ? -INFINITY : INFINITY;
            for (int step = 0; step <= 100; step++) {
                float row[D] = { x[i][0], x[i][1], 0.01F * (float)step };
                double sum = 0;
                for (int t = 0; t < 20; t++) {
                    uint32_t leaf;
                    seg_tree_route(&trees[t], (seg_matrix){ row, 1, D, D }, 1, &leaf);
                    sum += trees[t].nodes[leaf].value;
                }
                assert_true(way > 0 ? sum >= last : sum <= last);
                last = sum;
            }
        }
        for (int t = 0; t < 20; t++)
            seg_tree_free(&trees[t]);
        seg_boost_free(boost);
        free_room(r);
    }
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    make_rows();
    room *r = new_room(3000, 1);
    seg_boost_rule rule = usual();
    long live = seg_alloc_live;
    for (long k = 0;; k++) {
        seg_boost *boost = NULL;
        seg_tree tree = { 0 };
        seg_error err;
        seg_alloc_fail_after = k;
        seg_status st = seg_boost_new(&r->data, &rule, &boost, &err);
        if (st == SEG_OK)
            st = seg_boost_tree(boost, &tree, &err);
        seg_alloc_fail_after = -1;
        seg_tree_free(&tree);
        seg_boost_free(boost);
        assert_int_equal(seg_alloc_live, live);
        if (st == SEG_OK)
            break;
        assert_int_equal(st, SEG_E_AGAIN);
    }
    free_room(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_right_on_average_and_equal_at_every_level),
        cmocka_unit_test(leaves_make_newtons_step),
        cmocka_unit_test(unseen_rows_are_scored_and_learning_helps_them),
        cmocka_unit_test(any_number_of_threads_gives_the_same_scores),
        cmocka_unit_test(a_constrained_score_never_falls_with_its_feature),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
