/* rules_offers.h: next best offers of a rules model: what is asked, and what was made ready
 * for it. Made when it is needed first: most of what is done with a model needs none. */
#ifndef SEGMILL_MODELS_RULES_OFFERS_H
#define SEGMILL_MODELS_RULES_OFFERS_H

#include "kernels/offers.h"
#include "models/offer_lists.h"
#include "models/rules.h"

enum { SEG_OFFER_REASON_BYTES = 240 };   /* longer ones are cut */

struct seg_rules_offers {
    seg_offer_options asked;     /* its paths are not kept */
    seg_offer_lists lists;

    seg_offer_rules rules;       /* with one item in the head, that may be offered; best first */
    uint32_t *rule;              /* rules.n_rules: number of the rule in the model */
    double *confidence;          /* combined: rules.n_rules */
    double *worth;               /* with prices: n_items */
    int32_t *level;              /* n_items: place among the items that are offered, or -1 */
    const char **names;          /* n_names, point into the model's schema */
    size_t n_names;
    size_t *name_bytes;          /* n_items */
    size_t reason_width;         /* bytes of the longest reason */
    size_t n_one_head;           /* rules with one item in the head */
    size_t n_unpriced, n_loss;   /* items of heads without a price, and with a loss */
};

/* Sort the rules and make the index. offers: only `asked` and `lists` are set. */
seg_status seg_rules_offers_make(const seg_rules_model *m, const seg_schema *schema,
                                 seg_rules_offers *offers, seg_error *err);

/* The model's offers, made for the usual question unless asked before. Any thread. */
seg_status seg_rules_offers_of(const seg_model *model, const seg_rules_offers **out,
                               seg_error *err);

/* What seg_offers_find() is to be asked for k offers. */
seg_offer_ask seg_rules_offers_ask(const seg_rules_offers *offers, size_t k);

/* The score of an offer: `combined` is what seg_offers_find() gave, if it gave one. */
double seg_rules_offer_score(const seg_rules_model *m, const seg_rules_offers *offers,
                             size_t rule, double combined);

void seg_rules_offers_free(seg_rules_offers *offers);   /* takes null */

#endif
