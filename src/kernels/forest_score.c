/* forest_score.c: rows to scores, a chunk of rows at a time. Some tiles of rows are binned before
 * the trees of a part go over them, so that the trees of a large ensemble are fetched less often
 * than once per tile. */
#include "kernels/forest_plan.h"

#include <math.h>
#include <omp.h>

#include "base/alloc.h"
#include "base/try.h"
#include "kernels/kernels.h"
#include "segmill/context.h"

enum { TILES = 4, BATCH_ROWS = TILES * SEG_TILE_ROWS };

typedef struct scratch {
    uint8_t *planes;            /* TILES times tile_bytes */
    uint8_t *slots;
} scratch;

static size_t tile_bytes_of(const seg_forest_plan *plan)
{
    size_t most = 0;
    for (size_t s = 0; s < plan->n_segments; s++) {
        size_t n = seg_forest_plane_count(plan->segments[s].planes);
        most = n > most ? n : most;
    }
    return (most + SEG_FOREST_SETS) * SEG_TILE_ROWS;
}

static seg_status scratch_new(size_t tile_bytes, scratch *out, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(SEG_ALLOC(&out->planes, TILES * tile_bytes, "the tiles of rows", err));
    TRY(SEG_ALLOC(&out->slots, (size_t)SEG_FOREST_SLOTS, "the tiles of rows", err));
    for (size_t i = 0; i < (size_t)SEG_FOREST_LEAVES * SEG_TILE_ROWS; i++)
        out->slots[i] = (uint8_t)(i / SEG_TILE_ROWS);

done:
    return st;
}

/* n <= BATCH_ROWS rows; units has room for whole tiles. */
static void score_batch(const seg_forest_segment *segment, const seg_kernels *kernels,
                        seg_matrix x, size_t first, size_t n, size_t tile_bytes,
                        const scratch *s, double *units)
{
    const seg_forest_planes *planes = segment->planes;
    size_t n_tiles = (n + SEG_TILE_ROWS - 1) / SEG_TILE_ROWS;
    for (size_t t = 0; t < n_tiles; t++) {
        size_t at = t * SEG_TILE_ROWS, left = n - at;
        kernels->bin_tile(planes->bins, planes->n_columns, x.x + (first + at) * x.stride, x.stride,
                          left < SEG_TILE_ROWS ? left : SEG_TILE_ROWS, s->planes + t * tile_bytes);
        kernels->forest_finish_planes(planes, s->planes + t * tile_bytes);
    }
    for (size_t p = 0; p < segment->n_parts; p++)
        for (size_t t = 0; t < n_tiles; t++)
            kernels->forest_score(&segment->parts[p], s->planes + t * tile_bytes, s->slots,
                                  units + t * SEG_TILE_ROWS);
}

static void score_rows(const seg_forest_plan *plan, const seg_kernels *kernels, seg_matrix x,
                       size_t first, size_t n, size_t tile_bytes, const scratch *s, double *sums)
{
    double units[SEG_CHUNK_ROWS], unit = ldexp(1, -plan->exponent);
    for (size_t i = 0; i < SEG_CHUNK_ROWS; i++)
        units[i] = plan->base;
    for (size_t g = 0; g < plan->n_segments; g++)
        for (size_t at = 0; at < n; at += BATCH_ROWS)
            score_batch(&plan->segments[g], kernels, x, first + at,
                        n - at < BATCH_ROWS ? n - at : BATCH_ROWS, tile_bytes, s, units + at);
    for (size_t w = 0; w < plan->n_walks; w++)
        seg_forest_walk_add(plan->walks[w], x, first, n, units);
    for (size_t i = 0; i < n; i++)
        sums[first + i] = units[i] * unit;
}

seg_status seg_forest_score(const seg_forest_plan *plan, seg_matrix x, int n_threads,
                            double *sums, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n_chunks = (x.n_rows + SEG_CHUNK_ROWS - 1) / SEG_CHUNK_ROWS;
    size_t tile_bytes = tile_bytes_of(plan);
    const seg_kernels *kernels = seg_kernels_get();
    scratch *s = NULL;
    if (x.n_cols < plan->n_features)
        return seg_fail(err, SEG_E_USAGE, "the rows have %zu columns; the trees know %zu features",
                        x.n_cols, plan->n_features);
    if (n_threads < 1 || n_chunks < 2)
        n_threads = 1;
    TRY(SEG_ALLOC(&s, (size_t)n_threads, "the tiles of rows", err));
    for (int t = 0; t < n_threads; t++) {
        TRY(scratch_new(tile_bytes, &s[t], err));
    }

    #pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
    for (size_t c = 0; c < n_chunks; c++) {
        size_t first = c * SEG_CHUNK_ROWS, left = x.n_rows - first;
        score_rows(plan, kernels, x, first, left < SEG_CHUNK_ROWS ? left : SEG_CHUNK_ROWS,
                   tile_bytes, &s[omp_get_thread_num()], sums);
    }

done:
    for (int t = 0; t < n_threads && s != NULL; t++) {
        seg_free(s[t].planes);
        seg_free(s[t].slots);
    }
    seg_free(s);
    return st;
}
