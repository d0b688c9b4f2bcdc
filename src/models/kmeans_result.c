/* kmeans_result.c: what a k-means training leaves: the model and its figures. */
#include <math.h>
#include <string.h>

#include "base/try.h"
#include "models/kmeans_trainer.h"

static double inertia_of(const seg_kmeans_figures *s)
{
    int64_t sum = 0;
    for (size_t j = 0; j < s->k; j++)
        sum += s->spread[j];
    return (double)sum / s->dist_quantum;
}

/* Weights in the data's own units. */
static double weight_of(const seg_kmeans_trainer *t, int64_t units)
{
    return (double)units / t->weights.unit;
}

static seg_status fill_model(const seg_kmeans_trainer *t, seg_kmeans_model *m)
{
    const seg_kmeans_figures *s = &t->figures;
    memcpy(m->z, t->fit->z, m->k * m->d * sizeof *m->z);
    memcpy(m->shift, t->shift, m->d * sizeof *m->shift);
    memcpy(m->inverse, t->inverse, m->d * sizeof *m->inverse);
    m->log1p = t->space.scale.log1p;
    for (size_t j = 0; j < m->k; j++) {
        double n = s->count[j] > 0 ? (double)s->count[j] : 1;
        m->size[j] = (int64_t)nearbyint(weight_of(t, s->count[j]));
        m->spread[j] = (double)s->spread[j] / s->dist_quantum / n;
    }
    seg_kmeans_centres_set(&m->centres, m->z, m->k);
    return SEG_OK;
}

static void put_segments(const seg_kmeans_model *m, double rows, seg_node *figures)
{
    seg_node *sizes = seg_put_array(figures, "sizes");
    for (size_t j = 0; j < m->k; j++)
        seg_put_int(sizes, NULL, m->size[j]);
    seg_node *centroids = seg_put_array(figures, "centroids");
    for (size_t j = 0; j < m->k; j++) {
        seg_node *row = seg_put_array(centroids, NULL);
        for (size_t f = 0; f < m->d; f++)
            seg_put_real(row, NULL, seg_kmeans_centroid(m, j, f));
    }
    seg_node *segments = seg_put_array(figures, "segments");
    for (size_t j = 0; j < m->k; j++) {
        seg_node *row = seg_put_object(segments, NULL);
        seg_put_int(row, "segment", (int64_t)j);
        seg_put_text(row, "segment_name", m->names[j]);
        seg_put_int(row, "rows", m->size[j]);
        seg_put_real(row, "share", (double)m->size[j] / rows);
    }
}

static void put_figures(const seg_kmeans_trainer *t, const seg_kmeans_model *m,
                        seg_node *figures)
{
    static const char *const reasons[] = {
        [SEG_FIT_SETTLED] = "nothing moves", [SEG_FIT_TOLERANCE] = "tolerance",
        [SEG_FIT_MOST_PASSES] = "max-iter",
    };
    const seg_kmeans_figures *s = &t->figures;
    int64_t count = 0;
    for (size_t j = 0; j < s->k; j++)
        count += s->count[j];
    seg_put_int(figures, "rows", (int64_t)t->input.n_rows);
    seg_put_int(figures, "k", (int64_t)m->k);
    seg_put_real(figures, "inertia", inertia_of(s) / t->weights.unit);
    seg_put_real(figures, "silhouette", (double)s->silhouette / s->silhouette_quantum
                                        / (double)count);
    seg_put_int(figures, "iterations", t->fit->iteration);
    seg_put_text(figures, "stopped", reasons[t->fit->reason]);
    put_segments(m, weight_of(t, count), figures);
    if (t->scan_rows != NULL && seg_node_count(t->scan_rows) > 0)
        seg_put_node(figures, "scan", t->scan_rows);
}

seg_status seg_kmeans_result(seg_kmeans_trainer *t, seg_model *model, seg_node *figures,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_model *m = NULL;
    TRY(seg_schema_new(SEG_KIND_FEATURES, &model->schema, err));
    for (size_t f = 0; f < t->d; f++)
        TRY(seg_schema_add_feature(model->schema, &t->input.schema->features[t->columns[f]],
                                   err));
    TRY(seg_kmeans_model_new(t->fit->k, t->d, &m, err));
    TRY(fill_model(t, m));
    TRY(seg_kmeans_name_segments(m, &model->schema->view, err));
    put_figures(t, m, figures);
    TRY(seg_doc_status(t->scan, err));
    model->state = m;
    m = NULL;

done:
    seg_kmeans_model_free(m);
    return st;
}
