/* rules_trial.c: what is hidden from the rules: one item of a row or, where orders have
 * customer and day, what was new on a customer's last day. */
#include "models/rules_trial.h"

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

/* ---- lists ------------------------------------------------------------------------------ */

static seg_status put_item(seg_item_lists *lists, int64_t at, int32_t item, seg_error *err)
{
    seg_status st = SEG_GROW(&lists->items, &lists->items_cap, (size_t)at + 1, "items", err);
    if (st == SEG_OK)
        lists->items[at] = item;
    return st;
}

/* Complete the list that ends before `end`. */
static seg_status end_list(seg_item_lists *lists, int64_t end, seg_error *err)
{
    seg_status st = SEG_GROW(&lists->start, &lists->start_cap, lists->n + 2, "items", err);
    if (st != SEG_OK)
        return st;
    if (lists->n == 0)
        lists->start[0] = 0;
    lists->start[++lists->n] = end;
    return SEG_OK;
}

static int64_t end_of(const seg_item_lists *lists)
{
    return lists->n == 0 ? 0 : lists->start[lists->n];
}

static void lists_free(seg_item_lists *lists)
{
    seg_free(lists->start);
    seg_free(lists->items);
    *lists = (seg_item_lists){ 0 };
}

void seg_trial_rows_clear(seg_trial_rows *rows)
{
    rows->all.n = rows->shown.n = rows->hidden.n = 0;
}

void seg_trial_rows_free(seg_trial_rows *rows)
{
    lists_free(&rows->all);
    lists_free(&rows->shown);
    lists_free(&rows->hidden);
}

/* ---- one item --------------------------------------------------------------------------- */

seg_status seg_trial_hide_item(seg_trial_rows *rows, const seg_block *in, size_t i, seg_rng rng,
                               seg_error *err)
{
    seg_status st = SEG_OK;
    int64_t all = end_of(&rows->all), shown = end_of(&rows->shown), hidden = end_of(&rows->hidden);
    const int32_t *items = in->items + in->row_start[i];
    size_t n = (size_t)(in->row_start[i + 1] - in->row_start[i]), out = SIZE_MAX;
    if (n >= 2)
        out = (size_t)seg_rng_below(rng, in->first_row + i, n);
    for (size_t j = 0; j < n; j++) {
        TRY(put_item(&rows->all, all++, items[j], err));
        if (j == out)
            TRY(put_item(&rows->hidden, hidden++, items[j], err));
        else if (n >= 2)
            TRY(put_item(&rows->shown, shown++, items[j], err));
    }
    TRY(end_list(&rows->all, all, err));
    TRY(end_list(&rows->shown, shown, err));
    TRY(end_list(&rows->hidden, hidden, err));

done:
    return st;
}

/* ---- orders ----------------------------------------------------------------------------- */

bool seg_trial_orders_begin(seg_trial_orders *orders, const seg_schema *schema)
{
    orders->customer = seg_schema_column(schema, "customer");
    orders->day = seg_schema_column(schema, "day");
    if (orders->customer == SIZE_MAX || orders->day == SIZE_MAX
        || schema->columns[orders->customer].type != SEG_TYPE_CODE
        || schema->columns[orders->day].type != SEG_TYPE_DAY)
        return false;
    orders->n_customers = schema->columns[orders->customer].n_levels;
    return true;
}

static seg_status add_order(seg_trial_orders *o, const seg_block *in, size_t i, int32_t customer,
                            int32_t day, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = o->orders.n;
    int64_t at = end_of(&o->orders);
    TRY(SEG_GROW(&o->customer_of, &o->customer_cap, n + 1, "the orders", err));
    TRY(SEG_GROW(&o->day_of, &o->day_cap, n + 1, "the orders", err));
    for (int64_t j = in->row_start[i]; j < in->row_start[i + 1]; j++)
        TRY(put_item(&o->orders, at++, in->items[j], err));
    TRY(end_list(&o->orders, at, err));
    o->customer_of[n] = customer;
    o->day_of[n] = day;

done:
    return st;
}

seg_status seg_trial_orders_add(seg_trial_orders *o, const seg_block *in, seg_error *err)
{
    seg_status st = SEG_OK;
    const int32_t *customers = in->columns[o->customer], *days = in->columns[o->day];
    for (size_t i = 0; i < in->n_rows; i++) {
        if (customers[i] >= 0 && (size_t)customers[i] >= o->n_customers)
            TRY(seg_fail(err, SEG_E_DATA, "row %llu: a code lies outside of its dictionary",
                         (unsigned long long)(in->first_row + i + 1)));
        if (customers[i] < 0 || days[i] == SEG_MISSING_DAY)
            o->n_unnamed++;
        else
            TRY(add_order(o, in, i, customers[i], days[i], err));
    }

done:
    return st;
}

seg_status seg_trial_orders_group(seg_trial_orders *o, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(SEG_ALLOC(&o->first, o->n_customers + 2, "the orders", err));
    TRY(SEG_ALLOC(&o->order, o->orders.n, "the orders", err));
    for (size_t i = 0; i < o->orders.n; i++)
        o->first[o->customer_of[i] + 2]++;
    for (size_t c = 0; c < o->n_customers; c++)
        o->first[c + 2] += o->first[c + 1];
    for (size_t i = 0; i < o->orders.n; i++)
        o->order[o->first[o->customer_of[i] + 1]++] = (uint32_t)i;

done:
    return st;
}

void seg_trial_orders_free(seg_trial_orders *o)
{
    lists_free(&o->orders);
    seg_free(o->customer_of);
    seg_free(o->day_of);
    seg_free(o->first);
    seg_free(o->order);
    *o = (seg_trial_orders){ 0 };
}

/* ---- the last day ----------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* The items of the customer's orders of before `day`, or from it on, as a set at the end of
 * the lists; *end is where it ends. */
static seg_status put_set(seg_item_lists *lists, const seg_trial_orders *o, size_t c,
                          int32_t day, bool before, int64_t *end, seg_error *err)
{
    seg_status st = SEG_OK;
    int64_t first = end_of(lists), n = first;
    for (int64_t i = o->first[c]; i < o->first[c + 1]; i++) {
        uint32_t order = o->order[i];
        if ((o->day_of[order] < day) != before)
            continue;
        for (int64_t j = o->orders.start[order]; j < o->orders.start[order + 1]; j++)
            TRY(put_item(lists, n++, o->orders.items[j], err));
    }
    *end = first;
    if (n == first)
        goto done;
    qsort(lists->items + first, (size_t)(n - first), sizeof *lists->items, ascending);
    for (int64_t j = first; j < n; j++)
        if (j == first || lists->items[j] != lists->items[j - 1])
            lists->items[(*end)++] = lists->items[j];

done:
    return st;
}

/* Drop what is hidden and was shown before; both are ascending. Returns the new end. */
static int64_t drop_known(seg_item_lists *hidden, int64_t first, int64_t end,
                          const int32_t *shown, int64_t n_shown)
{
    int64_t kept = first, s = 0;
    for (int64_t j = first; j < end; j++) {
        while (s < n_shown && shown[s] < hidden->items[j])
            s++;
        if (s == n_shown || shown[s] != hidden->items[j])
            hidden->items[kept++] = hidden->items[j];
    }
    return kept;
}

seg_status seg_trial_hide_last(seg_trial_rows *rows, const seg_trial_orders *o, size_t c,
                               seg_error *err)
{
    seg_status st = SEG_OK;
    int32_t last = INT32_MIN;
    int64_t all, shown, hidden, first_shown = end_of(&rows->shown);
    int64_t first_hidden = end_of(&rows->hidden);
    if (o->first[c] == o->first[c + 1])
        return SEG_OK;
    for (int64_t i = o->first[c]; i < o->first[c + 1]; i++)
        last = o->day_of[o->order[i]] > last ? o->day_of[o->order[i]] : last;
    TRY(put_set(&rows->all, o, c, INT32_MIN, false, &all, err));
    TRY(put_set(&rows->shown, o, c, last, true, &shown, err));
    TRY(put_set(&rows->hidden, o, c, last, false, &hidden, err));
    hidden = drop_known(&rows->hidden, first_hidden, hidden, rows->shown.items + first_shown,
                        shown - first_shown);
    if (shown == first_shown || hidden == first_hidden) {
        shown = first_shown;
        hidden = first_hidden;
    }
    TRY(end_list(&rows->all, all, err));
    TRY(end_list(&rows->shown, shown, err));
    TRY(end_list(&rows->hidden, hidden, err));

done:
    return st;
}
