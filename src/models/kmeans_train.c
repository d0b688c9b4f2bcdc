/* kmeans_train.c: k-means in the pass contract; the phases stand in kmeans_trainer.h. */
#include "models/kmeans_trainer.h"

#include <math.h>
#include "base/alloc.h"
#include "base/try.h"

/* ---- what a pass does with a block ---------------------------------------------------------- */

/* Rows of weight 0 are no rows. */
static seg_status see_range(seg_kmeans_trainer *t, const seg_block *block, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n;
    for (size_t first = 0; (n = seg_kmeans_run_of_rows(t, block, &first)) > 0; first += n) {
        seg_matrix rows = block->x;
        rows.x += first * rows.stride;
        rows.n_rows = n;
        TRY(seg_kmeans_columns_range(&t->stats, rows, t->n_threads, err));
    }

done:
    return st;
}

static seg_status add_range(seg_kmeans_trainer *t, const seg_block *block, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(seg_kmeans_see_weights(t, block, err));
    TRY(see_range(t, block, err));
    if (seg_kmeans_needs_quantiles(t))
        TRY(seg_quantile_sample_add(&t->quantiles, t->columns, block->x, block->first_row, err));
    if (t->sample.all)
        TRY(seg_kmeans_sample_keep(&t->sample, block->x, err));

done:
    return st;
}

seg_status seg_kmeans_pass_add(void *trainer_, const seg_block *block, seg_error *err)
{
    seg_kmeans_trainer *t = trainer_;
    const uint32_t *weight;
    if (t->phase == RANGE)
        return add_range(t, block, err);
    seg_status st = seg_kmeans_block_weights(t, block, &weight, err);
    if (st != SEG_OK)
        return st;
    switch (t->phase) {
    case MOMENTS:
        for (size_t r = 0; r < block->n_rows; r++)
            t->weights.total += weight == NULL ? 1 : weight[r];
        return seg_kmeans_columns_moments(&t->stats, block->x, weight, t->n_threads, err);
    case SAMPLE:
        return seg_kmeans_sample_draw(&t->sample, &t->space.scale, block->x, weight,
                                      t->n_threads, err);
    case LLOYD:
        return seg_kmeans_fit_add(t->fit, block->x, weight, block->first_row, err);
    case FARTHEST:
    case FINAL:
        return seg_kmeans_add_figures(t, block->x, weight, block->first_row, err);
    case RANGE:
    case DONE:
        break;
    }
    return seg_fail(err, SEG_E_IO, "a block came after the last pass");
}

/* ---- from phase to phase ---------------------------------------------------------------------- */

seg_status seg_kmeans_pass_begin(void *trainer_, bool *more, seg_error *err)
{
    (void)err;
    seg_kmeans_trainer *t = trainer_;
    *more = t->phase != DONE;
    if (t->phase == LLOYD)
        seg_kmeans_fit_begin(t->fit);
    if (t->phase == FINAL)
        seg_kmeans_centres_set(&t->fit->centres, t->fit->z, t->fit->k);
    return SEG_OK;
}

/* With Lloyd's algorithm, as long as it may. */
static seg_status go_on(seg_kmeans_trainer *t, seg_error *err)
{
    if (seg_kmeans_fit_ended(t->fit))
        return seg_kmeans_begin_figures(t, FINAL, err);
    t->phase = LLOYD;
    return SEG_OK;
}

/* All rows from here on, from the best centroids of those in memory. */
static seg_status begin_all_rows(seg_kmeans_trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_fit_start(t->fit, t->best_z, t->best_k);
    TRY(seg_kmeans_checkpoint_put(t, false, err));
    TRY(go_on(t, err));

done:
    return st;
}

/* Few rows: they are all in memory, and what is left is to measure. */
static seg_status finish_in_memory(seg_kmeans_trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(seg_kmeans_run_sample(t, err));
    seg_kmeans_fit_start(t->fit, t->best_z, t->best_k);
    t->fit->iteration = t->best_iterations;
    t->fit->reason = t->cut ? SEG_FIT_DEADLINE : t->best_reason;
    seg_kmeans_centres_set(&t->fit->centres, t->fit->z, t->fit->k);
    TRY(seg_kmeans_begin_figures(t, FINAL, err));
    TRY(seg_kmeans_add_figures(t, seg_kmeans_sample_rows(&t->sample), t->sample.weight, 0, err));
    t->phase = DONE;

done:
    return st;
}

/* The unit of the weights is known now. */
static seg_status weigh_sample(seg_kmeans_trainer *t, seg_error *err)
{
    if (t->weights.given == NULL)
        return SEG_OK;
    seg_status st = SEG_ALLOC(&t->sample.weight, t->sample.n, "the weights", err);
    for (size_t r = 0; st == SEG_OK && r < t->sample.n; r++)
        t->sample.weight[r] = (uint32_t)nearbyint(t->weights.given[r] * t->weights.unit);
    return st;
}

static seg_status end_range(seg_kmeans_trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_totals *totals = &t->weights.totals;
    TRY(seg_kmeans_weigh(t, totals, err));
    t->space.fold = totals->fold;
    TRY(seg_kmeans_limits_fit(&t->limits, totals->weight / t->weights.unit, err));
    if (seg_kmeans_needs_quantiles(t))
        TRY(seg_quantile_sample_sort(&t->quantiles, err));
    seg_kmeans_columns_begin(&t->stats, totals);
    t->phase = MOMENTS;
    if (!t->sample.all)
        return SEG_OK;
    TRY(weigh_sample(t, err));
    TRY(seg_kmeans_columns_moments(&t->stats, seg_kmeans_sample_rows(&t->sample),
                                   t->sample.weight, t->n_threads, err));
    TRY(seg_kmeans_set_scaling(t, err));
    TRY(finish_in_memory(t, err));

done:
    return st;
}

/* The mean squared distance from the mean is that of all rows; a missing value lies at 0. */
static seg_status begin_sample(seg_kmeans_trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    double *mean_z = NULL, square = 0;
    TRY(SEG_ALLOC(&mean_z, t->d, "a row", err));
    for (size_t f = 0; f < t->d; f++) {
        double mean, sd;
        seg_kmeans_columns_mean(&t->stats, f, &mean, &sd);
        mean_z[f] = (mean - t->shift[f]) * t->inverse[f];
        double known = (double)t->stats.n[f] / (double)t->weights.total;
        square += known * sd * sd * t->inverse[f] * t->inverse[f]
                  + (1 - known) * mean_z[f] * mean_z[f];
    }
    TRY(seg_kmeans_sample_begin(&t->sample, mean_z, t->d, square, t->weights.total,
                                t->input.ctx->seed, err));
    t->phase = SAMPLE;

done:
    seg_free(mean_z);
    return st;
}

static seg_status end_moments(seg_kmeans_trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(seg_kmeans_set_scaling(t, err));
    TRY(seg_kmeans_checkpoint_fits(t, err));
    TRY(begin_sample(t, err));

done:
    return st;
}

static seg_status end_sample(seg_kmeans_trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    bool settled;
    if (seg_kmeans_checkpoint_resume(t, &settled))
        return settled ? seg_kmeans_begin_figures(t, FINAL, err) : go_on(t, err);
    if (t->given) {
        seg_kmeans_take_given(t);
    } else {
        seg_note(t->input.ctx, SEG_LEVEL_INFO, "the start is made on a sample of %zu rows, then"
                 " all %llu move the centroids", t->sample.n,
                 (unsigned long long)t->input.n_rows);
        TRY(seg_kmeans_run_sample(t, err));
    }
    TRY(begin_all_rows(t, err));

done:
    return st;
}

static seg_status after_move(seg_kmeans_trainer *t, seg_fit_next next, seg_error *err)
{
    seg_status st = SEG_OK;
    if (next == SEG_FIT_RELOCATE)
        return seg_kmeans_begin_figures(t, FARTHEST, err);
    /* After a deadline there was more to do. */
    bool settled = next == SEG_FIT_DONE && t->fit->reason != SEG_FIT_DEADLINE;
    TRY(seg_kmeans_checkpoint_put(t, settled, err));
    t->phase = LLOYD;
    if (next == SEG_FIT_DONE)
        TRY(seg_kmeans_begin_figures(t, FINAL, err));

done:
    return st;
}

/* Sizes are those of all rows with the centroids as they are: what is too small now is too
 * small in the model. */
static seg_status after_figures(seg_kmeans_trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t small = seg_kmeans_too_small(&t->limits, &t->figures, t->weights.unit, false);
    t->phase = DONE;
    if (small == SIZE_MAX)
        return SEG_OK;
    seg_kmeans_fit_drop(t->fit, small);
    t->dissolved++;
    TRY(seg_kmeans_checkpoint_put(t, false, err));
    TRY(go_on(t, err));

done:
    return st;
}

seg_status seg_kmeans_pass_end(void *trainer_, seg_error *err)
{
    seg_kmeans_trainer *t = trainer_;
    switch (t->phase) {
    case RANGE:    return end_range(t, err);
    case MOMENTS:  return end_moments(t, err);
    case SAMPLE:   return end_sample(t, err);
    case LLOYD:    return after_move(t, seg_kmeans_fit_end(t->fit), err);
    case FARTHEST: return after_move(t, seg_kmeans_fit_relocate(t->fit, &t->figures), err);
    case FINAL:    return after_figures(t, err);
    case DONE:     break;
    }
    return SEG_OK;
}

seg_status seg_kmeans_train_end(void *trainer, seg_model *model, seg_node *figures,
                                seg_error *err)
{
    return seg_kmeans_result(trainer, model, figures, err);
}
