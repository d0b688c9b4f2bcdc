/* profit.h: what calling the customers with the highest scores earns.
 *
 * Of the customers called, a leaver accepts the offer with probability `accept`, is then kept
 * and worth `value`; a stayer always takes the offer. Every call costs `contact_cost`, every
 * offer that is taken `offer_cost`. So one call earns
 *
 *     a leaver:  accept * (value - offer_cost) - contact_cost
 *     a stayer:  -(offer_cost + contact_cost)
 *
 * which is the average classification profit of T. Verbraken, W. Verbeke and B. Baesens, "A
 * novel profit maximizing metric for measuring classification performance of customer churn
 * prediction models", IEEE Transactions on Knowledge and Data Engineering 25(5), 2013, pages
 * 961-973:
 *
 *     P(t) = CLV (accept (1 - d) - f) pi0 F0(t) - CLV (d + f) pi1 F1(t)
 *
 * with CLV = value, d = offer_cost / value, f = contact_cost / value, pi0 and pi1 the shares
 * of leavers and stayers, F0(t) and F1(t) the shares of them that are called; and it is the
 * campaign profit of W. Verbeke, K. Dejaeger, D. Martens, J. Hur and B. Baesens, "New insights
 * into churn prediction in the telecommunication sector: A profit driven data mining
 * approach", European Journal of Operational Research 218(1), 2012, pages 211-229, without
 * the fixed cost of a campaign. */
#ifndef SEGMILL_KERNELS_PROFIT_H
#define SEGMILL_KERNELS_PROFIT_H

#include "kernels/classify.h"

/* All finite; costs and value not negative, accept 0 .. 1. */
typedef struct seg_campaign {
    double value, offer_cost, contact_cost, accept;
} seg_campaign;

/* The customers with at least this score are called: a real cut, so that ties are whole. */
typedef struct seg_profit_point {
    double threshold;        /* NaN: nobody is called */
    double share;            /* of the customers that are called */
    double profit;
} seg_profit_point;

enum { SEG_PROFIT_POINTS = 101 };

typedef struct seg_profit {
    double max;              /* of all cuts, that of nobody (0) included */
    double per_customer;     /* the same / all rows */
    double threshold;        /* of the cut; NaN when no call pays. Of equal ones the highest */
    double target_share;
    int64_t customers, leavers;   /* called at that cut; those of them that leave */
    size_t n_points;
    seg_profit_point curve[SEG_PROFIT_POINTS];   /* from nobody to all: the first cut past
                                                    each percent of the rows */
} seg_profit;

/* SEG_E_DATA when the table is empty. */
seg_status seg_profit_measure(const seg_score_table *table, const seg_campaign *campaign,
                              seg_profit *out, seg_error *err);

/* Expected maximum profit per customer (EMPC; Verbraken et al. 2013): the share that accepts
 * is not known, but drawn from Beta(6, 14), whose mean is 0.3, before the best cut for it is
 * taken; campaign->accept does not count. Like empChurn of the R package EMP, whose values
 * are value 200, offer 10, contact 1. SEG_E_DATA when the table is empty. */
seg_status seg_profit_expected(const seg_score_table *table, const seg_campaign *campaign,
                               double *out, seg_error *err);

#endif
