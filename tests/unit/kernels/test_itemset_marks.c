/* Closed, maximal and generator sets by their definitions, and as many as published. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "kernels/itemset_marks.h"
#include "tests/support/sets.h"

static seg_status mark(const seg_itemset_tree *tree, size_t n_items, uint32_t n_baskets,
                       int n_threads, seg_set_marks *marks)
{
    seg_set_index index;
    *marks = (seg_set_marks){ 0 };
    seg_status st = seg_set_index_new(tree, n_items, n_threads, &index, NULL);
    if (st == SEG_OK)
        st = seg_set_marks_new(tree, &index, n_baskets, n_threads, marks, NULL);
    seg_set_index_clear(&index);
    return st;
}

static unsigned plain_marks(const few_baskets *few, unsigned set)
{
    unsigned bits = 0;
    for (unsigned item = 1; item < FEW_SETS; item *= 2) {
        unsigned more = set | item, less = set & ~item;
        if (more != set && few->count[more] >= few->least)
            bits |= SEG_MARK_INSIDE | (few->count[more] == few->count[set] ? SEG_MARK_IMPLIED : 0);
        if (less != set && few->count[less] == few->count[set])
            bits |= SEG_MARK_DERIVED;    /* count[0] is that of all baskets */
    }
    return bits;
}

static void marks_as_defined(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 30; seed++) {
        few_baskets few;
        seg_set_marks marks;
        uint64_t maximal = 0;
        few_make(&few, 4 + seed * 3, 1 + seed % 4, seed);
        assert_int_equal(mark(&few.tree, FEW_ITEMS, few.n_baskets, 1 + (int)seed % 3, &marks),
                         SEG_OK);
        for (unsigned s = 1; s < FEW_SETS; s++) {
            if (few.count[s] < few.least)
                continue;
            assert_int_equal(marks.bits[few.node[s]], plain_marks(&few, s));
            maximal += (plain_marks(&few, s) & SEG_MARK_INSIDE) == 0;
        }
        assert_int_equal(marks.total.sets, few.tree.n);
        assert_int_equal(marks.total.maximal, maximal);
        seg_set_marks_clear(&marks);
        few_free(&few);
    }
}

static void keeps_wanted_sets_and_their_beginnings(void **state)
{
    (void)state;
    for (unsigned unwanted = 0; unwanted < 8; unwanted++) {
        few_baskets few;
        seg_set_marks marks;
        few_make(&few, 60, 2, unwanted + 1);
        assert_int_equal(mark(&few.tree, FEW_ITEMS, few.n_baskets, 1, &marks), SEG_OK);
        seg_itemset_tree_keep(&few.tree, &marks, unwanted);
        assert_int_equal(seg_itemset_tree_check(&few.tree, FEW_ITEMS, few.n_baskets, NULL),
                         SEG_OK);
        size_t n_listed = 0, n_wanted = 0;
        for (size_t i = 0; i < few.tree.n; i++) {
            unsigned set = few_bits(&few.tree, i);
            assert_int_equal(marks.bits[i], plain_marks(&few, set));
            n_listed += few.tree.count[i] > 0;
            if (few.tree.count[i] > 0)
                assert_int_equal(plain_marks(&few, set) & unwanted, 0);
        }
        for (unsigned s = 1; s < FEW_SETS; s++)
            n_wanted += few.count[s] >= few.least && (plain_marks(&few, s) & unwanted) == 0;
        assert_int_equal(n_listed, n_wanted);
        seg_set_marks_clear(&marks);
        few_free(&few);
    }
}

static void refuses_a_list_without_a_subset(void **state)
{
    (void)state;
    seg_itemset_tree tree = { 0 };
    seg_set_marks marks;
    assert_int_equal(seg_itemset_tree_add(&tree, 1, 0, 4, NULL), SEG_OK);
    assert_int_equal(seg_itemset_tree_add(&tree, 2, 1, 3, NULL), SEG_OK);
    assert_int_equal(mark(&tree, 2, 9, 1, &marks), SEG_E_DATA);
    assert_null(marks.bits);
    seg_itemset_tree_clear(&tree);
}

static const struct {
    const char *name;
    uint32_t least;
    uint64_t closed, maximal;
} published[] = {
    { "groceries", 10, 13464, 7794 },   { "groceries", 3, 104832, 42611 },
    { "retail", 88, 7695, 3507 },       { "retail", 20, 56411, 22144 },
    { "T10I4D100K", 500, 1073, 585 },   { "chess", 2557, 5083, 226 },
    { "chess", 2238, 23892, 891 },      { "mushroom", 1625, 1197, 158 },
    { "msweb", 10, 26899, 8099 },
};

static void finds_the_published_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        mined m;
        seg_set_marks marks;
        if (!mined_make(published[i].name, published[i].least, &m))
            skip();
        assert_int_equal(mark(&m.tree, m.n_items, m.n_baskets, 1 + (int)i % 3, &marks), SEG_OK);
        assert_int_equal(marks.total.closed, published[i].closed);
        assert_int_equal(marks.total.maximal, published[i].maximal);
        seg_set_marks_clear(&marks);
        mined_free(&m);
    }
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    few_baskets few;
    few_make(&few, 60, 2, 4);
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        long live = seg_alloc_live;
        seg_set_marks marks;
        seg_alloc_fail_after = n;
        st = mark(&few.tree, FEW_ITEMS, few.n_baskets, 2, &marks);
        seg_alloc_fail_after = -1;
        seg_set_marks_clear(&marks);
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(st, SEG_OK);
    few_free(&few);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_as_defined),
        cmocka_unit_test(keeps_wanted_sets_and_their_beginnings),
        cmocka_unit_test(refuses_a_list_without_a_subset),
        cmocka_unit_test(finds_the_published_numbers),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
