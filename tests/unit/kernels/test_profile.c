/* Profiles of columns against plain loops over all values. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "kernels/kernels.h"
#include "kernels/profile.h"
#include "segmill/context.h"

enum { D = 5, N = 10000, LEVELS = 4 };

/* Columns: even numbers with gaps; normal-like; constant; a level; whole numbers of wide range.
 * Beside X: a label that is 1 where column 1 is large, money, and ids. */
static float x[N * D];
static int32_t label[N];
static int64_t money[N];
static char ids[N * 8];

static const char *const level_names[LEVELS] = { "a", "b", "c", "d" };
static const char *const yes_no[] = { "no", "yes" };
static const seg_column features[D] = {
    { .name = "even", .type = SEG_TYPE_F32 }, { .name = "sum", .type = SEG_TYPE_F32 },
    { .name = "same", .type = SEG_TYPE_F32 },
    { .name = "level", .type = SEG_TYPE_CODE, .levels = level_names, .n_levels = LEVELS },
    { .name = "wide", .type = SEG_TYPE_F32 },
};
static const seg_column columns[] = {
    { .name = "label", .type = SEG_TYPE_CODE, .levels = yes_no, .n_levels = 2 },
    { .name = "money", .type = SEG_TYPE_I64, .scale = 100 },
};
static const seg_schema schema = {
    .kind = SEG_KIND_FEATURES, .id_name = "id", .id_width = 8, .features = features,
    .n_features = D, .columns = columns, .n_columns = 2, .label = "label",
    .as_of_day = SEG_MISSING_DAY,
};

static void make_rows(void)
{
    seg_rng rng = { 7, 1 };
    for (size_t i = 0; i < N; i++) {
        float *row = x + i * D;
        double sum = 0;
        for (uint64_t j = 0; j < 12; j++)
            sum += seg_rng_f64(rng, i * 16 + j);
        row[0] = i % 10 == 3 ? (float)NAN : (float)(2 * (i % 50));
        row[1] = (float)(sum - 6);
        row[2] = -1.5f;
        row[3] = i % 7 == 0 ? (float)NAN : (float)(i % 3);
        row[4] = (float)seg_rng_below((seg_rng){ 7, 2 }, i, 1 << 24);
        label[i] = row[1] > 1;
        money[i] = i == 17 ? SEG_MISSING_I64 : (int64_t)i * 25 - 5000;
        for (size_t c = 0, rest = i; c < 6; c++, rest /= 10)
            ids[i * 8 + c] = (char)('0' + rest % 10);
    }
    x[20 * D + 1] = (float)INFINITY;
    label[20] = 1;
}

static seg_status run_rows(size_t n, size_t block_rows, int n_threads, seg_profile *p,
                           seg_error *err)
{
    seg_status st = seg_profile_new(&schema, n, p, err);
    for (size_t first = 0; st == SEG_OK && first < n; first += block_rows) {
        const void *views[] = { label + first, money + first };
        seg_block block = { .first_row = first, .ids = ids + first * 8, .columns = views,
                            .n_rows = n - first < block_rows ? n - first : block_rows };
        block.x = (seg_matrix){ x + first * D, block.n_rows, D, D };
        st = seg_profile_add(p, &block, n_threads, err);
    }
    if (st == SEG_OK)
        st = seg_profile_finish(p, D, n_threads, err);
    if (st != SEG_OK)
        seg_profile_free(p);
    return st;
}

static void profile_rows(seg_profile *p, size_t block_rows, int n_threads)
{
    seg_error err;
    assert_int_equal(run_rows(N, block_rows, n_threads, p, &err), SEG_OK);
}

static int ascending(const void *a, const void *b)
{
    double u = *(const double *)a, v = *(const double *)b;
    return (u > v) - (u < v);
}

/* The finite values of feature f in order. */
static size_t sorted_values(size_t f, double *out)
{
    size_t n = 0;
    for (size_t i = 0; i < N; i++)
        if (isfinite(x[i * D + f]))
            out[n++] = (double)x[i * D + f];
    qsort(out, n, sizeof *out, ascending);
    return n;
}

static void figures_equal_those_of_plain_loops(void **state)
{
    (void)state;
    seg_profile p;
    double *v = malloc(N * sizeof *v);
    profile_rows(&p, 2048, 2);
    for (size_t f = 0; f < D; f++) {
        const seg_profile_column *c = &p.columns[f];
        if (c->what.type == SEG_TYPE_CODE)
            continue;
        size_t n = sorted_values(f, v), distinct = 1, zeros = 0, whole = 0;
        double sum = 0, square = 0;
        for (size_t i = 0; i < n; i++) {
            sum += v[i];
            zeros += v[i] == 0;
            whole += v[i] == floor(v[i]);
            distinct += i > 0 && v[i] != v[i - 1];
        }
        for (size_t i = 0; i < n; i++)
            square += (v[i] - sum / (double)n) * (v[i] - sum / (double)n);
        assert_int_equal(c->n_finite, n);
        assert_int_equal(c->n_zero, zeros);
        assert_int_equal(c->n_whole, whole);
        assert_true(c->least == v[0] && c->largest == v[n - 1]);
        assert_true(fabs(c->mean - sum / (double)n) <= 1e-12 * (1 + fabs(c->mean)));
        assert_true(fabs(c->sd - sqrt(square / (double)n)) <= 1e-12 * (1 + c->sd));
        if (c->distinct_exact)
            assert_true(c->n_distinct == (double)distinct);
        else   /* four standard errors of 1 / sqrt(2048) */
            assert_true(fabs(c->n_distinct / (double)distinct - 1) < 4 / sqrt(2048.0));
        for (size_t q = 0; q < SEG_PROFILE_QUANTILES; q++) {
            double at = seg_profile_shares[q] * (double)(n - 1), below = floor(at);
            double lo = v[(size_t)below], hi = v[(size_t)ceil(at)];
            assert_true(fabs(c->quantiles[q] - (lo + (at - below) * (hi - lo)))
                        <= 1e-12 * (1 + fabs(hi)));
        }
    }
    assert_true(p.columns[0].distinct_exact && p.columns[0].n_distinct == 45);
    assert_true(p.columns[2].n_distinct == 1 && p.columns[2].sd == 0);
    assert_int_equal(p.columns[1].n - p.columns[1].n_finite, 1);
    free(v);
    seg_profile_free(&p);
}

static void counts_levels_money_and_ids(void **state)
{
    (void)state;
    seg_profile p;
    int64_t want[LEVELS] = { 0 };
    profile_rows(&p, N, 1);
    for (size_t i = 0; i < N; i++)
        if (i % 7 != 0)
            want[i % 3]++;
    for (size_t l = 0; l < LEVELS; l++)
        assert_int_equal(p.columns[3].levels[l], want[l]);
    assert_true(p.columns[3].n_distinct == 3);
    assert_int_equal(p.columns[D + 1].n, N - 1);
    assert_true(p.columns[D + 1].least == -50.0);
    assert_true(p.columns[D + 1].largest == ((N - 1) * 25 - 5000) / 100.0);
    assert_int_equal(p.columns[D + 2].n, N);
    assert_true(fabs(p.columns[D + 2].n_distinct / N - 1) < 4 / sqrt(2048.0));
    seg_profile_free(&p);
}

/* Every column's figures as bytes. */
static void figures(const seg_profile *p, double *out)
{
    for (size_t c = 0; c < p->n_columns; c++) {
        const seg_profile_column *column = &p->columns[c];
        double all[] = { (double)column->n, (double)column->n_finite, column->least,
                         column->largest, column->mean, column->sd, column->n_distinct,
                         column->usual, (double)column->n_usual, column->auc, column->purity,
                         column->bins_from, column->bins_to, (double)column->twin,
                         column->twin_r };
        memcpy(out, all, sizeof all);
        out += sizeof all / sizeof *all;
        memcpy(out, column->quantiles, sizeof column->quantiles);
        out += SEG_PROFILE_QUANTILES;
        for (size_t b = 0; b < SEG_PROFILE_BINS; b++)
            *out++ = (double)column->bins[b];
    }
}

static void same_bits_for_any_threads_and_blocks(void **state)
{
    (void)state;
    enum { CELLS = (D + 3) * (15 + SEG_PROFILE_QUANTILES + SEG_PROFILE_BINS) };
    static double want[CELLS], got[CELLS];
    static const struct { size_t rows; int threads; } ways[] = {
        { N, 1 }, { 1024, 1 }, { 1024, 3 }, { 3072, 2 }, { N, 4 },
    };
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        seg_profile p;
        profile_rows(&p, ways[w].rows, ways[w].threads);
        memset(got, 0, sizeof got);
        figures(&p, got);
        if (w == 0)
            memcpy(want, got, sizeof want);
        assert_memory_equal(want, got, sizeof want);
        seg_profile_free(&p);
    }
}

static void every_level_gives_the_same_moments(void **state)
{
    (void)state;
    _Alignas(64) double v[64];
    for (size_t i = 0; i < 64; i++)
        v[i] = i % 9 == 4 ? (double)NAN : i == 30 ? (double)INFINITY
               : (double)(i * i % 37) / 8 - 1;
    for (size_t n = 0; n <= 64; n += 8) {
        seg_moments want;
        seg_kernels_at(SEG_ISA_BASE)->column_moments(v, n, 0.3, &want);
        int64_t finite = 0, zero = 0;
        double sum = 0;
        for (size_t i = 0; i < n; i++) {
            finite += isfinite(v[i]) ? 1 : 0;
            zero += v[i] == 0;
            sum += isfinite(v[i]) ? v[i] - 0.3 : 0;
        }
        assert_int_equal(want.n_finite, finite);
        assert_int_equal(want.n_zero, zero);
        assert_true(fabs(want.sum - sum) < 1e-12);
        for (int isa = 0; isa < SEG_ISA_COUNT; isa++) {
            const seg_kernels *kernels = seg_kernels_at((seg_isa)isa);
            seg_moments got;
            if (kernels == NULL)
                continue;
            kernels->column_moments(v, n, 0.3, &got);
            assert_memory_equal(&want, &got, sizeof want);
        }
    }
}

static void the_label_is_given_away(void **state)
{
    (void)state;
    seg_profile p;
    profile_rows(&p, N, 2);
    assert_true(p.columns[1].auc == 1);   /* the label was made of it */
    assert_true(p.columns[4].auc < 0.55);
    assert_true(isnan(p.columns[D].auc));
    assert_true(p.columns[3].purity < 0.1);
    seg_profile_free(&p);
}

static void auc_counts_pairs(void **state)
{
    (void)state;
    seg_profile p;
    double right = 0, pairs = 0;
    profile_rows(&p, N, 1);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N && label[i] == 1; j++) {
            float a = x[i * D], b = x[j * D];
            if (label[j] == 1 || isnan(a) || isnan(b))
                continue;
            right += a > b ? 1 : a == b ? 0.5 : 0;
            pairs++;
        }
    double auc = right / pairs < 0.5 ? 1 - right / pairs : right / pairs;
    assert_true(fabs(p.columns[0].auc - auc) < 1e-12);
    seg_profile_free(&p);
}

static void twins_are_found(void **state)
{
    (void)state;
    seg_profile p;
    float kept[N];
    for (size_t i = 0; i < N; i++) {
        kept[i] = x[i * D + 4];
        x[i * D + 4] = 3 - 2 * x[i * D];   /* moves against column 0 */
    }
    profile_rows(&p, N, 2);
    assert_true(p.columns[4].twin == 0);
    assert_true(fabs(p.columns[4].twin_r + 1) < 1e-9);
    for (size_t f = 0; f < 4; f++)
        assert_true(p.columns[f].twin == SIZE_MAX);
    seg_profile_free(&p);
    for (size_t i = 0; i < N; i++)
        x[i * D + 4] = kept[i];
}

static void estimates_of_many_are_near_and_of_few_exact(void **state)
{
    (void)state;
    seg_error err;
    for (uint64_t n = 1; n < 3000000; n = n * 3 + 1) {
        seg_distinct set;
        bool exact;
        assert_int_equal(seg_distinct_new(256, &set, &err), SEG_OK);
        for (int twice = 0; twice < 2; twice++)
            for (uint64_t i = 0; i < n; i++)
                seg_distinct_add(&set, seg_mix64(twice == 0 ? i : n - 1 - i));
        double count = seg_distinct_count(&set, &exact);
        assert_int_equal(exact, n <= 512);
        if (exact)
            assert_true(count == (double)n);
        assert_true(fabs(count / (double)n - 1) < 4 / sqrt(256.0));
        seg_distinct_free(&set);
    }
}

static void no_rows_are_no_trouble(void **state)
{
    (void)state;
    seg_profile p;
    seg_error err;
    assert_int_equal(run_rows(0, N, 2, &p, &err), SEG_OK);
    assert_int_equal(p.columns[0].n, 0);
    assert_true(isnan(p.columns[0].mean) && isnan(p.columns[0].quantiles[3]));
    seg_profile_free(&p);
    assert_int_equal(run_rows(1, N, 2, &p, &err), SEG_OK);
    assert_true(p.columns[1].sd == 0 && p.columns[1].quantiles[0] == p.columns[1].quantiles[6]);
    seg_profile_free(&p);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_profile p;
        seg_error err;
        seg_alloc_fail_after = n;
        st = run_rows(2000, 1024, 2, &p, &err);
        seg_alloc_fail_after = -1;
        if (st == SEG_OK)
            seg_profile_free(&p);
        assert_int_equal(seg_alloc_live, 0);
    }
    assert_int_equal(st, SEG_OK);
}

static int set_up(void **state)
{
    (void)state;
    make_rows();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_equal_those_of_plain_loops),
        cmocka_unit_test(counts_levels_money_and_ids),
        cmocka_unit_test(same_bits_for_any_threads_and_blocks),
        cmocka_unit_test(every_level_gives_the_same_moments),
        cmocka_unit_test(the_label_is_given_away),
        cmocka_unit_test(auc_counts_pairs),
        cmocka_unit_test(twins_are_found),
        cmocka_unit_test(estimates_of_many_are_near_and_of_few_exact),
        cmocka_unit_test(no_rows_are_no_trouble),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests_name("profiles of columns", tests, set_up, NULL);
}
