/* profile_finish.c: what the sums and the sample of a column say: moments, quantiles (R's
 * type 7), the commonest value, cells of a histogram, and how well the column alone tells the
 * label: the area under its ROC curve from ranks with ties halved (Mann and Whitney, 1947),
 * and for categories the share of wrong guesses that knowing the category saves (Goodman and
 * Kruskal's lambda, 1954). */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "kernels/profile.h"
#include "kernels/radix.h"

const double seg_profile_shares[SEG_PROFILE_QUANTILES] = { 0.01, 0.05, 0.25, 0.5, 0.75, 0.95,
                                                           0.99 };

enum { MAX_LABELS = 8, MIN_OF_LABEL = 10, MIN_OF_LEVEL = 10 };

/* Working memory of one thread: sorted values with the sampled rows they come from. */
typedef struct desk {
    uint64_t *keys, *keys_temp;
    uint32_t *rows, *rows_temp;
    double *sorted;
    int64_t *table;          /* levels x labels */
} desk;

static void desk_free(desk *w)
{
    seg_free(w->keys);
    seg_free(w->keys_temp);
    seg_free(w->rows);
    seg_free(w->rows_temp);
    seg_free(w->sorted);
    seg_free(w->table);
}

static seg_status desk_new(size_t n, desk *w, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(SEG_ALLOC(&w->keys, n, "the quantiles", err));
    TRY(SEG_ALLOC(&w->keys_temp, n, "the quantiles", err));
    TRY(SEG_ALLOC(&w->rows, n, "the quantiles", err));
    TRY(SEG_ALLOC(&w->rows_temp, n, "the quantiles", err));
    TRY(SEG_ALLOC(&w->sorted, n, "the quantiles", err));
    TRY(SEG_ALLOC(&w->table, (n / MIN_OF_LEVEL + 2) * MAX_LABELS, "the categories", err));
done:
    return st;
}

/* ---- order statistics ----------------------------------------------------------------------- */

/* Doubles as whole numbers of the same order, and back. */
static uint64_t key_of(double v)
{
    uint64_t bits;
    v += 0.0;
    memcpy(&bits, &v, sizeof bits);
    return bits >> 63 != 0 ? ~bits : bits | UINT64_C(1) << 63;
}

static double value_of(uint64_t key)
{
    double v;
    uint64_t bits = key >> 63 != 0 ? key & ~(UINT64_C(1) << 63) : ~key;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static void sort_sample(const seg_profile *p, seg_profile_column *column, desk *w)
{
    size_t n = 0;
    for (size_t s = 0; s < p->n_sampled; s++)
        if (!isnan(column->sample[s])) {
            w->keys[n] = key_of(column->sample[s]);
            w->rows[n++] = (uint32_t)s;
        }
    column->n_values = n;
    seg_radix_sort(w->keys, w->rows, n, w->keys_temp, w->rows_temp);
    for (size_t i = 0; i < n; i++)
        w->sorted[i] = value_of(w->keys[i]);
}

static double quantile(const double *sorted, size_t n, double share)
{
    double at = share * (double)(n - 1);
    size_t below = (size_t)at, above = below + 1 < n ? below + 1 : below;
    double part = at - (double)below;
    return part == 0 ? sorted[below]
                     : sorted[below] + part * (sorted[above] - sorted[below]);
}

static void find_usual(seg_profile_column *column, const double *sorted)
{
    size_t n = column->n_values, first = 0;
    for (size_t i = 1; i <= n; i++)
        if (i == n || sorted[i] != sorted[first]) {
            if (i - first > column->n_usual) {
                column->n_usual = i - first;
                column->usual = sorted[first];
            }
            first = i;
        }
}

/* What the values are like without their two ends. */
static void find_inner(seg_profile_column *column, const double *sorted)
{
    size_t first = 0, end = column->n_values;
    while (first < end && sorted[first] == column->least)
        first++;
    while (end > first && sorted[end - 1] == column->largest)
        end--;
    column->inner_least = first < end ? sorted[first] : (double)NAN;
    column->inner_largest = first < end ? sorted[end - 1] : (double)NAN;
}

/* Between the 1 % and the 99 % quantile, so that a few far values do not hide the shape. A
 * few whole numbers get a cell each. */
static void fill_bins(seg_profile_column *column, const double *sorted)
{
    size_t n = column->n_values;
    double from = column->quantiles[0], to = column->quantiles[SEG_PROFILE_QUANTILES - 1];
    if (from == to) {
        from = sorted[0];
        to = sorted[n - 1];
    }
    column->n_bins = SEG_PROFILE_BINS;
    if (column->n_whole == column->n_finite && ceil(to) - floor(from) < SEG_PROFILE_BINS) {
        column->n_bins = (size_t)(ceil(to) - floor(from)) + 1;
        from = floor(from) - 0.5;
        to = ceil(to) + 0.5;
    }
    column->bins_from = from;
    column->bins_to = to;
    for (size_t i = 0; i < n; i++) {
        double at = to > from ? (sorted[i] - from) / (to - from) * (double)column->n_bins : 0;
        size_t bin = at <= 0 ? 0 : at >= (double)column->n_bins ? column->n_bins - 1 : (size_t)at;
        column->bins[bin]++;
    }
}

/* All rows are in the sample: their different values can be counted. */
static void count_distinct(seg_profile_column *column, const double *sorted)
{
    column->distinct_exact = true;
    column->n_distinct = 0;
    for (size_t i = 0; i < column->n_values; i++)
        column->n_distinct += i == 0 || sorted[i] != sorted[i - 1] ? 1 : 0;
}

static void find_shape(seg_profile_column *column, const double *sorted)
{
    for (size_t q = 0; q < SEG_PROFILE_QUANTILES; q++)
        column->quantiles[q] = column->n_values == 0 ? (double)NAN
                               : quantile(sorted, column->n_values, seg_profile_shares[q]);
    if (column->n_values == 0)
        return;
    find_usual(column, sorted);
    find_inner(column, sorted);
    fill_bins(column, sorted);
}

static void find_moments(seg_profile_column *column)
{
    double n = (double)column->n_finite;
    double from = n > 0 ? column->sum / n : (double)NAN;
    double variance = n > 0 ? column->square / n - from * from : (double)NAN;
    column->mean = column->origin + from;
    column->sd = variance < 0 ? 0 : sqrt(variance);
    column->n_distinct = seg_distinct_count(&column->distinct, &column->distinct_exact);
}

static void count_levels(seg_profile_column *column)
{
    column->distinct_exact = true;
    column->n_distinct = 0;
    for (size_t l = 0; l < column->what.n_levels; l++)
        column->n_distinct += column->levels[l] > 0 ? 1 : 0;
}

/* ---- against the label ---------------------------------------------------------------------- */

static bool label_is_usable(const seg_profile *p, size_t label)
{
    return label < p->n_columns && p->columns[label].what.type == SEG_TYPE_CODE
           && p->columns[label].what.n_levels >= 2
           && p->columns[label].what.n_levels <= MAX_LABELS;
}

/* The hardest of the label's levels against the others, whichever way. */
static double label_auc(const seg_profile_column *column, const seg_profile_column *label,
                        const desk *w)
{
    double ranks[MAX_LABELS] = { 0 }, count[MAX_LABELS] = { 0 }, total = 0, worst = (double)NAN;
    for (size_t first = 0, end; first < column->n_values; first = end) {
        for (end = first + 1; end < column->n_values && w->keys[end] == w->keys[first];)
            end++;
        double here[MAX_LABELS] = { 0 }, all = 0;
        for (size_t i = first; i < end; i++) {
            double code = label->sample[w->rows[i]];
            if (isnan(code))
                continue;
            here[(size_t)code]++;
            all++;
        }
        for (size_t l = 0; l < label->what.n_levels; l++) {
            ranks[l] += here[l] * (total + (all + 1) / 2);
            count[l] += here[l];
        }
        total += all;
    }
    for (size_t l = 0; l < label->what.n_levels; l++) {
        double others = total - count[l];
        if (count[l] == 0)
            continue;
        if (count[l] < MIN_OF_LABEL || others < MIN_OF_LABEL)
            return (double)NAN;
        double auc = (ranks[l] - count[l] * (count[l] + 1) / 2) / (count[l] * others);
        auc = auc < 0.5 ? 1 - auc : auc;
        worst = isnan(worst) || auc < worst ? auc : worst;
    }
    return worst;
}

/* Groups: the levels and, last, what is missing; of numbers only whether they are there. */
static double label_purity(const seg_profile *p, const seg_profile_column *column,
                           const seg_profile_column *label, desk *w)
{
    bool code = column->what.type == SEG_TYPE_CODE;
    size_t groups = (code ? column->what.n_levels : 1) + 1, right = 0, usual = 0, total = 0;
    size_t all[MAX_LABELS] = { 0 };
    if (groups > p->n_sampled / MIN_OF_LEVEL + 2)
        return 0;
    memset(w->table, 0, groups * MAX_LABELS * sizeof *w->table);
    for (size_t s = 0; s < p->n_sampled; s++) {
        double v = column->sample[s], y = label->sample[s];
        if (isnan(y))
            continue;
        size_t group = isnan(v) ? groups - 1 : code ? (size_t)v : 0;
        w->table[group * MAX_LABELS + (size_t)y]++;
        all[(size_t)y]++;
        total++;
    }
    for (size_t g = 0; g < groups; g++) {
        int64_t best = 0;
        for (size_t l = 0; l < MAX_LABELS; l++)
            best = w->table[g * MAX_LABELS + l] > best ? w->table[g * MAX_LABELS + l] : best;
        right += (size_t)best;
    }
    for (size_t l = 0; l < MAX_LABELS; l++)
        usual = all[l] > usual ? all[l] : usual;
    return total - usual < MIN_OF_LABEL
               ? 0 : (double)(right - usual) / (double)(total - usual);
}

/* Codes beyond the levels are as good as missing. */
static void clear_bad_codes(const seg_profile *p, seg_profile_column *column)
{
    double n_levels = (double)column->what.n_levels;
    for (size_t s = 0; s < p->n_sampled; s++)
        if (!(column->sample[s] >= 0 && column->sample[s] < n_levels))
            column->sample[s] = (double)NAN;
}

static void finish_column(seg_profile *p, size_t c, size_t label, desk *w)
{
    seg_profile_column *column = &p->columns[c];
    if (column->what.type != SEG_TYPE_CODE)
        find_moments(column);
    else
        count_levels(column);
    if (seg_profile_is_number(column)) {
        sort_sample(p, column, w);
        find_shape(column, w->sorted);
        if (!column->distinct_exact && p->n_sampled == p->n_rows && column->n == column->n_finite)
            count_distinct(column, w->sorted);
    }
    if (label == SIZE_MAX || label == c || column->sample == NULL)
        return;
    if (seg_profile_is_number(column))
        column->auc = label_auc(column, &p->columns[label], w);
    column->purity = label_purity(p, column, &p->columns[label], w);
}

seg_status seg_profile_finish(seg_profile *p, size_t label, int n_threads, seg_error *err)
{
    seg_status st = SEG_OK;
    desk *desks = NULL;
    size_t n_desks = (size_t)n_threads;
    if (!label_is_usable(p, label))
        label = SIZE_MAX;
    for (size_t c = 0; c < p->n_columns; c++)
        if (p->columns[c].what.type == SEG_TYPE_CODE)
            clear_bad_codes(p, &p->columns[c]);
    TRY(SEG_ALLOC(&desks, n_desks, "the quantiles", err));
    for (size_t t = 0; t < n_desks; t++)
        TRY(desk_new(p->n_sampled, &desks[t], err));

    #pragma omp parallel for schedule(static, 1) num_threads(n_threads)
    for (size_t t = 0; t < n_desks; t++)
        for (size_t c = t; c < p->n_columns; c += n_desks)
            finish_column(p, c, label, &desks[t]);
    TRY(seg_profile_find_twins(p, n_threads, err));

done:
    for (size_t t = 0; desks != NULL && t < n_desks; t++)
        desk_free(&desks[t]);
    seg_free(desks);
    return st;
}
