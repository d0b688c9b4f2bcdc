/* Squared distances at every level this processor has, against a plain loop in doubles:
 * equal to the bit, and not one byte written beside the place. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"
#include "kernels/kernels.h"

enum { MAX_K = 20, MAX_D = 9, MAX_N = 9, MAX_PAD = 24, GUARD = 8 };
#define GUARD_WORD 0x5ca1ab1e0ddba11u

static _Alignas(64) double ct[MAX_D * MAX_PAD];
static _Alignas(64) uint64_t room[GUARD + MAX_N * MAX_PAD + GUARD];
static double z[MAX_N * MAX_D];
static double centroids[MAX_K * MAX_D];

static double *dist2(void)
{
    return (double *)(void *)(room + GUARD);
}

/* Numbers of many sizes, so that sums round. */
static double number(uint64_t i)
{
    seg_rng rng = { 7, 1 };
    double u = seg_rng_f64(rng, i) - 0.5;
    return ldexp(u, (int)(i % 23) - 11);
}

static void fill(size_t k, size_t d, size_t n)
{
    size_t k_pad = (k + SEG_KMEANS_PAD - 1) / SEG_KMEANS_PAD * SEG_KMEANS_PAD;
    for (size_t i = 0; i < n * d; i++)
        z[i] = number(i + 1000 * k);
    for (size_t i = 0; i < k * d; i++)
        centroids[i] = number(i + 77777 * d);
    for (size_t f = 0; f < d; f++)
        for (size_t j = 0; j < k_pad; j++)
            ct[f * k_pad + j] = j < k ? centroids[j * d + f] : (double)INFINITY;
}

static double plain(size_t i, size_t j, size_t d)
{
    double sum = 0;
    for (size_t f = 0; f < d; f++) {
        volatile double square = (z[i * d + f] - centroids[j * d + f])
                                 * (z[i * d + f] - centroids[j * d + f]);
        sum += square;
    }
    return sum;
}

static bool same(double a, double b)
{
    return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0;
}

static void run_and_check(seg_isa isa, size_t k, size_t d, size_t n)
{
    const seg_kernels *kernels = seg_kernels_at(isa);
    size_t k_pad = (k + SEG_KMEANS_PAD - 1) / SEG_KMEANS_PAD * SEG_KMEANS_PAD;
    for (size_t i = 0; i < sizeof room / sizeof *room; i++)
        room[i] = GUARD_WORD;
    kernels->kmeans_distances(z, n, d, ct, k_pad, dist2());
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < k; j++)
            if (!same(dist2()[i * k_pad + j], plain(i, j, d)))
                fail_msg("%s: k %zu, d %zu, n %zu: row %zu, centroid %zu: %a, not %a",
                         seg_isa_name(isa), k, d, n, i, j, dist2()[i * k_pad + j],
                         plain(i, j, d));
    for (size_t i = 0; i < GUARD; i++)
        assert_true(room[i] == GUARD_WORD);
    for (size_t i = GUARD + n * k_pad; i < sizeof room / sizeof *room; i++)
        assert_true(room[i] == GUARD_WORD);
}

static void every_level_equals_a_plain_loop_to_the_bit(void **state)
{
    (void)state;
    for (int isa = 0; isa < SEG_ISA_COUNT; isa++)
        for (size_t k = 1; seg_kernels_at((seg_isa)isa) != NULL && k <= MAX_K; k++)
            for (size_t d = 1; d <= MAX_D; d++)
                for (size_t n = 1; n <= MAX_N; n++) {
                    fill(k, d, n);
                    run_and_check((seg_isa)isa, k, d, n);
                }
}

static void a_nan_stays_in_its_row_and_its_centroid(void **state)
{
    (void)state;
    for (int isa = 0; isa < SEG_ISA_COUNT; isa++)
        for (size_t row = 0; seg_kernels_at((seg_isa)isa) != NULL && row < 5; row++) {
            fill(9, 3, 5);
            z[row * 3 + 1] = (double)NAN;
            run_and_check((seg_isa)isa, 9, 3, 5);
            for (size_t i = 0; i < 5; i++)
                for (size_t j = 0; j < 9; j++)
                    assert_int_equal(isnan(dist2()[i * 16 + j]) != 0, i == row);
            fill(9, 3, 5);
            centroids[row * 3 + 2] = ct[2 * 16 + row] = (double)NAN;
            run_and_check((seg_isa)isa, 9, 3, 5);
            for (size_t i = 0; i < 5; i++)
                for (size_t j = 0; j < 9; j++)
                    assert_int_equal(isnan(dist2()[i * 16 + j]) != 0, j == row);
        }
}

static void equal_centroids_are_equally_far(void **state)
{
    (void)state;
    for (int isa = 0; isa < SEG_ISA_COUNT; isa++) {
        if (seg_kernels_at((seg_isa)isa) == NULL)
            continue;
        fill(17, 5, 7);
        for (size_t j = 0; j < 17; j++)
            for (size_t f = 0; f < 5; f++)
                ct[f * 24 + j] = centroids[j * 5 + f] = number(f);
        run_and_check((seg_isa)isa, 17, 5, 7);
        for (size_t i = 0; i < 7; i++)
            for (size_t j = 1; j < 17; j++)
                assert_true(same(dist2()[i * 24 + j], dist2()[i * 24]));
    }
}

static void padding_is_never_nearest(void **state)
{
    (void)state;
    for (int isa = 0; isa < SEG_ISA_COUNT; isa++) {
        if (seg_kernels_at((seg_isa)isa) == NULL)
            continue;
        fill(3, 2, 4);
        run_and_check((seg_isa)isa, 3, 2, 4);
        for (size_t i = 0; i < 4; i++)
            for (size_t j = 3; j < 8; j++)
                assert_true(isinf(dist2()[i * 8 + j]));
    }
}

static void there_is_a_kernel_for_this_processor_and_none_above_it(void **state)
{
    (void)state;
    assert_non_null(seg_kernels_get());
    assert_non_null(seg_kernels_at(SEG_ISA_BASE));
    for (int isa = 0; isa < SEG_ISA_COUNT; isa++)
        assert_int_equal(seg_kernels_at((seg_isa)isa) != NULL,
                         isa <= (int)seg_cpu_best_isa());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_level_equals_a_plain_loop_to_the_bit),
        cmocka_unit_test(a_nan_stays_in_its_row_and_its_centroid),
        cmocka_unit_test(equal_centroids_are_equally_far),
        cmocka_unit_test(padding_is_never_nearest),
        cmocka_unit_test(there_is_a_kernel_for_this_processor_and_none_above_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
