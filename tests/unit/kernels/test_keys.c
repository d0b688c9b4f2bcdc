/* Keys at a rank and repeated keys against sorting. */
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
#include "kernels/keys.h"

enum { N = 20000 };
static uint64_t keys[N], sorted[N];
static uint8_t classes[N];

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Hashes, or few values close together; a third of them twice. */
static size_t fill(uint64_t few)
{
    const seg_rng rng = { 5, few };
    size_t n = 0;
    for (uint64_t i = 0; i < N; i++) {
        uint64_t of = i % 3 == 0 ? i / 2 : i;
        keys[i] = few == 0 ? seg_rng_u64(rng, of) : UINT64_MAX - seg_rng_below(rng, of, few);
        classes[i] = (uint8_t)(i % 2);
        if (classes[i] == 1)
            sorted[n++] = keys[i];
    }
    qsort(sorted, n, sizeof *sorted, by_value);
    return n;
}

static void the_key_at_a_rank_is_that_of_the_sorted_ones(void **state)
{
    (void)state;
    static const uint64_t spreads[] = { 0, 1, 7, 1000, 1u << 20 };
    for (size_t s = 0; s < sizeof spreads / sizeof *spreads; s++) {
        size_t n = fill(spreads[s]);
        for (size_t rank = 0; rank < n; rank += 997)
            assert_true(seg_key_at(keys, classes, 1, N, rank) == sorted[rank]);
        assert_true(seg_key_at(keys, classes, 1, N, n - 1) == sorted[n - 1]);
    }
}

static void keys_that_occur_again_are_found_once(void **state)
{
    (void)state;
    static const uint64_t spreads[] = { 0, 1, 1000 };
    for (size_t s = 0; s < sizeof spreads / sizeof *spreads; s++) {
        uint64_t *repeated = NULL;
        size_t n = 0, k = 0;
        seg_error err;
        fill(spreads[s]);
        assert_int_equal(seg_keys_repeated(keys, N, &repeated, &n, &err), SEG_OK);
        memcpy(sorted, keys, sizeof sorted);
        qsort(sorted, N, sizeof *sorted, by_value);
        for (size_t i = 0; i < N; i++) {
            bool first = i == 0 || sorted[i - 1] != sorted[i];
            bool again = i + 1 < N && sorted[i + 1] == sorted[i];
            if (first && again)
                assert_true(k < n && repeated[k++] == sorted[i]);
            if (first)
                assert_true((seg_key_find(repeated, n, sorted[i]) != SIZE_MAX) == again);
        }
        assert_int_equal(k, n);
        seg_free(repeated);
    }
}

static void none_or_one_key_is_no_repetition(void **state)
{
    (void)state;
    uint64_t *repeated = NULL, one = 17;
    size_t n = 9;
    seg_error err;
    assert_int_equal(seg_keys_repeated(&one, 0, &repeated, &n, &err), SEG_OK);
    assert_int_equal(n, 0);
    seg_free(repeated);
    assert_int_equal(seg_keys_repeated(&one, 1, &repeated, &n, &err), SEG_OK);
    assert_int_equal(n, 0);
    seg_free(repeated);
    assert_true(seg_key_find(NULL, 0, 3) == SIZE_MAX);
}

static void keys_of_numbers_sort_as_the_numbers(void **state)
{
    (void)state;
    static const double values[] = { -__builtin_inf(), -1e300, -2, -1e-300, 0, 1e-300, 1, 1e300,
                                     __builtin_inf() };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        assert_true(seg_real_of_key(seg_key_of_real(values[i])) == values[i]);
        for (size_t k = 0; k < i; k++)
            assert_true(seg_key_of_real(values[k]) < seg_key_of_real(values[i]));
    }
    assert_true(seg_key_of_real(-0.0) == seg_key_of_real(0.0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_at_a_rank_is_that_of_the_sorted_ones),
        cmocka_unit_test(keys_that_occur_again_are_found_once),
        cmocka_unit_test(none_or_one_key_is_no_repetition),
        cmocka_unit_test(keys_of_numbers_sort_as_the_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
