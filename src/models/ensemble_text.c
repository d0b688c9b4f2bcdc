/* ensemble_text.c: an ensemble in words: what it predicts and what it goes by, and its nodes as
 * a table. Hundreds of trees are not read by people; a tree that they can read is the method
 * `tree`. */
#include "models/ensemble.h"

#include "base/number.h"
#include "base/try.h"
#include "models/trees.h"

static void put_node(const seg_ensemble *e, const seg_schema *schema, size_t t, size_t i,
                     seg_node *rows)
{
    const seg_tree_node *node = &e->trees[t].nodes[i];
    seg_node *row = seg_put_object(rows, NULL);
    seg_put_int(row, "tree", (int64_t)t);
    seg_put_int(row, "node", (int64_t)i);
    seg_put_int(row, "n", node->n[0] + node->n[1]);
    seg_put_int(row, "positives", node->n[1]);
    if (node->feature < 0) {
        seg_put_real(row, "value", node->value);
        return;
    }
    seg_put_text(row, "feature", schema->features[node->feature].name);
    if (node->n_levels == 0)
        seg_put_real(row, "threshold", (double)node->threshold);
    seg_put_int(row, "left", (int64_t)node->left);
    seg_put_int(row, "right", (int64_t)node->right);
    seg_put_bool(row, "missing_left", node->missing_left);
}

seg_status seg_ensemble_text(const seg_model *model, seg_node *into, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_ensemble *e = model->state;
    const seg_schema *schema = &model->schema->view;
    seg_text text = { 0 };
    seg_doc *doc = seg_doc_new();
    seg_node *shares = seg_put_array(seg_doc_root(doc), "importance");

    TRY(seg_trees_importance(e->trees, e->n_trees, schema, shares, err));
    seg_text_addf(&text, "%s = %s, by %zu trees together\n", e->label, e->positive, e->n_trees);
    for (size_t i = 0; i < seg_node_count(shares); i++) {
        const seg_node *row = seg_node_at(shares, i);
        seg_text_addf(&text, "  %5.1f %%  %s\n",
                      100 * seg_node_real(seg_node_get(row, "share"), 0),
                      seg_node_text(seg_node_get(row, "feature"), ""));
    }
    TRY(seg_text_status(&text, err));
    seg_put_text(into, "text", text.bytes);
    seg_node *rows = seg_put_array(into, "nodes");
    for (size_t t = 0; t < e->n_trees; t++)
        for (size_t i = 0; i < e->trees[t].n_nodes; i++)
            put_node(e, schema, t, i, rows);
    TRY(seg_doc_status(doc, err));

done:
    seg_text_free(&text);
    seg_doc_free(doc);
    return st;
}
