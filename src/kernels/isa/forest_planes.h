/* forest_planes.h: from the bins of 64 rows to planes that every node is one comparison of. */
#ifndef SEGMILL_KERNELS_ISA_FOREST_PLANES_H
#define SEGMILL_KERNELS_ISA_FOREST_PLANES_H

#include "kernels/forest_plan.h"
#include "kernels/isa/vec_bytes.h"

/* Bins of numbers less 128, and once more with bin 0 behind all others. */
static inline void finish_planes(const seg_forest_planes *p, uint8_t *planes)
{
    const vec_u8 flip = vec_all_u8(0x80808080), one = vec_all_u8(0x01010101);
    for (size_t t = 0; t < p->n_turned; t++) {
        const uint8_t *from = planes + (size_t)p->turned[t] * SEG_TILE_ROWS;
        uint8_t *to = planes + (p->n_columns + t) * SEG_TILE_ROWS;
        for (size_t i = 0; i < SEG_TILE_ROWS; i += VEC_BYTES)
            vec_store_u8(to + i, (vec_load_u8(from + i) - one) ^ flip);
    }
    for (size_t i = 0; i < p->n_numbers * SEG_TILE_ROWS; i += VEC_BYTES)
        vec_store_u8(planes + i, vec_load_u8(planes + i) ^ flip);
}

#if defined(VEC_HAS_SHUFFLE)
static inline vec_u8 set_of_bits(vec_u8 low, vec_u8 high, vec_u8 group)
{
    static const uint8_t bit_of[16] = { 1, 2, 4, 8, 16, 32, 64, 128,
                                        1, 2, 4, 8, 16, 32, 64, 128 };
    vec_u8 place = (vec_u8)((vec_u16)group >> 3) & vec_all_u8(0x1f1f1f1f);
    vec_u8 bit = vec_shuffle(vec_table(bit_of), group & vec_all_u8(0x07070707));
    vec_u8 byte = vec_choose_high(group, vec_shuffle(high, place),
                                  vec_shuffle(low, place));
    return (vec_u8)((byte & bit) == bit);
}

/* One branch per set, not per register. */
static inline void set_plane(const seg_forest_set *set, const uint8_t *groups, uint8_t *plane)
{
    vec_u8 low = vec_table(set->left), high;
    if (set->n_groups <= 16) {
        for (size_t i = 0; i < SEG_TILE_ROWS; i += VEC_BYTES)
            vec_store_u8(plane + i, vec_shuffle(low, vec_load_u8(groups + i)));
        return;
    }
    high = vec_table(set->left + 16);
    if (set->n_groups <= sizeof set->left) {
        for (size_t i = 0; i < SEG_TILE_ROWS; i += VEC_BYTES) {
            vec_u8 group = vec_load_u8(groups + i), bit_4 = (vec_u8)((vec_u16)group << 3);
            vec_store_u8(plane + i, vec_choose_high(bit_4, vec_shuffle(high, group),
                                                    vec_shuffle(low, group)));
        }
    } else {
        for (size_t i = 0; i < SEG_TILE_ROWS; i += VEC_BYTES)
            vec_store_u8(plane + i, set_of_bits(low, high, vec_load_u8(groups + i)));
    }
}
#else
static inline void set_plane(const seg_forest_set *set, const uint8_t *groups, uint8_t *plane)
{
    bool bytes = set->n_groups <= sizeof set->left;
    for (size_t i = 0; i < SEG_TILE_ROWS; i++) {
        uint8_t g = groups[i];
        plane[i] = bytes ? set->left[g % 32] : set->left[g / 8] >> g % 8 & 1 ? 255 : 0;
    }
}
#endif

static inline void fill_sets(const seg_forest_set *sets, size_t n, uint8_t *planes)
{
    for (size_t s = 0; s < n; s++)
        set_plane(&sets[s], planes + sets[s].from, planes + sets[s].to);
}

#endif
