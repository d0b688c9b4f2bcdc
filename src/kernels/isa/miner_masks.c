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

/* The rows as they are found, each at its place in an open table. */
INLINE size_t merge(uint64_t *mask, uint32_t *weight, size_t n, uint32_t *table)
{
    if (n < 2)
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

INLINE void count(const uint64_t *mask, const uint32_t *weight, size_t n, uint32_t min_count,
                  uint32_t support, seg_mask_counts *counts)
{
    memset(counts, 0, sizeof *counts);
    for (size_t i = 0; i < n; i++)
        for (uint64_t left = mask[i]; left != 0; left &= left - 1)
            counts->count[__builtin_ctzll(left)] += weight[i];
    for (size_t b = 0; b < SEG_MASK_BITS; b++) {
        counts->enough |= (uint64_t)(counts->count[b] >= min_count) << b;
        counts->all |= (uint64_t)(counts->count[b] == support) << b;
    }
}

void ISA_NAME(seg_mask_count)(const seg_mask_rows *rows, uint32_t min_count, uint32_t support,
                              seg_mask_counts *counts)
{
    count(rows->mask, rows->weight, rows->n, min_count, support, counts);
}

void ISA_NAME(seg_mask_project)(const seg_mask_rows *rows, unsigned bit, uint64_t keep,
                                uint32_t *table, uint32_t min_count, uint32_t support,
                                seg_mask_rows *out, seg_mask_counts *counts)
{
    size_t n = 0;
    for (size_t i = 0; i < rows->n; i++) {
        uint64_t row = rows->mask[i], left = row & keep;
        out->mask[n] = left;
        out->weight[n] = rows->weight[i];
        n += (row >> bit & 1) & (left != 0);
    }
    out->n = merge(out->mask, out->weight, n, table);
    count(out->mask, out->weight, out->n, min_count, support, counts);
}

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

INLINE size_t n_cells(const seg_cube *cube)
{
    size_t n = (size_t)1 << cube->n_items;
    return n < SEG_CUBE_LANES ? SEG_CUBE_LANES : n;
}

INLINE void fill_narrow(const seg_cube *cube, const seg_mask_rows *rows)
{
    uint16_t *cells = cube->cells;
    size_t n = n_cells(cube);
    memset(cells, 0, n * sizeof *cells);
    for (size_t i = 0; i < rows->n; i++)
        cells[gather(rows->mask[i], cube->items)] += (uint16_t)rows->weight[i];
    for (size_t step = 1; step < n; step *= 2)
        for (size_t block = 0; block < n; block += 2 * step)
            for (size_t i = block; i < block + step; i++)
                cells[i] = (uint16_t)(cells[i] + cells[i + step]);
    cells[0] = (uint16_t)cube->support;
}

INLINE void fill_wide(const seg_cube *cube, const seg_mask_rows *rows)
{
    uint32_t *cells = cube->cells;
    size_t n = n_cells(cube);
    memset(cells, 0, n * sizeof *cells);
    for (size_t i = 0; i < rows->n; i++)
        cells[gather(rows->mask[i], cube->items)] += rows->weight[i];
    for (size_t step = 1; step < n; step *= 2)
        for (size_t block = 0; block < n; block += 2 * step)
            for (size_t i = block; i < block + step; i++)
                cells[i] += cells[i + step];
    cells[0] = cube->support;
}

void ISA_NAME(seg_cube_fill)(const seg_cube *cube, const seg_mask_rows *rows)
{
    if (cube->support < SEG_CUBE_NARROW)
        fill_narrow(cube, rows);
    else
        fill_wide(cube, rows);
}

void ISA_NAME(seg_cube_count)(const seg_cube *cube, uint32_t (*rows)[SEG_CUBE_LANES])
{
    size_t n = (size_t)1 << cube->n_items;
    for (size_t i = 0; i < n; i++) {
        uint32_t cell = cube->support < SEG_CUBE_NARROW ? ((const uint16_t *)cube->cells)[i]
                                                        : ((const uint32_t *)cube->cells)[i];
        size_t high = (size_t)__builtin_popcountll(i / SEG_CUBE_LANES);
        rows[high][i % SEG_CUBE_LANES] += cell >= cube->min_count;
    }
}
