/* Customers from order lines, against a small shop worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/date.h"
#include "jobs/customers.h"

/* Ann (code 1) buys twice and sends something back, Bob (0) buys once, Cyd (3) only sends
 * back, Dan (2) only got a sample, Eve (4) comes after the as-of day used below. */
static const char *const people[] = { "bob", "ann", "dan", "cyd", "eve" };
static const char *const orders[] = { "101", "102", "C103", "104", "105", "C106", "107" };
static const int32_t customer[] = { 1, 1, 0, -1, 1, 1, 3, 2, 4, 0, 1 };
static const int32_t order[]    = { 0, 0, 1,  1, 3, 2, 5, 4, 6, 6, 0 };
static const int32_t day[]      = { 10, 10, 12, 12, 15, 16, 17, 18, 30, 30, INT32_MIN };
static const int64_t quantity[] = { 2, 1, 1, 1, 1, -1, -2, 1, 1, 1, 1 };
static const int64_t price[]    = { 100, 50, 70, 70, 25, 50, 10, 0, 99, 99, 1 };
enum { N_LINES = sizeof day / sizeof *day, AS_OF = 20 };

static const seg_column columns[] = {
    { .name = "customer", .type = SEG_TYPE_CODE, .levels = people, .n_levels = 5 },
    { .name = "order", .type = SEG_TYPE_CODE, .levels = orders, .n_levels = 7 },
    { .name = "day", .type = SEG_TYPE_DAY },
    { .name = "quantity", .type = SEG_TYPE_I64, .scale = 1 },
    { .name = "price", .type = SEG_TYPE_I64, .scale = 100 },
};
static const seg_schema schema = { .kind = SEG_KIND_TRANSACTIONS, .columns = columns,
                                   .n_columns = 5, .currency = "GBP",
                                   .as_of_day = SEG_MISSING_DAY };
static const void *const arrays[] = { customer, order, day, quantity, price };

typedef struct shop {
    seg_doc *doc;
    seg_source *transactions, *customers;
    seg_error err;
} shop;

static seg_status open_shop(shop *s, const seg_customer_options *options,
                            const seg_customer_span *span)
{
    const seg_block rows = { .n_rows = N_LINES, .columns = arrays };
    *s = (shop){ 0 };
    s->doc = seg_doc_new();
    seg_status st = seg_memory_source(NULL, &schema, &rows, &s->transactions, &s->err);
    if (st == SEG_OK)
        st = seg_customers_over(NULL, s->transactions, options, span, seg_doc_root(s->doc),
                                &s->customers, &s->err);
    return st;
}

static void close_shop(shop *s)
{
    seg_source_close(s->transactions);
    seg_source_close(s->customers);
    seg_doc_free(s->doc);
}

static const void *column(const seg_source *source, const seg_block *block, const char *name)
{
    size_t c = seg_schema_column(source->schema, name);
    assert_true(c != SIZE_MAX);
    return block->columns[c];
}

static void assert_id(const seg_source *source, const seg_block *block, size_t row,
                      const char *id)
{
    assert_string_equal(block->ids + row * source->schema->id_width, id);
}

static void makes_the_rows_worked_out_by_hand(void **state)
{
    (void)state;
    seg_customer_options options = { .as_of_day = AS_OF };
    shop s;
    assert_int_equal(open_shop(&s, &options, NULL), SEG_OK);
    assert_int_equal(s.customers->n_rows, 4);
    assert_int_equal(s.customers->schema->as_of_day, AS_OF);
    assert_string_equal(s.customers->schema->currency, "GBP");
    seg_block b;
    assert_int_equal(s.customers->next(s.customers, &b, &s.err), SEG_OK);
    assert_int_equal(b.n_rows, 4);

    static const char *const ids[] = { "ann", "bob", "cyd", "dan" };
    static const int64_t recency[] = { 5, 8, SEG_MISSING_I64, SEG_MISSING_I64 };
    static const int64_t frequency[] = { 2, 1, 0, 0 };
    static const int64_t monetary[] = { 225, 70, -20, 0 };
    static const int64_t returns[] = { 1, 0, 1, 0 };
    for (size_t i = 0; i < 4; i++)
        assert_id(s.customers, &b, i, ids[i]);
    assert_memory_equal(column(s.customers, &b, "recency_days"), recency, sizeof recency);
    assert_memory_equal(column(s.customers, &b, "frequency"), frequency, sizeof frequency);
    assert_memory_equal(column(s.customers, &b, "monetary"), monetary, sizeof monetary);
    assert_memory_equal(column(s.customers, &b, "returns"), returns, sizeof returns);
    size_t c = seg_schema_column(s.customers->schema, "monetary");
    assert_int_equal(s.customers->schema->columns[c].scale, 100);

    /* recency, frequency, monetary, tenure, mean order, lines, return share */
    static const float ann[] = { 5, 2, 2.25f, 10, 1.375f, 3, (float)(50.0 / 275) };
    assert_memory_equal(b.x.x, ann, sizeof ann);
    assert_true(isnan(b.x.x[2 * b.x.stride]));
    close_shop(&s);
}

static void counts_every_line_exactly_once(void **state)
{
    (void)state;
    static const struct { const char *name; int64_t n; } expected[] = {
        { "used", 4 }, { "no_id", 1 }, { "zero", 1 }, { "cancelled", 2 }, { "excluded", 0 },
        { "outside_window", 2 }, { "duplicate", 0 }, { "bad", 1 },
    };
    seg_customer_options options = { .as_of_day = AS_OF };
    shop s;
    int64_t sum = 0;
    assert_int_equal(open_shop(&s, &options, NULL), SEG_OK);
    const seg_node *report = seg_doc_root(s.doc), *rows = seg_node_get(report, "rows");
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(seg_node_int(seg_node_get(rows, expected[i].name), -1), expected[i].n);
        sum += expected[i].n;
    }
    assert_int_equal(sum, N_LINES);
    assert_int_equal(seg_node_count(rows), 8);
    assert_int_equal(seg_node_int(seg_node_get(report, "customers"), -1), 2);
    assert_int_equal(seg_node_int(seg_node_get(report, "without_purchase"), -1), 2);
    assert_string_equal(seg_node_text(seg_node_get(report, "as_of"), ""), "1970-01-21");
    close_shop(&s);
}

static void takes_the_day_after_the_last_line_by_default(void **state)
{
    (void)state;
    seg_customer_options options = { .as_of_day = SEG_MISSING_DAY, .returns = 1 };
    seg_customer_span span = { .window_days = 14 };
    shop s;
    assert_int_equal(open_shop(&s, &options, NULL), SEG_OK);
    assert_int_equal(s.customers->schema->as_of_day, 31);
    assert_int_equal(s.customers->n_rows, 5);
    seg_block b;
    assert_int_equal(s.customers->next(s.customers, &b, &s.err), SEG_OK);
    const int64_t *money = column(s.customers, &b, "monetary");
    assert_int_equal(money[0], 275);   /* gross */
    assert_int_equal(money[2], 0);
    close_shop(&s);

    /* The last 14 days before it are 17 .. 30: cyd, dan, eve and bob's second order. */
    assert_int_equal(open_shop(&s, &options, &span), SEG_OK);
    assert_int_equal(s.customers->schema->as_of_day, 31);
    assert_int_equal(s.customers->n_rows, 4);
    assert_int_equal(s.customers->next(s.customers, &b, &s.err), SEG_OK);
    assert_id(s.customers, &b, 0, "bob");
    close_shop(&s);
}

static void counts_samples_as_purchases_when_asked(void **state)
{
    (void)state;
    seg_customer_options options = { .as_of_day = AS_OF, .zero = 1 };
    shop s;
    seg_block b;
    assert_int_equal(open_shop(&s, &options, NULL), SEG_OK);
    assert_int_equal(s.customers->next(s.customers, &b, &s.err), SEG_OK);
    assert_id(s.customers, &b, 3, "dan");
    const int64_t *frequency = column(s.customers, &b, "frequency");
    assert_int_equal(frequency[3], 1);
    close_shop(&s);
}

static void labels_who_does_not_come_back(void **state)
{
    (void)state;
    seg_customer_options options = { .as_of_day = AS_OF };
    seg_customer_span span = { .label_days = 11 };
    static const int32_t expected[] = { 1, 0, -1, -1 };   /* bob bought on day 30 */
    shop s;
    seg_block b;
    assert_int_equal(open_shop(&s, &options, &span), SEG_OK);
    assert_string_equal(s.customers->schema->label, "churned");
    assert_int_equal(s.customers->next(s.customers, &b, &s.err), SEG_OK);
    assert_memory_equal(column(s.customers, &b, "churned"), expected, sizeof expected);
    close_shop(&s);

    span.label_days = 10;   /* day 30 is too late now */
    assert_int_equal(open_shop(&s, &options, &span), SEG_OK);
    assert_int_equal(s.customers->next(s.customers, &b, &s.err), SEG_OK);
    assert_int_equal(((const int32_t *)column(s.customers, &b, "churned"))[1], 1);
    close_shop(&s);
}

static void refuses_what_cannot_be_answered(void **state)
{
    (void)state;
    shop s;
    seg_customer_options options = { .as_of_day = SEG_MISSING_DAY };
    seg_customer_span span = { .label_days = 10 };
    assert_int_equal(open_shop(&s, &options, &span), SEG_E_USAGE);
    assert_null(s.customers);
    close_shop(&s);

    options.as_of_day = 31;
    assert_int_equal(open_shop(&s, &options, &span), SEG_E_DATA);
    assert_string_equal(s.err.text, "memory: the transactions end on 1970-01-31, before the"
                        " label window begins: nobody could be seen to stay");
    close_shop(&s);

    options.as_of_day = 5;
    assert_int_equal(open_shop(&s, &options, NULL), SEG_E_DATA);
    assert_string_equal(s.err.text, "memory: no row with a customer before 1970-01-06");
    close_shop(&s);
}

static void needs_items_to_match_refunds(void **state)
{
    (void)state;
    shop s;
    const seg_customer_options options = { .as_of_day = AS_OF, .returns = 2 };
    assert_int_equal(open_shop(&s, &options, NULL), SEG_E_USAGE);
    assert_string_equal(s.err.text, "memory: --returns match needs the columns 'item' and"
                        " 'quantity' in the transactions");
    close_shop(&s);
}

static void refuses_tables_that_are_no_transactions(void **state)
{
    (void)state;
    seg_schema other = schema;
    const seg_block rows = { .n_rows = N_LINES, .columns = arrays };
    const seg_customer_options options = { .as_of_day = AS_OF };
    seg_source *source, *out;
    seg_error err;
    other.n_columns = 3;   /* no money */
    assert_int_equal(seg_memory_source(NULL, &other, &rows, &source, &err), SEG_OK);
    assert_int_equal(seg_customers_from_transactions(NULL, source, &options, NULL, &out, &err),
                     SEG_E_DATA);
    assert_null(out);
    assert_string_equal(err.text, "memory: the transactions have no money: neither a column"
                        " 'amount' nor 'quantity' and 'price'");
    other.kind = SEG_KIND_SCORES;
    assert_int_equal(seg_customers_from_transactions(NULL, source, &options, NULL, &out, &err),
                     SEG_E_DATA);
    seg_source_close(source);
}

/* A shop that calls all its orders C and digits has no credit notes. */
static void knows_credit_notes_only_among_plain_numbers(void **state)
{
    (void)state;
    static const char *const names[] = { "C1", "C2" };
    static const char *const one[] = { "x" };
    static const seg_column own[] = {
        { .name = "customer", .type = SEG_TYPE_CODE, .levels = one, .n_levels = 1 },
        { .name = "order", .type = SEG_TYPE_CODE, .levels = names, .n_levels = 2 },
        { .name = "day", .type = SEG_TYPE_DAY },
        { .name = "amount", .type = SEG_TYPE_I64, .scale = 1 },
    };
    static const int32_t who[] = { 0, 0 }, what[] = { 0, 1 }, when[] = { 1, 2 };
    static const int64_t money[] = { 5, 6 };
    static const void *const data[] = { who, what, when, money };
    const seg_schema s = { .kind = SEG_KIND_TRANSACTIONS, .columns = own, .n_columns = 4 };
    const seg_block rows = { .n_rows = 2, .columns = data };
    const seg_customer_options options = { .as_of_day = AS_OF };
    seg_source *source, *out;
    seg_block b;
    assert_int_equal(seg_memory_source(NULL, &s, &rows, &source, NULL), SEG_OK);
    assert_int_equal(seg_customers_from_transactions(NULL, source, &options, NULL, &out, NULL),
                     SEG_OK);
    assert_int_equal(out->next(out, &b, NULL), SEG_OK);
    assert_int_equal(((const int64_t *)column(out, &b, "frequency"))[0], 2);
    assert_int_equal(((const int64_t *)column(out, &b, "monetary"))[0], 11);
    seg_source_close(out);
    seg_source_close(source);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    seg_customer_options options = { .as_of_day = AS_OF };
    seg_customer_span span = { .label_days = 11 };
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        shop s;
        seg_alloc_fail_after = n;
        st = open_shop(&s, &options, &span);
        if (st == SEG_OK)
            st = seg_doc_status(s.doc, &s.err);
        seg_alloc_fail_after = -1;
        close_shop(&s);
        assert_int_equal(seg_alloc_live, 0);
    }
    assert_int_equal(st, SEG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_the_rows_worked_out_by_hand),
        cmocka_unit_test(counts_every_line_exactly_once),
        cmocka_unit_test(takes_the_day_after_the_last_line_by_default),
        cmocka_unit_test(counts_samples_as_purchases_when_asked),
        cmocka_unit_test(labels_who_does_not_come_back),
        cmocka_unit_test(refuses_what_cannot_be_answered),
        cmocka_unit_test(needs_items_to_match_refunds),
        cmocka_unit_test(refuses_tables_that_are_no_transactions),
        cmocka_unit_test(knows_credit_notes_only_among_plain_numbers),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
