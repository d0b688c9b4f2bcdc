/* Itemsets and rules against published numbers, and against a plain enumeration of all
 * subsets on small random baskets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/try.h"
#include "kernels/apriori.h"
#include "kernels/rules.h"
#include "tests/support/fimi.h"

static seg_status mine(const fimi *data, const seg_apriori_options *options, size_t block_rows,
                       seg_apriori_result *result, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_apriori *miner = NULL;
    *result = (seg_apriori_result){ 0 };

    TRY(seg_apriori_new(options, &miner, err));
    for (;;) {
        bool more = false;
        TRY(seg_apriori_begin(miner, &more, err));
        if (!more)
            break;
        for (size_t first = 0; first < data->n_rows; first += block_rows) {
            size_t left = data->n_rows - first;
            seg_basket_rows rows = { .row_start = data->row_start + first,
                                     .items = data->items,
                                     .n_rows = left < block_rows ? left : block_rows };
            TRY(seg_apriori_add(miner, &rows, first, err));
        }
        TRY(seg_apriori_end(miner, err));
    }
    seg_apriori_take(miner, result);

done:
    seg_apriori_free(miner);
    return st;
}

/* Ascending sets, as seg_rules_find() needs them. */
static seg_status arrange(seg_apriori_result *result, size_t n_items, unsigned unwanted,
                          seg_itemsets *all, seg_error *err)
{
    seg_status st = SEG_OK;
    int32_t *same = NULL;
    TRY(SEG_ALLOC(&same, n_items, "the items", err));
    for (size_t i = 0; i < n_items; i++)
        same[i] = (int32_t)i;
    for (size_t l = 0; l < result->n_levels; l++)
        TRY(seg_itemsets_rename(&result->levels[l], same, err));
    TRY(seg_itemsets_join(result->levels, result->n_levels, unwanted, all, err));

done:
    seg_free(same);
    return st;
}

static size_t count_rules(const seg_itemsets *all, uint64_t num, uint64_t den, size_t max_head)
{
    seg_rule_options options = { .confidence_num = num, .confidence_den = den,
                                 .max_head = max_head, .head_item = -1, .count_only = true };
    seg_rules rules = { 0 };
    assert_int_equal(seg_rules_find(all, &options, &rules, NULL), SEG_OK);
    return rules.n;
}

/* ---- published numbers ---------------------------------------------------------- */

typedef struct known {
    const char *name;
    uint64_t support;
    const char *by_length;
    uint64_t closed, maximal;
    size_t one_50, one_80, any_50, any_80;   /* 0: not published */
} known;

static const known table[] = {
    { "groceries", 49, "120 628 279 14", 1041, 732, 125, 0, 125, 0 },
    { "groceries", 10, "157 2981 6831 3137 376 10", 13464, 7794, 5668, 410, 5829, 413 },
    { "retail", 882, "70 58 25 6", 159, 78, 110, 17, 124, 17 },
    { "retail", 88, "2140 3314 1831 391 36", 7695, 3507, 5832, 722, 6299, 742 },
    { "retail", 20, "6356 22374 20162 7505 1159 120 20 1", 56411, 22144, 48449, 12349, 56679,
      13021 },
    { "T10I4D100K", 500, "569 342 110 43 9", 1073, 585, 607, 524, 1145, 924 },
    { "mushroom", 2437, "28 163 455 725 712 441 169 38 4", 427, 63, 11967, 9831, 79437, 43558 },
    { "mushroom", 1625, "43 376 1472 3559 6267 8802 10151 9488 7010 4004 1729 546 119 16 1",
      1197, 158, 377677, 356907, 0, 0 },
    { "chess", 2557, "19 141 566 1383 2130 2104 1314 481 85 4", 5083, 226, 44637, 44637,
      552564, 552564 },
    { "msweb", 33, "162 957 1669 1349 468 106 13 1", 4692, 1742, 5341, 1023, 6355, 1073 },
};

static void check_known(const known *k, int n_threads)
{
    fimi data;
    if (!fimi_read(k->name, &data))
        skip();
    seg_error err = { 0 };
    seg_apriori_result result;
    seg_itemsets all;
    seg_apriori_options options = { .n_items = data.n_items, .support_num = k->support,
                                    .marks = true, .n_threads = n_threads };
    assert_int_equal(mine(&data, &options, 4096, &result, &err), SEG_OK);

    char text[256] = "";
    uint64_t closed = 0, maximal = 0;
    for (size_t l = 0; l < result.n_levels; l++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%llu", l == 0 ? "" : " ",
                 (unsigned long long)result.counts[l].frequent);
        closed += result.counts[l].closed;
        maximal += result.counts[l].maximal;
    }
    assert_string_equal(text, k->by_length);
    assert_int_equal(closed, k->closed);
    assert_int_equal(maximal, k->maximal);

    assert_int_equal(arrange(&result, data.n_items, 0, &all, &err), SEG_OK);
    assert_int_equal(count_rules(&all, 1, 2, 1), k->one_50);
    assert_int_equal(count_rules(&all, 8, 10, 1), k->one_80);
    if (k->any_50 != 0) {
        assert_int_equal(count_rules(&all, 5, 10, 100), k->any_50);
        assert_int_equal(count_rules(&all, 4, 5, 100), k->any_80);
    }
    seg_itemsets_clear(&all);
    seg_apriori_result_clear(&result);
    fimi_free(&data);
}

static void finds_the_published_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        check_known(&table[i], 1 + (int)(i + 1) % 3);
}

/* ---- a plain reference ------------------------------------------------------------ */

enum { SMALL_ITEMS = 10, SUBSETS = 1 << SMALL_ITEMS };

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Random baskets over ten items, some of them empty, item i with its own frequency. */
static fimi random_baskets(size_t n_rows, uint32_t seed)
{
    fimi f = { .n_rows = n_rows, .n_items = SMALL_ITEMS };
    f.row_start = calloc(n_rows + 1, sizeof *f.row_start);
    f.items = calloc(n_rows * SMALL_ITEMS + 1, sizeof *f.items);
    size_t n = 0;
    for (size_t i = 0; i < n_rows; i++) {
        uint32_t kind = next_random(&seed) % 3;
        for (int32_t item = 0; item < SMALL_ITEMS; item++)
            if (next_random(&seed) % 12 < (uint32_t)(item % 5) * kind + 1)
                f.items[n++] = item;
        f.row_start[i + 1] = (int64_t)n;
    }
    return f;
}

static void count_subsets(const fimi *f, uint32_t *count)
{
    memset(count, 0, SUBSETS * sizeof *count);
    for (size_t i = 0; i < f->n_rows; i++) {
        unsigned basket = 0;
        for (int64_t j = f->row_start[i]; j < f->row_start[i + 1]; j++)
            basket |= 1u << f->items[j];
        for (unsigned s = 1; s < SUBSETS; s++)
            count[s] += (s & basket) == s;
    }
}

static unsigned bits_of(const seg_itemsets *all, size_t i)
{
    unsigned bits = 0;
    for (size_t j = 0; j < seg_itemset_length(all, i); j++)
        bits |= 1u << seg_itemset(all, i)[j];
    return bits;
}

static size_t plain_rules(const uint32_t *count, uint32_t least, uint64_t num, uint64_t den,
                          size_t max_head)
{
    size_t n = 0;
    for (unsigned s = 1; s < SUBSETS; s++)
        for (unsigned h = (s - 1) & s; count[s] >= least && h != 0; h = (h - 1) & s)
            n += (size_t)__builtin_popcount(h) <= max_head
                 && count[s] * den >= num * count[s & ~h];
    return n;
}

static void agrees_with_all_subsets(void **state)
{
    (void)state;
    static uint32_t count[SUBSETS];
    for (uint32_t seed = 1; seed <= 40; seed++) {
        size_t n_rows = 5 + seed * 7;
        fimi data = random_baskets(n_rows, seed);
        count_subsets(&data, count);
        uint32_t least = 1 + seed % 9;
        seg_apriori_options options = { .n_items = SMALL_ITEMS, .support_num = least,
                                        .n_threads = 1 + (int)(seed % 4),
                                        .memory_bytes = seed % 2 ? 0 : 1u << 16 };
        seg_apriori_result result;
        seg_itemsets all;
        assert_int_equal(mine(&data, &options, 1 + seed, &result, NULL), SEG_OK);
        assert_int_equal(arrange(&result, SMALL_ITEMS, 0, &all, NULL), SEG_OK);

        size_t expected = 0;
        for (unsigned s = 1; s < SUBSETS; s++)
            expected += count[s] >= least;
        assert_int_equal(all.n, expected);
        for (size_t i = 0; i < all.n; i++)
            assert_int_equal(all.count[i], count[bits_of(&all, i)]);
        for (size_t head = 1; head <= 3; head++)
            assert_int_equal(count_rules(&all, 2, 3, head),
                             plain_rules(count, least, 2, 3, head));
        seg_itemsets_clear(&all);
        seg_apriori_result_clear(&result);
        fimi_free(&data);
    }
}

static bool is_closed(const uint32_t *count, unsigned s)
{
    for (unsigned i = 0; i < SMALL_ITEMS; i++)
        if ((s >> i & 1) == 0 && count[s | 1u << i] == count[s])
            return false;
    return true;
}

static bool is_maximal(const uint32_t *count, unsigned s, uint32_t least)
{
    for (unsigned i = 0; i < SMALL_ITEMS; i++)
        if ((s >> i & 1) == 0 && count[s | 1u << i] >= least)
            return false;
    return true;
}

static void marks_closed_and_maximal_sets_as_defined(void **state)
{
    (void)state;
    static uint32_t count[SUBSETS];
    for (uint32_t seed = 50; seed < 70; seed++) {
        fimi data = random_baskets(30 + seed, seed);
        uint32_t least = 2 + seed % 4;
        count_subsets(&data, count);
        for (int wanted = 0; wanted < 2; wanted++) {
            seg_apriori_options options = { .n_items = SMALL_ITEMS, .support_num = least,
                                            .marks = true, .n_threads = 2 };
            seg_apriori_result result;
            seg_itemsets all;
            size_t expected = 0;
            assert_int_equal(mine(&data, &options, 64, &result, NULL), SEG_OK);
            assert_int_equal(arrange(&result, SMALL_ITEMS,
                                     wanted ? SEG_SET_INSIDE : SEG_SET_IMPLIED, &all, NULL),
                             SEG_OK);
            for (unsigned s = 1; s < SUBSETS; s++)
                expected += count[s] >= least
                            && (wanted ? is_maximal(count, s, least) : is_closed(count, s));
            assert_int_equal(all.n, expected);
            for (size_t i = 0; i < all.n; i++)
                assert_true(wanted ? is_maximal(count, bits_of(&all, i), least)
                                   : is_closed(count, bits_of(&all, i)));
            seg_itemsets_clear(&all);
            seg_apriori_result_clear(&result);
        }
        fimi_free(&data);
    }
}

/* ---- thresholds, caps, errors ------------------------------------------------------ */

/* 7 % of 100 baskets is 7, which floating point turns into 8 (0.07 * 100 > 7). */
static void takes_a_share_exactly(void **state)
{
    (void)state;
    int64_t start[101];
    int32_t items[7] = { 0 };
    for (int i = 0; i <= 100; i++)
        start[i] = i < 7 ? i : 7;
    fimi data = { .n_rows = 100, .n_items = 1, .row_start = start, .items = items };
    seg_apriori_result result;
    seg_apriori_options options = { .n_items = 1, .support_num = 7, .support_den = 100,
                                    .n_threads = 1 };
    assert_int_equal(mine(&data, &options, 1024, &result, NULL), SEG_OK);
    assert_int_equal(result.min_count, 7);
    assert_int_equal(result.n_baskets, 100);
    assert_int_equal(result.n_levels, 1);
    seg_apriori_result_clear(&result);

    options.support_num = 71;
    options.support_den = 1000;
    assert_int_equal(mine(&data, &options, 1024, &result, NULL), SEG_OK);
    assert_int_equal(result.min_count, 8);
    assert_int_equal(result.n_levels, 0);
    seg_apriori_result_clear(&result);
}

static void stops_at_the_cap_with_a_gate(void **state)
{
    (void)state;
    fimi data = random_baskets(200, 3);
    seg_error err = { 0 };
    seg_apriori_result full, part;
    seg_apriori_options options = { .n_items = SMALL_ITEMS, .support_num = 2, .n_threads = 2 };
    assert_int_equal(mine(&data, &options, 1024, &full, &err), SEG_OK);

    options.max_itemsets = full.counts[0].frequent + full.counts[1].frequent;
    assert_int_equal(mine(&data, &options, 1024, &part, &err), SEG_E_GATE);
    assert_non_null(strstr(err.text, "--max-itemsets"));

    options.allow_partial = true;
    assert_int_equal(mine(&data, &options, 1024, &part, &err), SEG_OK);
    assert_true(part.incomplete);
    assert_int_equal(part.n_levels, 2);
    assert_int_equal(part.counts[1].frequent, full.counts[1].frequent);
    seg_apriori_result_clear(&part);
    seg_apriori_result_clear(&full);
    fimi_free(&data);
}

static void says_when_candidates_do_not_fit(void **state)
{
    (void)state;
    fimi data = random_baskets(300, 5);
    seg_error err = { 0 };
    seg_apriori_result result;
    seg_apriori_options options = { .n_items = SMALL_ITEMS, .support_num = 1, .n_threads = 1,
                                    .memory_bytes = 256 };
    assert_int_equal(mine(&data, &options, 1024, &result, &err), SEG_E_AGAIN);
    assert_non_null(strstr(err.text, "--min-support"));
    fimi_free(&data);
}

static void refuses_items_out_of_order_by_basket(void **state)
{
    (void)state;
    int64_t start[] = { 0, 2, 4 };
    int32_t items[] = { 0, 1, 2, 2 };
    fimi data = { .n_rows = 2, .n_items = 3, .row_start = start, .items = items };
    seg_error err = { 0 };
    seg_apriori_result result;
    seg_apriori_options options = { .n_items = 3, .support_num = 1, .n_threads = 1 };
    assert_int_equal(mine(&data, &options, 1024, &result, &err), SEG_E_DATA);
    assert_non_null(strstr(err.text, "basket 1"));
    items[3] = 3;
    assert_int_equal(mine(&data, &options, 1024, &result, &err), SEG_E_DATA);
}

static void counts_like_it_lists(void **state)
{
    (void)state;
    fimi data = random_baskets(250, 9);
    seg_apriori_result listed, counted;
    seg_apriori_options options = { .n_items = SMALL_ITEMS, .support_num = 3, .n_threads = 2,
                                    .marks = true };
    assert_int_equal(mine(&data, &options, 1024, &listed, NULL), SEG_OK);
    options.count_only = true;
    assert_int_equal(mine(&data, &options, 1024, &counted, NULL), SEG_OK);
    assert_int_equal(counted.n_levels, listed.n_levels);
    assert_memory_equal(counted.counts, listed.counts,
                        listed.n_levels * sizeof *listed.counts);
    for (size_t l = 0; l < counted.n_levels; l++)
        assert_int_equal(counted.levels[l].n, 0);
    seg_apriori_result_clear(&listed);
    seg_apriori_result_clear(&counted);
    fimi_free(&data);
}

/* ---- measures ----------------------------------------------------------------------- */

static void assert_near(double x, double expected, double error)
{
    assert_true(x >= expected - error && x <= expected + error);
}

/* Rule 1 of the golden file of groceries: n11 10, n01 914, n10 7, n00 8904. */
static void gives_the_published_measures(void **state)
{
    (void)state;
    seg_rule_counts r = { .all = 9835, .both = 10, .body = 17, .head = 924 };
    assert_near(seg_rule_measure(&r, SEG_MEASURE_SUPPORT), 0.00101677681749, 1e-14);
    assert_near(seg_rule_measure(&r, SEG_MEASURE_CONFIDENCE), 0.588235294118, 1e-12);
    assert_near(seg_rule_measure(&r, SEG_MEASURE_LIFT), 6.26114081996, 1e-11);
    assert_near(seg_rule_measure(&r, SEG_MEASURE_LEVERAGE), 0.000854382000517, 1e-14);
    assert_near(seg_rule_measure(&r, SEG_MEASURE_CONVICTION), 2.20040671073, 1e-11);
}

/* Counts that a double cannot tell apart: 2^53 and beyond in the products. */
static void orders_rules_exactly(void **state)
{
    (void)state;
    seg_rule_counts a = { 4294967295u, 4294967293u, 4294967295u, 4294967294u };
    seg_rule_counts b = { 4294967295u, 4294967292u, 4294967294u, 4294967294u };
    assert_true(seg_rule_compare(&a, &b, SEG_MEASURE_CONFIDENCE) < 0);
    assert_true(seg_rule_compare(&b, &a, SEG_MEASURE_CONFIDENCE) > 0);
    assert_int_equal(seg_rule_compare(&a, &a, SEG_MEASURE_LEVERAGE), 0);
    seg_rule_counts sure = { 100, 10, 10, 50 }, unsure = { 100, 9, 10, 50 };
    assert_true(seg_rule_compare(&sure, &unsure, SEG_MEASURE_CONVICTION) < 0);
    seg_rule_counts worse = { 100, 1, 50, 50 }, bad = { 100, 5, 50, 50 };
    assert_true(seg_rule_compare(&bad, &worse, SEG_MEASURE_LEVERAGE) < 0);
    assert_true(seg_rule_confident(7, 100, 7, 100));
    assert_false(seg_rule_confident(69999999, 1000000000, 7, 100));
}

static seg_status mine_and_find(const fimi *data, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_apriori_options options = { .n_items = SMALL_ITEMS, .support_num = 3, .n_threads = 1,
                                    .marks = true };
    seg_rule_options rule_options = { .confidence_num = 1, .confidence_den = 2, .max_head = 2,
                                      .head_item = -1 };
    seg_apriori_result result = { 0 };
    seg_itemsets all = { 0 };
    seg_rules rules = { 0 };
    TRY(mine(data, &options, 64, &result, err));
    TRY(arrange(&result, SMALL_ITEMS, 0, &all, err));
    TRY(seg_rules_find(&all, &rule_options, &rules, err));
    seg_rules_sort(&rules, &all, (uint32_t)result.n_baskets, SEG_MEASURE_LIFT);

done:
    seg_rules_clear(&rules);
    seg_itemsets_clear(&all);
    seg_apriori_result_clear(&result);
    return st;
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    fimi data = random_baskets(100, 4);
    seg_error err = { 0 };
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_alloc_fail_after = n;
        st = mine_and_find(&data, &err);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, 0);
    }
    assert_int_equal(st, SEG_OK);
    fimi_free(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_published_numbers),
        cmocka_unit_test(agrees_with_all_subsets),
        cmocka_unit_test(marks_closed_and_maximal_sets_as_defined),
        cmocka_unit_test(takes_a_share_exactly),
        cmocka_unit_test(stops_at_the_cap_with_a_gate),
        cmocka_unit_test(says_when_candidates_do_not_fit),
        cmocka_unit_test(refuses_items_out_of_order_by_basket),
        cmocka_unit_test(counts_like_it_lists),
        cmocka_unit_test(gives_the_published_measures),
        cmocka_unit_test(orders_rules_exactly),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
