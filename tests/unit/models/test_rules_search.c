/* The search for itemsets: both methods and every memory give all sets that a plain count of all
 * subsets gives, in one order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/try.h"
#include "models/rules_search.h"
#include "tests/support/sets.h"

enum { ITEMS = 10, SUBSETS = 1 << ITEMS, MAX_ROWS = 300 };

/* Rows over ten items, some empty, with weights. */
typedef struct rows {
    size_t n;
    int64_t start[MAX_ROWS + 1];
    int32_t items[MAX_ROWS * ITEMS];
    uint32_t weight[MAX_ROWS];
    uint32_t n_baskets;
    uint32_t count[SUBSETS], plain_count[SUBSETS];   /* by weight; one each */
} rows;

static void make_rows(rows *r, size_t n, uint32_t seed)
{
    *r = (rows){ .n = n };
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t kind = few_random(&seed) % 3;
        unsigned basket = 0;
        for (int32_t item = 0; item < ITEMS; item++)
            if (few_random(&seed) % 12 < (uint32_t)(item % 5) * kind + 1) {
                r->items[at++] = item;
                basket |= 1u << item;
            }
        r->start[i + 1] = (int64_t)at;
        r->weight[i] = few_random(&seed) % 4;
        r->n_baskets += r->weight[i];
        for (unsigned s = 0; s < SUBSETS; s++) {
            r->count[s] += (s & basket) == s ? r->weight[i] : 0;
            r->plain_count[s] += (s & basket) == s;
        }
    }
}

static seg_status search(const rows *r, size_t block, const seg_rules_search_options *options,
                         seg_rules_found *found, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_rules_search *s = NULL;
    *found = (seg_rules_found){ 0 };
    TRY(seg_rules_search_new(options, &s, err));
    for (bool more = true;;) {
        TRY(seg_rules_search_begin(s, &more, err));
        if (!more)
            break;
        for (size_t first = 0; first < r->n; first += block) {
            seg_basket_rows part = {
                .row_start = r->start + first, .items = r->items,
                .weight = options->weighted ? r->weight + first : NULL,
                .n_rows = r->n - first < block ? r->n - first : block };
            TRY(seg_rules_search_add(s, &part, first, err));
        }
        TRY(seg_rules_search_end(s, err));
    }
    TRY(seg_rules_search_take(s, found, err));

done:
    seg_rules_search_free(s);
    return st;
}

static unsigned bits_of(const seg_rules_found *found, const seg_itemset_walk *walk)
{
    unsigned bits = 0;
    for (size_t i = 0; i < walk->n; i++)
        bits |= 1u << found->ranks.item[walk->items[i]];
    return bits;
}

/* Item 8 is the group of 0 and 1, and 9 the group of 8. */
static const int64_t above_start[ITEMS + 1] = { 0, 2, 4, 4, 4, 4, 4, 4, 4, 5, 5 };
static const int32_t above[] = { 8, 9, 8, 9, 9 };

static bool with_own_group(unsigned s)
{
    return ((s & 3) != 0 && (s & 0x300) != 0) || (s & 0x300) == 0x300;
}

static void check(const rows *r, const seg_rules_search_options *options,
                  const seg_rules_found *found)
{
    const uint32_t *count = options->weighted ? r->count : r->plain_count;
    uint32_t least = found->min_count;
    size_t expected = 0;
    seg_itemset_walk walk = { .tree = &found->tree };
    assert_int_equal(found->n_baskets, options->weighted ? r->n_baskets : r->n);
    for (unsigned s = 1; s < SUBSETS; s++)
        expected += count[s] >= least
                    && (options->max_length == 0
                        || (size_t)__builtin_popcount(s) <= options->max_length)
                    && !(options->above != NULL && with_own_group(s));
    assert_int_equal(found->counts.total, expected);
    assert_int_equal(found->tree.n, expected);
    assert_int_equal(seg_itemset_tree_check(&found->tree, found->ranks.n,
                                            (uint32_t)found->n_baskets, NULL), SEG_OK);
    while (seg_itemset_next(&walk))
        assert_int_equal(found->tree.count[walk.node], count[bits_of(found, &walk)]);
}

static void finds_what_a_count_of_all_subsets_finds(void **state)
{
    (void)state;
    static rows r;
    static const int32_t place[ITEMS] = { 3, 1, 4, 0, 5, 9, 2, 6, 8, 7 };
    for (uint32_t seed = 1; seed <= 60; seed++) {
        make_rows(&r, 4 + seed * 4, seed);
        seg_context ctx = seg_context_defaults();
        ctx.n_threads = 1 + seed % 3;
        seg_rules_search_options options = {
            .ctx = &ctx, .n_items = ITEMS, .place = place, .support_num = 1 + seed % 9, .head = -1,
            .max_length = seed % 5 == 0 ? 2 : 0, .weighted = seed % 2,
            .above_start = seed % 3 == 0 ? above_start : NULL,
            .above = seed % 3 == 0 ? above : NULL,
        };
        seg_rules_found found[2];
        for (int method = 0; method < 2; method++) {
            options.method = (seg_search_method)method;
            assert_int_equal(search(&r, 1 + seed, &options, &found[method], NULL), SEG_OK);
            check(&r, &options, &found[method]);
        }
        assert_memory_equal(found[0].tree.item, found[1].tree.item,
                            found[0].tree.n * sizeof *found[0].tree.item);
        assert_memory_equal(&found[0].counts, &found[1].counts, sizeof found[0].counts);
        seg_rules_found_clear(&found[0]);
        seg_rules_found_clear(&found[1]);
    }
}

/* ---- thresholds, caps, errors -------------------------------------------------------- */

static seg_rules_search_options usual(const seg_context *ctx)
{
    static const int32_t place[ITEMS] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };
    return (seg_rules_search_options){ .ctx = ctx, .n_items = ITEMS, .place = place,
                                       .support_num = 2, .head = -1 };
}

/* 7 % of 100 baskets is 7, which floating point turns into 8 (0.07 * 100 > 7). */
static void takes_a_share_exactly(void **state)
{
    (void)state;
    static rows r;
    r = (rows){ .n = 100 };
    for (size_t i = 0; i <= 100; i++)
        r.start[i] = i < 7 ? (int64_t)i : 7;
    seg_context ctx = seg_context_defaults();
    seg_rules_search_options options = usual(&ctx);
    seg_rules_found found;
    options.support_num = 7;
    options.support_den = 100;
    assert_int_equal(search(&r, 1024, &options, &found, NULL), SEG_OK);
    assert_int_equal(found.min_count, 7);
    assert_int_equal(found.n_empty, 93);
    assert_int_equal(found.counts.total, 1);
    seg_rules_found_clear(&found);
    options.support_num = 71;
    options.support_den = 1000;
    assert_int_equal(search(&r, 1024, &options, &found, NULL), SEG_OK);
    assert_int_equal(found.min_count, 8);
    assert_int_equal(found.counts.total, 0);
    seg_rules_found_clear(&found);
}

static void stops_at_the_cap_with_a_gate(void **state)
{
    (void)state;
    static rows r;
    make_rows(&r, 200, 3);
    seg_context ctx = seg_context_defaults();
    for (int method = 0; method < 2; method++) {
        seg_rules_search_options options = usual(&ctx);
        seg_error err = { 0 };
        seg_rules_found full, part;
        options.method = (seg_search_method)method;
        assert_int_equal(search(&r, 1024, &options, &full, &err), SEG_OK);
        options.max_itemsets = full.counts.by_length[0] + full.counts.by_length[1];
        assert_int_equal(search(&r, 1024, &options, &part, &err), SEG_E_GATE);
        assert_non_null(strstr(err.text, "--max-itemsets"));
        options.allow_partial = true;
        assert_int_equal(search(&r, 1024, &options, &part, &err), SEG_OK);
        assert_true(part.incomplete);
        assert_int_equal(part.counts.n_lengths, 2);
        assert_int_equal(part.counts.total, options.max_itemsets);
        assert_int_equal(part.tree.n, options.max_itemsets);
        seg_rules_found_clear(&part);
        seg_rules_found_clear(&full);
    }
}

static void counts_like_it_lists(void **state)
{
    (void)state;
    static rows r;
    make_rows(&r, 250, 9);
    seg_context ctx = seg_context_defaults();
    for (int method = 0; method < 2; method++) {
        seg_rules_search_options options = usual(&ctx);
        seg_rules_found listed, counted;
        options.method = (seg_search_method)method;
        assert_int_equal(search(&r, 1024, &options, &listed, NULL), SEG_OK);
        options.count_only = true;
        assert_int_equal(search(&r, 1024, &options, &counted, NULL), SEG_OK);
        assert_memory_equal(&counted.counts, &listed.counts, sizeof listed.counts);
        assert_int_equal(counted.tree.n, 0);
        seg_rules_found_clear(&listed);
        seg_rules_found_clear(&counted);
    }
}

/* The lowest support with at most so many sets, or one with at least nine tenths of them. */
static void finds_the_support_for_a_number_of_sets(void **state)
{
    (void)state;
    static rows r;
    seg_context ctx = seg_context_defaults();
    for (uint32_t seed = 1; seed <= 30; seed++) {
        make_rows(&r, 50 + 7 * seed, seed);
        seg_rules_search_options options = usual(&ctx);
        seg_rules_found found;
        uint64_t below = 0, at = 0;
        options.support_num = 0;
        options.target_itemsets = 15 + seed * 9;
        assert_int_equal(search(&r, 1024, &options, &found, NULL), SEG_OK);
        for (unsigned s = 1; s < SUBSETS; s++) {
            at += r.plain_count[s] >= found.min_count;
            below += r.plain_count[s] >= found.min_count - 1 && r.plain_count[s] > 0;
        }
        assert_int_equal(found.counts.total, at);
        assert_true(at <= options.target_itemsets);
        assert_true(at * 10 >= options.target_itemsets * 9 || below > options.target_itemsets
                    || found.min_count == 1);
        assert_int_equal(seg_itemset_tree_check(&found.tree, found.ranks.n,
                                                (uint32_t)found.n_baskets, NULL), SEG_OK);
        for (size_t t = 0; t < found.ranks.n; t++)
            assert_true(found.ranks.count[t] >= found.min_count);
        seg_rules_found_clear(&found);
    }
}

/* Only rules to one item: every set with it, and what is left of each without it. */
static void finds_only_the_sets_of_a_head(void **state)
{
    (void)state;
    static rows r;
    seg_context ctx = seg_context_defaults();
    for (uint32_t seed = 1; seed <= 40; seed++) {
        make_rows(&r, 20 + 6 * seed, seed);
        seg_rules_search_options options = usual(&ctx);
        seg_rules_found found;
        unsigned head = 1u << (seed % ITEMS);
        uint32_t least = 1 + seed % 6;
        size_t expected = 0;
        ctx.n_threads = 1 + seed % 2;
        options.support_num = least;
        options.head = (int32_t)(seed % ITEMS);
        options.weighted = seed % 3 == 0;
        bool groups = seed % 2 == 0;
        options.above_start = groups ? above_start : NULL;
        options.above = groups ? above : NULL;
        const uint32_t *count = options.weighted ? r.count : r.plain_count;
        assert_int_equal(search(&r, 1 + seed, &options, &found, NULL), SEG_OK);
        for (unsigned s = 1; s < SUBSETS; s++)
            expected += count[s | head] >= least
                        && !(groups && with_own_group(s | head));
        assert_int_equal(found.tree.n, expected);
        assert_int_equal(seg_itemset_tree_check(&found.tree, found.ranks.n,
                                                (uint32_t)found.n_baskets, NULL), SEG_OK);
        seg_itemset_walk walk = { .tree = &found.tree };
        while (seg_itemset_next(&walk)) {
            assert_int_equal(found.tree.count[walk.node], count[bits_of(&found, &walk)]);
            assert_true(count[bits_of(&found, &walk) | head] >= least);
        }
        seg_rules_found_clear(&found);
    }
}

static void refuses_items_out_of_order_by_basket(void **state)
{
    (void)state;
    static rows r;
    r = (rows){ .n = 2, .start = { 0, 2, 4 }, .items = { 0, 1, 2, 2 } };
    seg_context ctx = seg_context_defaults();
    seg_rules_search_options options = usual(&ctx);
    seg_error err = { 0 };
    seg_rules_found found;
    assert_int_equal(search(&r, 1024, &options, &found, &err), SEG_E_DATA);
    assert_non_null(strstr(err.text, "basket 1"));
    r.items[3] = ITEMS;
    assert_int_equal(search(&r, 1024, &options, &found, &err), SEG_E_DATA);
}

/* ---- data that do not fit -------------------------------------------------------------- */

static void check_parts(const char *name, uint32_t least)
{
    mined expected;
    fimi data;
    if (!mined_make(name, least, &expected) || !fimi_read(name, &data))
        skip();
    int32_t *place = calloc(data.n_items, sizeof *place);
    for (size_t i = 0; i < data.n_items; i++)
        place[i] = (int32_t)i;
    seg_context ctx = seg_context_defaults();
    seg_rules_search_options options = { .ctx = &ctx, .n_items = data.n_items, .place = place,
                                         .support_num = least, .head = -1 };
    for (int memory = 0; memory < 2; memory++) {
        seg_rules_search *s = NULL;
        seg_rules_found found;
        ctx.memory_bytes = memory == 0 ? 0 : 1;
        assert_int_equal(seg_rules_search_new(&options, &s, NULL), SEG_OK);
        for (bool more = true;;) {
            assert_int_equal(seg_rules_search_begin(s, &more, NULL), SEG_OK);
            if (!more)
                break;
            for (size_t first = 0; first < data.n_rows; first += 4096) {
                size_t left = data.n_rows - first;
                seg_basket_rows part = { .row_start = data.row_start + first,
                                         .items = data.items,
                                         .n_rows = left < 4096 ? left : 4096 };
                assert_int_equal(seg_rules_search_add(s, &part, first, NULL), SEG_OK);
            }
            assert_int_equal(seg_rules_search_end(s, NULL), SEG_OK);
        }
        assert_int_equal(seg_rules_search_take(s, &found, NULL), SEG_OK);
        assert_true(memory == 0 ? found.n_parts == 1 : found.n_parts > 1);
        assert_int_equal(found.tree.n, expected.tree.n);
        assert_memory_equal(found.tree.depth, expected.tree.depth, found.tree.n);
        assert_memory_equal(found.tree.item, expected.tree.item,
                            found.tree.n * sizeof *found.tree.item);
        assert_memory_equal(found.tree.count, expected.tree.count,
                            found.tree.n * sizeof *found.tree.count);
        seg_rules_found_clear(&found);
        seg_rules_search_free(s);
    }
    free(place);
    fimi_free(&data);
    mined_free(&expected);
}

static void mines_in_parts_what_does_not_fit(void **state)
{
    (void)state;
    check_parts("retail", 88);
    check_parts("T10I4D100K", 500);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    static rows r;
    make_rows(&r, 100, 4);
    seg_context ctx = seg_context_defaults();
    for (int method = 0; method < 3; method++) {
        seg_rules_search_options options = usual(&ctx);
        seg_status st = SEG_E_AGAIN;
        options.method = (seg_search_method)(method % 2);
        options.target_itemsets = method == 2 ? 100 : 0;
        options.above_start = above_start;
        options.above = above;
        for (long n = 0; st == SEG_E_AGAIN; n++) {
            seg_rules_found found;
            seg_alloc_fail_after = n;
            st = search(&r, 64, &options, &found, NULL);
            seg_alloc_fail_after = -1;
            seg_rules_found_clear(&found);
            assert_int_equal(seg_alloc_live, 0);
        }
        assert_int_equal(st, SEG_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_a_count_of_all_subsets_finds),
        cmocka_unit_test(takes_a_share_exactly),
        cmocka_unit_test(stops_at_the_cap_with_a_gate),
        cmocka_unit_test(counts_like_it_lists),
        cmocka_unit_test(finds_the_support_for_a_number_of_sets),
        cmocka_unit_test(finds_only_the_sets_of_a_head),
        cmocka_unit_test(refuses_items_out_of_order_by_basket),
        cmocka_unit_test(mines_in_parts_what_does_not_fit),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
