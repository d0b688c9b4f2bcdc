/* miner_masks.c: baskets as words with a bit per item.
 *
 * Counting the bits of all rows, keeping the rows with one of them, and making equal rows one is
 * a step of the search; a cube is its end: the rows' bits of up to twelve items are an index
 * into a table of weights, and after adding to each cell those of its supersets the cell holds
 * the number of baskets that hold the set (the zeta transform of the lattice of subsets). */
#include <string.h>

#include "base/isa_name.h"
#include "kernels/isa/vec_bytes.h"
#include "kernels/kernels.h"

#define INLINE static inline __attribute__((always_inline))

/* ---- counts of items ------------------------------------------------------------------- */

enum { TOGETHER = VEC_BYTES / sizeof(uint32_t) };

/* Bit i: counts[i] is min_count or more. */
INLINE uint32_t enough_of(const uint32_t *counts, uint32_t min_count)
{
#if defined(__AVX512F__)
    return _mm512_cmpge_epu32_mask(_mm512_loadu_si512(counts),
                                   _mm512_set1_epi32((int)min_count));
#elif defined(__AVX2__)
    __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)counts);
    __m256i most = _mm256_max_epu32(x, _mm256_set1_epi32((int)min_count));
    return (uint32_t)_mm256_movemask_ps((__m256)_mm256_cmpeq_epi32(x, most));
#else
    uint32_t bits = 0;
    for (size_t i = 0; i < TOGETHER; i++)
        bits |= (uint32_t)(counts[i] >= min_count) << i;
    return bits;
#endif
}

size_t ISA_NAME(seg_take_counts)(uint32_t *count, size_t n, uint32_t first, uint32_t min_count,
                                 uint32_t *items, uint32_t *counts)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i += TOGETHER) {
        for (uint32_t left = enough_of(count + i, min_count); left != 0; left &= left - 1) {
            size_t item = i + (size_t)__builtin_ctz(left);
            items[kept] = first + (uint32_t)item;
            counts[kept++] = count[item];
        }
        memset(count + i, 0, VEC_BYTES);
    }
    return kept;
}

/* ---- rows ------------------------------------------------------------------------------ */

/* Fewer rows are not worth the search for equal ones. */
enum { MERGE_LEAST = 8 };

/* The rows as they are found, each at its place in an open table. */
INLINE size_t merge(uint64_t *mask, uint32_t *weight, size_t n, uint32_t *table)
{
    if (n < MERGE_LEAST)
        return n;
    unsigned bits = 65 - (unsigned)__builtin_clzll(n - 1);
    size_t wrap = ((size_t)1 << bits) - 1, kept = 0;
    memset(table, 0, (wrap + 1) * sizeof *table);
    for (size_t i = 0; i < n; i++) {
        uint64_t row = mask[i];
        uint32_t own = weight[i];
        size_t at = (size_t)(row * 0x9e3779b97f4a7c15U >> (64 - bits));
        while (table[at] != 0 && mask[table[at] - 1] != row)
            at = (at + 1) & wrap;
        if (table[at] != 0) {
            weight[table[at] - 1] += own;
        } else {
            mask[kept] = row;
            weight[kept] = own;
            table[at] = (uint32_t)++kept;
        }
    }
    return kept;
}

void ISA_NAME(seg_mask_merge)(seg_mask_rows *rows, uint32_t *table)
{
    rows->n = merge(rows->mask, rows->weight, rows->n, table);
}

/* A register's lanes are counters of neighbouring bits: of each row those whose bit is set get
 * its weight. Sixteen bits hold the sums when the support does. */
#if defined(__AVX512BW__)
INLINE void add_up(const uint64_t *mask, const uint32_t *weight, size_t n, unsigned word,
                   bool narrow, uint32_t *count)
{
    __m512i sum = _mm512_setzero_si512();
    for (size_t i = 0; i < n; i++) {
        __mmask16 bits = (__mmask16)(mask[i] >> (16 * word));
        sum = _mm512_mask_add_epi32(sum, bits, sum, _mm512_set1_epi32((int)weight[i]));
    }
    (void)narrow;
    _mm512_storeu_si512(count + 16 * word, sum);
}
#elif defined(__AVX2__)
INLINE void add_up(const uint64_t *mask, const uint32_t *weight, size_t n, unsigned word,
                   bool narrow, uint32_t *count)
{
    const __m256i bit = _mm256_setr_epi16(1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128);
    const __m256i low = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    const __m256i from = _mm256_set_m128i(_mm_set1_epi8((char)(2 * word + 1)),
                                          _mm_set1_epi8((char)(2 * word)));
    const __m256i from_low = _mm256_set1_epi8((char)(2 * word));
    const __m256i from_high = _mm256_set1_epi8((char)(2 * word + 1));
    __m256i sum = _mm256_setzero_si256(), sum_high = sum;
    __m256i *out = (__m256i *)(void *)(count + 16 * word);
    if (narrow) {
        for (size_t i = 0; i < n; i++) {
            __m256i row = _mm256_set1_epi64x((long long)mask[i]);
            __m256i on = _mm256_and_si256(_mm256_shuffle_epi8(row, from), bit);
            __m256i own = _mm256_set1_epi16((short)weight[i]);
            on = _mm256_cmpeq_epi16(on, bit);
            sum = _mm256_add_epi16(sum, _mm256_and_si256(on, own));
        }
        _mm256_storeu_si256(out, _mm256_cvtepu16_epi32(_mm256_castsi256_si128(sum)));
        _mm256_storeu_si256(out + 1, _mm256_cvtepu16_epi32(_mm256_extracti128_si256(sum, 1)));
        return;
    }
    for (size_t i = 0; i < n; i++) {
        __m256i row = _mm256_set1_epi64x((long long)mask[i]);
        __m256i own = _mm256_set1_epi32((int)weight[i]);
        __m256i a = _mm256_and_si256(_mm256_shuffle_epi8(row, from_low), low);
        __m256i b = _mm256_and_si256(_mm256_shuffle_epi8(row, from_high), low);
        a = _mm256_and_si256(_mm256_cmpeq_epi32(a, low), own);
        b = _mm256_and_si256(_mm256_cmpeq_epi32(b, low), own);
        sum = _mm256_add_epi32(sum, a);
        sum_high = _mm256_add_epi32(sum_high, b);
    }
    _mm256_storeu_si256(out, sum);
    _mm256_storeu_si256(out + 1, sum_high);
}
#else
INLINE void add_up(const uint64_t *mask, const uint32_t *weight, size_t n, unsigned word,
                   bool narrow, uint32_t *count)
{
    (void)narrow;
    for (size_t i = 0; i < n; i++)
        for (unsigned left = (unsigned)(mask[i] >> (16 * word)) & UINT16_MAX; left != 0;
             left &= left - 1)
            count[16 * word + (unsigned)__builtin_ctz(left)] += weight[i];
}
#endif

/* The bits of `keep`. */
INLINE void count(const uint64_t *mask, const uint32_t *weight, size_t n, uint64_t keep,
                  uint32_t min_count, uint32_t support, seg_mask_counts *counts)
{
    memset(counts, 0, sizeof *counts);
    for (unsigned word = 0; word < 4; word++)
        if ((keep >> (16 * word) & UINT16_MAX) != 0)
            add_up(mask, weight, n, word, support <= UINT16_MAX, counts->count);
    for (size_t b = 0; b < SEG_MASK_BITS; b += TOGETHER) {
        const uint32_t *some = counts->count + b;
        counts->enough |= (uint64_t)enough_of(some, min_count) << b;
        counts->all |= (uint64_t)enough_of(some, support) << b;   /* none has more */
    }
}

void ISA_NAME(seg_mask_count)(const seg_mask_rows *rows, uint32_t min_count, uint32_t support,
                              seg_mask_counts *counts)
{
    count(rows->mask, rows->weight, rows->n, UINT64_MAX, min_count, support, counts);
}

/* 64 words of 64 bits as a matrix: rows become columns, by ever smaller blocks. */
INLINE void transpose(uint64_t *a)
{
    uint64_t low = UINT32_MAX;
    for (unsigned size = 32; size != 0; size /= 2, low ^= low << size)
        for (unsigned i = 0; i < 64; i += 2 * size)
            for (unsigned k = i; k < i + size; k++) {
                uint64_t swap = (a[k] >> size ^ a[k + size]) & low;
                a[k] ^= swap << size;
                a[k + size] ^= swap;
            }
}

void ISA_NAME(seg_mask_columns)(const seg_mask_rows *rows, uint64_t *columns)
{
    size_t n_words = (rows->n + 63) / 64;
    for (size_t w = 0; w < n_words; w++) {
        uint64_t block[64] = { 0 };
        size_t n = rows->n - 64 * w < 64 ? rows->n - 64 * w : 64;
        memcpy(block, rows->mask + 64 * w, n * sizeof *block);
        transpose(block);
        for (size_t b = 0; b < SEG_MASK_BITS; b++)
            columns[b * n_words + w] = block[b];
    }
}

INLINE size_t keep_rows(const seg_mask_rows *rows, unsigned bit, uint64_t keep,
                        seg_mask_rows *out)
{
    size_t n = 0;
    for (size_t i = 0; i < rows->n; i++) {
        uint64_t row = rows->mask[i], left = row & keep;
        out->mask[n] = left;
        out->weight[n] = rows->weight[i];
        n += (row >> bit & 1) & (left != 0);
    }
    return n;
}

INLINE size_t keep_column(const seg_mask_rows *rows, const uint64_t *column, uint64_t keep,
                          seg_mask_rows *out)
{
    size_t n = 0;
    for (size_t w = 0; w < (rows->n + 63) / 64; w++)
        for (uint64_t bits = column[w]; bits != 0; bits &= bits - 1) {
            size_t i = 64 * w + (size_t)__builtin_ctzll(bits);
            uint64_t left = rows->mask[i] & keep;
            out->mask[n] = left;
            out->weight[n] = rows->weight[i];
            n += left != 0;
        }
    return n;
}

void ISA_NAME(seg_mask_project)(const seg_mask_rows *rows, unsigned bit, const uint64_t *column,
                                uint64_t keep, uint32_t *table, uint32_t min_count,
                                uint32_t support, seg_mask_rows *out, seg_mask_counts *counts)
{
    size_t n = column == NULL ? keep_rows(rows, bit, keep, out)
                              : keep_column(rows, column, keep, out);
    out->n = merge(out->mask, out->weight, n, table);
    count(out->mask, out->weight, out->n, keep, min_count, support, counts);
}

/* Sixteen cells of two bytes: a register, or two at the lowest level. */
typedef uint16_t lanes_u16 __attribute__((vector_size(2 * SEG_CUBE_LANES), may_alias));
typedef int16_t lanes_i16 __attribute__((vector_size(2 * SEG_CUBE_LANES), may_alias));

/* ---- cubes ----------------------------------------------------------------------------- */

/* The bits of the mask that are items, side by side. */
INLINE size_t gather(uint64_t mask, uint64_t items)
{
#if defined(__BMI2__)
    return _pext_u64(mask, items);
#else
    size_t cell = 0;
    for (unsigned place = 0; items != 0; items &= items - 1, place++)
        cell |= (size_t)(mask >> __builtin_ctzll(items) & 1) << place;
    return cell;
#endif
}

#define MIRROR(x) (((x) & 1) << 5 | ((x) & 2) << 3 | ((x) & 4) << 1 | ((x) & 8) >> 1 \
                   | ((x) & 16) >> 3 | ((x) & 32) >> 5)
#define MIRROR4(x) MIRROR(x), MIRROR(x + 1), MIRROR(x + 2), MIRROR(x + 3)
#define MIRROR16(x) MIRROR4(x), MIRROR4(x + 4), MIRROR4(x + 8), MIRROR4(x + 12)
static const uint8_t mirror[64] = { MIRROR16(0), MIRROR16(16), MIRROR16(32), MIRROR16(48) };

/* Of a row. */
INLINE size_t cell_of(const seg_cube *cube, uint64_t mask)
{
    size_t cell = gather(mask, cube->items);
    if (cube->mirrored) {
        size_t twelve = (size_t)mirror[cell & 63] << 6 | mirror[cell >> 6];
        cell = twelve >> (SEG_CUBE_ITEMS - cube->n_items);
    }
    return cell;
}

INLINE size_t n_cells(const seg_cube *cube)
{
    size_t n = (size_t)1 << cube->n_items;
    return n < SEG_CUBE_LANES ? SEG_CUBE_LANES : n;
}

/* Each cell gets those of its supersets, within neighbours first, then from afar. */
#if defined(__AVX2__)
INLINE void add_near_narrow(uint16_t *cells, size_t n)
{
    for (size_t i = 0; i < n; i += 16) {
        __m256i *at = (__m256i *)(void *)(cells + i), x = _mm256_load_si256(at);
        x = _mm256_add_epi16(x, _mm256_srli_epi32(x, 16));
        x = _mm256_add_epi16(x, _mm256_srli_epi64(x, 32));
        x = _mm256_add_epi16(x, _mm256_srli_si256(x, 8));
        x = _mm256_add_epi16(x, _mm256_permute2x128_si256(x, x, 0x81));
        _mm256_store_si256(at, x);
    }
}

INLINE void add_near_wide(uint32_t *cells, size_t n)
{
    for (size_t i = 0; i < n; i += 16) {
        __m256i *at = (__m256i *)(void *)(cells + i);
        __m256i x = _mm256_load_si256(at), y = _mm256_load_si256(at + 1);
        x = _mm256_add_epi32(x, _mm256_srli_epi64(x, 32));
        y = _mm256_add_epi32(y, _mm256_srli_epi64(y, 32));
        x = _mm256_add_epi32(x, _mm256_srli_si256(x, 8));
        y = _mm256_add_epi32(y, _mm256_srli_si256(y, 8));
        x = _mm256_add_epi32(x, _mm256_permute2x128_si256(x, x, 0x81));
        y = _mm256_add_epi32(y, _mm256_permute2x128_si256(y, y, 0x81));
        _mm256_store_si256(at, _mm256_add_epi32(x, y));
        _mm256_store_si256(at + 1, y);
    }
}
#else
INLINE void add_near_narrow(uint16_t *cells, size_t n)
{
    for (size_t step = 1; step < SEG_CUBE_LANES; step *= 2)
        for (size_t i = 0; i < n; i++)
            if ((i & step) == 0)
                cells[i] = (uint16_t)(cells[i] + cells[i + step]);
}

INLINE void add_near_wide(uint32_t *cells, size_t n)
{
    for (size_t step = 1; step < SEG_CUBE_LANES; step *= 2)
        for (size_t i = 0; i < n; i++)
            if ((i & step) == 0)
                cells[i] += cells[i + step];
}
#endif

INLINE void fill_narrow(const seg_cube *cube, const seg_mask_rows *rows)
{
    uint16_t *cells = cube->cells;
    size_t n = n_cells(cube);
    memset(cells, 0, n * sizeof *cells);
    for (size_t i = 0; i < rows->n; i++)
        cells[cell_of(cube, rows->mask[i])] += (uint16_t)rows->weight[i];
    add_near_narrow(cells, n);
    for (size_t step = SEG_CUBE_LANES; step < n; step *= 2)
        for (size_t block = 0; block < n; block += 2 * step)
            for (size_t i = block; i < block + step; i += SEG_CUBE_LANES)
                *(lanes_u16 *)(cells + i) += *(lanes_u16 *)(cells + i + step);
    cells[0] = (uint16_t)cube->support;
}

INLINE void fill_wide(const seg_cube *cube, const seg_mask_rows *rows)
{
    uint32_t *cells = cube->cells;
    size_t n = n_cells(cube);
    memset(cells, 0, n * sizeof *cells);
    for (size_t i = 0; i < rows->n; i++)
        cells[cell_of(cube, rows->mask[i])] += rows->weight[i];
    add_near_wide(cells, n);
    for (size_t step = SEG_CUBE_LANES; step < n; step *= 2)
        for (size_t block = 0; block < n; block += 2 * step)
            for (size_t i = block; i < block + step; i += VEC_BYTES / sizeof(uint32_t))
                *(vec_u32 *)(cells + i) += *(vec_u32 *)(cells + i + step);
    cells[0] = cube->support;
}

void ISA_NAME(seg_cube_fill)(const seg_cube *cube, const seg_mask_rows *rows)
{
    if (cube->support < SEG_CUBE_NARROW)
        fill_narrow(cube, rows);
    else
        fill_wide(cube, rows);
}

/* Lanes that are enough are -1; rows of a cube get at most 70 of them each. */
INLINE void count_narrow(const seg_cube *cube, uint32_t (*rows)[SEG_CUBE_LANES])
{
    enum { ROWS = SEG_CUBE_ITEMS - 3 };
    const uint16_t *cells = cube->cells;
    size_t n = n_cells(cube), n_rows = cube->n_items > 4 ? cube->n_items - 3 : 1;
    lanes_i16 found[ROWS] = { 0 }, below = (lanes_i16){ 0 } + (int16_t)(cube->min_count - 1);
    for (size_t i = 0; i < n; i += SEG_CUBE_LANES)
        found[__builtin_popcountll(i / SEG_CUBE_LANES)] -= *(const lanes_i16 *)(cells + i) > below;
    for (size_t r = 0; r < n_rows; r++)
        for (size_t i = 0; i < SEG_CUBE_LANES; i++)
            rows[r][i] += (uint16_t)found[r][i];
}

INLINE void count_wide(const seg_cube *cube, uint32_t (*rows)[SEG_CUBE_LANES])
{
    const uint32_t *cells = cube->cells;
    size_t n = n_cells(cube);
    for (size_t i = 0; i < n; i += SEG_CUBE_LANES) {
        uint32_t *row = rows[__builtin_popcountll(i / SEG_CUBE_LANES)];
        for (size_t k = 0; k < SEG_CUBE_LANES; k++)
            row[k] += cells[i + k] >= cube->min_count;
    }
}

void ISA_NAME(seg_cube_count)(const seg_cube *cube, uint32_t (*rows)[SEG_CUBE_LANES])
{
    if (cube->min_count > cube->support)
        return;
    if (cube->support < SEG_CUBE_NARROW)
        count_narrow(cube, rows);
    else
        count_wide(cube, rows);
}
