/* First centroids: drawn as often as they should be, by hand where nothing is drawn, always
 * as many as there are different rows. */
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
#include "kernels/kernels.h"
#include "kernels/kmeans_start.h"

enum { MAX_N = 3000, MAX_D = 4, MAX_K = 40, N_WAYS = 4 };

static seg_error err;
#define OK(call)                                                  \
    do {                                                          \
        seg_status st_ = (call);                                  \
        if (st_ != SEG_OK)                                        \
            fail_msg("%s: %s", seg_status_name(st_), err.text);   \
    } while (0)

static const char *const way_names[N_WAYS] = { "greedy", "parallel", "random", "farthest" };
static float x[MAX_N * MAX_D];
static const size_t columns[MAX_D] = { 0, 1, 2, 3 };
static const double zero[MAX_D], one[MAX_D] = { 1, 1, 1, 1 };

typedef struct problem {
    size_t n, d;
    const float *x;
    const uint32_t *weight;
    double widest;
    int n_threads;
} problem;

static size_t draw_more(const problem *p, seg_kmeans_way way, uint64_t seed, size_t k, double *z,
                        size_t there)
{
    seg_kmeans_scale scale = { .d = p->d, .columns = columns, .shift = zero, .inverse = one };
    seg_matrix rows = { p->x, p->n, p->d, p->d };
    seg_kmeans_start start;
    OK(seg_kmeans_start_new(&scale, rows, p->weight, p->widest, MAX_K,
                            p->n_threads > 0 ? p->n_threads : 1, &start, &err));
    OK(seg_kmeans_start_draw(&start, way, seed, 3, k, z, &there, &err));
    seg_kmeans_start_free(&start);
    return there;
}

static size_t draw(const problem *p, seg_kmeans_way way, uint64_t seed, size_t k, double *z)
{
    return draw_more(p, way, seed, k, z, 0);
}

static double uniform(uint64_t i)
{
    return seg_rng_f64((seg_rng){ 31, 4 }, i);
}

static double bell(uint64_t i)
{
    return uniform(3 * i) + uniform(3 * i + 1) + uniform(3 * i + 2) - 1.5;
}

static problem clouds(size_t n, size_t d)
{
    for (size_t i = 0; i < n * d; i++)
        x[i] = (float)(3 * (double)(i / d % 7) + bell(i));
    return (problem){ .n = n, .d = d, .x = x, .widest = 1000 * (double)d };
}

static bool is_row(const problem *p, const double *z)
{
    for (size_t i = 0; i < p->n; i++) {
        size_t f = 0;
        while (f < p->d && (double)p->x[i * p->d + f] == z[f])
            f++;
        if (f == p->d && (p->weight == NULL || p->weight[i] > 0))
            return true;
    }
    return false;
}

static void assert_different_rows(const problem *p, const double *z, size_t k)
{
    for (size_t j = 0; j < k; j++) {
        assert_true(is_row(p, z + j * p->d));
        for (size_t i = 0; i < j; i++)
            assert_memory_not_equal(z + i * p->d, z + j * p->d, p->d * sizeof *z);
    }
}

/* ---- chances --------------------------------------------------------------------------------- */

/* Rows on a line, with weights. */
enum { N_LINE = 4, TRIES = 6000 };
static const float line[N_LINE] = { 0, 1, 3, 7 };
static const uint32_t line_weight[N_LINE] = { 2, 4, 3, 1 };

static double line_dist2(size_t a, size_t b)
{
    return (double)((line[a] - line[b]) * (line[a] - line[b]));
}

/* What is left when a and b are centroids. */
static double line_potential(size_t a, size_t b)
{
    double sum = 0;
    for (size_t i = 0; i < N_LINE; i++)
        sum += line_weight[i] * fmin(line_dist2(i, a), line_dist2(i, b));
    return sum;
}

/* The first by weight; of two drawn by weighted squared distance, the better one. */
static void expect_line(double chance[N_LINE][N_LINE])
{
    memset(chance, 0, sizeof(double[N_LINE][N_LINE]));
    for (size_t a = 0; a < N_LINE; a++) {
        double mass[N_LINE], total = 0;
        for (size_t i = 0; i < N_LINE; i++)
            total += mass[i] = line_weight[i] * line_dist2(i, a);
        for (size_t b = 0; b < N_LINE; b++)
            for (size_t c = 0; c < N_LINE; c++)
                chance[a][line_potential(a, b) <= line_potential(a, c) ? b : c]
                    += line_weight[a] / 10.0 * mass[b] / total * mass[c] / total;
    }
}

static size_t on_line(double z)
{
    size_t i = 0;
    while (i < N_LINE && (double)line[i] != z)
        i++;
    assert_true(i < N_LINE);
    return i;
}

static void greedy_draws_by_squared_distance_and_takes_the_better(void **state)
{
    (void)state;
    problem p = { .n = N_LINE, .d = 1, .x = line, .weight = line_weight, .widest = 49 };
    double chance[N_LINE][N_LINE], times[N_LINE][N_LINE] = { { 0 } }, chi2 = 0, z[2];
    expect_line(chance);
    for (uint64_t seed = 0; seed < TRIES; seed++) {
        assert_int_equal(draw(&p, SEG_KMEANS_GREEDY, seed, 2, z), 2);
        times[on_line(z[0])][on_line(z[1])]++;
    }
    for (size_t a = 0; a < N_LINE; a++)
        for (size_t b = 0; b < N_LINE; b++) {
            double expected = TRIES * chance[a][b];
            if (expected == 0)
                assert_true(times[a][b] == 0);
            else
                chi2 += (times[a][b] - expected) * (times[a][b] - expected) / expected;
        }
    /* at most 11 degrees of freedom: larger once in a million */
    if (chi2 > 50)
        fail_msg("chi-square %g", chi2);
}

static void random_takes_different_rows_by_weight(void **state)
{
    (void)state;
    problem p = { .n = N_LINE, .d = 1, .x = line, .weight = line_weight, .widest = 49 };
    double times[N_LINE] = { 0 }, chi2 = 0, z[2];
    for (uint64_t seed = 0; seed < TRIES; seed++) {
        assert_int_equal(draw(&p, SEG_KMEANS_RANDOM, seed, 2, z), 2);
        assert_true(z[0] != z[1]);
        times[on_line(z[0])]++;
    }
    for (size_t i = 0; i < N_LINE; i++) {
        double expected = TRIES * line_weight[i] / 10.0;
        chi2 += (times[i] - expected) * (times[i] - expected) / expected;
    }
    if (chi2 > 31)
        fail_msg("chi-square %g", chi2);
}

/* ---- by hand ---------------------------------------------------------------------------------- */

static void farthest_is_always_the_farthest_row_the_first_of_equals(void **state)
{
    (void)state;
    static const float places[] = { 4, 0, 10, 1, 9, 0 };
    problem p = { .n = 6, .d = 1, .x = places, .widest = 100 };
    for (uint64_t seed = 0; seed < 20; seed++) {
        double z[5];
        assert_int_equal(draw(&p, SEG_KMEANS_FARTHEST, seed, 5, z), 5);
        for (size_t j = 1; j < 5; j++) {
            double most = -1, at = -1;
            for (size_t i = 0; i < 6; i++) {
                double near = (double)INFINITY;
                for (size_t c = 0; c < j; c++)
                    near = fmin(near, fabs((double)places[i] - z[c]));
                if (near > most) {
                    most = near;
                    at = (double)places[i];
                }
            }
            assert_true(z[j] == at);
        }
    }
}

static void centroids_that_are_there_stay(void **state)
{
    (void)state;
    problem p = clouds(600, 3);
    for (size_t way = 0; way < N_WAYS; way++) {
        double z[12 * 3] = { 0.5, 0.25, 0.125, 9, 9, 9 }, before[6];
        memcpy(before, z, sizeof before);
        assert_int_equal(draw_more(&p, (seg_kmeans_way)way, 5, 12, z, 2), 12);
        assert_memory_equal(z, before, sizeof before);
        assert_different_rows(&p, z + 6, 10);
    }
}

/* ---- how many --------------------------------------------------------------------------------- */

static void every_way_gives_k_different_rows(void **state)
{
    (void)state;
    double z[MAX_K * MAX_D];
    for (size_t way = 0; way < N_WAYS; way++)
        for (uint64_t seed = 1; seed <= 3; seed++) {
            problem p = clouds(1500, 4);
            assert_int_equal(draw(&p, (seg_kmeans_way)way, seed, MAX_K, z), MAX_K);
            assert_different_rows(&p, z, MAX_K);
            p = clouds(MAX_K, 2);     /* all of them */
            assert_int_equal(draw(&p, (seg_kmeans_way)way, seed, MAX_K, z), MAX_K);
            assert_different_rows(&p, z, MAX_K);
        }
}

static void every_way_gives_as_many_as_there_are_different_rows(void **state)
{
    (void)state;
    double z[MAX_K * MAX_D];
    for (size_t i = 0; i < 500; i++) {
        x[2 * i] = (float)(i * i % 7);      /* 0, 1, 2, 4 */
        x[2 * i + 1] = (float)(i % 3);
    }
    problem p = { .n = 500, .d = 2, .x = x, .widest = 100 };
    for (size_t way = 0; way < N_WAYS; way++)
        for (uint64_t seed = 1; seed <= 5; seed++) {
            size_t k = draw(&p, (seg_kmeans_way)way, seed, 30, z);
            if (k != 12)
                fail_msg("%s: %zu of 12 different rows", way_names[way], k);
            assert_different_rows(&p, z, k);
        }
}

/* Rows that differ by 1 beside one that is `out` away. */
static void check_outlier(float out)
{
    double z[MAX_K * MAX_D];
    for (size_t i = 0; i < 800; i++)
        x[i] = i == 333 ? out : (float)(i % 50);
    problem p = { .n = 800, .d = 1, .x = x, .widest = (double)out * (double)out };
    for (size_t way = 0; way < N_WAYS; way++) {
        size_t k = draw(&p, (seg_kmeans_way)way, 1, 20, z);
        if (k != 20)
            fail_msg("%s beside an outlier of %g: %zu of 20", way_names[way], (double)out, k);
        assert_different_rows(&p, z, k);
    }
}

static void tiny_distances_beside_a_huge_one_are_distances(void **state)
{
    (void)state;
    check_outlier(1e4F);
    check_outlier(1e9F);
    check_outlier(1e15F);
}

/* Their squares are no numbers of a float. */
static void huge_and_tiny_values_are_measured(void **state)
{
    (void)state;
    static const double scales[] = { 1e30, 1e22, 1e-25, 1e-32 };
    double z[2][10 * 2];
    for (size_t s = 0; s < sizeof scales / sizeof *scales; s++)
        for (size_t way = 0; way < N_WAYS; way++) {
            int exponent = ilogb(scales[s]);
            problem p = clouds(400, 2);
            assert_int_equal(draw(&p, (seg_kmeans_way)way, 1, 10, z[0]), 10);
            for (size_t i = 0; i < 400 * 2; i++)
                x[i] = ldexpf(x[i], exponent);
            p.widest = ldexp(p.widest, 2 * exponent);
            assert_int_equal(draw(&p, (seg_kmeans_way)way, 1, 10, z[1]), 10);
            for (size_t i = 0; i < 10 * 2; i++)
                assert_true(ldexp(z[0][i], exponent) == z[1][i]);
        }
}

static void rows_of_weight_0_are_never_drawn(void **state)
{
    (void)state;
    static uint32_t weight[MAX_N];
    double z[MAX_K * MAX_D];
    problem p = clouds(700, 2);
    for (size_t i = 0; i < 700; i++)
        weight[i] = i % 3 == 0 ? 1 + i % 2 : 0;
    p.weight = weight;
    for (size_t way = 0; way < N_WAYS; way++)
        for (uint64_t seed = 1; seed <= 5; seed++) {
            assert_int_equal(draw(&p, (seg_kmeans_way)way, seed, 20, z), 20);
            assert_different_rows(&p, z, 20);
        }
    for (size_t i = 0; i < 700; i++)
        weight[i] = i == 70 || i == 80 || i == 699;
    for (size_t way = 0; way < N_WAYS; way++)
        for (uint64_t seed = 1; seed <= 5; seed++) {
            assert_int_equal(draw(&p, (seg_kmeans_way)way, seed, 5, z), 3);
            assert_different_rows(&p, z, 3);
        }
}

/* ---- the same bits ------------------------------------------------------------------------------ */

static void a_row_of_weight_3_is_drawn_like_three_rows(void **state)
{
    (void)state;
    static float repeated[MAX_N * 2];
    static uint32_t weight[MAX_N];
    double z[2][10 * 2];
    problem p = clouds(500, 2), q = p;
    q.n = 0;
    q.x = repeated;
    for (size_t i = 0; i < p.n; i++) {
        weight[i] = (uint32_t)(i * 5 % 4);
        for (uint32_t w = 0; w < weight[i]; w++, q.n++)
            memcpy(repeated + q.n * 2, x + i * 2, 2 * sizeof *x);
    }
    p.weight = weight;
    for (uint64_t seed = 0; seed < 20; seed++)
        for (size_t way = 0; way < N_WAYS; way++) {
            if (way == SEG_KMEANS_PARALLEL)
                continue;              /* its coins are thrown by row */
            draw(&p, (seg_kmeans_way)way, seed, 10, z[0]);
            draw(&q, (seg_kmeans_way)way, seed, 10, z[1]);
            if (memcmp(z[0], z[1], sizeof z[0]) != 0)
                fail_msg("%s, seed %d: other rows", way_names[way], (int)seed);
        }
}

static void same_draws_for_any_threads_and_levels(void **state)
{
    (void)state;
    problem p = clouds(3000, 4);
    for (size_t way = 0; way < N_WAYS; way++) {
        double first[20 * 4], z[20 * 4];
        setenv("SEGMILL_ISA", "base", 1);
        p.n_threads = 1;
        draw(&p, (seg_kmeans_way)way, 7, 20, first);
        for (seg_isa isa = SEG_ISA_BASE; isa < SEG_ISA_COUNT && seg_kernels_at(isa) != NULL; isa++) {
            setenv("SEGMILL_ISA", seg_isa_name(isa), 1);
            p.n_threads = 1 + 2 * (int)isa;
            draw(&p, (seg_kmeans_way)way, 7, 20, z);
            assert_memory_equal(z, first, sizeof first);
        }
    }
    unsetenv("SEGMILL_ISA");
}

static seg_status once(const problem *p, seg_kmeans_way way)
{
    double z[8 * MAX_D];
    size_t k = 0;
    seg_kmeans_scale scale = { .d = p->d, .columns = columns, .shift = zero, .inverse = one };
    seg_matrix rows = { p->x, p->n, p->d, p->d };
    seg_kmeans_start start;
    seg_status st = seg_kmeans_start_new(&scale, rows, NULL, p->widest, 8, 2, &start,
                                         &err);
    if (st == SEG_OK)
        st = seg_kmeans_start_draw(&start, way, 1, 0, 8, z, &k, &err);
    seg_kmeans_start_free(&start);
    return st;
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    problem p = clouds(300, 3);
    long before = seg_alloc_live;
    for (size_t way = 0; way < N_WAYS; way++) {
        seg_status st = SEG_E_AGAIN;
        for (long n = 0; st == SEG_E_AGAIN; n++) {
            seg_alloc_fail_after = n;
            st = once(&p, (seg_kmeans_way)way);
            seg_alloc_fail_after = -1;
            assert_int_equal(seg_alloc_live, before);
        }
        assert_int_equal(st, SEG_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greedy_draws_by_squared_distance_and_takes_the_better),
        cmocka_unit_test(random_takes_different_rows_by_weight),
        cmocka_unit_test(farthest_is_always_the_farthest_row_the_first_of_equals),
        cmocka_unit_test(centroids_that_are_there_stay),
        cmocka_unit_test(every_way_gives_k_different_rows),
        cmocka_unit_test(every_way_gives_as_many_as_there_are_different_rows),
        cmocka_unit_test(tiny_distances_beside_a_huge_one_are_distances),
        cmocka_unit_test(huge_and_tiny_values_are_measured),
        cmocka_unit_test(rows_of_weight_0_are_never_drawn),
        cmocka_unit_test(a_row_of_weight_3_is_drawn_like_three_rows),
        cmocka_unit_test(same_draws_for_any_threads_and_levels),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
