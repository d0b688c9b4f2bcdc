/* Philox4x32-10 against the known answers that Random123 ships (kat_vectors), and what
 * the numbers made of it promise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"

static uint64_t pair(uint32_t low, uint32_t high)
{
    return low | (uint64_t)high << 32;
}

/* The first two of the four words of a block are the number. */
static void answers_the_known_answers(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], answer[4];
    } known[] = {
        { { 0, 0, 0, 0 }, { 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
        { { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff }, { 0xffffffff, 0xffffffff },
          { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
        { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 }, { 0xa4093822, 0x299f31d0 },
          { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        seg_rng rng = { pair(known[i].key[0], known[i].key[1]),
                        pair(known[i].counter[2], known[i].counter[3]) };
        uint64_t at = pair(known[i].counter[0], known[i].counter[1]);
        assert_true(seg_rng_u64(rng, at) == pair(known[i].answer[0], known[i].answer[1]));
    }
}

static void reals_stay_in_their_interval(void **state)
{
    (void)state;
    seg_rng rng = { 1, 2 };
    double sum = 0;
    enum { N = 1000000 };
    for (uint64_t i = 0; i < N; i++) {
        double u = seg_rng_f64(rng, i), open = seg_rng_open(rng, i);
        assert_true(u >= 0 && u < 1 && open > 0 && open < 1);
        assert_true(u * 0x1p53 == (double)(uint64_t)(u * 0x1p53));
        sum += u;
    }
    assert_true(sum / N > 0.499 && sum / N < 0.501);   /* 3.5 standard errors */
}

static void whole_numbers_are_below_the_bound_and_even(void **state)
{
    (void)state;
    seg_rng rng = { 1, 3 };
    long counts[7] = { 0 };
    enum { N = 700000 };
    for (uint64_t i = 0; i < N; i++) {
        uint64_t v = seg_rng_below(rng, i, 7);
        assert_true(v < 7);
        counts[v]++;
        assert_true(seg_rng_below(rng, i, 1) == 0);
    }
    for (size_t v = 0; v < 7; v++)
        assert_true(labs(counts[v] - N / 7) < 1500);   /* 5 standard deviations */
}

/* With n just above 2^63 nearly half of the draws are refused; what is left must be
 * below n and as often in the lower as in the upper half. */
static void a_bound_that_refuses_half_of_the_draws_stays_even(void **state)
{
    (void)state;
    seg_rng rng = { 9, 4 };
    uint64_t n = (1ull << 63) + 1;
    long low = 0;
    enum { N = 100000 };
    for (uint64_t i = 0; i < N; i++) {
        uint64_t v = seg_rng_below(rng, i, n);
        assert_true(v < n);
        low += v < n / 2;
    }
    assert_true(labs(low - N / 2) < 800);
}

static void seeds_and_streams_differ(void **state)
{
    (void)state;
    int equal = 0;
    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t v = seg_rng_u64((seg_rng){ 1, 1 }, i);
        equal += v == seg_rng_u64((seg_rng){ 2, 1 }, i);
        equal += v == seg_rng_u64((seg_rng){ 1, 2 }, i);
        equal += v == seg_rng_u64((seg_rng){ 1, 1 }, i + 1);
        assert_true(v == seg_rng_u64((seg_rng){ 1, 1 }, i));
    }
    assert_int_equal(equal, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_the_known_answers),
        cmocka_unit_test(reals_stay_in_their_interval),
        cmocka_unit_test(whole_numbers_are_below_the_bound_and_even),
        cmocka_unit_test(a_bound_that_refuses_half_of_the_draws_stays_even),
        cmocka_unit_test(seeds_and_streams_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
