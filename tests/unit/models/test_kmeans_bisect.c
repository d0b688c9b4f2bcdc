/* The bisecting start, against one in plain doubles that tries every cut of sorted numbers,
 * and where groups leave no choice. */
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
#include "models/kmeans_bisect.h"

enum { N = 4000, D = 3, WIDTH = 4, MOST = 12 };

static float x[N * WIDTH];
static uint32_t weight[N];
static const size_t columns[D] = { 0, 1, 3 };
static const double zero[D], one[D] = { 1, 1, 1 };
static double quantum[D];
static seg_context ctx;

/* Eight points far apart in pairs, pairs of pairs ...: who is split next is clear. */
static const double points[8] = { 0, 3, 20, 25, 100, 111, 150, 170 };

static seg_kmeans_space space_of(size_t n)
{
    for (size_t f = 0; f < D; f++)
        quantum[f] = 0x1p24;
    return (seg_kmeans_space){
        .scale = { .d = D, .columns = columns, .shift = zero, .inverse = one },
        .quantum = quantum, .widest = 0x1p18, .dist_quantum = 0x1p24,
        .n_rows = n, .n_threads = 2,
    };
}

static void make_rows(size_t n)
{
    seg_rng rng = { 31, 8 };
    ctx = seg_context_defaults();
    for (size_t i = 0; i < n; i++) {
        double at = points[seg_rng_below(rng, 5 * i, 8)];
        x[i * WIDTH] = (float)(at + 0.25 * seg_rng_f64(rng, 5 * i + 1));
        x[i * WIDTH + 1] = (float)(0.25 * seg_rng_f64(rng, 5 * i + 2));
        x[i * WIDTH + 2] = (float)(1e6 * seg_rng_f64(rng, 5 * i + 3));   /* no feature */
        x[i * WIDTH + 3] = (float)(0.25 * seg_rng_f64(rng, 5 * i + 4));
        weight[i] = 1 + (uint32_t)(i % 5);
    }
}

static seg_kmeans_bisecting job(const seg_kmeans_space *space, size_t n, bool weighted)
{
    return (seg_kmeans_bisecting){ .ctx = &ctx, .space = space,
                                   .rows = { x, n, WIDTH, WIDTH },
                                   .weight = weighted ? weight : NULL,
                                   .deadline = (double)INFINITY };
}

static size_t bisect(size_t n, bool weighted, size_t wanted, double *z, size_t k)
{
    seg_error err;
    seg_kmeans_space space = space_of(n);
    seg_kmeans_bisecting b = job(&space, n, weighted);
    if (seg_kmeans_bisect(&b, 3, wanted, z, &k, &err) != SEG_OK)
        fail_msg("%s", err.text);
    return k;
}

/* ---- the plain way: cluster of a row is a run of points ---------------------------------------- */

typedef struct run {
    int first, end;
    double sum[D], n, square;
} run;

static run run_of(int first, int end, size_t n, bool weighted)
{
    run r = { .first = first, .end = end };
    for (size_t i = 0; i < n; i++) {
        int p = 0;
        double w = weighted ? weight[i] : 1;
        while (p < 7 && (double)x[i * WIDTH] >= points[p + 1])
            p++;
        if (p < first || p >= end)
            continue;
        for (size_t f = 0; f < D; f++) {
            double v = (double)x[i * WIDTH + columns[f]];
            r.sum[f] += w * v;
            r.square += w * v * v;
        }
        r.n += w;
    }
    return r;
}

static double spread_of(const run *r)
{
    double spread = r->square;
    for (size_t f = 0; f < D; f++)
        spread -= r->sum[f] * r->sum[f] / r->n;
    return spread;
}

/* The best cut of the run of the largest spread. */
static size_t split_plainly(run *runs, size_t k, size_t n, bool weighted)
{
    size_t widest = 0;
    for (size_t j = 1; j < k; j++)
        widest = spread_of(&runs[j]) > spread_of(&runs[widest]) ? j : widest;
    run whole = runs[widest];
    double least = INFINITY;
    for (int cut = whole.first + 1; cut < whole.end; cut++) {
        run a = run_of(whole.first, cut, n, weighted), b = run_of(cut, whole.end, n, weighted);
        if (spread_of(&a) + spread_of(&b) < least) {
            least = spread_of(&a) + spread_of(&b);
            runs[widest] = a;
            runs[k] = b;
        }
    }
    return k + 1;
}

static int by_first(const void *a, const void *b)
{
    double p = *(const double *)a, q = *(const double *)b;
    return (p > q) - (p < q);
}

static void the_widest_cluster_is_cut_in_two(void **state)
{
    (void)state;
    for (int weighted = 0; weighted < 2; weighted++) {
        make_rows(N);
        run runs[8] = { run_of(0, 8, N, weighted != 0) };
        for (size_t k = 1; k < 8;) {
            double z[8 * D], expected[8 * D];
            k = split_plainly(runs, k, N, weighted != 0);
            for (size_t j = 0; j < k; j++)
                for (size_t f = 0; f < D; f++)
                    expected[j * D + f] = runs[j].sum[f] / runs[j].n;
            assert_int_equal(bisect(N, weighted != 0, k, z, 0), k);
            qsort(z, k, D * sizeof *z, by_first);
            qsort(expected, k, D * sizeof *z, by_first);
            for (size_t i = 0; i < k * D; i++)
                assert_true(fabs(z[i] - expected[i]) < 1e-5);
        }
    }
}

static void centroids_that_are_there_are_gone_on_from(void **state)
{
    (void)state;
    double all[6 * D], z[6 * D];
    make_rows(N);
    bisect(N, false, 6, all, 0);
    bisect(N, false, 3, z, 0);
    assert_int_equal(bisect(N, false, 3, z, 3), 3);
    assert_int_equal(bisect(N, false, 6, z, 3), 6);
    qsort(z, 6, D * sizeof *z, by_first);
    qsort(all, 6, D * sizeof *all, by_first);
    for (size_t i = 0; i < 6 * D; i++)
        assert_true(fabs(z[i] - all[i]) < 1e-9);
}

static void equal_rows_are_not_split(void **state)
{
    (void)state;
    double z[MOST * D];
    make_rows(N);
    for (size_t i = 0; i < 100; i++) {
        memset(x + i * WIDTH, 0, WIDTH * sizeof *x);
        x[i * WIDTH] = (float)(i % 5 * 7);
    }
    assert_int_equal(bisect(100, false, MOST, z, 0), 5);
    assert_int_equal(bisect(100, true, MOST, z, 0), 5);
    assert_int_equal(bisect(1, false, MOST, z, 0), 1);
    assert_int_equal(bisect(100, false, 1, z, 0), 1);
}

static void a_row_of_weight_zero_makes_no_cluster(void **state)
{
    (void)state;
    double z[MOST * D];
    make_rows(40);
    for (size_t i = 0; i < 40; i++) {
        memset(x + i * WIDTH, 0, WIDTH * sizeof *x);
        x[i * WIDTH] = (float)(i % 4 * 7);
        weight[i] = i % 4 < 2;
    }
    assert_int_equal(bisect(40, true, MOST, z, 0), 2);
    qsort(z, 2, D * sizeof *z, by_first);
    assert_true(z[0] == 0 && z[D] == 7);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    bool failed = true;
    make_rows(500);
    for (long n = 0; failed; n++) {
        double z[4 * D];
        size_t k = n % 2 == 0 ? 0 : 1;
        seg_error err;
        seg_kmeans_space space = space_of(500);
        seg_kmeans_bisecting b = job(&space, 500, true);
        long live = seg_alloc_live;
        memset(z, 0, sizeof z);
        seg_alloc_fail_after = n;
        seg_status st = seg_kmeans_bisect(&b, 0, 4, z, &k, &err);
        failed = seg_alloc_fail_after == 0;
        seg_alloc_fail_after = -1;
        if (st != SEG_OK)
            assert_int_equal(st, SEG_E_AGAIN);
        assert_int_equal(seg_alloc_live, live);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_widest_cluster_is_cut_in_two),
        cmocka_unit_test(centroids_that_are_there_are_gone_on_from),
        cmocka_unit_test(equal_rows_are_not_split),
        cmocka_unit_test(a_row_of_weight_zero_makes_no_cluster),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
