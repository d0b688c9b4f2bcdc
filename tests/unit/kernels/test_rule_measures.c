/* The measures against 5,668 rules with 49 measures each that arules wrote, and against their
 * definitions where counts are 0 or large. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "kernels/rule_measures.h"
#include "tests/support/golden.h"

static bool same(double x, double expected)
{
    if (isnan(expected) || isinf(expected))
        return isnan(expected) ? isnan(x) : x == expected;
    return fabs(x - expected) <= 1e-9 * fabs(expected) + 1e-13;
}

/* The most confident shorter rule with the same head, by looking at all of them. */
static void find_rivals(const golden *g, seg_rule_counts *rivals)
{
    for (size_t i = 0; i < g->n; i++)
        for (size_t j = 0; j < g->n; j++) {
            const golden_rule *r = &g->rules[i], *o = &g->rules[j];
            bool shorter = o->n_body < r->n_body && o->head == r->head;
            for (size_t x = 0; shorter && x < o->n_body; x++) {
                bool there = false;
                for (size_t y = 0; y < r->n_body; y++)
                    there = there || o->body[x] == r->body[y];
                shorter = there;
            }
            if (shorter && (rivals[i].body == 0
                            || seg_rule_compare(&o->counts, &rivals[i],
                                                SEG_MEASURE_CONFIDENCE) < 0))
                rivals[i] = o->counts;
        }
}

static void gives_what_arules_gives(void **state)
{
    (void)state;
    golden g;
    if (!golden_read(&g))
        skip();
    assert_int_equal(g.n, 5668);
    seg_rule_counts *rivals = calloc(g.n, sizeof *rivals), *counts = calloc(g.n, sizeof *counts);
    double *column = malloc(g.n * sizeof *column);
    find_rivals(&g, rivals);
    for (size_t i = 0; i < g.n; i++)
        counts[i] = g.rules[i].counts;
    seg_measure_frame frame = { .min_count = 9.999, .min_confidence = 0.5, .rivals = rivals };
    for (seg_measure m = 0; m < SEG_MEASURES; m++) {
        const char *name = seg_rule_measure_info(m)->name;
        size_t field = golden_field(&g, name);
        assert_int_not_equal(field, SIZE_MAX);
        seg_rule_measure_columns(counts, g.n, &m, 1, &frame, 1 + (int)m % 3, &column);
        for (size_t i = 0; i < g.n; i++)
            if (!same(column[i], golden_value(&g, i, field)))
                fail_msg("%s of rule %zu is %.17g, not %.12g", name, i, column[i],
                         golden_value(&g, i, field));
    }
    free(rivals);
    free(counts);
    free(column);
    golden_free(&g);
}

static void names_every_measure_once(void **state)
{
    (void)state;
    for (seg_measure m = 0; m < SEG_MEASURES; m++) {
        const seg_measure_info *info = seg_rule_measure_info(m);
        assert_non_null(info->name);
        assert_int_equal(seg_rule_measure_find(info->word), m);
        assert_int_equal(seg_rule_measure_find(info->name), m);
        assert_true(info->better == 1 || info->better == -1);
        assert_int_equal(strspn(info->word, "abcdefghijklmnopqrstuvwxyz-"), strlen(info->word));
    }
    assert_null(seg_rule_measure_info(SEG_MEASURES));
    assert_int_equal(seg_rule_measure_find("nothing"), SEG_MEASURES);
}

static void columns_have_the_bits_of_single_rules(void **state)
{
    (void)state;
    enum { N = 3000 };
    static seg_rule_counts rules[N];
    static double one[SEG_MEASURES][N], three[SEG_MEASURES][N];
    double *out[SEG_MEASURES], *again[SEG_MEASURES];
    seg_measure all[SEG_MEASURES];
    uint32_t n = 100000, seed = 7;
    for (size_t i = 0; i < N; i++) {
        seed = seed * 1664525u + 1013904223u;
        uint32_t body = 1 + (seed >> 8) % 5000, head = 1 + (seed >> 12) % 3000;
        uint32_t both = 1 + (seed >> 16) % (body < head ? body : head);
        rules[i] = (seg_rule_counts){ n, both, body, head };
    }
    for (seg_measure m = 0; m < SEG_MEASURES; m++) {
        all[m] = m;
        out[m] = one[m];
        again[m] = three[m];
    }
    seg_rule_measure_columns(rules, N, all, SEG_MEASURES, NULL, 1, out);
    seg_rule_measure_columns(rules, N, all, SEG_MEASURES, NULL, 3, again);
    assert_memory_equal(one, three, sizeof one);
    for (size_t i = 0; i < N; i += 7)
        for (seg_measure m = 0; m < SEG_MEASURES; m++) {
            double value = seg_rule_measure(&rules[i], m);
            assert_memory_equal(&value, &one[m][i], sizeof value);
        }
}

static void is_infinite_or_undefined_as_documented(void **state)
{
    (void)state;
    seg_rule_counts sure = { .all = 100, .both = 10, .body = 10, .head = 40 };
    assert_true(isinf(seg_rule_measure(&sure, SEG_MEASURE_CONVICTION)));
    assert_true(isinf(seg_rule_measure(&sure, SEG_MEASURE_SEBAG)));
    assert_true(isinf(seg_rule_measure(&sure, SEG_MEASURE_ODDS_RATIO)));
    assert_true(isnan(seg_rule_measure(&sure, SEG_MEASURE_J_MEASURE)));
    assert_true(isnan(seg_rule_measure(&sure, SEG_MEASURE_YULE_Q)));
    assert_true(isnan(seg_rule_measure(&sure, SEG_MEASURE_BOOST)));
    assert_true(seg_rule_merit(&sure, SEG_MEASURE_J_MEASURE) == -HUGE_VAL);
    seg_rule_counts always = { .all = 100, .both = 10, .body = 10, .head = 100 };
    assert_true(seg_rule_measure(&always, SEG_MEASURE_FISHERS_EXACT_TEST) == 1);
    assert_true(seg_rule_measure(&always, SEG_MEASURE_LIFT) == 1);
}

/* Products of these need 64 bits. */
static void stays_exact_for_billions_of_baskets(void **state)
{
    (void)state;
    seg_rule_counts r = { .all = 4000000007u, .both = 1000000007u, .body = 2000000011u,
                          .head = 2000000029u };
    long double n = r.all, chance = (long double)r.body * r.head;
    assert_true(same(seg_rule_measure(&r, SEG_MEASURE_LEVERAGE),
                     (double)((n * r.both - chance) / (n * n))));
    assert_true(same(seg_rule_measure(&r, SEG_MEASURE_KAPPA), (double)(2 * (n * r.both - chance)
                     / (r.body * (n - r.head) + r.head * (n - r.body)))));
}

static void refuses_counts_that_no_rule_has(void **state)
{
    (void)state;
    seg_rule_counts r = { .all = 10, .both = 2, .body = 6, .head = 6 };
    assert_true(seg_rule_counts_valid(&r));
    r.both = 1;                          /* 6 + 6 - 1 baskets have one of them */
    assert_false(seg_rule_counts_valid(&r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_what_arules_gives),
        cmocka_unit_test(names_every_measure_once),
        cmocka_unit_test(columns_have_the_bits_of_single_rules),
        cmocka_unit_test(is_infinite_or_undefined_as_documented),
        cmocka_unit_test(stays_exact_for_billions_of_baskets),
        cmocka_unit_test(refuses_counts_that_no_rule_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
