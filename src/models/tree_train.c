/* tree_train.c: one tree: grown on the binned rows, cut back to its strongest splits, its
 * leaves pulled towards their branches. */
#include "models/boosting.h"
#include "models/tree.h"
#include "models/trees.h"

#include <math.h>
#include <stdlib.h>
#include "base/alloc.h"
#include "base/try.h"

enum { TEACHER_ROWS = 100000 };

typedef struct trainer {
    seg_learn learn;           /* first */
    seg_tree_options options;
    seg_tree tree;
} trainer;

seg_status seg_tree_train_begin(const seg_train_input *input, void **out, seg_error *err)
{
    seg_status st = SEG_OK;
    trainer *t = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&t, 1, "the training of a tree", err));
    t->options = *(const seg_tree_options *)input->options;
    TRY(seg_learn_begin(input, t->options.classify.positive, &t->options.monotone,
                        &t->learn, err));
    *out = t;
    t = NULL;

done:
    seg_tree_train_free(t);
    return st;
}

void seg_tree_train_free(void *p)
{
    trainer *t = p;
    if (t == NULL)
        return;
    seg_learn_free(&t->learn);
    seg_tree_free(&t->tree);
    seg_free(t);
}

/* ---- growing ------------------------------------------------------------------------ */

/* Balanced: each class weighs as much as the other, by two whole numbers. */
static void weigh_classes(const trainer *t, int64_t weight[2])
{
    bool balanced = t->options.class_weight != 0;
    weight[0] = balanced ? t->learn.n[1] : 1;
    weight[1] = balanced ? t->learn.n[0] : 1;
}

/* What a row brings when the labels themselves are learned. */
static void values_from_labels(seg_learn *l)
{
    for (size_t i = 0; i < l->n_rows; i++)
        l->values[i] = seg_row_value_of(l->classes[i], 1);
}

/* The teacher's log-odds, less their mean, as whole numbers; returns what one of them is worth.
 * All together stay below 2^31. */
static double values_from_teacher(seg_learn *l, const seg_boosting *teacher)
{
    int bits = 12;   /* of a fraction; log-odds are kept within 8 */
    while (bits > 0 && l->n_rows > (size_t)1 << (28 - bits))
        bits--;
    double unit = 1.0 / (1 << bits);
    for (size_t i = 0; i < l->n_rows; i++) {
        double odds = teacher->scores[i] * SEG_SCORE_UNIT - teacher->base;
        double kept = fmax(-7.99, fmin(7.99, odds));
        l->values[i] = seg_row_value_of((int32_t)lrint(kept / unit), 1);
    }
    return unit;
}

/* How many rows of each class there are in a node: whatever the tree was grown on. */
static void count_classes(const seg_learn *l, const seg_grower *grower, seg_tree *tree)
{
    for (size_t v = 0; v < tree->n_nodes; v++) {
        seg_grown grown = seg_grower_node(grower, (uint32_t)v);
        int64_t positives = 0;
        for (size_t i = 0; i < grown.n_rows; i++)
            positives += l->classes[grown.rows[i]];
        tree->nodes[v].n[0] = (int64_t)grown.n_rows - positives;
        tree->nodes[v].n[1] = positives;
    }
}

static seg_status grow(trainer *t, const int64_t weight[2], const seg_boosting *teacher,
                       seg_error *err)
{
    seg_status st = SEG_OK;
    seg_learn *l = &t->learn;
    seg_grower *grower = NULL;
    seg_records records = seg_learn_records(l);
    seg_grow_rule rule = {
        .split = { .gain = SEG_GAIN_GINI, .min_rows = t->options.min_leaf, .level_price = 1,
                   .weight = { (double)weight[0], (double)weight[1] },
                   .monotone = l->monotone },
        .max_depth = t->options.max_depth,
    };

    if (teacher == NULL) {
        values_from_labels(l);
    } else {
        rule.split.gain = SEG_GAIN_NEWTON;
        rule.split.unit_a = values_from_teacher(l, teacher);
        rule.split.unit_b = 1;
        rule.best_first = true;
        rule.max_leaves = t->options.max_leaves;
    }
    for (size_t i = 0; i < l->n_rows; i++)
        l->rows[i] = (uint32_t)i;
    TRY(seg_grower_new(l->bins, &records, l->rows, l->aside, seg_scratch_room() / 4,
                       l->n_threads, &grower, err));
    TRY(seg_grow(grower, &rule, l->values, l->n_rows, &t->tree, err));
    count_classes(l, grower, &t->tree);

done:
    seg_grower_free(grower);
    return st;
}

/* Few rows: a booster learns first, and the tree learns from it. */
static bool wants_teacher(const trainer *t)
{
    enum { AUTO, YES };
    return t->options.teacher == YES
           || (t->options.teacher == AUTO && t->learn.n_rows <= TEACHER_ROWS);
}

static seg_status learn_tree(trainer *t, const int64_t weight[2], seg_error *err)
{
    seg_status st = SEG_OK;
    seg_boosting teacher = { 0 };
    const seg_boosting_options quick = { .rate = 0.1, .quick = true };
    bool taught = wants_teacher(t);
    if (taught)
        TRY(seg_boosting_fit(&t->learn, &quick, &teacher, err));
    TRY(grow(t, weight, taught ? &teacher : NULL, err));

done:
    seg_boosting_free(&teacher);
    return st;
}

/* ---- the model -------------------------------------------------------------------- */

static seg_status put_figures(const trainer *t, const seg_tree_state *state,
                              const seg_schema *schema, seg_node *figures, seg_error *err)
{
    const seg_tree *tree = &state->tree;
    seg_learn_put_figures(&t->learn, figures);
    seg_put_text(figures, "label", state->label);
    seg_put_text(figures, "positive", state->positive);
    seg_put_int(figures, "leaves", (int64_t)seg_tree_leaves(tree));
    seg_put_int(figures, "depth", (int64_t)seg_tree_depth(tree));
    seg_put_int(figures, "features_used", tree->n_nodes > 1 ? (int64_t)schema->n_features : 0);
    seg_node *edges = seg_put_array(figures, "decile_edges");
    for (size_t k = 0; k < SEG_DECILE_EDGES; k++)
        seg_put_real(edges, NULL, (double)state->edges[k]);
    return seg_trees_importance(tree, 1, schema, seg_put_array(figures, "importance"), err);
}

seg_status seg_tree_train_end(void *p, seg_model *model, seg_node *figures, seg_error *err)
{
    seg_status st = SEG_OK;
    trainer *t = p;
    seg_tree_state *state = NULL;
    const seg_learn *l = &t->learn;
    int64_t weight[2];

    weigh_classes(t, weight);
    TRY(seg_tree_state_new(l->label_column->name, seg_learn_positive(l), seg_learn_negative(l),
                           &state, err));
    TRY(learn_tree(t, weight, err));
    TRY(seg_tree_prune(&t->tree, t->options.max_leaves, weight, err));
    seg_tree_shrink(&t->tree, t->options.shrinkage);
    if (l->monotone != NULL)
        seg_tree_bound(&t->tree, l->monotone);
    state->tree = t->tree;
    t->tree = (seg_tree){ 0 };
    TRY(seg_tree_finish(state, l->bins, l->input.schema, model, err));
    TRY(put_figures(t, state, &model->schema->view, figures, err));
    if (state->tree.n_nodes == 1)
        seg_note(l->input.ctx, SEG_LEVEL_WARN, "no split tells '%s' rows apart: every score is"
                 " the overall rate", state->positive);
    model->state = state;
    state = NULL;

done:
    seg_tree_state_free(state);
    return st;
}
