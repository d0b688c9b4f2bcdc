/* What is said of segments, against plain loops over the rows, one repeated row for each unit
 * of weight, and small cases worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/rng.h"
#include "kernels/segment_rule.h"

enum { N = 900, D = 5, K = 4, LEVELS = 6 };

static float x[N * D];
static int32_t labels[N];
static uint64_t weights[N];

static double uniform(uint64_t i)
{
    return seg_rng_f64((seg_rng){ 5, 1 }, i);
}

/* Columns: 0 many values, 1 few values with ties, 2 mostly zero, 3 a category, 4 missing.
 * Segment 3 has no rows; some rows are of no segment. */
static void make_rows(void)
{
    for (size_t i = 0; i < N; i++) {
        size_t at = i * 8;
        labels[i] = uniform(at) < 0.05 ? -1 : (int32_t)(uniform(at + 1) * 3);
        weights[i] = (uint64_t)(uniform(at + 2) * 4);
        double lift = labels[i] == 1 ? 2 : 0;
        x[i * D] = (float)(uniform(at + 3) * 100 - 20 + lift * 10);
        x[i * D + 1] = (float)floor(uniform(at + 4) * 4 + lift) * (uniform(at + 7) < 0.5 ? 1 : -0.0F);
        x[i * D + 2] = uniform(at + 5) < 0.9 ? 0 : (float)uniform(at + 3);
        x[i * D + 3] = (float)floor(uniform(at + 6) * (labels[i] == 2 ? 3 : LEVELS));
        x[i * D + 4] = i % 2 == 0 ? NAN : INFINITY;
        if (uniform(at + 7) > 0.9)
            x[i * D + i % 4] = NAN;
    }
}

static seg_segment_rows all_rows(const uint64_t *w)
{
    return (seg_segment_rows){ .x = { .x = x, .n_rows = N, .n_cols = D, .stride = D },
                               .labels = labels, .weights = w, .k = K, .n_threads = 1 };
}

/* ---- the plain way ------------------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
    double p = *(const double *)a, q = *(const double *)b;
    return (p > q) - (p < q);
}

/* Values of the column as often as their rows weigh; j = K: of all rows. */
static size_t repeated(size_t column, size_t j, const uint64_t *w, double *out, size_t *n_rows)
{
    size_t n = 0;
    *n_rows = 0;
    for (size_t i = 0; i < N; i++) {
        double v = (double)x[i * D + column];
        uint64_t times = w == NULL ? 1 : w[i];
        if (!isfinite(v) || times == 0 || (j < K && labels[i] != (int32_t)j))
            continue;
        ++*n_rows;
        for (uint64_t t = 0; t < times; t++)
            out[n++] = v;
    }
    return n;
}

static double rank_plainly(const double *all, size_t n, double v)
{
    double below = 0;
    for (size_t i = 0; i < n; i++)
        below += all[i] < v ? 1 : all[i] == v ? 0.5 : 0;
    return below / (double)n;
}

static void near(double a, double b)
{
    assert_true(fabs(a - b) <= 1e-11 * (1 + fabs(b)));
}

static void check_number(const seg_segment_number *got, size_t column, size_t j,
                         const uint64_t *w)
{
    static double all[4 * N], own[4 * N];
    size_t n_rows, n_all = repeated(column, K, w, all, &n_rows);
    size_t n = repeated(column, j, w, own, &n_rows);
    double sum = 0, rank = 0, square = 0;
    assert_int_equal(got->weight, n);
    assert_int_equal(got->n, n_rows);
    if (n == 0) {
        assert_true(isnan(got->mean) && isnan(got->median) && isnan(got->rank));
        assert_true(got->effect == 0);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        sum += own[i];
        rank += rank_plainly(all, n_all, own[i]) / (double)n;
    }
    for (size_t i = 0; i < n_all; i++)
        square += pow(rank_plainly(all, n_all, all[i]) - 0.5, 2) / (double)n_all;
    qsort(own, n, sizeof *own, by_value);
    near(got->sum, sum);
    near(got->mean, sum / (double)n);
    assert_true(got->median == (own[(n - 1) / 2] + own[n / 2]) / 2);
    near(got->rank, rank);
    double deviation = sqrt(square) > sqrt(0.05 * 0.95) / 2 ? sqrt(square) : sqrt(0.05 * 0.95) / 2;
    near(got->effect, (rank - 0.5) / deviation * (double)n_rows / ((double)n_rows + 2));
}

static void numbers_are_those_of_repeated_rows(void **state)
{
    (void)state;
    static const size_t columns[] = { 1, 0, 2, 4 };
    seg_segment_number out[4 * (K + 1)], again[4 * (K + 1)];
    seg_segment_range ranges[4];
    make_rows();
    for (int weighted = 0; weighted < 2; weighted++) {
        const uint64_t *w = weighted ? weights : NULL;
        seg_segment_rows rows = all_rows(w);
        assert_int_equal(seg_segment_numbers(&rows, columns, 4, out, ranges, NULL), SEG_OK);
        for (size_t f = 0; f < 4; f++)
            for (size_t j = 0; j <= K; j++)
                check_number(&out[f * (K + 1) + j], columns[f], j, w);
        rows.n_threads = 3;
        assert_int_equal(seg_segment_numbers(&rows, columns, 4, again, ranges, NULL), SEG_OK);
        assert_memory_equal(out, again, sizeof out);
    }
    assert_true(ranges[0].whole && !ranges[1].whole);
    assert_true(ranges[0].negative == 0 && ranges[1].negative > 0.05);
    assert_true(ranges[0].least == 0 && ranges[0].largest == 5);
    assert_true(isnan(ranges[3].least));
}

static void levels_are_counted(void **state)
{
    (void)state;
    static const size_t columns[] = { 3, 4 }, n_levels[] = { LEVELS, 2 };
    seg_segment_levels out[2 * K];
    make_rows();
    seg_segment_rows rows = all_rows(weights);
    rows.n_threads = 2;
    assert_int_equal(seg_segment_categories(&rows, columns, n_levels, 2, out, NULL), SEG_OK);
    double count[K + 1][LEVELS] = { { 0 } }, n[K + 1] = { 0 };
    uint64_t n_rows[K] = { 0 };
    for (size_t i = 0; i < N; i++) {
        float v = x[i * D + 3];
        if (isnan(v) || weights[i] == 0)
            continue;
        count[K][(int)v] += (double)weights[i];
        n[K] += (double)weights[i];
        if (labels[i] < 0)
            continue;
        count[labels[i]][(int)v] += (double)weights[i];
        n[labels[i]] += (double)weights[i];
        n_rows[labels[i]]++;
    }
    for (size_t j = 0; j < 3; j++) {
        double effects[LEVELS], sorted[LEVELS];
        for (int l = 0; l < LEVELS; l++) {
            double p = count[K][l] / n[K];
            effects[l] = (count[j][l] / n[j] - p) / sqrt(p * (1 - p)) * (double)n_rows[j]
                         / ((double)n_rows[j] + 10);
            sorted[l] = effects[l];
        }
        qsort(sorted, LEVELS, sizeof *sorted, by_value);
        assert_int_equal(out[j].n, n_rows[j]);
        for (int i = 0; i < SEG_SEGMENT_OVER; i++) {
            const seg_segment_level *level = &out[j].over[i];
            if (sorted[LEVELS - 1 - i] <= 0) {
                assert_int_equal(level->code, -1);
                continue;
            }
            near(level->effect, sorted[LEVELS - 1 - i]);
            near(level->effect, effects[level->code]);
            near(level->share, count[j][level->code] / n[j]);
            near(level->usual, count[K][level->code] / n[K]);
        }
        near(out[j].under.effect, sorted[0]);
        near(out[j].under.effect, effects[out[j].under.code]);
    }
    for (size_t j = 0; j < K; j++) {   /* the empty segment, and a category without values */
        const seg_segment_levels *none = j < 3 ? &out[K + j] : &out[3];
        assert_int_equal(none->n, 0);
        assert_int_equal(none->over[0].code, -1);
        assert_int_equal(none->under.code, -1);
    }
}

static void only_the_commonest_of_many_levels_can_be_missed(void **state)
{
    (void)state;
    enum { MANY = 40, ROWS = MANY * 20 };
    static float codes[ROWS];
    static int32_t of[ROWS];
    size_t n = 0;
    for (int level = 0; level < MANY; level++)   /* level l has l / 2 + 1 rows; segment 1 none of 39 */
        for (int i = 0; i < level / 2 + 1; i++) {
            codes[n] = (float)level;
            of[n++] = level == MANY - 1 ? 0 : i % 2;
        }
    seg_segment_rows rows = { .x = { codes, n, 1, 1 }, .labels = of, .k = 2, .n_threads = 1 };
    seg_segment_levels out[2];
    assert_int_equal(seg_segment_categories(&rows, &(size_t){ 0 }, &(size_t){ MANY }, 1, out, NULL),
                     SEG_OK);
    assert_int_equal(out[1].under.code, MANY - 1);
    assert_true(out[1].under.share == 0);
    assert_int_equal(out[0].over[0].code, MANY - 1);
}

static void refuses_weights_that_add_up_to_too_much(void **state)
{
    (void)state;
    static const uint64_t heavy[] = { UINT64_C(1) << 61, UINT64_C(1) << 61 };
    static const float one[] = { 1, 2 };
    static const int32_t of[] = { 0, 0 };
    uint64_t weight[2], n[2];
    seg_error err;
    seg_segment_rows rows = { .x = { one, 2, 1, 1 }, .labels = of, .weights = heavy, .k = 1 };
    assert_int_equal(seg_segment_sizes(&rows, weight, n, &err), SEG_E_DATA);
    rows.x.n_rows = 1;
    assert_int_equal(seg_segment_sizes(&rows, weight, n, &err), SEG_OK);
    assert_int_equal(n[0], 1);
    assert_true(weight[1] == heavy[0]);
}

/* ---- rules ---------------------------------------------------------------------------------- */

static seg_status rules_of(const seg_segment_rows *rows, const uint32_t *n_levels,
                           seg_segment_rule *out, seg_bins **bins, seg_error *err)
{
    static uint8_t binned[N * D], use[N];
    memset(use, 1, sizeof use);
    seg_status st = seg_bins_new(rows->x.n_cols, n_levels, rows->x.n_rows, 1, bins, err);
    if (st != SEG_OK)
        return st;
    seg_bins_add(*bins, rows->x, 0, use, 1);
    st = seg_bins_finish(*bins, 1, err);
    if (st != SEG_OK)
        return st;
    seg_bins_apply(*bins, rows->x, 1, binned);
    return seg_segment_rules(rows, *bins, binned, out, err);
}

static bool meets(const seg_segment_rule *rule, const float *row)
{
    for (size_t i = 0; i < rule->n; i++) {
        const seg_segment_condition *c = &rule->conditions[i];
        float v = row[c->feature];
        if (isnan(v) || isinf(v))
            return false;
        bool met = c->test == SEG_SEGMENT_AT_MOST ? v <= c->threshold
                   : c->test == SEG_SEGMENT_ABOVE ? v > c->threshold
                   : c->test == SEG_SEGMENT_IS ? (int32_t)v == c->code : (int32_t)v != c->code;
        if (!met)
            return false;
    }
    return true;
}

static void rules_catch_what_they_say(void **state)
{
    (void)state;
    static const uint32_t n_levels[D] = { 0, 0, 0, LEVELS, 0 };
    seg_segment_rule out[K], again[K];
    seg_bins *bins;
    make_rows();
    for (int weighted = 0; weighted < 2; weighted++) {
        seg_segment_rows rows = all_rows(weighted ? weights : NULL);
        assert_int_equal(rules_of(&rows, n_levels, out, &bins, NULL), SEG_OK);
        seg_bins_free(bins);
        rows.n_threads = 3;
        assert_int_equal(rules_of(&rows, n_levels, again, &bins, NULL), SEG_OK);
        seg_bins_free(bins);
        for (int32_t j = 0; j < K; j++) {
            double met = 0, both = 0, own = 0;
            for (size_t i = 0; i < N; i++) {
                double w = weighted ? (double)weights[i] : 1;
                bool caught = meets(&out[j], x + i * D);
                met += caught ? w : 0;
                own += labels[i] == j ? w : 0;
                both += caught && labels[i] == j ? w : 0;
            }
            assert_in_range(out[j].n, 0, 3);
            assert_int_equal(out[j].n, again[j].n);
            if (out[j].n == 0)
                continue;
            near(out[j].recall, both / own);
            near(out[j].precision, both / met);
            assert_true(again[j].recall == out[j].recall);
        }
        assert_int_equal(out[3].n, 0);   /* no rows */
    }
}

/* A box in two numbers and a level: what was put in comes out. */
static void finds_the_box_the_segment_was_made_of(void **state)
{
    (void)state;
    static float rows[N * 3];
    static int32_t of[N];
    static const uint32_t n_levels[] = { 0, 0, 3 };
    seg_segment_rule out[2];
    seg_bins *bins;
    for (size_t i = 0; i < N; i++) {
        rows[i * 3] = (float)(i % 30);
        rows[i * 3 + 1] = (float)(i / 30 % 10) / 4;
        rows[i * 3 + 2] = (float)(i * 7 / 3 % 3);
        of[i] = rows[i * 3] >= 7 && rows[i * 3 + 1] <= 1.5F && rows[i * 3 + 2] == 2;
    }
    seg_segment_rows all = { .x = { rows, N, 3, 3 }, .labels = of, .k = 2, .n_threads = 1 };
    assert_int_equal(rules_of(&all, n_levels, out, &bins, NULL), SEG_OK);
    seg_bins_free(bins);
    assert_int_equal(out[1].n, 3);
    assert_true(out[1].recall == 1 && out[1].precision == 1);
    for (size_t i = 0; i < 3; i++) {
        const seg_segment_condition *c = &out[1].conditions[i];
        if (c->feature == 0)
            assert_true(c->test == SEG_SEGMENT_ABOVE && c->threshold == 6);
        if (c->feature == 1)
            assert_true(c->test == SEG_SEGMENT_AT_MOST && c->threshold >= 1.5F
                        && c->threshold < 1.75F);
        if (c->feature == 2)
            assert_true(c->test == SEG_SEGMENT_IS && c->code == 2);
    }
}

static void one_segment_has_no_rule(void **state)
{
    (void)state;
    static const uint32_t n_levels[D] = { 0 };
    seg_segment_rule out[1];
    seg_bins *bins;
    make_rows();
    memset(labels, 0, sizeof labels);
    seg_segment_rows rows = all_rows(NULL);
    rows.k = 1;
    assert_int_equal(rules_of(&rows, n_levels, out, &bins, NULL), SEG_OK);
    seg_bins_free(bins);
    assert_int_equal(out[0].n, 0);
}

static seg_status everything(seg_error *err)
{
    static const size_t columns[] = { 0, 1 }, codes[] = { 3 }, sizes[] = { LEVELS };
    static const uint32_t n_levels[D] = { 0, 0, 0, LEVELS, 0 };
    seg_segment_rows rows = all_rows(weights);
    seg_segment_number numbers[2 * (K + 1)];
    seg_segment_range ranges[2];
    seg_segment_levels levels[K];
    seg_segment_rule rules[K];
    seg_bins *bins = NULL;
    rows.n_threads = 2;
    seg_status st = seg_segment_numbers(&rows, columns, 2, numbers, ranges, err);
    if (st == SEG_OK)
        st = seg_segment_categories(&rows, codes, sizes, 1, levels, err);
    if (st == SEG_OK)
        st = rules_of(&rows, n_levels, rules, &bins, err);
    seg_bins_free(bins);
    return st;
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    seg_error err;
    seg_status st = SEG_E_AGAIN;
    make_rows();
    long live = seg_alloc_live;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_alloc_fail_after = n;
        st = everything(&err);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(st, SEG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_those_of_repeated_rows),
        cmocka_unit_test(levels_are_counted),
        cmocka_unit_test(only_the_commonest_of_many_levels_can_be_missed),
        cmocka_unit_test(refuses_weights_that_add_up_to_too_much),
        cmocka_unit_test(rules_catch_what_they_say),
        cmocka_unit_test(finds_the_box_the_segment_was_made_of),
        cmocka_unit_test(one_segment_has_no_rule),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
