/* rfm.h: order lines added up per customer: what everything about recency, frequency and
 * money starts from. Whole numbers only, so the sums do not depend on the order of the
 * rows, on blocks or on threads. */
#ifndef SEGMILL_KERNELS_RFM_H
#define SEGMILL_KERNELS_RFM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

/* Every line falls into exactly one of these; the first that holds. */
typedef enum seg_rfm_bucket {
    SEG_RFM_NO_ID,      /* no customer */
    SEG_RFM_BAD,        /* no day, no order number or no money in a log that has them */
    SEG_RFM_OUTSIDE,    /* before the window, or on the as-of day or later */
    SEG_RFM_ZERO,       /* money, quantity or price is zero (unless zero lines count) */
    SEG_RFM_CANCELLED,  /* money, quantity or price below zero, or on a credit note */
    SEG_RFM_USED,       /* a purchase */
    SEG_RFM_BUCKETS
} seg_rfm_bucket;

typedef struct seg_rfm_rules {
    size_t n_customers;          /* customer codes are below */
    size_t n_orders;             /* order codes are below; 0 without an order column */
    int32_t first_day, end_day;  /* lines of days first_day .. end_day - 1 count */
    int32_t label_end_day;       /* purchases of end_day .. label_end_day - 1 are noticed */
    bool count_zero;             /* a line of money zero is a purchase */
    bool match;                  /* refunds take units off the purchases they came from;
                                    see kernels/returns.h */
    const uint8_t *credit_note;  /* per order code: 1 if it is one; null: none is */
    const uint32_t *order_rank;  /* match: per order code its place among the names, so that
                                    codes do not matter; null: no orders. Both outlive the
                                    pass */
} seg_rfm_rules;

/* Columns of consecutive lines; missing values as in table.h. */
typedef struct seg_rfm_lines {
    size_t n_rows;
    const int32_t *customer;
    const int32_t *day;
    const int32_t *order;        /* null: the purchases of one day are one order */
    const int64_t *quantity;     /* may be null */
    const int64_t *price;        /* may be null */
    const int64_t *amount;       /* null: quantity times price */
    const int32_t *item;         /* match only */
    const int64_t *seconds;      /* match only; null: the day's */
} seg_rfm_lines;

typedef struct seg_rfm_customer {
    int64_t gross;               /* money of the purchases */
    int64_t refunds;             /* money of the cancelled lines, zero or less */
    int64_t matched;             /* match: money of purchases taken back, not in gross */
    int32_t first_day, last_day; /* of the purchases; meaningless without one */
    uint32_t n_orders;           /* distinct, with a purchase; known after finish */
    uint32_t n_lines;            /* purchase lines */
    uint32_t n_returns;          /* cancelled lines */
    bool seen;                   /* has any line in the window, be it of money zero */
    bool later;                  /* bought between end_day and label_end_day */
} seg_rfm_customer;

typedef struct seg_rfm_pass seg_rfm_pass;

seg_status seg_rfm_new(const seg_rfm_rules *rules, seg_rfm_pass **out, seg_error *err);
void seg_rfm_free(seg_rfm_pass *pass);   /* takes null */

/* match: all lines once before any is added. Only refunds within the window are kept. */
seg_status seg_rfm_note_refunds(seg_rfm_pass *pass, const seg_rfm_lines *lines,
                                seg_error *err);

/* Add lines. SEG_E_DATA when a code is out of range or money leaves 64 bits. Memory
 * beyond 56 bytes a customer and 4 an order: 16 to 32 bytes per distinct pair of customer
 * and order, but only for orders that have more than one customer, or for all distinct
 * days of a customer when there are no orders; match: 64 bytes per refund and per purchase
 * that a refund may concern. */
seg_status seg_rfm_add(seg_rfm_pass *pass, const seg_rfm_lines *lines, seg_error *err);

/* Settle refunds and count the distinct orders; nothing may be added after it. */
seg_status seg_rfm_finish(seg_rfm_pass *pass, seg_error *err);

const seg_rfm_customer *seg_rfm_customers(const seg_rfm_pass *pass);
const uint64_t *seg_rfm_counts(const seg_rfm_pass *pass);   /* by seg_rfm_bucket */
/* Last day of any line, whoever bought and whenever; INT32_MIN without one. */
int32_t seg_rfm_last_day(const seg_rfm_pass *pass);

#endif
