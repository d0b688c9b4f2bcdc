/* boost.c: boosted trees as a method: options, and from the fit to a model. */
#include "models/boosting.h"
#include "models/ensemble.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

typedef struct seg_boost_options {
    seg_classify_options classify;   /* first, as for every classifier */
    seg_monotone_options monotone;
    seg_boosting_options fit;
    uint32_t try_all;
} seg_boost_options;

#define FIELD(member) offsetof(seg_boost_options, member)
static const seg_option option_table[] = {
    SEG_CLASSIFY_OPTION_ROWS(seg_boost_options, classify),
    { "trees", SEG_OPTION_U32, FIELD(fit.n_trees), 0, 100000, NULL, "N",
      "number of trees (0: as many as fit rows that are held out best)", 0 },
    { "learning-rate", SEG_OPTION_F64, FIELD(fit.rate), 0, 1, NULL, "X",
      "share of a step that each tree makes (0: chosen)", 0 },
    { "max-depth", SEG_OPTION_U32, FIELD(fit.max_depth), 0, SEG_TREE_DEPTH_MAX, NULL, "N",
      "splits from the root to a leaf, at most (0: chosen)", 0 },
    { "max-leaves", SEG_OPTION_U32, FIELD(fit.max_leaves), 0, 8192, NULL, "N",
      "leaves of a tree, at most (0: chosen, or all that the depth allows)", 0 },
    { "min-leaf", SEG_OPTION_U32, FIELD(fit.min_leaf), 0, 1e9, NULL, "N",
      "rows in a leaf, at least, about (0: chosen)", 0 },
    { "lambda", SEG_OPTION_F64, FIELD(fit.lambda), 0, 1e9, NULL, "X",
      "penalty of large leaves (0: chosen)", 0 },
    { "feature-share", SEG_OPTION_F64, FIELD(fit.column_share), 0, 1, NULL, "X",
      "share of the features that a tree may use, drawn for each (0: chosen)", 0 },
    { "row-share", SEG_OPTION_F64, FIELD(fit.row_share), 0, 1, NULL, "X",
      "share of the rows that a tree learns from, drawn for each (0: chosen)", 0 },
    SEG_MONOTONE_OPTION_ROWS(seg_boost_options, monotone),
    { "auto", SEG_OPTION_FLAG, FIELD(try_all), 0, 0, NULL, NULL,
      "try several settings on rows that are held out, and take the best", 0 },
    { "deadline", SEG_OPTION_F64, FIELD(fit.seconds), 0, 1e9, NULL, "SECONDS",
      "with --auto: try no further setting after so long (0: no limit)", 0 },
    { NULL, SEG_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL, 0 },
};

static void boost_defaults(void *options)
{
    *(seg_boost_options *)options = (seg_boost_options){ .classify = SEG_CLASSIFY_DEFAULTS };
}

/* ---- training --------------------------------------------------------------------------- */

typedef struct trainer {
    seg_learn learn;           /* first */
    seg_boost_options options;
    seg_boosting fit;
} trainer;

static void train_free(void *p)
{
    trainer *t = p;
    if (t == NULL)
        return;
    seg_learn_free(&t->learn);
    seg_boosting_free(&t->fit);
    seg_free(t);
}

static seg_status train_begin(const seg_train_input *input, void **out, seg_error *err)
{
    seg_status st = SEG_OK;
    trainer *t = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&t, 1, "the training of boosted trees", err));
    t->options = *(const seg_boost_options *)input->options;
    t->options.fit.several = t->options.try_all != 0;
    TRY(seg_learn_begin(input, t->options.classify.positive, &t->options.monotone,
                        &t->learn, err));
    *out = t;
    t = NULL;

done:
    train_free(t);
    return st;
}

/* What the rows learned from get, or every so many of them. */
static size_t known_probabilities(const trainer *t, const seg_ensemble *e, float *out)
{
    size_t n = 0, step = (t->learn.n_rows + SEG_EDGE_ROWS - 1) / SEG_EDGE_ROWS;
    for (size_t i = 0; i < t->learn.n_rows; i += step)
        out[n++] = (float)seg_ensemble_probability(e, t->fit.scores[i] * SEG_SCORE_UNIT - e->base);
    return n;
}

static void put_setting(const seg_boosting *fit, seg_node *figures)
{
    const seg_boost_rule *rule = &fit->rule;
    seg_node *node = seg_put_object(figures, "setting");
    if (fit->setting != NULL)
        seg_put_text(node, "name", fit->setting);
    seg_put_real(node, "learning_rate", rule->rate);
    seg_put_int(node, "max_depth", rule->max_depth);
    seg_put_int(node, "max_leaves", rule->max_leaves);
    seg_put_real(node, "min_leaf", rule->min_rows);
    seg_put_real(node, "lambda", rule->lambda);
    seg_put_real(node, "feature_share", rule->column_share);
    seg_put_real(node, "row_share", rule->row_share);
    if (isfinite(fit->loss))
        seg_put_real(node, "held_out_log_loss", fit->loss);
}

static seg_status train_end(void *p, seg_model *model, seg_node *figures, seg_error *err)
{
    seg_status st = SEG_OK;
    trainer *t = p;
    seg_learn *l = &t->learn;
    seg_ensemble *e = NULL;
    float *known = NULL;

    TRY(seg_boosting_fit(l, &t->options.fit, &t->fit, err));
    TRY(seg_ensemble_new(l->label_column->name, seg_learn_positive(l), seg_learn_negative(l),
                         SEG_LINK_LOGIT, t->fit.base, &e, err));
    e->trees = t->fit.trees;
    e->n_trees = t->fit.n_trees;
    t->fit.trees = NULL;
    t->fit.n_trees = 0;
    TRY(SEG_ALLOC(&known, SEG_EDGE_ROWS, "the score deciles", err));
    TRY(seg_ensemble_finish(e, l->input.ctx, l->bins, known, known_probabilities(t, e, known),
                            l->input.schema, model, err));
    seg_learn_put_figures(l, figures);
    put_setting(&t->fit, figures);
    TRY(seg_ensemble_put_figures(e, &model->schema->view, figures, err));
    model->state = e;
    e = NULL;

done:
    seg_free(known);
    seg_ensemble_free(e);
    return st;
}

const seg_method seg_method_boost = {
    .name = "boost",
    .summary = "who will leave, as surely as can be told: boosted trees",
    .options = option_table,
    .options_size = sizeof(seg_boost_options),
    .defaults = boost_defaults,
    .train_begin = train_begin,
    SEG_LEARN_CALLBACKS,
    .train_end = train_end,
    .train_free = train_free,
    SEG_ENSEMBLE_CALLBACKS,
};
