/* Numbers of files as float32: every level against the plain conversion, which goes
 * through double value by value. And the byte loops of the filters against plain ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "data/h5_internal.h"
#include "data/simd.h"

enum { N = 5003, BYTES = N * 8 };
static unsigned char in[BYTES + 64];
static float fast[N + 8], plain[N + 8];

static uint64_t state;

static uint64_t next_random(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    uint64_t x = state ^ state >> 29;
    return x * 0xbf58476d1ce4e5b9u ^ x >> 32;
}

static const h5_cell all_cells[] = {
    { H5_CLASS_INT, 1, 0, false, false },  { H5_CLASS_UINT, 1, 0, false, false },
    { H5_CLASS_BOOL, 1, 0, false, false }, { H5_CLASS_INT, 2, 0, false, false },
    { H5_CLASS_INT, 2, 0, true, false },   { H5_CLASS_UINT, 2, 0, false, false },
    { H5_CLASS_UINT, 2, 0, true, false },  { H5_CLASS_INT, 4, 0, false, false },
    { H5_CLASS_INT, 4, 0, true, false },   { H5_CLASS_UINT, 4, 0, false, false },
    { H5_CLASS_UINT, 4, 0, true, false },  { H5_CLASS_INT, 8, 0, false, false },
    { H5_CLASS_INT, 8, 0, true, false },   { H5_CLASS_UINT, 8, 0, false, false },
    { H5_CLASS_UINT, 8, 0, true, false },  { H5_CLASS_FLOAT, 2, 0, false, false },
    { H5_CLASS_FLOAT, 2, 0, true, false }, { H5_CLASS_FLOAT, 4, 0, false, false },
    { H5_CLASS_FLOAT, 4, 0, true, false }, { H5_CLASS_FLOAT, 8, 0, false, false },
    { H5_CLASS_FLOAT, 8, 0, true, false },
};
enum { N_CELLS = sizeof all_cells / sizeof *all_cells };

static seg_raw raw_of(const h5_cell *cell)
{
    return (seg_raw){ .size = (unsigned)cell->size, .is_real = cell->class == H5_CLASS_FLOAT,
                      .is_signed = cell->class != H5_CLASS_UINT,
                      .big_endian = cell->big_endian };
}

static void same_floats(const float *a, const float *b, size_t n, const h5_cell *cell)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(&a[i], &b[i], sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i])))
            fail_msg("class %d, %zu bytes, big-endian %d: value %zu is %a, not %a", cell->class,
                     cell->size, cell->big_endian, i, (double)a[i], (double)b[i]);
}

/* As the plain conversion does it, a part at a time from each value that does not fit. */
static void compare(const seg_simd *simd, const h5_cell *cell, const unsigned char *from,
                    size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t bad = SIZE_MAX;
        bool fits = h5_convert_plainly(cell, from + i * cell->size, cell->size, n - i,
                                       SEG_H5_F32, plain, 4, &bad);
        memset(fast, 0x5a, sizeof fast);
        size_t good = simd->to_f32(raw_of(cell), from + i * cell->size, n - i, fast);
        assert_int_equal(good, fits ? n - i : bad);
        same_floats(fast, plain, good, cell);
        if (fits) {
            uint32_t guard;
            memcpy(&guard, fast + (n - i), 4);
            assert_int_equal(guard, 0x5a5a5a5a);
            return;
        }
        i += bad;
    }
}

static void every_half_is_the_float_it_is(void **unused)
{
    (void)unused;
    static unsigned char halves[65536 * 2];
    static float out[65536], want[65536];
    for (int big = 0; big <= 1; big++) {
        h5_cell cell = { H5_CLASS_FLOAT, 2, 0, big != 0, false };
        size_t bad;
        for (unsigned h = 0; h < 65536; h++) {
            halves[2 * h] = (unsigned char)(big != 0 ? h >> 8 : h);
            halves[2 * h + 1] = (unsigned char)(big != 0 ? h : h >> 8);
        }
        assert_true(h5_convert_plainly(&cell, halves, 2, 65536, SEG_H5_F32, want, 4, &bad));
        for (seg_isa isa = SEG_ISA_BASE; isa < SEG_ISA_COUNT; isa++) {
            if (seg_simd_at(isa) == NULL)
                continue;
            seg_simd_at(isa)->to_f32(raw_of(&cell), halves, 65536, out);
            assert_memory_equal(out, want, sizeof out);
        }
    }
    /* published ones: 1, -2, 65504, the smallest, a third, infinity */
    static const uint16_t known[] = { 0x3c00, 0xc000, 0x7bff, 0x0001, 0x3555, 0xfc00 };
    static const float values[] = { 1, -2, 65504, 0x1p-24f, 0.333251953125f, -INFINITY };
    for (size_t i = 0; i < 6; i++) {
        float f;
        h5_cell half = { H5_CLASS_FLOAT, 2, 0, false, false };
        seg_simd_at(SEG_ISA_BASE)->to_f32(raw_of(&half), (const void *)&known[i], 1, &f);
        assert_true(f == values[i]);
    }
}

static void any_bits_convert_like_plain_c(void **unused)
{
    (void)unused;
    state = 7;
    for (size_t i = 0; i < BYTES; i += 8) {
        uint64_t bits = next_random();
        memcpy(in + i, &bits, 8);
    }
    for (seg_isa isa = SEG_ISA_BASE; isa < SEG_ISA_COUNT; isa++)
        for (size_t c = 0; seg_simd_at(isa) != NULL && c < N_CELLS; c++) {
            /* random float64 seldom fit: a short row of them ends soon */
            bool wide = all_cells[c].class == H5_CLASS_FLOAT && all_cells[c].size == 8;
            compare(seg_simd_at(isa), &all_cells[c], in, wide ? 301 : N);
            compare(seg_simd_at(isa), &all_cells[c], in + 3, 33);   /* at any address */
            for (size_t n = 0; n < 20; n++)
                compare(seg_simd_at(isa), &all_cells[c], in + 8 * n, n);
        }
}

static void put_edges(bool big_endian, size_t size)
{
    static const int64_t whole[] = { 0, 1, -1, 127, -128, 255, 32767, -32768, 65535, INT32_MAX,
        INT32_MIN, UINT32_MAX, 16777217, -16777217, 33554435, (1ll << 53) + 1, INT64_MAX,
        INT64_MIN, 0x7fffff4000000000, 0x4000004000000001, 0x20000030000000 };
    for (size_t i = 0; i < N; i++) {
        uint64_t bits = (uint64_t)whole[i % (sizeof whole / sizeof *whole)];
        for (size_t b = 0; b < size; b++)
            in[i * size + b] = (unsigned char)(bits >> 8 * (big_endian ? size - 1 - b : b));
    }
}

static void edges_of_whole_numbers_convert(void **unused)
{
    (void)unused;
    for (seg_isa isa = SEG_ISA_BASE; isa < SEG_ISA_COUNT; isa++)
        for (size_t c = 0; seg_simd_at(isa) != NULL && c < N_CELLS; c++) {
            if (all_cells[c].class == H5_CLASS_FLOAT)
                continue;
            put_edges(all_cells[c].big_endian, all_cells[c].size);
            compare(seg_simd_at(isa), &all_cells[c], in, N);
        }
}

static void edges_of_doubles_convert(void **unused)
{
    (void)unused;
    static const double edges[] = { 0, -0.0, 1, FLT_MAX, -FLT_MAX, FLT_MIN, 0x1p-149, 0x1p-150,
        0x1.8p-150, -0x1p-151, 1e-300, 0x1.000001p0, 0x1.000003p0, 0x1.0000010000001p0,
        INFINITY, -INFINITY, NAN, 0x1.fffffefffffffp127 /* still rounds down */, 3.25 };
    h5_cell cell = { H5_CLASS_FLOAT, 8, 0, false, false };
    for (size_t i = 0; i < N; i++)
        memcpy(in + 8 * i, &edges[i % (sizeof edges / sizeof *edges)], 8);
    for (seg_isa isa = SEG_ISA_BASE; isa < SEG_ISA_COUNT; isa++)
        if (seg_simd_at(isa) != NULL)
            compare(seg_simd_at(isa), &cell, in, N);
    /* the first one that does not fit, wherever it is */
    static const size_t places[] = { 0, 1, 15, 16, 2047, 2048, 5002 };
    for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
        double large = p % 2 == 0 ? 0x1.ffffffp127 : -1e300, kept;
        memcpy(&kept, in + 8 * places[p], 8);
        memcpy(in + 8 * places[p], &large, 8);
        for (seg_isa isa = SEG_ISA_BASE; isa < SEG_ISA_COUNT; isa++)
            if (seg_simd_at(isa) != NULL)
                assert_int_equal(seg_simd_at(isa)->to_f32(raw_of(&cell), in, N, fast), places[p]);
        memcpy(in + 8 * places[p], &kept, 8);
    }
}

/* Cells of a table: apart in the file, apart in the block. */
static void cells_apart_convert_like_those_side_by_side(void **unused)
{
    (void)unused;
    enum { ROWS = 1300, ELEMENT = 13 };
    static unsigned char table[ROWS * ELEMENT + 8];
    static float out[ROWS * 3], want[ROWS * 3];
    static const seg_h5_type types[] = { SEG_H5_F32, SEG_H5_I32, SEG_H5_I64, SEG_H5_F64 };
    state = 9;
    for (size_t i = 0; i < sizeof table; i++)
        table[i] = (unsigned char)(next_random() >> 40);
    for (size_t c = 0; c < N_CELLS; c++)
        for (size_t t = 0; t < 4; t++) {
            h5_cell cell = all_cells[c];
            size_t bad = 0, bad_plain = 0, stride = 12;
            cell.offset = 5;
            bool fits = h5_convert(&cell, table, ELEMENT, ROWS, types[t], out, stride, &bad);
            bool plainly = h5_convert_plainly(&cell, table + 5, ELEMENT, ROWS, types[t], want,
                                              stride, &bad_plain);
            assert_int_equal(fits, plainly);
            assert_int_equal(bad, bad_plain);
            if (fits && types[t] == SEG_H5_F32)
                for (size_t r = 0; r < ROWS; r++)
                    same_floats(out + 3 * r, want + 3 * r, 1, &cell);
        }
}

static void codes_are_widened(void **unused)
{
    (void)unused;
    static int64_t wide[N], want[N];
    state = 11;
    for (size_t i = 0; i < BYTES; i++)
        in[i] = (unsigned char)(next_random() >> 40);
    for (size_t c = 0; c < N_CELLS; c++)
        for (int t = 0; t < 2; t++) {
            seg_h5_type type = t == 0 ? SEG_H5_I32 : SEG_H5_I64;
            size_t size = t == 0 ? 4 : 8, bad = 0, bad_plain = 0;
            bool fits = h5_convert(&all_cells[c], in, all_cells[c].size, N, type, wide, size,
                                   &bad);
            assert_int_equal(fits, h5_convert_plainly(&all_cells[c], in, all_cells[c].size, N,
                                                      type, want, size, &bad_plain));
            assert_int_equal(bad, bad_plain);
            if (fits)
                assert_memory_equal(wide, want, N * size);
        }
}

static void infinite_values_are_counted(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < N; i++)
        fast[i] = i % 7 == 0 ? INFINITY : i % 7 == 1 ? NAN : i % 7 == 2 ? -INFINITY : FLT_MAX;
    for (seg_isa isa = SEG_ISA_BASE; isa < SEG_ISA_COUNT; isa++)
        for (size_t n = 0; seg_simd_at(isa) != NULL && n <= N; n += n < 40 ? 1 : 709) {
            size_t want = 0;
            for (size_t i = 0; i < n; i++)
                want += i % 7 == 0 || i % 7 == 2;
            assert_int_equal(seg_simd_at(isa)->count_infinite(fast, n), want);
        }
}

static void unshuffling_undoes_shuffling(void **unused)
{
    (void)unused;
    static unsigned char shuffled[4096], out[4096 + 8];
    static const size_t sizes[] = { 1, 2, 3, 4, 8, 12, 16 };
    for (seg_isa isa = SEG_ISA_BASE; isa < SEG_ISA_COUNT; isa++)
        for (size_t s = 0; seg_simd_at(isa) != NULL && s < 7; s++)
            for (size_t n = 0; n <= 4096; n += n < 130 ? 1 : 661) {
                size_t size = sizes[s], count = n / size;
                for (size_t i = 0; i < n; i++)   /* plainly, byte by byte */
                    shuffled[i < count * size ? i % size * count + i / size : i] = in[i];
                memset(out, 0x5a, sizeof out);
                seg_simd_at(isa)->unshuffle(shuffled, n, size, out);
                assert_memory_equal(out, in, n);
                assert_int_equal(out[n], 0x5a);
            }
}

/* By its definition, with the modulus: 65535 and 0 are the same to it. */
static void checksums_are_fletchers(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < BYTES; i++)
        in[i] = (unsigned char)(i < 4000 ? 255 : next_random() >> 40);
    for (seg_isa isa = SEG_ISA_BASE; isa < SEG_ISA_COUNT; isa++)
        for (size_t n = 0; seg_simd_at(isa) != NULL && n <= BYTES; n += n < 50 ? 1 : 997) {
            uint64_t low = 0, high = 0;
            for (size_t i = 0; i < n; i += 2) {
                low = (low + (uint64_t)in[i] * 256 + (i + 1 < n ? in[i + 1] : 0)) % 65535;
                high = (high + low) % 65535;
            }
            uint32_t got = seg_simd_at(isa)->fletcher32(in, n);
            assert_int_equal((got & 0xffff) % 65535, low);
            assert_int_equal((got >> 16) % 65535, high);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half_is_the_float_it_is),
        cmocka_unit_test(any_bits_convert_like_plain_c),
        cmocka_unit_test(edges_of_whole_numbers_convert),
        cmocka_unit_test(edges_of_doubles_convert),
        cmocka_unit_test(cells_apart_convert_like_those_side_by_side),
        cmocka_unit_test(codes_are_widened),
        cmocka_unit_test(infinite_values_are_counted),
        cmocka_unit_test(unshuffling_undoes_shuffling),
        cmocka_unit_test(checksums_are_fletchers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
