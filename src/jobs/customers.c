/* customers.c: one streaming pass over order lines (one more when a window is asked for
 * without an as-of day, one more to match refunds), then one row per customer. The arithmetic is in kernels/rfm.c; here is what
 * the columns are called and what a customer's row holds. */
#include "jobs/customers.h"

#include <string.h>
#include "base/alloc.h"
#include "base/date.h"
#include "base/try.h"
#include "jobs/customer_table.h"
#include "kernels/radix.h"
#include "kernels/rfm.h"

enum { LAST_DAY = 2932896 };   /* 9999-12-31 */

enum returns { RETURNS_NET, RETURNS_GROSS, RETURNS_MATCH };

/* Where the columns of the source are; SIZE_MAX if absent. */
typedef struct places {
    size_t customer, order, item, day, seconds, quantity, price, amount;
    uint32_t scale;   /* of money */
} places;

typedef struct maker {
    const seg_context *ctx;
    seg_source *source;
    const seg_customer_options *options;
    seg_customer_span span;
    places at;
    seg_rfm_rules rules;
    uint8_t *credit_note;
    uint32_t *order_rank;
    seg_rfm_pass *pass;
    int32_t as_of_day;
} maker;

/* ---- the columns ------------------------------------------------------------------- */

static seg_status find_column(const seg_schema *schema, const char *name, seg_type type,
                              size_t *at, seg_error *err)
{
    *at = seg_schema_column(schema, name);
    if (*at != SIZE_MAX && schema->columns[*at].type != type)
        return seg_fail(err, SEG_E_DATA, "column '%s' of the transactions has the wrong type",
                        name);
    return SEG_OK;
}

static uint32_t scale_of(const seg_schema *schema, size_t c)
{
    return schema->columns[c].scale == 0 ? 1 : schema->columns[c].scale;
}

static seg_status find_money(const seg_schema *schema, places *at, seg_error *err)
{
    if (at->amount != SIZE_MAX) {
        at->scale = scale_of(schema, at->amount);
        return SEG_OK;
    }
    if (at->quantity == SIZE_MAX || at->price == SIZE_MAX)
        return seg_fail(err, SEG_E_DATA, "the transactions have no money: neither a column"
                        " 'amount' nor 'quantity' and 'price'");
    if (scale_of(schema, at->quantity) != 1)
        return seg_fail(err, SEG_E_DATA, "quantities with fractions need a column 'amount'");
    at->scale = scale_of(schema, at->price);
    return SEG_OK;
}

static seg_status find_columns(const seg_schema *schema, places *at, seg_error *err)
{
    seg_status st = SEG_OK;
    if (schema->kind != SEG_KIND_TRANSACTIONS)
        return seg_fail(err, SEG_E_DATA, "a transactions table is needed, this one has %s",
                        seg_kind_name(schema->kind));
    TRY(find_column(schema, "customer", SEG_TYPE_CODE, &at->customer, err));
    TRY(find_column(schema, "order", SEG_TYPE_CODE, &at->order, err));
    TRY(find_column(schema, "item", SEG_TYPE_CODE, &at->item, err));
    TRY(find_column(schema, "ts", SEG_TYPE_TIME, &at->seconds, err));
    TRY(find_column(schema, "day", SEG_TYPE_DAY, &at->day, err));
    TRY(find_column(schema, "quantity", SEG_TYPE_I64, &at->quantity, err));
    TRY(find_column(schema, "price", SEG_TYPE_I64, &at->price, err));
    TRY(find_column(schema, "amount", SEG_TYPE_I64, &at->amount, err));
    if (at->customer == SIZE_MAX || at->day == SIZE_MAX)
        return seg_fail(err, SEG_E_DATA, "the transactions have no column '%s'",
                        at->customer == SIZE_MAX ? "customer" : "day");
    TRY(find_money(schema, at, err));

done:
    return st;
}

static bool all_digits(const char *s)
{
    if (*s == 0)
        return false;
    while (*s >= '0' && *s <= '9')
        s++;
    return *s == 0;
}

/* C536379 among 536365, 536366 ...: a credit note. Where most orders are named C..., that
 * is just how the shop numbers them. */
static seg_status find_credit_notes(maker *m, seg_error *err)
{
    if (m->at.order == SIZE_MAX)
        return SEG_OK;
    const seg_column *order = &m->source->schema->columns[m->at.order];
    seg_status st = SEG_ALLOC(&m->credit_note, order->n_levels, "the credit notes", err);
    if (st != SEG_OK)
        return st;
    size_t n_plain = 0, n_credit = 0;
    for (size_t o = 0; o < order->n_levels; o++) {
        const char *name = order->levels[o];
        n_plain += all_digits(name);
        if (name[0] == 'C' && all_digits(name + 1)) {
            m->credit_note[o] = 1;
            n_credit++;
        }
    }
    if (n_credit == 0 || n_credit >= n_plain)
        return SEG_OK;
    m->rules.credit_note = m->credit_note;
    seg_note(m->ctx, SEG_LEVEL_INFO, "%zu orders named C and digits are taken as credit notes",
             n_credit);
    return SEG_OK;
}

/* Matching refunds needs an order among orders that does not depend on the file's rows. */
static seg_status rank_orders(maker *m, seg_error *err)
{
    seg_status st = SEG_OK;
    char *cells = NULL;
    uint32_t *sorted = NULL;
    size_t width = 8, n = m->rules.n_orders;
    if (!m->rules.match || n == 0)
        return SEG_OK;
    const seg_column *order = &m->source->schema->columns[m->at.order];
    for (size_t o = 0; o < n; o++)
        if (strlen(order->levels[o]) > width)
            width = (strlen(order->levels[o]) + 7) / 8 * 8;
    TRY(seg_alloc_array(&cells, n, width, "the orders", err));
    for (size_t o = 0; o < n; o++)
        memcpy(cells + o * width, order->levels[o], strlen(order->levels[o]));
    TRY(seg_radix_order(cells, width, n, &sorted, err));
    TRY(SEG_ALLOC(&m->order_rank, n, "the orders", err));
    for (size_t i = 0; i < n; i++)
        m->order_rank[sorted[i]] = (uint32_t)i;
    m->rules.order_rank = m->order_rank;

done:
    seg_free(cells);
    seg_free(sorted);
    return st;
}

/* ---- the pass ---------------------------------------------------------------------- */

static const void *column_of(const seg_block *block, size_t c)
{
    return c == SIZE_MAX ? NULL : block->columns[c];
}

static seg_status last_day_of(maker *m, int32_t *last, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_block block;
    *last = SEG_MISSING_DAY;
    for (;;) {
        TRY(m->source->next(m->source, &block, err));
        if (block.n_rows == 0)
            break;
        const int32_t *day = column_of(&block, m->at.day);
        for (size_t i = 0; i < block.n_rows; i++)
            if (day[i] > *last)   /* missing is the lowest number */
                *last = day[i];
        TRY(seg_step(m->ctx, "looking for the last day", block.first_row + block.n_rows,
                     m->source->n_rows, err));
    }
    TRY(m->source->rewind(m->source, err));

done:
    return st;
}

static seg_status check_last_day(int32_t last, seg_error *err)
{
    if (last == SEG_MISSING_DAY)
        return seg_fail(err, SEG_E_DATA, "no row of the transactions has a date");
    if (last > LAST_DAY)
        return seg_fail(err, SEG_E_DATA, "day number %d of the transactions is beyond the"
                        " year 9999", last);
    return SEG_OK;
}

static int32_t day_plus(int32_t day, int64_t days)
{
    int64_t sum = day + days;
    return sum < INT32_MIN + 1 ? INT32_MIN + 1 : sum > INT32_MAX ? INT32_MAX : (int32_t)sum;
}

static seg_status set_days(maker *m, seg_error *err)
{
    seg_status st = SEG_OK;
    m->as_of_day = m->options->as_of_day;
    if (m->as_of_day == SEG_MISSING_DAY && m->span.label_days != 0)
        return seg_fail(err, SEG_E_USAGE, "--label-window needs --as-of: without it nothing"
                        " comes after the as-of day");
    if (m->as_of_day == SEG_MISSING_DAY && m->span.window_days != 0) {
        int32_t last;
        TRY(last_day_of(m, &last, err));
        TRY(check_last_day(last, err));
        m->as_of_day = last + 1;
    }
    bool known = m->as_of_day != SEG_MISSING_DAY;
    m->rules.end_day = known ? m->as_of_day : INT32_MAX;
    m->rules.first_day = m->span.window_days == 0
                             ? INT32_MIN + 1
                             : day_plus(m->as_of_day, -(int64_t)m->span.window_days);
    m->rules.label_end_day = known ? day_plus(m->as_of_day, m->span.label_days) : INT32_MAX;

done:
    return st;
}

typedef seg_status take_lines(seg_rfm_pass *pass, const seg_rfm_lines *lines, seg_error *err);

static seg_status for_all_lines(maker *m, const char *what, take_lines *take, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_block block;
    for (;;) {
        TRY(m->source->next(m->source, &block, err));
        if (block.n_rows == 0)
            break;
        const seg_rfm_lines lines = {
            .n_rows = block.n_rows,
            .customer = column_of(&block, m->at.customer),
            .day = column_of(&block, m->at.day),
            .order = column_of(&block, m->at.order),
            .quantity = column_of(&block, m->at.quantity),
            .price = column_of(&block, m->at.price),
            .amount = column_of(&block, m->at.amount),
            .item = column_of(&block, m->at.item),
            .seconds = column_of(&block, m->at.seconds),
        };
        TRY(take(m->pass, &lines, err));
        TRY(seg_step(m->ctx, what, block.first_row + block.n_rows, m->source->n_rows, err));
    }

done:
    return st;
}

static seg_status add_all(maker *m, seg_error *err)
{
    seg_status st = SEG_OK;
    if (m->rules.match) {
        TRY(for_all_lines(m, "looking for refunds", seg_rfm_note_refunds, err));
        TRY(m->source->rewind(m->source, err));
    }
    TRY(for_all_lines(m, "adding up customers", seg_rfm_add, err));
    TRY(seg_rfm_finish(m->pass, err));

done:
    return st;
}

/* The label counts days that the log must cover. */
static seg_status check_label_window(const maker *m, int32_t last, seg_error *err)
{
    char day[SEG_DATE_BYTES], end[SEG_DATE_BYTES];
    if (m->span.label_days == 0)
        return SEG_OK;
    seg_print_day(day, last);
    seg_print_day(end, day_plus(m->rules.label_end_day, -1));
    if (last < m->as_of_day)
        return seg_fail(err, SEG_E_DATA, "the transactions end on %s, before the label window"
                        " begins: nobody could be seen to stay", day);
    if (last < m->rules.label_end_day - 1)
        seg_note(m->ctx, SEG_LEVEL_WARN, "the transactions end on %s, the label window on %s:"
                 " customers may be called churned who are not", day, end);
    return SEG_OK;
}

static seg_status run_pass(maker *m, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *schema = m->source->schema;

    TRY(find_columns(schema, &m->at, err));
    m->rules.n_customers = schema->columns[m->at.customer].n_levels;
    m->rules.n_orders = m->at.order == SIZE_MAX ? 0 : schema->columns[m->at.order].n_levels;
    m->rules.count_zero = m->options->zero == 1;
    m->rules.match = m->options->returns == RETURNS_MATCH;
    if (m->rules.match && (m->at.item == SIZE_MAX || m->at.quantity == SIZE_MAX))
        return seg_fail(err, SEG_E_USAGE, "--returns match needs the columns 'item' and"
                        " 'quantity' in the transactions");
    TRY(find_credit_notes(m, err));
    TRY(rank_orders(m, err));
    TRY(m->source->rewind(m->source, err));
    TRY(set_days(m, err));
    TRY(seg_rfm_new(&m->rules, &m->pass, err));
    TRY(add_all(m, err));
    TRY(check_last_day(seg_rfm_last_day(m->pass), err));
    if (m->as_of_day == SEG_MISSING_DAY)
        m->as_of_day = seg_rfm_last_day(m->pass) + 1;
    TRY(check_label_window(m, seg_rfm_last_day(m->pass), err));

done:
    return st;
}

/* ---- the report ------------------------------------------------------------------------ */

static void report_rows(const maker *m, seg_node *report)
{
    static const struct { const char *name; int bucket; } rows[] = {
        { "used", SEG_RFM_USED },
        { "no_id", SEG_RFM_NO_ID },
        { "zero", SEG_RFM_ZERO },
        { "cancelled", SEG_RFM_CANCELLED },
        { "excluded", -1 },
        { "outside_window", SEG_RFM_OUTSIDE },
        { "duplicate", -1 },
        { "bad", SEG_RFM_BAD },
    };
    const uint64_t *counts = seg_rfm_counts(m->pass);
    seg_node *node = seg_put_object(report, "rows");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        seg_put_int(node, rows[i].name, rows[i].bucket < 0 ? 0 : (int64_t)counts[rows[i].bucket]);
}

static void write_report(const maker *m, seg_node *report)
{
    const seg_rfm_customer *customers = seg_rfm_customers(m->pass);
    char day[SEG_DATE_BYTES];
    int64_t n_buyers = 0, n_others = 0;
    for (size_t c = 0; c < m->rules.n_customers; c++) {
        n_buyers += customers[c].n_lines > 0;
        n_others += customers[c].seen && customers[c].n_lines == 0;
    }
    seg_print_day(day, m->as_of_day);
    seg_put_text(report, "as_of", day);
    seg_put_int(report, "customers", n_buyers);
    seg_put_int(report, "without_purchase", n_others);
    report_rows(m, report);
}

static seg_status open_table(const maker *m, seg_source **out, seg_error *err)
{
    const seg_schema *schema = m->source->schema;
    seg_customer_table table = {
        .name = m->source->name,
        .customers = seg_rfm_customers(m->pass),
        .names = schema->columns[m->at.customer].levels,
        .n_customers = m->rules.n_customers,
        .scale = m->at.scale,
        .as_of_day = m->as_of_day,
        .net = m->options->returns == RETURNS_NET,
        .label = m->span.label_days != 0,
        .zone = schema->zone,
        .currency = schema->currency,
    };
    return seg_customer_table_open(m->ctx, &table, out, err);
}

seg_status seg_customers_over(const seg_context *ctx, seg_source *transactions,
                              const seg_customer_options *options,
                              const seg_customer_span *span, seg_node *report,
                              seg_source **out, seg_error *err)
{
    seg_status st = SEG_OK;
    maker m = { .ctx = ctx, .source = transactions, .options = options };
    *out = NULL;

    if (span != NULL)
        m.span = *span;
    TRY(run_pass(&m, err));
    TRY(open_table(&m, out, err));
    write_report(&m, report);

done:
    if (st != SEG_OK)
        seg_error_context(err, "%s", transactions->name);
    seg_rfm_free(m.pass);
    seg_free(m.credit_note);
    seg_free(m.order_rank);
    return st;
}

seg_status seg_customers_from_transactions(const seg_context *ctx, seg_source *transactions,
                                           const seg_customer_options *options,
                                           seg_node *report, seg_source **out, seg_error *err)
{
    return seg_customers_over(ctx, transactions, options, NULL, report, out, err);
}
