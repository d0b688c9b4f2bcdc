/* kmeans_plan.h: what the sweeps share: a block made ready for the kernels, and the scratch
 * of each thread. */
#ifndef SEGMILL_KERNELS_KMEANS_PLAN_H
#define SEGMILL_KERNELS_KMEANS_PLAN_H

#include "kernels/kernels.h"
#include "kernels/kmeans.h"
#include "segmill/context.h"

/* The least float that is not below x. */
float seg_float_above(double x);

typedef struct seg_kmeans_plan {
    seg_nearest_plan nearest;
    seg_move_plan move;         /* rows x from the first column on */
    float *shift, *shift_rest, *inverse;
    size_t n_rows;
} seg_kmeans_plan;

/* quantum: null if nothing is added up. */
seg_status seg_kmeans_plan_new(const seg_kmeans_scale *scale, const seg_kmeans_centres *centres,
                               seg_matrix rows, const uint32_t *weight, const double *quantum,
                               seg_kmeans_plan *out, seg_error *err);
void seg_kmeans_plan_free(seg_kmeans_plan *plan);

/* ---- scratch: a chunk of rows, one thread ----------------------------------------------- */

enum {
    SEG_EXACT_ROWS = 16,        /* decided in float64 at a time */
    SEG_CHUNK_ROOM = SEG_CHUNK_ROWS + SEG_NEAREST_TILE
};

typedef struct seg_kmeans_scratch {
    float *tile;                /* d x SEG_NEAREST_TILE */
    double *z, *dist2;          /* SEG_EXACT_ROWS x d, x k_pad */
    int32_t label[SEG_CHUNK_ROOM], second[SEG_CHUNK_ROOM];
    float upper[SEG_CHUNK_ROOM], lower[SEG_CHUNK_ROOM];
    uint32_t pick[SEG_CHUNK_ROOM], doubtful[SEG_CHUNK_ROOM];
    seg_move moves[SEG_CHUNK_ROWS];
} seg_kmeans_scratch;

/* One per thread. */
seg_status seg_kmeans_scratch_new(int n_threads, size_t d, size_t k_pad,
                                  seg_kmeans_scratch **out, seg_error *err);
void seg_kmeans_scratch_free(seg_kmeans_scratch *scratch, int n_threads);

/* Chunks of the block; and no more threads than there are chunks. */
size_t seg_chunk_count(size_t n_rows);
int seg_chunk_team(int n_threads, size_t n_chunks);

/* ---- float64, the plain way ----------------------------------------------------------------- */

typedef struct seg_kmeans_pair {
    int32_t label, second;      /* second -1 if k is 1 */
    double dist2, second_dist2;
} seg_kmeans_pair;

/* The nearest two of n rows (at most SEG_EXACT_ROWS), given by their numbers in the block;
 * their scaled values are left in scratch->z. */
void seg_kmeans_decide(const seg_kmeans_plan *plan, const seg_kmeans_centres *centres,
                       const seg_kernels *kernels, const uint32_t *row, size_t n,
                       seg_kmeans_scratch *scratch, seg_kmeans_pair *out);

#endif
