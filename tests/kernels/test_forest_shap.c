/* Shapley values of trees: against all subsets of features on small trees, against all subsets of
 * each path on larger ones; they add up to the score; every level, any threads and rows. */
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
#include "kernels/forest.h"
#include "tests/support/random_trees.h"

static seg_error err;
#define OK(call)                                                  \
    do {                                                          \
        seg_status st_ = (call);                                  \
        if (st_ != SEG_OK)                                        \
            fail_msg("%s: %s", seg_status_name(st_), err.text);   \
    } while (0)

static const trees_case small[] = {
    { "stumps", 6, 3, 1, 4, 2, LEVEL_WISE, 0, 20, 1 },
    { "three features", 8, 3, 1, 4, 16, LEVEL_WISE, 4, 0, 1 },
    { "seven features", 5, 7, 2, 5, 32, LEVEL_WISE, 0, 0, 1 },
    { "leaf by leaf", 5, 8, 2, 5, 40, LEAF_WISE, 0, 0, 0.1 },
    { "chains", 4, 9, 3, 5, 14, CHAIN, 0, 0, 1 },
    { "long chains", 3, 10, 3, 5, 40, CHAIN, 0, 0, 1 },
};
enum { N_SMALL = sizeof small / sizeof *small };

static const trees_case large[] = {
    { "complete trees", 30, 30, 5, 8, 64, LEVEL_WISE, 0, 0, 0.2 },
    { "leaf by leaf", 20, 30, 5, 8, 31, LEAF_WISE, 0, 0, 0.2 },
    { "long paths", 4, 40, 5, 8, 60, CHAIN, 0, 0, 0.2 },
    { "two features", 40, 2, 0, 0, 64, LEVEL_WISE, 0, 0, 0.2 },
    { "many levels", 20, 6, 3, 700, 40, LEAF_WISE, 0, 0, 0.2 },
    { "a large tree", 2, 12, 3, 30, 400, LEAF_WISE, 0, 0, 0.2 },
    { "many trees", 600, 20, 3, 12, 8, LEVEL_WISE, 0, 0, 0.2 },
    { "values far apart", 30, 20, 3, 12, 30, LEVEL_WISE, 0, 0, 900 },
};
enum { N_LARGE = sizeof large / sizeof *large, N = 1100 };

static double rows_of(const seg_tree_node *node)
{
    return (double)(node->n[0] + node->n[1]);
}

/* ---- all subsets of the features ---------------- */

/* The mean below a node over the rows learned from, of the features in the set as the row has
 * them. */
static double mean(const seg_tree *tree, uint32_t at, const float *row, uint32_t set)
{
    const seg_tree_node *node = &tree->nodes[at];
    if (node->feature < 0)
        return node->value;
    if (set >> node->feature & 1)
        return mean(tree, seg_tree_goes_left(tree, node, row[node->feature]) ? node->left
                                                                             : node->right,
                    row, set);
    double left = rows_of(&tree->nodes[node->left]), right = rows_of(&tree->nodes[node->right]);
    return (left * mean(tree, node->left, row, set) + right * mean(tree, node->right, row, set))
           / (left + right);
}

static double factorial(size_t n)
{
    return n < 2 ? 1 : (double)n * factorial(n - 1);
}

static void by_subsets(const seg_tree *tree, const float *row, size_t m, double *phi)
{
    static double value[1 << 10];
    for (uint32_t set = 0; set < 1U << m; set++)
        value[set] = mean(tree, 0, row, set);
    for (size_t f = 0; f < m; f++)
        for (uint32_t set = 0; set < 1U << m; set++) {
            size_t size = (size_t)__builtin_popcount(set);
            if (!(set >> f & 1))
                phi[f] += factorial(size) * factorial(m - size - 1) / factorial(m)
                          * (value[set | 1U << f] - value[set]);
        }
}

static double whole_mean(const seg_tree *trees, size_t n)
{
    double sum = 0;
    for (size_t t = 0; t < n; t++)
        sum += mean(&trees[t], 0, NULL, 0);
    return sum;
}

static void small_trees_agree_with_all_subsets(void **state)
{
    (void)state;
    enum { ROWS = 70 };
    for (size_t k = 0; k < N_SMALL; k++) {
        const trees_case *c = &small[k];
        seg_tree *trees = trees_new(c, 7 + k);
        float *x = trees_rows(c, ROWS, c->n_features, k), phi[ROWS * 10];
        seg_forest_shap *shap;
        OK(seg_forest_shap_new(trees, c->n_trees, c->n_features, &shap, &err));
        OK(seg_forest_shap_rows(shap, (seg_matrix){ x, ROWS, c->n_features, c->n_features }, 1,
                                phi, &err));
        assert_true(fabs(seg_forest_shap_base(shap) - whole_mean(trees, c->n_trees)) < 1e-9);
        for (size_t i = 0; i < ROWS; i++) {
            double want[10] = { 0 };
            for (size_t t = 0; t < c->n_trees; t++)
                by_subsets(&trees[t], x + i * c->n_features, c->n_features, want);
            for (size_t f = 0; f < c->n_features; f++)
                if (fabs(want[f] - (double)phi[i * c->n_features + f]) > 1e-5)
                    fail_msg("%s: row %zu gives feature %zu %g, not %g", c->name, i, f,
                             (double)phi[i * c->n_features + f], want[f]);
        }
        seg_forest_shap_free(shap);
        free(x);
        trees_free(trees, c->n_trees);
    }
    assert_int_equal(seg_alloc_live, 0);
}

/* ---- all subsets of each path ---------------- */

typedef struct way {
    size_t n;
    size_t feature[64];
    double share[64];
    bool holds[64];
} way;

static void step(way *w, size_t feature, double share, bool holds)
{
    size_t q = 0;
    while (q < w->n && w->feature[q] != feature)
        q++;
    if (q == w->n) {
        w->feature[w->n] = feature;
        w->share[q] = 1;
        w->holds[w->n++] = true;
    }
    w->share[q] *= share;
    w->holds[q] &= holds;
}

/* Subsets without q by size: knowing j multiplies by 1 or 0, not knowing it by its share. */
static double of_feature(const way *w, size_t q)
{
    double by_size[65] = { 1 }, sum = 0;
    size_t n = 0;
    for (size_t j = 0; j < w->n; j++) {
        if (j == q)
            continue;
        for (size_t s = ++n; s > 0; s--)
            by_size[s] = by_size[s] * w->share[j] + (w->holds[j] ? by_size[s - 1] : 0);
        by_size[0] *= w->share[j];
    }
    for (size_t s = 0; s < w->n; s++)
        sum += by_size[s] * exp(lgamma((double)s + 1) + lgamma((double)(w->n - s))
                                - lgamma((double)w->n + 1));
    return sum * ((double)w->holds[q] - w->share[q]);
}

static void by_paths(const seg_tree *tree, uint32_t at, const float *row, way w, double *phi)
{
    const seg_tree_node *node = &tree->nodes[at];
    if (node->feature < 0) {
        for (size_t q = 0; q < w.n; q++)
            phi[w.feature[q]] += node->value * of_feature(&w, q);
        return;
    }
    double left = rows_of(&tree->nodes[node->left]), right = rows_of(&tree->nodes[node->right]);
    bool goes_left = seg_tree_goes_left(tree, node, row[node->feature]);
    way other = w;
    step(&w, (size_t)node->feature, left / (left + right), goes_left);
    by_paths(tree, node->left, row, w, phi);
    step(&other, (size_t)node->feature, right / (left + right), !goes_left);
    by_paths(tree, node->right, row, other, phi);
}

static void large_trees_agree_with_their_paths_and_add_up(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_LARGE; k++) {
        const trees_case *c = &large[k];
        size_t m = c->n_features, n = 200;
        double near = 1e-5 * fmax(1, c->spread / 10);
        seg_tree *trees = trees_new(c, 70 + k);
        float *x = trees_rows(c, n, m, k), *phi = calloc(n * m, sizeof *phi);
        seg_forest_shap *shap;
        OK(seg_forest_shap_new(trees, c->n_trees, m, &shap, &err));
        OK(seg_forest_shap_rows(shap, (seg_matrix){ x, n, m, m }, 1, phi, &err));
        for (size_t i = 0; i < n; i++) {
            double score = 0, sum = seg_forest_shap_base(shap), want[64] = { 0 };
            for (size_t t = 0; t < c->n_trees; t++)
                score += trees_leaf(&trees[t], x + i * m)->value;
            for (size_t f = 0; f < m; f++)
                sum += (double)phi[i * m + f];
            if (fabs(sum - score) > near)
                fail_msg("%s: row %zu adds up to %.9g, not %.9g", c->name, i, sum, score);
            for (size_t t = 0; t < c->n_trees && i % 10 == 0; t++)
                by_paths(&trees[t], 0, x + i * m, (way){ 0 }, want);
            for (size_t f = 0; f < m && i % 10 == 0; f++)
                if (fabs(want[f] - (double)phi[i * m + f]) > near)
                    fail_msg("%s: row %zu gives feature %zu %g, not %g", c->name, i, f,
                             (double)phi[i * m + f], want[f]);
        }
        seg_forest_shap_free(shap);
        free(phi);
        free(x);
        trees_free(trees, c->n_trees);
    }
}

/* Beyond what quadrature has points for. */
static void a_path_of_sixty_features_is_exact(void **state)
{
    (void)state;
    enum { M = 60, ROWS = 70 };
    seg_tree_node nodes[2 * M + 1] = { 0 };
    seg_tree tree = { .nodes = nodes, .n_nodes = 2 * M + 1 };
    float x[ROWS * M], phi[ROWS * M];
    for (uint32_t f = 0; f < M; f++) {
        nodes[2 * f] = (seg_tree_node){ .feature = (int32_t)f, .threshold = 0.5F,
                                        .left = 2 * f + 1, .right = 2 * f + 2,
                                        .n = { 0, 40 * (M + 1 - (int64_t)f) } };
        nodes[2 * f + 1] = (seg_tree_node){ .feature = -1, .value = 1 + 0.1 * f };
        nodes[2 * f + 1].n[0] = 1 + f % 3;
    }
    nodes[(size_t)2 * M].feature = -1;
    nodes[(size_t)2 * M].value = -7;
    nodes[(size_t)2 * M].n[0] = 40;
    for (size_t i = 0; i < ROWS * M; i++)
        x[i] = i * 7919 % 101 < i / M ? 0 : 1;   /* later rows leave the path sooner */
    seg_forest_shap *shap;
    OK(seg_forest_shap_new(&tree, 1, M, &shap, &err));
    OK(seg_forest_shap_rows(shap, (seg_matrix){ x, ROWS, M, M }, 1, phi, &err));
    for (size_t i = 0; i < ROWS; i++) {
        double want[M] = { 0 };
        by_paths(&tree, 0, x + i * M, (way){ 0 }, want);
        for (size_t f = 0; f < M; f++)
            assert_true(fabs(want[f] - (double)phi[i * M + f]) < 2e-6);
    }
    seg_forest_shap_free(shap);
}

/* ---- the same bits ---------------- */

static void same_bits_for_any_level_threads_and_rows(void **state)
{
    (void)state;
    static const size_t sizes[] = { 1, 63, 64, 65, 257, 512, 700, N };
    for (size_t k = 0; k < N_LARGE; k++) {
        const trees_case *c = &large[k];
        size_t m = c->n_features;
        seg_tree *trees = trees_new(c, 30 + k);
        float *x = trees_rows(c, N, m, k);
        float *want = calloc(N * m, sizeof *want), *phi = calloc(N * m + 1, sizeof *phi);
        seg_forest_shap *shap;
        OK(seg_forest_shap_new(trees, c->n_trees, m, &shap, &err));
        size_t most = c->growth == LEVEL_WISE ? N : 257;   /* climbing is slow */
        for (int run = -1; run < 3 * SEG_ISA_COUNT; run++) {
            size_t n = run < 0 ? most : sizes[(size_t)run * 7 % 8];
            n = n < most ? n : most;
            setenv("SEGMILL_ISA", seg_isa_name(run < 0 ? SEG_ISA_BASE : (seg_isa)(run / 3)), 1);
            phi[n * m] = 12345;
            OK(seg_forest_shap_rows(shap, (seg_matrix){ x, n, m, m }, run < 0 ? 1 : 1 + run % 3,
                                    run < 0 ? want : phi, &err));
            assert_true(phi[n * m] == 12345.0F);
            if (run >= 0)
                assert_memory_equal(phi, want, n * m * sizeof *phi);
        }
        seg_forest_shap_free(shap);
        free(phi);
        free(want);
        free(x);
        trees_free(trees, c->n_trees);
    }
    unsetenv("SEGMILL_ISA");
}

/* ---- odd ensembles ---------------- */

static void ensembles_without_splits_give_nothing(void **state)
{
    (void)state;
    seg_tree_node leaf = { .feature = -1, .value = 0.25 };
    seg_tree trees[2] = { { .nodes = &leaf, .n_nodes = 1 }, { .nodes = &leaf, .n_nodes = 1 } };
    float x[70 * 3] = { 0 }, phi[70 * 3];
    seg_forest_shap *shap;
    for (size_t n = 0; n <= 2; n++) {
        memset(phi, 1, sizeof phi);
        OK(seg_forest_shap_new(trees, n, 3, &shap, &err));
        OK(seg_forest_shap_rows(shap, (seg_matrix){ x, 70, 3, 3 }, 2, phi, &err));
        assert_true(seg_forest_shap_base(shap) == 0.25 * (double)n);
        for (size_t i = 0; i < 70 * 3; i++)
            assert_true(phi[i] == 0);
        OK(seg_forest_shap_rows(shap, (seg_matrix){ x, 0, 3, 3 }, 2, phi, &err));
        seg_forest_shap_free(shap);
    }
}

static void rows_that_nobody_learned_from_count_half(void **state)
{
    (void)state;
    seg_tree_node nodes[] = { { .feature = 0, .threshold = 1, .left = 1, .right = 2 },
                              { .feature = -1, .value = 1 }, { .feature = -1, .value = 3 } };
    seg_tree tree = { .nodes = nodes, .n_nodes = 3 };
    float x[] = { 0, 5 }, phi[2];
    seg_forest_shap *shap;
    OK(seg_forest_shap_new(&tree, 1, 1, &shap, &err));
    OK(seg_forest_shap_rows(shap, (seg_matrix){ x, 2, 1, 1 }, 1, phi, &err));
    assert_true(seg_forest_shap_base(shap) == 2);
    assert_true(fabsf(phi[0] + 1) < 1e-6F && fabsf(phi[1] - 1) < 1e-6F);
    seg_forest_shap_free(shap);
}

static void names_what_is_wrong(void **state)
{
    (void)state;
    seg_tree_node nodes[] = { { .feature = 1, .threshold = 1, .left = 1, .right = 2 },
                              { .feature = -1, .value = 1, .n = { 1, 4 } },
                              { .feature = -1, .value = 3, .n = { 1, 4 } } };
    seg_tree tree = { .nodes = nodes, .n_nodes = 3 };
    seg_forest_shap *shap;
    float x[2] = { 0 }, phi[2];
    nodes[2].n[1] = -1;
    assert_int_equal(seg_forest_shap_new(&tree, 1, 2, &shap, &err), SEG_E_DATA);
    assert_null(shap);
    assert_non_null(strstr(err.text, "tree 0: node 2 has learned from a negative number of rows"));
    nodes[2].n[1] = 1;
    nodes[0].feature = 2;
    assert_int_equal(seg_forest_shap_new(&tree, 1, 2, &shap, &err), SEG_E_DATA);
    nodes[0].feature = 1;
    OK(seg_forest_shap_new(&tree, 1, 2, &shap, &err));
    assert_int_equal(seg_forest_shap_rows(shap, (seg_matrix){ x, 1, 1, 1 }, 1, phi, &err),
                     SEG_E_USAGE);
    seg_forest_shap_free(shap);
}

static seg_status once(const seg_tree *trees, const trees_case *c, const float *x, float *phi)
{
    seg_forest_shap *shap;
    seg_status st = seg_forest_shap_new(trees, c->n_trees, c->n_features, &shap, &err);
    if (st == SEG_OK)
        st = seg_forest_shap_rows(shap, (seg_matrix){ x, 70, c->n_features, c->n_features }, 2,
                                  phi, &err);
    seg_forest_shap_free(shap);
    return st;
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    static const trees_case c = { "", 3, 12, 2, 6, 14, CHAIN, 0, 0, 1 };
    seg_tree *trees = trees_new(&c, 5);
    float *x = trees_rows(&c, 70, c.n_features, 5), phi[70 * 12];
    long live = seg_alloc_live;
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_alloc_fail_after = n;
        st = once(trees, &c, x, phi);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, live);
    }
    OK(st);
    free(x);
    trees_free(trees, c.n_trees);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_trees_agree_with_all_subsets),
        cmocka_unit_test(large_trees_agree_with_their_paths_and_add_up),
        cmocka_unit_test(a_path_of_sixty_features_is_exact),
        cmocka_unit_test(same_bits_for_any_level_threads_and_rows),
        cmocka_unit_test(ensembles_without_splits_give_nothing),
        cmocka_unit_test(rows_that_nobody_learned_from_count_half),
        cmocka_unit_test(names_what_is_wrong),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
