/* kmeans_plain.h: cases for k-means, and every pass of Lloyd's algorithm over one of them by
 * plain loops in float64 that add the fixed-point sums of src/kernels/kmeans.h. */
#ifndef TESTS_SUPPORT_KMEANS_PLAIN_H
#define TESTS_SUPPORT_KMEANS_PLAIN_H

#include "models/kmeans_fit.h"

enum { PLAIN_N = 20000, PLAIN_D = 128, PLAIN_K = 300, PLAIN_WIDTH = 130, PLAIN_PASSES = 30 };

typedef enum plain_cloth {
    CLOUDS,          /* overlapping clouds */
    WILD,            /* clouds; columns have offsets to 1e6 and scales from 1e-6 to 1e6 */
    TAILS,           /* visits and money: whole numbers, heavy tails */
    REPEATED,        /* few different rows */
    GRID,            /* small whole numbers: ties everywhere */
    OUTLIER          /* clouds, and one row a million times as far out */
} plain_cloth;

typedef enum plain_start {
    ROWS,            /* rows */
    HALVES,          /* points half way between those of the grid */
    MIRRORED,        /* every second one mirrors the one before about a row */
    TWINS            /* every third one repeats the one before or lies far away: it stays empty */
} plain_start;

typedef struct plain_case {
    const char *name;
    size_t n, d, k;
    plain_cloth cloth;
    plain_start start;
    double missing;  /* share */
    bool log1p, apart, weighted;
    int bits;        /* of the fractions of the sums; 0: as many as there is room for */
    size_t levels;   /* the last features: levels of two categories */
} plain_case;

typedef struct plain_pass {
    double *centre;                       /* k x d: what the rows were assigned to */
    int32_t *label, *second;
    double *dist2, *second_dist2;
    int64_t *sum, *count;
    long double inertia;
    bool empty;
} plain_pass;

/* The case at hand: rows, what they are scaled, and the passes. */
extern const plain_case *plain_now;
extern float plain_x[PLAIN_N * PLAIN_WIDTH];
extern uint32_t plain_weight[PLAIN_N];
extern double plain_z[PLAIN_N * PLAIN_D];          /* n x d, dense */
extern seg_kmeans_space plain_space;
extern plain_pass plain_passes[PLAIN_PASSES];
extern size_t plain_n_passes;
extern bool plain_settled;                         /* the last one moved nothing */

/* Make the rows and walk the passes; until the next call. */
void plain_make(const plain_case *c);
void plain_start_centres(double *centre);          /* k x d */
/* The farthest row of each cluster, the first of equals; SIZE_MAX if it has none. */
size_t plain_farthest(const plain_pass *p, size_t j);
bool plain_equal(const double *a, const double *b, size_t n);

#endif
