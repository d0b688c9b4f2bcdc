/* Rules by definition on small random baskets, as many as published on files, and the same
 * for any threads; best first as sorting all of them leaves them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "kernels/rule_find.h"
#include "tests/support/sets.h"

static seg_set_index index_of(const seg_itemset_tree *tree, size_t n_items)
{
    seg_set_index index;
    assert_int_equal(seg_set_index_new(tree, n_items, 2, &index, NULL), SEG_OK);
    return index;
}

/* ---- by definition ------------------------------------------------------------------ */

static bool is_rule(const few_baskets *few, const seg_rule_search *s, unsigned whole,
                    unsigned head)
{
    unsigned body = whole & ~head;
    size_t n_body = (size_t)__builtin_popcount(body), n_head = (size_t)__builtin_popcount(head);
    bool wanted = false, met = false;
    for (unsigned item = 0; s->use != NULL && item < FEW_ITEMS; item++) {
        uint8_t use = s->use[item];
        if (((body >> item & 1) != 0 && (use & SEG_RULE_BODY) == 0)
            || ((head >> item & 1) != 0 && (use & SEG_RULE_HEAD) == 0)
            || ((whole >> item & 1) == 0 && (use & SEG_RULE_MUST) != 0))
            return false;
        wanted = wanted || (use & SEG_RULE_WANTED) != 0;
        met = met || ((use & SEG_RULE_WANTED) != 0 && (head >> item & 1) != 0);
    }
    return few->count[whole] >= few->least && n_body >= 1 && n_body >= s->min_body
           && (s->max_body == 0 || n_body <= s->max_body) && n_head <= s->max_head
           && (s->max_length == 0 || n_body + n_head <= s->max_length) && (!wanted || met)
           && few->count[whole] * s->confidence_den >= s->confidence_num * few->count[body];
}

/* Each rule that is found is one, and as many are found as there are. */
static void check_all(const few_baskets *few, const seg_set_index *index, seg_rule_search *s)
{
    static bool seen[FEW_SETS][FEW_SETS];
    seg_rules rules = { 0 };
    uint64_t expected = 0, n_found;
    for (unsigned w = 1; w < FEW_SETS; w++)
        for (unsigned h = w; h != 0; h = (h - 1) & w)
            expected += is_rule(few, s, w, h);
    assert_int_equal(seg_rule_find(&few->tree, index, s, &rules, &n_found, NULL), SEG_OK);
    assert_int_equal(n_found, expected);
    assert_int_equal(rules.n, expected);
    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < rules.n; i++) {
        unsigned whole = few_bits(&few->tree, rules.rules[i].whole);
        unsigned head = few_bits(&few->tree, rules.rules[i].head);
        assert_int_equal(few_bits(&few->tree, rules.rules[i].body), whole & ~head);
        assert_true(is_rule(few, s, whole, head));
        assert_false(seen[whole][head]);
        seen[whole][head] = true;
    }
    seg_rules_clear(&rules);
}

static void finds_every_rule_and_no_other(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 20; seed++) {
        few_baskets few;
        few_make(&few, 10 + seed * 5, 1 + seed % 4, seed);
        seg_set_index index = index_of(&few.tree, FEW_ITEMS);
        for (size_t head = 1; head <= 4; head++) {
            seg_rule_search s = { .confidence_num = seed % 3, .confidence_den = 3,
                                  .max_head = head, .n_threads = 1 + (int)seed % 3 };
            check_all(&few, &index, &s);
        }
        seg_set_index_clear(&index);
        few_free(&few);
    }
}

static void finds_the_rules_that_templates_leave(void **state)
{
    (void)state;
    uint32_t random = 5;
    for (uint32_t seed = 1; seed <= 150; seed++) {
        few_baskets few;
        uint8_t use[FEW_ITEMS];
        few_make(&few, 40 + seed, 1 + seed % 3, seed);
        seg_set_index index = index_of(&few.tree, FEW_ITEMS);
        for (size_t i = 0; i < FEW_ITEMS; i++) {
            use[i] = (uint8_t)(few_random(&random) % 8 == 0 ? few_random(&random) % 3 : 3);
            if (seed % 2 == 0 && few_random(&random) % 4 == 0)
                use[i] |= SEG_RULE_WANTED;
            if (seed % 3 == 0 && few_random(&random) % 8 == 0)
                use[i] |= SEG_RULE_MUST;
        }
        seg_rule_search s = { .confidence_num = 1, .confidence_den = 2 + seed % 3,
                              .max_head = 1 + seed % 4, .n_threads = 2, .use = use,
                              .min_body = few_random(&random) % 3,
                              .max_body = few_random(&random) % 4,
                              .max_length = few_random(&random) % 6 };
        check_all(&few, &index, &s);
        seg_set_index_clear(&index);
        few_free(&few);
    }
}

/* ---- files -------------------------------------------------------------------------- */

static const struct {
    const char *name;
    uint32_t least;
    uint64_t one_50, one_80, any_50, any_80;     /* 0: not published */
} published[] = {
    { "groceries", 10, 5668, 410, 5829, 413 },
    { "groceries", 3, 311948, 120716, 0, 0 },
    { "retail", 88, 5832, 722, 6299, 742 },
    { "retail", 20, 48449, 12349, 56679, 13021 },
    { "T10I4D100K", 500, 607, 524, 1145, 924 },
    { "mushroom", 2437, 11967, 9831, 79437, 43558 },
    { "mushroom", 1625, 377677, 356907, 0, 0 },
    { "chess", 2557, 44637, 44637, 552564, 552564 },
    { "msweb", 33, 5341, 1023, 6355, 1073 },
};

static uint64_t number(const mined *m, const seg_set_index *index, uint64_t num, size_t max_head)
{
    seg_rule_search s = { .confidence_num = num, .confidence_den = 10, .max_head = max_head,
                          .count_only = true, .n_threads = 2 };
    seg_rules rules = { 0 };
    uint64_t n_found;
    assert_int_equal(seg_rule_find(&m->tree, index, &s, &rules, &n_found, NULL), SEG_OK);
    assert_int_equal(rules.n, 0);
    return n_found;
}

static void finds_the_published_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        mined m;
        if (!mined_make(published[i].name, published[i].least, &m))
            skip();
        seg_set_index index = index_of(&m.tree, m.n_items);
        assert_int_equal(number(&m, &index, 5, 1), published[i].one_50);
        assert_int_equal(number(&m, &index, 8, 1), published[i].one_80);
        if (published[i].any_50 != 0) {
            assert_int_equal(number(&m, &index, 5, 255), published[i].any_50);
            assert_int_equal(number(&m, &index, 8, 255), published[i].any_80);
        }
        seg_set_index_clear(&index);
        mined_free(&m);
    }
}

/* Names run against ranks. */
static int32_t *backward_names(size_t n)
{
    int32_t *place = malloc(n * sizeof *place);
    for (size_t i = 0; i < n; i++)
        place[i] = (int32_t)(n - 1 - i);
    return place;
}

static void is_the_same_for_any_threads(void **state)
{
    (void)state;
    mined m;
    if (!mined_make("groceries", 5, &m))
        skip();
    seg_set_index index = index_of(&m.tree, m.n_items);
    int32_t *names = backward_names(m.n_items);
    seg_rule_order order;
    assert_int_equal(seg_rule_order_new(&m.tree, &index, m.n_baskets, names,
                                        SEG_MEASURE_CONFIDENCE, &order, NULL), SEG_OK);
    for (int what = 0; what < 3; what++) {
        seg_rules first = { 0 };
        for (int n_threads = 1; n_threads <= 5; n_threads++) {
            seg_rules rules = { 0 };
            uint64_t n_found;
            seg_rule_search s = { .confidence_num = 1, .confidence_den = 2, .max_head = 3,
                                  .best = what == 1 ? &order : NULL, .top = 1000,
                                  .n_threads = n_threads };
            assert_int_equal(seg_rule_find(&m.tree, &index, &s, &rules, &n_found, NULL), SEG_OK);
            if (what == 2)
                assert_int_equal(seg_rule_order_sort(&order, n_threads, &rules, NULL), SEG_OK);
            if (n_threads == 1) {
                first = rules;
                continue;
            }
            assert_int_equal(rules.n, first.n);
            assert_memory_equal(rules.rules, first.rules, rules.n * sizeof *rules.rules);
            seg_rules_clear(&rules);
        }
        seg_rules_clear(&first);
    }
    seg_rule_order_clear(&order);
    seg_set_index_clear(&index);
    free(names);
    mined_free(&m);
}

/* ---- order ---------------------------------------------------------------------------- */

/* Compare the names of two sets item by item. */
static int by_names(unsigned a, unsigned b, const int32_t *place)
{
    for (int32_t p = 0; p < FEW_ITEMS; p++)
        for (unsigned item = 0; item < FEW_ITEMS; item++) {
            if (place[item] != p || (a >> item & 1) == (b >> item & 1))
                continue;
            /* the one without it is shorter here, or goes on with a later name */
            unsigned without = (a >> item & 1) != 0 ? b : a, rest = 0;
            for (unsigned later = 0; later < FEW_ITEMS; later++)
                rest |= place[later] > p ? without & 1u << later : 0;
            int with_first = rest != 0 ? -1 : 1;
            return (a >> item & 1) != 0 ? with_first : -with_first;
        }
    return 0;
}

static void puts_sets_in_order_of_names(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 20; seed++) {
        few_baskets few;
        int32_t place[FEW_ITEMS] = { 0 };
        few_make(&few, 60, 2, seed);
        seg_set_index index = index_of(&few.tree, FEW_ITEMS);
        uint32_t random = seed;
        for (int32_t i = 0; i < FEW_ITEMS; i++) {    /* a random permutation */
            int32_t j = (int32_t)(few_random(&random) % (uint32_t)(i + 1));
            place[i] = place[j];
            place[j] = i;
        }
        seg_rule_order order;
        assert_int_equal(seg_rule_order_new(&few.tree, &index, few.n_baskets, place,
                                            SEG_MEASURE_LIFT, &order, NULL), SEG_OK);
        for (size_t i = 0; i < few.tree.n; i++)
            for (size_t j = 0; j < few.tree.n; j++) {
                int by = by_names(few_bits(&few.tree, i), few_bits(&few.tree, j), place);
                assert_int_equal((order.place[i] > order.place[j])
                                 - (order.place[i] < order.place[j]), by);
            }
        seg_rule_order_clear(&order);
        seg_set_index_clear(&index);
        few_free(&few);
    }
}

static void keeps_the_first_of_all_sorted(void **state)
{
    (void)state;
    static const seg_measure measures[] = { SEG_MEASURE_SUPPORT, SEG_MEASURE_CONFIDENCE,
        SEG_MEASURE_LIFT, SEG_MEASURE_CONVICTION, SEG_MEASURE_FISHERS_EXACT_TEST,
        SEG_MEASURE_YULE_Q, SEG_MEASURE_CHI_SQUARED };
    few_baskets few;
    few_make(&few, 150, 2, 8);
    seg_set_index index = index_of(&few.tree, FEW_ITEMS);
    for (size_t i = 0; i < sizeof measures / sizeof *measures; i++) {
        seg_rule_order order;
        seg_rules all = { 0 };
        uint64_t n_found;
        seg_rule_search s = { .confidence_num = 1, .confidence_den = 4, .max_head = 2,
                              .n_threads = 2 };
        assert_int_equal(seg_rule_order_new(&few.tree, &index, few.n_baskets, NULL, measures[i],
                                            &order, NULL), SEG_OK);
        assert_int_equal(seg_rule_find(&few.tree, &index, &s, &all, &n_found, NULL), SEG_OK);
        assert_int_equal(seg_rule_order_sort(&order, 2, &all, NULL), SEG_OK);
        for (size_t r = 1; r < all.n; r++) {
            seg_rule_counts x = seg_rule_counts_in(&few.tree, few.n_baskets, &all.rules[r - 1]);
            seg_rule_counts y = seg_rule_counts_in(&few.tree, few.n_baskets, &all.rules[r]);
            assert_true(seg_rule_merit(&x, measures[i]) >= seg_rule_merit(&y, measures[i]) - 1e-9);
        }
        s.best = &order;
        for (s.top = 1; s.top < all.n + 3; s.top += 1 + s.top / 3) {
            seg_rules best = { 0 };
            assert_int_equal(seg_rule_find(&few.tree, &index, &s, &best, &n_found, NULL), SEG_OK);
            assert_int_equal(n_found, all.n);
            assert_int_equal(best.n, s.top < all.n ? s.top : all.n);
            assert_memory_equal(best.rules, all.rules, best.n * sizeof *best.rules);
            seg_rules_clear(&best);
        }
        seg_rules_clear(&all);
        seg_rule_order_clear(&order);
    }
    seg_set_index_clear(&index);
    few_free(&few);
}

/* ---- ends ------------------------------------------------------------------------------ */

static seg_status stop_at_once(void *arg, double done, seg_error *err)
{
    (void)arg;
    assert_true(done > 0 && done <= 1);
    return seg_fail(err, SEG_E_INTERRUPTED, "enough");
}

static void lists_none_above_the_cap_but_tells_their_number(void **state)
{
    (void)state;
    few_baskets few;
    few_make(&few, 150, 2, 8);
    seg_set_index index = index_of(&few.tree, FEW_ITEMS);
    seg_rule_search s = { .confidence_num = 0, .confidence_den = 1, .max_head = 2,
                          .n_threads = 2 };
    seg_rules all = { 0 }, none = { 0 };
    seg_error err = { 0 };
    uint64_t n_found;
    assert_int_equal(seg_rule_find(&few.tree, &index, &s, &all, &n_found, NULL), SEG_OK);
    s.max_rules = all.n - 1;
    assert_int_equal(seg_rule_find(&few.tree, &index, &s, &none, &n_found, NULL), SEG_OK);
    assert_int_equal(n_found, all.n);
    assert_int_equal(none.n, 0);
    s.max_rules = all.n;
    seg_rules_clear(&all);
    assert_int_equal(seg_rule_find(&few.tree, &index, &s, &all, &n_found, NULL), SEG_OK);
    assert_int_equal(all.n, s.max_rules);
    seg_rules_clear(&all);

    s.step = stop_at_once;
    s.n_threads = 1;
    assert_int_equal(seg_rule_find(&few.tree, &index, &s, &none, &n_found, &err), SEG_E_INTERRUPTED);
    assert_string_equal(err.text, "enough");
    seg_set_index_clear(&index);
    few_free(&few);
}

static void refuses_a_list_without_a_subset(void **state)
{
    (void)state;
    seg_itemset_tree tree = { 0 };
    seg_rules rules = { 0 };
    seg_rule_order order;
    seg_rule_search s = { .confidence_den = 1, .max_head = 1, .n_threads = 1 };
    uint64_t n_found;
    assert_int_equal(seg_itemset_tree_add(&tree, 1, 0, 4, NULL), SEG_OK);
    assert_int_equal(seg_itemset_tree_add(&tree, 2, 1, 3, NULL), SEG_OK);
    seg_set_index index = index_of(&tree, 2);
    assert_int_equal(seg_rule_find(&tree, &index, &s, &rules, &n_found, NULL), SEG_E_DATA);
    int32_t names[] = { 1, 0 };
    assert_int_equal(seg_rule_order_new(&tree, &index, 9, names, SEG_MEASURE_LIFT, &order, NULL),
                     SEG_E_DATA);
    assert_int_equal(seg_rule_order_new(&tree, &index, 9, NULL, SEG_MEASURE_BOOST, &order, NULL),
                     SEG_E_USAGE);
    seg_set_index_clear(&index);
    seg_itemset_tree_clear(&tree);
}

static seg_status all_of_it(const few_baskets *few, seg_rules *rules, seg_rules *best)
{
    static const int32_t names[FEW_ITEMS] = { 3, 1, 0, 2, 7, 5, 6, 4 };
    seg_set_index index = { 0 };
    seg_rule_order order = { 0 };
    uint64_t n_found;
    seg_rule_search s = { .confidence_den = 1, .max_head = 4, .n_threads = 2, .top = 50 };
    seg_status st = seg_set_index_new(&few->tree, FEW_ITEMS, 1, &index, NULL);
    if (st == SEG_OK)
        st = seg_rule_order_new(&few->tree, &index, few->n_baskets, names, SEG_MEASURE_LIFT,
                                &order, NULL);
    if (st == SEG_OK)
        st = seg_rule_find(&few->tree, &index, &s, rules, &n_found, NULL);
    if (st == SEG_OK)
        st = seg_rule_order_sort(&order, 2, rules, NULL);
    s.best = &order;
    if (st == SEG_OK)
        st = seg_rule_find(&few->tree, &index, &s, best, &n_found, NULL);
    seg_rule_order_clear(&order);
    seg_set_index_clear(&index);
    return st;
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    few_baskets few;
    few_make(&few, 60, 2, 4);
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        long live = seg_alloc_live;
        seg_rules rules = { 0 }, best = { 0 };
        seg_alloc_fail_after = n;
        st = all_of_it(&few, &rules, &best);
        seg_alloc_fail_after = -1;
        seg_rules_clear(&rules);
        seg_rules_clear(&best);
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(st, SEG_OK);
    few_free(&few);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_rule_and_no_other),
        cmocka_unit_test(finds_the_rules_that_templates_leave),
        cmocka_unit_test(finds_the_published_numbers),
        cmocka_unit_test(is_the_same_for_any_threads),
        cmocka_unit_test(puts_sets_in_order_of_names),
        cmocka_unit_test(keeps_the_first_of_all_sorted),
        cmocka_unit_test(lists_none_above_the_cap_but_tells_their_number),
        cmocka_unit_test(refuses_a_list_without_a_subset),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
