/* A tree on bins is the exact tree as long as no feature has more than 254 distinct values: at
 * every node, its split gains as much as the best of all splits of the values themselves. */
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
#include "tests/support/tree_plain.h"

enum { N = 700, D = 5, DEPTH = 3, DISTINCT = 254 };
static const uint32_t n_levels[D] = { 0, 0, 0, 6, 2 };
static float x[N][D];
static int32_t a[N];
static uint32_t b[N];

/* A value for each of 254 ranks, ascending: neighbouring floats, tiny and huge ones. */
static float value_of_rank(size_t f, uint64_t rank)
{
    float r = (float)rank;
    switch (f) {
    case 0: {
        float v = 1;
        for (uint64_t i = 0; i < rank; i++)
            v = nextafterf(v, 2);
        return v;
    }
    case 1:  return rank < 127 ? -ldexpf(1, 120 - (int)rank) : ldexpf(1, (int)rank - 130);
    default: return (r - 100) * 0.37f;
    }
}

/* Small tables have few values, and many rows of each. newton: a and b are numbers. */
static void make_rows(uint64_t seed, size_t n, bool newton)
{
    seg_rng rng = { seed, 31 };
    for (size_t i = 0; i < n; i++) {
        uint64_t at = i * 32;
        for (size_t f = 0; f < D; f++) {
            uint64_t span = n_levels[f] > 0 ? n_levels[f] : seed % 3 == 0 ? 9 : DISTINCT;
            uint64_t rank = seg_rng_below(rng, at + f, span);
            x[i][f] = n_levels[f] > 0 ? (float)rank : value_of_rank(f, rank);
            if (seg_rng_f64(rng, at + 8 + f) < 0.1)
                x[i][f] = NAN;
        }
        double p = 0.2 + (x[i][0] > 1.00001f ? 0.2 : 0) + (x[i][1] > 0 ? 0.2 : 0)
                   + (x[i][3] >= 3 ? 0.2 : 0) + (isnan(x[i][2]) ? 0.2 : 0);
        bool yes = seg_rng_f64(rng, at + 16) < p;
        a[i] = newton ? (int32_t)seg_rng_below(rng, at + 17, 4000) - (yes ? 1000 : 3000) : yes;
        b[i] = newton ? 1 + (uint32_t)seg_rng_below(rng, at + 18, 9000) : 1;
    }
}

static seg_tree grow(size_t n, size_t d, const seg_grow_rule *rule)
{
    static uint8_t bytes[N * SEG_RECORD_BYTES], use[N];
    static uint32_t order[N], aside[N];
    static seg_row_value values[N];
    seg_bins *bins;
    seg_grower *grower;
    seg_tree tree = { 0 };
    seg_error err;
    seg_matrix m = { &x[0][0], n, d, D };
    memset(use, 1, sizeof use);
    assert_int_equal(seg_bins_new(d, n_levels, n, 1, &bins, &err), SEG_OK);
    seg_bins_add(bins, m, 0, use, 1);
    assert_int_equal(seg_bins_finish(bins, 1, &err), SEG_OK);
    seg_records records = { bytes, N, bins->n_columns };
    seg_bins_records(bins, m, NULL, 1, bytes, N, 0);
    for (size_t i = 0; i < n; i++) {
        order[i] = (uint32_t)i;
        values[i] = seg_row_value_of(a[i], b[i]);
    }
    assert_int_equal(seg_grower_new(bins, &records, order, aside, 1 << 24, 2, &grower, &err),
                     SEG_OK);
    assert_int_equal(seg_grow(grower, rule, values, n, &tree, &err), SEG_OK);
    seg_grower_free(grower);
    seg_bins_free(bins);
    return tree;
}

static void assert_gain(double is, double expected, uint64_t seed, uint32_t node)
{
    if (!(fabs(is - expected) <= 1e-9 * (1 + expected)))
        fail_msg("seed %llu, node %u: gain %.12g, not %.12g", (unsigned long long)seed, node, is,
                 expected);
}

/* The node's rows are list[0 .. n-1]; then those of its children. */
static size_t check_node(const seg_tree *tree, uint32_t at, uint32_t *list, size_t n, size_t d,
                         uint32_t depth, const seg_split_rule *rule, uint64_t seed)
{
    const seg_tree_node *node = &tree->nodes[at];
    plain_rows rows = { &x[0][0], d, D, n_levels, a, b };
    if (depth == DEPTH)
        return 0;
    double best = plain_best_gain(&rows, list, n, rule);
    if (node->feature < 0) {
        assert_gain(0, best, seed, at);
        return 0;
    }
    bool left[N];
    uint32_t parted[N];
    size_t n_left = 0, at_right = n;
    for (size_t i = 0; i < n; i++)
        left[i] = seg_tree_goes_left(tree, node, x[list[i]][node->feature]);
    assert_gain(node->gain, best, seed, at);
    assert_gain(plain_gain(&rows, list, n, left, rule), best, seed, at);
    for (size_t i = 0; i < n; i++)
        parted[left[i] ? n_left++ : --at_right] = list[i];
    return 1 + check_node(tree, node->left, parted, n_left, d, depth + 1, rule, seed)
           + check_node(tree, node->right, parted + n_left, n - n_left, d, depth + 1, rule, seed);
}

static void every_node_has_the_best_split_of_the_values(void **state)
{
    (void)state;
    const seg_split_rule rules[] = {
        { .gain = SEG_GAIN_GINI, .min_rows = 1, .weight = { 1, 1 } },
        { .gain = SEG_GAIN_GINI, .min_rows = 1, .weight = { 2, 7 } },
        { .gain = SEG_GAIN_GINI, .min_rows = 20, .weight = { 1, 1 } },
        { .gain = SEG_GAIN_NEWTON, .unit_a = 1.0 / 1024, .unit_b = 1.0 / 4096 },
    };
    size_t n_splits = 0;
    for (uint64_t seed = 0; seed < 24; seed++) {
        const seg_split_rule *rule = &rules[seed % 4];
        /* In the order of their rates lies the best set of levels as long as none is forbidden
         * for its size. */
        size_t n = 60 + (size_t)(seed * 97 % (N - 60)), d = rule->min_rows > 1 ? 3 : D;
        uint32_t list[N];
        make_rows(seed, n, rule->gain == SEG_GAIN_NEWTON);
        seg_grow_rule grown = { .split = *rule, .max_depth = DEPTH };
        seg_tree tree = grow(n, d, &grown);
        for (size_t i = 0; i < n; i++)
            list[i] = (uint32_t)i;
        n_splits += check_node(&tree, 0, list, n, d, 0, rule, seed);
        seg_tree_free(&tree);
    }
    assert_true(n_splits > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_node_has_the_best_split_of_the_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
