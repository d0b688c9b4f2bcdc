/* forest_plan.h: trees made ready for 64 rows at a time: what forest_*.c and the inner loops of
 * isa/forest_*.c share.
 *
 * Each value of a row becomes a byte (bin_tile.h): a number 1 + how many of the ensemble's
 * thresholds are below it, a category the number of its group: levels that all nodes send the
 * same way are one. A plane holds the bytes of one feature for SEG_TILE_ROWS rows. Every node
 * then is one comparison of signed bytes, "plane < below", where the plane is
 *   - of a number, the bin less 128: missing (bin 0) is the least and goes left;
 *   - the same with bin 0 turned into 255: missing is the greatest and goes right;
 *   - of a category, -1 where the node's set of groups holds the row's, 0 elsewhere. */
#ifndef SEGMILL_KERNELS_FOREST_PLAN_H
#define SEGMILL_KERNELS_FOREST_PLAN_H

#include "kernels/bin_tile.h"
#include "kernels/forest.h"

enum {
    SEG_FOREST_CUTS = 253,      /* of a feature; so that bins and "below" fit a byte */
    SEG_FOREST_GROUPS = 254,    /* of a feature's levels, with that of missing */
    SEG_FOREST_LEAVES = 256,    /* of a tree: labels are bytes */
    SEG_FOREST_DEPTH = 6,       /* of trees filled up to complete ones */
    SEG_FOREST_TREES = 256,     /* of a part: bytes added up fit 16 bits */
    SEG_FOREST_SETS = 256,      /* planes of sets at a time */
    SEG_FOREST_LIMBS = 4        /* bytes of a leaf's value, less the least of its tree */
};

/* ---- planes (forest_planes.c) ---------------------------------------------------- */

/* Rows go left whose byte in the plane (at planes + plane) is below. */
typedef struct seg_forest_test {
    uint32_t plane;
    uint32_t below;             /* the byte, four times */
} seg_forest_test;

/* Which groups of a category go left. */
typedef struct seg_forest_set {
    uint8_t left[32];           /* up to 32 groups: byte g is 255 if group g goes left, else 0;
                                   of more: bit g */
    uint32_t n_groups;
    uint32_t from;              /* the plane of the category, at planes + from */
    uint32_t to;                /* that of the set */
} seg_forest_set;

typedef struct seg_forest_column {
    uint32_t feature;
    uint32_t n_levels;          /* 0: a number */
    uint32_t n_groups;          /* category */
    uint8_t *group;             /* category: per level; missing is group 0 */
    float *cuts;                /* number: n_cuts, ascending */
    uint32_t n_cuts;
    bool turned;                /* some node sends missing right */
    uint32_t plane, turned_plane;
} seg_forest_column;

/* Of some trees: what their planes are made from. The planes of numbers come first, then those
 * of categories, both as seg_bin_tile leaves them; then turned ones, then those of sets. */
typedef struct seg_forest_planes {
    seg_forest_column *columns;
    size_t n_columns, columns_cap;
    uint32_t *column_of;        /* per feature two, as number and as category; 0: none,
                                   else 1 + its place in columns */
    seg_bin_tile_column *bins;  /* n_columns, numbers first */
    float *search;
    size_t n_numbers;
    uint32_t *turned;           /* the planes (numbers of bins) that have a turned one */
    size_t n_turned;
} seg_forest_planes;

seg_status seg_forest_planes_new(size_t n_features, seg_forest_planes **out, seg_error *err);
void seg_forest_planes_free(seg_forest_planes *planes);   /* takes null */
/* *fits is false when a feature would need more cuts or groups than there are: what was added so
 * far stays good. */
seg_status seg_forest_planes_add(seg_forest_planes *planes, const seg_tree *tree, bool *fits,
                                 seg_error *err);
seg_status seg_forest_planes_finish(seg_forest_planes *planes, seg_error *err);
/* Sets in the order in which trees need them; their planes are used in turn, so that they stay in
 * the nearest cache: that of set s is number first_plane + s % SEG_FOREST_SETS. */
typedef struct seg_forest_sets {
    seg_forest_set *sets;
    size_t n, cap;
    size_t first_plane;
} seg_forest_sets;

/* After finish. The test of an inner node; a category's set is added unless it is one of those
 * from `oldest` on. */
seg_status seg_forest_node_test(const seg_forest_planes *planes, const seg_tree *tree,
                                const seg_tree_node *node, seg_forest_sets *sets, size_t oldest,
                                seg_forest_test *out, seg_error *err);
/* The oldest set whose plane no set of the tree can take. */
size_t seg_forest_oldest_set(const seg_forest_sets *sets, const seg_tree *tree);
/* Planes without those of sets. */
static inline size_t seg_forest_plane_count(const seg_forest_planes *planes)
{
    return planes->n_columns + planes->n_turned;
}

/* SEG_E_DATA if a tree is not as tree.h says. */
seg_status seg_forest_check(const seg_tree *trees, size_t n_trees, size_t n_features,
                            seg_error *err);

/* ---- trees that give each row the label of its leaf ------------------------------- */

/* Where a node finds the labels of its sides, in the tile's slots: first come the 256 labels as
 * constants, then the nodes of the tree. */
typedef struct seg_forest_sides {
    uint32_t left, right;
} seg_forest_sides;

/* Labels of a complete tree: pair p of its leaves, from the left, has 255 - p and p. A table of 16
 * or 64 entries is asked for the low bits. */
typedef struct seg_forest_tree {
    uint8_t depth;              /* complete: 1 .. SEG_FOREST_DEPTH; 0: of any shape */
    uint8_t n_limbs;
    uint16_t n_labels;          /* 16, 64 or 256 entries */
    uint16_t n_nodes;
    uint16_t n_sets;            /* that are new with this tree */
    size_t first_test;          /* in the part's tests; complete: sides before their node */
    size_t first_sides;         /* any shape: in the part's sides; sides before their node */
    size_t first_limb;          /* byte l of the value of label j at l * n_labels + j */
} seg_forest_tree;

typedef struct seg_forest_part {
    seg_forest_tree *trees;
    size_t n_trees, trees_cap;  /* up to SEG_FOREST_TREES */
    seg_forest_test *tests;
    size_t n_tests, tests_cap;
    seg_forest_sides *sides;
    size_t n_sides, sides_cap;
    uint8_t *limbs;
    size_t n_bytes, limbs_cap;
    seg_forest_sets sets;
} seg_forest_part;

/* Bytes of the slots. */
enum { SEG_FOREST_SLOTS = (2 * SEG_FOREST_LEAVES - 1) * SEG_TILE_ROWS };

/* Trees with planes in common. */
typedef struct seg_forest_segment {
    seg_forest_planes *planes;
    seg_forest_part *parts;
    size_t n_parts, parts_cap;
} seg_forest_segment;

/* The greatest k (at most 900) with value * 2^k <= limit. */
int seg_forest_finest(double value, double limit);

/* ---- trees too large for that: from node to node (forest_walk.c) -------------------- */

typedef struct seg_forest_walk seg_forest_walk;

/* A leaf's value is rounded to multiples of 2^-exponent. */
seg_status seg_forest_walk_new(const seg_tree *tree, int exponent, seg_forest_walk **out,
                               seg_error *err);
void seg_forest_walk_free(seg_forest_walk *walk);   /* takes null */
/* Adds the values, in units, of rows first .. first + n - 1. */
void seg_forest_walk_add(const seg_forest_walk *walk, seg_matrix x, size_t first, size_t n,
                         double *units);

struct seg_forest_plan {
    size_t n_features;
    int exponent;               /* a unit is 2^-exponent */
    double error;
    double base;                /* units of all rows: least values, trees of one leaf */
    seg_forest_segment *segments;
    size_t n_segments, segments_cap;
    seg_forest_walk **walks;
    size_t n_walks, walks_cap;
};

#endif
