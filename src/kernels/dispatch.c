/* dispatch.c: one constant table of kernels per level. */
#include "kernels/kernels.h"

#if defined(__AVX__)
#  error "dispatch.c must be compiled for the lowest processor"
#endif

#define LEVEL(isa) { .kmeans_distances = seg_kmeans_distances_##isa, \
                     .kmeans_nearest = seg_kmeans_nearest_##isa,       \
                     .kmeans_bounds = seg_kmeans_bounds_##isa,         \
                     .kmeans_move = seg_kmeans_move_##isa,             \
                     .kmeans_scale_row = seg_kmeans_scale_row_##isa,   \
                     .kmeans_gains = seg_kmeans_gains_##isa,           \
                     .columns_range = seg_columns_range_##isa,         \
                     .columns_moments = seg_columns_moments_##isa,     \
                     .columns_row_moments = seg_columns_row_moments_##isa, \
                     .column_moments = seg_column_moments_##isa,       \
                     .open_floats = seg_open_floats_##isa,             \
                     .gather_below = seg_gather_below_##isa,           \
                     .distance_sums = seg_distance_sums_##isa,         \
                     .bin_tile = seg_bin_tile_##isa,                   \
                     .bin_records = seg_bin_records_##isa,             \
                     .forest_finish_planes = seg_forest_finish_planes_##isa, \
                     .forest_score = seg_forest_score_##isa,           \
                     .forest_shap_batch = seg_forest_shap_batch_##isa, \
                     .boost_gradients = seg_boost_gradients_##isa, \
                     .take_counts = seg_take_counts_##isa, \
                     .mask_merge = seg_mask_merge_##isa, \
                     .mask_count = seg_mask_count_##isa, \
                     .mask_columns = seg_mask_columns_##isa, \
                     .mask_project = seg_mask_project_##isa, \
                     .cube_fill = seg_cube_fill_##isa, \
                     .cube_count = seg_cube_count_##isa, \
                     .cube_list = seg_cube_list_##isa }

static const seg_kernels tables[SEG_ISA_COUNT] = {
    [SEG_ISA_BASE] = LEVEL(base),
#if defined(__x86_64__)
    [SEG_ISA_V3] = LEVEL(v3),
    [SEG_ISA_V4] = LEVEL(v4),
#endif
};

const seg_kernels *seg_kernels_at(seg_isa isa)
{
    if (isa > seg_cpu_best_isa() || tables[isa].kmeans_distances == NULL)
        return NULL;
    return &tables[isa];
}

const seg_kernels *seg_kernels_get(void)
{
    return seg_kernels_at(seg_cpu_isa());
}
