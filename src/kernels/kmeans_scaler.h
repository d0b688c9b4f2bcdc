/* kmeans_scaler.h: rows scaled in float64 one by one, as everything that is exact sees them. */
#ifndef SEGMILL_KERNELS_KMEANS_SCALER_H
#define SEGMILL_KERNELS_KMEANS_SCALER_H

#include "kernels/kernels.h"
#include "kernels/kmeans.h"

/* Made once for many rows. The scale stays where it is. */
typedef struct seg_kmeans_scaler {
    seg_move_plan plan;
    seg_kmeans_scale_row_fn *scale_row;
} seg_kmeans_scaler;

seg_kmeans_scaler seg_kmeans_scaler_of(const seg_kmeans_scale *scale);

/* x: a row of the matrix; z: d values. */
static inline void seg_kmeans_scale_row(const seg_kmeans_scaler *scaler, const float *x,
                                        double *z)
{
    scaler->scale_row(&scaler->plan, x, z);
}

#endif
