/* The sample a start is made on: rows stand for as many as they should, whoever is far out is
 * there, and nothing depends on blocks or threads. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "models/kmeans.h"
#include "models/kmeans_sample.h"
#include "segmill/stream.h"

enum { N = 20000, D = 3, CAP = 1500, MANY = 70000 };

static seg_error err;
#define OK(call)                                                  \
    do {                                                          \
        seg_status st_ = (call);                                  \
        if (st_ != SEG_OK)                                        \
            fail_msg("%s: %s", seg_status_name(st_), err.text);   \
    } while (0)

static float x[MANY * D];
static uint32_t weight[N];
static const size_t columns[D] = { 0, 1, 2 };
static const double shift[D] = { 0, 5, 0 }, inverse[D] = { 1, 0.5, 2 };
static const seg_kmeans_scale scale = { .d = D, .columns = columns, .shift = shift,
                                        .inverse = inverse };

static double uniform(uint64_t i)
{
    return seg_rng_f64((seg_rng){ 41, 4 }, i);
}

/* One row in a hundred lies far out, one very far. */
static void make_rows(void)
{
    for (size_t i = 0; i < N; i++) {
        for (size_t f = 0; f < D; f++)
            x[i * D + f] = (float)(uniform(4 * i + f) * (i % 100 == 7 ? 30 : 1));
        weight[i] = (uint32_t)(5 * uniform(4 * i + 3));
    }
    for (size_t f = 0; f < D; f++)
        x[12345 * D + f] = 300;
    weight[12345] = 1;
}

static double scaled(size_t i, size_t f)
{
    return ((double)x[i * D + f] - shift[f]) * inverse[f];
}

/* Weighted mean and mean squared distance from it; returns the weight of all rows. */
static double measure(const uint32_t *weights, double mean[D], double *dist2)
{
    double total = 0;
    memset(mean, 0, D * sizeof *mean);
    *dist2 = 0;
    for (size_t i = 0; i < N; i++)
        total += weights == NULL ? 1 : weights[i];
    for (size_t i = 0; i < N; i++)
        for (size_t f = 0; f < D; f++)
            mean[f] += (weights == NULL ? 1 : weights[i]) * scaled(i, f) / total;
    for (size_t i = 0; i < N; i++)
        for (size_t f = 0; f < D; f++)
            *dist2 += (weights == NULL ? 1 : weights[i]) * (scaled(i, f) - mean[f])
                      * (scaled(i, f) - mean[f]) / total;
    return total;
}

static void draw(const uint32_t *weights, uint64_t seed, size_t block, int n_threads,
                 seg_kmeans_sample *s)
{
    double mean[D], dist2, total = measure(weights, mean, &dist2);
    OK(seg_kmeans_sample_new(D, CAP, false, s, &err));
    OK(seg_kmeans_sample_begin(s, mean, D, dist2, (uint64_t)total, seed, &err));
    for (size_t first = 0; first < N; first += block) {
        size_t left = N - first;
        seg_matrix rows = { x + first * D, left < block ? left : block, D, D };
        OK(seg_kmeans_sample_draw(s, &scale, rows, weights == NULL ? NULL : weights + first,
                                  n_threads, &err));
    }
}

/* Over many seeds the sample has the weight, the mean and the rare rows of all rows. */
static void check_expectation(const uint32_t *weights)
{
    enum { SEEDS = 60 };
    double mean[D], dist2, total = measure(weights, mean, &dist2), sum = 0, square = 0, rare = 0;
    double rare_weight = 0, off[D] = { 0 }, off2[D] = { 0 };
    for (size_t i = 0; i < N; i++)
        rare_weight += i % 100 != 7 ? 0 : weights == NULL ? 1 : weights[i];
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        seg_kmeans_sample s;
        double estimate[D] = { 0 }, of_all = 0;
        draw(weights, seed, N, 1, &s);
        for (size_t i = 0; i < s.n; i++) {
            double w = s.weight[i] / 256.0;
            of_all += w;
            for (size_t f = 0; f < D; f++) {
                double v = (double)s.x[i * D + f];
                estimate[f] += w * (v - shift[f]) * inverse[f] / total;
            }
            if (s.x[i * D] > 1 && s.x[i * D] < 100)
                rare += w / SEEDS;
        }
        assert_true(fabs(of_all * 256 - s.total_weight) < 1);
        sum += of_all / total;
        square += (of_all / total - 1) * (of_all / total - 1);
        for (size_t f = 0; f < D; f++) {
            off[f] += estimate[f] - mean[f];
            off2[f] += (estimate[f] - mean[f]) * (estimate[f] - mean[f]);
        }
        seg_kmeans_sample_free(&s);
    }
    /* five standard errors, and what rounding weights to parts of 256 does */
    assert_true(square / SEEDS < 0.05 * 0.05);
    assert_true(fabs(sum / SEEDS - 1) < 5 * sqrt(square) / SEEDS + 1e-3);
    assert_true(fabs(rare / rare_weight - 1) < 0.1);
    for (size_t f = 0; f < D; f++)
        assert_true(fabs(off[f] / SEEDS) < 5 * sqrt(off2[f]) / SEEDS + 1e-3);
}

static void it_has_the_weight_and_the_mean_of_all_rows(void **state)
{
    (void)state;
    make_rows();
    check_expectation(NULL);
    check_expectation(weight);
}

static void rows_far_out_are_always_there(void **state)
{
    (void)state;
    make_rows();
    for (uint64_t seed = 1; seed <= 20; seed++) {
        seg_kmeans_sample s;
        size_t found = 0, rare = 0;
        draw(NULL, seed, N, 1, &s);
        for (size_t i = 0; i < s.n; i++) {
            found += s.x[i * D] == 300;
            rare += s.x[i * D] > 1;
        }
        assert_int_equal(found, 1);
        assert_in_range(rare, 2 * CAP / 100, CAP);   /* more than their share */
        assert_in_range(s.n, CAP * 3 / 10, CAP + 16);
        seg_kmeans_sample_free(&s);
    }
}

static void rows_of_weight_0_are_never_drawn(void **state)
{
    (void)state;
    seg_kmeans_sample s;
    make_rows();
    for (size_t i = 0; i < N; i++)
        if (x[i * D] > 0.5F)
            weight[i] = 0;
    draw(weight, 3, N, 1, &s);
    for (size_t i = 0; i < s.n; i++)
        assert_true(s.x[i * D] <= 0.5F);
    assert_true(s.n > CAP / 2);
    seg_kmeans_sample_free(&s);
}

static void it_is_the_same_for_any_blocks_and_threads(void **state)
{
    (void)state;
    make_rows();
    seg_kmeans_sample a, b;
    draw(weight, 9, N, 1, &a);
    for (int n_threads = 1; n_threads <= 3; n_threads++) {
        draw(weight, 9, 1024u << n_threads, n_threads, &b);
        assert_int_equal(a.n, b.n);
        assert_memory_equal(a.x, b.x, a.n * D * sizeof *a.x);
        assert_memory_equal(a.weight, b.weight, a.n * sizeof *a.weight);
        seg_kmeans_sample_free(&b);
    }
    draw(weight, 10, N, 1, &b);
    assert_true(a.n != b.n || memcmp(a.x, b.x, a.n * D * sizeof *a.x) != 0);
    seg_kmeans_sample_free(&a);
    seg_kmeans_sample_free(&b);
}

static void equal_rows_are_drawn_too(void **state)
{
    (void)state;
    seg_kmeans_sample s;
    for (size_t i = 0; i < N * D; i++)
        x[i] = 3;
    draw(NULL, 1, N, 1, &s);
    assert_in_range(s.n, CAP / 3, CAP + 16);
    assert_true(fabs(s.total_weight / 256 / N - 1) < 0.01);
    seg_kmeans_sample_free(&s);
}

static void more_rows_than_at_first_are_refused(void **state)
{
    (void)state;
    seg_kmeans_sample s;
    make_rows();
    OK(seg_kmeans_sample_new(D, 10, true, &s, &err));
    OK(seg_kmeans_sample_keep(&s, (seg_matrix){ x, 7, D, D }, &err));
    assert_int_equal(seg_kmeans_sample_keep(&s, (seg_matrix){ x, 4, D, D }, &err), SEG_E_DATA);
    OK(seg_kmeans_sample_keep(&s, (seg_matrix){ x, 3, D, D }, &err));
    seg_kmeans_sample_free(&s);
}

/* ---- in a training ------------------------------------------------------------------------------ */

static unsigned long long told;

static void note(void *user, seg_level level, const char *text)
{
    (void)user;
    (void)level;
    const char *at = strstr(text, "sample of ");
    if (at != NULL)
        told = strtoull(at + strlen("sample of "), NULL, 10);
}

static seg_status train(const seg_context *ctx, size_t n, const char *scaling, const char *k)
{
    static const seg_column features[D] = {
        { .name = "a", .type = SEG_TYPE_F32 }, { .name = "b", .type = SEG_TYPE_F32 },
        { .name = "c", .type = SEG_TYPE_F32 },
    };
    static const seg_schema schema = { .kind = SEG_KIND_FEATURES, .features = features,
                                       .n_features = D, .as_of_day = SEG_MISSING_DAY };
    seg_block rows = { .n_rows = n, .x = { x, n, D, D } };
    const seg_method *method = seg_method_find("kmeans");
    seg_kmeans_options options;
    seg_source *source = NULL;
    seg_model *model = NULL;
    seg_method_defaults(method, &options);
    options.k = k;
    options.resamples = 2;
    options.max_iter = 2;
    OK(seg_option_set(method->options, &options, "scale", scaling, &err));
    seg_status st = seg_memory_source(ctx, &schema, &rows, &source, &err);
    if (st == SEG_OK)
        st = seg_train(ctx, method, &options, source, &model, &err);
    seg_model_free(model);
    seg_source_close(source);
    return st;
}

static void infinite_values_are_refused_by_their_column(void **state)
{
    (void)state;
    static const size_t n_rows[] = { 300, MANY };
    seg_context ctx = seg_context_defaults();
    ctx.n_threads = 1;
    for (size_t i = 0; i < 4; i++) {
        size_t n = n_rows[i % 2];
        for (size_t at = 0; at < n * D; at++)
            x[at] = (float)uniform(at);
        x[(n - 3) * D + 1] = i < 2 ? INFINITY : -INFINITY;
        assert_int_equal(train(&ctx, n, i == 3 ? "log1p-z" : "z", "3"), SEG_E_DATA);
        assert_non_null(strstr(err.text, "column 'b' has infinite values"));
    }
}

/* Missing values lie at the least value under minmax, far from all others here. */
static void missing_values_far_out_do_not_fill_the_sample(void **state)
{
    (void)state;
    static const char *const scales[] = { "none", "z", "robust", "minmax", "log1p-z" };
    seg_context ctx = seg_context_defaults();
    ctx.note = note;
    ctx.n_threads = 1;
    for (size_t i = 0; i < MANY; i++)
        for (size_t f = 0; f < D; f++)
            x[i * D + f] = uniform(8 * i + f) < 0.3 ? NAN
                           : i == 5 ? 0 : (float)(0.9 + 0.1 * uniform(8 * i + f + 4));
    for (size_t s = 0; s < 5; s++) {
        told = 0;
        OK(train(&ctx, MANY, scales[s], "3"));
        if (told < 40000 || told > 65536 + 8)
            fail_msg("%s: a sample of %llu rows", scales[s], told);
    }
}

/* Every allocation of a small training, and many of one that draws a sample. */
static void a_training_survives_every_allocation_failure(void **state)
{
    (void)state;
    static const size_t n_rows[] = { 300, MANY };
    seg_context ctx = seg_context_defaults();
    ctx.n_threads = 1;
    for (size_t i = 0; i < MANY * D; i++)
        x[i] = (float)uniform(i);
    OK(train(&ctx, 300, "robust", "2..3"));    /* what stays for the life of the process */
    long before = seg_alloc_live;
    for (size_t i = 0; i < 2; i++) {
        seg_status st = SEG_E_AGAIN;
        for (long n = 0; st == SEG_E_AGAIN; n += i == 0 || n < 40 ? 1 : 17) {
            seg_alloc_fail_after = n;
            st = train(&ctx, n_rows[i], "robust", i == 0 ? "2..3" : "3");
            seg_alloc_fail_after = -1;
            if (seg_alloc_live != before)
                fail_msg("%zu rows: %ld blocks are left when allocation %ld fails", n_rows[i],
                         (long)seg_alloc_live - before, n);
        }
        assert_int_equal(st, SEG_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_has_the_weight_and_the_mean_of_all_rows),
        cmocka_unit_test(rows_far_out_are_always_there),
        cmocka_unit_test(rows_of_weight_0_are_never_drawn),
        cmocka_unit_test(it_is_the_same_for_any_blocks_and_threads),
        cmocka_unit_test(equal_rows_are_drawn_too),
        cmocka_unit_test(more_rows_than_at_first_are_refused),
        cmocka_unit_test(infinite_values_are_refused_by_their_column),
        cmocka_unit_test(missing_values_far_out_do_not_fill_the_sample),
        cmocka_unit_test(a_training_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
