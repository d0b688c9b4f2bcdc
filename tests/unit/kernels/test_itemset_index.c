/* The index finds every set of a tree at its node, whatever the threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "kernels/itemset_index.h"
#include "tests/support/sets.h"

static uint64_t key_of(const seg_set_index *index, unsigned set)
{
    uint64_t key = 0;
    for (unsigned item = 0; item < FEW_ITEMS; item++)
        key ^= (set >> item & 1) != 0 ? index->code[item] : 0;
    return key;
}

static void finds_every_set_and_no_other(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 30; seed++) {
        few_baskets few;
        seg_set_index index;
        few_make(&few, 10 + seed * 5, 1 + seed % 7, seed);
        assert_int_equal(seg_set_index_new(&few.tree, FEW_ITEMS, 1 + (int)seed % 3, &index, NULL),
                         SEG_OK);
        assert_int_equal(index.n_sets, few.tree.n);
        for (unsigned s = 1; s < FEW_SETS; s++)
            assert_int_equal(seg_set_find(&index, key_of(&index, s)),
                             few.count[s] >= few.least ? few.node[s] : SEG_NO_SET);
        seg_set_index_clear(&index);
        few_free(&few);
    }
}

static void leaves_out_what_is_only_a_beginning(void **state)
{
    (void)state;
    seg_itemset_tree tree = { 0 };
    seg_set_index index;
    assert_int_equal(seg_itemset_tree_add(&tree, 1, 0, 0, NULL), SEG_OK);
    assert_int_equal(seg_itemset_tree_add(&tree, 2, 1, 3, NULL), SEG_OK);
    assert_int_equal(seg_set_index_new(&tree, 2, 1, &index, NULL), SEG_OK);
    assert_int_equal(index.n_sets, 1);
    assert_int_equal(seg_set_find(&index, index.code[0]), SEG_NO_SET);
    assert_int_equal(seg_set_find(&index, index.code[0] ^ index.code[1]), 1);
    seg_set_index_clear(&index);
    seg_itemset_tree_clear(&tree);
}

static void refuses_a_set_that_stands_twice(void **state)
{
    (void)state;
    seg_itemset_tree tree = { 0 };
    seg_set_index index;
    for (int i = 0; i < 2; i++)
        assert_int_equal(seg_itemset_tree_add(&tree, 1, 0, 5, NULL), SEG_OK);
    assert_int_equal(seg_set_index_new(&tree, 1, 1, &index, NULL), SEG_E_DATA);
    assert_null(index.lines);
    seg_itemset_tree_clear(&tree);
}

static void indexes_no_sets(void **state)
{
    (void)state;
    seg_itemset_tree tree = { 0 };
    seg_set_index index;
    assert_int_equal(seg_set_index_new(&tree, 0, 2, &index, NULL), SEG_OK);
    assert_int_equal(seg_set_find(&index, 12345), SEG_NO_SET);
    seg_set_index_clear(&index);
}

static void walks_from_any_node(void **state)
{
    (void)state;
    few_baskets few;
    few_make(&few, 60, 2, 4);
    uint64_t code[FEW_ITEMS];
    for (unsigned i = 0; i < FEW_ITEMS; i++)
        code[i] = 1u << i;
    for (size_t first = 0; first < few.tree.n; first++) {
        seg_set_walk walk;
        size_t at = first;
        seg_set_walk_from(&few.tree, code, first, few.tree.n, &walk);
        for (; seg_set_next(&walk); at++) {
            assert_int_equal(walk.node, at);
            assert_int_equal(walk.key[walk.n], few_bits(&few.tree, at));
        }
        assert_int_equal(at, few.tree.n);
        seg_set_walk_from(&few.tree, code, first, few.tree.n, &walk);
        assert_true(seg_set_next(&walk));
        seg_set_skip(&walk);
        assert_int_equal(walk.next, seg_itemset_end(&few.tree, first));
    }
    few_free(&few);
}

/* Many parts, so that threads meet. */
static void finds_all_sets_of_groceries(void **state)
{
    (void)state;
    mined m;
    if (!mined_make("groceries", 5, &m))
        skip();
    for (int n_threads = 1; n_threads <= 4; n_threads++) {
        seg_set_index index;
        seg_set_walk walk;
        assert_int_equal(seg_set_index_new(&m.tree, m.n_items, n_threads, &index, NULL), SEG_OK);
        seg_set_walk_from(&m.tree, index.code, 0, m.tree.n, &walk);
        while (seg_set_next(&walk))
            assert_int_equal(seg_set_find(&index, walk.key[walk.n]), walk.node);
        seg_set_index_clear(&index);
    }
    mined_free(&m);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    few_baskets few;
    few_make(&few, 60, 2, 4);
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        long live = seg_alloc_live;
        seg_set_index index;
        seg_alloc_fail_after = n;
        st = seg_set_index_new(&few.tree, FEW_ITEMS, 2, &index, NULL);
        seg_alloc_fail_after = -1;
        seg_set_index_clear(&index);
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(st, SEG_OK);
    few_free(&few);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_set_and_no_other),
        cmocka_unit_test(leaves_out_what_is_only_a_beginning),
        cmocka_unit_test(refuses_a_set_that_stands_twice),
        cmocka_unit_test(indexes_no_sets),
        cmocka_unit_test(walks_from_any_node),
        cmocka_unit_test(finds_all_sets_of_groceries),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
