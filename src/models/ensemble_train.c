/* ensemble_train.c: from the trees of a fit to a model, the same for every way to fit them. */
#include "models/ensemble_train.h"

#include <math.h>
#include "base/alloc.h"
#include "base/try.h"

/* Of the rows learned from, or every so many of them. */
static size_t known_probabilities(const seg_fitted_trees *fitted, const seg_ensemble *e,
                                  float *out)
{
    size_t n = 0, n_rows = fitted->learn->n_rows;
    size_t step = (n_rows + SEG_EDGE_ROWS - 1) / SEG_EDGE_ROWS;
    for (size_t i = 0; i < n_rows; i += step) {
        float p = fitted->known(fitted->fit, e, i);
        if (isfinite(p))
            out[n++] = p;
    }
    return n;
}

seg_status seg_ensemble_of_fit(const seg_fitted_trees *fitted, seg_model *model,
                               seg_node *figures, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_learn *l = fitted->learn;
    seg_ensemble *e = NULL;
    float *known = NULL;

    TRY(seg_ensemble_new(l->label_column->name, seg_learn_positive(l), seg_learn_negative(l),
                         fitted->link, fitted->base, &e, err));
    e->trees = *fitted->trees;
    e->n_trees = *fitted->n_trees;
    e->calibration = fitted->calibration;
    *fitted->trees = NULL;
    *fitted->n_trees = 0;
    TRY(SEG_ALLOC(&known, SEG_EDGE_ROWS, "the score deciles", err));
    TRY(seg_ensemble_finish(e, l->input.ctx, l->bins, known,
                            known_probabilities(fitted, e, known), l->input.schema, model, err));
    seg_learn_put_figures(l, figures);
    fitted->put_setting(fitted->fit, figures);
    TRY(seg_ensemble_put_figures(e, &model->schema->view, figures, err));
    model->state = e;
    e = NULL;

done:
    seg_free(known);
    seg_ensemble_free(e);
    return st;
}
