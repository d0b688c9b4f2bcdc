/* tree_result.c: from a grown tree to a model: the features that it asks for, the deciles
 * of the scores that it gives its own training rows, and where those rows lay. */
#include "models/tree.h"

#include <stdlib.h>
#include "base/alloc.h"
#include "base/try.h"
#include "models/psi.h"
#include "models/trees.h"

static int by_score_descending(const void *a, const void *b)
{
    const seg_tree_node *x = *(const seg_tree_node *const *)a,
                        *y = *(const seg_tree_node *const *)b;
    return ((float)x->value < (float)y->value) - ((float)x->value > (float)y->value);
}

/* The training scores are the leaves' values, held by the leaves' rows. */
static seg_status find_edges(seg_tree_state *state, seg_psi *psi, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_tree *tree = &state->tree;
    const seg_tree_node **leaves = NULL;
    float *scores = NULL;
    int64_t *rows = NULL;
    size_t n = 0;

    TRY(SEG_ALLOC(&leaves, tree->n_nodes, "the score deciles", err));
    TRY(SEG_ALLOC(&scores, tree->n_nodes, "the score deciles", err));
    TRY(SEG_ALLOC(&rows, tree->n_nodes, "the score deciles", err));
    for (size_t i = 0; i < tree->n_nodes; i++)
        if (tree->nodes[i].feature < 0)
            leaves[n++] = &tree->nodes[i];
    qsort(leaves, n, sizeof *leaves, by_score_descending);
    for (size_t i = 0; i < n; i++) {
        scores[i] = (float)leaves[i]->value;
        rows[i] = leaves[i]->n[0] + leaves[i]->n[1];
    }
    seg_decile_edges(scores, rows, n, state->edges);
    seg_psi_set_scores(psi, state->edges, scores, rows, n);

done:
    seg_free(leaves);
    seg_free(scores);
    seg_free(rows);
    return st;
}

seg_status seg_tree_finish(seg_tree_state *state, const seg_bins *bins, const seg_schema *schema,
                           seg_model *model, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(seg_trees_keep_used(&state->tree, 1, schema, model, err));
    TRY(seg_psi_new(bins, schema, &model->schema->view, &model->psi, err));
    TRY(find_edges(state, model->psi, err));
    TRY(seg_tree_state_prepare(state, model, err));

done:
    return st;
}
