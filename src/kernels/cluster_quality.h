/* cluster_quality.h: figures of a clustering that follow from its centroids, sizes and
 * spreads alone. They are those of scikit-learn's calinski_harabasz_score and
 * davies_bouldin_score, for clusters whose centroids are the means of their rows. */
#ifndef SEGMILL_KERNELS_CLUSTER_QUALITY_H
#define SEGMILL_KERNELS_CLUSTER_QUALITY_H

#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

/* Weighted rows count by their weight. A cluster without rows takes no part. */
typedef struct seg_cluster_spreads {
    size_t k, d;
    const double *z;          /* k x d centroids, scaled units */
    const int64_t *count;     /* k: rows */
    const double *squares;    /* k: sum of squared distances to the own centroid */
    const double *distance;   /* k: mean distance to the own centroid */
    double total_squares;     /* of all rows about their mean */
} seg_cluster_spreads;

/* Variance between over variance within, each by its degrees of freedom: the larger the
 * better. 1 when every row lies on its centroid; NaN unless 2 <= clusters < rows.
 * T. Calinski, J. Harabasz, Communications in Statistics 3 (1974) 1-27. */
double seg_calinski_harabasz(const seg_cluster_spreads *s);

/* Mean over the clusters of the worst (spread + spread) / distance to another: the smaller
 * the better. 0 when all clusters are points or lie on one point; NaN below two clusters.
 * O(k^2 d). D. Davies, D. Bouldin, IEEE PAMI 1 (1979) 224-227. */
double seg_davies_bouldin(const seg_cluster_spreads *s);

/* Rows of the smallest cluster as a share of all; NaN without rows. */
double seg_smallest_share(const int64_t *count, size_t k);

#endif
