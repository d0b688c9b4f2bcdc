/* tree_train.c: one tree: grown on the binned rows, cut back to its strongest splits, its
 * leaves pulled towards their branches. */
#include "models/learn.h"
#include "models/tree.h"
#include "models/trees.h"

#include <stdlib.h>
#include "base/alloc.h"
#include "base/try.h"

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
    TRY(seg_learn_begin(input, t->options.classify.positive, &t->learn, err));
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

static seg_status grow(trainer *t, const int64_t weight[2], seg_error *err)
{
    seg_status st = SEG_OK;
    seg_learn *l = &t->learn;
    seg_grower *grower = NULL;
    seg_records records = seg_learn_records(l);
    seg_grow_rule rule = {
        .split = { .gain = SEG_GAIN_GINI, .min_rows = t->options.min_leaf, .level_price = 1,
                   .weight = { (double)weight[0], (double)weight[1] } },
        .max_depth = t->options.max_depth,
    };

    for (size_t i = 0; i < l->n_rows; i++) {
        l->rows[i] = (uint32_t)i;
        l->values[i] = seg_row_value_of(l->classes[i], 1);
    }
    TRY(seg_grower_new(l->bins, &records, l->rows, l->aside, seg_scratch_room() / 4,
                       l->n_threads, &grower, err));
    TRY(seg_grow(grower, &rule, l->values, l->n_rows, &t->tree, err));
    seg_grower_put_counts(grower, &t->tree);

done:
    seg_grower_free(grower);
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
    TRY(grow(t, weight, err));
    TRY(seg_tree_prune(&t->tree, t->options.max_leaves, weight, err));
    seg_tree_shrink(&t->tree, t->options.shrinkage);
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
