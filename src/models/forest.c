/* forest.c: random forests as a method: options, and from the fit to a model. */
#include "models/bagging.h"
#include "models/ensemble_train.h"

#include <math.h>
#include "base/alloc.h"
#include "base/try.h"

typedef struct seg_forest_options {
    seg_classify_options classify;   /* first, as for every classifier */
    seg_monotone_options monotone;
    seg_bagging_options fit;
} seg_forest_options;

#define FIELD(member) offsetof(seg_forest_options, member)
static const seg_option option_table[] = {
    SEG_CLASSIFY_OPTION_ROWS(seg_forest_options, classify),
    { "trees", SEG_OPTION_U32, FIELD(fit.n_trees), 0, 100000, NULL, "N",
      "number of trees (0: 200)", 0 },
    { "mtry", SEG_OPTION_U32, FIELD(fit.n_try), 0, 1e6, NULL, "N",
      "features looked at in each node, drawn anew (0: the root of their number)", 0 },
    { "min-leaf", SEG_OPTION_U32, FIELD(fit.min_leaf), 0, 1e9, NULL, "N",
      "rows in a leaf, at least (0: 5, more of many rows)", 0 },
    { "max-depth", SEG_OPTION_U32, FIELD(fit.max_depth), 0, SEG_TREE_DEPTH_MAX, NULL, "N",
      "splits from the root to a leaf, at most (0: no limit)", 0 },
    SEG_MONOTONE_OPTION_ROWS(seg_forest_options, monotone),
    { "class-weight", SEG_OPTION_CHOICE, FIELD(fit.class_weight), 0, 0, "none|balanced", NULL,
      "how much a row of the rarer class steers the splits; probabilities stay true shares", 0 },
    { NULL, SEG_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL, 0 },
};

static void forest_defaults(void *options)
{
    *(seg_forest_options *)options = (seg_forest_options){ .classify = SEG_CLASSIFY_DEFAULTS };
}

/* ---- training --------------------------------------------------------------------------- */

typedef struct trainer {
    seg_learn learn;           /* first */
    seg_forest_options options;
    seg_bagging fit;
} trainer;

static void train_free(void *p)
{
    trainer *t = p;
    if (t == NULL)
        return;
    seg_learn_free(&t->learn);
    seg_bagging_free(&t->fit);
    seg_free(t);
}

static seg_status train_begin(const seg_train_input *input, void **out, seg_error *err)
{
    seg_status st = SEG_OK;
    trainer *t = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&t, 1, "the training of a forest", err));
    t->options = *(const seg_forest_options *)input->options;
    TRY(seg_learn_begin(input, t->options.classify.positive, &t->options.monotone,
                        &t->learn, err));
    *out = t;
    t = NULL;

done:
    train_free(t);
    return st;
}

/* From the trees that did not see the row. */
static float known_probability(const void *fit, const seg_ensemble *e, size_t row)
{
    const seg_bagging *f = fit;
    return (float)seg_calibrate(&e->calibration, (double)f->unseen[row]);
}

static void put_setting(const void *p, seg_node *figures)
{
    const seg_bagging_options *used = &((const seg_bagging *)p)->used;
    seg_node *node = seg_put_object(figures, "setting");
    seg_put_int(node, "mtry", used->n_try);
    seg_put_int(node, "min_leaf", used->min_leaf);
    seg_put_int(node, "max_depth", used->max_depth);
}

static seg_status train_end(void *p, seg_model *model, seg_node *figures, seg_error *err)
{
    trainer *t = p;
    seg_bagging *fit = &t->fit;
    seg_status st = seg_bagging_fit(&t->learn, &t->options.fit, fit, err);
    if (st != SEG_OK)
        return st;
    seg_fitted_trees fitted = { .learn = &t->learn, .link = SEG_LINK_MEAN,
                                .trees = &fit->trees, .n_trees = &fit->n_trees,
                                .calibration = fit->calibration,
                                .known = known_probability, .put_setting = put_setting,
                                .fit = fit };
    return seg_ensemble_of_fit(&fitted, model, figures, err);
}

const seg_method seg_method_forest = {
    .name = "forest",
    .summary = "who will leave: many trees that vote, on rows and features drawn at random",
    .options = option_table,
    .options_size = sizeof(seg_forest_options),
    .defaults = forest_defaults,
    .train_begin = train_begin,
    SEG_LEARN_CALLBACKS,
    .train_end = train_end,
    .train_free = train_free,
    SEG_ENSEMBLE_CALLBACKS,
};
