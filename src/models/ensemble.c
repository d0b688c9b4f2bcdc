/* ensemble.c: an ensemble of trees: its making and what it is. */
#include "models/ensemble.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/real.h"
#include "base/text.h"
#include "base/try.h"
#include "models/psi.h"
#include "models/trees.h"
#include "models/trees_file.h"

seg_status seg_ensemble_new(const char *label, const char *positive, const char *negative,
                            seg_link link, double base, seg_ensemble **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_ensemble *e = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&e, 1, "the model", err));
    e->link = link;
    e->base = base;
    TRY(seg_text_copy(label, &e->label, err));
    TRY(seg_text_copy(positive, &e->positive, err));
    TRY(seg_text_copy(negative, &e->negative, err));
    *out = e;
    e = NULL;

done:
    seg_ensemble_free(e);
    return st;
}

void seg_ensemble_free(void *p)
{
    seg_ensemble *e = p;
    if (e == NULL)
        return;
    seg_trees_free(&e->trees, &e->n_trees);
    seg_forest_plan_free(e->plan);
    seg_forest_shap_free(e->shap);
    seg_tree_paths_free(e->paths);
    seg_free(e->label);
    seg_free(e->positive);
    seg_free(e->negative);
    seg_free(e);
}

/* ---- made ready ----------------------------------------------------------------------- */

/* "name = level", "name = number", "name is missing": the longest. */
static size_t widest_reason(const seg_schema *schema)
{
    enum { LONGEST = 120 };
    size_t widest = 8;
    for (size_t f = 0; f < schema->n_features; f++) {
        const seg_column *feature = &schema->features[f];
        size_t value = SEG_NUMBER_BYTES;
        for (size_t c = 0; feature->type == SEG_TYPE_CODE && c < feature->n_levels; c++)
            value = strlen(feature->levels[c]) > value ? strlen(feature->levels[c]) : value;
        size_t width = strlen(feature->name) + strlen(" = ") + value;
        widest = width > widest ? width : widest;
    }
    return ((widest > LONGEST ? LONGEST : widest) + 7) / 8 * 8;
}

static size_t count_leaves(const seg_ensemble *e)
{
    size_t n = 0;
    for (size_t t = 0; t < e->n_trees; t++)
        n += seg_tree_leaves(&e->trees[t]);
    return n;
}

seg_status seg_ensemble_prepare(seg_ensemble *e, const seg_model *model, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *schema = &model->schema->view;
    TRY(seg_bands_of(model, &e->bands, err));
    TRY(seg_forest_plan_new(e->trees, e->n_trees, schema->n_features, &e->plan, err));
    if (count_leaves(e) <= SEG_SHAPLEY_LEAVES)
        TRY(seg_forest_shap_new(e->trees, e->n_trees, schema->n_features, &e->shap, err));
    else
        TRY(seg_tree_paths_new(e->trees, e->n_trees, schema->n_features, &e->paths, err));
    e->reason_width = widest_reason(schema);

done:
    return st;
}

double seg_ensemble_probability(const seg_ensemble *e, double sum)
{
    double p;
    if (e->link == SEG_LINK_LOGIT)
        p = 1 / (1 + seg_exp(-(e->base + sum)));
    else
        p = fmin(1, fmax(0, e->base + sum / (double)e->n_trees));
    return seg_calibrate(&e->calibration, p);
}

static int descending(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

/* Deciles, and how many of the rows are in each. */
static seg_status set_edges(seg_ensemble *e, float *probabilities, size_t n, seg_psi *psi,
                            seg_error *err)
{
    int64_t *ones = NULL;
    seg_status st = SEG_ALLOC(&ones, n, "the score deciles", err);
    if (st != SEG_OK)
        return st;
    for (size_t i = 0; i < n; i++)
        ones[i] = 1;
    qsort(probabilities, n, sizeof *probabilities, descending);
    seg_decile_edges(probabilities, ones, n, e->edges);
    if (psi != NULL)
        seg_psi_set_scores(psi, e->edges, probabilities, ones, n);
    seg_free(ones);
    return SEG_OK;
}

seg_status seg_ensemble_finish(seg_ensemble *e, const seg_context *ctx, const seg_bins *bins,
                               float *probabilities, size_t n, const seg_schema *schema,
                               seg_model *model, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(seg_trees_keep_used(e->trees, e->n_trees, schema, model, err));
    if (bins != NULL)
        TRY(seg_psi_new(bins, schema, &model->schema->view, &model->psi, err));
    TRY(set_edges(e, probabilities, n, model->psi, err));
    TRY(seg_ensemble_prepare(e, model, err));
    size_t n_nodes = 0;
    for (size_t t = 0; t < e->n_trees; t++)
        n_nodes += e->trees[t].n_nodes;
    if (n_nodes == e->n_trees)
        seg_note(ctx, SEG_LEVEL_WARN, "no split tells '%s' rows apart: every score is the overall"
                 " rate", e->positive);

done:
    return st;
}

/* ---- what it is -------------------------------------------------------------------------- */

seg_status seg_ensemble_put_figures(const seg_ensemble *e, const seg_schema *schema,
                                    seg_node *figures, seg_error *err)
{
    size_t depth = 0;
    for (size_t t = 0; t < e->n_trees; t++) {
        size_t deep = seg_tree_depth(&e->trees[t]);
        depth = deep > depth ? deep : depth;
    }
    seg_put_text(figures, "label", e->label);
    seg_put_text(figures, "positive", e->positive);
    seg_put_int(figures, "trees", (int64_t)e->n_trees);
    seg_put_int(figures, "leaves", (int64_t)count_leaves(e));
    seg_put_int(figures, "depth", (int64_t)depth);
    seg_put_int(figures, "features_used", depth > 0 ? (int64_t)schema->n_features : 0);
    seg_node *edges = seg_put_array(figures, "decile_edges");
    for (size_t k = 0; k < SEG_DECILE_EDGES; k++)
        seg_put_real(edges, NULL, (double)e->edges[k]);
    return seg_trees_importance(e->trees, e->n_trees, schema,
                                seg_put_array(figures, "importance"), err);
}

seg_status seg_ensemble_describe(const seg_model *model, seg_node *into, seg_error *err)
{
    const seg_ensemble *e = model->state;
    (void)err;
    seg_put_text(into, "label", e->label);
    seg_put_text(into, "positive", e->positive);
    seg_put_text(into, "negative", e->negative);
    seg_put_int(into, "trees", (int64_t)e->n_trees);
    seg_put_int(into, "leaves", (int64_t)count_leaves(e));
    return SEG_OK;
}

seg_status seg_ensemble_evaluate_begin(const seg_model *model, const seg_train_input *input,
                                       void **ev, seg_error *err)
{
    const seg_ensemble *e = model->state;
    return seg_classifier_evaluate_begin(input, e->label, e->positive, e->negative, ev, err);
}
