/* Pairing at the least cost, against all permutations of small tables, and for large ones
 * against what is true of best pairings only: no ring of rows gains by passing columns on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/rng.h"
#include "kernels/hungarian.h"

enum { MOST = 7, LARGE = 70 };

/* ---- every permutation --------------------------------------------------------------------- */

typedef struct table {
    size_t rows, cols, n;
    seg_wide cost[LARGE * LARGE];
} table;

static seg_wide at(const table *t, size_t r, size_t c)
{
    return r < t->rows && c < t->cols ? t->cost[r * t->cols + c] : 0;
}

typedef struct best {
    seg_wide sum;
    bool any;
    uint32_t of[LARGE];
} best;

/* In lexicographic order, so the first of equal sums is the one that is asked for. */
static void try_all(const table *t, size_t r, uint32_t *of, bool *used, seg_wide sum, best *b)
{
    if (r == t->n) {
        if (!b->any || sum < b->sum) {
            b->any = true;
            b->sum = sum;
            memcpy(b->of, of, t->n * sizeof *of);
        }
        return;
    }
    for (uint32_t c = 0; c < t->n; c++)
        if (!used[c]) {
            used[c] = true;
            of[r] = c;
            try_all(t, r + 1, of, used, sum + at(t, r, c), b);
            used[c] = false;
        }
}

static void fill(table *t, size_t rows, size_t cols, uint64_t seed, uint64_t below, bool wide)
{
    t->rows = rows;
    t->cols = cols;
    t->n = rows > cols ? rows : cols;
    for (size_t i = 0; i < rows * cols; i++) {
        seg_wide x = (seg_wide)seg_rng_below((seg_rng){ seed, 1 }, i, below) - (seg_wide)(below / 3);
        t->cost[i] = wide ? x * ((seg_wide)1 << 60)
                            + (seg_wide)seg_rng_below((seg_rng){ seed, 2 }, i, below) : x;
    }
}

static void check_against_all(const table *t)
{
    uint32_t of[LARGE], got[LARGE];
    bool used[LARGE] = { false };
    best b = { .any = false };
    seg_error err;
    try_all(t, 0, of, used, 0, &b);
    assert_int_equal(seg_hungarian(t->cost, t->rows, t->cols, got, &err), SEG_OK);
    for (size_t r = 0; r < t->rows; r++)
        assert_int_equal(got[r], b.of[r] < t->cols ? b.of[r] : SEG_HUNGARIAN_NONE);
}

static void same_as_the_first_best_permutation(void **state)
{
    (void)state;
    static table t;
    static const uint64_t ranges[] = { 1, 2, 3, 10, 1000000 };   /* narrow ones are full of ties */
    for (size_t rows = 1; rows <= 6; rows++)
        for (size_t cols = 1; cols <= 6; cols++)
            for (size_t i = 0; i < 5; i++)
                for (uint64_t seed = 0; seed < 12; seed++) {
                    fill(&t, rows, cols, seed * 100 + rows * 10 + cols, ranges[i], seed % 2 == 1);
                    check_against_all(&t);
                }
    for (uint64_t seed = 0; seed < 6; seed++) {
        fill(&t, MOST, MOST, seed, seed % 2 == 0 ? 3 : 1000, false);
        check_against_all(&t);
    }
}

/* ---- large --------------------------------------------------------------------------------- */

/* The square of rows and columns with extra ones of cost 0: a pairing is best if and only if
 * no ring of rows, each taking the next one's column, costs less than nothing. */
static bool some_ring_gains(const table *t, const uint32_t *of)
{
    static seg_wide d[LARGE][LARGE];
    for (size_t r = 0; r < t->n; r++)
        for (size_t s = 0; s < t->n; s++)
            d[r][s] = at(t, r, of[s]) - at(t, r, of[r]);
    for (size_t m = 0; m < t->n; m++)
        for (size_t r = 0; r < t->n; r++)
            for (size_t s = 0; s < t->n; s++)
                if (d[r][m] + d[m][s] < d[r][s])
                    d[r][s] = d[r][m] + d[m][s];
    for (size_t r = 0; r < t->n; r++)
        if (d[r][r] < 0)
            return true;
    return false;
}

/* Columns for the extra rows: those that are left. */
static void complete(const table *t, uint32_t *of)
{
    bool used[LARGE] = { false };
    for (size_t r = 0; r < t->rows; r++)
        if (of[r] != SEG_HUNGARIAN_NONE) {
            assert_in_range(of[r], 0, t->cols - 1);
            assert_false(used[of[r]]);
            used[of[r]] = true;
        }
    uint32_t next = 0;
    for (size_t r = 0; r < t->n; r++) {
        if (r < t->rows && of[r] != SEG_HUNGARIAN_NONE)
            continue;
        while (used[next])
            next++;
        of[r] = next;
        used[next] = true;
    }
}

static void no_ring_of_rows_gains_by_passing_columns_on(void **state)
{
    (void)state;
    static table t;
    static const size_t shapes[][2] = { { LARGE, LARGE }, { 12, LARGE }, { LARGE, 33 }, { 1, 50 },
                                        { 50, 1 } };
    for (size_t i = 0; i < 5; i++)
        for (uint64_t seed = 0; seed < 4; seed++) {
            uint32_t of[LARGE];
            seg_error err;
            fill(&t, shapes[i][0], shapes[i][1], seed, seed == 0 ? 4 : 1u << 30, seed == 3);
            assert_int_equal(seg_hungarian(t.cost, t.rows, t.cols, of, &err), SEG_OK);
            complete(&t, of);
            assert_false(some_ring_gains(&t, of));
        }
}

static void a_worse_pairing_is_seen_by_the_ring_test(void **state)
{
    (void)state;
    static table t;
    uint32_t of[LARGE], swap;
    fill(&t, 20, 20, 5, 1u << 30, false);
    assert_int_equal(seg_hungarian(t.cost, 20, 20, of, NULL), SEG_OK);
    swap = of[3];
    of[3] = of[9];
    of[9] = swap;
    assert_true(some_ring_gains(&t, of));
}

static void equal_costs_pair_row_by_row(void **state)
{
    (void)state;
    static table t = { .rows = 5, .cols = 3, .n = 5 };
    uint32_t of[5];
    memset(t.cost, 0, sizeof t.cost);
    assert_int_equal(seg_hungarian(t.cost, 5, 3, of, NULL), SEG_OK);
    for (uint32_t r = 0; r < 5; r++)
        assert_int_equal(of[r], r < 3 ? r : SEG_HUNGARIAN_NONE);
}

static void one_side_may_be_empty(void **state)
{
    (void)state;
    uint32_t of[2] = { 7, 7 };
    assert_int_equal(seg_hungarian(NULL, 0, 3, of, NULL), SEG_OK);
    assert_int_equal(seg_hungarian(NULL, 2, 0, of, NULL), SEG_OK);
    assert_int_equal(of[0], SEG_HUNGARIAN_NONE);
    assert_int_equal(of[1], SEG_HUNGARIAN_NONE);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    static table t;
    uint32_t of[LARGE];
    seg_error err;
    seg_status st = SEG_E_AGAIN;
    fill(&t, 9, 8, 1, 100, false);
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        long live = seg_alloc_live;
        seg_alloc_fail_after = n;
        st = seg_hungarian(t.cost, 9, 8, of, &err);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(st, SEG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_the_first_best_permutation),
        cmocka_unit_test(no_ring_of_rows_gains_by_passing_columns_on),
        cmocka_unit_test(a_worse_pairing_is_seen_by_the_ring_test),
        cmocka_unit_test(equal_costs_pair_row_by_row),
        cmocka_unit_test(one_side_may_be_empty),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
