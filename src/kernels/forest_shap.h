/* forest_shap.h: trees made ready for Shapley values, 64 rows at a time: what forest_shap*.c and
 * isa/forest_shap.c share.
 *
 * What a leaf gives to the features on its path depends only on which of them the row satisfies
 * there: u features, 2^u answers, known beforehand. A fork is an inner node with one or two leaves.
 * Its leaves have the path above it in common, so one table does for both; its index has a bit for
 * each feature above (the row satisfies all its nodes there) and one for the fork's own test. */
#ifndef SEGMILL_KERNELS_FOREST_SHAP_H
#define SEGMILL_KERNELS_FOREST_SHAP_H

#include "kernels/forest_plan.h"

enum {
    SEG_SHAP_BITS_MIN = 4,      /* of an index: tables have at least 16 entries, */
    SEG_SHAP_BITS = 8,          /*    and at most 256 */
    SEG_SHAP_SIZES = SEG_SHAP_BITS - SEG_SHAP_BITS_MIN + 1,
    SEG_SHAP_FORKS = 256        /* of a batch: bytes added up fit 16 bits */
};

/* ---- forks ------------------------------------------------------------------------- */

/* Bits stay where the row satisfies a node: index &= truth | keep. */
typedef struct seg_shap_step {
    uint32_t truth;             /* place of the bytes: node n of the tree went left at 2 n,
                                   right at 2 n + 1, times SEG_TILE_ROWS */
    uint32_t keep;              /* all bits but the feature's, four times */
} seg_shap_step;

typedef struct seg_shap_fork {
    uint16_t n_steps, n_bits;
} seg_shap_fork;

typedef struct seg_shap_tree {
    uint16_t n_tests, n_sets, n_forks;
} seg_shap_tree;

/* All that a batch gives to one feature: how many tables of each size, small ones first. */
typedef struct seg_shap_run {
    uint32_t slot;              /* of the feature among those used */
    bool flush;                 /* first make room in its sums */
    uint16_t n[SEG_SHAP_SIZES];
} seg_shap_run;

/* A few trees: their tables fit the second cache. Lists in the order in which they are used. */
typedef struct seg_shap_batch {
    seg_shap_tree *trees;
    size_t n_trees, trees_cap;
    seg_forest_test *tests;
    size_t n_tests, tests_cap;
    seg_forest_sets sets;
    seg_shap_fork *forks;
    size_t n_forks, forks_cap;
    seg_shap_step *steps;
    size_t n_steps, steps_cap;
    seg_shap_run *runs;
    size_t n_runs, runs_cap;
    uint32_t *indexes;          /* per table: its fork times SEG_TILE_ROWS */
    size_t n_tables, indexes_cap;
    uint8_t *tables;            /* one behind the other; byte l of value j at (l << bits) + j */
    size_t n_bytes, tables_cap;
} seg_shap_batch;

/* Batches with planes in common. */
typedef struct seg_shap_segment {
    seg_forest_planes *planes;
    seg_shap_batch *batches;
    size_t n_batches, batches_cap;
} seg_shap_segment;

/* Sums of limbs of one feature, of rows of even and odd number. */
typedef struct seg_shap_sums {
    uint16_t of[SEG_FOREST_LIMBS][2][SEG_TILE_ROWS / 2];
} seg_shap_sums;

typedef struct seg_shap_tile {
    uint8_t *planes;
    uint8_t *truths;            /* 2 x SEG_FOREST_LEAVES planes */
    uint8_t *indexes;           /* SEG_SHAP_FORKS planes */
    seg_shap_sums *sums;        /* per slot */
    double *units;              /* slots x SEG_TILE_ROWS */
} seg_shap_tile;

static inline void seg_shap_flush(seg_shap_sums *sums, double *units)
{
    for (size_t odd = 0; odd < 2; odd++)
        for (size_t i = 0; i < SEG_TILE_ROWS / 2; i++) {
            int32_t low = sums->of[0][odd][i] + (sums->of[1][odd][i] << 8);
            int32_t high = sums->of[2][odd][i] + (sums->of[3][odd][i] << 8);
            units[2 * i + odd] += low + 0x1p16 * high;
        }
    *sums = (seg_shap_sums){ 0 };
}

/* ---- paths (forest_shap_path.c) -------------------------------------------------------- */

/* A tree whose paths can be climbed from their ends. */
typedef struct seg_shap_climb {
    seg_tree tree;              /* a copy */
    uint32_t *parent;
    double *share;              /* of the rows at its parent; of the root 1 */
    uint32_t *slot;             /* of its feature; inner nodes */
    uint32_t *leaves;           /* those that have no table */
    size_t n_leaves;
    size_t longest;             /* nodes above a leaf */
} seg_shap_climb;

/* The features of a path, each once, and its nodes. */
typedef struct seg_shap_path {
    size_t n_features, n_nodes;
    uint32_t *slot;             /* per feature */
    double *share;              /* product of the shares that follow the path */
    bool *holds;                /* the row satisfies all its nodes; the caller's to fill */
    uint32_t *node;             /* per node, from the end to the root */
    bool *left;
    uint32_t *at;               /* which feature */
    uint32_t *seen;             /* per slot: 1 + its place, if stamp says this path */
    uint64_t *stamp, now;
    double *polynomial, *out;   /* out: what each feature gets */
} seg_shap_path;

seg_status seg_shap_climb_new(const seg_tree *tree, const uint32_t *slot_of, seg_shap_climb *out,
                              seg_error *err);
void seg_shap_climb_free(seg_shap_climb *climb);
seg_status seg_shap_path_new(size_t most_nodes, size_t n_slots, seg_shap_path *out,
                             seg_error *err);
void seg_shap_path_free(seg_shap_path *path);
/* The path from the root to the node. */
void seg_shap_path_take(const seg_shap_climb *climb, uint32_t node, seg_shap_path *path);
/* What the features of a path to a leaf of this value get; holds is filled. */
void seg_shap_path_give(seg_shap_path *path, double value);
/* ---- the whole (forest_shap_plan.c) ------------------------------------------------------ */

enum { SEG_SHAP_POINTS = 24, SEG_SHAP_FEATURES = 2 * SEG_SHAP_POINTS };

/* Of n points: an integral over 0 .. 1 is the sum of weight times the value at `at`. */
typedef struct seg_shap_points {
    double at[SEG_SHAP_POINTS], weight[SEG_SHAP_POINTS];
} seg_shap_points;

struct seg_forest_shap {
    size_t n_features;
    size_t n_slots;
    uint32_t *feature;          /* per slot */
    uint32_t *slot_of;          /* per feature that is used */
    double base;
    int exponent;               /* a unit is 2^-exponent */
    size_t n_limbs;
    double *least;              /* per slot, units of every row */
    uint64_t table_bytes;
    seg_shap_segment *segments;
    size_t n_segments, segments_cap;
    seg_shap_climb *climbs;     /* trees with leaves without tables */
    size_t n_climbs, climbs_cap;
    size_t longest;             /* of these */
    seg_shap_points points[SEG_SHAP_POINTS + 1];   /* [n], if there are climbs */
};

/* ---- rows without tables (forest_shap_climb.c) ---------------------------------------------- */

/* Memory of a thread; SEG_TILE_ROWS values per node or feature of a path. */
typedef struct seg_shap_climber {
    seg_shap_path path;
    uint8_t *left, *holds;
    double *factor, *before, *sum;
} seg_shap_climber;

void seg_shap_points_fill(seg_shap_points points[SEG_SHAP_POINTS + 1]);
seg_status seg_shap_climber_new(const seg_forest_shap *shap, seg_shap_climber *out,
                                seg_error *err);
void seg_shap_climber_free(seg_shap_climber *climber);
/* Adds what n <= SEG_TILE_ROWS rows get from the leaves of a tree that have no table; scale: units
 * in 1. */
void seg_shap_climb_rows(const seg_forest_shap *shap, const seg_shap_climb *climb, const float *x,
                         size_t stride, size_t n, double scale, seg_shap_climber *c,
                         double *units);

/* ---- tables (forest_shap_tables.c) --------------------------------------------------------- */

/* A table of the open batch. */
typedef struct seg_shap_table {
    uint32_t slot, fork;
    uint32_t size;              /* 0: 16 entries */
    uint32_t at;                /* in the bytes */
} seg_shap_table;

typedef struct seg_shap_builder {
    seg_forest_shap *shap;
    seg_shap_segment *segment;
    seg_shap_batch *batch;      /* the open one; null: none */
    seg_shap_table *tables;     /* of the open batch, */
    size_t n_tables, tables_cap;
    uint8_t *bytes;             /*    fork by fork */
    size_t n_bytes, bytes_cap;
    uint32_t *added;            /* per slot: entries since its last flush */
    /* the tree at hand */
    seg_shap_climb climb;
    seg_shap_path path;
    uint32_t *number;           /* per inner node: which of the tree's tests */
    uint32_t n_forks;
} seg_shap_builder;

/* planes: null if none can serve the tree. */
seg_status seg_shap_put_tree(seg_shap_builder *b, const seg_tree *tree,
                             const seg_forest_planes *planes, seg_error *err);
seg_status seg_shap_close_batch(seg_shap_builder *b, seg_error *err);

#endif
