/* inspect_log.c: what a log of transactions, or baskets, are as a whole. */
#include <string.h>

#include "base/alloc.h"
#include "base/date.h"
#include "base/try.h"
#include "jobs/inspect_parts.h"
#include "kernels/radix.h"

enum { TOP = 10 };

seg_status seg_look_log_new(const seg_schema *schema, seg_look_log *log, seg_error *err)
{
    seg_status st = SEG_OK;
    *log = (seg_look_log){ 0 };
    if (schema->kind != SEG_KIND_BASKETS)
        return SEG_OK;
    log->n_sizes = schema->n_features + 1;
    TRY(SEG_ALLOC(&log->sizes, log->n_sizes, "the sizes of baskets", err));
    TRY(SEG_ALLOC(&log->bought, schema->n_features, "the items", err));
done:
    return st;
}

void seg_look_log_free(seg_look_log *log)
{
    seg_free(log->sizes);
    seg_free(log->bought);
    *log = (seg_look_log){ 0 };
}

static void add_baskets(seg_look_log *log, const seg_schema *schema, const seg_block *block)
{
    for (size_t i = 0; i < block->n_rows; i++) {
        int64_t first = block->row_start[i], end = block->row_start[i + 1];
        log->items += end - first;
        if ((size_t)(end - first) < log->n_sizes)
            log->sizes[end - first]++;
        for (int64_t j = first; j < end; j++)
            if ((size_t)block->items[j] < schema->n_features)
                log->bought[block->items[j]]++;
    }
}

/* The cells of a whole-number column, or null. */
static const int64_t *whole_column(const seg_schema *schema, const seg_block *block,
                                   const char *name)
{
    size_t c = seg_schema_column(schema, name);
    return c == SIZE_MAX || schema->columns[c].type != SEG_TYPE_I64 ? NULL : block->columns[c];
}

/* A return: a line of money or quantity below zero. */
static void add_lines(seg_look_log *log, const seg_schema *schema, const seg_block *block)
{
    const int64_t *amount = whole_column(schema, block, "amount");
    const int64_t *quantity = whole_column(schema, block, "quantity");
    for (size_t i = 0; i < block->n_rows; i++) {
        int64_t money = amount == NULL || amount[i] == SEG_MISSING_I64 ? 0 : amount[i];
        bool less = quantity != NULL && quantity[i] != SEG_MISSING_I64 && quantity[i] < 0;
        log->money += money;
        log->back -= money < 0 ? money : 0;
        log->returns += money < 0 || less ? 1 : 0;
    }
}

void seg_look_log_add(seg_look_log *log, const seg_schema *schema, const seg_block *block)
{
    if (schema->kind == SEG_KIND_BASKETS && block->row_start != NULL)
        add_baskets(log, schema, block);
    else if (schema->kind == SEG_KIND_TRANSACTIONS)
        add_lines(log, schema, block);
}

/* ---- transactions --------------------------------------------------------------------------- */

static const seg_profile_column *column_named(const seg_look *look, const char *name)
{
    size_t c = seg_schema_column(look->schema, name);
    return c == SIZE_MAX ? NULL : &look->profile->columns[look->profile->n_features + c];
}

/* Smallest, quartiles and largest of n ascending numbers: each is one of them. */
static void put_quartiles(seg_node *into, const char *name, const uint64_t *sorted, size_t n)
{
    static const char *const names[] = { "min", "p25", "median", "p75", "max" };
    seg_node *row = seg_put_object(into, name);
    for (size_t q = 0; n > 0 && q < 5; q++)
        seg_put_int(row, names[q], (int64_t)sorted[q * (n - 1) / 4]);
}

static seg_status put_per_customer(const seg_profile_column *customer, seg_node *log,
                                   seg_error *err)
{
    seg_status st = SEG_OK;
    uint64_t *rows = NULL, *temp = NULL;
    size_t n = 0;
    TRY(SEG_ALLOC(&rows, customer->what.n_levels, "the customers", err));
    TRY(SEG_ALLOC(&temp, customer->what.n_levels, "the customers", err));
    for (size_t l = 0; l < customer->what.n_levels; l++)
        if (customer->levels[l] > 0)
            rows[n++] = (uint64_t)customer->levels[l];
    seg_radix_sort(rows, NULL, n, temp, NULL);
    put_quartiles(log, "rows_per_customer", rows, n);
done:
    seg_free(rows);
    seg_free(temp);
    return st;
}

static void put_count(seg_node *into, const char *name, const seg_profile_column *column)
{
    if (column != NULL)
        seg_put_int(into, name, (int64_t)column->n_distinct);
}

static void put_money(const seg_look_log *log, const seg_profile_column *amount, seg_node *into)
{
    if (amount == NULL)
        return;
    double scale = amount->what.scale > 1 ? amount->what.scale : 1;
    double gross = (double)(log->money + log->back);
    seg_put_real(into, "money", (double)log->money / scale);
    seg_put_real(into, "returned_share_of_money", gross > 0 ? (double)log->back / gross : 0);
}

static seg_status put_log(const seg_look_log *log, const seg_look *look, seg_node *result,
                          seg_error *err)
{
    char text[SEG_LOOK_BYTES];
    const seg_profile_column *customer = column_named(look, "customer");
    const seg_profile_column *day = column_named(look, "day");
    seg_node *into = seg_put_object(result, "log");
    put_count(into, "customers", customer);
    put_count(into, "orders", column_named(look, "order"));
    put_count(into, "items", column_named(look, "item"));
    if (customer != NULL)
        seg_put_int(into, "rows_without_customer", (int64_t)look->n_rows - customer->n);
    if (day != NULL && day->n > 0) {
        seg_put_text(into, "first_day", seg_look_value(text, &day->what, day->least));
        seg_put_text(into, "last_day", seg_look_value(text, &day->what, day->largest));
        seg_put_int(into, "days_with_rows", (int64_t)(day->n_distinct + 0.5));
    }
    put_money(log, column_named(look, "amount"), into);
    seg_put_real(into, "returned_share_of_rows",
                 look->n_rows > 0 ? (double)log->returns / (double)look->n_rows : 0);
    return customer == NULL || customer->what.type != SEG_TYPE_CODE
               ? SEG_OK : put_per_customer(customer, into, err);
}

/* ---- baskets -------------------------------------------------------------------------------- */

/* The size that the basket of that rank has, in ascending order of size. */
static int64_t size_at(const seg_look_log *log, uint64_t rank)
{
    uint64_t below = 0;
    size_t size = 0;
    while (size + 1 < log->n_sizes && below + (uint64_t)log->sizes[size] <= rank)
        below += (uint64_t)log->sizes[size++];
    return (int64_t)size;
}

static void put_sizes(const seg_look_log *log, const seg_look *look, seg_node *into)
{
    static const char *const names[] = { "min", "p25", "median", "p75", "max" };
    uint64_t n = look->n_rows;
    seg_node *sizes = seg_put_object(into, "items_per_basket");
    if (n == 0)
        return;
    seg_put_real(sizes, "mean", (double)log->items / (double)n);
    for (uint64_t q = 0; q < 5; q++)
        seg_put_int(sizes, names[q],
                    size_at(log, (uint64_t)((unsigned __int128)q * (n - 1) / 4)));
    seg_put_int(into, "empty", log->sizes[0]);
    seg_put_int(into, "of_one_item", log->n_sizes > 1 ? log->sizes[1] : 0);
}

static void put_top(const seg_look_log *log, const seg_look *look, seg_node *into)
{
    size_t top[TOP], n = 0;
    for (size_t i = 0; i < look->schema->n_features; i++) {
        if (log->bought[i] == 0 || (n == TOP && log->bought[i] <= log->bought[top[n - 1]]))
            continue;
        size_t at = n < TOP ? n++ : n - 1;
        for (; at > 0 && log->bought[top[at - 1]] < log->bought[i]; at--)
            top[at] = top[at - 1];
        top[at] = i;
    }
    seg_node *items = seg_put_array(into, "top_items");
    for (size_t i = 0; i < n; i++) {
        seg_node *row = seg_put_object(items, NULL);
        seg_put_text(row, "item", look->schema->features[top[i]].name);
        seg_put_int(row, "baskets", log->bought[top[i]]);
        seg_put_real(row, "share", (double)log->bought[top[i]] / (double)look->n_rows);
    }
}

seg_status seg_look_log_put(const seg_look_log *log, const seg_look *look, seg_node *result,
                            seg_error *err)
{
    if (look->schema->kind == SEG_KIND_TRANSACTIONS)
        return put_log(log, look, result, err);
    if (look->schema->kind == SEG_KIND_BASKETS) {
        seg_node *into = seg_put_object(result, "baskets");
        seg_put_int(result, "bought", log->items);
        put_sizes(log, look, into);
        put_top(log, look, into);
    }
    return SEG_OK;
}
