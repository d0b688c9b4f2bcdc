/* Redundant rules by definition on small random baskets, and those that arules flags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "kernels/itemset_marks.h"
#include "kernels/rule_find.h"
#include "kernels/rule_redundant.h"
#include "kernels/rule_tests.h"
#include "tests/support/golden.h"
#include "tests/support/sets.h"

static bool plain_redundant(const few_baskets *few, const seg_rule *rule, seg_redundancy how,
                            double alpha)
{
    unsigned body = few_bits(&few->tree, rule->body), head = few_bits(&few->tree, rule->head);
    unsigned whole = body | head;
    const uint32_t *count = few->count;
    for (unsigned s = (body - 1) & body; how == SEG_REDUNDANT_IMPROVEMENT && s != 0;
         s = (s - 1) & body)
        if ((uint64_t)count[s | head] * count[body] >= (uint64_t)count[whole] * count[s])
            return true;
    for (unsigned s = body; how == SEG_REDUNDANT_PRODUCTIVE && s != 0;) {
        s = (s - 1) & body;              /* the empty one is the last */
        seg_rule_counts within = { .all = count[s], .both = count[whole], .body = count[body],
                                   .head = count[s | head] };
        if ((uint64_t)count[s | head] * count[body] >= (uint64_t)count[whole] * count[s]
            || seg_fisher_p(&within) > alpha)
            return true;
    }
    for (unsigned item = 1; how == SEG_REDUNDANT_BASIS && item < FEW_SETS; item *= 2)
        if (((body & item) != 0 && count[body & ~item] == count[body])
            || ((whole & item) == 0 && count[whole | item] == count[whole]))
            return true;
    return false;
}

static void flags_rules_by_definition(void **state)
{
    (void)state;
    size_t n_flagged[3] = { 0 }, n_all = 0;
    for (uint32_t seed = 1; seed <= 12; seed++) {
        few_baskets few;
        seg_set_index index;
        seg_set_marks marks;
        seg_rules rules = { 0 };
        uint64_t n_found;
        few_make(&few, 100 + seed * 20, 1 + seed % 3, seed);
        seg_rule_search s = { .confidence_num = 1, .confidence_den = 3, .max_head = 2,
                              .n_threads = 1 };
        assert_int_equal(seg_set_index_new(&few.tree, FEW_ITEMS, 1, &index, NULL), SEG_OK);
        assert_int_equal(seg_set_marks_new(&few.tree, &index, few.n_baskets, 1, &marks, NULL),
                         SEG_OK);
        assert_int_equal(seg_rule_find(&few.tree, &index, &s, &rules, &n_found, NULL), SEG_OK);
        bool *redundant = malloc(rules.n + 1);
        for (seg_redundancy how = 0; how <= SEG_REDUNDANT_BASIS; how++) {
            seg_redundancy_options options = { .how = how, .n_baskets = few.n_baskets,
                                               .alpha = 0.05, .marks = marks.bits,
                                               .n_threads = 1 + (int)seed % 3 };
            assert_int_equal(seg_rule_redundant(&few.tree, &index, &rules, &options, redundant,
                                                NULL), SEG_OK);
            for (size_t r = 0; r < rules.n; r++) {
                assert_int_equal(redundant[r],
                                 plain_redundant(&few, &rules.rules[r], how, 0.05));
                n_flagged[how] += redundant[r];
            }
        }
        n_all += rules.n;
        free(redundant);
        seg_rules_clear(&rules);
        seg_set_marks_clear(&marks);
        seg_set_index_clear(&index);
        few_free(&few);
    }
    for (int how = 0; how < 3; how++)    /* the cases are there */
        assert_true(n_flagged[how] > 0 && n_flagged[how] < n_all);
}

/* The golden rules as nodes. */
static seg_rules golden_rules(const golden *g, const mined *m, const seg_set_index *index)
{
    seg_rules rules = { .n = g->n, .rules = calloc(g->n, sizeof *rules.rules) };
    int32_t rank[256] = { 0 };
    for (size_t i = 0; i < m->n_items; i++)
        rank[m->item_of_rank[i]] = (int32_t)i;
    for (size_t i = 0; i < g->n; i++) {
        uint64_t body = 0, head = index->code[rank[g->rules[i].head]];
        for (size_t j = 0; j < g->rules[i].n_body; j++)
            body ^= index->code[rank[g->rules[i].body[j]]];
        rules.rules[i] = (seg_rule){ seg_set_find(index, body ^ head), seg_set_find(index, body),
                                     seg_set_find(index, head) };
    }
    return rules;
}

static void agrees_with_arules(void **state)
{
    (void)state;
    golden g;
    mined m;
    seg_set_index index;
    if (!golden_read(&g) || !mined_make("groceries", 10, &m))
        skip();
    assert_int_equal(seg_set_index_new(&m.tree, m.n_items, 1, &index, NULL), SEG_OK);
    seg_rules rules = golden_rules(&g, &m, &index);
    bool *redundant = calloc(g.n, 1);
    seg_rule_counts *rivals = calloc(g.n, sizeof *rivals), *counts = calloc(g.n, sizeof *counts);
    seg_redundancy_options options = { .n_baskets = m.n_baskets, .n_threads = 2 };
    assert_int_equal(seg_rule_redundant(&m.tree, &index, &rules, &options, redundant, NULL),
                     SEG_OK);
    assert_int_equal(seg_rule_rivals(&m.tree, &index, &rules, m.n_baskets, 1, 2, 2, rivals, NULL),
                     SEG_OK);
    size_t n = 0;
    for (size_t i = 0; i < g.n; i++) {
        counts[i] = seg_rule_counts_in(&m.tree, m.n_baskets, &rules.rules[i]);
        assert_memory_equal(&counts[i], &g.rules[i].counts, sizeof counts[i]);
        assert_int_equal(redundant[i], golden_flag(&g, i, "redundant"));
        n += redundant[i];
    }
    assert_int_equal(n, 572);

    seg_measure_frame frame = { .rivals = rivals };
    seg_measure boost = SEG_MEASURE_BOOST;
    double *column = malloc(g.n * sizeof *column);
    seg_rule_measure_columns(counts, g.n, &boost, 1, &frame, 2, &column);
    for (size_t i = 0; i < g.n; i++) {
        double expected = golden_value(&g, i, golden_field(&g, "boost"));
        assert_true(column[i] == expected || (column[i] > expected * (1 - 1e-9)
                                              && column[i] < expected * (1 + 1e-9)));
    }
    free(column);
    free(redundant);
    free(rivals);
    free(counts);
    free(rules.rules);
    seg_set_index_clear(&index);
    golden_free(&g);
    mined_free(&m);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    few_baskets few;
    seg_set_index index;
    seg_rules rules = { 0 };
    uint64_t n_found;
    few_make(&few, 60, 2, 4);
    seg_rule_search s = { .confidence_den = 1, .max_head = 1, .n_threads = 1 };
    assert_int_equal(seg_set_index_new(&few.tree, FEW_ITEMS, 1, &index, NULL), SEG_OK);
    assert_int_equal(seg_rule_find(&few.tree, &index, &s, &rules, &n_found, NULL), SEG_OK);
    bool *redundant = malloc(rules.n + 1);
    seg_redundancy_options options = { .n_baskets = few.n_baskets, .n_threads = 1 };
    long live = seg_alloc_live;
    seg_alloc_fail_after = 0;
    assert_int_equal(seg_rule_redundant(&few.tree, &index, &rules, &options, redundant, NULL),
                     SEG_E_AGAIN);
    seg_alloc_fail_after = -1;
    assert_int_equal(seg_alloc_live, live);
    free(redundant);
    seg_rules_clear(&rules);
    seg_set_index_clear(&index);
    few_free(&few);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_rules_by_definition),
        cmocka_unit_test(agrees_with_arules),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
