/* offer_lists.h: what the user says about items: which may be offered, to whom not, and what
 * they bring. */
#ifndef SEGMILL_MODELS_OFFER_LISTS_H
#define SEGMILL_MODELS_OFFER_LISTS_H

#include "data/dictionary.h"
#include "models/offer_options.h"
#include "segmill/context.h"
#include "segmill/table.h"

enum { SEG_PRICE_SCALE = 1000000 };   /* prices are whole numbers of 1/SEG_PRICE_SCALE */

typedef struct seg_offer_lists {
    uint8_t *barred;             /* n_items: never to be offered to anyone */
    int64_t *price;              /* n_items: SEG_MISSING_I64 where none; null: not asked for */
    bool margin;                 /* it is a margin */
    seg_dictionary *customers;   /* of --block-by; null: none */
    int64_t *start;              /* per customer, + 1: items[start[c] .. start[c + 1]) */
    int32_t *items;
    uint8_t *seen;               /* per customer: met in the data */
} seg_offer_lists;

/* Read the files of `options`; items: the model's, as features. Names that the model does not
 * know are counted and told. A list that cannot be read or is empty is SEG_E_DATA, whatever
 * the reason: offers must not be made without it. */
seg_status seg_offer_lists_read(const seg_context *ctx, const seg_offer_options *options,
                                const seg_schema *items, seg_offer_lists *out, seg_error *err);
void seg_offer_lists_clear(seg_offer_lists *lists);

/* Its number among the customers of --block-by, who is now seen, or -1. Any thread. */
int32_t seg_offer_lists_customer(const seg_offer_lists *lists, const char *id, size_t n);

/* Tell how many customers of --block-by were not met. */
void seg_offer_lists_tell(const seg_offer_lists *lists, const seg_context *ctx);

#endif
