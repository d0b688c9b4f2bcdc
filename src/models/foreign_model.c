/* foreign_model.c: a model of ours from what a foreign file said. It is scored, explained, stored
 * and listed like boosted trees that were trained here. */
#include "models/foreign.h"

#include <math.h>
#include <stdlib.h>
#include "base/alloc.h"
#include "base/try.h"
#include "models/ensemble.h"

/* What a model file takes: trees_file.c, ensemble_file.c. */
static const double MOST_LOG_ODDS = 1e6;

static seg_status check_values(const seg_foreign *foreign, seg_error *err)
{
    for (size_t t = 0; t < foreign->n_trees; t++)
        for (size_t i = 0; i < foreign->trees[t].n_nodes; i++)
            if (!(fabs(foreign->trees[t].nodes[i].value) <= MOST_LOG_ODDS))
                return seg_fail(err, SEG_E_DATA, "tree %zu has log-odds beyond a million", t);
    if (!(fabs(foreign->base) <= MOST_LOG_ODDS))
        return seg_fail(err, SEG_E_DATA, "what the score starts with is beyond a million");
    return SEG_OK;
}

/* Nobody knows how the scores are spread: deciles are tenths of the probability. */
static seg_status make_state(seg_foreign *foreign, const char *label, const char *positive,
                             const char *negative, seg_model *model, seg_error *err)
{
    seg_status st = SEG_OK;
    float tenths[] = { 0.95f, 0.85f, 0.75f, 0.65f, 0.55f, 0.45f, 0.35f, 0.25f, 0.15f, 0.05f };
    seg_ensemble *e = NULL;
    TRY(seg_ensemble_new(label, positive, negative, SEG_LINK_LOGIT, foreign->base, &e, err));
    e->trees = foreign->trees;
    e->n_trees = foreign->n_trees;
    foreign->trees = NULL;
    TRY(seg_ensemble_finish(e, NULL, NULL, tenths, sizeof tenths / sizeof *tenths,
                            &foreign->schema->view, model, err));
    model->state = e;
    e = NULL;

done:
    seg_ensemble_free(e);
    return st;
}

seg_status seg_foreign_model(seg_foreign *foreign, const char *program, const char *label,
                             const char *positive, const char *negative, seg_model **out,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    seg_model *model = NULL;
    *out = NULL;
    TRY(check_values(foreign, err));
    TRY(SEG_ALLOC(&model, 1, "a model", err));
    model->top_reasons = SEG_REASONS_USUAL;
    model->method = seg_method_find("boost");
    model->info = seg_doc_new();
    seg_node *info = seg_doc_root(model->info);
    seg_put_object(info, "options");
    seg_node *figures = seg_put_object(info, "figures");
    seg_put_text(figures, "imported_from", program);
    TRY(make_state(foreign, label, positive, negative, model, err));
    TRY(seg_ensemble_put_figures(model->state, &model->schema->view, figures, err));
    TRY(seg_doc_status(model->info, err));
    *out = model;
    model = NULL;

done:
    seg_model_free(model);
    return st;
}

static int descending(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

seg_status seg_foreign_set_deciles(seg_model *model, float *probabilities, size_t n,
                                   seg_error *err)
{
    seg_status st = SEG_OK;
    seg_ensemble *e = model->state;
    int64_t *ones = NULL;
    TRY(SEG_ALLOC(&ones, n, "the score deciles", err));
    for (size_t i = 0; i < n; i++)
        ones[i] = 1;
    qsort(probabilities, n, sizeof *probabilities, descending);
    seg_decile_edges(probabilities, ones, n, e->edges);
    seg_node *figures = seg_doc_root(model->info);
    figures = seg_put_array((seg_node *)seg_node_member(figures, "figures"), "decile_edges");
    for (size_t k = 0; k < SEG_DECILE_EDGES; k++)
        seg_put_real(figures, NULL, (double)e->edges[k]);
    st = seg_doc_status(model->info, err);

done:
    seg_free(ones);
    return st;
}
