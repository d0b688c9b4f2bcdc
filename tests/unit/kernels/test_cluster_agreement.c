/* Agreement of labelings against loops over all pairs of rows, and published values. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "kernels/cluster_agreement.h"

enum { N = 120, MAX_K = 6 };
static int32_t a[N], b[N];
static uint64_t weight[N];

static seg_contingency table_of(size_t k_a, size_t k_b, const uint64_t *w, size_t n)
{
    seg_contingency t;
    assert_int_equal(seg_contingency_new(k_a, k_b, &t, NULL), SEG_OK);
    assert_int_equal(seg_contingency_add(&t, a, b, w, n, NULL), SEG_OK);
    return t;
}

/* Rows with their weights written out. */
static size_t repeat(int32_t *ra, int32_t *rb, const uint64_t *w, size_t n)
{
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        for (uint64_t c = 0; a[i] >= 0 && b[i] >= 0 && c < (w == NULL ? 1 : w[i]); c++) {
            ra[m] = a[i];
            rb[m++] = b[i];
        }
    return m;
}

/* Hubert and Arabie's form: (index - expected) / (largest - expected). */
static double plain_ari(const int32_t *ra, const int32_t *rb, size_t m)
{
    double both = 0, in_a = 0, in_b = 0, all = 0;
    for (size_t i = 0; i < m; i++)
        for (size_t j = i + 1; j < m; j++) {
            both += ra[i] == ra[j] && rb[i] == rb[j];
            in_a += ra[i] == ra[j];
            in_b += rb[i] == rb[j];
            all++;
        }
    double expected = in_a * in_b / all;
    return (both - expected) / ((in_a + in_b) / 2 - expected);
}

static double plain_jaccard(const int32_t *ra, const int32_t *rb, size_t m, int32_t j)
{
    double best = -1;
    for (int32_t l = 0; l < MAX_K; l++) {
        double shared = 0, either = 0;
        for (size_t i = 0; i < m; i++) {
            shared += ra[i] == j && rb[i] == l;
            either += ra[i] == j || rb[i] == l;
        }
        best = either > 0 && shared / either > best ? shared / either : best;
    }
    return best;
}

static double plain_strength(const int32_t *ra, const int32_t *rb, size_t m)
{
    double least = 2;
    for (int32_t j = 0; j < MAX_K; j++) {
        double kept = 0, all = 0;
        for (size_t i = 0; i < m; i++)
            for (size_t l = 0; l < m; l++)
                if (i != l && ra[i] == j && ra[l] == j) {
                    all++;
                    kept += rb[i] == rb[l];
                }
        if (all > 0 && kept / all < least)
            least = kept / all;
    }
    return least;
}

static void agrees_with_loops_over_repeated_rows(void **state)
{
    (void)state;
    static int32_t ra[N * 4], rb[N * 4];
    seg_rng rng = { 5, 9 };
    for (uint64_t t = 0; t < 40; t++) {
        size_t k_a = 2 + t % 5, k_b = 2 + t / 5 % 5;
        for (size_t i = 0; i < N; i++) {
            uint64_t r = t * 1000 + i * 4;
            a[i] = seg_rng_below(rng, r, 9) == 0 ? -1 : (int32_t)seg_rng_below(rng, r + 1, k_a);
            b[i] = t % 2 == 0 && a[i] < (int32_t)k_b ? a[i]
                   : (int32_t)seg_rng_below(rng, r + 2, k_b);
            weight[i] = seg_rng_below(rng, r + 3, 4);
        }
        const uint64_t *w = t % 3 == 0 ? NULL : weight;
        seg_contingency table = table_of(k_a, k_b, w, N);
        size_t m = repeat(ra, rb, w, N);
        double jaccard[MAX_K];
        seg_agreement_jaccard(&table, jaccard, NULL);
        assert_int_equal(table.all, m);
        double ari = plain_ari(ra, rb, m);
        if (!(fabs(seg_agreement_ari(&table) - ari) < 1e-12) && !isnan(ari))
            fail_msg("%zu x %zu: %.17g, not %.17g", k_a, k_b, seg_agreement_ari(&table), ari);
        assert_true(fabs(seg_agreement_prediction_strength(&table)
                         - plain_strength(ra, rb, m)) < 1e-12);
        for (size_t j = 0; j < k_a; j++)
            assert_true(fabs(jaccard[j] - plain_jaccard(ra, rb, m, (int32_t)j)) < 1e-12);
        seg_contingency_free(&table);
    }
}

/* K. Yeung, W. Ruzzo, "Details of the adjusted Rand index", supplement to Bioinformatics 17
 * (2001) 763-774: the table [[1,1,0],[1,2,1],[0,0,4]] has the index 0.313. */
static void gives_the_published_example(void **state)
{
    (void)state;
    static const int32_t u[] = { 0, 0, 1, 1, 1, 1, 2, 2, 2, 2 },
                         v[] = { 0, 1, 0, 1, 1, 2, 2, 2, 2, 2 };
    memcpy(a, u, sizeof u);
    memcpy(b, v, sizeof v);
    seg_contingency t = table_of(3, 3, NULL, 10);
    assert_true(fabs(seg_agreement_ari(&t) - 0.313) < 0.0005);
    seg_contingency_free(&t);
}

/* sklearn.metrics.adjusted_rand_score 1.9.1 */
static void gives_the_figures_of_scikit_learn(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        int32_t a[12], b[12];
        double ari;
    } cases[] = {
        { 12, { 0,0,0,0,1,1,1,1,2,2,2,0 }, { 0,0,1,1,1,1,2,2,2,2,0,0 }, 0.13651877133105803 },
        { 4, { 0,0,1,1 }, { 0,1,0,1 }, -0.5 },
        { 4, { 0,0,1,2 }, { 0,0,1,1 }, 0.5714285714285714 },
    };
    for (size_t c = 0; c < 3; c++) {
        memcpy(a, cases[c].a, sizeof cases[c].a);
        memcpy(b, cases[c].b, sizeof cases[c].b);
        seg_contingency t = table_of(3, 3, NULL, cases[c].n);
        assert_true(fabs(seg_agreement_ari(&t) - cases[c].ari) < 1e-15);
        seg_contingency_free(&t);
    }
}

static void equal_partitions_agree_under_any_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++) {
        a[i] = (int32_t)(i % 4);
        b[i] = (int32_t)((i + 1) % 4);
    }
    seg_contingency t = table_of(4, 5, NULL, N);
    double jaccard[4];
    int32_t match[4];
    assert_true(seg_agreement_ari(&t) == 1);
    assert_true(seg_agreement_prediction_strength(&t) == 1);
    seg_agreement_jaccard(&t, jaccard, match);
    for (int32_t j = 0; j < 4; j++) {
        assert_true(jaccard[j] == 1);
        assert_int_equal(match[j], (j + 1) % 4);
    }
    seg_contingency_free(&t);
}

/* Weights 2^40 times as large: pairs no longer fit the exact form, and the index hardly moves
 * (the pairs inside a row are all that is new). */
static void large_weights_neither_overflow_nor_lose_the_index(void **state)
{
    (void)state;
    seg_rng rng = { 3, 3 };
    static int32_t ra[N * 4], rb[N * 4];
    for (int shift = 0; shift < 56; shift += 5) {
        for (size_t i = 0; i < N; i++) {
            a[i] = (int32_t)(i % 3);
            b[i] = i % 7 == 0 ? (int32_t)seg_rng_below(rng, i, 3) : a[i];
            weight[i] = UINT64_C(1) << shift;
        }
        seg_contingency t = table_of(3, 3, weight, N);
        double n = (double)t.all, both = 0, in_a = 0, in_b = 0, all = n * (n - 1) / 2;
        for (size_t c = 0; c < 9; c++)
            both += (double)t.n[c] * ((double)t.n[c] - 1) / 2;
        for (size_t j = 0; j < 3; j++) {
            in_a += (double)t.in_a[j] * ((double)t.in_a[j] - 1) / 2;
            in_b += (double)t.in_b[j] * ((double)t.in_b[j] - 1) / 2;
        }
        double expected = in_a * in_b / all;
        double ari = (both - expected) / ((in_a + in_b) / 2 - expected);
        assert_true(fabs(seg_agreement_ari(&t) - ari) < 1e-12);
        if (shift == 0)
            assert_true(fabs(ari - plain_ari(ra, rb, repeat(ra, rb, NULL, N))) < 1e-12);
        seg_contingency_free(&t);
    }
}

static void a_cluster_that_was_not_drawn_is_not_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++) {
        a[i] = (int32_t)(i % 3);
        b[i] = a[i] == 2 ? -1 : a[i];
    }
    seg_contingency t = table_of(3, 3, NULL, N);
    double jaccard[3];
    int32_t match[3];
    seg_agreement_jaccard(&t, jaccard, match);
    assert_true(jaccard[0] == 1 && jaccard[1] == 1 && isnan(jaccard[2]));
    assert_int_equal(match[2], -1);
    seg_contingency_clear(&t);
    assert_true(isnan(seg_agreement_ari(&t)));
    assert_true(isnan(seg_agreement_prediction_strength(&t)));
    seg_contingency_free(&t);
}

static void stability_is_the_mean_and_its_worst_cluster(void **state)
{
    (void)state;
    seg_stability s;
    seg_error err;
    assert_int_equal(seg_stability_new(2, &s, &err), SEG_OK);
    assert_true(isnan(seg_stability_ari(&s)) && isnan(seg_stability_worst(&s)));
    for (size_t i = 0; i < 10; i++)
        a[i] = b[i] = i < 4 ? 0 : 1;
    seg_contingency t = table_of(2, 3, NULL, 10);
    assert_int_equal(seg_stability_add(&s, &t, &err), SEG_OK);
    seg_contingency_clear(&t);
    b[2] = b[3] = 2;                       /* half of cluster 0 goes elsewhere */
    assert_int_equal(seg_contingency_add(&t, a, b, NULL, 10, &err), SEG_OK);
    assert_int_equal(seg_stability_add(&s, &t, &err), SEG_OK);
    assert_int_equal(s.n_resamples, 2);
    assert_int_equal(s.n_same, 1);
    assert_true(seg_stability_jaccard(&s, 0) == 0.75 && seg_stability_jaccard(&s, 1) == 1);
    assert_true(seg_stability_worst(&s) == 0.75);
    assert_true(fabs(seg_stability_ari(&s) - (1 + seg_agreement_ari(&t)) / 2) < 1e-15);
    seg_contingency_clear(&t);
    assert_int_equal(seg_stability_add(&s, &t, &err), SEG_OK);   /* nobody was drawn */
    assert_int_equal(s.n_resamples, 2);
    seg_contingency_free(&t);
    t = table_of(3, 3, NULL, 10);
    assert_int_equal(seg_stability_add(&s, &t, &err), SEG_E_DATA);
    seg_contingency_free(&t);
    seg_stability_free(&s);
}

static void refuses_labels_and_weights_that_do_not_fit(void **state)
{
    (void)state;
    seg_error err;
    seg_contingency t;
    assert_int_equal(seg_contingency_new(2, 2, &t, &err), SEG_OK);
    const int32_t fine[] = { 0, 1 }, high[] = { 0, 2 };
    const uint64_t heavy[] = { UINT64_MAX, 1 };
    assert_int_equal(seg_contingency_add(&t, fine, high, NULL, 2, &err), SEG_E_DATA);
    assert_non_null(strstr(err.text, "row 1"));
    seg_contingency_clear(&t);
    assert_int_equal(seg_contingency_add(&t, fine, fine, heavy, 2, &err), SEG_E_DATA);
    seg_contingency_free(&t);
    assert_int_equal(seg_contingency_new(SIZE_MAX / 2, 3, &t, &err), SEG_E_AGAIN);
    assert_null(t.n);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    seg_status st = SEG_E_AGAIN;
    long live = seg_alloc_live;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_contingency t = { 0 };
        seg_stability s = { 0 };
        const int32_t labels[] = { 0, 1, 1 };
        seg_alloc_fail_after = n;
        st = seg_contingency_new(2, 2, &t, NULL);
        if (st == SEG_OK)
            st = seg_contingency_add(&t, labels, labels, NULL, 3, NULL);
        if (st == SEG_OK)
            st = seg_stability_new(2, &s, NULL);
        if (st == SEG_OK)
            st = seg_stability_add(&s, &t, NULL);
        seg_alloc_fail_after = -1;
        seg_contingency_free(&t);
        seg_stability_free(&s);
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(st, SEG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_loops_over_repeated_rows),
        cmocka_unit_test(gives_the_published_example),
        cmocka_unit_test(gives_the_figures_of_scikit_learn),
        cmocka_unit_test(equal_partitions_agree_under_any_names),
        cmocka_unit_test(large_weights_neither_overflow_nor_lose_the_index),
        cmocka_unit_test(a_cluster_that_was_not_drawn_is_not_judged),
        cmocka_unit_test(stability_is_the_mean_and_its_worst_cluster),
        cmocka_unit_test(refuses_labels_and_weights_that_do_not_fit),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
