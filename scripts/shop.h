/* shop.h: a coffee shop that never was: who buys there, what and when. */
#ifndef SEGMILL_SCRIPTS_SHOP_H
#define SEGMILL_SCRIPTS_SHOP_H

#include <stdbool.h>
#include <stdint.h>
#include "segmill/status.h"

enum { SHOP_LINES = 16, SHOP_NOBODY = -1 };

typedef struct shop_product {
    const char *sku, *name, *category;
    int32_t price_cents;
    uint8_t weight[5]; /* how often each kind of shopper starts a basket with it */
} shop_product;

typedef struct shop_line {
    const shop_product *product;
    int32_t quantity;    /* negative: goods come back */
    int32_t price_cents; /* of one piece, after the discount */
} shop_line;

typedef struct shop_order {
    uint32_t number;
    bool refund;
    int64_t customer; /* SHOP_NOBODY: a guest */
    int64_t seconds;  /* since 1970 */
    uint32_t n_lines;
    shop_line lines[SHOP_LINES];
} shop_order;

/* What the shop knows of a customer at the end of the year. Texts are constants;
 * null and negative numbers are unknown, except for spend_cents. */
typedef struct shop_customer {
    int32_t joined_day;
    int32_t age;
    const char *city, *channel, *plan;
    bool newsletter, has_email;
    int32_t visits_30d, tickets, late_deliveries, discount_percent, rating;
    int32_t orders, days_since_order;
    int64_t spend_cents; /* without what came back */
    bool churned;        /* no order in the 90 days that follow */
} shop_customer;

typedef struct shop shop;
typedef seg_status (*shop_sink)(void *user, const shop_order *order, seg_error *err);

/* The year 2024 of a shop with so many customers; each order goes to `sink`, in the
 * order of time. The same numbers give the same shop. Cost: about 10 draws of a random
 * number per order line and 96 bytes per customer. */
seg_status shop_run(uint64_t n_customers, uint64_t seed, shop_sink sink, void *user, shop **out,
                    seg_error *err);
shop_customer shop_customer_at(const shop *shop, uint64_t i);
void shop_free(shop *shop); /* takes null */

#endif
