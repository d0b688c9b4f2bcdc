/* The kernels of the tree against plain searches over all splits of a few rows. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "kernels/tree_grow.h"

enum { N = 40, D = 4, LEVELS = 5 };
static const uint32_t n_levels[D] = { 0, LEVELS, 0, 3 };

typedef struct rows {
    float x[N][D];
    uint8_t y[N], use[N];
    size_t n;
} rows;

/* Few distinct values, some missing; the label leans on two of the features. */
static rows make_rows(uint64_t seed, size_t n)
{
    rows r = { .n = n };
    seg_rng rng = { seed, 77 };
    uint64_t at = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t f = 0; f < D; f++) {
            uint64_t span = n_levels[f] > 0 ? n_levels[f] : 7;
            bool missing = seg_rng_f64(rng, at++) < 0.15;
            float v = (float)seg_rng_below(rng, at++, span);
            r.x[i][f] = missing ? NAN : n_levels[f] > 0 ? v : v * 1.5f - 2;
        }
        double p = (r.x[i][0] > 1 ? 0.3 : 0) + (r.x[i][1] >= 2 ? 0.3 : 0) + 0.2;
        r.y[i] = seg_rng_f64(rng, at++) < p;
        r.use[i] = 1;
    }
    return r;
}

static seg_matrix matrix_of(const rows *r)
{
    return (seg_matrix){ &r->x[0][0], r->n, D, D };
}

static seg_bins *bin_rows(const rows *r)
{
    seg_bins *bins;
    seg_error err;
    assert_int_equal(seg_bins_new(D, n_levels, r->n, 1, &bins, &err), SEG_OK);
    seg_bins_add(bins, matrix_of(r), 0, r->use, 1);
    assert_int_equal(seg_bins_finish(bins, 1, &err), SEG_OK);
    return bins;
}

static seg_split_rule gini(double min_rows, double weight0, double weight1, double level_price)
{
    return (seg_split_rule){ .gain = SEG_GAIN_GINI, .min_rows = min_rows,
                             .weight = { weight0, weight1 }, .level_price = level_price };
}

/* The histogram of n rows of class y, in every column. */
static seg_pair *histogram_of(const seg_bins *bins, seg_matrix x, const uint8_t *y,
                              seg_split_node *node)
{
    seg_error err;
    uint8_t *bytes;
    uint32_t *order;
    seg_row_value *values;
    seg_pair *histogram;
    size_t groups = (bins->n_columns + SEG_RECORD_BYTES - 1) / SEG_RECORD_BYTES;
    assert_int_equal(SEG_ALLOC(&bytes, groups * x.n_rows * SEG_RECORD_BYTES, "t", &err), SEG_OK);
    assert_int_equal(SEG_ALLOC(&order, x.n_rows, "t", &err), SEG_OK);
    assert_int_equal(SEG_ALLOC(&values, x.n_rows, "t", &err), SEG_OK);
    assert_int_equal(SEG_ALLOC(&histogram, seg_histogram_size(bins->n_columns), "t", &err),
                     SEG_OK);
    assert_int_equal(seg_bins_records(bins, x, NULL, 2, bytes, x.n_rows, 0), x.n_rows);
    int64_t positives = 0;
    for (size_t i = 0; i < x.n_rows; i++) {
        order[i] = (uint32_t)i;
        values[i] = seg_row_value_of(y[i], 1);
        positives += y[i];
    }
    seg_records records = { bytes, x.n_rows, bins->n_columns };
    seg_histogram_add(&records, order, x.n_rows, values, histogram);
    *node = (seg_split_node){ histogram, (seg_pair)((uint64_t)positives << 32) + (seg_pair)x.n_rows,
                              (double)x.n_rows };
    seg_free(bytes);
    seg_free(order);
    seg_free(values);
    return histogram;
}

static seg_split best_split(const rows *r, const seg_bins *bins, const seg_split_rule *rule)
{
    seg_split split;
    seg_split_node node;
    seg_pair *histogram = histogram_of(bins, matrix_of(r), r->y, &node);
    seg_split_find(bins, &node, rule, NULL, 1, &split);
    seg_free(histogram);
    return split;
}

/* ---- the plain search -------------------------------------------------------- */

static double gini_rows(double n0, double n1)
{
    return n0 + n1 > 0 ? n0 * n1 / (n0 + n1) : 0;
}

/* Gain of the rows marked left, by its definition; 0 if a side is too small. */
static double plain_gain(const rows *r, const bool *left, const seg_split_rule *rule)
{
    double n[2][2] = { { 0 } };
    int64_t count[2] = { 0, 0 };
    for (size_t i = 0; i < r->n; i++) {
        n[left[i]][r->y[i]] += rule->weight[r->y[i]];
        count[left[i]]++;
    }
    if ((double)count[0] < rule->min_rows || (double)count[1] < rule->min_rows)
        return 0;
    return gini_rows(n[0][0] + n[1][0], n[0][1] + n[1][1]) - gini_rows(n[0][0], n[0][1])
           - gini_rows(n[1][0], n[1][1]);
}

static double plain_best_number(const rows *r, size_t f, const seg_split_rule *rule)
{
    double best = 0;
    for (size_t t = 0; t <= r->n; t++) {
        float threshold = t < r->n ? r->x[t][f] : FLT_MAX;
        for (int missing_left = 0; missing_left < 2; missing_left++) {
            bool left[N];
            for (size_t i = 0; i < r->n; i++)
                left[i] = isnan(r->x[i][f]) ? missing_left : r->x[i][f] <= threshold;
            best = fmax(best, plain_gain(r, left, rule));
        }
    }
    return best;
}

/* All subsets of the levels and of missing. */
static double plain_best_category(const rows *r, size_t f, const seg_split_rule *rule)
{
    double best = 0;
    for (uint32_t set = 0; set < 2u << n_levels[f]; set++) {
        bool left[N];
        for (size_t i = 0; i < r->n; i++) {
            uint32_t code = isnan(r->x[i][f]) ? n_levels[f] : (uint32_t)r->x[i][f];
            left[i] = set >> code & 1;
        }
        best = fmax(best, plain_gain(r, left, rule));
    }
    return best;
}

static void finds_the_best_of_all_splits(void **state)
{
    (void)state;
    const seg_split_rule rules[] = { gini(1, 1, 1, 0), gini(1, 7, 31, 0), gini(5, 1, 1, 0) };
    for (uint64_t seed = 0; seed < 300; seed++) {
        rows r = make_rows(seed, 8 + seed % (N - 8));
        const seg_split_rule *rule = &rules[seed % 3];
        /* The order of the categories finds the best of all subsets only as long as none
         * is forbidden for its size. */
        for (size_t i = 0; rule->min_rows > 1 && i < r.n; i++)
            r.x[i][1] = r.x[i][3] = NAN;
        seg_bins *bins = bin_rows(&r);
        seg_split split = best_split(&r, bins, rule);
        double best = 0;
        for (size_t f = 0; f < D; f++)
            best = fmax(best, n_levels[f] > 0 ? plain_best_category(&r, f, rule)
                                              : plain_best_number(&r, f, rule));
        assert_true(fabs(split.gain - best) < 1e-9 * (1 + best));
        seg_bins_free(bins);
    }
}

/* A tree of the rows, grown by the rule. */
static seg_tree grow_rows(const rows *r, const seg_bins *bins, const seg_grow_rule *rule,
                          uint64_t memory, int n_threads)
{
    uint8_t bytes[N * SEG_RECORD_BYTES];
    uint32_t order[N], aside[N];
    seg_row_value values[N];
    seg_grower *grower;
    seg_tree tree = { 0 };
    seg_error err;
    seg_records records = { bytes, N, bins->n_columns };
    seg_bins_records(bins, matrix_of(r), NULL, 1, bytes, N, 0);
    for (size_t i = 0; i < r->n; i++) {
        order[i] = (uint32_t)i;
        values[i] = seg_row_value_of(r->y[i], 1);
    }
    assert_int_equal(seg_grower_new(bins, &records, order, aside, memory, n_threads, &grower, &err),
                     SEG_OK);
    assert_int_equal(seg_grow(grower, rule, values, r->n, &tree, &err), SEG_OK);
    seg_grower_put_counts(grower, &tree);
    /* rows end where the tree sends them, by bins and by values */
    uint32_t routed[N], leaves[N];
    seg_tree_route(&tree, matrix_of(r), 2, leaves);
    for (size_t i = 0; i < r->n; i++)
        order[i] = (uint32_t)i;
    seg_grower_route(grower, &tree, order, r->n, routed);
    assert_memory_equal(routed, leaves, r->n * sizeof *leaves);
    seg_grower_free(grower);
    return tree;
}

static void rows_end_where_they_were_counted(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        rows r = make_rows(seed, N);
        seg_bins *bins = bin_rows(&r);
        seg_grow_rule rule = { .split = gini(1, 1, 1, 1), .max_depth = 6, .max_leaves = 9,
                               .best_first = seed % 2 == 1 };
        seg_tree tree = grow_rows(&r, bins, &rule, 1 << 20, 1);
        int64_t n[N][2] = { { 0 } }, missing[N] = { 0 };
        uint32_t leaves[N];
        seg_tree_route(&tree, matrix_of(&r), 1, leaves);
        for (size_t i = 0; i < r.n; i++) {
            uint32_t at = 0;
            for (;;) {
                const seg_tree_node *node = &tree.nodes[at];
                n[at][r.y[i]]++;
                if (node->feature < 0)
                    break;
                missing[at] += isnan(r.x[i][node->feature]);
                at = seg_tree_goes_left(&tree, node, r.x[i][node->feature]) ? node->left
                                                                            : node->right;
            }
            assert_int_equal(at, leaves[i]);
        }
        for (size_t v = 0; v < tree.n_nodes; v++) {
            assert_memory_equal(tree.nodes[v].n, n[v], sizeof n[v]);
            assert_int_equal(tree.nodes[v].n_missing, missing[v]);
        }
        assert_true(!rule.best_first || seg_tree_leaves(&tree) <= 9);
        seg_tree_free(&tree);
        seg_bins_free(bins);
    }
}

static void little_memory_for_histograms_changes_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        rows r = make_rows(seed, N);
        seg_bins *bins = bin_rows(&r);
        seg_grow_rule rule = { .split = gini(1, 1, 1, 0), .max_depth = 9, .max_leaves = 30,
                               .best_first = true };
        seg_tree much = grow_rows(&r, bins, &rule, 1 << 24, 1),
                 little = grow_rows(&r, bins, &rule, 0, 3);
        assert_int_equal(much.n_nodes, little.n_nodes);
        for (size_t v = 0; v < much.n_nodes; v++) {
            assert_int_equal(much.nodes[v].feature, little.nodes[v].feature);
            assert_memory_equal(much.nodes[v].n, little.nodes[v].n, sizeof much.nodes[v].n);
            assert_true(much.nodes[v].gain == little.nodes[v].gain);
        }
        seg_tree_free(&much);
        seg_tree_free(&little);
        seg_bins_free(bins);
    }
}

static void many_levels_pay_for_their_chance(void **state)
{
    (void)state;
    enum { ROWS = 2000, AREAS = 200 };
    static float x[ROWS][2];
    static uint8_t y[ROWS], use[ROWS];
    seg_rng rng = { 5, 5 };
    for (size_t i = 0; i < ROWS; i++) {
        x[i][0] = (float)seg_rng_below(rng, 4 * i, AREAS);     /* says nothing */
        x[i][1] = (float)(seg_rng_f64(rng, 4 * i + 1) < 0.5);  /* says a little */
        y[i] = seg_rng_f64(rng, 4 * i + 2) < 0.2 + 0.2 * (double)x[i][1];
        use[i] = 1;
    }
    seg_bins *bins;
    seg_error err;
    seg_matrix m = { &x[0][0], ROWS, 2, 2 };
    assert_int_equal(seg_bins_new(2, (uint32_t[]){ AREAS, 0 }, ROWS, 1, &bins, &err), SEG_OK);
    seg_bins_add(bins, m, 0, use, 1);
    assert_int_equal(seg_bins_finish(bins, 1, &err), SEG_OK);
    seg_split split;
    seg_split_node node;
    seg_pair *histogram = histogram_of(bins, m, y, &node);
    seg_split_rule dear = gini(1, 1, 1, 1), free_of_charge = gini(1, 1, 1, 0);
    seg_split_find(bins, &node, &free_of_charge, NULL, 1, &split);
    assert_int_equal(split.feature, 0);
    seg_split_find(bins, &node, &dear, NULL, 1, &split);
    assert_int_equal(split.feature, 1);
    seg_free(histogram);
    seg_bins_free(bins);
}

/* ---- cutting back and values ----------------------------------------------------- */

/* root(100/100) -> 1 (80/20) and 2 (20/80); 1 -> 3 (45/5), 4 (35/15); 2 -> 5, 6 (10/40 each):
 * the split of 2 gains nothing, so it is the weakest link, then that of 1. */
static seg_tree small_tree(void)
{
    seg_tree tree = { 0 };
    seg_error err;
    assert_int_equal(SEG_GROW(&tree.nodes, &tree.nodes_cap, 7, "nodes", &err), SEG_OK);
    const int64_t n[7][2] = { { 100, 100 }, { 80, 20 }, { 20, 80 }, { 45, 5 }, { 35, 15 },
                              { 10, 40 }, { 10, 40 } };
    for (uint32_t i = 0; i < 7; i++)
        tree.nodes[i] = (seg_tree_node){ .feature = i < 3 ? 0 : -1, .n = { n[i][0], n[i][1] },
                                         .left = i < 3 ? 2 * i + 1 : 0,
                                         .right = i < 3 ? 2 * i + 2 : 0 };
    tree.n_nodes = 7;
    return tree;
}

static void the_weakest_link_goes_first(void **state)
{
    (void)state;
    const int64_t weight[2] = { 1, 1 };
    for (size_t max_leaves = 1; max_leaves <= 5; max_leaves++) {
        seg_tree tree = small_tree();
        assert_int_equal(seg_tree_prune(&tree, max_leaves, weight, NULL), SEG_OK);
        assert_int_equal(seg_tree_leaves(&tree), max_leaves < 4 ? max_leaves : 4);
        assert_int_equal(seg_tree_depth(&tree), max_leaves == 1 ? 0 : max_leaves == 2 ? 1 : 2);
        if (max_leaves == 3) {
            assert_int_equal(tree.nodes[1].feature, 0);
            assert_int_equal(tree.nodes[2].feature, -1);
            assert_int_equal(tree.nodes[1].left, 3);
            /* Gini 0.5 of all; 0.32 on both sides */
            assert_true(fabs(tree.nodes[0].gain - (0.5 - 0.32)) < 1e-12);
        }
        seg_tree_free(&tree);
    }
}

static void a_leaf_is_pulled_towards_its_branch(void **state)
{
    (void)state;
    seg_tree tree = small_tree();
    seg_tree_shrink(&tree, 0);
    assert_true(fabs(tree.nodes[3].value - 0.1) < 1e-12);
    seg_tree_shrink(&tree, 50);
    double one = 0.5 + (0.2 - 0.5) / (1 + 50.0 / 200);
    assert_true(fabs(tree.nodes[1].value - one) < 1e-12);
    assert_true(fabs(tree.nodes[3].value - (one + (0.1 - 0.2) / (1 + 50.0 / 100))) < 1e-12);
    seg_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_best_of_all_splits),
        cmocka_unit_test(rows_end_where_they_were_counted),
        cmocka_unit_test(little_memory_for_histograms_changes_nothing),
        cmocka_unit_test(many_levels_pay_for_their_chance),
        cmocka_unit_test(the_weakest_link_goes_first),
        cmocka_unit_test(a_leaf_is_pulled_towards_its_branch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
