/* boost.c: boosted trees as a method: options, and from the fit to a model. */
#include "models/boosting.h"
#include "models/ensemble_train.h"

#include <math.h>
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

static float known_probability(const void *fit, const seg_ensemble *e, size_t row)
{
    const seg_boosting *f = fit;
    return (float)seg_ensemble_probability(e, f->scores[row] * SEG_SCORE_UNIT - e->base);
}

static void put_setting(const void *p, seg_node *figures)
{
    const seg_boosting *fit = p;
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
    trainer *t = p;
    seg_boosting *fit = &t->fit;
    seg_status st = seg_boosting_fit(&t->learn, &t->options.fit, fit, err);
    if (st != SEG_OK)
        return st;
    seg_fitted_trees fitted = { .learn = &t->learn, .link = SEG_LINK_LOGIT, .base = fit->base,
                                .trees = &fit->trees, .n_trees = &fit->n_trees,
                                .known = known_probability, .put_setting = put_setting,
                                .fit = fit };
    return seg_ensemble_of_fit(&fitted, model, figures, err);
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
