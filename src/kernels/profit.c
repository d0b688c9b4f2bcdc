/* profit.c: the profit at every cut of the scores, and its expected maximum.
 *
 * For a known share of acceptance one walk over the table finds the best cut. For a random
 * one only the corners of the convex hull of the ROC curve can be best, each between two
 * shares of acceptance; the integral over such a stretch is a difference of incomplete beta
 * functions, and for whole parameters these are sums of binomial terms (Abramowitz and Stegun
 * 26.5.24), all positive: no error but rounding, and no function of the C library. */
#include "kernels/profit.h"

#include <math.h>
#include "base/alloc.h"
#include "base/try.h"

typedef struct corner {
    int64_t leavers, stayers;   /* called */
} corner;

static const seg_score_run *from_top(const seg_score_table *table, size_t i)
{
    return &table->runs[table->n_runs - 1 - i];
}

static corner count_all(const seg_score_table *table)
{
    corner all = { 0, 0 };
    for (size_t i = 0; i < table->n_runs; i++) {
        all.stayers += table->runs[i].n[0];
        all.leavers += table->runs[i].n[1];
    }
    return all;
}

/* ---- a known share of acceptance ------------------------------------------- */

static double profit_at(const seg_campaign *c, corner at)
{
    double leaver = c->accept * (c->value - c->offer_cost) - c->contact_cost;
    return (double)at.leavers * leaver - (double)at.stayers * (c->offer_cost + c->contact_cost);
}

seg_status seg_profit_measure(const seg_score_table *table, const seg_campaign *campaign,
                              seg_profit *out, seg_error *err)
{
    corner all = count_all(table), at = { 0, 0 };
    int64_t rows = all.leavers + all.stayers, percent = 0;

    *out = (seg_profit){ .threshold = NAN, .n_points = 1, .curve = { { .threshold = NAN } } };
    if (rows == 0)
        return seg_fail(err, SEG_E_DATA, "no row has a label to compute a profit from");
    for (size_t i = 0; i < table->n_runs; i++) {
        const seg_score_run *run = from_top(table, i);
        at.stayers += run->n[0];
        at.leavers += run->n[1];
        int64_t called = at.leavers + at.stayers;
        seg_profit_point point = { (double)run->score, (double)called / (double)rows,
                                   profit_at(campaign, at) };
        if (point.profit > out->max) {
            out->max = point.profit;
            out->threshold = point.threshold;
            out->target_share = point.share;
            out->customers = called;
            out->leavers = at.leavers;
        }
        if (100 * called / rows > percent) {
            percent = 100 * called / rows;
            out->curve[out->n_points++] = point;
        }
    }
    out->per_customer = out->max / (double)rows;
    return SEG_OK;
}

/* ---- a random one ------------------------------------------------------------ */

enum { ALPHA = 6, BETA = 14 };

/* The incomplete beta function I(x; a, b): the chance of at least a heads in a + b - 1
 * throws. */
static double beta_share(int a, int b, double x)
{
    enum { MOST = ALPHA + BETA + 1 };
    int n = a + b - 1;
    double heads[MOST], tails = 1, ways = 1, sum = 0;
    heads[0] = 1;
    for (int k = 1; k <= n; k++)
        heads[k] = heads[k - 1] * x;
    for (int k = n; k >= a; k--) {
        sum += ways * heads[k] * tails;
        tails *= 1 - x;
        ways = ways * k / (n - k + 1);
    }
    return sum;
}

/* Twice the area of the triangle a b c, positive when c lies above the line from a to b:
 * more leavers for the stayers. */
static __int128 turn(corner a, corner b, corner c)
{
    return (__int128)(b.stayers - a.stayers) * (c.leavers - a.leavers)
           - (__int128)(b.leavers - a.leavers) * (c.stayers - a.stayers);
}

/* The upper hull of the ROC curve from nobody to all; `hull` has room for n_runs + 1. */
static size_t find_hull(const seg_score_table *table, corner *hull)
{
    size_t n = 1;
    corner at = { 0, 0 };
    hull[0] = at;
    for (size_t i = 0; i < table->n_runs; i++) {
        at.stayers += from_top(table, i)->n[0];
        at.leavers += from_top(table, i)->n[1];
        while (n >= 2 && turn(hull[n - 2], hull[n - 1], at) >= 0)
            n--;
        hull[n++] = at;
    }
    return n;
}

/* The share of acceptance from which the way from corner a to b pays; above 1: never. */
static double pays_from(const seg_campaign *c, corner a, corner b)
{
    double leavers = (double)(b.leavers - a.leavers), stayers = (double)(b.stayers - a.stayers);
    double gain = leavers * (c->value - c->offer_cost);
    double cost = (leavers + stayers) * c->contact_cost + stayers * c->offer_cost;
    return gain > 0 ? cost / gain : 2;
}

seg_status seg_profit_expected(const seg_score_table *table, const seg_campaign *campaign,
                               double *out, seg_error *err)
{
    seg_status st = SEG_OK;
    corner *hull = NULL, all = count_all(table);
    const double mean = (double)ALPHA / (ALPHA + BETA);
    double sum = 0;
    *out = NAN;

    if (all.leavers + all.stayers == 0)
        return seg_fail(err, SEG_E_DATA, "no row has a label to compute a profit from");
    TRY(SEG_ALLOC(&hull, table->n_runs + 1, "the hull of the ROC curve", err));
    size_t n = find_hull(table, hull);
    for (size_t i = 1; i < n; i++) {
        double from = pays_from(campaign, hull[i - 1], hull[i]);
        double to = i + 1 < n ? fmin(1, pays_from(campaign, hull[i], hull[i + 1])) : 1;
        if (from >= to)
            continue;
        double leavers = (double)hull[i].leavers, stayers = (double)hull[i].stayers;
        double chance = beta_share(ALPHA, BETA, to) - beta_share(ALPHA, BETA, from);
        double accepted = mean * (beta_share(ALPHA + 1, BETA, to)
                                  - beta_share(ALPHA + 1, BETA, from));
        double cost = (leavers + stayers) * campaign->contact_cost
                      + stayers * campaign->offer_cost;
        sum += leavers * (campaign->value - campaign->offer_cost) * accepted - cost * chance;
    }
    *out = sum / (double)(all.leavers + all.stayers);

done:
    seg_free(hull);
    return st;
}
