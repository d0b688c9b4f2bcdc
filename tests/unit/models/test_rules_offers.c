/* Offers of a model against trying every rule on every customer, for each way to rank; lists
 * that bound them; and hits on a customer's last day, counted by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/rng.h"
#include "base/try.h"
#include "models/rules_offers.h"

enum { N_ITEMS = 12, N_ROWS = 300, WIDTH = 8, K = 4 };
static char directory[] = "/tmp/segmill-offers-XXXXXX";

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) == NULL ? -1 : 0;
}

static int remove_directory(void **state)
{
    (void)state;
    return rmdir(directory);
}

/* A file of that name with that text; the path stays until the next call but three. */
static const char *put_file(const char *name, const char *text)
{
    static char paths[4][256];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    seg_error err = { 0 };
    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    assert_int_equal(seg_file_put(path, text, strlen(text), &err), SEG_OK);
    return path;
}

/* ---- a small world -------------------------------------------------------------------------- */

/* Rows of random items that are bought together; ids c0, c1, ...; items a, b, c ... */
static seg_status open_rows(uint64_t seed, size_t n_rows, seg_source **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_schema_owner *schema = NULL;
    seg_batch *batch = NULL;
    int64_t n = 0;
    TRY(seg_schema_new(SEG_KIND_BASKETS, &schema, err));
    TRY(seg_schema_set_id(schema, "customer", WIDTH, err));
    for (char name[2] = "a"; name[0] < 'a' + N_ITEMS; name[0]++)
        TRY(seg_schema_add_feature(schema, &(seg_column){ .name = name, .type = SEG_TYPE_F32 },
                                   err));
    TRY(seg_batch_new(&schema->view, n_rows, &batch, err));
    TRY(SEG_ALLOC(&batch->items, n_rows * N_ITEMS, "items", err));
    batch->items_cap = n_rows * N_ITEMS;
    for (size_t i = 0; i < n_rows; i++) {
        char id[16];
        size_t length = (size_t)snprintf(id, sizeof id, "c%zu", i);
        memcpy(batch->ids + i * WIDTH, id, length);
        uint64_t taste = seg_rng_below((seg_rng){ seed, 1 }, i, 3);
        for (int32_t item = 0; item < N_ITEMS; item++) {
            uint64_t luck = seg_rng_below((seg_rng){ seed, 2 }, i * N_ITEMS + (size_t)item, 10);
            if (luck < (item % 3 == (int32_t)taste ? 6 : 2))
                batch->items[n++] = item;
        }
        batch->row_start[i + 1] = n;
    }
    st = seg_batch_source(NULL, "rows", schema, batch, n_rows, out, err);
    schema = NULL;
    batch = NULL;

done:
    seg_batch_free(batch);
    seg_schema_free(schema);
    return st;
}

static seg_model *learn(const char *confidence, uint32_t max_head)
{
    seg_model *model = NULL;
    seg_source *source = NULL;
    seg_error err = { 0 };
    seg_rules_options options;
    seg_rules_defaults(&options);
    options.min_support = "8";
    options.min_confidence = confidence;
    options.max_head = max_head;
    assert_int_equal(open_rows(1, N_ROWS, &source, &err), SEG_OK);
    assert_int_equal(seg_train(NULL, &seg_method_rules, &options, source, &model, &err), SEG_OK);
    seg_source_close(source);
    return model;
}

/* Scores of other rows; the block lives until the sources are closed. */
typedef struct scored {
    seg_source *rows, *scores;
    seg_block block;
    seg_context ctx;
} scored;

static scored score(seg_model *model, const seg_offer_options *options, uint32_t n_threads)
{
    scored s = { .ctx = seg_context_defaults() };
    seg_error err = { 0 };
    s.ctx.n_threads = n_threads;
    assert_int_equal(seg_method_rules.ask_offers(model, NULL, options, &err), SEG_OK);
    assert_int_equal(open_rows(2, N_ROWS, &s.rows, &err), SEG_OK);
    assert_int_equal(seg_score_open(&s.ctx, model, s.rows, &s.scores, &err), SEG_OK);
    assert_int_equal(s.scores->next(s.scores, &s.block, &err), SEG_OK);
    assert_int_equal(s.block.n_rows, N_ROWS);
    assert_int_equal(s.scores->schema->n_columns, 3 * options->offers);
    return s;
}

static void scored_close(scored *s)
{
    seg_source_close(s->scores);
    seg_source_close(s->rows);
}

static bool owns(size_t row, const char *item)
{
    uint64_t taste = seg_rng_below((seg_rng){ 2, 1 }, row, 3);
    uint64_t at = (uint64_t)(item[0] - 'a');
    return seg_rng_below((seg_rng){ 2, 2 }, row * N_ITEMS + at, 10) < (at % 3 == taste ? 6 : 2);
}

/* The item of offer j (from 0) of a row, or null. */
static const char *offered(const scored *s, size_t row, size_t j)
{
    int32_t code = ((const int32_t *)s->block.columns[3 * j])[row];
    return code < 0 ? NULL : s->scores->schema->columns[3 * j].levels[code];
}

static double score_of(const scored *s, size_t row, size_t j)
{
    return ((const double *)s->block.columns[3 * j + 1])[row];
}

/* ---- plain offers ------------------------------------------------------------------------- */

typedef struct fraction {
    int64_t num, den;            /* den 0: infinite */
} fraction;

static fraction measure(const seg_rule_counts *c, int by)
{
    int64_t n = c->all, xy = c->both, x = c->body, y = c->head;
    switch (by) {
    case SEG_OFFER_BY_LIFT:       return (fraction){ xy * n, x * y };
    case SEG_OFFER_BY_LEVERAGE:   return (fraction){ xy * n - x * y, n * n };
    case SEG_OFFER_BY_CONVICTION: return (fraction){ x * (n - y), n * (x - xy) };
    case SEG_OFFER_BY_SUPPORT:    return (fraction){ xy, n };
    default:                      return (fraction){ xy, x };
    }
}

/* Counts are below 300, prices below 10^8: everything fits. */
static int compare(fraction a, fraction b)
{
    if (a.den == 0 || b.den == 0)
        return (a.den == 0) - (b.den == 0);
    __extension__ typedef __int128 wide;
    wide left = (wide)a.num * b.den, right = (wide)b.num * a.den;
    return (left > right) - (left < right);
}

static const char *name_of(const seg_model *model, int32_t item)
{
    return model->schema->view.features[item].name;
}

static bool applies(const seg_model *model, size_t rule, size_t row)
{
    const seg_rules_model *m = model->state;
    if (m->head_start[rule + 1] - m->head_start[rule] != 1
        || owns(row, name_of(model, m->head[m->head_start[rule]])))
        return false;
    for (int64_t i = m->body_start[rule]; i < m->body_start[rule + 1]; i++)
        if (!owns(row, name_of(model, m->body[i])))
            return false;
    return true;
}

/* The best rule per item by the measure (x price, in cents, if given), then lift. */
static int better(const seg_rules_model *m, int by, const int64_t *price, size_t a, size_t b)
{
    fraction x = measure(&m->counts[a], by), y = measure(&m->counts[b], by);
    if (price != NULL) {
        x.num *= price[m->head[m->head_start[a]]];
        y.num *= price[m->head[m->head_start[b]]];
    }
    int order = compare(x, y);
    return order != 0 ? order : compare(measure(&m->counts[a], SEG_OFFER_BY_LIFT),
                                        measure(&m->counts[b], SEG_OFFER_BY_LIFT));
}

static void check_row(const seg_model *model, const scored *s, int by, const int64_t *price,
                      size_t row)
{
    const seg_rules_model *m = model->state;
    bool taken[N_ITEMS] = { 0 };
    for (size_t j = 0; j < K; j++) {
        size_t best = SIZE_MAX;
        for (size_t r = 0; r < m->n_rules; r++) {
            int32_t item = m->head[m->head_start[r]];
            if (!applies(model, r, row) || taken[item] || (price != NULL && price[item] < 0))
                continue;
            int order = best == SIZE_MAX ? 1 : better(m, by, price, r, best);
            if (order > 0 || (order == 0 && item < m->head[m->head_start[best]]))
                best = r;
        }
        const char *item = offered(s, row, j);
        if (best == SIZE_MAX) {
            assert_null(item);
            assert_true(isnan(score_of(s, row, j)));
            continue;
        }
        int32_t head = m->head[m->head_start[best]];
        taken[head] = true;
        fraction f = measure(&m->counts[best], by);
        double expected = f.den == 0 ? HUGE_VAL : (double)f.num / (double)f.den;
        expected *= price == NULL ? 1 : (double)price[head] / 100;
        assert_string_equal(item, name_of(model, head));
        assert_true(score_of(s, row, j) == expected
                    || fabs(score_of(s, row, j) - expected) < 1e-13 * fabs(expected));
    }
}

static void ranks_by_each_measure(void **state)
{
    (void)state;
    seg_model *model = learn("0.1", 1);
    for (int by = SEG_OFFER_BY_CONFIDENCE; by <= SEG_OFFER_BY_SUPPORT; by++) {
        seg_offer_options options = { .offers = K, .rank_by = by };
        scored s = score(model, &options, 1 + (uint32_t)by % 3);
        for (size_t row = 0; row < N_ROWS; row++)
            check_row(model, &s, by, NULL, row);
        scored_close(&s);
    }
    seg_model_free(model);
}

static void heads_of_two_items_offer_nothing(void **state)
{
    (void)state;
    seg_model *model = learn("0.2", 3);
    seg_offer_options options = { .offers = K };
    scored s = score(model, &options, 2);
    for (size_t row = 0; row < N_ROWS; row++)
        check_row(model, &s, SEG_OFFER_BY_CONFIDENCE, NULL, row);
    scored_close(&s);
    seg_model_free(model);
}

/* Prices that make ties: 2.00 x 3/6 is 1.00 x 2/2. */
static void ranks_by_money(void **state)
{
    (void)state;
    seg_model *model = learn("0.1", 1);
    seg_offer_options options = {
        .offers = K,
        .prices = put_file("p.csv", "price,item\n1,a\n2.00,b\n0.5,c\n4,d\n1.5,e\n0,f\n12.25,g\n"
                                    "3,h\n,i\n"),
    };
    static const int64_t price[N_ITEMS] = { 100, 200, 50, 400, 150, 0, 1225, 300, -1, -1, -1,
                                            -1 };
    scored s = score(model, &options, 2);
    for (size_t row = 0; row < N_ROWS; row++)
        check_row(model, &s, SEG_OFFER_BY_CONFIDENCE, price, row);
    scored_close(&s);
    unlink(options.prices);
    seg_model_free(model);
}

static void a_loss_is_not_offered(void **state)
{
    (void)state;
    seg_model *model = learn("0.1", 1);
    seg_offer_options options = {
        .offers = K, .prices = put_file("m.csv", "item;margin\na;-0.01\nb;5\nc;1\n\n"),
    };
    static const int64_t margin[N_ITEMS] = { -1, 500, 100, -1, -1, -1, -1, -1, -1, -1, -1, -1 };
    scored s = score(model, &options, 2);
    for (size_t row = 0; row < N_ROWS; row++)
        check_row(model, &s, SEG_OFFER_BY_CONFIDENCE, margin, row);
    scored_close(&s);
    unlink(options.prices);
    seg_model_free(model);
}

static int falling(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

static void combines_rules_and_money(void **state)
{
    (void)state;
    seg_model *model = learn("0.1", 1);
    const seg_rules_model *m = model->state;
    seg_offer_options options = {
        .offers = K, .rank_by = SEG_OFFER_COMBINED,
        .prices = put_file("p.csv", "item,price\na,1\nb,2\nc,3\nd,4\ne,5\nf,6\ng,7\nh,8\ni,9\n"
                                    "j,10\nk,11\nl,12\n"),
    };
    scored s = score(model, &options, 3);
    for (size_t row = 0; row < N_ROWS; row++) {
        double miss[N_ITEMS], money[N_ITEMS];
        for (size_t i = 0; i < N_ITEMS; i++)
            miss[i] = 1;
        for (size_t r = 0; r < m->n_rules; r++)
            if (applies(model, r, row))
                miss[m->head[m->head_start[r]]] *=
                    1 - (double)m->counts[r].both / (double)m->counts[r].body;
        for (size_t i = 0; i < N_ITEMS; i++)
            money[i] = (1 - miss[i]) * (double)(i + 1);
        qsort(money, N_ITEMS, sizeof *money, falling);
        for (size_t j = 0; j < K; j++)
            assert_true(money[j] == 0 ? offered(&s, row, j) == NULL
                                      : fabs(score_of(&s, row, j) - money[j]) < 1e-12);
    }
    scored_close(&s);
    unlink(options.prices);
    seg_model_free(model);
}

/* ---- lists ------------------------------------------------------------------------------ */

static void keeps_to_the_lists(void **state)
{
    (void)state;
    seg_model *model = learn("0.1", 1);
    seg_offer_options options = {
        .offers = K,
        .block = put_file("block.txt", "b\r\n\nno such thing\nb\n"),
        .only = put_file("only.csv", "kind|item\nx|a\nx|b\ny|c\ny|d\n"),
        .block_by = put_file("by.csv", "customer,item\nc3,a\nc3,c\nc7,d\nnobody,a\nc7,d\n"),
    };
    scored s = score(model, &options, 2);
    size_t n = 0;
    for (size_t row = 0; row < N_ROWS; row++)
        for (size_t j = 0; j < K && offered(&s, row, j) != NULL; j++, n++) {
            const char *item = offered(&s, row, j);
            assert_non_null(strstr("acd", item));
            assert_false(owns(row, item));
            assert_false(row == 3 && strcmp(item, "d") != 0);
            assert_false(row == 7 && strcmp(item, "d") == 0);
        }
    assert_true(n > N_ROWS / 2);
    scored_close(&s);
    unlink(options.block);
    unlink(options.only);
    unlink(options.block_by);
    seg_model_free(model);
}

static void refuses_lists_that_are_none(void **state)
{
    (void)state;
    static const struct {
        char option;
        const char *text, *message;
    } bad[] = {
        { 'b', "", "empty" },
        { 'b', "item\n", "holds no items" },
        { 'b', "\n\n", "holds no items" },
        { 'b', "a\n\x80\n", "line 2: is not UTF-8" },
        { 'o', "item,item\na,b\n", "stands twice" },
        { 'p', "a,1\n", "no column 'item'" },
        { 'p', "item,cost\na,1\n", "no column 'price' or 'margin'" },
        { 'p', "item,price,margin\na,1,1\n", "not both" },
        { 'p', "item,price\na,1\nb,-1\n", "line 3: column 'price': '-1' is below zero" },
        { 'p', "item,price\na,nan\n", "line 2: column 'price': 'nan' is not a number" },
        { 'p', "item,price\na,1e300\n", "is not a number" },
        { 'p', "item,price\na,99999999999999\n", "is not a number" },
        { 'p', "item,price\na,1\nz,1\na,2\n", "line 4: column 'item': the item stands in line 2" },
        { 'p', "item,price\na,1,2\n", "line 2: 3 cells, not 2" },
        { 'p', "item,price\n,1\n", "line 2: column 'item': no item" },
        { 'p', "item,price\n", "holds no items" },
        { 'y', "who,when,item\nc1,1,a\n", "no column 'customer'" },
        { 'y', "customer,item\n,a\n", "line 2: no customer" },
        { 'y', "customer,item\n", "holds no items" },
    };
    seg_model *model = learn("0.3", 1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *path = put_file("bad.csv", bad[i].text);
        seg_offer_options options = {
            .offers = 1, .block = bad[i].option == 'b' ? path : NULL,
            .only = bad[i].option == 'o' ? path : NULL,
            .prices = bad[i].option == 'p' ? path : NULL,
            .block_by = bad[i].option == 'y' ? path : NULL,
        };
        seg_error err = { 0 };
        assert_int_equal(seg_method_rules.ask_offers(model, NULL, &options, &err), SEG_E_DATA);
        if (strstr(err.text, bad[i].message) == NULL)
            fail_msg("'%s' does not say '%s'", err.text, bad[i].message);
        assert_non_null(strstr(err.text, "bad.csv"));
        unlink(path);
        options.block = "/nowhere/list.txt";
        assert_int_equal(seg_method_rules.ask_offers(model, NULL, &options, &err), SEG_E_DATA);
    }
    seg_model_free(model);
}

static void money_needs_a_probability(void **state)
{
    (void)state;
    seg_model *model = learn("0.3", 1);
    seg_error err = { 0 };
    seg_offer_options options = { .offers = 1, .rank_by = SEG_OFFER_BY_LIFT, .prices = "p.csv" };
    assert_int_equal(seg_method_rules.ask_offers(model, NULL, &options, &err), SEG_E_USAGE);
    seg_model_free(model);
}

static uint64_t n_told;
static char told[4][400];
static void listen(void *user, seg_level level, const char *text)
{
    (void)user;
    (void)level;
    snprintf(told[n_told++ % 4], sizeof told[0], "%s", text);
}

static void says_when_there_is_nothing_to_offer(void **state)
{
    (void)state;
    seg_error err = { 0 };
    seg_context ctx = seg_context_defaults();
    ctx.note = listen;
    seg_model *model = learn("1", 1);   /* no rule never fails */
    seg_offer_options options = { .offers = 2 };
    n_told = 0;
    assert_int_equal(seg_method_rules.ask_offers(model, &ctx, &options, &err), SEG_OK);
    assert_int_equal(n_told, 1);
    assert_non_null(strstr(told[0], "no rules with one item in the head"));
    scored s = score(model, &options, 1);
    for (size_t row = 0; row < N_ROWS; row++)
        assert_null(offered(&s, row, 0));
    scored_close(&s);
    seg_model_free(model);

    model = learn("0.3", 1);
    options.only = put_file("only.txt", "tea\n");
    n_told = 0;
    assert_int_equal(seg_method_rules.ask_offers(model, &ctx, &options, &err), SEG_OK);
    assert_int_equal(n_told, 2);
    assert_non_null(strstr(told[0], "1 of 1 lines name an item that the model does not know"));
    assert_non_null(strstr(told[1], "nothing to offer"));
    unlink(options.only);
    seg_model_free(model);
}

/* ---- hits ------------------------------------------------------------------------------- */

/* Orders with customer and day, of items a .. l, as blocks to judge. */
static seg_status judge(const seg_model *model, const seg_offer_trial *trial, seg_node *figures,
                        seg_error *err)
{
    static const char *const people[] = { "ann", "bob", "cyd", "dan" };
    static const seg_column columns[] = {
        { .name = "customer", .type = SEG_TYPE_CODE, .levels = people, .n_levels = 4 },
        { .name = "day", .type = SEG_TYPE_DAY },
    };
    const seg_schema schema = { .kind = SEG_KIND_BASKETS, .columns = columns, .n_columns = 2 };
    /* ann: {a}, then {b, d} and {e} on one day. bob: {c} and {f} on his only day. cyd: {a, d},
     * then {a} again: nothing new. dan: {g}, then {j}. One order is nobody's, one of no day. */
    static const int32_t who[] = { 0, 1, 2, 0, 3, -1, 0, 1, 2, 3, 3 };
    static const int32_t day[] = { 5, 7, 9, 8, 1, 2, 8, 7, 1, 3, SEG_MISSING_DAY };
    static const int64_t start[] = { 0, 1, 2, 3, 5, 6, 7, 8, 9, 11, 12, 13 };
    static const int32_t items[] = { 0, 2, 0, 1, 3, 6, 1, 4, 5, 0, 3, 9, 1 };
    const void *const cells[] = { who, day };
    seg_context ctx = seg_context_defaults();
    seg_train_input input = { .ctx = &ctx, .schema = &schema, .options = trial, .held_out = -1 };
    seg_block block = { .n_rows = 11, .columns = cells, .row_start = start, .items = items };
    seg_status st = SEG_OK;
    void *ev = NULL;
    TRY(seg_method_rules.evaluate_begin(model, &input, &ev, err));
    TRY(seg_method_rules.evaluate_add(ev, &block, NULL, err));
    TRY(seg_method_rules.evaluate_end(ev, figures, err));

done:
    seg_method_rules.evaluate_free(ev);
    return st;
}

static double real(const seg_node *figures, const char *name)
{
    return seg_node_real(seg_node_get(figures, name), -1);
}

/* A model of two rules, a => d (9 of 10) and g => j (1 of 2); sold most: a, e, then d, j. */
static void hides_what_was_new_on_the_last_day(void **state)
{
    (void)state;
    seg_model *model = learn("0.3", 1);
    seg_rules_model *m = model->state;
    assert_true(m->n_rules >= 2 && m->n_items == N_ITEMS);
    for (size_t i = 0; i < N_ITEMS; i++)
        m->item_count[i] = 5;
    m->item_count[0] = 20;
    m->item_count[4] = 12;
    m->item_count[3] = 9;
    m->item_count[9] = 9;
    m->n_rules = 2;
    m->body_start[1] = m->head_start[1] = 1;
    m->body_start[2] = m->head_start[2] = 2;
    m->body[0] = 0;
    m->head[0] = 3;
    m->counts[0] = (seg_rule_counts){ 300, 9, 10, 9 };
    m->body[1] = 6;
    m->head[1] = 9;
    m->counts[1] = (seg_rule_counts){ 300, 1, 2, 9 };

    seg_error err = { 0 };
    seg_doc *doc = seg_doc_new();
    seg_node *figures = seg_doc_root(doc);
    const seg_offer_trial trial = { .offers = 3 };
    const seg_offer_options options = { .offers = 3 };
    assert_int_equal(seg_method_rules.ask_offers(model, NULL, &options, &err), SEG_OK);
    assert_int_equal(judge(model, &trial, figures, &err), SEG_OK);
    /* Asked: ann (has a; new: b, d, e) and dan (has g; new: j). bob has nothing before. */
    assert_int_equal(seg_node_int(seg_node_get(figures, "rows"), -1), 4);
    assert_int_equal(seg_node_int(seg_node_get(figures, "tested"), -1), 2);
    assert_true(real(figures, "hit_rate_1") == 1.0);        /* d for ann, j for dan */
    assert_true(real(figures, "mean_reciprocal_rank") == 1.0);
    /* Best-sellers: ann gets e (a hit), dan a, e, d (j is the fourth). */
    assert_true(real(figures, "best_seller_hit_rate_1") == 0.5);
    assert_true(real(figures, "best_seller_hit_rate_3") == 0.5);
    assert_true(real(figures, "best_seller_mean_reciprocal_rank") == 0.5);
    /* Now, with all they have, nobody is left to offer to: ann and cyd have d, dan has j. */
    assert_true(real(figures, "with_offer") == 0.0);
    assert_non_null(strstr(seg_node_text(seg_node_get(figures, "verdict"), ""), "too few"));
    const seg_node *ci = seg_node_get(figures, "difference_3_ci");
    /* 1 of 2 more: 0.5 +- 1.96 sqrt((1 - 1/2) / 4) */
    assert_true(fabs(seg_node_real(seg_node_at(ci, 0), 9) - (0.5 - 1.959963984540054 * sqrt(0.125)))
                < 1e-12);
    seg_doc_free(doc);
    seg_model_free(model);
}

/* ---- allocation failures -------------------------------------------------------------------- */

static seg_status everything(seg_model *model, const seg_offer_options *options, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_source *rows = NULL, *scores = NULL;
    seg_block block;
    seg_doc *doc = NULL;
    const seg_offer_trial trial = { .offers = 3 };
    TRY(seg_method_rules.ask_offers(model, NULL, options, err));
    TRY(open_rows(2, 20, &rows, err));
    TRY(seg_score_open(NULL, model, rows, &scores, err));
    TRY(scores->next(scores, &block, err));
    doc = seg_doc_new();
    TRY(judge(model, &trial, seg_doc_root(doc), err));
    TRY(seg_doc_status(doc, err));

done:
    seg_doc_free(doc);
    seg_source_close(scores);
    seg_source_close(rows);
    return st;
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    seg_model *model = learn("0.3", 1);
    seg_offer_options options = {
        .offers = K, .rank_by = SEG_OFFER_COMBINED,
        .prices = put_file("p.csv", "item,price\na,1\nb,2\nc,3\n"),
        .block = put_file("b.txt", "c\n"),
        .block_by = put_file("by.csv", "customer,item\nc3,a\n"),
    };
    seg_status st = SEG_E_AGAIN;
    seg_error err = { 0 };
    assert_int_equal(everything(model, &options, &err), SEG_OK);
    long live = seg_alloc_live;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_alloc_fail_after = n;
        st = everything(model, &options, &err);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(st, SEG_OK);
    unlink(options.prices);
    unlink(options.block);
    unlink(options.block_by);
    seg_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_by_each_measure),
        cmocka_unit_test(heads_of_two_items_offer_nothing),
        cmocka_unit_test(ranks_by_money),
        cmocka_unit_test(a_loss_is_not_offered),
        cmocka_unit_test(combines_rules_and_money),
        cmocka_unit_test(keeps_to_the_lists),
        cmocka_unit_test(refuses_lists_that_are_none),
        cmocka_unit_test(money_needs_a_probability),
        cmocka_unit_test(says_when_there_is_nothing_to_offer),
        cmocka_unit_test(hides_what_was_new_on_the_last_day),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
