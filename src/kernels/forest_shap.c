/* forest_shap.c: the Shapley values of rows. Several tiles of rows go through a batch of trees
 * while its tables are in the cache; what has no table is climbed. */
#include "kernels/forest_shap.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "kernels/kernels.h"
#include "segmill/context.h"

enum { TILES = 8, SLOTS_OF_ALL_TILES = 2048 };

double seg_forest_shap_base(const seg_forest_shap *shap)
{
    return shap->base;
}

/* ---- memory of a thread ---------------------------------------------------------------- */

typedef struct scratch {
    seg_shap_tile tile[TILES];
    size_t n_tiles;
    seg_shap_climber climber;
} scratch;

static void scratch_free(scratch *s)
{
    for (size_t t = 0; t < TILES; t++) {
        seg_free(s->tile[t].planes);
        seg_free(s->tile[t].sums);
        seg_free(s->tile[t].units);
    }
    seg_free(s->tile[0].truths);
    seg_free(s->tile[0].indexes);
    seg_shap_climber_free(&s->climber);
}

static size_t plane_count(const seg_forest_shap *shap)
{
    size_t most = 0;
    for (size_t s = 0; s < shap->n_segments; s++) {
        size_t n = seg_forest_plane_count(shap->segments[s].planes);
        most = n > most ? n : most;
    }
    return most + SEG_FOREST_SETS;
}

/* Tiles share what only one of them needs at a time. */
static seg_status scratch_new(const seg_forest_shap *shap, scratch *s, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n_planes = plane_count(shap), tiles = SLOTS_OF_ALL_TILES / (shap->n_slots + 1);
    seg_shap_tile *first = &s->tile[0];
    s->n_tiles = tiles < 1 ? 1 : tiles > TILES ? TILES : tiles;
    TRY(seg_shap_climber_new(shap, &s->climber, err));
    TRY(SEG_ALLOC(&first->truths, (size_t)2 * SEG_FOREST_LEAVES * SEG_TILE_ROWS,
                  "the tiles of rows", err));
    TRY(SEG_ALLOC(&first->indexes, (size_t)SEG_SHAP_FORKS * SEG_TILE_ROWS, "the tiles of rows",
                  err));
    for (size_t t = 0; t < s->n_tiles; t++) {
        seg_shap_tile *tile = &s->tile[t];
        tile->truths = first->truths;
        tile->indexes = first->indexes;
        TRY(SEG_ALLOC(&tile->planes, n_planes * SEG_TILE_ROWS, "the tiles of rows", err));
        TRY(SEG_ALLOC(&tile->sums, shap->n_slots, "the tiles of rows", err));
        TRY(SEG_ALLOC(&tile->units, shap->n_slots * SEG_TILE_ROWS, "the tiles of rows", err));
    }

done:
    return st;
}

/* ---- rows -------------------------------------------------------------------------------- */

typedef struct work {
    const seg_forest_shap *shap;
    const seg_kernels *kernels;
    seg_matrix x;
    float *phi;
    double scale;               /* units in 1 */
} work;

static size_t tile_rows(size_t n, size_t tile)
{
    size_t left = n - tile * SEG_TILE_ROWS;
    return left < SEG_TILE_ROWS ? left : SEG_TILE_ROWS;
}

static void look_up(const work *w, size_t first, size_t n, size_t n_tiles, scratch *s)
{
    for (size_t g = 0; g < w->shap->n_segments; g++) {
        const seg_shap_segment *segment = &w->shap->segments[g];
        for (size_t t = 0; t < n_tiles && segment->n_batches > 0; t++) {
            const float *rows = w->x.x + (first + t * SEG_TILE_ROWS) * w->x.stride;
            w->kernels->bin_tile(segment->planes->bins, segment->planes->n_columns, rows,
                                 w->x.stride, tile_rows(n, t), s->tile[t].planes);
            w->kernels->forest_finish_planes(segment->planes, s->tile[t].planes);
        }
        for (size_t b = 0; b < segment->n_batches; b++)
            for (size_t t = 0; t < n_tiles; t++)
                w->kernels->forest_shap_batch(&segment->batches[b], w->shap->n_limbs,
                                              &s->tile[t]);
    }
}

static void climb_all(const work *w, size_t first, size_t n, scratch *s)
{
    for (size_t c = 0; c < w->shap->n_climbs; c++)
        for (size_t t = 0; t * SEG_TILE_ROWS < n; t++)
            seg_shap_climb_rows(w->shap, &w->shap->climbs[c],
                                w->x.x + (first + t * SEG_TILE_ROWS) * w->x.stride, w->x.stride,
                                tile_rows(n, t), w->scale, &s->climber, s->tile[t].units);
}

/* And the tile is empty again. */
static void put_tile(const work *w, size_t first, size_t n, seg_shap_tile *tile)
{
    const seg_forest_shap *shap = w->shap;
    double unit = ldexp(1, -shap->exponent);
    float *phi = w->phi + first * shap->n_features;
    memset(phi, 0, n * shap->n_features * sizeof *phi);
    for (size_t s = 0; s < shap->n_slots; s++) {
        double *units = tile->units + s * SEG_TILE_ROWS;
        seg_shap_flush(&tile->sums[s], units);
        for (size_t i = 0; i < n; i++)
            phi[i * shap->n_features + shap->feature[s]]
                = (float)((units[i] + shap->least[s]) * unit);
        memset(units, 0, SEG_TILE_ROWS * sizeof *units);
    }
}

/* n rows, no more than the tiles of the scratch hold. */
static void explain(const work *w, size_t first, size_t n, scratch *s)
{
    size_t n_tiles = (n + SEG_TILE_ROWS - 1) / SEG_TILE_ROWS;
    look_up(w, first, n, n_tiles, s);
    climb_all(w, first, n, s);
    for (size_t t = 0; t < n_tiles; t++)
        put_tile(w, first + t * SEG_TILE_ROWS, tile_rows(n, t), &s->tile[t]);
}

seg_status seg_forest_shap_rows(const seg_forest_shap *shap, seg_matrix x, int n_threads,
                                float *phi, seg_error *err)
{
    seg_status st = SEG_OK;
    work w = { shap, seg_kernels_get(), x, phi, ldexp(1, shap->exponent) };
    scratch *s = NULL;
    if (x.n_cols < shap->n_features)
        return seg_fail(err, SEG_E_USAGE, "the rows have %zu columns; the trees know %zu features",
                        x.n_cols, shap->n_features);
    if (n_threads < 1 || x.n_rows <= SEG_TILE_ROWS)
        n_threads = 1;
    TRY(SEG_ALLOC(&s, (size_t)n_threads, "the tiles of rows", err));
    for (int t = 0; t < n_threads; t++) {
        TRY(scratch_new(shap, &s[t], err));
    }
    size_t step = s[0].n_tiles * SEG_TILE_ROWS;

    #pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
    for (size_t first = 0; first < x.n_rows; first += step)
        explain(&w, first, x.n_rows - first < step ? x.n_rows - first : step,
                &s[omp_get_thread_num()]);

done:
    for (int t = 0; t < n_threads && s != NULL; t++)
        scratch_free(&s[t]);
    seg_free(s);
    return st;
}
