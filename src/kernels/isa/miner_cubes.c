/* miner_cubes.c: the sets of a cube one by one, in lexicographic order.
 *
 * In a mirrored cube the last items of a set are its lowest bits, so the sets that lengthen a
 * set q by some of the cube's last three items are neighbours of q. They are eight cells (q
 * itself is one), which go out together: the frequent ones move to the front, in order, and how
 * many there are says where the next eight begin. The items before them are walked through one
 * by one; what begins with an infrequent set is left out. */
#include "base/isa_name.h"
#include "kernels/isa/vec_bytes.h"
#include "kernels/kernels.h"

#define INLINE static inline __attribute__((always_inline))

enum {
    NEAR_BITS = 3,               /* eight neighbours */
    WALKED_FROM = NEAR_BITS + 1, /* bit 3 need not be walked: q and q + 8 are both written */
    ALL = 0xff, BUT_FIRST = 0xfe
};

typedef struct eight {
    int32_t item[8];             /* the last of each cell's set */
    uint8_t longer[8];           /* items more than the first one */
} eight;

INLINE uint32_t cell_of(const seg_cube *cube, bool narrow, size_t i)
{
    return narrow ? ((const uint16_t *)cube->cells)[i] : ((const uint32_t *)cube->cells)[i];
}

#if defined(__AVX2__)
/* Of the cells whose bits are set in m, the numbers in lexicographic order, a byte each: 0 4 6
 * 7 5 2 3 1. A cell's place is the number of those before it. */
#define CELL(m, i, before) \
    ((m) >> (i) & 1 ? (uint64_t)(i) << 8 * __builtin_popcount((m) & (before)) : 0)
#define ROW(m) CELL(m, 4, 0x01) | CELL(m, 6, 0x11) | CELL(m, 7, 0x51) | CELL(m, 5, 0xd1) \
    | CELL(m, 2, 0xf1) | CELL(m, 3, 0xf5) | CELL(m, 1, 0xfd)
#define ROWS4(m) ROW(m), ROW(m + 1), ROW(m + 2), ROW(m + 3)
#define ROWS16(m) ROWS4(m), ROWS4(m + 4), ROWS4(m + 8), ROWS4(m + 12)
#define ROWS64(m) ROWS16(m), ROWS16(m + 16), ROWS16(m + 32), ROWS16(m + 48)
static const uint64_t order_of[256] = { ROWS64(0), ROWS64(64), ROWS64(128), ROWS64(192) };

/* Those of cells first .. first + 7 that are enough; how many. depth: of the first one. */
INLINE size_t put_eight(const seg_cube *cube, bool narrow, size_t first, unsigned which,
                        const eight *of, size_t depth, const seg_cube_sets *out, size_t at)
{
    const uint16_t *cells = (const uint16_t *)cube->cells + first;
    const uint32_t *wide_cells = (const uint32_t *)cube->cells + first;
    __m256i count = narrow ? _mm256_cvtepu16_epi32(_mm_load_si128((const void *)cells))
                           : _mm256_load_si256((const void *)wide_cells);
    __m256i least = _mm256_max_epu32(count, _mm256_set1_epi32((int)cube->min_count));
    __m256i enough = _mm256_cmpeq_epi32(count, least);
    unsigned mask = (unsigned)_mm256_movemask_ps((__m256)enough) & which;
    __m128i bytes = _mm_loadl_epi64((const void *)&order_of[mask]);
    __m256i order = _mm256_cvtepu8_epi32(bytes);
    __m256i items = _mm256_loadu_si256((const void *)of->item);
    __m128i depths = _mm_add_epi8(_mm_loadl_epi64((const void *)of->longer),
                                  _mm_set1_epi8((char)depth));
    _mm256_storeu_si256((void *)(out->count + at), _mm256_permutevar8x32_epi32(count, order));
    _mm256_storeu_si256((void *)(out->item + at), _mm256_permutevar8x32_epi32(items, order));
    _mm_storel_epi64((void *)(out->depth + at), _mm_shuffle_epi8(depths, bytes));
    return (size_t)__builtin_popcount(mask);
}
#else
INLINE size_t put_eight(const seg_cube *cube, bool narrow, size_t first, unsigned which,
                        const eight *of, size_t depth, const seg_cube_sets *out, size_t at)
{
    static const uint8_t order[8] = { 0, 4, 6, 7, 5, 2, 3, 1 };
    size_t n = 0;
    for (size_t k = 0; k < 8; k++) {
        size_t i = order[k];
        uint32_t count = cell_of(cube, narrow, first + i);
        out->count[at + n] = count;
        out->item[at + n] = of->item[i];
        out->depth[at + n] = (uint8_t)(depth + of->longer[i]);
        n += (which >> i & 1) & (count >= cube->min_count);
    }
    return n;
}
#endif

/* The sets that lengthen q are those with the highest bits first, then fewer; those with none
 * of the bits that are walked come last. */
INLINE size_t list(const seg_cube *cube, bool narrow, const int32_t *item, const eight *near,
                   size_t depth, const seg_cube_sets *out)
{
    size_t q = 0, n = 0;
    for (size_t bit = cube->n_items; ; ) {
        if (bit > WALKED_FROM) {
            size_t next = q | (size_t)1 << --bit;
            uint32_t count = cell_of(cube, narrow, next);
            if (count < cube->min_count)
                continue;
            out->depth[n] = (uint8_t)++depth;
            out->item[n] = item[bit];
            out->count[n++] = count;
            q = next;
            continue;
        }
        n += put_eight(cube, narrow, q + 8, ALL, near, depth + 1, out, n);
        n += put_eight(cube, narrow, q, BUT_FIRST, near, depth, out, n);
        if (q == 0)
            return n;
        bit = (size_t)__builtin_ctzll(q);
        q &= q - 1;
        depth--;
    }
}

size_t ISA_NAME(seg_cube_list)(const seg_cube *cube, const int32_t *items, size_t depth,
                               const seg_cube_sets *out)
{
    int32_t item[SEG_CUBE_ITEMS] = { 0 };        /* by bit */
    for (size_t i = 0; i < cube->n_items; i++)
        item[cube->n_items - 1 - i] = items[i];
    const eight near = {
        .item = { item[3], item[0], item[1], item[0], item[2], item[0], item[1], item[0] },
        .longer = { 0, 1, 1, 2, 1, 2, 2, 3 },
    };
    return cube->support < SEG_CUBE_NARROW
           ? list(cube, true, item, &near, depth, out)
           : list(cube, false, item, &near, depth, out);
}
