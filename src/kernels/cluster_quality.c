/* cluster_quality.c: Calinski-Harabasz and Davies-Bouldin. The square sums between clusters
 * are what is left of the total: exact when centroids are means, and wrong only in the second
 * order when a run was stopped before they are. */
#include "kernels/cluster_quality.h"

#include <math.h>

double seg_calinski_harabasz(const seg_cluster_spreads *s)
{
    double rows = 0, clusters = 0, within = 0;
    for (size_t j = 0; j < s->k; j++)
        if (s->count[j] > 0) {
            rows += (double)s->count[j];
            within += s->squares[j];
            clusters++;
        }
    if (clusters < 2 || clusters >= rows)
        return (double)NAN;
    if (within == 0)
        return 1;
    double between = s->total_squares > within ? s->total_squares - within : 0;
    return between * (rows - clusters) / (within * (clusters - 1));
}

static double distance_of(const seg_cluster_spreads *s, size_t i, size_t j)
{
    double sum = 0;
    for (size_t f = 0; f < s->d; f++) {
        double away = s->z[i * s->d + f] - s->z[j * s->d + f];
        sum += away * away;
    }
    return sqrt(sum);
}

/* Of cluster i with any other; centroids on the same place do not count, as there. */
static double worst_ratio(const seg_cluster_spreads *s, size_t i, double *farthest)
{
    double worst = 0;
    for (size_t j = 0; j < s->k; j++) {
        if (j == i || s->count[j] <= 0)
            continue;
        double apart = distance_of(s, i, j);
        *farthest = fmax(*farthest, apart);
        if (apart > 0)
            worst = fmax(worst, (s->distance[i] + s->distance[j]) / apart);
    }
    return worst;
}

double seg_davies_bouldin(const seg_cluster_spreads *s)
{
    static const double nothing = 1e-8;   /* numpy.allclose(x, 0) */
    double sum = 0, clusters = 0, farthest = 0, widest = 0;
    for (size_t i = 0; i < s->k; i++)
        if (s->count[i] > 0) {
            sum += worst_ratio(s, i, &farthest);
            widest = fmax(widest, s->distance[i]);
            clusters++;
        }
    if (clusters < 2)
        return (double)NAN;
    return widest <= nothing || farthest <= nothing ? 0 : sum / clusters;
}

double seg_smallest_share(const int64_t *count, size_t k)
{
    double all = 0;
    int64_t least = INT64_MAX;
    for (size_t j = 0; j < k; j++) {
        all += (double)count[j];
        least = count[j] < least ? count[j] : least;
    }
    return all > 0 ? (double)least / all : (double)NAN;
}
