/* kmeans_evaluate.c: how well the segments of a model fit any data: the same figures as of a
 * scan over k, and what the training found about the number of segments. Sums go per chunk
 * of rows in float64 into lanes that are added in order; silhouettes are those of a sample
 * of rows. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "base/try.h"
#include "kernels/cluster_quality.h"
#include "kernels/kmeans_scaler.h"
#include "kernels/silhouette.h"
#include "models/kmeans.h"

enum { LANES = 32, SAMPLE_ROWS = 16384, SAMPLE_STREAM = 0xe7a1 };

typedef struct evaluation {
    const seg_model *model;
    const seg_kmeans_model *m;
    seg_kmeans_scaler scaler;
    const seg_context *ctx;
    uint64_t n_rows, rows, outliers;
    int64_t *size;             /* k */
    size_t width;              /* of a lane */
    double *lanes;             /* LANES x width: k squared distances, k distances, d sums of z,
                                  the sum of |z|^2, the simplified silhouette */
    double *chunk;             /* width */
    /* a sample for the silhouette */
    size_t n, cap, label_cap;
    double *z;                 /* n x d */
    int32_t *label;
} evaluation;

void seg_kmeans_evaluate_free(void *ev)
{
    evaluation *e = ev;
    if (e == NULL)
        return;
    seg_free(e->size);
    seg_free(e->lanes);
    seg_free(e->chunk);
    seg_free(e->z);
    seg_free(e->label);
    seg_free(e);
}

seg_status seg_kmeans_evaluate_begin(const seg_model *model, const seg_train_input *input,
                                     void **ev, seg_error *err)
{
    seg_status st = SEG_OK;
    evaluation *e = NULL;
    *ev = NULL;
    TRY(SEG_ALLOC(&e, 1, "an evaluation", err));
    e->model = model;
    e->m = model->state;
    e->scaler = seg_kmeans_scaler_of(&(seg_kmeans_scale){
        .d = e->m->d, .columns = e->m->columns, .level = e->m->level, .shift = e->m->shift,
        .inverse = e->m->inverse, .log1p = e->m->log1p });
    e->ctx = input->ctx;
    e->n_rows = input->n_rows;
    e->width = 2 * e->m->k + e->m->d + 2;
    TRY(SEG_ALLOC(&e->size, e->m->k, "the sizes", err));
    TRY(SEG_ALLOC(&e->lanes, LANES * e->width, "the inertia", err));
    TRY(SEG_ALLOC(&e->chunk, e->width, "the inertia", err));
    *ev = e;
    e = NULL;
done:
    seg_kmeans_evaluate_free(e);
    return st;
}

/* ---- rows ---------------------------------------------------------------------------------- */

static bool is_sampled(const evaluation *e, uint64_t row)
{
    seg_rng rng = { e->ctx == NULL ? 1 : e->ctx->seed, SAMPLE_STREAM };
    return e->n_rows <= SAMPLE_ROWS || seg_rng_below(rng, row, e->n_rows) < SAMPLE_ROWS;
}

static seg_status add_row(evaluation *e, const seg_block *in, const seg_block *scored, size_t i,
                          double *z, seg_error *err)
{
    size_t k = e->m->k, d = e->m->d;
    size_t j = (size_t)((const int64_t *)scored->columns[SEG_KMEANS_SEGMENT])[i];
    double distance = ((const double *)scored->columns[SEG_KMEANS_DISTANCE])[i];
    double margin = ((const double *)scored->columns[SEG_KMEANS_MARGIN])[i];
    double *sums = e->chunk + 2 * k;
    seg_kmeans_scale_row(&e->scaler, in->x.x + i * in->x.stride, z);
    e->size[j]++;
    e->outliers += ((const int64_t *)scored->columns[SEG_KMEANS_OUTLIER])[i] != 0;
    e->chunk[j] += distance * distance;
    e->chunk[k + j] += distance;
    for (size_t f = 0; f < d; f++) {
        sums[f] += z[f];
        sums[d] += z[f] * z[f];
    }
    sums[d + 1] += isnan(margin) ? 0 : margin;   /* 1 - a / b: the simplified silhouette */
    if (!is_sampled(e, in->first_row + i))
        return SEG_OK;
    seg_status st = SEG_GROW(&e->z, &e->cap, (e->n + 1) * d, "the sample of rows", err);
    if (st == SEG_OK)
        st = SEG_GROW(&e->label, &e->label_cap, e->n + 1, "the sample of rows", err);
    if (st != SEG_OK)
        return st;
    memcpy(e->z + e->n * d, z, d * sizeof *z);
    e->label[e->n++] = (int32_t)j;
    return SEG_OK;
}

seg_status seg_kmeans_evaluate_add(void *ev, const seg_block *in, const seg_block *scored,
                                   seg_error *err)
{
    seg_status st = SEG_OK;
    evaluation *e = ev;
    double *z = NULL;
    TRY(SEG_ALLOC(&z, e->m->d, "a row", err));
    for (size_t first = 0; first < in->n_rows; first += SEG_CHUNK_ROWS) {
        double *lane = e->lanes + (in->first_row + first) / SEG_CHUNK_ROWS % LANES * e->width;
        memset(e->chunk, 0, e->width * sizeof *e->chunk);
        for (size_t i = first; i < in->n_rows && i < first + SEG_CHUNK_ROWS; i++)
            TRY(add_row(e, in, scored, i, z, err));
        for (size_t w = 0; w < e->width; w++)
            lane[w] += e->chunk[w];
    }
    e->rows += in->n_rows;

done:
    seg_free(z);
    return st;
}

/* ---- figures --------------------------------------------------------------------------------- */

static seg_status measure_silhouette(const evaluation *e, double *mean, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t d = e->m->d;
    seg_silhouette_sample chosen = { 0 };
    double *z = NULL;
    int32_t *label = NULL;
    TRY(seg_silhouette_choose(e->label, NULL, e->n, e->m->k, SEG_SILHOUETTE_ROWS,
                              e->ctx == NULL ? 1 : e->ctx->seed, SAMPLE_STREAM, &chosen, err));
    TRY(SEG_ALLOC(&z, chosen.n * d, "the rows of the silhouette", err));
    TRY(SEG_ALLOC(&label, chosen.n, "the rows of the silhouette", err));
    for (size_t i = 0; i < chosen.n; i++) {
        memcpy(z + i * d, e->z + chosen.row[i] * d, d * sizeof *z);
        label[i] = e->label[chosen.row[i]];
    }
    seg_silhouette_rows rows = { .n = chosen.n, .d = d, .k = e->m->k, .z = z, .label = label,
                                 .total = chosen.total };
    TRY(seg_silhouette_measure(&rows, 1, mean, NULL, NULL, err));

done:
    seg_free(z);
    seg_free(label);
    seg_silhouette_sample_free(&chosen);
    return st;
}

static void put_quality(const evaluation *e, const double *total, double silhouette,
                        seg_node *figures)
{
    size_t k = e->m->k, d = e->m->d;
    double n = (double)e->rows, inertia = 0, squares = total[2 * k + d];
    for (size_t j = 0; j < k; j++)
        inertia += total[j];
    for (size_t f = 0; f < d; f++)
        squares -= total[2 * k + f] * total[2 * k + f] / (n > 0 ? n : 1);
    seg_cluster_spreads spreads = { .k = k, .d = d, .z = e->m->z, .count = e->size,
                                    .squares = total, .distance = total + k,
                                    .total_squares = squares };
    seg_put_real(figures, "inertia", inertia);
    seg_put_real(figures, "silhouette", silhouette);
    seg_put_real(figures, "simplified", n > 0 ? total[2 * k + d + 1] / n : (double)NAN);
    seg_put_real(figures, "calinski_harabasz", seg_calinski_harabasz(&spreads));
    seg_put_real(figures, "davies_bouldin", seg_davies_bouldin(&spreads));
    seg_put_real(figures, "smallest_share", seg_smallest_share(e->size, k));
    seg_put_int(figures, "outliers", (int64_t)e->outliers);
}

static void put_segments(const evaluation *e, const double *total, seg_node *figures)
{
    seg_node *segments = seg_put_array(figures, "segments");
    for (size_t j = 0; j < e->m->k; j++) {
        seg_node *row = seg_put_object(segments, NULL);
        seg_put_int(row, "segment", (int64_t)j);
        seg_put_text(row, "segment_name", e->m->names[j]);
        seg_put_int(row, "rows", e->size[j]);
        seg_put_real(row, "share", e->rows > 0 ? (double)e->size[j] / (double)e->rows : 0);
        seg_put_real(row, "mean_distance", e->size[j] > 0 ? total[e->m->k + j] : (double)NAN);
    }
}

/* What the training found about the number of segments. */
static void put_scan(const evaluation *e, seg_node *figures)
{
    const seg_node *scan = seg_node_get(seg_doc_root(e->model->info), "figures.scan");
    if (scan == NULL || seg_node_count(scan) < 2)
        return;
    seg_put_text(figures, "suggestion",
                 seg_node_text(seg_node_get(seg_doc_root(e->model->info), "figures.suggestion"),
                               NULL));
    seg_put_node(figures, "scan", scan);
}

seg_status seg_kmeans_evaluate_end(void *ev, seg_node *figures, seg_error *err)
{
    seg_status st = SEG_OK;
    evaluation *e = ev;
    double *total = e->chunk, silhouette = (double)NAN;
    memset(total, 0, e->width * sizeof *total);
    for (size_t lane = 0; lane < LANES; lane++)
        for (size_t w = 0; w < e->width; w++)
            total[w] += e->lanes[lane * e->width + w];
    if (e->m->k > 1 && e->n > 0)
        TRY(measure_silhouette(e, &silhouette, err));
    seg_put_int(figures, "rows", (int64_t)e->rows);
    seg_put_int(figures, "k", (int64_t)e->m->k);
    for (size_t j = 0; j < e->m->k; j++)   /* distances are told as means */
        total[e->m->k + j] /= e->size[j] > 0 ? (double)e->size[j] : 1;
    put_quality(e, total, silhouette, figures);
    put_segments(e, total, figures);
    put_scan(e, figures);

done:
    return st;
}
