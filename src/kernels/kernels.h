/* kernels.h: the inner loops that are compiled once per instruction set, as a table of
 * functions chosen once from the processor. All levels give the same bits. */
#ifndef SEGMILL_KERNELS_KERNELS_H
#define SEGMILL_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cpu.h"
#include "kernels/bin_tile.h"
#include "kernels/forest_plan.h"
#include "kernels/forest_shap.h"

/* Centroids per padded row are a multiple of this: whole registers at every level. */
enum { SEG_KMEANS_PAD = 8 };

/* Squared distances of n rows of d values to k_pad centroids.
 *  z:     n x d, dense.
 *  ct:    d x k_pad, 64-byte aligned: feature f of centroid j at ct[f * k_pad + j];
 *         padding holds infinity.
 *  dist2: n x k_pad, 64-byte aligned. */
typedef void seg_kmeans_distances_fn(const double *z, size_t n, size_t d, const double *ct,
                                     size_t k_pad, double *dist2);

/* ---- the nearest centroid, in float32 with a proven bound (isa/kmeans_nearest.c) ------------ */

/* Rows of the widest tile: scratch is d x SEG_NEAREST_TILE floats, outputs have room for
 * the rows rounded up to it. */
enum { SEG_NEAREST_TILE = 48 };

/* A set of centroids and the scaling z = (x - shift - shift_rest) * inverse of rows, made
 * ready: kmeans_centres.c. */
typedef struct seg_nearest_plan {
    size_t d, k;
    const size_t *columns;      /* d columns of the rows; null: the first d */
    const float *level;         /* d, with columns: as in seg_kmeans_scale; null: numbers */
    const float *shift, *shift_rest, *inverse;   /* d each */
    bool log1p, careful;        /* careful: log1p, or shift_rest is not all 0 */
    const float *pack;          /* groups of SEG_KMEANS_PAD centroids, each d x SEG_KMEANS_PAD */
    const float *half;          /* -|c|^2 / 2; of padding the least float */
    const float *length;        /* |c|, rounded up */
    float longest;
    /* the bound; the letters are those of kmeans_nearest.c */
    float per_product;          /* b + (d + 3) u */
    float per_square;           /* (d + 2) u / 2 */
    float per_length;           /* A */
    float per_point;            /* float64's own rounding, of |z|^2 */
    float least;                /* of numbers too small to be normal */
    float inflate;              /* of a computed length, above its rounding */
    float per_square_length;    /* rounding of a computed |z|^2 */
    float usual_point, usual;   /* twice the error of a row z is at most
                                   usual_point |z|^2 + usual */
} seg_nearest_plan;

typedef struct seg_nearest_rows {
    const float *x;
    size_t stride;
    const uint32_t *pick;       /* n rows of x; null: the first n */
    size_t n;
} seg_nearest_rows;

typedef struct seg_nearest {
    int32_t *label;
    int32_t *second;            /* null: not wanted */
    float *upper, *lower;       /* bounds of the distances to the nearest and to any other
                                   centroid; null: not wanted, or second is */
    uint32_t *doubtful;         /* places (0 .. n-1) of rows that float32 cannot decide */
    size_t n_doubtful;
} seg_nearest;

/* tile: d x SEG_NEAREST_TILE, 64-byte aligned. */
typedef void seg_kmeans_nearest_fn(const seg_nearest_plan *plan, const seg_nearest_rows *rows,
                                   float *tile, seg_nearest *out);

/* ---- rows that keep their centroid (isa/kmeans_bounds.c) ------------------------------------- */

/* How the k centroids moved since the bounds were made, rounded to the safe side; tables of
 * at least SEG_NEAREST_TILE. */
typedef struct seg_bounds_plan {
    size_t k;
    const float *own, *other, *half_gap;
} seg_bounds_plan;

/* Moves the bounds of n rows along with the centroids; returns how many rows are listed
 * (ascending) whose label they no longer prove. */
typedef size_t seg_kmeans_bounds_fn(const seg_bounds_plan *plan, const uint16_t *label,
                                    float *upper, float *lower, size_t n, uint32_t *active);

/* ---- sums in fixed point (isa/kmeans_move.c) ------------------------------------------------ */

typedef struct seg_move_plan {
    size_t d;
    const size_t *columns;      /* d columns of the rows; null: the first d */
    const float *level;         /* d, as in seg_kmeans_scale; null: numbers */
    const double *shift, *inverse;
    bool log1p;
    const double *quantum;      /* d powers of two; null: not for seg_kmeans_move */
    const float *x;
    size_t stride;
    const uint32_t *weight;     /* per row of x; null: 1 */
    bool fold;                  /* weights are multiplied before a value is rounded, not after:
                                   more exact, but three rows are no longer one of weight 3 */
} seg_move_plan;

typedef struct seg_move {
    uint32_t row;
    int32_t from, to;           /* from -1: it was in none */
} seg_move;

/* sum: k x d; count: k. */
typedef void seg_kmeans_move_fn(const seg_move_plan *plan, const seg_move *moves, size_t n,
                                int64_t *sum, int64_t *count);
/* z: d scaled values. */
typedef void seg_kmeans_scale_row_fn(const seg_move_plan *plan, const float *x, double *z);

/* ---- the start (isa/kmeans_gains.c) --------------------------------------------------------- */

/* Rows in panels, so that neighbours in a register are rows: feature f of row r of a panel
 * at z[f * SEG_PANEL_ROWS + r]. */
enum { SEG_PANEL_ROWS = 64, SEG_GAINS_STEP = 4 };

/* Squared distances of a panel's rows to n candidates, a multiple of SEG_GAINS_STEP.
 *  z:     d x SEG_PANEL_ROWS.   c: [n / SEG_GAINS_STEP][d][SEG_GAINS_STEP].
 *  dist2: n x SEG_PANEL_ROWS. float32, added in the order of the features. */
typedef void seg_kmeans_gains_fn(const float *z, size_t d, const float *c, size_t n,
                                 float *dist2);

/* ---- the features: range and moments (isa/kmeans_columns.c) ----------------------------------- */

enum { SEG_RANGE_WIDTH = 64 };   /* neighbouring columns at a time */

typedef struct seg_ranges {
    float least[SEG_RANGE_WIDTH], most[SEG_RANGE_WIDTH];
    uint64_t missing[SEG_RANGE_WIDTH];
} seg_ranges;

typedef void seg_columns_range_fn(const float *x, size_t stride, size_t n, size_t width,
                                  seg_ranges *out);

/* Of a value v: (v - origin) * quantum and (v - origin)^2 * square_quantum, rounded; both
 * below 2^51 in size. */
typedef struct seg_moment_units {
    const double *origin, *quantum, *square_quantum;
    bool fold;                  /* as in seg_move_plan */
} seg_moment_units;
typedef struct seg_moment_sums {
    int64_t *n, *sum, *square;  /* n: weight of the values that are there */
} seg_moment_sums;

/* n rows of `width` <= SEG_RANGE_WIDTH neighbouring columns; weight: null, or n of them. */
typedef void seg_columns_moments_fn(const float *x, size_t stride, size_t n, size_t width,
                                    const uint32_t *weight, const seg_moment_units *units,
                                    seg_moment_sums *out);
/* One row of any number of values, NaN if missing. */
typedef void seg_columns_row_moments_fn(const double *v, size_t width, int64_t weight,
                                        const seg_moment_units *units, seg_moment_sums *out);

/* What a chunk of one column holds. n: not NaN; the rest of the finite ones; sums about an
 * origin. */
typedef struct seg_moments {
    int64_t n, n_finite, n_zero, n_whole;
    double least, largest, sum, square;
} seg_moments;

/* x: n values, 64-byte aligned; n a multiple of 8 (fill up with NaN). */
typedef void seg_column_moments_fn(const double *x, size_t n, double origin, seg_moments *out);

/* n floats as doubles, and hashed: one to one by bits (distinct.h), but equal numbers and
 * missing ones are equal. */
#define SEG_NAN_BITS 0x7fc00000U
typedef void seg_open_floats_fn(const float *x, size_t n, double *wide, uint32_t *hashes);

/* Those below the limit, in order; returns how many. out: room for n. */
typedef size_t seg_gather_below_fn(const uint32_t *x, size_t n, uint32_t limit, uint32_t *out);

/* Weighted sums of distances from n rows of d values to all points of each cluster.
 *  z:       n x d, dense.
 *  points:  in groups of eight, 64-byte aligned: feature f of point 8g + l at
 *           points[(g * d + f) * 8 + l]; a cluster is whole groups, filled up with any
 *           finite point of weight 0.
 *  weight:  of each point, 64-byte aligned.
 *  ends:    k: the group behind the last one of each cluster.
 *  sums:    n x k. */
typedef void seg_distance_sums_fn(const double *z, size_t n, size_t d, const double *points,
                                  const double *weight, const size_t *ends, size_t k,
                                  double *sums);

/* ---- trees, 64 rows at a time (forest_plan.h) ------------------------------------------------ */

/* planes: as seg_bin_tile left them; gets those that are made of them, but sets. */
typedef void seg_forest_finish_planes_fn(const seg_forest_planes *from, uint8_t *planes);
/* Adds the values of the rows' leaves in the trees of the part. planes: with room for its sets.
 * slots: SEG_FOREST_SLOTS bytes, byte i of the first 256 tiles holding i / SEG_TILE_ROWS. */
typedef void seg_forest_score_fn(const seg_forest_part *part, uint8_t *planes, uint8_t *slots,
                                 double *units);
/* Adds what the rows of the tile get in the trees of the batch to the tile's sums. n_limbs: 3 or
 * 4. */
typedef void seg_forest_shap_batch_fn(const seg_shap_batch *batch, size_t n_limbs,
                                      const seg_shap_tile *tile);

/* ---- boosting (isa/boost_gradients.c) --------------------------------------------------------- */

typedef struct seg_gradient_plan {
    float score_unit;           /* log-odds of a score of 1 */
    float gradient_scale, hessian_scale;
    uint32_t key[2];            /* of the random rounding */
} seg_gradient_plan;

/* Rows first .. first + n - 1: gradient in the upper, hessian (at least 1) in the lower 16 bits
 * of values[i]. */
typedef void seg_boost_gradients_fn(const seg_gradient_plan *plan, const int32_t *score,
                                    const uint8_t *classes, uint32_t first, size_t n,
                                    uint32_t *values);

/* ---- itemsets (isa/miner_masks.c, isa/miner_cubes.c) ------------------------------------------ */

/* Baskets of a class with at most 64 items: a bit for each item, and how many baskets the row
 * stands for. */
enum { SEG_MASK_BITS = 64 };
typedef struct seg_mask_rows {
    uint64_t *mask;
    uint32_t *weight;
    size_t n;
} seg_mask_rows;

typedef struct seg_mask_counts {
    uint32_t count[SEG_MASK_BITS];
    uint64_t enough, all;       /* bits of at least min_count; of the support itself */
} seg_mask_counts;

/* Makes equal rows one. table: at least twice n words. */
typedef void seg_mask_merge_fn(seg_mask_rows *rows, uint32_t *table);
/* The counts of all bits. support: sum of the weights, or more. */
typedef void seg_mask_count_fn(const seg_mask_rows *rows, uint32_t min_count, uint32_t support,
                               seg_mask_counts *counts);
/* The same bits by item: bit i % 64 of columns[b * n_words + i / 64] is bit b of row i; n_words:
 * n / 64, rounded up. */
typedef void seg_mask_columns_fn(const seg_mask_rows *rows, uint64_t *columns);
/* The rows with the bit (column: where it is set; null: look), cut down to `keep` (those left empty may go), equal ones merged; and
 * their counts. out: room for as many rows. */
typedef void seg_mask_project_fn(const seg_mask_rows *rows, unsigned bit,
                                 const uint64_t *column, uint64_t keep, uint32_t *table, uint32_t min_count, uint32_t support,
                                 seg_mask_rows *out, seg_mask_counts *counts);

/* Counts of items first .. first + n - 1: those of at least min_count (>= 1) with their counts,
 * in order; all become 0. Returns how many. All arrays have room for SEG_TAKE_PAD more; what
 * lies behind the n counts is 0. */
enum { SEG_TAKE_PAD = 16 };
typedef size_t seg_take_counts_fn(uint32_t *count, size_t n, uint32_t first, uint32_t min_count,
                                  uint32_t *items, uint32_t *counts);

/* A cube: the counts of all subsets of up to SEG_CUBE_ITEMS items. Cell s is the set of those
 * whose bits are in s, lowest item first. Cells take two bytes when the support is below
 * SEG_CUBE_NARROW, else four; there are at least SEG_CUBE_LANES of them. */
enum { SEG_CUBE_ITEMS = 12, SEG_CUBE_LANES = 16, SEG_CUBE_NARROW = 1 << 15 };

typedef struct seg_cube {
    void *cells;                /* 64-byte aligned */
    uint64_t items;             /* bits */
    size_t n_items;
    uint32_t support, min_count;   /* the support is that of the empty set: rows may lack */
    bool mirrored;              /* cell s has the highest item first */
} seg_cube;

typedef void seg_cube_fill_fn(const seg_cube *cube, const seg_mask_rows *rows);
/* Adds the cells of min_count or more: cell s at [items of s above the first four][s % 16]. */
typedef void seg_cube_count_fn(const seg_cube *cube, uint32_t (*rows)[SEG_CUBE_LANES]);

/* Room for all sets and SEG_CUBE_PAD more, which are written to. */
enum { SEG_CUBE_PAD = 8 };
typedef struct seg_cube_sets {
    uint8_t *depth;
    int32_t *item;
    uint32_t *count;
} seg_cube_sets;

/* The sets of a mirrored cube, but the empty one, of min_count (>= 1) or more, in the order of a
 * tree; how many. A set of k items is depth + k deep; items: of the bits, the lowest first.
 * Counts must not rise with more items. */
typedef size_t seg_cube_list_fn(const seg_cube *cube, const int32_t *items, size_t depth,
                                const seg_cube_sets *out);

typedef struct seg_kernels {
    seg_kmeans_distances_fn *kmeans_distances;
    seg_kmeans_nearest_fn *kmeans_nearest;
    seg_kmeans_bounds_fn *kmeans_bounds;
    seg_kmeans_move_fn *kmeans_move;
    seg_kmeans_scale_row_fn *kmeans_scale_row;
    seg_kmeans_gains_fn *kmeans_gains;
    seg_columns_range_fn *columns_range;
    seg_columns_moments_fn *columns_moments;
    seg_columns_row_moments_fn *columns_row_moments;
    seg_column_moments_fn *column_moments;
    seg_open_floats_fn *open_floats;
    seg_gather_below_fn *gather_below;
    seg_distance_sums_fn *distance_sums;
    seg_bin_tile_fn *bin_tile;
    seg_bin_records_fn *bin_records;
    seg_forest_finish_planes_fn *forest_finish_planes;
    seg_forest_score_fn *forest_score;
    seg_forest_shap_batch_fn *forest_shap_batch;
    seg_boost_gradients_fn *boost_gradients;
    seg_take_counts_fn *take_counts;
    seg_mask_merge_fn *mask_merge;
    seg_mask_count_fn *mask_count;
    seg_mask_columns_fn *mask_columns;
    seg_mask_project_fn *mask_project;
    seg_cube_fill_fn *cube_fill;
    seg_cube_count_fn *cube_count;
    seg_cube_list_fn *cube_list;
} seg_kernels;

/* Of the best level allowed (SEGMILL_ISA lowers it), or of a given one (tests; null when
 * this processor or build does not have it). */
const seg_kernels *seg_kernels_get(void);
const seg_kernels *seg_kernels_at(seg_isa isa);

seg_kmeans_distances_fn seg_kmeans_distances_base, seg_kmeans_distances_v3,
    seg_kmeans_distances_v4;
seg_kmeans_nearest_fn seg_kmeans_nearest_base, seg_kmeans_nearest_v3, seg_kmeans_nearest_v4;
seg_kmeans_bounds_fn seg_kmeans_bounds_base, seg_kmeans_bounds_v3, seg_kmeans_bounds_v4;
seg_kmeans_move_fn seg_kmeans_move_base, seg_kmeans_move_v3, seg_kmeans_move_v4;
seg_kmeans_scale_row_fn seg_kmeans_scale_row_base, seg_kmeans_scale_row_v3,
    seg_kmeans_scale_row_v4;
seg_kmeans_gains_fn seg_kmeans_gains_base, seg_kmeans_gains_v3, seg_kmeans_gains_v4;
seg_columns_range_fn seg_columns_range_base, seg_columns_range_v3, seg_columns_range_v4;
seg_columns_moments_fn seg_columns_moments_base, seg_columns_moments_v3, seg_columns_moments_v4;
seg_columns_row_moments_fn seg_columns_row_moments_base, seg_columns_row_moments_v3,
    seg_columns_row_moments_v4;
seg_column_moments_fn seg_column_moments_base, seg_column_moments_v3, seg_column_moments_v4;
seg_open_floats_fn seg_open_floats_base, seg_open_floats_v3, seg_open_floats_v4;
seg_gather_below_fn seg_gather_below_base, seg_gather_below_v3, seg_gather_below_v4;
seg_distance_sums_fn seg_distance_sums_base, seg_distance_sums_v3, seg_distance_sums_v4;
seg_boost_gradients_fn seg_boost_gradients_base, seg_boost_gradients_v3,
    seg_boost_gradients_v4;
seg_bin_tile_fn seg_bin_tile_base, seg_bin_tile_v3, seg_bin_tile_v4;
seg_bin_records_fn seg_bin_records_base, seg_bin_records_v3, seg_bin_records_v4;
seg_forest_finish_planes_fn seg_forest_finish_planes_base, seg_forest_finish_planes_v3,
    seg_forest_finish_planes_v4;
seg_forest_score_fn seg_forest_score_base, seg_forest_score_v3, seg_forest_score_v4;
seg_forest_shap_batch_fn seg_forest_shap_batch_base, seg_forest_shap_batch_v3,
    seg_forest_shap_batch_v4;
seg_take_counts_fn seg_take_counts_base, seg_take_counts_v3, seg_take_counts_v4;
seg_mask_merge_fn seg_mask_merge_base, seg_mask_merge_v3, seg_mask_merge_v4;
seg_mask_count_fn seg_mask_count_base, seg_mask_count_v3, seg_mask_count_v4;
seg_mask_columns_fn seg_mask_columns_base, seg_mask_columns_v3, seg_mask_columns_v4;
seg_mask_project_fn seg_mask_project_base, seg_mask_project_v3, seg_mask_project_v4;
seg_cube_fill_fn seg_cube_fill_base, seg_cube_fill_v3, seg_cube_fill_v4;
seg_cube_count_fn seg_cube_count_base, seg_cube_count_v3, seg_cube_count_v4;
seg_cube_list_fn seg_cube_list_base, seg_cube_list_v3, seg_cube_list_v4;

#endif
