/* kmeans_result.c: what a k-means training leaves: the model and its figures. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "models/kmeans_trainer.h"

/* Weights in the data's own units. */
static double weight_of(const seg_kmeans_trainer *t, int64_t units)
{
    return (double)units / t->weights.unit;
}

static void fill_model(const seg_kmeans_trainer *t, seg_kmeans_model *m)
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
}

/* ---- numbers, profile, names -------------------------------------------------------------- */

/* Of few rows all are looked at, of a sample a part: figures of so many are good to about a
 * percent, and the profile takes more memory for a row than the training. */
static size_t rows_to_profile(size_t width)
{
    enum { MOST = 16384, FEWEST = 4096, FLOATS = 1 << 19 };
    size_t rows = FLOATS / (width > 0 ? width : 1);
    return rows > MOST ? MOST : rows < FEWEST ? FEWEST : rows;
}

/* By the final centroids and their final numbers. */
static seg_status label_rows(const seg_kmeans_trainer *t, seg_matrix rows, int32_t *label,
                             seg_error *err)
{
    seg_kmeans_rows out = { .label = label };
    seg_status st = seg_kmeans_assign(&t->space.scale, &t->fit->centres, rows, NULL, 0,
                                      t->n_threads, &out, NULL, err);
    for (size_t r = 0; st == SEG_OK && t->previous != NULL && r < rows.n_rows; r++)
        label[r] = t->previous->number[label[r]];
    return st;
}

static seg_status make_profile(const seg_kmeans_trainer *t, seg_kmeans_model *m, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_kmeans_sample *s = &t->sample;
    int32_t *label = NULL;
    uint64_t *weight = NULL;
    seg_matrix rows = seg_kmeans_sample_rows(s);
    TRY(SEG_ALLOC(&label, rows.n_rows, "the labels", err));
    TRY(label_rows(t, rows, label, err));
    if (s->weight != NULL)
        TRY(SEG_ALLOC(&weight, rows.n_rows, "the weights", err));
    for (size_t r = 0; weight != NULL && r < rows.n_rows; r++)
        weight[r] = s->weight[r];
    seg_kmeans_profile_input input = { .ctx = t->input.ctx, .schema = t->input.schema,
                                       .x = rows, .labels = label, .weights = weight,
                                       .k = m->k };
    TRY(seg_kmeans_profile_make(&input, &m->profile, err));

done:
    seg_free(label);
    seg_free(weight);
    return st;
}

/* Numbers first, because everything else goes by them. */
static seg_status name_segments(seg_kmeans_trainer *t, const seg_schema *schema,
                                seg_kmeans_model *m, seg_error *err)
{
    seg_status st = SEG_OK;
    if (t->previous != NULL) {
        TRY(seg_kmeans_previous_match(t->previous, m, t->stayed, err));
        TRY(seg_kmeans_permute(m, t->previous, err));
    }
    seg_kmeans_fit_forget(t->fit);
    if (!t->sample.all)
        seg_kmeans_sample_thin(&t->sample, rows_to_profile(t->sample.width));
    TRY(make_profile(t, m, err));
    TRY(seg_kmeans_name_segments(m, schema, err));
    if (t->names != NULL)
        TRY(seg_kmeans_names_apply(t->names, m, err));

done:
    return st;
}

static void warn(const seg_kmeans_trainer *t)
{
    size_t n = t->dissolved;
    if (t->fit->reason == SEG_FIT_DEADLINE)
        seg_note(t->input.ctx, SEG_LEVEL_WARN, "--deadline %s: the time is up after pass %u; the"
                 " segments are the best so far", t->options->deadline, t->fit->iteration);
    if (n > 0)
        seg_note(t->input.ctx, SEG_LEVEL_WARN, "%zu segment%s too small and %s dissolved: %zu %s"
                 " left", n, n == 1 ? " was" : "s were", n == 1 ? "was" : "were", t->fit->k,
                 t->fit->k == 1 ? "is" : "are");
}

/* ---- figures ------------------------------------------------------------------------------ */

/* What the columns of the centroids are, where they are not plainly those of the data. */
static seg_status put_features(const seg_kmeans_trainer *t, seg_node *figures, seg_error *err)
{
    if (t->level == NULL)
        return SEG_OK;
    seg_put_real(figures, "gamma", t->gamma);
    return seg_kmeans_put_names(t->input.schema, t->columns, t->level, t->d,
                                seg_put_array(figures, "features"), err);
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
        seg_kmeans_profile_put(m->profile, j, false, row);
    }
    seg_kmeans_rules_put(m->profile, figures);
}

static seg_status put_figures(const seg_kmeans_trainer *t, const seg_kmeans_model *m,
                              seg_node *figures, seg_error *err)
{
    static const char *const reasons[] = {
        [SEG_FIT_SETTLED] = "nothing moves", [SEG_FIT_TOLERANCE] = "tolerance",
        [SEG_FIT_MOST_PASSES] = "max-iter", [SEG_FIT_DEADLINE] = "deadline",
    };
    const seg_kmeans_figures *s = &t->figures;
    int64_t count = 0;
    for (size_t j = 0; j < s->k; j++)
        count += s->count[j];
    seg_put_int(figures, "rows", (int64_t)t->input.n_rows);
    seg_put_int(figures, "k", (int64_t)m->k);
    seg_put_real(figures, "inertia", seg_kmeans_inertia(s) / t->weights.unit);
    seg_put_real(figures, "silhouette", (double)s->silhouette / s->silhouette_quantum
                                        / (double)count);
    seg_put_int(figures, "iterations", t->fit->iteration);
    seg_put_text(figures, "stopped", reasons[t->fit->reason]);
    if (t->options->min_size != NULL)
        seg_put_int(figures, "dissolved", (int64_t)t->dissolved);
    seg_status st = put_features(t, figures, err);
    put_segments(m, weight_of(t, count), figures);
    for (size_t i = 0; i < seg_node_count(seg_doc_root(t->scan)); i++) {
        const seg_node *part = seg_node_at(seg_doc_root(t->scan), i);
        seg_put_node(figures, seg_node_name(part), part);
    }
    return st;
}

seg_status seg_kmeans_result(seg_kmeans_trainer *t, seg_model *model, seg_node *figures,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_model *m = NULL;
    if (t->fit->n_bounded > 0)
        seg_note(t->input.ctx, SEG_LEVEL_INFO, "bounds passed over rows in %u of %u passes",
                 t->fit->n_bounded, t->fit->iteration);
    TRY(seg_schema_copy(&t->schema->view, &model->schema, err));
    TRY(seg_kmeans_model_new(t->fit->k, t->d, &m, err));
    TRY(seg_kmeans_model_expand(m, &model->schema->view, err));
    fill_model(t, m);
    TRY(name_segments(t, &model->schema->view, m, err));
    TRY(put_figures(t, m, figures, err));
    warn(t);
    if (t->previous != NULL)
        TRY(seg_kmeans_previous_put(t->previous, m, figures, err));
    TRY(seg_doc_status(t->scan, err));
    model->state = m;
    m = NULL;

done:
    seg_kmeans_model_free(m);
    return st;
}
