/* Sums of distances at every level this processor has, against a plain loop in doubles: equal
 * to the bit, and not one byte written beside the place. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"
#include "kernels/kernels.h"

enum { MAX_K = 4, MAX_D = 9, MAX_N = 9, GROUPS = 3 * MAX_K, GUARD = 8 };
#define GUARD_WORD 0x5ca1ab1e0ddba11u

static _Alignas(64) double points[GROUPS * MAX_D * 8], weight[GROUPS * 8];
static uint64_t room[GUARD + MAX_N * MAX_K + GUARD];
static double z[MAX_N * MAX_D];

/* Numbers of many sizes, so that sums round. */
static double number(uint64_t i)
{
    seg_rng rng = { 7, 1 };
    return ldexp(seg_rng_f64(rng, i) - 0.5, (int)(i % 23) - 11);
}

/* Sum l of eight takes the points l, 8 + l, 16 + l of the cluster. */
static double plain(size_t i, size_t d, size_t first, size_t end)
{
    double lanes[8] = { 0 }, total = 0;
    for (size_t g = first; g < end; g++)
        for (size_t l = 0; l < 8; l++) {
            volatile double square = 0;
            for (size_t f = 0; f < d; f++) {
                volatile double diff = z[i * d + f] - points[(g * d + f) * 8 + l];
                volatile double product = diff * diff;
                square += product;
            }
            volatile double root = sqrt(square), weighted = weight[g * 8 + l] * root;
            lanes[l] += weighted;
        }
    for (size_t l = 0; l < 8; l++)
        total += lanes[l];
    return total;
}

static void run_and_check(seg_isa isa, size_t n, size_t d, const size_t *ends, size_t k)
{
    double *sums = (double *)(void *)(room + GUARD);
    for (size_t i = 0; i < sizeof room / sizeof *room; i++)
        room[i] = GUARD_WORD;
    seg_kernels_at(isa)->distance_sums(z, n, d, points, weight, ends, k, sums);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < k; j++) {
            double expected = plain(i, d, j > 0 ? ends[j - 1] : 0, ends[j]);
            if (memcmp(&sums[i * k + j], &expected, sizeof expected) != 0)
                fail_msg("%s: d %zu, row %zu of %zu, cluster %zu: %a, not %a",
                         seg_isa_name(isa), d, i, n, j, sums[i * k + j], expected);
        }
    for (size_t i = 0; i < GUARD; i++)
        assert_true(room[i] == GUARD_WORD);
    for (size_t i = GUARD + n * k; i < sizeof room / sizeof *room; i++)
        assert_true(room[i] == GUARD_WORD);
}

static void every_level_equals_a_plain_loop_to_the_bit(void **state)
{
    (void)state;
    static const size_t ends[MAX_K] = { 1, 4, 6, 9 };
    for (size_t d = 1; d <= MAX_D; d++) {
        for (size_t i = 0; i < sizeof points / sizeof *points; i++)
            points[i] = number(i + 1000 * d);
        for (size_t i = 0; i < sizeof weight / sizeof *weight; i++)
            weight[i] = (double)(i * 7 % 5);
        for (size_t i = 0; i < MAX_N * MAX_D; i++)
            z[i] = number(i + 77777 * d);
        for (int isa = 0; isa < SEG_ISA_COUNT; isa++)
            for (size_t n = 1; seg_kernels_at((seg_isa)isa) != NULL && n <= MAX_N; n++)
                for (size_t k = 1; k <= MAX_K; k++)
                    run_and_check((seg_isa)isa, n, d, ends, k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_level_equals_a_plain_loop_to_the_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
