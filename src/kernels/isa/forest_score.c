/* forest_score.c: the leaves of 64 rows in every tree of a part, and the sum of their values.
 *
 * From the leaves up: the labels of a node's rows are chosen, byte by byte, from those of its two
 * sides. That is a comparison and a choice per node and register, whatever the rows do. Values are
 * looked up by label one byte (limb) at a time and added in 16 bits, rows of even and odd number
 * apart; a part has no more trees than that can hold. */
#include <string.h>

#include "base/isa_name.h"
#include "kernels/isa/forest_planes.h"
#include "kernels/kernels.h"

#define INLINE static inline __attribute__((always_inline))

/* Registers side by side: two share the loads of a test where there are registers for it. */
#if defined(__AVX2__) && !defined(__AVX512F__)
enum { SIDE = 2 };
#else
enum { SIDE = 1 };
#endif
enum { SPAN = SIDE * VEC_BYTES };   /* rows */

typedef struct labels {
    vec_u8 v[SIDE];
} labels;

typedef struct truths {
    vec_truth v[SIDE];
} truths;

INLINE truths goes_left(const seg_forest_test *test, const uint8_t *planes)
{
    vec_u8 below = vec_all_u8(test->below);
    truths left;
    for (size_t s = 0; s < SIDE; s++)
        left.v[s] = vec_less(vec_load_u8(planes + test->plane + s * VEC_BYTES), below);
    return left;
}

/* ---- complete trees ---------------------------------------------------------------- */

/* Labels 255 and 0. */
INLINE labels depth_1(const seg_forest_test *tests, const uint8_t *planes)
{
    truths left = goes_left(tests, planes);
    labels out;
    for (size_t s = 0; s < SIDE; s++)
        out.v[s] = vec_truth_u8(left.v[s]);
    return out;
}

/* Two sides numbered alike; of the right one the bit tells it from the left. */
INLINE labels join(const seg_forest_test *test, const uint8_t *planes, labels left, labels right,
                   uint32_t bit)
{
    truths goes = goes_left(test, planes);
    for (size_t s = 0; s < SIDE; s++)
        left.v[s] = vec_choose(goes.v[s], left.v[s], right.v[s] ^ vec_all_u8(bit * 0x01010101U));
    return left;
}

#define COMPLETE(depth, below, n_side, bit)                                          \
    INLINE labels depth(const seg_forest_test *tests, const uint8_t *planes)         \
    {                                                                                \
        labels left = below(tests, planes), right = below(tests + (n_side), planes); \
        return join(tests + 2 * (n_side), planes, left, right, (bit));               \
    }
COMPLETE(depth_2, depth_1, 1, 1)
COMPLETE(depth_3, depth_2, 3, 2)
COMPLETE(depth_4, depth_3, 7, 4)
COMPLETE(depth_5, depth_4, 15, 8)
COMPLETE(depth_6, depth_5, 31, 16)

/* ---- trees of any shape -------------------------------------------------------------- */

INLINE labels any_shape(const seg_forest_part *part, const seg_forest_tree *tree,
                        const uint8_t *planes, uint8_t *slots)
{
    const seg_forest_test *tests = part->tests + tree->first_test;
    const seg_forest_sides *sides = part->sides + tree->first_sides;
    uint8_t *to = slots + (size_t)SEG_FOREST_LEAVES * SEG_TILE_ROWS;
    labels out = { 0 };
    for (size_t n = 0; n < tree->n_nodes; n++, to += SEG_TILE_ROWS) {
        truths goes = goes_left(&tests[n], planes);
        for (size_t s = 0; s < SIDE; s++) {
            out.v[s] = vec_choose(goes.v[s], vec_load_u8(slots + sides[n].left + s * VEC_BYTES),
                                  vec_load_u8(slots + sides[n].right + s * VEC_BYTES));
            vec_store_u8(to + s * VEC_BYTES, out.v[s]);
        }
    }
    return out;
}

/* ---- values -------------------------------------------------------------------------- */

typedef struct sums {
    uint16_t of[SEG_FOREST_LIMBS][2][SEG_TILE_ROWS / 2];   /* [limb][odd][row / 2] */
} sums;

#if defined(VEC_HAS_SHUFFLE)
INLINE void add_u16(uint16_t *to, vec_u16 x)
{
    vec_u16 v;
    memcpy(&v, to, sizeof v);
    v += x;
    memcpy(to, &v, sizeof v);
}

INLINE void add_bytes(uint16_t sum[2][SEG_TILE_ROWS / 2], size_t first, vec_u8 x)
{
    const vec_u16 low = (vec_u16)vec_all_u8(0x00ff00ff);
    add_u16(sum[0] + first / 2, (vec_u16)x & low);
    add_u16(sum[1] + first / 2, (vec_u16)x >> 8);
}

INLINE void look_up_16(const uint8_t *limb, labels at, uint16_t sum[2][SEG_TILE_ROWS / 2],
                       size_t first)
{
    vec_u8 t = vec_table(limb);
    for (size_t s = 0; s < SIDE; s++)
        add_bytes(sum, first + s * VEC_BYTES,
                  vec_shuffle(t, at.v[s] & vec_all_u8(0x0f0f0f0f)));
}

INLINE void look_up_64(const uint8_t *limb, labels at, uint16_t sum[2][SEG_TILE_ROWS / 2],
                       size_t first)
{
    vec_u8 t0 = vec_table(limb), t1 = vec_table(limb + 16);
    vec_u8 t2 = vec_table(limb + 32), t3 = vec_table(limb + 48);
    for (size_t s = 0; s < SIDE; s++) {
        vec_u8 low = at.v[s] & vec_all_u8(0x0f0f0f0f);
        vec_u8 bit_4 = (vec_u8)((vec_u16)at.v[s] << 3), bit_5 = (vec_u8)((vec_u16)at.v[s] << 2);
        vec_u8 a = vec_choose_high(bit_4, vec_shuffle(t1, low), vec_shuffle(t0, low));
        vec_u8 b = vec_choose_high(bit_4, vec_shuffle(t3, low), vec_shuffle(t2, low));
        add_bytes(sum, first + s * VEC_BYTES, vec_choose_high(bit_5, b, a));
    }
}

/* Sixteen entries at a time; labels of others become 128 or more, which shuffles make 0. */
INLINE void look_up_256(const uint8_t *limb, labels at, uint16_t sum[2][SEG_TILE_ROWS / 2],
                        size_t first)
{
    labels found = { 0 };
    for (uint32_t t = 0; t < SEG_FOREST_LEAVES / 16; t++) {
        vec_u8 table = vec_table(limb + 16 * t);
        for (size_t s = 0; s < SIDE; s++) {
            vec_u8 off = at.v[s] - vec_all_u8(16 * t * 0x01010101U);
            found.v[s] |= vec_shuffle(table, vec_add_most(off, vec_all_u8(0x70707070)));
        }
    }
    for (size_t s = 0; s < SIDE; s++)
        add_bytes(sum, first + s * VEC_BYTES, found.v[s]);
}

INLINE void add_values(const seg_forest_part *part, const seg_forest_tree *tree, labels at,
                       size_t first, sums *sum)
{
    const uint8_t *limb = part->limbs + tree->first_limb;
    for (size_t l = 0; l < tree->n_limbs; l++, limb += tree->n_labels) {
        if (tree->n_labels == 64)
            look_up_64(limb, at, sum->of[l], first);
        else if (tree->n_labels == 16)
            look_up_16(limb, at, sum->of[l], first);
        else
            look_up_256(limb, at, sum->of[l], first);
    }
}
#else
INLINE void add_values(const seg_forest_part *part, const seg_forest_tree *tree, labels at,
                       size_t first, sums *sum)
{
    const uint8_t *limb = part->limbs + tree->first_limb;
    uint8_t label[SPAN];
    memcpy(label, &at, sizeof label);
    for (size_t l = 0; l < tree->n_limbs; l++, limb += tree->n_labels)
        for (size_t i = 0; i < SPAN; i++)
            sum->of[l][i % 2][(first + i) / 2] += limb[label[i] & (tree->n_labels - 1U)];
}
#endif

static void add_units(const sums *sum, double *units)
{
    for (size_t odd = 0; odd < 2; odd++)
        for (size_t i = 0; i < SEG_TILE_ROWS / 2; i++) {
            int32_t low = sum->of[0][odd][i] + (sum->of[1][odd][i] << 8);
            int32_t high = sum->of[2][odd][i] + (sum->of[3][odd][i] << 8);
            units[2 * i + odd] += low + 0x1p16 * high;
        }
}

/* ---- the kernel ------------------------------------------------------------------------ */

INLINE labels labels_of(const seg_forest_part *part, const seg_forest_tree *tree,
                        const uint8_t *planes, uint8_t *slots)
{
    const seg_forest_test *tests = part->tests + tree->first_test;
    switch (tree->depth) {
    case 1: return depth_1(tests, planes);
    case 2: return depth_2(tests, planes);
    case 3: return depth_3(tests, planes);
    case 4: return depth_4(tests, planes);
    case 5: return depth_5(tests, planes);
    case 6: return depth_6(tests, planes);
    default: return any_shape(part, tree, planes, slots);
    }
}

void ISA_NAME(seg_forest_finish_planes)(const seg_forest_planes *from, uint8_t *planes)
{
    finish_planes(from, planes);
}

void ISA_NAME(seg_forest_score)(const seg_forest_part *part, uint8_t *planes, uint8_t *slots,
                                double *units)
{
    sums sum = { 0 };
    const seg_forest_set *sets = part->sets.sets;
    for (size_t t = 0; t < part->n_trees; t++) {
        const seg_forest_tree *tree = &part->trees[t];
        fill_sets(sets, tree->n_sets, planes);
        sets += tree->n_sets;
        for (size_t first = 0; first < SEG_TILE_ROWS; first += SPAN)
            add_values(part, tree, labels_of(part, tree, planes + first, slots + first), first,
                       &sum);
    }
    add_units(&sum, units);
}
