/* kmeans_tile.c: rows in float64, in one fixed order: what is in doubt is decided here. */
#include "kernels/kmeans_plan.h"
#include "kernels/kmeans_scaler.h"

#include <math.h>
#include "base/alloc.h"
#include "base/try.h"

seg_kmeans_scaler seg_kmeans_scaler_of(const seg_kmeans_scale *scale)
{
    return (seg_kmeans_scaler){
        .plan = { .d = scale->d, .columns = scale->columns, .level = scale->level,
                  .shift = scale->shift, .inverse = scale->inverse, .log1p = scale->log1p },
        .scale_row = seg_kernels_get()->kmeans_scale_row,
    };
}

seg_status seg_kmeans_scratch_new(int n_threads, size_t d, size_t k_pad,
                                  seg_kmeans_scratch **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_scratch *scratch = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&scratch, (size_t)n_threads, "a chunk of rows", err));
    for (int t = 0; t < n_threads; t++) {
        TRY(SEG_ALLOC(&scratch[t].tile, d * SEG_NEAREST_TILE, "a tile of rows", err));
        TRY(SEG_ALLOC(&scratch[t].z, SEG_EXACT_ROWS * d, "a tile of rows", err));
        TRY(SEG_ALLOC(&scratch[t].dist2, SEG_EXACT_ROWS * k_pad, "a tile of distances", err));
    }
    *out = scratch;
    scratch = NULL;

done:
    seg_kmeans_scratch_free(scratch, n_threads);
    return st;
}

void seg_kmeans_scratch_free(seg_kmeans_scratch *scratch, int n_threads)
{
    if (scratch == NULL)
        return;
    for (int t = 0; t < n_threads; t++) {
        seg_free(scratch[t].tile);
        seg_free(scratch[t].z);
        seg_free(scratch[t].dist2);
    }
    seg_free(scratch);
}

size_t seg_chunk_count(size_t n_rows)
{
    return (n_rows + SEG_CHUNK_ROWS - 1) / SEG_CHUNK_ROWS;
}

int seg_chunk_team(int n_threads, size_t n_chunks)
{
    return n_chunks >= (size_t)n_threads ? n_threads : n_chunks == 0 ? 1 : (int)n_chunks;
}

static seg_kmeans_pair find_nearest(const double *dist2, size_t k)
{
    seg_kmeans_pair n = { .label = 0, .second = -1, .dist2 = dist2[0],
                          .second_dist2 = (double)INFINITY };
    for (size_t j = 1; j < k; j++) {
        if (dist2[j] < n.dist2) {
            n.second = n.label;
            n.second_dist2 = n.dist2;
            n.label = (int32_t)j;
            n.dist2 = dist2[j];
        } else if (n.second < 0 || dist2[j] < n.second_dist2) {
            n.second = (int32_t)j;
            n.second_dist2 = dist2[j];
        }
    }
    return n;
}

void seg_kmeans_decide(const seg_kmeans_plan *plan, const seg_kmeans_centres *centres,
                       const seg_kernels *kernels, const uint32_t *row, size_t n,
                       seg_kmeans_scratch *scratch, seg_kmeans_pair *out)
{
    size_t d = centres->d;
    for (size_t i = 0; i < n; i++)
        kernels->kmeans_scale_row(&plan->move, plan->move.x + row[i] * plan->move.stride,
                                  scratch->z + i * d);
    kernels->kmeans_distances(scratch->z, n, d, centres->ct, centres->k_pad, scratch->dist2);
    for (size_t i = 0; i < n; i++)
        out[i] = find_nearest(scratch->dist2 + i * centres->k_pad, centres->k);
}
