/* cluster_agreement.c: indices of agreement from a table of counts.
 *
 * Pairs are counted in 128 bits, which holds them for any 64-bit weights. The adjusted Rand
 * index is taken from the four kinds of pairs (together in both, in one, in the other, in
 * none), whose products are compared before anything is rounded: the classical form subtracts
 * two nearly equal floating-point numbers when partitions are unrelated. */
#include "kernels/cluster_agreement.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

__extension__ typedef unsigned __int128 u128;

/* ---- the table ------------------------------------------------------------------------ */

seg_status seg_contingency_new(size_t k_a, size_t k_b, seg_contingency *out, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t cells;
    *out = (seg_contingency){ .k_a = k_a, .k_b = k_b };
    if (__builtin_mul_overflow(k_a, k_b, &cells))
        return seg_fail(err, SEG_E_AGAIN, "cannot compare %zu with %zu clusters: the table"
                        " would be too large", k_a, k_b);
    TRY(SEG_ALLOC(&out->n, cells, "the table of two labelings", err));
    TRY(SEG_ALLOC(&out->in_a, k_a, "the table of two labelings", err));
    TRY(SEG_ALLOC(&out->in_b, k_b, "the table of two labelings", err));

done:
    if (st != SEG_OK)
        seg_contingency_free(out);
    return st;
}

void seg_contingency_clear(seg_contingency *table)
{
    memset(table->n, 0, table->k_a * table->k_b * sizeof *table->n);
    memset(table->in_a, 0, table->k_a * sizeof *table->in_a);
    memset(table->in_b, 0, table->k_b * sizeof *table->in_b);
    table->all = 0;
}

void seg_contingency_free(seg_contingency *table)
{
    seg_free(table->n);
    seg_free(table->in_a);
    seg_free(table->in_b);
    *table = (seg_contingency){ 0 };
}

seg_status seg_contingency_add(seg_contingency *table, const int32_t *a, const int32_t *b,
                               const uint64_t *weight, size_t n, seg_error *err)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t w = weight == NULL ? 1 : weight[i];
        if (a[i] < 0 || b[i] < 0)
            continue;
        size_t j = (size_t)a[i], l = (size_t)b[i];
        if (j >= table->k_a || l >= table->k_b)
            return seg_fail(err, SEG_E_DATA, "row %zu has the labels %zu and %zu of %zu and %zu"
                            " clusters", i, j, l, table->k_a, table->k_b);
        if (__builtin_add_overflow(table->all, w, &table->all))
            return seg_fail(err, SEG_E_DATA, "the weights of the rows up to %zu do not fit 64"
                            " bits", i);
        table->n[j * table->k_b + l] += w;
        table->in_a[j] += w;
        table->in_b[l] += w;
    }
    return SEG_OK;
}

/* ---- pairs ---------------------------------------------------------------------------- */

static u128 pairs(uint64_t n)
{
    return n == 0 ? 0 : (u128)n * (n - 1) / 2;
}

static u128 pairs_of(const uint64_t *n, size_t count)
{
    u128 sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += pairs(n[i]);
    return sum;
}

static int bits(u128 x)
{
    uint64_t high = (uint64_t)(x >> 64), low = (uint64_t)x;
    return high != 0 ? 128 - __builtin_clzll(high) : low != 0 ? 64 - __builtin_clzll(low) : 0;
}

/* 2 (both * none - left * right) / ((both + left)(left + none) + (both + right)(right + none)),
 * left and right: together in only one of the two. Beyond 2^31 rows the counts are cut to 62
 * bits, so that every product and sum fits 128. */
double seg_agreement_ari(const seg_contingency *t)
{
    u128 all = pairs(t->all), both = pairs_of(t->n, t->k_a * t->k_b);
    u128 left = pairs_of(t->in_a, t->k_a) - both, right = pairs_of(t->in_b, t->k_b) - both;
    u128 none = all - both - left - right;
    if (t->all == 0)
        return (double)NAN;
    if (left == 0 && right == 0)
        return 1;
    int cut = bits(all) > 62 ? bits(all) - 62 : 0;
    both >>= cut, left >>= cut, right >>= cut, none >>= cut;
    u128 for_it = both * none, against = left * right;
    u128 whole = (both + left) * (left + none) + (both + right) * (right + none);
    double over = for_it >= against ? (double)(for_it - against) : -(double)(against - for_it);
    return whole == 0 ? 1 : 2 * over / (double)whole;
}

double seg_agreement_prediction_strength(const seg_contingency *t)
{
    double least = (double)NAN;
    for (size_t j = 0; j < t->k_a; j++) {
        if (t->in_a[j] < 2)
            continue;
        double share = (double)pairs_of(t->n + j * t->k_b, t->k_b) / (double)pairs(t->in_a[j]);
        if (!(share >= least))
            least = share;
    }
    return least;
}

/* ---- single clusters ------------------------------------------------------------------ */

void seg_agreement_jaccard(const seg_contingency *t, double *jaccard, int32_t *match)
{
    for (size_t j = 0; j < t->k_a; j++) {
        double best = t->in_a[j] == 0 ? (double)NAN : -1;
        int32_t found = -1;
        for (size_t l = 0; t->in_a[j] > 0 && l < t->k_b; l++) {
            uint64_t shared = t->n[j * t->k_b + l];
            double similar = (double)shared / (double)(t->in_a[j] - shared + t->in_b[l]);
            if (similar > best) {
                best = similar;
                found = (int32_t)l;
            }
        }
        jaccard[j] = best;
        if (match != NULL)
            match[j] = found;
    }
}

/* ---- stability ------------------------------------------------------------------------ */

seg_status seg_stability_new(size_t k, seg_stability *out, seg_error *err)
{
    seg_status st = SEG_OK;
    *out = (seg_stability){ .k = k };
    TRY(SEG_ALLOC(&out->jaccard_sum, k, "the stability of clusters", err));
    TRY(SEG_ALLOC(&out->jaccard_n, k, "the stability of clusters", err));

done:
    if (st != SEG_OK)
        seg_stability_free(out);
    return st;
}

void seg_stability_free(seg_stability *s)
{
    seg_free(s->jaccard_sum);
    seg_free(s->jaccard_n);
    *s = (seg_stability){ 0 };
}

seg_status seg_stability_add(seg_stability *s, const seg_contingency *table, seg_error *err)
{
    seg_status st = SEG_OK;
    double *jaccard = NULL;
    bool same = true;
    if (table->k_a != s->k)
        return seg_fail(err, SEG_E_DATA, "the table is of %zu clusters, the stability of %zu",
                        table->k_a, s->k);
    if (table->all == 0)
        return SEG_OK;
    TRY(SEG_ALLOC(&jaccard, s->k, "the stability of clusters", err));
    seg_agreement_jaccard(table, jaccard, NULL);
    for (size_t j = 0; j < s->k; j++) {
        if (isnan(jaccard[j]))
            continue;
        same = same && jaccard[j] >= SEG_JACCARD_STABLE;
        s->jaccard_sum[j] += jaccard[j];
        s->jaccard_n[j]++;
    }
    s->n_resamples++;
    s->n_same += same;
    s->ari_sum += seg_agreement_ari(table);

done:
    seg_free(jaccard);
    return st;
}

double seg_stability_ari(const seg_stability *s)
{
    return s->n_resamples > 0 ? s->ari_sum / s->n_resamples : (double)NAN;
}

double seg_stability_jaccard(const seg_stability *s, size_t j)
{
    return s->jaccard_n[j] > 0 ? s->jaccard_sum[j] / s->jaccard_n[j] : (double)NAN;
}

double seg_stability_worst(const seg_stability *s)
{
    double worst = (double)NAN;
    for (size_t j = 0; j < s->k; j++) {
        double mean = seg_stability_jaccard(s, j);
        if (!isnan(mean) && !(mean >= worst))
            worst = mean;
    }
    return worst;
}
