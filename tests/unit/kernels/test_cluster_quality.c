/* Calinski-Harabasz and Davies-Bouldin against plain loops over rows and against scikit-learn. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"
#include "kernels/cluster_quality.h"

enum { MAX_N = 400, MAX_D = 5, MAX_K = 7 };
static double x[MAX_N * MAX_D];
static int32_t label[MAX_N];
static uint64_t weight[MAX_N];

/* What a training knows of its clusters, from the rows. */
typedef struct facts {
    double z[MAX_K * MAX_D], squares[MAX_K], distance[MAX_K];
    int64_t count[MAX_K];
    seg_cluster_spreads spreads;
} facts;

static double dist2(const double *a, const double *b, size_t d)
{
    double sum = 0;
    for (size_t f = 0; f < d; f++)
        sum += (a[f] - b[f]) * (a[f] - b[f]);
    return sum;
}

static void gather(facts *out, size_t n, size_t d, size_t k)
{
    double mean[MAX_D] = { 0 }, all = 0;
    *out = (facts){ 0 };
    for (size_t i = 0; i < n; i++) {
        double w = (double)weight[i];
        size_t j = (size_t)label[i];
        out->count[j] += (int64_t)weight[i];
        all += w;
        for (size_t f = 0; f < d; f++) {
            out->z[j * d + f] += w * x[i * d + f];
            mean[f] += w * x[i * d + f];
        }
    }
    for (size_t j = 0; j < k; j++)
        for (size_t f = 0; f < d && out->count[j] > 0; f++)
            out->z[j * d + f] /= (double)out->count[j];
    for (size_t f = 0; f < d; f++)
        mean[f] /= all;
    out->spreads = (seg_cluster_spreads){ .k = k, .d = d, .z = out->z, .count = out->count,
                                          .squares = out->squares, .distance = out->distance };
    for (size_t i = 0; i < n; i++) {
        size_t j = (size_t)label[i];
        double w = (double)weight[i], d2 = dist2(x + i * d, out->z + j * d, d);
        out->squares[j] += w * d2;
        out->distance[j] += w * sqrt(d2) / (double)out->count[j];
        out->spreads.total_squares += w * dist2(x + i * d, mean, d);
    }
}

/* The definition: traces of the scatter matrices, the one between from the centroids. */
static double plain_ch(const facts *f, size_t d, size_t k)
{
    double mean[MAX_D] = { 0 }, n = 0, between = 0, within = 0, used = 0;
    for (size_t j = 0; j < k; j++) {
        n += (double)f->count[j];
        used += f->count[j] > 0;
        for (size_t c = 0; c < d; c++)
            mean[c] += (double)f->count[j] * f->z[j * d + c];
    }
    for (size_t c = 0; c < d; c++)
        mean[c] /= n;
    for (size_t j = 0; j < k; j++) {
        between += f->count[j] > 0 ? (double)f->count[j] * dist2(f->z + j * d, mean, d) : 0;
        within += f->squares[j];
    }
    return (between / (used - 1)) / (within / (n - used));
}

static double plain_db(const facts *f, size_t d, size_t k)
{
    double sum = 0, used = 0;
    for (size_t i = 0; i < k; i++) {
        double worst = 0;
        for (size_t j = 0; j < k; j++) {
            if (i == j || f->count[i] == 0 || f->count[j] == 0)
                continue;
            double r = (f->distance[i] + f->distance[j])
                       / sqrt(dist2(f->z + i * d, f->z + j * d, d));
            worst = r > worst ? r : worst;
        }
        used += f->count[i] > 0;
        sum += worst;
    }
    return sum / used;
}

static void assert_close(double a, double b)
{
    if (!(fabs(a - b) <= 1e-12 * fabs(b)))
        fail_msg("%.17g is not %.17g", a, b);
}

static void agrees_with_plain_loops(void **state)
{
    (void)state;
    seg_rng rng = { 11, 3 };
    for (uint64_t t = 0; t < 60; t++) {
        size_t d = 1 + t % MAX_D, k = 2 + t % (MAX_K - 1), n = 30 + 6 * t;
        for (size_t i = 0; i < n; i++) {
            label[i] = (int32_t)seg_rng_below(rng, t * 100000 + i, k);
            weight[i] = t % 2 == 0 ? 1 : seg_rng_below(rng, t * 100000 + 50000 + i, 5);
            for (size_t f = 0; f < d; f++)
                x[i * d + f] = seg_rng_f64(rng, t * 7919 + i * d + f) + 2 * (label[i] == (int)f);
        }
        if (t % 3 == 0 && k > 2)     /* a cluster that nobody is in */
            for (size_t i = 0; i < n; i++)
                label[i] = label[i] == 1 ? 0 : label[i];
        facts f;
        gather(&f, n, d, k);
        assert_close(seg_calinski_harabasz(&f.spreads), plain_ch(&f, d, k));
        assert_close(seg_davies_bouldin(&f.spreads), plain_db(&f, d, k));
    }
}

/* Twelve rows; figures of scikit-learn 1.9.1 on them, and with the rows repeated. */
static void gives_the_figures_of_scikit_learn(void **state)
{
    (void)state;
    static const double rows[] = { 1,2,0, 2,1,1, 1,1,2, 3,2,1, 8,9,4, 9,8,5, 7,9,6, 8,8,8,
                                   1,9,9, 2,8,9, 0,9,7, 4,5,5 };
    static const int32_t labels[] = { 0,0,0,0, 1,1,1,1, 2,2,2, 0 };
    static const uint64_t times[] = { 1,3,2,1, 5,1,1,2, 1,4,1, 2 };
    facts f;
    memcpy(x, rows, sizeof rows);
    memcpy(label, labels, sizeof labels);
    for (size_t i = 0; i < 12; i++)
        weight[i] = 1;
    gather(&f, 12, 3, 3);
    assert_close(seg_calinski_harabasz(&f.spreads), 28.314078814415623);
    assert_close(seg_davies_bouldin(&f.spreads), 0.40467594566883847);
    memcpy(weight, times, sizeof times);
    gather(&f, 12, 3, 3);
    assert_close(seg_calinski_harabasz(&f.spreads), 65.84337088388214);
    assert_close(seg_davies_bouldin(&f.spreads), 0.39850384285055734);
}

static void degenerate_clusterings_have_the_values_that_are_promised(void **state)
{
    (void)state;
    static const double z[] = { 0, 0, 3 }, zeros[3] = { 0 };
    static const int64_t one[] = { 5, 0, 0 }, singles[] = { 1, 0, 1 }, two[] = { 4, 0, 4 },
                         same[] = { 4, 4, 0 };
    static const double half[] = { 0.5, 0.5, 0.5 };
    seg_cluster_spreads s = { .k = 3, .d = 1, .z = z, .count = one, .squares = half,
                              .distance = half, .total_squares = 10 };
    assert_true(isnan(seg_calinski_harabasz(&s)));       /* one cluster */
    assert_true(isnan(seg_davies_bouldin(&s)));
    s.count = singles;
    assert_true(isnan(seg_calinski_harabasz(&s)));       /* as many clusters as rows */
    s.count = two;
    s.squares = s.distance = zeros;
    assert_true(seg_calinski_harabasz(&s) == 1);         /* every row on its centroid */
    assert_true(seg_davies_bouldin(&s) == 0);
    s.count = same;
    s.distance = half;
    assert_true(seg_davies_bouldin(&s) == 0);            /* all centroids on one place */
    assert_true(seg_smallest_share(two, 3) == 0);
    assert_true(seg_smallest_share((int64_t[]){ 3, 1, 4 }, 3) == 0.125);
    assert_true(isnan(seg_smallest_share((int64_t[]){ 0, 0, 0 }, 3)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_plain_loops),
        cmocka_unit_test(gives_the_figures_of_scikit_learn),
        cmocka_unit_test(degenerate_clusterings_have_the_values_that_are_promised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
