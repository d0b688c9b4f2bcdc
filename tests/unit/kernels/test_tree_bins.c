/* Bins of training rows: where cuts lie, what levels share, and rows as records. */
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
#include "kernels/radix.h"
#include "kernels/tree_bins.h"

static void bins_of(seg_matrix x, const uint32_t *n_levels, const uint8_t *use, size_t block,
                    int n_threads, seg_bins **bins)
{
    seg_error err;
    assert_int_equal(seg_bins_new(x.n_cols, n_levels, x.n_rows, 1, bins, &err), SEG_OK);
    for (size_t i = 0; i < x.n_rows; i += block) {
        size_t n = x.n_rows - i < block ? x.n_rows - i : block;
        seg_matrix part = { x.x + i * x.stride, n, x.n_cols, x.stride };
        seg_bins_add(*bins, part, i, use + i, n_threads);
    }
    assert_int_equal(seg_bins_finish(*bins, n_threads, &err), SEG_OK);
}

/* ---- numbers ---------------------------------------------------------------------- */

static void few_distinct_values_have_a_bin_each(void **state)
{
    (void)state;
    const float x[6] = { 8, 5, 6, NAN, 12, INFINITY };
    const uint8_t use[6] = { 1, 1, 1, 1, 1, 1 };
    seg_bins *bins;
    uint8_t binned[6];
    seg_matrix m = { x, 6, 1, 1 };
    bins_of(m, (uint32_t[]){ 0 }, use, 6, 1, &bins);
    seg_bins_apply(bins, m, 1, binned);
    assert_memory_equal(binned, ((uint8_t[]){ 3, 1, 2, 0, 4, 0 }), 6);
    /* whole numbers next to each other are cut at the lower one, gaps at a short number */
    assert_true(bins->cuts[0] == 5 && bins->cuts[1] == 7 && bins->cuts[2] == 10);
    seg_bins_free(bins);
}

static void many_distinct_values_share_bins_of_about_equal_count(void **state)
{
    (void)state;
    enum { ROWS = 100000 };
    static float x[ROWS];
    static uint8_t use[ROWS], binned[ROWS];
    seg_rng rng = { 3, 3 };
    for (size_t i = 0; i < ROWS; i++) {
        double u = seg_rng_f64(rng, i);
        x[i] = (float)(u < 0.3 ? 0 : exp(10 * u));   /* 30 % are zero */
        use[i] = 1;
    }
    seg_bins *bins;
    seg_matrix m = { x, ROWS, 1, 1 };
    bins_of(m, (uint32_t[]){ 0 }, use, ROWS, 1, &bins);
    assert_int_equal(bins->n_sampled, 65536);
    seg_bins_apply(bins, m, 1, binned);
    size_t count[256] = { 0 };
    for (size_t i = 0; i < ROWS; i++) {
        count[binned[i]]++;
        size_t below = 0;   /* plain search */
        while (below < SEG_BIN_CUTS && x[i] > bins->cuts[below])
            below++;
        assert_int_equal(binned[i], below + 1);
    }
    assert_int_equal(bins->n_bins[0], SEG_TREE_BINS);
    assert_int_equal(count[0], 0);
    assert_in_range(count[1], 28000, 32000);
    for (size_t b = 2; b < SEG_TREE_BINS; b++)
        assert_in_range(count[b], 150, 450);
    seg_bins_free(bins);
}

/* ---- categories ------------------------------------------------------------------- */

enum { MANY = 747, MANY_ROWS = 40000 };

/* Level c has about 1 / (1 + c / 8) of the rows of level 0, but codes are shuffled. */
static void make_many(float *x, uint8_t *use, uint64_t *rows)
{
    seg_rng rng = { 8, 8 };
    memset(rows, 0, MANY * sizeof *rows);
    for (size_t i = 0; i < MANY_ROWS; i++) {
        double u = seg_rng_f64(rng, i);
        size_t rank = (size_t)(8 * (pow(1 + (MANY - 8) / 8.0, u) - 1));
        size_t code = rank * 331 % (MANY - 1);   /* the last level is never seen */
        x[i] = (float)code;
        use[i] = i > 2 && i % 10 != 9;
        rows[code] += use[i];
    }
    x[0] = -1, x[1] = MANY, x[2] = NAN;
}

/* Bins do not fall in the order, a bin is about a 254th of what is left, none is empty. */
static void check_order(const seg_bins *bins, size_t c, const uint64_t *rows,
                        const uint32_t *order, size_t n)
{
    const uint8_t *bin = bins->level_bin + bins->first_level[c];
    uint64_t in_bin[256] = { 0 }, levels[256] = { 0 }, left = 0;
    for (size_t i = 0; i < n; i++) {
        assert_true(i == 0 ? bin[order[i]] == 1 : bin[order[i]] - bin[order[i - 1]] <= 1);
        assert_true(i == 0 || bin[order[i]] >= bin[order[i - 1]]);
        in_bin[bin[order[i]]] += rows[order[i]];
        levels[bin[order[i]]]++;
        left += rows[order[i]];
    }
    assert_int_equal(bin[order[n - 1]] + 1, bins->n_bins[c]);
    assert_true(bins->n_bins[c] <= SEG_TREE_BINS && bins->n_bins[c] > 150);
    for (size_t b = 1; b < bins->n_bins[c]; b++) {
        double share = (double)left / (double)(SEG_TREE_BINS - b);
        assert_true((double)in_bin[b] >= share || b + 1 == bins->n_bins[c]);
        if (b <= bins->n_alone[c])
            assert_int_equal(levels[b], 1);
        left -= in_bin[b];
    }
}

static uint64_t *ranked_rows;
static int most_rows_first(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    if (ranked_rows[x] != ranked_rows[y])
        return ranked_rows[x] > ranked_rows[y] ? -1 : 1;
    return (x > y) - (x < y);
}

static void very_many_levels_are_binned_by_rows_and_by_code(void **state)
{
    (void)state;
    static float x[MANY_ROWS];
    static uint8_t use[MANY_ROWS], binned[MANY_ROWS];
    static uint64_t rows[MANY];
    uint32_t order[MANY];
    size_t n = 0;
    make_many(x, use, rows);
    seg_bins *bins;
    seg_matrix m = { x, MANY_ROWS, 1, 1 };
    bins_of(m, (uint32_t[]){ MANY }, use, 4096, 2, &bins);
    assert_int_equal(bins->n_columns, 2);
    assert_true(bins->ordered[0] && bins->ordered[1]);
    assert_int_equal(bins->columns[1].feature, 0);
    assert_memory_equal(bins->level_rows, rows, sizeof rows);
    for (uint32_t code = 0; code < MANY; code++)
        if (rows[code] > 0)
            order[n++] = code;
    check_order(bins, 1, rows, order, n);
    ranked_rows = rows;
    qsort(order, n, sizeof *order, most_rows_first);
    check_order(bins, 0, rows, order, n);
    assert_true(bins->n_alone[0] > 50);
    seg_bins_apply(bins, m, 1, binned);
    assert_int_equal(binned[0] + binned[1] + binned[2], 0);   /* no such code */
    assert_int_equal(bins->level_bin[MANY - 1], 0);           /* never seen */
    for (size_t i = 3; i < MANY_ROWS; i++)
        assert_int_equal(binned[i], bins->level_bin[(size_t)x[i]]);
    seg_bins_free(bins);
}

static void as_many_levels_as_bins_have_a_bin_each(void **state)
{
    (void)state;
    enum { LEVELS = 254 };
    static float x[LEVELS];
    static uint8_t use[LEVELS], binned[LEVELS];
    for (size_t i = 0; i < LEVELS; i++)
        x[i] = (float)(LEVELS - 1 - i), use[i] = 1;
    seg_bins *bins;
    seg_matrix m = { x, LEVELS, 1, 1 };
    bins_of(m, (uint32_t[]){ LEVELS }, use, LEVELS, 1, &bins);
    assert_int_equal(bins->n_columns, 1);
    assert_false(bins->ordered[0]);
    assert_int_equal(bins->n_alone[0], LEVELS);
    seg_bins_apply(bins, m, 1, binned);
    for (size_t i = 0; i < LEVELS; i++)
        assert_int_equal(binned[i], LEVELS - i);
    seg_bins_free(bins);
}

/* ---- rows ------------------------------------------------------------------------- */

enum { ROWS = 150000, WIDE = 35 };
static const uint32_t wide_levels[WIDE] = { [3] = 5, [7] = 300, [33] = 254 };

static float *make_wide(uint8_t *use)
{
    float *x = malloc((size_t)ROWS * WIDE * sizeof *x);
    assert_non_null(x);
    seg_rng rng = { 2, 9 };
    for (size_t i = 0; i < (size_t)ROWS * WIDE; i++) {
        uint32_t n_levels = wide_levels[i % WIDE];
        float value = (float)seg_rng_below(rng, i, n_levels > 0 ? n_levels : 100000);
        x[i] = i % 17 == 3 ? NAN : value;
    }
    for (size_t i = 0; i < ROWS; i++)
        use[i] = i % 7 != 2 && i / 100 % 3 != 0;
    return x;
}

static void blocks_and_threads_change_no_bin(void **state)
{
    (void)state;
    static uint8_t use[ROWS];
    float *x = make_wide(use);
    seg_matrix m = { x, ROWS, WIDE, WIDE };
    seg_bins *one, *other;
    bins_of(m, wide_levels, use, ROWS, 1, &one);
    bins_of(m, wide_levels, use, 1024, 3, &other);
    assert_int_equal(one->n_columns, WIDE + 1);
    assert_int_equal(one->n_sampled, other->n_sampled);
    assert_memory_equal(one->cuts, other->cuts, sizeof(float) * WIDE * SEG_BIN_CUTS);
    assert_memory_equal(one->first_bin, other->first_bin,
                        sizeof *one->first_bin * (one->n_columns + 1));
    assert_memory_equal(one->level_bin, other->level_bin, one->first_level[one->n_columns]);
    seg_bins_free(one);
    seg_bins_free(other);
    free(x);
}

static void records_hold_the_bins_of_the_rows_in_use(void **state)
{
    (void)state;
    enum { SOME = 10000, BEFORE = 3 };
    static uint8_t use[ROWS], binned[SOME * WIDE], records[2 * SOME * SEG_RECORD_BYTES];
    float *x = make_wide(use);
    seg_matrix m = { x, SOME, WIDE, WIDE };
    seg_bins *bins;
    bins_of(m, wide_levels, use, SOME, 1, &bins);
    seg_bins_apply(bins, m, 1, binned);
    size_t n = seg_bins_records(bins, m, use, 2, records, SOME, BEFORE), at = BEFORE;
    for (size_t i = 0; i < SOME; i++) {
        if (use[i] == 0)
            continue;
        for (size_t c = 0; c < 2 * SEG_RECORD_BYTES; c++) {
            uint8_t is = records[(c / SEG_RECORD_BYTES * SOME + at) * SEG_RECORD_BYTES
                                 + c % SEG_RECORD_BYTES];
            float code = x[i * WIDE + 7];
            if (c < WIDE)
                assert_int_equal(is, binned[c * SOME + i]);
            else if (c == WIDE)   /* the feature of 300 levels by code */
                assert_int_equal(is, isnan(code) ? 0
                                     : bins->columns[WIDE].level_bin[(size_t)code]);
            else
                assert_int_equal(is, 0);
        }
        at++;
    }
    assert_int_equal(n, at - BEFORE);
    seg_bins_free(bins);
    free(x);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    float x[4] = { 1, 2, 3, NAN };
    const uint8_t use[2] = { 1, 1 };
    const uint32_t n_levels[2] = { 0, 300 };
    seg_status st = SEG_E_AGAIN;
    long live = seg_alloc_live;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_bins *bins;
        seg_error err;
        seg_alloc_fail_after = n;
        st = seg_bins_new(2, n_levels, 2, 1, &bins, &err);
        if (st == SEG_OK) {
            seg_bins_add(bins, (seg_matrix){ x, 2, 2, 2 }, 0, use, 1);
            st = seg_bins_finish(bins, 2, &err);
        }
        seg_alloc_fail_after = -1;
        seg_bins_free(bins);
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(st, SEG_OK);
}

static void keys_of_32_bits_are_sorted(void **state)
{
    (void)state;
    enum { KEYS = 5000 };
    static uint32_t keys[KEYS], temp[KEYS];
    seg_rng rng = { 4, 4 };
    for (unsigned bits = 1; bits <= 32; bits++) {
        uint64_t sum = 0, after = 0;
        for (size_t i = 0; i < KEYS; i++) {
            keys[i] = (uint32_t)(seg_rng_f64(rng, i) * 4294967296.0) >> (32 - bits)
                      << (bits % 3 == 0 ? 32 - bits : 0);
            sum += keys[i];
        }
        seg_radix_sort_u32(keys, KEYS, temp);
        for (size_t i = 0; i < KEYS; i++) {
            assert_true(i == 0 || keys[i - 1] <= keys[i]);
            after += keys[i];
        }
        assert_true(sum == after);
    }
    seg_radix_sort_u32(keys, 0, temp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_distinct_values_have_a_bin_each),
        cmocka_unit_test(many_distinct_values_share_bins_of_about_equal_count),
        cmocka_unit_test(very_many_levels_are_binned_by_rows_and_by_code),
        cmocka_unit_test(as_many_levels_as_bins_have_a_bin_each),
        cmocka_unit_test(blocks_and_threads_change_no_bin),
        cmocka_unit_test(records_hold_the_bins_of_the_rows_in_use),
        cmocka_unit_test(survives_every_allocation_failure),
        cmocka_unit_test(keys_of_32_bits_are_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
