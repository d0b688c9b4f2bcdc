/* rules_trial.h: rows of which a part is hidden, to see whether offers would have hit it. */
#ifndef SEGMILL_MODELS_RULES_TRIAL_H
#define SEGMILL_MODELS_RULES_TRIAL_H

#include "base/rng.h"
#include "models/method.h"

/* Sets of items, one per customer: start has n + 1 numbers once `n` of them are complete. */
typedef struct seg_item_lists {
    size_t n;
    int64_t *start;
    int32_t *items;
    size_t start_cap, items_cap;
} seg_item_lists;

/* A portion of customers: all that each has, what is shown of it, and what is hidden. Where
 * nothing is hidden, nothing is shown either: the customer is not tested. */
typedef struct seg_trial_rows {
    seg_item_lists all, shown, hidden;
} seg_trial_rows;

void seg_trial_rows_clear(seg_trial_rows *rows);
void seg_trial_rows_free(seg_trial_rows *rows);

/* A row of a block: one item of two or more is hidden, drawn by the number of the row. */
seg_status seg_trial_hide_item(seg_trial_rows *rows, const seg_block *in, size_t i, seg_rng rng,
                               seg_error *err);

/* Orders by customer, kept until all have been seen: 4 bytes an item and 16 an order. */
typedef struct seg_trial_orders {
    size_t customer, day;        /* columns of the blocks */
    size_t n_customers;          /* categories of the customer */
    seg_item_lists orders;
    int32_t *customer_of, *day_of;
    size_t customer_cap, day_cap;
    uint64_t n_unnamed;          /* orders without customer or day: left out */
    int64_t *first;              /* after seg_trial_orders_group(): orders of customer c are */
    uint32_t *order;             /* order[first[c] .. first[c + 1]) */
} seg_trial_orders;

/* Whether the rows are orders with customer and day; sets the columns. */
bool seg_trial_orders_begin(seg_trial_orders *orders, const seg_schema *schema);
seg_status seg_trial_orders_add(seg_trial_orders *orders, const seg_block *in, seg_error *err);
seg_status seg_trial_orders_group(seg_trial_orders *orders, seg_error *err);
void seg_trial_orders_free(seg_trial_orders *orders);

/* Customer c, if it has orders: what it bought for the first time on the last day it bought
 * anything is hidden, what it bought before is shown. */
seg_status seg_trial_hide_last(seg_trial_rows *rows, const seg_trial_orders *orders, size_t c,
                               seg_error *err);

#endif
