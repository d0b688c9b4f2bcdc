/* Values to bins and bins to records at every level this processor has, against plain loops
 * in doubles over the cuts and the codes, and not one byte read or written beside the place. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"
#include "kernels/kernels.h"

enum { MAX_COLUMNS = 37, MAX_LEVELS = 300, GUARD = 64, GUARD_BYTE = 0x5c,
       PLANES = MAX_COLUMNS * SEG_TILE_ROWS };

typedef struct table {
    size_t n_columns, stride;
    seg_bin_tile_column columns[MAX_COLUMNS];
    float cuts[MAX_COLUMNS][SEG_BIN_CUTS];
    float search[MAX_COLUMNS][SEG_BIN_SEARCH];
    uint8_t level_bin[MAX_COLUMNS][MAX_LEVELS];
    float *x;              /* no byte behind the last value */
} table;

static uint64_t below(uint64_t at, uint64_t n)
{
    seg_rng rng = { 11, 3 };
    return seg_rng_below(rng, at, n);
}

/* Often a cut itself, its neighbours and what is no number. */
static float value_of(const table *t, size_t c, uint64_t at)
{
    static const float odd[] = { NAN, INFINITY, -INFINITY, -0.0f, 0, FLT_MAX, -FLT_MAX, FLT_MIN,
                                 -0.5f, 0.5f, -1, 1e9f, 299, 300, 299.5f, 1.4e-45f, -1.4e-45f };
    float cut = t->cuts[c][below(at, SEG_BIN_CUTS)];
    switch (below(at + 1, 6)) {
    case 0: return odd[below(at + 2, sizeof odd / sizeof *odd)];
    case 1: return cut;
    case 2: return nextafterf(cut, FLT_MAX);
    case 3: return nextafterf(cut, -FLT_MAX);
    case 4: return (float)below(at + 2, MAX_LEVELS + 20);
    default: return (float)below(at + 2, 1u << 20) / 1000 - 300;
    }
}

static void make_table(table *t, size_t n_columns, size_t stride, size_t n, uint64_t seed)
{
    static const size_t n_cuts[] = { 0, 1, 6, 7, 8, 14, 15, 16, 17, 31, 64, 127, 128, 253, 254 };
    t->n_columns = n_columns;
    t->stride = stride;
    size_t features = stride < 8 ? stride : stride - 2;
    for (size_t c = 0; c < n_columns; c++) {
        uint64_t at = seed * 1000 + c * 7;
        size_t some = n_cuts[below(at, sizeof n_cuts / sizeof *n_cuts)];
        float least = below(at + 1, 2) == 0 ? -60 : -FLT_MAX;
        for (size_t i = 0; i < SEG_BIN_CUTS; i++)
            t->cuts[c][i] = i >= some ? INFINITY : i == 0 ? least : (float)i * 1.5f - 40;
        for (size_t i = 0; i < MAX_LEVELS; i++)
            t->level_bin[c][i] = (uint8_t)below(at + i, 256);
        seg_bin_search_fill(t->cuts[c], t->search[c]);
        t->columns[c] = (seg_bin_tile_column){
            .feature = below(at + 2, 3) == 0 ? below(at + 3, features) : c % features,
            .n_levels = below(at + 4, 4) > 0 ? 0 : 1 + (uint32_t)below(at + 5, MAX_LEVELS),
            .level_bin = t->level_bin[c], .search = t->search[c],
        };
    }
    size_t last = 0;
    for (size_t c = 0; c < n_columns; c++)
        last = t->columns[c].feature > last ? t->columns[c].feature : last;
    size_t n_values = n == 0 ? 0 : (n - 1) * stride + last + 1;
    t->x = malloc((n_values + 1) * sizeof *t->x);
    assert_non_null(t->x);
    t->x = realloc(t->x, n_values * sizeof *t->x + (n_values == 0));
    for (size_t i = 0; i < n_values; i++)
        t->x[i] = value_of(t, i % stride % n_columns, seed * 100000 + i * 5);
}

static uint8_t plain_bin(const table *t, size_t c, float x)
{
    const seg_bin_tile_column *column = &t->columns[c];
    double value = x, below_it = 0;
    if (!isfinite(value))
        return 0;
    if (column->n_levels > 0)
        return value >= 0 && value < column->n_levels ? t->level_bin[c][(size_t)value] : 0;
    for (size_t i = 0; i < SEG_BIN_CUTS; i++)
        below_it += value > (double)t->cuts[c][i];
    return (uint8_t)(below_it + 1);
}

static void check_tile(const seg_kernels *kernels, seg_isa isa, const table *t, size_t n)
{
    static _Alignas(64) uint8_t room[PLANES + GUARD];
    memset(room, GUARD_BYTE, sizeof room);
    kernels->bin_tile(t->columns, t->n_columns, t->x, t->stride, n, room);
    for (size_t c = 0; c < t->n_columns; c++)
        for (size_t i = 0; i < n; i++) {
            float x = t->x[i * t->stride + t->columns[c].feature];
            uint8_t is = room[c * SEG_TILE_ROWS + i], expected = plain_bin(t, c, x);
            if (is != expected)
                fail_msg("%s: column %zu, row %zu of %zu, value %a: bin %d, not %d",
                         seg_isa_name(isa), c, i, n, (double)x, is, expected);
        }
    for (size_t i = t->n_columns * SEG_TILE_ROWS; i < sizeof room; i++)
        assert_int_equal(room[i], GUARD_BYTE);
}

static void every_level_bins_as_a_plain_loop_does(void **state)
{
    (void)state;
    static table t;
    static const size_t rows[] = { 0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64 };
    for (size_t width = 1; width <= MAX_COLUMNS; width++)
        for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
            size_t n_columns = 1 + (size_t)below(width * 31 + r, MAX_COLUMNS);
            make_table(&t, n_columns, width, rows[r], width * 100 + r);
            for (int isa = 0; isa < SEG_ISA_COUNT; isa++)
                if (seg_kernels_at((seg_isa)isa) != NULL)
                    check_tile(seg_kernels_at((seg_isa)isa), (seg_isa)isa, &t, rows[r]);
            free(t.x);
        }
}

static void every_number_of_cuts_is_searched_to_the_end(void **state)
{
    (void)state;
    static _Alignas(64) uint8_t plane[SEG_TILE_ROWS];
    float cuts[SEG_BIN_CUTS], search[SEG_BIN_SEARCH];
    seg_bin_tile_column column = { .search = search };
    for (size_t n_cuts = 0; n_cuts < SEG_BIN_CUTS; n_cuts++) {
        for (size_t i = 0; i < SEG_BIN_CUTS; i++)
            cuts[i] = i < n_cuts ? (float)i : INFINITY;
        seg_bin_search_fill(cuts, search);
        for (int isa = 0; isa < SEG_ISA_COUNT && seg_kernels_at((seg_isa)isa); isa++)
            for (size_t bin = 1; bin <= n_cuts + 1; bin++) {
                float at_cut = (float)bin - 1;
                seg_kernels_at((seg_isa)isa)->bin_tile(&column, 1, &at_cut, 1, 1, plane);
                assert_int_equal(plane[0], bin);
            }
    }
}

static void planes_become_records_with_zeros_behind_them(void **state)
{
    (void)state;
    static _Alignas(64) uint8_t planes[SEG_TILE_COLUMNS * SEG_TILE_ROWS];
    static uint8_t records[SEG_TILE_ROWS * SEG_TILE_COLUMNS + GUARD];
    for (size_t i = 0; i < sizeof planes; i++)
        planes[i] = (uint8_t)below(i, 256);
    for (int isa = 0; isa < SEG_ISA_COUNT && seg_kernels_at((seg_isa)isa); isa++)
        for (size_t n_columns = 0; n_columns <= SEG_TILE_COLUMNS; n_columns++)
            for (size_t n = 0; n <= SEG_TILE_ROWS; n++) {
                memset(records, GUARD_BYTE, sizeof records);
                seg_kernels_at((seg_isa)isa)->bin_records(planes, n_columns, n, records);
                for (size_t i = 0; i < sizeof records; i++) {
                    size_t row = i / SEG_TILE_COLUMNS, c = i % SEG_TILE_COLUMNS;
                    uint8_t expected = row >= n ? GUARD_BYTE : c >= n_columns ? 0
                                       : planes[c * SEG_TILE_ROWS + row];
                    if (records[i] != expected)
                        fail_msg("%s: %zu columns, row %zu of %zu, column %zu: %d, not %d",
                                 seg_isa_name((seg_isa)isa), n_columns, row, n, c, records[i],
                                 expected);
                }
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_level_bins_as_a_plain_loop_does),
        cmocka_unit_test(every_number_of_cuts_is_searched_to_the_end),
        cmocka_unit_test(planes_become_records_with_zeros_behind_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
