/* segment_rule.c: conditions are added one by one, each the one that leaves the best F1.
 *
 * A tree of one segment against the rest has many leaves, of which one would be told; here
 * the one is sought directly (as in J. Friedman and N. Fisher, "Bump hunting in
 * high-dimensional data", 1999, but greedily by F1, the harmonic mean of precision and
 * recall, which does not let a segment of 2 % drown in the others). All cuts between the bins
 * of every feature and all single levels are looked at: counts per bin of the rows that meet
 * the conditions so far, whole numbers, so the choice depends on no order; of equal ones the
 * lowest feature, then the lowest cut or level. */
#include "kernels/segment_rule.h"

#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

static const double WORTH = 0.01;   /* F1 that a further condition must add */

/* What one thread needs: counts [bin][all, own], and the rows that are left. */
typedef struct search {
    const seg_segment_rows *rows;
    const seg_bins *bins;
    const uint8_t *binned;
    const uint64_t *all;          /* per bin, of all rows */
    uint64_t *counts;
    uint32_t *left;
    size_t n_left;
    int32_t segment;
    uint64_t own;                 /* weight of the segment */
    uint64_t met, met_own;        /* weight of the rows that meet the conditions so far */
} search;

typedef struct choice {
    double f1;
    uint32_t feature;
    seg_segment_test test;
    size_t bin;
    uint64_t met, met_own;
} choice;

static double f1_of(const search *s, uint64_t met, uint64_t met_own)
{
    return 2 * (double)met_own / ((double)met + (double)s->own);
}

static void offer(const search *s, uint32_t feature, seg_segment_test test, size_t bin,
                  uint64_t met, uint64_t met_own, choice *best)
{
    double f1 = f1_of(s, met, met_own);
    if (met_own > 0 && f1 > best->f1)
        *best = (choice){ f1, feature, test, bin, met, met_own };
}

static void offer_cuts(const search *s, uint32_t f, choice *best)
{
    const uint64_t *count = s->counts + 2 * (size_t)s->bins->first_bin[f];
    size_t n_bins = s->bins->n_bins[f];
    uint64_t all = 0, own = 0, below = 0, below_own = 0;
    for (size_t b = 1; b < n_bins; b++) {
        all += count[2 * b];
        own += count[2 * b + 1];
    }
    for (size_t b = 1; b + 1 < n_bins; b++) {
        below += count[2 * b];
        below_own += count[2 * b + 1];
        offer(s, f, SEG_SEGMENT_AT_MOST, b, below, below_own, best);
        offer(s, f, SEG_SEGMENT_ABOVE, b, all - below, own - below_own, best);
    }
}

/* The level that has this bin for itself, or -1. */
static int32_t level_of(const seg_bins *bins, uint32_t f, size_t bin)
{
    const uint8_t *bin_of = bins->level_bin + bins->first_level[f];
    int32_t found = -1;
    for (size_t level = 0; level < bins->n_levels[f]; level++)
        if (bin_of[level] == bin) {
            if (found >= 0)
                return -1;
            found = (int32_t)level;
        }
    return found;
}

static void offer_levels(const search *s, uint32_t f, choice *best)
{
    const uint64_t *count = s->counts + 2 * (size_t)s->bins->first_bin[f];
    size_t n_bins = s->bins->n_bins[f];
    uint64_t all = 0, own = 0;
    for (size_t b = 1; b < n_bins; b++) {
        all += count[2 * b];
        own += count[2 * b + 1];
    }
    for (size_t b = 1; b <= s->bins->n_alone[f]; b++) {
        offer(s, f, SEG_SEGMENT_IS, b, count[2 * b], count[2 * b + 1], best);
        offer(s, f, SEG_SEGMENT_IS_NOT, b, all - count[2 * b], own - count[2 * b + 1], best);
    }
}

/* ---- counts ----------------------------------------------------------------------------- */

static void count_rows(const search *s, const uint32_t *rows, size_t n, bool own_only)
{
    for (size_t f = 0; f < s->bins->n_features; f++) {
        uint64_t *count = s->counts + 2 * (size_t)s->bins->first_bin[f];
        const uint8_t *bin = s->binned + f * s->rows->x.n_rows;
        for (size_t i = 0; i < n; i++) {
            uint64_t w = seg_segment_weight(s->rows, rows[i]);
            if (own_only || s->rows->labels[rows[i]] == s->segment)
                count[2 * (size_t)bin[rows[i]] + 1] += w;
            if (!own_only)
                count[2 * (size_t)bin[rows[i]]] += w;
        }
    }
}

static bool meets(const search *s, const choice *c, uint32_t row)
{
    uint8_t bin = s->binned[c->feature * s->rows->x.n_rows + row];
    switch (c->test) {
    case SEG_SEGMENT_AT_MOST: return bin > 0 && bin <= c->bin;
    case SEG_SEGMENT_ABOVE:   return bin > c->bin;
    case SEG_SEGMENT_IS:      return bin == c->bin;
    case SEG_SEGMENT_IS_NOT:  return bin > 0 && bin != c->bin;
    }
    return false;
}

static void keep_those_that_meet(search *s, const choice *c, bool first)
{
    size_t n = first ? s->rows->x.n_rows : s->n_left, kept = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t row = first ? (uint32_t)i : s->left[i];
        if (meets(s, c, row))
            s->left[kept++] = row;
    }
    s->n_left = kept;
    s->met = c->met;
    s->met_own = c->met_own;
}

static choice best_condition(const search *s, double f1)
{
    choice best = { .f1 = f1 + WORTH };
    for (uint32_t f = 0; f < s->bins->n_features; f++) {
        if (s->bins->n_levels[f] > 0)
            offer_levels(s, f, &best);
        else
            offer_cuts(s, f, &best);
    }
    return best;
}

/* ---- the rule ----------------------------------------------------------------------------- */

/* A tighter bound takes the place of a looser one. */
static void add_condition(const seg_bins *bins, const choice *c, seg_segment_rule *rule)
{
    seg_segment_condition condition = { .feature = c->feature, .test = c->test, .code = -1 };
    if (bins->n_levels[c->feature] > 0)
        condition.code = level_of(bins, c->feature, c->bin);
    else
        condition.threshold = bins->cuts[(size_t)c->feature * SEG_BIN_CUTS + c->bin - 1];
    for (size_t i = 0; i < rule->n; i++) {
        seg_segment_condition *old = &rule->conditions[i];
        if (old->feature == c->feature && old->test == c->test && c->test <= SEG_SEGMENT_ABOVE) {
            *old = condition;
            return;
        }
    }
    rule->conditions[rule->n++] = condition;
}

static void find_rule(search *s, const uint32_t *own, size_t n_own, uint64_t all,
                      seg_segment_rule *rule)
{
    size_t size = s->bins->first_bin[s->bins->n_features];
    *rule = (seg_segment_rule){ .n = 0 };
    s->own = 0;
    for (size_t i = 0; i < n_own; i++)
        s->own += seg_segment_weight(s->rows, own[i]);
    s->met = all;
    s->met_own = s->own;
    if (s->own == 0 || s->own == all)
        return;
    for (int step = 0; rule->n < SEG_SEGMENT_CONDITIONS; step++) {
        for (size_t b = 0; b < size; b++) {
            s->counts[2 * b] = step == 0 ? s->all[b] : 0;
            s->counts[2 * b + 1] = 0;
        }
        count_rows(s, step == 0 ? own : s->left, step == 0 ? n_own : s->n_left, step == 0);
        double f1 = f1_of(s, s->met, s->met_own);
        choice best = best_condition(s, f1);
        if (best.met == 0)
            break;
        add_condition(s->bins, &best, rule);
        keep_those_that_meet(s, &best, step == 0);
    }
    rule->recall = (double)s->met_own / (double)s->own;
    rule->precision = (double)s->met_own / (double)s->met;
}

/* -------------------------------------------------------------------------------------------- */

static void count_all(const seg_segment_rows *rows, const seg_bins *bins, const uint8_t *binned,
                      uint64_t *all)
{
    #pragma omp parallel for schedule(static) num_threads(rows->n_threads)
    for (size_t f = 0; f < bins->n_features; f++)
        for (size_t i = 0; i < rows->x.n_rows; i++)
            all[bins->first_bin[f] + binned[f * rows->x.n_rows + i]] +=
                seg_segment_weight(rows, i);
}

seg_status seg_segment_rules(const seg_segment_rows *rows, const seg_bins *bins,
                             const uint8_t *binned, seg_segment_rule *out, seg_error *err)
{
    static const char what[] = "the rules of segments";
    seg_status st = SEG_OK;
    size_t *first = NULL, size = bins->first_bin[bins->n_features];
    uint32_t *order = NULL;
    uint64_t *all = NULL, everything = 0;
    search *of_thread = NULL;
    int n_threads = rows->n_threads < 1 ? 1 : rows->n_threads;
    n_threads = (size_t)n_threads > rows->k && rows->k > 0 ? (int)rows->k : n_threads;

    TRY(seg_segment_order(rows, &order, &first, err));
    TRY(SEG_ALLOC(&all, size, what, err));
    TRY(SEG_ALLOC(&of_thread, (size_t)n_threads, what, err));
    for (int t = 0; t < n_threads; t++) {
        of_thread[t] = (search){ .rows = rows, .bins = bins, .binned = binned, .all = all };
        TRY(SEG_ALLOC(&of_thread[t].counts, 2 * size, what, err));
        TRY(SEG_ALLOC(&of_thread[t].left, rows->x.n_rows, what, err));
    }
    count_all(rows, bins, binned, all);
    for (size_t i = 0; i < rows->x.n_rows; i++)
        everything += seg_segment_weight(rows, i);
    #pragma omp parallel for schedule(static, 1) num_threads(n_threads)
    for (int t = 0; t < n_threads; t++)
        for (size_t j = (size_t)t; j < rows->k; j += (size_t)n_threads) {
            of_thread[t].segment = (int32_t)j;
            find_rule(&of_thread[t], order + first[j], first[j + 1] - first[j], everything,
                      &out[j]);
        }

done:
    for (int t = 0; of_thread != NULL && t < n_threads; t++) {
        seg_free(of_thread[t].counts);
        seg_free(of_thread[t].left);
    }
    seg_free(of_thread);
    seg_free(all);
    seg_free(order);
    seg_free(first);
    return st;
}
