/* tree_split.c: the best way to part a node's rows in two.
 *
 * Numbers: every cut, with the missing values on either side, and the values against the
 * missing ones. Categories: ordered by their rate of class 1, the best parting into two
 * groups is a cut in that order (Breiman et al. 1984, theorem 4.5), missing being one more
 * category. Many levels find a good order by chance alone: the chi-square of K levels is
 * K - 1 on average when they say nothing, and one unit of it is impurity / rows of gain.
 * So each level beyond two has that price (a trade area of 747 levels otherwise beats
 * every honest feature, and the tree is worse on new rows).
 *
 * The gain is computed from integers in one fixed order, so that equal counts
 * give equal bits. */
#include "kernels/tree.h"

#include <stdlib.h>

double seg_split_impurity(const int64_t n[2], const int64_t weight[2])
{
    double a = (double)n[0] * (double)weight[0], b = (double)n[1] * (double)weight[1];
    return a + b > 0 ? a * b / (a + b) : 0;
}

/* One node and one feature being looked at. */
typedef struct search {
    const seg_split_rule *rule;
    const int64_t *counts;   /* [bin][class] */
    size_t n_bins;
    int64_t all[2];
    double impurity;
    double floor;            /* gains below it are rounding */
    double price;            /* of looking at so many categories */
} search;

/* Gain, less the price, when these rows go left; 0 when a side is too small or nothing
 * is gained. */
static double gain_of(const search *s, const int64_t left[2])
{
    int64_t right[2] = { s->all[0] - left[0], s->all[1] - left[1] };
    if (left[0] + left[1] < s->rule->min_leaf || right[0] + right[1] < s->rule->min_leaf)
        return 0;
    double gain = s->impurity - seg_split_impurity(left, s->rule->weight)
                  - seg_split_impurity(right, s->rule->weight) - s->price;
    return gain > s->floor ? gain : 0;
}

static int64_t rows_in(const search *s, size_t bin)
{
    return s->counts[2 * bin] + s->counts[2 * bin + 1];
}

/* Without missing values in the node, they will go with the larger side. */
static bool larger_is_left(const search *s, const int64_t left[2])
{
    return 2 * (left[0] + left[1]) >= s->all[0] + s->all[1];
}

static void take(const search *s, const int64_t left[2], size_t cut, bool missing_left,
                 double gain, seg_split *best)
{
    best->gain = gain;
    best->cut = (uint16_t)cut;
    best->missing_left = rows_in(s, 0) > 0 ? missing_left : larger_is_left(s, left);
    best->n_missing = rows_in(s, 0);
    best->left[0] = left[0];
    best->left[1] = left[1];
}

/* Of cuts that part the rows equally (bins between them are empty), the middle one; with
 * no values above, the last: values against missing. */
static uint16_t middle_cut(const search *s, uint16_t cut)
{
    size_t last = cut;
    while (last + 1 < s->n_bins && rows_in(s, last + 1) == 0)
        last++;
    return (uint16_t)(last + 1 == s->n_bins ? last : (cut + last) / 2);
}

static void search_number(const search *s, seg_split *best)
{
    int64_t values[2] = { 0, 0 };
    const int64_t *missing = s->counts;
    bool any_missing = rows_in(s, 0) > 0;
    for (size_t cut = 1; cut < s->n_bins; cut++) {
        if (rows_in(s, cut) == 0)
            continue;
        values[0] += s->counts[2 * cut];
        values[1] += s->counts[2 * cut + 1];
        double gain = gain_of(s, values);
        if (gain > best->gain)
            take(s, values, cut, false, gain, best);
        if (!any_missing)
            continue;
        int64_t with[2] = { values[0] + missing[0], values[1] + missing[1] };
        gain = gain_of(s, with);
        if (gain > best->gain)
            take(s, with, cut, true, gain, best);
    }
    if (best->gain > 0)
        best->cut = middle_cut(s, best->cut);
}

typedef struct ranked {
    int64_t n, positives;
    size_t bin;
} ranked;

static int by_rate(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    __int128 left = (__int128)x->positives * y->n, right = (__int128)y->positives * x->n;
    if (left != right)
        return left < right ? -1 : 1;
    return (x->bin > y->bin) - (x->bin < y->bin);
}

static void search_category(search *s, seg_split *best)
{
    ranked order[SEG_TREE_BINS];
    size_t n = 0, n_left = 0;
    int64_t left[2] = { 0, 0 };
    for (size_t b = 0; b < s->n_bins; b++)
        if (rows_in(s, b) > 0)
            order[n++] = (ranked){ rows_in(s, b), s->counts[2 * b + 1], b };
    qsort(order, n, sizeof *order, by_rate);
    if (n > 2)
        s->price = s->rule->level_price * (double)(n - 2) * s->impurity
                   / (double)(s->all[0] + s->all[1]);

    bool missing_left = false;
    for (size_t i = 0; i + 1 < n; i++) {
        missing_left |= order[i].bin == 0;
        left[0] += order[i].n - order[i].positives;
        left[1] += order[i].positives;
        double gain = gain_of(s, left);
        if (gain > best->gain) {
            take(s, left, 0, missing_left, gain, best);
            n_left = i + 1;
        }
    }
    for (size_t b = 0; b < SEG_TREE_BINS; b++)   /* empty bins go with the missing */
        best->side[b] = best->missing_left;
    for (size_t i = 0; i < n; i++)
        best->side[order[i].bin] = i < n_left;
}

static void search_node(const seg_bins *bins, const int64_t *histogram,
                        const seg_split_rule *rule, seg_split *best)
{
    *best = (seg_split){ .feature = -1 };
    for (size_t f = 0; f < bins->n_features; f++) {
        search s = { .rule = rule, .n_bins = bins->n_bins[f],
                     .counts = histogram + 2 * (size_t)bins->first_bin[f] };
        for (size_t b = 0; b < s.n_bins; b++) {
            s.all[0] += s.counts[2 * b];
            s.all[1] += s.counts[2 * b + 1];
        }
        s.impurity = seg_split_impurity(s.all, rule->weight);
        s.floor = 1e-12 * s.impurity;
        seg_split found = { .feature = (int32_t)f };
        if (bins->n_levels[f] > 0)
            search_category(&s, &found);
        else
            search_number(&s, &found);
        if (found.gain > best->gain)
            *best = found;
    }
}

void seg_split_find(const seg_bins *bins, const int64_t *histograms, size_t n,
                    const seg_split_rule *rule, int n_threads, seg_split *splits)
{
    size_t size = seg_histogram_size(bins);
    #pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
    for (size_t i = 0; i < n; i++)
        search_node(bins, histograms + i * size, rule, &splits[i]);
}

void seg_split_sides(const seg_split *split, bool is_number, uint8_t sides[SEG_TREE_BINS])
{
    for (size_t b = 1; b < SEG_TREE_BINS; b++)
        sides[b] = is_number ? b <= split->cut : split->side[b];
    sides[0] = split->missing_left;
}
