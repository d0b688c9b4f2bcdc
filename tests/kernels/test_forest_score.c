/* Scores of ensembles against a walk from node to node in float64: every shape of tree, every
 * level of instructions, any number of threads and rows. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/cpu.h"
#include "kernels/forest_plan.h"
#include "tests/support/random_trees.h"

static seg_error err;
#define OK(call)                                                  \
    do {                                                          \
        seg_status st_ = (call);                                  \
        if (st_ != SEG_OK)                                        \
            fail_msg("%s: %s", seg_status_name(st_), err.text);   \
    } while (0)

static const trees_case cases[] = {
    { "complete trees", 40, 9, 0, 0, 64, LEVEL_WISE, 0, 20, 1 },
    { "depth 5 and a bit", 30, 9, 2, 5, 37, LEVEL_WISE, 0, 20, 1 },
    { "stumps", 50, 3, 1, 4, 2, LEVEL_WISE, 0, 20, 1 },
    { "depth 2", 50, 3, 1, 4, 4, LEVEL_WISE, 0, 12, 0.01 },
    { "depth 3", 50, 3, 1, 4, 8, LEVEL_WISE, 0, 20, 1 },
    { "depth 4", 50, 3, 1, 4, 16, LEVEL_WISE, 0, 20, 1 },
    { "leaf by leaf", 60, 12, 4, 7, 31, LEAF_WISE, 0, 20, 1 },
    { "chains", 30, 6, 2, 6, 18, CHAIN, 0, 20, 1 },
    { "ties with thresholds", 40, 5, 2, 3, 50, LEAF_WISE, 6, 20, 1 },
    { "middling leaves", 20, 8, 3, 20, 130, LEAF_WISE, 0, 20, 1 },
    { "most leaves", 9, 30, 3, 20, 256, LEAF_WISE, 0, 20, 1 },
    { "large trees", 9, 8, 3, 20, 700, LEAF_WISE, 0, 20, 1 },
    { "more thresholds than a byte", 60, 2, 0, 0, 64, LEVEL_WISE, 0, 20, 1 },
    { "a tree with more than a byte", 4, 1, 0, 0, 256, LEVEL_WISE, 0, 20, 1 },
    { "many levels", 30, 4, 3, 3000, 60, LEAF_WISE, 0, 20, 1 },
    { "categories alone", 80, 2, 2, 60, 30, LEVEL_WISE, 0, 20, 1 },
    { "two dozen levels", 80, 2, 2, 24, 30, LEVEL_WISE, 0, 20, 1 },
    { "any values", 50, 10, 2, 6, 40, LEAF_WISE, 0, 0, 0.3 },
    { "any values, more of them", 700, 10, 2, 6, 20, LEVEL_WISE, 0, 0, 1 },
    { "huge values", 20, 10, 2, 6, 40, LEAF_WISE, 0, 0, 1e12 },
    { "tiny values", 20, 10, 2, 6, 300, LEAF_WISE, 0, 0, 1e-12 },
    { "many trees", 1100, 20, 4, 9, 7, LEVEL_WISE, 40, 20, 1 },
};
enum { N_CASES = sizeof cases / sizeof *cases, N = 2500 };

static void expect(const trees_case *c, const seg_tree *trees, const float *x, size_t stride,
                   size_t n, const double *sums, double error)
{
    for (size_t i = 0; i < n; i++) {
        double sum = 0, size = 0;
        for (size_t t = 0; t < c->n_trees; t++) {
            double value = trees_leaf(&trees[t], x + i * stride)->value;
            sum += value;
            size += fabs(value);
        }
        if (!(fabs(sum - sums[i]) <= error + 1e-13 * size))
            fail_msg("%s: row %zu scores %.12g, not %.12g", c->name, i, sums[i], sum);
    }
}

static void scores_are_those_of_the_trees(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_CASES; k++) {
        const trees_case *c = &cases[k];
        seg_tree *trees = trees_new(c, 3 + k);
        size_t stride = c->n_features + k % 3;
        float *x = trees_rows(c, N, stride, k);
        double *sums = calloc(N, sizeof *sums);
        seg_forest_plan *plan;
        OK(seg_forest_plan_new(trees, c->n_trees, c->n_features, &plan, &err));
        OK(seg_forest_score(plan, (seg_matrix){ x, N, stride, stride }, 1, sums, &err));
        double error = seg_forest_plan_error(plan);
        if (c->bits > 0)
            assert_true(error == 0);
        else
            assert_true(error < 1e-6 || c->spread > 1);
        expect(c, trees, x, stride, N, sums, error);
        seg_forest_plan_free(plan);
        free(sums);
        free(x);
        trees_free(trees, c->n_trees);
    }
    assert_int_equal(seg_alloc_live, 0);
}

static void same_bits_for_any_level_threads_and_rows(void **state)
{
    (void)state;
    static const size_t sizes[] = { 1, 63, 64, 65, 257, 1024, 1100, N };
    double *sums = calloc(N + 1, sizeof *sums), *want = calloc(N, sizeof *want);
    for (size_t k = 0; k < N_CASES; k++) {
        const trees_case *c = &cases[k];
        seg_tree *trees = trees_new(c, 30 + k);
        float *x = trees_rows(c, N, c->n_features, k);
        seg_forest_plan *plan;
        OK(seg_forest_plan_new(trees, c->n_trees, c->n_features, &plan, &err));
        for (int run = -1; run < 3 * SEG_ISA_COUNT; run++) {
            size_t n = run < 0 ? N : sizes[(size_t)run * 7 % 8];
            setenv("SEGMILL_ISA", seg_isa_name(run < 0 ? SEG_ISA_BASE : (seg_isa)(run / 3)), 1);
            sums[n] = 12345;
            OK(seg_forest_score(plan, (seg_matrix){ x, n, c->n_features, c->n_features },
                                run < 0 ? 1 : 1 + run % 3, run < 0 ? want : sums, &err));
            assert_true(sums[n] == 12345);
            if (run >= 0)
                assert_memory_equal(sums, want, n * sizeof *sums);
        }
        seg_forest_plan_free(plan);
        free(x);
        trees_free(trees, c->n_trees);
    }
    unsetenv("SEGMILL_ISA");
    free(sums);
    free(want);
}

/* ---- odd ensembles ----------------------------------------------------------------------- */

static void ensembles_without_splits_score(void **state)
{
    (void)state;
    seg_tree_node leaf = { .feature = -1, .value = 0.1 };
    seg_tree trees[3] = { { .nodes = &leaf, .n_nodes = 1 }, { .nodes = &leaf, .n_nodes = 1 },
                          { .nodes = &leaf, .n_nodes = 1 } };
    float x[70] = { 0 };
    double sums[70];
    seg_forest_plan *plan;
    for (size_t n = 0; n <= 3; n += 3) {
        OK(seg_forest_plan_new(trees, n, 0, &plan, &err));
        OK(seg_forest_score(plan, (seg_matrix){ x, 70, 1, 1 }, 2, sums, &err));
        for (size_t i = 0; i < 70; i++)
            assert_true(fabs(sums[i] - 0.1 * (double)n) < 1e-12);
        OK(seg_forest_score(plan, (seg_matrix){ x, 0, 1, 1 }, 2, sums, &err));
        seg_forest_plan_free(plan);
    }
}

static void a_feature_may_be_a_number_here_and_a_category_there(void **state)
{
    (void)state;
    uint8_t sides[3] = { 0, 1, 0 }, more[5] = { 1, 0, 0, 1, 1 };
    seg_tree_node nodes[] = {
        { .feature = 0, .threshold = 1, .left = 1, .right = 2 },
        { .feature = 0, .n_levels = 3, .left = 3, .right = 4 },
        { .feature = -1, .value = 1 }, { .feature = -1, .value = 2 }, { .feature = -1, .value = 4 },
    }, wider[] = {
        { .feature = 0, .n_levels = 5, .left = 1, .right = 2, .missing_left = true },
        { .feature = -1, .value = 8 }, { .feature = -1, .value = 16 },
    };
    seg_tree trees[2] = { { .nodes = nodes, .n_nodes = 5, .sides = sides, .n_sides = 3 },
                          { .nodes = wider, .n_nodes = 3, .sides = more, .n_sides = 5 } };
    float x[] = { 0, 1, 2, 3, 4, 5, NAN, -3 };
    double want[] = { 12, 18, 17, 9, 9, 9, 9, 12 }, sums[8];
    seg_forest_plan *plan;
    OK(seg_forest_plan_new(trees, 2, 1, &plan, &err));
    OK(seg_forest_score(plan, (seg_matrix){ x, 8, 1, 1 }, 1, sums, &err));
    for (size_t i = 0; i < 8; i++)
        assert_true(sums[i] == want[i]);
    seg_forest_plan_free(plan);
}

/* ---- what is refused ----------------------------------------------------------------------- */

static void names_what_is_wrong_with_a_tree(void **state)
{
    (void)state;
    static const seg_tree_node good[3] = {
        { .feature = 1, .threshold = 1, .left = 1, .right = 2 },
        { .feature = -1, .value = 1 }, { .feature = -1, .value = 2 } };
    uint8_t sides[4] = { 0 };
    seg_tree_node nodes[3];
    seg_tree tree = { .nodes = nodes, .n_nodes = 3, .sides = sides, .n_sides = 4 };
    seg_forest_plan *plan;
#define REFUSED(change, part)                                                              \
    do {                                                                                   \
        memcpy(nodes, good, sizeof nodes);                                                 \
        tree.n_nodes = 3;                                                                  \
        change;                                                                            \
        assert_int_equal(seg_forest_plan_new(&tree, 1, 2, &plan, &err), SEG_E_DATA);       \
        assert_null(plan);                                                                 \
        assert_non_null(strstr(err.text, part));                                           \
    } while (0)
    REFUSED(nodes[0].feature = 2, "node 0 splits feature 2");
    REFUSED(nodes[0].left = 0, "node 0 has the child 0");
    REFUSED(nodes[0].right = 3, "node 0 has the child 3");
    REFUSED(nodes[0].right = 1, "node 0 has the child 1");
    REFUSED(nodes[0].threshold = NAN, "threshold");
    REFUSED(nodes[2].value = NAN, "leaf 2");
    REFUSED(nodes[2].value = -(double)INFINITY, "leaf 2");
    REFUSED((nodes[0].n_levels = 3, nodes[0].first_side = 2), "3 levels from 2 on");
    REFUSED((nodes[0].n_levels = 3, nodes[0].first_side = UINT32_MAX), "the tree has 4");
    REFUSED(tree.n_nodes = 0, "0 nodes");
    REFUSED(nodes[0].feature = -1, "node 1 has no parent");
    memcpy(nodes, good, sizeof nodes);
    tree.n_nodes = 3;
    float x = 0;
    double sum;
    OK(seg_forest_plan_new(&tree, 1, 2, &plan, &err));
    assert_int_equal(seg_forest_score(plan, (seg_matrix){ &x, 1, 1, 1 }, 1, &sum, &err),
                     SEG_E_USAGE);
    assert_non_null(strstr(err.text, "1 columns; the trees know 2"));
    seg_forest_plan_free(plan);
}

static seg_status once(const seg_tree *trees, const trees_case *c, const float *x, double *sums)
{
    seg_forest_plan *plan;
    seg_status st = seg_forest_plan_new(trees, c->n_trees, c->n_features, &plan, &err);
    if (st == SEG_OK)
        st = seg_forest_score(plan, (seg_matrix){ x, N, c->n_features, c->n_features }, 2, sums,
                              &err);
    seg_forest_plan_free(plan);
    return st;
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    static const trees_case c = { "", 6, 2, 1, 40, 300, LEAF_WISE, 0, 20, 1 };
    double *sums = calloc(N, sizeof *sums);
    float *x = trees_rows(&c, N, c.n_features, 5);
    for (size_t leaves = 250; leaves <= 300; leaves += 50) {
        trees_case now = c;
        now.leaves = leaves;
        seg_tree *trees = trees_new(&now, 5);
        long live = seg_alloc_live;
        seg_status st = SEG_E_AGAIN;
        for (long n = 0; st == SEG_E_AGAIN; n++) {
            seg_alloc_fail_after = n;
            st = once(trees, &now, x, sums);
            seg_alloc_fail_after = -1;
            assert_int_equal(seg_alloc_live, live);
        }
        OK(st);
        trees_free(trees, now.n_trees);
    }
    free(x);
    free(sums);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_those_of_the_trees),
        cmocka_unit_test(same_bits_for_any_level_threads_and_rows),
        cmocka_unit_test(ensembles_without_splits_score),
        cmocka_unit_test(a_feature_may_be_a_number_here_and_a_category_there),
        cmocka_unit_test(names_what_is_wrong_with_a_tree),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
