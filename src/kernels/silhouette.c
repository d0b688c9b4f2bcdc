/* silhouette.c: silhouettes of rows in memory, cluster by cluster.
 *
 * Rows are put in the order of their clusters, so that the points of a cluster are
 * neighbours; distances are summed by the kernel (isa/distance_sums.c) and never stored.
 *
 * A row of weight w is w rows on one place. Of the W - 1 others of its cluster w - 1 are at
 * distance 0, and of the W - w elsewhere those that were chosen tell the mean distance:
 * a = (W - w) / (W - 1) x that mean. */
#include "kernels/silhouette.h"

#include <math.h>
#include <omp.h>
#include <stdbool.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"
#include "kernels/kernels.h"

enum { GROUP = 8, TILE = 32 };

typedef struct work {
    const seg_silhouette_rows *rows;
    size_t n, d;                  /* rows that take part */
    size_t *order;                /* n: those, by cluster */
    size_t k;                     /* clusters that have rows */
    size_t *cluster;              /* k: their numbers */
    size_t *first;                /* k + 1: places in order */
    size_t *ends;                 /* k: groups of points */
    uint64_t *chosen, *total;     /* k: weight of these rows, and of all */
    double *z, *points, *weight;  /* n x d; groups x d x 8; groups x 8 */
    double *s;                    /* n: what is sought */
    double *scratch;              /* threads x TILE x k */
    size_t *place;                /* of the rows' clusters, while sorting */
} work;

static uint64_t weight_of(const seg_silhouette_rows *rows, size_t i)
{
    return rows->weight == NULL ? 1 : rows->weight[i];
}

static bool takes_part(const seg_silhouette_rows *rows, size_t i)
{
    return rows->label[i] >= 0 && weight_of(rows, i) > 0;
}

static seg_status check(const seg_silhouette_rows *rows, seg_error *err)
{
    static const double large = 1e100;
    uint64_t all = 0;
    for (size_t i = 0; i < rows->n; i++) {
        if (!takes_part(rows, i))
            continue;
        if ((size_t)rows->label[i] >= rows->k)
            return seg_fail(err, SEG_E_DATA, "row %zu is in cluster %d of %zu", i,
                            (int)rows->label[i], rows->k);
        if (__builtin_add_overflow(all, weight_of(rows, i), &all) || all >> 63 != 0)
            return seg_fail(err, SEG_E_DATA, "the weights of the rows up to %zu pass 2^63", i);
        for (size_t f = 0; f < rows->d; f++)
            if (!(fabs(rows->z[i * rows->d + f]) <= large))
                return seg_fail(err, SEG_E_DATA, "feature %zu of row %zu is not a number below"
                                " 1e100: there is no distance to it", f, i);
    }
    return SEG_OK;
}

/* ---- rows by cluster ------------------------------------------------------------------ */

/* Clusters with rows, and where each begins. */
static seg_status find_clusters(work *w, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_silhouette_rows *rows = w->rows;
    TRY(SEG_ALLOC(&w->place, rows->k + 1, "the clusters of a silhouette", err));
    for (size_t i = 0; i < rows->n; i++)
        if (takes_part(rows, i))
            w->place[rows->label[i]]++;
    for (size_t j = 0; j < rows->k; j++)
        w->k += w->place[j] > 0;
    TRY(SEG_ALLOC(&w->cluster, w->k, "the clusters of a silhouette", err));
    TRY(SEG_ALLOC(&w->first, w->k + 1, "the clusters of a silhouette", err));
    TRY(SEG_ALLOC(&w->ends, w->k, "the clusters of a silhouette", err));
    TRY(SEG_ALLOC(&w->chosen, w->k, "the clusters of a silhouette", err));
    TRY(SEG_ALLOC(&w->total, w->k, "the clusters of a silhouette", err));
    size_t c = 0, groups = 0;
    for (size_t j = 0; j < rows->k; j++) {
        size_t n = w->place[j];
        w->place[j] = w->n;
        if (n == 0)
            continue;
        w->cluster[c] = j;
        w->n += n;
        groups += (n + GROUP - 1) / GROUP;
        w->ends[c++] = groups;
        w->first[c] = w->n;
    }
done:
    return st;
}

static seg_status sort_rows(work *w, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_silhouette_rows *rows = w->rows;
    TRY(SEG_ALLOC(&w->order, w->n, "the rows of a silhouette", err));
    TRY(SEG_ALLOC(&w->z, w->n * w->d, "the rows of a silhouette", err));
    TRY(SEG_ALLOC(&w->s, w->n, "the rows of a silhouette", err));
    for (size_t i = 0; i < rows->n; i++) {
        if (!takes_part(rows, i))
            continue;
        size_t at = w->place[rows->label[i]]++;
        w->order[at] = i;
        memcpy(w->z + at * w->d, rows->z + i * w->d, w->d * sizeof *w->z);
    }
done:
    return st;
}

/* The rows again, as points for the kernel; cells without a row repeat the first one. */
static seg_status lay_points(work *w, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t groups = w->ends[w->k - 1], d = w->d, g = 0;
    TRY(SEG_ALLOC(&w->points, groups * GROUP * d, "the points of a silhouette", err));
    TRY(SEG_ALLOC(&w->weight, groups * GROUP, "the points of a silhouette", err));
    for (size_t c = 0; c < w->k; c++)
        for (size_t first = w->first[c]; g < w->ends[c]; g++, first += GROUP)
            for (size_t l = 0; l < GROUP; l++) {
                bool there = first + l < w->first[c + 1];
                size_t at = there ? first + l : w->first[c];
                uint64_t weight = there ? weight_of(w->rows, w->order[at]) : 0;
                w->weight[g * GROUP + l] = (double)weight;
                w->chosen[c] += weight;
                for (size_t f = 0; f < d; f++)
                    w->points[(g * d + f) * GROUP + l] = w->z[at * d + f];
            }
    for (size_t c = 0; c < w->k; c++) {
        uint64_t all = w->rows->total == NULL ? 0 : w->rows->total[w->cluster[c]];
        w->total[c] = all > w->chosen[c] ? all : w->chosen[c];
    }
done:
    return st;
}

/* ---- silhouettes ---------------------------------------------------------------------- */

static double silhouette_of(const work *w, size_t at, size_t own, const double *sums)
{
    uint64_t weight = weight_of(w->rows, w->order[at]);
    uint64_t unit = w->rows->unit == 0 ? 1 : w->rows->unit, others = w->chosen[own] - weight;
    double a = 0, b = (double)INFINITY;
    if (w->total[own] <= unit || (others == 0 && w->total[own] > weight))
        return 0;                 /* alone, or nobody chosen to compare with */
    if (others > 0)
        a = sums[own] / (double)others
            * ((double)(w->total[own] - weight) / (double)(w->total[own] - unit));
    for (size_t c = 0; c < w->k; c++) {
        double away = sums[c] / (double)w->chosen[c];
        if (c != own && away < b)
            b = away;
    }
    double larger = a > b ? a : b;
    return larger > 0 ? (b - a) / larger : 0;
}

static void measure_rows(work *w, int n_threads)
{
    const seg_kernels *kernels = seg_kernels_get();
    size_t n_tiles = (w->n + TILE - 1) / TILE;
    #pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
    for (size_t t = 0; t < n_tiles; t++) {
        double *sums = w->scratch + (size_t)omp_get_thread_num() * TILE * w->k;
        size_t first = t * TILE, n = w->n - first < TILE ? w->n - first : TILE, own = 0;
        kernels->distance_sums(w->z + first * w->d, n, w->d, w->points, w->weight, w->ends,
                               w->k, sums);
        for (size_t r = 0; r < n; r++) {
            while (first + r >= w->first[own + 1])
                own++;
            w->s[first + r] = silhouette_of(w, first + r, own, sums + r * w->k);
        }
    }
}

static double mean_of(const work *w, double *clusters)
{
    double sum = 0, all = 0;
    for (size_t c = 0; c < w->k; c++) {
        double of_cluster = 0;
        for (size_t at = w->first[c]; at < w->first[c + 1]; at++)
            of_cluster += (double)weight_of(w->rows, w->order[at]) * w->s[at];
        of_cluster /= (double)w->chosen[c];
        sum += of_cluster * (double)w->total[c];
        all += (double)w->total[c];
        if (clusters != NULL)
            clusters[w->cluster[c]] = of_cluster;
    }
    return sum / all;
}

static void work_free(work *w)
{
    seg_free(w->order);
    seg_free(w->cluster);
    seg_free(w->first);
    seg_free(w->ends);
    seg_free(w->chosen);
    seg_free(w->total);
    seg_free(w->z);
    seg_free(w->points);
    seg_free(w->weight);
    seg_free(w->s);
    seg_free(w->scratch);
    seg_free(w->place);
}

static void fill_nan(double *x, size_t n)
{
    for (size_t i = 0; x != NULL && i < n; i++)
        x[i] = (double)NAN;
}

seg_status seg_silhouette_measure(const seg_silhouette_rows *rows, int n_threads, double *mean,
                                  double *clusters, double *each, seg_error *err)
{
    seg_status st = SEG_OK;
    work w = { .rows = rows, .d = rows->d };
    *mean = (double)NAN;
    fill_nan(clusters, rows->k);
    fill_nan(each, rows->n);
    TRY(check(rows, err));
    TRY(find_clusters(&w, err));
    if (w.k < 2)
        goto done;
    TRY(sort_rows(&w, err));
    TRY(lay_points(&w, err));
    TRY(SEG_ALLOC(&w.scratch, (size_t)n_threads * TILE * w.k, "sums of a silhouette", err));
    measure_rows(&w, n_threads);
    *mean = mean_of(&w, clusters);
    for (size_t at = 0; each != NULL && at < w.n; at++)
        each[w.order[at]] = w.s[at];

done:
    work_free(&w);
    return st;
}
