/* offer_options.h: what may be asked of next best offers, by score and evaluate. */
#ifndef SEGMILL_MODELS_OFFER_OPTIONS_H
#define SEGMILL_MODELS_OFFER_OPTIONS_H

#include <stdint.h>
#include "segmill/option.h"

/* In the order of SEG_OFFER_RANK_CHOICES. */
typedef enum seg_offer_rank {
    SEG_OFFER_BY_CONFIDENCE, SEG_OFFER_BY_LIFT, SEG_OFFER_BY_LEVERAGE, SEG_OFFER_BY_CONVICTION,
    SEG_OFFER_BY_SUPPORT, SEG_OFFER_COMBINED
} seg_offer_rank;
#define SEG_OFFER_RANK_CHOICES "confidence|lift|leverage|conviction|support|combined"

typedef struct seg_offer_options {
    uint32_t offers;         /* per customer */
    int rank_by;             /* seg_offer_rank */
    const char *prices, *block, *only, *block_by;   /* files; null: none */
} seg_offer_options;
enum { SEG_OFFERS_USUAL = 3, SEG_OFFERS_MAX = 20 };

/* How offers are judged: what a method that makes them gets as seg_train_input.options. */
typedef struct seg_offer_trial {
    uint32_t offers;         /* 1 .. SEG_OFFERS_MAX */
    int hold_out;            /* seg_hold_out */
} seg_offer_trial;
typedef enum seg_hold_out { SEG_HOLD_OUT_AUTO, SEG_HOLD_OUT_LAST, SEG_HOLD_OUT_ITEM } seg_hold_out;
#define SEG_HOLD_OUT_CHOICES "auto|last|item"

/* The rows of a table whose struct S holds these options as M. Who judges a model knows no
 * customers, so --block-by is for scores alone. */
#define SEG_OFFER_OPTION_ROWS(S, M)                                                           \
    { "offers", SEG_OPTION_U32, offsetof(S, M.offers), 1, SEG_OFFERS_MAX, NULL, "K",          \
      "rules: next best offers per customer", 0 },                                            \
    { "rank-by", SEG_OPTION_CHOICE, offsetof(S, M.rank_by), 0, 0, SEG_OFFER_RANK_CHOICES,     \
      NULL, "rules: offers by this measure of the best rule that applies; combined: by 1 -"   \
      " product of (1 - confidence) over all rules that apply", 0 },                          \
    { "prices", SEG_OPTION_TEXT, offsetof(S, M.prices), 0, 0, NULL, "FILE",                   \
      "rules: CSV with item,price or item,margin: offers by probability x money; what has no" \
      " price is not offered", SEG_OPTION_INPUT },                                            \
    { "block", SEG_OPTION_TEXT, offsetof(S, M.block), 0, 0, NULL, "FILE",                     \
      "rules: items never to offer, one a line or in a CSV's column 'item'",                  \
      SEG_OPTION_INPUT },                                                                     \
    { "only", SEG_OPTION_TEXT, offsetof(S, M.only), 0, 0, NULL, "FILE",                       \
      "rules: offer only these items, one a line or in a CSV's column 'item'",                \
      SEG_OPTION_INPUT }
#define SEG_OFFER_BLOCK_BY_ROW(S, M)                                                          \
    { "block-by", SEG_OPTION_TEXT, offsetof(S, M.block_by), 0, 0, NULL, "FILE",               \
      "rules: CSV with customer,item: what never to offer to whom", SEG_OPTION_INPUT }

#endif
