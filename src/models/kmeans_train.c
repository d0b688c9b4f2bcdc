/* kmeans_train.c: k-means in the pass contract; the phases stand in kmeans_trainer.h. */
#include "models/kmeans_trainer.h"

#include <math.h>
#include "base/try.h"

/* ---- the pass contract ------------------------------------------------------------------ */

seg_status seg_kmeans_pass_begin(void *trainer_, bool *more, seg_error *err)
{
    (void)err;
    seg_kmeans_trainer *t = trainer_;
    *more = t->phase != DONE;
    if (t->phase == DRAW)
        seg_kmeans_begin_draw(t);
    if (t->phase == LLOYD || t->phase == FINAL)
        seg_kmeans_sums_clear(&t->sums);
    return SEG_OK;
}

static seg_status add_stats(seg_kmeans_trainer *t, const seg_block *block, seg_error *err)
{
    for (size_t f = 0; t->rows_seen == 0 && f < t->d; f++) {
        double first = (double)block->x.x[t->columns[f]];
        t->stats.origin[f] = isfinite(first) ? first : 0;
        if (t->scale.log1p)
            t->stats.origin[f] = 0;
    }
    t->rows_seen += block->n_rows;
    seg_column_stats_add(&t->stats, t->columns, t->scale.log1p, block->x, block->first_row,
                         t->n_threads);
    if (t->options->scale != SEG_SCALE_ROBUST)
        return SEG_OK;
    return seg_quantile_sample_add(&t->sample, t->columns, block->x, block->first_row, err);
}

seg_status seg_kmeans_pass_add(void *trainer_, const seg_block *block, seg_error *err)
{
    seg_kmeans_trainer *t = trainer_;
    static const seg_kmeans_weight weights[] = {
        [START_GREEDY] = SEG_KMEANS_DISTANCE, [START_RANDOM] = SEG_KMEANS_UNIFORM,
        [START_FARTHEST] = SEG_KMEANS_FARTHEST, [START_GIVEN] = SEG_KMEANS_UNIFORM,
    };
    switch (t->phase) {
    case STATS:
        return add_stats(t, block, err);
    case DRAW:
        return seg_kmeans_race(&t->scale, &t->centres,
                               t->k == 0 ? SEG_KMEANS_UNIFORM : weights[t->start],
                               t->input.ctx->seed, t->draws, block->x, block->first_row,
                               t->n_threads, t->winners, t->n_candidates, err);
    case CHOOSE:
        return seg_kmeans_potential(&t->scale, &t->centres, t->n_candidates, t->dist_quantum,
                                    block->x, t->n_threads, t->potential, err);
    case LLOYD:
    case FINAL:
        return seg_kmeans_assign(&t->scale, &t->centres, block->x, block->first_row,
                                 t->n_threads, NULL, &t->sums, err);
    case DONE:
        break;
    }
    return seg_fail(err, SEG_E_IO, "a block came after the last pass");
}

static seg_status end_phase(seg_kmeans_trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    switch (t->phase) {
    case STATS:
        if (t->options->scale == SEG_SCALE_ROBUST)
            TRY(seg_quantile_sample_sort(&t->sample, err));
        TRY(seg_kmeans_end_stats(t, err));
        return seg_kmeans_begin_run(t, err);
    case DRAW:   return seg_kmeans_end_draw(t, err);
    case CHOOSE: return seg_kmeans_end_choose(t, err);
    case FINAL:  return seg_kmeans_end_run(t, err);
    case LLOYD:  seg_kmeans_end_lloyd(t); break;
    case DONE:   break;
    }
done:
    return st;
}

seg_status seg_kmeans_pass_end(void *trainer_, seg_error *err)
{
    return end_phase(trainer_, err);
}

/* ---- the result --------------------------------------------------------------------------- */

static void put_segments(const seg_kmeans_model *m, int64_t rows, seg_node *figures)
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
        seg_put_real(row, "share", (double)m->size[j] / (double)rows);
    }
}

seg_status seg_kmeans_train_end(void *trainer_, seg_model *model, seg_node *figures,
                                seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_trainer *t = trainer_;
    TRY(seg_schema_new(SEG_KIND_FEATURES, &model->schema, err));
    for (size_t f = 0; f < t->d; f++)
        TRY(seg_schema_add_feature(model->schema,
                                   &t->input.schema->features[t->columns[f]], err));
    TRY(seg_kmeans_name_segments(t->best, &model->schema->view, err));

    seg_put_int(figures, "rows", (int64_t)t->input.n_rows);
    seg_put_int(figures, "k", (int64_t)t->best->k);
    seg_put_real(figures, "inertia", t->best_inertia);
    seg_put_real(figures, "silhouette", t->best_silhouette);
    seg_put_int(figures, "iterations", t->best_iterations);
    put_segments(t->best, (int64_t)t->input.n_rows, figures);
    seg_put_node(figures, "scan", t->scan_rows);
    TRY(seg_doc_status(t->scan, err));
    model->state = t->best;
    t->best = NULL;
done:
    return st;
}
