/* trees.c: the features that trees ask for. */
#include "models/trees.h"

#include <stdlib.h>
#include "base/alloc.h"
#include "base/try.h"

seg_status seg_trees_keep_used(seg_tree *trees, size_t n_trees, const seg_schema *schema,
                               seg_model *model, seg_error *err)
{
    seg_status st = SEG_OK;
    int32_t *place = NULL, n_used = 0;
    bool any = false;

    if (model->schema == NULL)
        TRY(seg_schema_new(SEG_KIND_FEATURES, &model->schema, err));
    TRY(SEG_ALLOC(&place, schema->n_features, "the features used", err));
    for (size_t t = 0; t < n_trees; t++)
        for (size_t i = 0; i < trees[t].n_nodes; i++)
            if (trees[t].nodes[i].feature >= 0) {
                place[trees[t].nodes[i].feature] = 1;
                any = true;
            }
    for (size_t f = 0; f < schema->n_features; f++) {
        if (place[f] == 0 && any)
            continue;
        place[f] = n_used++;
        TRY(seg_schema_add_feature(model->schema, &schema->features[f], err));
    }
    for (size_t t = 0; t < n_trees; t++)
        for (size_t i = 0; i < trees[t].n_nodes; i++)
            if (trees[t].nodes[i].feature >= 0)
                trees[t].nodes[i].feature = place[trees[t].nodes[i].feature];

done:
    seg_free(place);
    return st;
}

seg_status seg_trees_check_size(const seg_tree *trees, size_t n_trees, const seg_schema *schema,
                                seg_error *err)
{
    const uint64_t most = UINT64_C(512) << 20;
    uint64_t bytes = 0;
    size_t widest = 0;
    for (size_t t = 0; t < n_trees; t++)
        bytes += trees[t].n_sides;
    if (bytes <= most)
        return SEG_OK;
    for (size_t f = 0; f < schema->n_features; f++)
        if (schema->features[f].n_levels > schema->features[widest].n_levels)
            widest = f;
    return seg_fail(err, SEG_E_DATA, "the splits of %zu trees by categories take more than 512 MB:"
                    " '%s' has %zu categories; leave it out with --drop, or ask for fewer trees",
                    n_trees, schema->features[widest].name, schema->features[widest].n_levels);
}

typedef struct feature_gain {
    size_t feature;
    double gain;
} feature_gain;

static int by_gain(const void *a, const void *b)
{
    const feature_gain *x = a, *y = b;
    if (x->gain != y->gain)
        return x->gain > y->gain ? -1 : 1;
    return (x->feature > y->feature) - (x->feature < y->feature);
}

seg_status seg_trees_importance(const seg_tree *trees, size_t n_trees, const seg_schema *schema,
                                seg_node *into, seg_error *err)
{
    feature_gain *gains = NULL;
    seg_status st = SEG_ALLOC(&gains, schema->n_features, "the importance of features", err);
    if (st != SEG_OK)
        return st;
    double total = 0;
    for (size_t f = 0; f < schema->n_features; f++)
        gains[f].feature = f;
    for (size_t t = 0; t < n_trees; t++)
        for (size_t i = 0; i < trees[t].n_nodes; i++) {
            const seg_tree_node *node = &trees[t].nodes[i];
            if (node->feature < 0)
                continue;
            gains[node->feature].gain += node->gain;
            total += node->gain;
        }
    qsort(gains, schema->n_features, sizeof *gains, by_gain);
    for (size_t f = 0; f < schema->n_features && gains[f].gain > 0; f++) {
        seg_node *row = seg_put_object(into, NULL);
        seg_put_text(row, "feature", schema->features[gains[f].feature].name);
        seg_put_real(row, "share", gains[f].gain / total);
    }
    seg_free(gains);
    return SEG_OK;
}
