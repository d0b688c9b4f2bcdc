/* tree_split.c: the best way to part a node's rows in two.
 *
 * Ordered bins: every cut, with the missing values on either side, and the values against the
 * missing ones. Categories: ordered by their rate, the best parting into two groups is a cut
 * in that order (Breiman et al. 1984, theorem 4.5), missing being one more category. Many
 * levels find a good order by chance alone: the chi-square of K levels is K - 1 on average
 * when they say nothing, and one unit of it is impurity / rows of gain (of Newton's gain: 1).
 * So each level beyond two has that price (a trade area of 747 levels otherwise beats every
 * honest feature, and the tree is worse on new rows).
 *
 * The gain is computed from integers in one fixed order, so that equal sums give equal bits. */
#include "kernels/tree_split.h"

#include <math.h>
#include <stdlib.h>
#include "base/real.h"

double seg_split_impurity(const int64_t n[2], const int64_t weight[2])
{
    double a = (double)n[0] * (double)weight[0], b = (double)n[1] * (double)weight[1];
    return a + b > 0 ? a * b / (a + b) : 0;
}

/* One node and one column being looked at. */
typedef struct search {
    const seg_split_rule *rule;
    const seg_pair *sums;    /* per bin */
    size_t n_bins;
    int64_t a, b;            /* of the node */
    double n_rows;
    double score;            /* of the node */
    double least;            /* gains up to it are none */
    double lambda;
    double price;            /* of looking at so many categories */
    int monotone;
} search;

static double entropy(double x, double all)
{
    return x > 0 ? x * seg_log(x / all) : 0;
}

/* What rows with these sums score; a split gains the score of its sides less its own. */
static inline __attribute__((always_inline)) double score(seg_gain gain, const search *s,
                                                          int64_t a, int64_t b)
{
    const seg_split_rule *rule = s->rule;
    if (gain == SEG_GAIN_NEWTON) {
        double g = (double)a * rule->unit_a, h = (double)b * rule->unit_b + s->lambda;
        return h > 0 ? g * g / h : 0;
    }
    double n1 = (double)a * rule->weight[1], n0 = (double)(b - a) * rule->weight[0];
    if (gain == SEG_GAIN_GINI)
        return n0 + n1 > 0 ? -n0 * n1 / (n0 + n1) : 0;
    if (gain == SEG_GAIN_ENTROPY)
        return entropy(n0, n0 + n1) + entropy(n1, n0 + n1);
    double d = sqrt((double)a / (double)s->a) - sqrt((double)(b - a) / (double)(s->b - s->a));
    return d * d;
}

double seg_split_value(const seg_split_rule *rule, int64_t a, int64_t b)
{
    if (rule->gain == SEG_GAIN_NEWTON) {
        double h = (double)b * rule->unit_b + rule->lambda;
        return h > 0 ? (double)a * rule->unit_a / h : 0;
    }
    return b > 0 ? (double)a / (double)b : 0;
}

static bool breaks_constraint(const search *s, int64_t a, int64_t b)
{
    double left = seg_split_value(s->rule, a, b),
           right = seg_split_value(s->rule, s->a - a, s->b - b);
    return s->monotone > 0 ? left > right : left < right;
}

/* Gain, less the price, when these rows go left; 0 when a side is too small or too little is
 * gained. */
static inline __attribute__((always_inline)) double gain_of(seg_gain gain, const search *s,
                                                            int64_t a, int64_t b)
{
    /* rows of a side: b of them, or by its share of b */
    double per_b = gain == SEG_GAIN_NEWTON ? s->n_rows / (double)s->b : 1;
    if ((double)b * per_b < s->rule->min_rows || (double)(s->b - b) * per_b < s->rule->min_rows)
        return 0;
    double gained = score(gain, s, a, b) + score(gain, s, s->a - a, s->b - b) - s->score
                    - s->price;
    if (!(gained > s->least) || (s->monotone != 0 && breaks_constraint(s, a, b)))
        return 0;
    return gained;
}

/* Without missing values in the node, they will go with the larger side. */
static bool larger_is_left(const search *s, int64_t left_b)
{
    return 2 * left_b >= s->b;
}

static void take(const search *s, seg_pair left, size_t cut, bool missing_left, double gain,
                 seg_split *best)
{
    best->gain = gain;
    best->cut = (uint16_t)cut;
    best->missing_left = s->sums[0] != 0 ? missing_left : larger_is_left(s, seg_pair_b(left));
    best->left = left;
}

/* Of cuts that part the rows equally (bins between them are empty), the middle one; with
 * no values above, the last: values against missing. */
static uint16_t middle_cut(const search *s, uint16_t cut)
{
    size_t last = cut;
    while (last + 1 < s->n_bins && s->sums[last + 1] == 0)
        last++;
    return (uint16_t)(last + 1 == s->n_bins ? last : (cut + last) / 2);
}

static inline __attribute__((always_inline)) void search_cuts(seg_gain gain, const search *s,
                                                              seg_split *best)
{
    seg_pair values = 0, missing = s->sums[0];
    for (size_t cut = 1; cut < s->n_bins; cut++) {
        if (s->sums[cut] == 0)
            continue;
        values += s->sums[cut];
        double gained = gain_of(gain, s, seg_pair_a(values), seg_pair_b(values));
        if (gained > best->gain)
            take(s, values, cut, false, gained, best);
        if (missing == 0)
            continue;
        seg_pair with = values + missing;
        gained = gain_of(gain, s, seg_pair_a(with), seg_pair_b(with));
        if (gained > best->gain)
            take(s, with, cut, true, gained, best);
    }
    if (best->gain > 0)
        best->cut = middle_cut(s, best->cut);
}

typedef struct ranked {
    double rate;
    size_t bin;
} ranked;

static int by_rate(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->rate != y->rate)
        return x->rate < y->rate ? -1 : 1;
    return (x->bin > y->bin) - (x->bin < y->bin);
}

static double price_of(const search *s, size_t n_levels)
{
    double one = s->rule->gain == SEG_GAIN_NEWTON ? 1 : fabs(s->score) / (double)s->b;
    return n_levels > 2 ? s->rule->level_price * (double)(n_levels - 2) * one : 0;
}

static inline __attribute__((always_inline)) void search_levels(seg_gain gain, search *s,
                                                                seg_split *best)
{
    ranked order[SEG_TREE_BINS];
    size_t n = 0, n_left = 0;
    double pull = gain == SEG_GAIN_NEWTON ? s->lambda / s->rule->unit_b : 0;
    for (size_t b = 0; b < s->n_bins; b++)
        if (s->sums[b] != 0)
            order[n++] = (ranked){ (double)seg_pair_a(s->sums[b])
                                   / ((double)seg_pair_b(s->sums[b]) + pull), b };
    qsort(order, n, sizeof *order, by_rate);
    s->price = price_of(s, n);

    seg_pair left = 0;
    bool missing_left = false;
    for (size_t i = 0; i + 1 < n; i++) {
        missing_left |= order[i].bin == 0;
        left += s->sums[order[i].bin];
        double gained = gain_of(gain, s, seg_pair_a(left), seg_pair_b(left));
        if (gained > best->gain) {
            take(s, left, 0, missing_left, gained, best);
            n_left = i + 1;
        }
    }
    for (size_t b = 0; b < SEG_TREE_BINS; b++)   /* empty bins go with the missing */
        best->side[b] = best->missing_left;
    for (size_t i = 0; i < n; i++)
        best->side[order[i].bin] = i < n_left;
}

static inline __attribute__((always_inline)) void search_by(seg_gain gain, search *s,
                                                            bool ordered, seg_split *best)
{
    s->score = score(gain, s, s->a, s->b);
    s->least = fmax(s->rule->min_gain, 1e-12 * fabs(s->score));   /* below is rounding */
    if (ordered)
        search_cuts(gain, s, best);
    else
        search_levels(gain, s, best);
}

static void search_column(const seg_bins *bins, const seg_split_node *node,
                          const seg_split_rule *rule, size_t c, seg_split *found)
{
    search s = {
        .rule = rule, .n_bins = bins->n_bins[c], .n_rows = node->n_rows,
        .sums = node->histogram + c * SEG_HISTOGRAM_BINS,
        .a = seg_pair_a(node->all), .b = seg_pair_b(node->all),
        .lambda = bins->n_levels[c] == 0 ? rule->lambda : rule->level_lambda,
    };
    size_t feature = bins->columns[c].feature;
    s.monotone = rule->monotone == NULL ? 0 : rule->monotone[feature];
    *found = (seg_split){ .feature = (int32_t)feature, .column = (uint32_t)c,
                          .ordered = bins->ordered[c] };
    switch (rule->gain) {
    case SEG_GAIN_GINI:
        search_by(SEG_GAIN_GINI, &s, found->ordered, found);
        break;
    case SEG_GAIN_ENTROPY:
        search_by(SEG_GAIN_ENTROPY, &s, found->ordered, found);
        break;
    case SEG_GAIN_HELLINGER:
        search_by(SEG_GAIN_HELLINGER, &s, found->ordered, found);
        break;
    case SEG_GAIN_NEWTON:
        search_by(SEG_GAIN_NEWTON, &s, found->ordered, found);
        break;
    }
}

static void search_columns(const seg_bins *bins, const seg_split_node *node,
                           const seg_split_rule *rule, const uint8_t *use, size_t first,
                           size_t end, seg_split *best)
{
    *best = (seg_split){ .feature = -1 };
    for (size_t c = first; c < end; c++) {
        seg_split found;
        if (use != NULL && use[c] == 0)
            continue;
        search_column(bins, node, rule, c, &found);
        if (found.gain > best->gain)
            *best = found;
    }
}

void seg_split_find(const seg_bins *bins, const seg_split_node *node,
                    const seg_split_rule *rule, const uint8_t *use, int n_threads,
                    seg_split *split)
{
    enum { COLUMNS = 8, MOST = 64 };   /* of a thread, at least; threads, at most */
    size_t n = bins->n_columns, parts = (size_t)n_threads;
    if (parts > n / COLUMNS)
        parts = n / COLUMNS;
    if (parts > MOST)
        parts = MOST;
    if (parts < 2) {
        search_columns(bins, node, rule, use, 0, n, split);
        return;
    }
    seg_split best[MOST];
    #pragma omp parallel for schedule(static, 1) num_threads((int)parts)
    for (size_t p = 0; p < parts; p++)
        search_columns(bins, node, rule, use, n * p / parts, n * (p + 1) / parts, &best[p]);
    *split = best[0];
    for (size_t p = 1; p < parts; p++)
        if (best[p].gain > split->gain)
            *split = best[p];
}

void seg_split_sides(const seg_split *split, uint8_t sides[SEG_HISTOGRAM_BINS])
{
    for (size_t b = 1; b < SEG_HISTOGRAM_BINS; b++)
        sides[b] = split->ordered ? b <= split->cut : b < SEG_TREE_BINS && split->side[b];
    sides[0] = split->missing_left;
}
