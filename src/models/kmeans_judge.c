/* kmeans_judge.c: figures of one clustering of the rows in memory. */
#include "models/kmeans_judge.h"

#include <math.h>
#include "base/alloc.h"
#include "base/try.h"
#include "kernels/cluster_quality.h"
#include "kernels/kmeans_scaler.h"
#include "kernels/silhouette.h"

enum { SILHOUETTE_STREAM = 0x511 };

static seg_status wide_weights(const seg_kmeans_judging *j, uint64_t **out, seg_error *err)
{
    *out = NULL;
    if (j->weight == NULL)
        return SEG_OK;
    seg_status st = SEG_ALLOC(out, j->rows.n_rows, "the weights", err);
    for (size_t r = 0; st == SEG_OK && r < j->rows.n_rows; r++)
        (*out)[r] = j->weight[r];
    return st;
}

static void scale_rows(const seg_kmeans_judging *j, const size_t *row, size_t n, double *z)
{
    seg_kmeans_scaler scaler = seg_kmeans_scaler_of(&j->space->scale);
    for (size_t i = 0; i < n; i++)
        seg_kmeans_scale_row(&scaler, j->rows.x + row[i] * j->rows.stride,
                             z + i * j->space->scale.d);
}

/* Rousseeuw's silhouette, of some rows of every cluster. */
static seg_status measure_silhouette(const seg_kmeans_judging *j, double *mean, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t d = j->space->scale.d;
    uint64_t *weight = NULL, *of_chosen = NULL;
    int32_t *label = NULL;
    double *z = NULL;
    seg_silhouette_sample chosen = { 0 };
    TRY(wide_weights(j, &weight, err));
    TRY(seg_silhouette_choose(j->label, weight, j->rows.n_rows, j->k, SEG_SILHOUETTE_ROWS,
                              j->ctx->seed, SILHOUETTE_STREAM, &chosen, err));
    TRY(SEG_ALLOC(&z, chosen.n * d, "the rows of the silhouette", err));
    TRY(SEG_ALLOC(&label, chosen.n, "the rows of the silhouette", err));
    TRY(SEG_ALLOC(&of_chosen, chosen.n, "the rows of the silhouette", err));
    scale_rows(j, chosen.row, chosen.n, z);
    for (size_t i = 0; i < chosen.n; i++) {
        label[i] = j->label[chosen.row[i]];
        of_chosen[i] = weight == NULL ? 1 : weight[chosen.row[i]];
    }
    seg_silhouette_rows rows = { .n = chosen.n, .d = d, .k = j->k, .z = z, .label = label,
                                 .weight = of_chosen, .total = chosen.total };
    TRY(seg_silhouette_measure(&rows, j->space->n_threads, mean, NULL, NULL, err));

done:
    seg_free(weight);
    seg_free(of_chosen);
    seg_free(label);
    seg_free(z);
    seg_silhouette_sample_free(&chosen);
    return st;
}

static seg_status measure_spreads(const seg_kmeans_judging *j, seg_kmeans_scan_row *row,
                                  seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_kmeans_figures *s = j->figures;
    size_t d = j->space->scale.d;
    double *squares = NULL, *distance = NULL, n = 0;
    TRY(SEG_ALLOC(&squares, j->k, "the spreads", err));
    TRY(SEG_ALLOC(&distance, j->k, "the spreads", err));
    for (size_t c = 0; c < j->k; c++) {
        double count = (double)s->count[c];
        squares[c] = (double)s->spread[c] / s->dist_quantum;
        distance[c] = count > 0 ? (double)s->distance[c] / s->distance_quantum / count : 0;
        n += count;
    }
    /* about their mean, from those about 0; the mean is that of the centroids */
    double total = j->space->total_square;
    for (size_t f = 0; f < d; f++) {
        double sum = 0;
        for (size_t c = 0; c < j->k; c++)
            sum += (double)s->count[c] * j->z[c * d + f];
        total -= sum * sum / n;
    }
    seg_cluster_spreads spreads = { .k = j->k, .d = d, .z = j->z, .count = s->count,
                                    .squares = squares, .distance = distance,
                                    .total_squares = total };
    row->inertia = seg_kmeans_inertia(s);
    row->simplified = (double)s->silhouette / s->silhouette_quantum / n;
    row->calinski_harabasz = seg_calinski_harabasz(&spreads);
    row->davies_bouldin = seg_davies_bouldin(&spreads);
    row->smallest_share = seg_smallest_share(s->count, j->k);

done:
    seg_free(squares);
    seg_free(distance);
    return st;
}

seg_status seg_kmeans_judge(const seg_kmeans_judging *judging, seg_kmeans_scan_row *row,
                            seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(measure_spreads(judging, row, err));
    if (judging->k > 1)
        TRY(measure_silhouette(judging, &row->silhouette, err));
    if (judging->k > 1 && judging->resamples > 0)
        TRY(seg_kmeans_judge_stability(judging, row, err));

done:
    return st;
}
