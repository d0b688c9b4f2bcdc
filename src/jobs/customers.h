/* customers.h: order lines become customers: one row each, with recency, frequency, money
 * and a few features more. */
#ifndef SEGMILL_JOBS_CUSTOMERS_H
#define SEGMILL_JOBS_CUSTOMERS_H

#include "models/method.h"
#include "segmill/context.h"
#include "segmill/doc.h"
#include "segmill/stream.h"

/* What `features` adds to the options of a method. */
typedef struct seg_customer_span {
    uint32_t window_days;   /* only lines of so many days before as-of; 0: all of them */
    uint32_t label_days;    /* column `churned`: no purchase in so many days from as-of on;
                               0: no such column */
} seg_customer_span;

/* The customers of a transactions source, in ascending order of their ids' bytes.
 *
 * A purchase is a line of money, quantity and price above zero whose order is no credit
 * note. A credit note is an order named C and digits in a log where more orders are named
 * by digits alone; its lines, and all lines below zero, are cancelled: they take money away
 * (returns: net), never make recency or frequency. Without an order column the purchases of
 * one day are one order. returns match: what a refund takes back counts as never bought
 * (kernels/returns.h); an order that went back whole makes neither recency nor frequency.
 *
 * X:   recency_days, frequency, monetary, tenure_days, mean_order_value, lines, return_share
 * obs: recency_days, frequency, monetary (exact, units of the money's scale), returns
 *      (cancelled lines), and churned (no, yes; missing without a purchase before as-of).
 * A customer whose lines are all cancelled or zero stays, with frequency 0 and recency
 * missing. as_of_day of the schema is set.
 *
 * report (may be null) gets as_of, customers, without_purchase and rows{}: every line in
 * exactly one count. Nothing here excludes items or drops repeated lines (repeated lines
 * of an order are ordinary), so `excluded` and `duplicate` are zero.
 *
 * *out owns its rows: `transactions` may be closed. Memory: about 120 bytes and the id per
 * customer, 4 bytes per order; see kernels/rfm.h. */
seg_status seg_customers_from_transactions(const seg_context *ctx, seg_source *transactions,
                                           const seg_customer_options *options,
                                           seg_node *report, seg_source **out,
                                           seg_error *err);

/* The same with a window and a label; span null: neither. */
seg_status seg_customers_over(const seg_context *ctx, seg_source *transactions,
                              const seg_customer_options *options,
                              const seg_customer_span *span, seg_node *report,
                              seg_source **out, seg_error *err);

#endif
