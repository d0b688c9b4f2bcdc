/* Offers against plain loops over all rules and customers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "base/try.h"
#include "kernels/offers.h"

/* Random rules and customers; everything follows from the seed. */
typedef struct world {
    seg_offer_rules rules;
    uint32_t *item_count;
    double *confidence, *worth;
    int64_t *row_start;
    int32_t *items;
    seg_basket_rows rows;
    int64_t *barred_first, *barred_end;
    int32_t *barred;
} world;

static uint64_t counter;
static size_t below(size_t n)
{
    return (size_t)seg_rng_below((seg_rng){ 7, 1 }, counter++, n);
}

/* n different items, ascending. */
static void draw_set(int32_t *out, size_t n, size_t n_items)
{
    for (size_t have = 0; have < n;) {
        int32_t item = (int32_t)below(n_items);
        size_t at = 0;
        while (at < have && out[at] < item)
            at++;
        if (at < have && out[at] == item)
            continue;
        memmove(out + at + 1, out + at, (have - at) * sizeof *out);
        out[at] = item;
        have++;
    }
}

static seg_status make_rules(world *w, size_t n_rules, size_t n_items, size_t longest,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    seg_offer_rules *r = &w->rules;
    r->n_rules = n_rules;
    r->n_items = n_items;
    TRY(SEG_ALLOC(&r->body_start, n_rules + 1, "test", err));
    TRY(SEG_ALLOC(&r->body, n_rules * longest, "test", err));
    TRY(SEG_ALLOC(&r->head, n_rules, "test", err));
    TRY(SEG_ALLOC(&w->item_count, n_items, "test", err));
    TRY(SEG_ALLOC(&w->confidence, n_rules, "test", err));
    TRY(SEG_ALLOC(&w->worth, n_items, "test", err));
    for (size_t i = 0; i < n_items; i++) {
        w->item_count[i] = (uint32_t)(1 + below(5));   /* many ties */
        w->worth[i] = (double)(1 + below(400)) / 4;
    }
    for (size_t i = 0; i < n_rules; i++) {
        int32_t set[64];
        size_t n = 1 + below(longest);
        draw_set(set, n + 1, n_items);
        size_t head = below(n + 1);
        int32_t *body = r->body + r->body_start[i];
        r->head[i] = set[head];
        for (size_t j = 0; j <= n; j++)
            if (j != head)
                *body++ = set[j];
        r->body_start[i + 1] = r->body_start[i] + (int64_t)n;
        w->confidence[i] = (double)below(64) / 64;   /* products of few are exact in any order */
    }
    TRY(seg_offer_rules_index(r, w->item_count, err));

done:
    return st;
}

static seg_status make_rows(world *w, size_t n_rows, size_t most, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n_items = w->rules.n_items;
    TRY(SEG_ALLOC(&w->row_start, n_rows + 1, "test", err));
    TRY(SEG_ALLOC(&w->items, n_rows * most + 1, "test", err));
    TRY(SEG_ALLOC(&w->barred_first, n_rows, "test", err));
    TRY(SEG_ALLOC(&w->barred_end, n_rows, "test", err));
    TRY(SEG_ALLOC(&w->barred, n_rows * 3, "test", err));
    int64_t n_barred = 0;
    for (size_t i = 0; i < n_rows; i++) {
        size_t n = below(most + 1);
        draw_set(w->items + w->row_start[i], n, n_items);
        w->row_start[i + 1] = w->row_start[i] + (int64_t)n;
        w->barred_first[i] = n_barred;
        for (size_t b = below(4); b > 0; b--)
            w->barred[n_barred++] = (int32_t)below(n_items);   /* owned, or twice, as it comes */
        w->barred_end[i] = n_barred;
    }
    w->rows = (seg_basket_rows){ .row_start = w->row_start, .items = w->items,
                                 .n_rows = n_rows };

done:
    return st;
}

static void free_world(world *w)
{
    seg_offer_rules_clear(&w->rules);
    seg_free(w->item_count);
    seg_free(w->confidence);
    seg_free(w->worth);
    seg_free(w->row_start);
    seg_free(w->items);
    seg_free(w->barred_first);
    seg_free(w->barred_end);
    seg_free(w->barred);
}

static world make_world(size_t n_rules, size_t n_items, size_t longest, size_t n_rows,
                        size_t most)
{
    world w = { 0 };
    seg_error err = { 0 };
    counter = n_rules * 1000003 + n_items;
    assert_int_equal(make_rules(&w, n_rules, n_items, longest, &err), SEG_OK);
    assert_int_equal(make_rows(&w, n_rows, most, &err), SEG_OK);
    return w;
}

static bool owns(const world *w, size_t row, int32_t item)
{
    for (int64_t j = w->row_start[row]; j < w->row_start[row + 1]; j++)
        if (w->items[j] == item)
            return true;
    return false;
}

static bool makes_offer(const world *w, const seg_offer_ask *ask, size_t rule, size_t row)
{
    const seg_offer_rules *r = &w->rules;
    if (owns(w, row, r->head[rule]))
        return false;
    for (int64_t j = ask->barred_first == NULL ? 0 : ask->barred_first[row];
         ask->barred != NULL && j < ask->barred_end[row]; j++)
        if (ask->barred[j] == r->head[rule])
            return false;
    for (int64_t j = r->body_start[rule]; j < r->body_start[rule + 1]; j++)
        if (!owns(w, row, r->body[j]))
            return false;
    return true;
}

/* The first rule that offers each item and, as a plain product, its score. */
static void plain_offers(const world *w, const seg_offer_ask *ask, size_t row, int64_t *rule_of,
                         double *score_of)
{
    for (size_t i = 0; i < w->rules.n_items; i++) {
        rule_of[i] = -1;
        score_of[i] = 1;
    }
    for (size_t r = 0; r < w->rules.n_rules; r++) {
        if (!makes_offer(w, ask, r, row))
            continue;
        int32_t head = w->rules.head[r];
        rule_of[head] = rule_of[head] < 0 ? (int64_t)r : rule_of[head];
        if (ask->confidence != NULL)
            score_of[head] *= (1 - ask->confidence[r]);
    }
    for (size_t i = 0; i < w->rules.n_items; i++)
        score_of[i] = (1 - score_of[i]) * (ask->worth != NULL ? ask->worth[i] : 1);
}

/* The next best item and -1 at the end; it is taken out. */
static int64_t plain_next(const world *w, const seg_offer_ask *ask, int64_t *rule_of,
                          const double *score_of, double *score)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < w->rules.n_items; i++) {
        if (rule_of[i] < 0)
            continue;
        bool first = best == SIZE_MAX || rule_of[i] < rule_of[best];
        if (ask->confidence != NULL && best != SIZE_MAX && score_of[i] != score_of[best])
            first = score_of[i] > score_of[best];
        best = first ? i : best;
    }
    if (best == SIZE_MAX)
        return -1;
    int64_t rule = rule_of[best];
    rule_of[best] = -1;
    *score = score_of[best];
    return rule;
}

static void check_world(const world *w, const seg_offer_ask *ask)
{
    size_t n = w->rows.n_rows;
    seg_error err = { 0 };
    int64_t *best = NULL, *rule_of = NULL;
    double *score = NULL, *score_of = NULL;
    assert_int_equal(SEG_ALLOC(&best, n * ask->k, "test", &err), SEG_OK);
    assert_int_equal(SEG_ALLOC(&score, n * ask->k, "test", &err), SEG_OK);
    assert_int_equal(SEG_ALLOC(&rule_of, w->rules.n_items, "test", &err), SEG_OK);
    assert_int_equal(SEG_ALLOC(&score_of, w->rules.n_items, "test", &err), SEG_OK);
    assert_int_equal(seg_offers_find(&w->rules, &w->rows, ask, best, score, 3, &err), SEG_OK);
    for (size_t i = 0; i < n; i++) {
        plain_offers(w, ask, i, rule_of, score_of);
        for (size_t j = 0; j < ask->k; j++) {
            double expected = 0;
            int64_t rule = plain_next(w, ask, rule_of, score_of, &expected);
            assert_int_equal(best[i * ask->k + j], rule);
            if (rule >= 0 && ask->confidence != NULL)
                assert_true(score[i * ask->k + j] == expected);
        }
    }
    seg_free(best);
    seg_free(score);
    seg_free(rule_of);
    seg_free(score_of);
}

static const size_t n_offers[] = { 1, 3, 20 };

static void offers_the_best_rules(void **state)
{
    (void)state;
    static const size_t shapes[][3] = { { 0, 5, 2 }, { 1, 5, 2 }, { 200, 8, 4 }, { 3000, 30, 3 },
                                        { 3000, 30, 9 }, { 500, 400, 2 } };
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        world w = make_world(shapes[s][0], shapes[s][1], shapes[s][2], 300, shapes[s][1] * 2 / 3);
        for (size_t k = 0; k < 3; k++)
            check_world(&w, &(seg_offer_ask){ .k = n_offers[k] });
        free_world(&w);
    }
}

static void combines_all_rules_that_apply(void **state)
{
    (void)state;
    world w = make_world(300, 40, 3, 400, 20);
    for (size_t k = 0; k < 3; k++) {
        check_world(&w, &(seg_offer_ask){ .k = n_offers[k], .confidence = w.confidence });
        check_world(&w, &(seg_offer_ask){ .k = n_offers[k], .confidence = w.confidence,
                                          .worth = w.worth });
    }
    free_world(&w);
}

static void never_offers_what_is_barred_for_a_row(void **state)
{
    (void)state;
    world w = make_world(2000, 20, 3, 500, 12);
    seg_offer_ask ask = { .k = 5, .barred = w.barred, .barred_first = w.barred_first,
                          .barred_end = w.barred_end };
    check_world(&w, &ask);
    ask.k = 20;
    check_world(&w, &ask);
    free_world(&w);
}

static void an_item_twice_counts_once(void **state)
{
    (void)state;
    int64_t body_start[] = { 0, 1 }, once_start[] = { 0, 1 }, twice_start[] = { 0, 2 };
    int32_t body[] = { 0 }, head[] = { 1 }, items[] = { 0, 0 };
    static const double half[] = { 0.5 };
    uint32_t count[] = { 3, 3 };
    seg_error err = { 0 };
    seg_offer_rules rules = { .n_rules = 1, .n_items = 2, .body_start = body_start,
                              .body = body, .head = head };
    seg_basket_rows once = { .row_start = once_start, .items = items, .n_rows = 1 };
    seg_basket_rows twice = { .row_start = twice_start, .items = items, .n_rows = 1 };
    seg_offer_ask ask = { .k = 1, .confidence = half };
    int64_t best[1];
    double a[1], b[1];
    assert_int_equal(seg_offer_rules_index(&rules, count, &err), SEG_OK);
    assert_int_equal(seg_offers_find(&rules, &once, &ask, best, a, 1, &err), SEG_OK);
    assert_int_equal(seg_offers_find(&rules, &twice, &ask, best, b, 1, &err), SEG_OK);
    assert_true(a[0] == 0.5 && b[0] == 0.5);
    rules.body_start = NULL;
    rules.body = rules.head = NULL;
    seg_offer_rules_clear(&rules);
}

static void long_bodies_need_no_stack(void **state)
{
    (void)state;
    enum { LONG = 100000 };
    seg_error err = { 0 };
    seg_offer_rules rules = { .n_rules = 1, .n_items = LONG + 1 };
    uint32_t *count = NULL;
    assert_int_equal(SEG_ALLOC(&rules.body_start, 2, "test", &err), SEG_OK);
    assert_int_equal(SEG_ALLOC(&rules.body, LONG, "test", &err), SEG_OK);
    assert_int_equal(SEG_ALLOC(&rules.head, 1, "test", &err), SEG_OK);
    assert_int_equal(SEG_ALLOC(&count, LONG + 1, "test", &err), SEG_OK);
    rules.body_start[1] = LONG;
    for (int32_t i = 0; i < LONG; i++)
        rules.body[i] = i;
    rules.head[0] = LONG;
    assert_int_equal(seg_offer_rules_index(&rules, count, &err), SEG_OK);
    assert_int_equal(rules.n_nodes, LONG);
    int64_t start[] = { 0, LONG, 2 * LONG - 1 }, best[2];
    int32_t *items = NULL;
    assert_int_equal(SEG_ALLOC(&items, 2 * LONG, "test", &err), SEG_OK);
    for (int32_t i = 0; i < LONG; i++)
        items[i] = items[LONG + i] = i;
    seg_basket_rows rows = { .row_start = start, .items = items, .n_rows = 2 };
    assert_int_equal(seg_offers_find(&rules, &rows, &(seg_offer_ask){ .k = 1 }, best, NULL, 2,
                                     &err), SEG_OK);
    assert_int_equal(best[0], 0);
    assert_int_equal(best[1], -1);      /* one item short */
    seg_free(items);
    seg_free(count);
    seg_offer_rules_clear(&rules);
}

/* Scores of many factors, whose last bits tell the order of multiplication. */
static void same_bits_for_any_threads(void **state)
{
    (void)state;
    enum { N = 600, K = 4 };
    world w = make_world(4000, 30, 3, N, 25);
    seg_error err = { 0 };
    for (size_t r = 0; r < w.rules.n_rules; r++)
        w.confidence[r] = (double)(1 + below(1000)) / 3001;
    seg_offer_ask ask = { .k = K, .confidence = w.confidence, .worth = w.worth };
    static int64_t best[2][N * K];
    static double score[2][N * K];
    for (int threads = 1; threads <= 4; threads++) {
        size_t t = threads > 1;
        assert_int_equal(seg_offers_find(&w.rules, &w.rows, &ask, best[t], score[t], threads,
                                         &err), SEG_OK);
        if (t == 0)
            continue;
        assert_memory_equal(best[0], best[1], sizeof best[0]);
        for (size_t i = 0; i < N * K; i++)
            assert_true(best[0][i] < 0 || score[0][i] == score[1][i]);
    }
    free_world(&w);
}

static seg_status all_of_it(seg_error *err)
{
    world w = { 0 };
    int64_t best[40];
    double score[40];
    seg_status st = SEG_OK;
    counter = 1;
    TRY(make_rules(&w, 700, 30, 4, err));
    TRY(make_rows(&w, 20, 9, err));
    seg_offer_ask ask = { .k = 2, .confidence = w.confidence };
    TRY(seg_offers_find(&w.rules, &w.rows, &ask, best, score, 2, err));

done:
    free_world(&w);
    return st;
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    seg_status st = SEG_E_AGAIN;
    seg_error err = { 0 };
    long live = seg_alloc_live;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_alloc_fail_after = n;
        st = all_of_it(&err);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(st, SEG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offers_the_best_rules),
        cmocka_unit_test(combines_all_rules_that_apply),
        cmocka_unit_test(never_offers_what_is_barred_for_a_row),
        cmocka_unit_test(an_item_twice_counts_once),
        cmocka_unit_test(long_bodies_need_no_stack),
        cmocka_unit_test(same_bits_for_any_threads),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
