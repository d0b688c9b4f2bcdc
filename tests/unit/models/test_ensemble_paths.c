/* The steps along the paths add up to the score, and stand for the features that took them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "models/ensemble_paths.h"

/* root: feature 1 at 0 -> leaf 1 (3 of 10 rows), or node 2: feature 0 at 5 -> leaves 2 and 6. */
static seg_tree_node nodes[] = {
    { .feature = 1, .threshold = 0, .left = 1, .right = 2, .n = { 6, 4 } },
    { .feature = -1, .value = 1, .n = { 3, 0 } },
    { .feature = 0, .threshold = 5, .left = 3, .right = 4, .missing_left = true, .n = { 3, 4 } },
    { .feature = -1, .value = 2, .n = { 3, 1 } },
    { .feature = -1, .value = 6, .n = { 0, 3 } },
};
static const seg_tree trees[2] = { { .nodes = nodes, .n_nodes = 5 }, { .nodes = nodes, .n_nodes = 5 } };

static void steps_are_those_between_the_means_of_nodes(void **state)
{
    (void)state;
    const float x[3][3] = { { 9, -1, 0 }, { 9, 1, 0 }, { NAN, 1, 0 } };
    const float right = (4 * 2 + 3 * 6) / 7.0F, root = (3 * 1 + 7 * right) / 10;
    const float expected[3][3] = {
        { 0, 2 * (1 - root), 0 },
        { 2 * (6 - right), 2 * (right - root), 0 },
        { 2 * (2 - right), 2 * (right - root), 0 },
    };
    float phi[3][3];
    seg_tree_paths *paths;
    seg_error err;
    assert_int_equal(seg_tree_paths_new(trees, 2, 3, &paths, &err), SEG_OK);
    for (int n_threads = 1; n_threads <= 3; n_threads++) {
        seg_tree_paths_rows(paths, (seg_matrix){ &x[0][0], 3, 3, 3 }, n_threads, &phi[0][0]);
        for (size_t i = 0; i < 3; i++)
            for (size_t f = 0; f < 3; f++)
                assert_true(fabsf(phi[i][f] - expected[i][f]) < 1e-5F);
    }
    seg_tree_paths_free(paths);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    long live = seg_alloc_live;
    seg_status st = SEG_E_AGAIN;
    for (long k = 0; st == SEG_E_AGAIN; k++) {
        seg_tree_paths *paths;
        seg_error err;
        seg_alloc_fail_after = k;
        st = seg_tree_paths_new(trees, 2, 3, &paths, &err);
        seg_alloc_fail_after = -1;
        seg_tree_paths_free(paths);
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(st, SEG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_those_between_the_means_of_nodes),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
