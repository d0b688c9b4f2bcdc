/* tree_file.c: the single tree in a model file: its nodes (trees_file.h), the words of the label
 * and the deciles. */
#include "models/tree.h"

#include "base/try.h"
#include "models/trees_file.h"

seg_status seg_tree_save(const seg_model *model, seg_h5_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_tree_state *state = model->state;
    TRY(seg_trees_save(&state->tree, 1, &model->schema->view, false, w, err));
    TRY(seg_h5_put_text(w, "uns/model/label", state->label, err));
    TRY(seg_h5_put_text(w, "uns/model/positive", state->positive, err));
    TRY(seg_h5_put_text(w, "uns/model/negative", state->negative, err));
    TRY(seg_decile_edges_save(w, state->edges, err));

done:
    return st;
}

seg_status seg_tree_load(seg_model *model, seg_h5 *file, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_tree_state *state = NULL;
    seg_tree *trees = NULL;
    size_t n_trees = 0;
    const seg_trees_range range = { .least = 0, .most = 1, .most_gain = 1 };
    const char *label, *positive, *negative;

    TRY(seg_h5_get_text(file, "uns/model/label", &label, err));
    TRY(seg_h5_get_text(file, "uns/model/positive", &positive, err));
    TRY(seg_h5_get_text(file, "uns/model/negative", &negative, err));
    TRY(seg_tree_state_new(label, positive, negative, &state, err));
    TRY(seg_decile_edges_load(file, state->edges, err));
    TRY(seg_trees_load(file, &model->schema->view, false, &range, &trees, &n_trees, err));
    state->tree = trees[0];
    trees[0] = (seg_tree){ 0 };
    TRY(seg_tree_state_prepare(state, model, err));
    model->state = state;
    state = NULL;

done:
    seg_trees_free(&trees, &n_trees);
    seg_tree_state_free(state);
    return st;
}
