/* simd.c: one constant table of byte loops per level. */
#include "data/simd.h"

#if defined(__AVX__)
#  error "simd.c must be compiled for the lowest processor"
#endif

#define LEVEL(isa)                                  \
    {                                               \
        .count_byte = seg_count_byte_##isa,         \
        .to_f32 = seg_to_f32_##isa,                 \
        .count_infinite = seg_count_infinite_##isa, \
        .unshuffle = seg_unshuffle_##isa,           \
        .fletcher32 = seg_fletcher32_##isa,         \
        .sum_values = seg_sum_values_##isa,         \
        .sum_squares = seg_sum_squares_##isa,       \
        .csv_index = seg_csv_index_##isa,           \
    }

static const seg_simd tables[SEG_ISA_COUNT] = {
    [SEG_ISA_BASE] = LEVEL(base),
#if defined(__x86_64__)
    [SEG_ISA_V3] = LEVEL(v3),
    [SEG_ISA_V4] = LEVEL(v4),
#endif
};

const seg_simd *seg_simd_at(seg_isa isa)
{
    if (isa > seg_cpu_best_isa() || tables[isa].count_byte == NULL)
        return NULL;
    return &tables[isa];
}

const seg_simd *seg_simd_get(void)
{
    return seg_simd_at(seg_cpu_isa());
}
