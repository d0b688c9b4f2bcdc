/* segment_stats.c: one sort per number, one count per category.
 *
 * A number is sorted once over all rows; the walk over the sorted values gives ranks and the
 * medians of all segments together. Each feature is the work of one thread and its sums go in
 * one order, so threads do not matter. Ranks are those of Wilcoxon with ties at their middle;
 * the effect on a yes/no feature is then the standardised difference of two shares, which is
 * what categories get: numbers and levels can be compared. */
#include "kernels/segment_stats.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"
#include "kernels/radix.h"

static const double RARE = 0.05;        /* share of a yes/no feature: the least deviation */
static const double PSEUDO_ROWS = 2;    /* like all others, in every segment: of a number, */
static const double PSEUDO_LEVELS = 10; /*    and of a category, where chance has many tries */

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/* Weight is kept of a segment of n rows beside the rows that are like all others. */
static double kept(uint64_t n, double pseudo)
{
    return (double)n / ((double)n + pseudo);
}

/* ---- sizes -------------------------------------------------------------------------------- */

seg_status seg_segment_sizes(const seg_segment_rows *rows, uint64_t *weight, uint64_t *n,
                             seg_error *err)
{
    memset(weight, 0, (rows->k + 1) * sizeof *weight);
    memset(n, 0, (rows->k + 1) * sizeof *n);
    for (size_t i = 0; i < rows->x.n_rows; i++) {
        uint64_t w = seg_segment_weight(rows, i);
        if (w >= UINT64_C(1) << 62 || weight[rows->k] + w >= UINT64_C(1) << 62)
            return seg_fail(err, SEG_E_DATA, "the weights of the rows add up to 2^62 or more");
        weight[rows->k] += w;
        n[rows->k]++;
        if (seg_segment_has(rows, i)) {
            weight[rows->labels[i]] += w;
            n[rows->labels[i]]++;
        }
    }
    return SEG_OK;
}

seg_status seg_segment_order(const seg_segment_rows *rows, uint32_t **order, size_t **first,
                             seg_error *err)
{
    static const char what[] = "the rows by segment";
    seg_status st = SEG_OK;
    size_t *next = NULL;
    *order = NULL;
    *first = NULL;
    TRY(SEG_ALLOC(order, rows->x.n_rows, what, err));
    TRY(SEG_ALLOC(first, rows->k + 1, what, err));
    TRY(SEG_ALLOC(&next, rows->k, what, err));
    for (size_t i = 0; i < rows->x.n_rows; i++)
        if (seg_segment_has(rows, i))
            (*first)[rows->labels[i] + 1]++;
    for (size_t j = 0; j < rows->k; j++)
        (*first)[j + 1] += (*first)[j];
    memcpy(next, *first, rows->k * sizeof *next);
    for (size_t i = 0; i < rows->x.n_rows; i++)
        if (seg_segment_has(rows, i))
            (*order)[next[rows->labels[i]]++] = (uint32_t)i;
done:
    seg_free(next);
    if (st != SEG_OK) {
        seg_free(*order);
        seg_free(*first);
        *order = NULL;
        *first = NULL;
    }
    return st;
}

/* ---- numbers ------------------------------------------------------------------------------ */

typedef struct sorting {
    uint64_t *keys, *keys_temp;
    uint32_t *rows, *rows_temp;
    uint64_t *below;             /* per segment: weight passed on the walk */
    uint8_t *waiting;            /* per segment: half is passed exactly, the next value counts too */
} sorting;

static float value_at(const seg_segment_rows *rows, size_t i, size_t column)
{
    return rows->x.x[i * rows->x.stride + column];
}

static void add_value(seg_segment_number *to, double x, uint64_t w)
{
    to->n++;
    to->weight += w;
    to->sum += (double)w * x;
}

/* Sorts the rows with a value; sums and counts go along. */
static size_t gather(const seg_segment_rows *rows, size_t column, sorting *s,
                     seg_segment_number *out, seg_segment_range *range)
{
    size_t m = 0, k = rows->k;
    uint64_t negative = 0;
    *range = (seg_segment_range){ (double)NAN, (double)NAN, 0, true };
    for (size_t i = 0; i < rows->x.n_rows; i++) {
        float x = value_at(rows, i, column);
        uint64_t w = seg_segment_weight(rows, i);
        if (!isfinite(x) || w == 0)
            continue;
        s->keys[m] = seg_radix_float_key(x);
        s->rows[m++] = (uint32_t)i;
        range->whole = range->whole && floorf(x) == x;
        negative += x < 0 ? w : 0;
        add_value(&out[k], (double)x, w);
        if (seg_segment_has(rows, i))
            add_value(&out[rows->labels[i]], (double)x, w);
    }
    seg_radix_sort(s->keys, s->rows, m, s->keys_temp, s->rows_temp);
    if (m > 0) {
        range->negative = (double)negative / (double)out[k].weight;
        range->least = (double)seg_radix_float(s->keys[0]);
        range->largest = (double)seg_radix_float(s->keys[m - 1]);
    }
    return m;
}

/* The median is the value at which half of the weight is reached, or the middle between it
 * and the next one when it is half exactly. */
static void pass_value(seg_segment_number *out, sorting *s, size_t j, double x, uint64_t w)
{
    if (s->waiting[j]) {
        out[j].median = (out[j].median + x) / 2;
        s->waiting[j] = 0;
    }
    uint64_t before = s->below[j];
    s->below[j] += w;
    if (2 * before < out[j].weight && 2 * s->below[j] >= out[j].weight) {
        out[j].median = x;
        s->waiting[j] = 2 * s->below[j] == out[j].weight;
    }
}

/* One group of equal values: rows from .. end-1 of the sorted ones. Returns its weight. */
static uint64_t pass_group(const seg_segment_rows *rows, sorting *s, size_t from, size_t end,
                           uint64_t below, double x, seg_segment_number *out)
{
    uint64_t tie = 0, all = out[rows->k].weight;
    for (size_t i = from; i < end; i++)
        tie += seg_segment_weight(rows, s->rows[i]);
    double rank = ((double)below + (double)tie / 2) / (double)all;
    pass_value(out, s, rows->k, x, tie);
    for (size_t i = from; i < end; i++) {
        size_t row = s->rows[i];
        uint64_t w = seg_segment_weight(rows, row);
        if (!seg_segment_has(rows, row))
            continue;
        pass_value(out, s, (size_t)rows->labels[row], x, w);
        out[rows->labels[row]].rank += (double)w * rank;
    }
    return tie;
}

static void measure_number(const seg_segment_rows *rows, size_t column, sorting *s,
                           seg_segment_number *out, seg_segment_range *range)
{
    size_t k = rows->k, m;
    double square = 0;
    uint64_t below = 0;
    memset(out, 0, (k + 1) * sizeof *out);
    memset(s->below, 0, (k + 1) * sizeof *s->below);
    memset(s->waiting, 0, (k + 1) * sizeof *s->waiting);
    m = gather(rows, column, s, out, range);
    double all = (double)out[k].weight;
    for (size_t from = 0, end; from < m; from = end) {
        for (end = from; end < m && s->keys[end] == s->keys[from]; end++)
            ;
        double x = (double)seg_radix_float(s->keys[from]);
        uint64_t tie = pass_group(rows, s, from, end, below, x, out);
        double off = ((double)below + (double)tie / 2) / all - 0.5;
        square += (double)tie * off * off;
        below += tie;
    }
    /* a yes/no feature of share p has ranks p apart 1/2: half of its own deviation */
    double deviation = larger(sqrt(square / all), sqrt(RARE * (1 - RARE)) / 2);
    for (size_t j = 0; j <= k; j++) {
        double weight = (double)out[j].weight;
        out[j].mean = out[j].n > 0 ? out[j].sum / weight : (double)NAN;
        out[j].median = out[j].n > 0 ? out[j].median : (double)NAN;
        out[j].rank = j == k ? 0.5 : out[j].rank / weight;
        out[j].effect = kept(out[j].n, PSEUDO_ROWS) * (out[j].rank - 0.5) / deviation;
        if (out[j].n == 0) {
            out[j].rank = (double)NAN;
            out[j].effect = 0;
        }
    }
}

static void free_sorting(sorting *s)
{
    seg_free(s->keys);
    seg_free(s->keys_temp);
    seg_free(s->rows);
    seg_free(s->rows_temp);
    seg_free(s->below);
    seg_free(s->waiting);
}

static seg_status new_sorting(const seg_segment_rows *rows, sorting *s, seg_error *err)
{
    static const char what[] = "the sorting of a feature";
    seg_status st = SEG_OK;
    TRY(SEG_ALLOC(&s->keys, rows->x.n_rows, what, err));
    TRY(SEG_ALLOC(&s->keys_temp, rows->x.n_rows, what, err));
    TRY(SEG_ALLOC(&s->rows, rows->x.n_rows, what, err));
    TRY(SEG_ALLOC(&s->rows_temp, rows->x.n_rows, what, err));
    TRY(SEG_ALLOC(&s->below, rows->k + 1, what, err));
    TRY(SEG_ALLOC(&s->waiting, rows->k + 1, what, err));
done:
    return st;
}

static int fewer(int n_threads, size_t n)
{
    return n_threads < 1 ? 1 : (size_t)n_threads > n && n > 0 ? (int)n : n_threads;
}

seg_status seg_segment_numbers(const seg_segment_rows *rows, const size_t *columns, size_t n,
                               seg_segment_number *out, seg_segment_range *ranges,
                               seg_error *err)
{
    seg_status st = SEG_OK;
    sorting *of_thread = NULL;
    int n_threads = fewer(rows->n_threads, n);
    TRY(SEG_ALLOC(&of_thread, (size_t)n_threads, "the sorting of a feature", err));
    for (int t = 0; t < n_threads; t++)
        TRY(new_sorting(rows, &of_thread[t], err));
    /* thread t works on features t, t + n_threads ... with arrays of its own */
    #pragma omp parallel for schedule(static, 1) num_threads(n_threads)
    for (int t = 0; t < n_threads; t++)
        for (size_t f = (size_t)t; f < n; f += (size_t)n_threads)
            measure_number(rows, columns[f], &of_thread[t], out + f * (rows->k + 1), &ranges[f]);
done:
    for (int t = 0; of_thread != NULL && t < n_threads; t++)
        free_sorting(&of_thread[t]);
    seg_free(of_thread);
    return st;
}

/* ---- categories ------------------------------------------------------------------------- */

typedef struct counting {
    uint64_t *all, *here;        /* weight per level: of all rows, of one segment */
    int32_t *seen;               /* levels of the segment */
    int32_t common[SEG_SEGMENT_COMMON];   /* the commonest levels; -1: no more */
} counting;

static int32_t code_at(const seg_segment_rows *rows, size_t i, size_t column, size_t n_levels)
{
    float x = value_at(rows, i, column);
    return x >= 0 && x < (float)n_levels ? (int32_t)x : -1;
}

static void find_common(counting *c, size_t n_levels)
{
    size_t n = 0;
    memset(c->common, 0xff, sizeof c->common);
    for (size_t level = 0; level < n_levels; level++) {
        size_t at = n;
        while (at > 0 && c->all[level] > c->all[c->common[at - 1]])
            at--;
        if (c->all[level] == 0 || at == SEG_SEGMENT_COMMON)
            continue;
        n += n < SEG_SEGMENT_COMMON;
        memmove(c->common + at + 1, c->common + at, (n - 1 - at) * sizeof *c->common);
        c->common[at] = (int32_t)level;
    }
}

static seg_segment_level measure_level(const counting *c, int32_t code, uint64_t n,
                                       uint64_t weight, uint64_t all)
{
    seg_segment_level level = { .code = code };
    level.share = (double)c->here[code] / (double)weight;
    level.usual = (double)c->all[code] / (double)all;
    double deviation = sqrt(level.usual * (1 - level.usual));
    level.effect = kept(n, PSEUDO_LEVELS) * (level.share - level.usual)
                   / larger(deviation, sqrt(RARE * (1 - RARE)));
    return level;
}

/* Keeps the levels that stand out; equal ones in order of code. */
static void take_level(seg_segment_levels *out, seg_segment_level level)
{
    size_t at = SEG_SEGMENT_OVER;
    while (at > 0) {
        const seg_segment_level *above = &out->over[at - 1];
        bool wins = above->code < 0 || level.effect > above->effect
                    || (level.effect >= above->effect && level.code < above->code);
        if (!wins)
            break;
        at--;
    }
    if (at == SEG_SEGMENT_OVER || !(level.effect > 0))
        return;
    memmove(out->over + at + 1, out->over + at,
            (SEG_SEGMENT_OVER - 1 - at) * sizeof *out->over);
    out->over[at] = level;
}

static void measure_levels(const seg_segment_rows *rows, size_t column, size_t n_levels,
                           const uint32_t *order, size_t n, counting *c, uint64_t all,
                           seg_segment_levels *out)
{
    size_t n_seen = 0;
    *out = (seg_segment_levels){ .under = { .code = -1 } };
    for (size_t i = 0; i < SEG_SEGMENT_OVER; i++)
        out->over[i].code = -1;
    for (size_t i = 0; i < n; i++) {
        int32_t code = code_at(rows, order[i], column, n_levels);
        uint64_t w = seg_segment_weight(rows, order[i]);
        if (code < 0 || w == 0)
            continue;
        if (c->here[code] == 0)
            c->seen[n_seen++] = code;
        c->here[code] += w;
        out->weight += w;
        out->n++;
    }
    for (size_t i = 0; i < n_seen; i++)
        take_level(out, measure_level(c, c->seen[i], out->n, out->weight, all));
    for (size_t i = 0; out->n > 0 && i < SEG_SEGMENT_COMMON && c->common[i] >= 0; i++) {
        seg_segment_level level = measure_level(c, c->common[i], out->n, out->weight, all);
        if (level.effect < 0 && (out->under.code < 0 || level.effect < out->under.effect))
            out->under = level;
    }
    for (size_t i = 0; i < n_seen; i++)
        c->here[c->seen[i]] = 0;
}

static void measure_category(const seg_segment_rows *rows, size_t column, size_t n_levels,
                             const uint32_t *order, const size_t *first, counting *c,
                             seg_segment_levels *out)
{
    uint64_t all = 0;
    memset(c->all, 0, n_levels * sizeof *c->all);
    for (size_t i = 0; i < rows->x.n_rows; i++) {
        int32_t code = code_at(rows, i, column, n_levels);
        if (code < 0)
            continue;
        c->all[code] += seg_segment_weight(rows, i);
        all += seg_segment_weight(rows, i);
    }
    find_common(c, n_levels);
    for (size_t j = 0; j < rows->k; j++)
        measure_levels(rows, column, n_levels, order + first[j], first[j + 1] - first[j], c, all,
                       &out[j]);
}

static seg_status new_counting(const seg_segment_rows *rows, size_t most_levels, counting *c,
                               seg_error *err)
{
    static const char what[] = "the counts of categories";
    seg_status st = SEG_OK;
    size_t seen = most_levels < rows->x.n_rows ? most_levels : rows->x.n_rows;
    TRY(SEG_ALLOC(&c->all, most_levels, what, err));
    TRY(SEG_ALLOC(&c->here, most_levels, what, err));
    TRY(SEG_ALLOC(&c->seen, seen, what, err));
done:
    return st;
}

seg_status seg_segment_categories(const seg_segment_rows *rows, const size_t *columns,
                                  const size_t *n_levels, size_t n, seg_segment_levels *out,
                                  seg_error *err)
{
    seg_status st = SEG_OK;
    uint32_t *order = NULL;
    size_t *first = NULL, most_levels = 0;
    counting *of_thread = NULL;
    int n_threads = fewer(rows->n_threads, n);
    for (size_t c = 0; c < n; c++)
        most_levels = n_levels[c] > most_levels ? n_levels[c] : most_levels;
    TRY(seg_segment_order(rows, &order, &first, err));
    TRY(SEG_ALLOC(&of_thread, (size_t)n_threads, "the counts of categories", err));
    for (int t = 0; t < n_threads; t++)
        TRY(new_counting(rows, most_levels, &of_thread[t], err));
    #pragma omp parallel for schedule(static, 1) num_threads(n_threads)
    for (int t = 0; t < n_threads; t++)
        for (size_t c = (size_t)t; c < n; c += (size_t)n_threads)
            measure_category(rows, columns[c], n_levels[c], order, first, &of_thread[t],
                             out + c * rows->k);
done:
    for (int t = 0; of_thread != NULL && t < n_threads; t++) {
        seg_free(of_thread[t].all);
        seg_free(of_thread[t].here);
        seg_free(of_thread[t].seen);
    }
    seg_free(of_thread);
    seg_free(order);
    seg_free(first);
    return st;
}
