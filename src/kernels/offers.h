/* offers.h: which rules have something to offer to a customer. */
#ifndef SEGMILL_KERNELS_OFFERS_H
#define SEGMILL_KERNELS_OFFERS_H

#include "kernels/apriori.h"

/* Rules with one item in the head, best first. */
typedef struct seg_offer_rules {
    size_t n_rules, n_items;
    int64_t *body_start;      /* n_rules + 1 */
    int32_t *body;
    int32_t *head;            /* n_rules */
    int64_t *trigger_start;   /* n_items + 1: rules that are looked at when a customer has */
    uint32_t *trigger;        /* the item, ascending; each rule stands under one body item */
} seg_offer_rules;

/* Set trigger_start and trigger: each rule under the rarest item of its body.
 * item_count: n_items. */
seg_status seg_offer_rules_index(seg_offer_rules *rules, const uint32_t *item_count,
                                 seg_error *err);
void seg_offer_rules_clear(seg_offer_rules *rules);

/* For each row the `k` best rules whose body the customer has, whose head the customer
 * lacks, each with another head: best[row * k + j], -1 where there is none.
 * scratch: n_threads * n_items bytes, all zero, left so. Rows: items in range. */
void seg_offers_find(const seg_offer_rules *rules, const seg_basket_rows *rows, size_t k,
                     int64_t *best, uint8_t *scratch, int n_threads);

#endif
