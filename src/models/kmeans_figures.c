/* kmeans_figures.c: the last pass of a training, with the centroids that stay. */
#include "base/alloc.h"
#include "base/try.h"
#include "models/kmeans_trainer.h"

seg_status seg_kmeans_begin_figures(seg_kmeans_trainer *t, seg_kmeans_phase phase,
                                    seg_error *err)
{
    t->phase = phase;
    seg_kmeans_figures_free(&t->figures);
    seg_free(t->stayed);
    t->stayed = NULL;
    seg_status st = seg_kmeans_figures_new(t->fit->k, t->d, t->space.dist_quantum, &t->figures, err);
    if (st == SEG_OK && phase == FINAL && t->previous != NULL)
        st = SEG_ALLOC(&t->stayed, t->previous->old->k * t->fit->k, "the migration", err);
    return st;
}

/* By the last model. */
static seg_status label_then(seg_kmeans_trainer *t, seg_matrix rows, seg_error *err)
{
    const seg_kmeans_model *old = t->previous->old;
    seg_kmeans_scale scale = { .d = old->d, .columns = t->previous->columns,
                               .level = t->previous->level, .shift = old->shift, .inverse = old->inverse,
                               .log1p = old->log1p };
    seg_kmeans_rows out = { .label = t->label_then };
    return seg_kmeans_assign(&scale, &old->centres, rows, NULL, 0, t->n_threads, &out, NULL,
                             err);
}

seg_status seg_kmeans_add_figures(seg_kmeans_trainer *t, seg_matrix rows,
                                  const uint32_t *weight, uint64_t first_row, seg_error *err)
{
    seg_status st = SEG_OK;
    bool compare = t->phase == FINAL && t->previous != NULL;
    seg_kmeans_rows out = { 0 };
    if (compare) {
        TRY(SEG_GROW(&t->label_then, &t->then_cap, rows.n_rows, "the labels", err));
        TRY(SEG_GROW(&t->label_now, &t->now_cap, rows.n_rows, "the labels", err));
        TRY(label_then(t, rows, err));
        out.label = t->label_now;
    }
    TRY(seg_kmeans_assign(&t->space.scale, &t->fit->centres, rows, weight, first_row,
                          t->n_threads, &out, &t->figures, err));
    for (size_t r = 0; compare && r < rows.n_rows; r++)
        t->stayed[(size_t)t->label_then[r] * t->fit->k + (size_t)t->label_now[r]] +=
            weight == NULL ? 1 : (int64_t)weight[r];

done:
    return st;
}
