/* Silhouettes against Rousseeuw's definition as a plain loop, and against scikit-learn; and
 * the choice of rows. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "kernels/silhouette.h"

enum { MAX_N = 5000, MAX_D = 6, MAX_K = 8 };
static double z[MAX_N * MAX_D], repeated[MAX_N * MAX_D], each[MAX_N];
static int32_t label[MAX_N], repeated_label[MAX_N];
static uint64_t weight[MAX_N];

/* Clusters on the corners of a cube, with noise: cluster 0 is large, the last ones small. */
static void make_rows(size_t n, size_t d, size_t k, double noise, uint64_t seed)
{
    seg_rng rng = { seed, 17 };
    for (size_t i = 0; i < n; i++) {
        uint64_t u = seg_rng_below(rng, i, k * k);
        label[i] = (int32_t)(k - 1);
        while (label[i] > 0 && (uint64_t)label[i] * (uint64_t)label[i] > u)
            label[i]--;
        label[i] = (int32_t)k - 1 - label[i];
        for (size_t f = 0; f < d; f++)
            z[i * d + f] = (label[i] >> f & 1) + noise * (seg_rng_f64(rng, 1000 * n + i * d + f)
                                                          - 0.5);
        weight[i] = seg_rng_below(rng, 7777 + i, 4);
    }
}

static double distance(const double *a, const double *b, size_t d)
{
    double sum = 0;
    for (size_t f = 0; f < d; f++)
        sum += (a[f] - b[f]) * (a[f] - b[f]);
    return sqrt(sum);
}

/* Of row i among n rows without weights. */
static double plain(const double *x, const int32_t *y, size_t n, size_t d, size_t i)
{
    double sum[MAX_K] = { 0 }, count[MAX_K] = { 0 };
    for (size_t j = 0; j < n; j++)
        if (j != i && y[j] >= 0) {
            sum[y[j]] += distance(x + i * d, x + j * d, d);
            count[y[j]]++;
        }
    if (count[y[i]] == 0)
        return 0;
    double a = sum[y[i]] / count[y[i]], b = (double)INFINITY;
    for (int j = 0; j < MAX_K; j++)
        if (j != y[i] && count[j] > 0 && sum[j] / count[j] < b)
            b = sum[j] / count[j];
    return a == b ? 0 : (b - a) / (a > b ? a : b);
}

static seg_silhouette_rows rows_of(size_t n, size_t d, size_t k)
{
    return (seg_silhouette_rows){ .n = n, .d = d, .k = k, .z = z, .label = label };
}

static void every_row_agrees_with_the_definition(void **state)
{
    (void)state;
    for (uint64_t t = 0; t < 12; t++) {
        size_t n = 100 + 13 * t, d = 1 + t % MAX_D, k = 2 + t % (MAX_K - 1);
        double mean, sum = 0, rows = 0, clusters[MAX_K];
        make_rows(n, d, k, t % 2 == 0 ? 0.5 : 3, t);
        for (size_t i = 0; t % 3 == 0 && i < n; i += 9)
            label[i] = -1;
        seg_silhouette_rows in = rows_of(n, d, k);
        assert_int_equal(seg_silhouette_measure(&in, 2, &mean, clusters, each, NULL), SEG_OK);
        for (size_t i = 0; i < n; i++) {
            if (label[i] < 0) {
                assert_true(isnan(each[i]));
                continue;
            }
            assert_true(fabs(each[i] - plain(z, label, n, d, i)) < 1e-13);
            sum += each[i];
            rows++;
        }
        assert_true(fabs(mean - sum / rows) < 1e-13);
        for (int32_t j = 0; j < (int32_t)k; j++) {
            double of_j = 0, n_j = 0;
            for (size_t i = 0; i < n; i++) {
                of_j += label[i] == j ? each[i] : 0;
                n_j += label[i] == j;
            }
            assert_true(n_j == 0 ? isnan(clusters[j]) : fabs(clusters[j] - of_j / n_j) < 1e-13);
        }
    }
}

static void weights_give_what_repeated_rows_give(void **state)
{
    (void)state;
    for (uint64_t t = 0; t < 8; t++) {
        size_t n = 150, d = 3, k = 2 + t % 4, m = 0;
        double mean, expected;
        make_rows(n, d, k, 2, 100 + t);
        for (size_t i = 0; i < n; i++)
            for (uint64_t c = 0; c < weight[i]; c++) {
                memcpy(repeated + m * d, z + i * d, d * sizeof *z);
                repeated_label[m++] = label[i];
            }
        seg_silhouette_rows in = rows_of(n, d, k), again = in;
        in.weight = weight;
        again.n = m;
        again.z = repeated;
        again.label = repeated_label;
        assert_int_equal(seg_silhouette_measure(&in, 1, &mean, NULL, NULL, NULL), SEG_OK);
        assert_int_equal(seg_silhouette_measure(&again, 1, &expected, NULL, NULL, NULL),
                         SEG_OK);
        assert_true(fabs(mean - expected) < 1e-13);
        for (size_t i = 0; i < n; i++)       /* the same in fixed point */
            weight[i] <<= 20;
        in.unit = 1 << 20;
        assert_int_equal(seg_silhouette_measure(&in, 1, &mean, NULL, NULL, NULL), SEG_OK);
        assert_true(fabs(mean - expected) < 1e-13);
    }
}

/* sklearn.metrics.silhouette_samples and silhouette_score, 1.9.1; the last with rows repeated
 * by their weights. */
static void gives_the_figures_of_scikit_learn(void **state)
{
    (void)state;
    static const double rows[] = { 1,2,0, 2,1,1, 1,1,2, 3,2,1, 8,9,4, 9,8,5, 7,9,6, 8,8,8,
                                   1,9,9, 2,8,9, 0,9,7, 4,5,5 };
    static const int32_t labels[] = { 0,0,0,0, 1,1,1,1, 2,2,2, 0 };
    static const uint64_t times[] = { 1,3,2,1, 5,1,1,2, 1,4,1, 2 };
    static const double samples[] = {
        0.7028901280944551, 0.7539191551494944, 0.7023951148386645, 0.7088666229367356,
        0.6766140900727263, 0.7211477551558239, 0.637729367098801, 0.543996232061108,
        0.767882076973588, 0.6839666005563841, 0.6827849001169349, -0.041806396947580315 };
    double mean;
    memcpy(z, rows, sizeof rows);
    memcpy(label, labels, sizeof labels);
    seg_silhouette_rows in = rows_of(12, 3, 3);
    assert_int_equal(seg_silhouette_measure(&in, 1, &mean, NULL, each, NULL), SEG_OK);
    for (size_t i = 0; i < 12; i++)
        assert_true(fabs(each[i] - samples[i]) < 1e-14);
    assert_true(fabs(mean - 0.628365470508928) < 1e-14);
    in.weight = times;
    assert_int_equal(seg_silhouette_measure(&in, 1, &mean, NULL, NULL, NULL), SEG_OK);
    assert_true(fabs(mean - 0.7028566190657429) < 1e-14);
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    static double other[3000];
    double mean, again;
    make_rows(3000, 4, 5, 2, 3);
    seg_silhouette_rows in = rows_of(3000, 4, 5);
    in.weight = weight;
    assert_int_equal(seg_silhouette_measure(&in, 1, &mean, NULL, each, NULL), SEG_OK);
    for (int threads = 2; threads < 9; threads += 3) {
        assert_int_equal(seg_silhouette_measure(&in, threads, &again, NULL, other, NULL),
                         SEG_OK);
        assert_memory_equal(&mean, &again, sizeof mean);
        assert_memory_equal(each, other, sizeof other);
    }
}

static void borders_have_the_values_that_are_promised(void **state)
{
    (void)state;
    double mean, clusters[3];
    memcpy(z, (double[]){ 0, 0, 5 }, 3 * sizeof *z);
    memcpy(label, (int32_t[]){ 0, 0, 2 }, 3 * sizeof *label);
    seg_silhouette_rows in = rows_of(3, 1, 3);
    assert_int_equal(seg_silhouette_measure(&in, 1, &mean, clusters, NULL, NULL), SEG_OK);
    assert_true(clusters[0] == 1 && isnan(clusters[1]) && clusters[2] == 0);
    assert_true(mean == 2.0 / 3);
    z[2] = 0;                                   /* all on one place */
    assert_int_equal(seg_silhouette_measure(&in, 1, &mean, NULL, NULL, NULL), SEG_OK);
    assert_true(mean == 0);
    label[2] = 0;                               /* one cluster */
    assert_int_equal(seg_silhouette_measure(&in, 1, &mean, clusters, NULL, NULL), SEG_OK);
    assert_true(isnan(mean) && isnan(clusters[0]));
    in.n = 0;
    assert_int_equal(seg_silhouette_measure(&in, 1, &mean, NULL, NULL, NULL), SEG_OK);
    assert_true(isnan(mean));
}

static void refuses_what_has_no_distance_or_no_cluster(void **state)
{
    (void)state;
    double mean;
    seg_error err;
    for (int bad = 0; bad < 3; bad++) {
        make_rows(10, 2, 2, 1, 1);
        z[7 * 2 + 1] = bad == 0 ? (double)NAN : bad == 1 ? -1e200 : 0;
        label[7] = bad == 2 ? 2 : 0;
        seg_silhouette_rows in = rows_of(10, 2, 2);
        assert_int_equal(seg_silhouette_measure(&in, 1, &mean, NULL, NULL, &err), SEG_E_DATA);
        assert_non_null(strstr(err.text, "row 7"));
        label[7] = -1;                          /* nobody asks for its distance */
        assert_int_equal(seg_silhouette_measure(&in, 1, &mean, NULL, NULL, &err), SEG_OK);
    }
    const uint64_t heavy[] = { UINT64_C(1) << 62, UINT64_C(1) << 62 };
    seg_silhouette_rows in = rows_of(2, 2, 2);
    in.weight = heavy;
    assert_int_equal(seg_silhouette_measure(&in, 1, &mean, NULL, NULL, &err), SEG_E_DATA);
}

/* ---- the choice ----------------------------------------------------------------------- */

static void small_clusters_keep_their_rows_and_large_ones_their_share(void **state)
{
    (void)state;
    size_t taken[MAX_K] = { 0 }, size[MAX_K] = { 0 };
    seg_silhouette_sample s;
    for (size_t i = 0; i < MAX_N; i++)
        label[i] = i % 1000 == 7 ? 2 : i % 100 == 3 ? 1 : i % 50 == 1 ? -1 : i % 3 == 0 ? 3 : 0;
    for (size_t i = 0; i < MAX_N; i++)
        size[label[i] < 0 ? 7 : label[i]]++;
    assert_int_equal(seg_silhouette_choose(label, NULL, MAX_N, 4, 500, 1, 5, &s, NULL), SEG_OK);
    assert_int_equal(s.n, 500);
    for (size_t i = 0; i < s.n; i++) {
        assert_true(s.row[i] < MAX_N && (i == 0 || s.row[i] > s.row[i - 1]));
        taken[label[s.row[i]]]++;
    }
    assert_int_equal(taken[2], 5);              /* all there are */
    assert_int_equal(taken[1], 20);
    assert_in_range(taken[0] * 1000 / taken[3], size[0] * 1000 / size[3] - 10,
                    size[0] * 1000 / size[3] + 10);
    for (size_t j = 0; j < 4; j++)
        assert_int_equal(s.total[j], size[j]);
    seg_silhouette_sample_free(&s);
}

static void every_row_is_as_likely_as_another_of_its_cluster(void **state)
{
    (void)state;
    enum { ROWS = 60, DRAWS = 2000 };
    static int drawn[ROWS];
    double chi2 = 0;
    for (size_t i = 0; i < ROWS; i++)
        label[i] = i % 2;
    for (uint64_t seed = 0; seed < DRAWS; seed++) {
        seg_silhouette_sample s;
        assert_int_equal(seg_silhouette_choose(label, NULL, ROWS, 2, 20, seed, 1, &s, NULL),
                         SEG_OK);
        assert_int_equal(s.n, 20);
        for (size_t i = 0; i < s.n; i++)
            drawn[s.row[i]]++;
        seg_silhouette_sample_free(&s);
    }
    double expected = DRAWS * 20.0 / ROWS;
    for (size_t i = 0; i < ROWS; i++)
        chi2 += (drawn[i] - expected) * (drawn[i] - expected) / (expected * (1 - 20.0 / ROWS));
    assert_true(chi2 < 100);                    /* 58 degrees: one in a thousand is above 98 */
}

static void few_rows_are_all_taken_and_many_clusters_get_two_each(void **state)
{
    (void)state;
    seg_silhouette_sample s;
    make_rows(300, 2, 5, 1, 1);
    size_t there = 0;
    for (size_t i = 0; i < 300; i++)
        there += weight[i] > 0;
    assert_int_equal(seg_silhouette_choose(label, weight, 300, 5, 2000, 1, 1, &s, NULL),
                     SEG_OK);
    assert_int_equal(s.n, there);
    seg_silhouette_sample_free(&s);
    for (size_t i = 0; i < 300; i++)
        label[i] = (int32_t)(i % 100);
    assert_int_equal(seg_silhouette_choose(label, NULL, 300, 100, 50, 1, 1, &s, NULL), SEG_OK);
    assert_int_equal(s.n, 200);
    seg_silhouette_sample_free(&s);
}

/* The exact value of 5,000 rows from 1,000 of them; a plain mean of the chosen rows, in which
 * small clusters count too much, is off. */
static void the_sample_tells_the_silhouette_of_all_rows(void **state)
{
    (void)state;
    enum { D = 3, K = 6 };
    double exact, exact_clusters[K], worst = 0;
    static double part[MAX_N * D];
    static int32_t part_label[MAX_N];
    static uint64_t part_weight[MAX_N];
    make_rows(MAX_N, D, K, 1.5, 4);
    seg_silhouette_rows all = rows_of(MAX_N, D, K);
    all.weight = weight;
    assert_int_equal(seg_silhouette_measure(&all, 2, &exact, exact_clusters, NULL, NULL),
                     SEG_OK);
    for (uint64_t seed = 0; seed < 5; seed++) {
        seg_silhouette_sample s;
        double mean, clusters[K];
        assert_int_equal(seg_silhouette_choose(label, weight, MAX_N, K, 1000, seed, 1, &s,
                                               NULL), SEG_OK);
        for (size_t i = 0; i < s.n; i++) {
            memcpy(part + i * D, z + s.row[i] * D, D * sizeof *z);
            part_label[i] = label[s.row[i]];
            part_weight[i] = weight[s.row[i]];
        }
        seg_silhouette_rows in = { .n = s.n, .d = D, .k = K, .z = part, .label = part_label,
                                   .weight = part_weight, .total = s.total };
        assert_int_equal(seg_silhouette_measure(&in, 2, &mean, clusters, NULL, NULL), SEG_OK);
        worst = fmax(worst, fabs(mean - exact));
        for (size_t j = 0; j < K; j++)
            assert_true(fabs(clusters[j] - exact_clusters[j]) < 0.12);
        seg_silhouette_sample_free(&s);
    }
    assert_true(worst < 0.02);
}

static void the_choice_depends_on_seed_and_stream_alone(void **state)
{
    (void)state;
    seg_silhouette_sample a, b;
    make_rows(2000, 2, 4, 1, 8);
    for (uint64_t t = 0; t < 3; t++) {
        assert_int_equal(seg_silhouette_choose(label, weight, 2000, 4, 300, 1, 1, &a, NULL),
                         SEG_OK);
        assert_int_equal(seg_silhouette_choose(label, weight, 2000, 4, 300, 1 + (t == 1),
                                               1 + (t == 2), &b, NULL), SEG_OK);
        assert_int_equal(a.n, b.n);
        assert_int_equal(memcmp(a.row, b.row, a.n * sizeof *a.row) != 0, t > 0);
        seg_silhouette_sample_free(&a);
        seg_silhouette_sample_free(&b);
    }
}

/* Labels that follow the very numbers of the draw: no bound can be guessed. */
static void an_unlikely_draw_is_a_fair_one_too(void **state)
{
    (void)state;
    size_t of_last = 0;
    seg_silhouette_sample s;
    for (size_t i = 0; i < MAX_N; i++)
        label[i] = (int32_t)seg_rng_below((seg_rng){ 1, 1 }, i, 5);
    assert_int_equal(seg_silhouette_choose(label, NULL, MAX_N, 5, 500, 1, 1, &s, NULL), SEG_OK);
    assert_int_equal(s.n, 500);
    for (size_t i = 0; i < s.n; i++)
        of_last += label[s.row[i]] == 4;
    assert_in_range(of_last, 85, 115);
    /* of each cluster exactly the rows with the least numbers */
    for (int32_t j = 0; j < 5; j++) {
        uint64_t worst = 0;
        for (size_t i = 0; i < s.n; i++)
            if (label[s.row[i]] == j && seg_rng_u64((seg_rng){ 1, 1 }, s.row[i]) > worst)
                worst = seg_rng_u64((seg_rng){ 1, 1 }, s.row[i]);
        for (size_t i = 0, at = 0; i < MAX_N; i++) {
            bool in = at < s.n && s.row[at] == i;
            at += in;
            if (label[i] == j)
                assert_int_equal(in, seg_rng_u64((seg_rng){ 1, 1 }, i) <= worst);
        }
    }
    seg_silhouette_sample_free(&s);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    seg_status st = SEG_E_AGAIN;
    long live = seg_alloc_live;
    double mean;
    make_rows(200, 2, 3, 1, 1);
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_silhouette_sample s;
        seg_silhouette_rows in = rows_of(200, 2, 3);
        seg_alloc_fail_after = n;
        st = seg_silhouette_choose(label, weight, 200, 3, 100, 1, 1, &s, NULL);
        if (st == SEG_OK)
            st = seg_silhouette_measure(&in, 2, &mean, NULL, NULL, NULL);
        else
            assert_null(s.row);
        seg_alloc_fail_after = -1;
        seg_silhouette_sample_free(&s);
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(st, SEG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_agrees_with_the_definition),
        cmocka_unit_test(weights_give_what_repeated_rows_give),
        cmocka_unit_test(gives_the_figures_of_scikit_learn),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(borders_have_the_values_that_are_promised),
        cmocka_unit_test(refuses_what_has_no_distance_or_no_cluster),
        cmocka_unit_test(small_clusters_keep_their_rows_and_large_ones_their_share),
        cmocka_unit_test(every_row_is_as_likely_as_another_of_its_cluster),
        cmocka_unit_test(few_rows_are_all_taken_and_many_clusters_get_two_each),
        cmocka_unit_test(the_sample_tells_the_silhouette_of_all_rows),
        cmocka_unit_test(the_choice_depends_on_seed_and_stream_alone),
        cmocka_unit_test(an_unlikely_draw_is_a_fair_one_too),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
