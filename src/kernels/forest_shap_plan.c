/* forest_shap_plan.c: an ensemble made ready for Shapley values: its features, the unit, and which
 * trees share planes. The tables are made by forest_shap_tables.c. */
#include "kernels/forest_shap.h"

#include <math.h>

#include "base/alloc.h"
#include "base/try.h"

/* ---- slots, base and unit ------------------------------------------------------------- */

static seg_status check_rows(const seg_tree *trees, size_t n_trees, seg_error *err)
{
    for (size_t t = 0; t < n_trees; t++)
        for (size_t i = 0; i < trees[t].n_nodes; i++)
            if (trees[t].nodes[i].n[0] < 0 || trees[t].nodes[i].n[1] < 0)
                return seg_fail(err, SEG_E_DATA, "tree %zu: node %zu has learned from a negative "
                                "number of rows", t, i);
    return SEG_OK;
}

static seg_status find_slots(const seg_tree *trees, size_t n_trees, seg_forest_shap *shap,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(SEG_ALLOC(&shap->slot_of, shap->n_features, "the features of the trees", err));
    TRY(SEG_ALLOC(&shap->feature, shap->n_features, "the features of the trees", err));
    for (size_t t = 0; t < n_trees; t++)
        for (size_t i = 0; i < trees[t].n_nodes; i++)
            if (trees[t].nodes[i].feature >= 0)
                shap->slot_of[trees[t].nodes[i].feature] = 1;
    for (uint32_t f = 0; f < shap->n_features; f++)
        if (shap->slot_of[f] != 0) {
            shap->slot_of[f] = (uint32_t)shap->n_slots;
            shap->feature[shap->n_slots++] = f;
        }
    TRY(SEG_ALLOC(&shap->least, shap->n_slots, "the features of the trees", err));

done:
    return st;
}

/* Of all trees: what a unit must serve. */
typedef struct extent {
    double largest;             /* values of the leaves of one fork, their sizes added up */
    double sum;                 /* of all sizes */
    double n_forks;
} extent;

static bool is_leaf(const seg_tree *tree, uint32_t i)
{
    return tree->nodes[i].feature < 0;
}

static void measure(const seg_tree *tree, extent *e)
{
    for (size_t i = 0; i < tree->n_nodes; i++) {
        const seg_tree_node *node = &tree->nodes[i];
        double size = 0;
        if (node->feature < 0)
            continue;
        if (is_leaf(tree, node->left))
            size += fabs(tree->nodes[node->left].value);
        if (is_leaf(tree, node->right))
            size += fabs(tree->nodes[node->right].value);
        e->largest = fmax(e->largest, size);
        e->sum += size;
        e->n_forks++;
    }
}

/* Rounding errors of forks are independent, about: five deviations of their sum are 1e-5 at most
 * if three limbs are to do. */
static void choose_unit(const seg_tree *trees, size_t n_trees, seg_forest_shap *shap)
{
    extent e = { 0 };
    for (size_t t = 0; t < n_trees; t++)
        measure(&trees[t], &e);
    int whole = seg_forest_finest(e.sum, 0x1p50);
    for (shap->n_limbs = 3; shap->n_limbs <= SEG_FOREST_LIMBS; shap->n_limbs++) {
        int most = seg_forest_finest(e.largest, ldexp(1, (int)(8 * shap->n_limbs)) - 8);
        shap->exponent = most < whole ? most : whole;
        if (shap->n_limbs == SEG_FOREST_LIMBS
            || ldexp(1.5 * sqrt(e.n_forks), -shap->exponent) <= 1e-5)
            break;
    }
}

/* ---- the whole --------------------------------------------------------------------------- */

/* The first trees that fit the same planes; *n_done: how many. */
static seg_status put_segment(seg_shap_builder *b, const seg_tree *trees, size_t n, size_t *n_done,
                              seg_error *err)
{
    seg_status st = SEG_OK;
    seg_forest_shap *shap = b->shap;
    bool fits = true;
    *n_done = 0;
    TRY(SEG_GROW(&shap->segments, &shap->segments_cap, shap->n_segments + 1, "the trees", err));
    b->segment = &shap->segments[shap->n_segments++];
    *b->segment = (seg_shap_segment){ 0 };
    TRY(seg_forest_planes_new(shap->n_features, &b->segment->planes, err));
    while (*n_done < n && seg_tree_leaves(&trees[*n_done]) <= SEG_FOREST_LEAVES) {
        TRY(seg_forest_planes_add(b->segment->planes, &trees[*n_done], &fits, err));
        if (!fits)
            break;
        ++*n_done;
    }
    TRY(seg_forest_planes_finish(b->segment->planes, err));
    for (size_t t = 0; t < *n_done; t++) {
        TRY(seg_shap_put_tree(b, &trees[t], b->segment->planes, err));
    }
    TRY(seg_shap_close_batch(b, err));

done:
    return st;
}

static seg_status put_trees(seg_shap_builder *b, const seg_tree *trees, size_t n_trees,
                            seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n_done;
    TRY(SEG_ALLOC(&b->added, b->shap->n_slots, "the tables of reasons", err));
    for (size_t at = 0; at < n_trees; at += n_done) {
        TRY(put_segment(b, trees + at, n_trees - at, &n_done, err));
        if (n_done == 0) {      /* too large, or more cuts or groups than a byte has */
            seg_forest_planes_free(b->segment->planes);
            b->shap->n_segments--;
            TRY(seg_shap_put_tree(b, &trees[at], NULL, err));
            n_done = 1;
        }
    }

done:
    seg_free(b->added);
    seg_free(b->tables);
    seg_free(b->bytes);
    return st;
}

seg_status seg_forest_shap_new(const seg_tree *trees, size_t n_trees, size_t n_features,
                               seg_forest_shap **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_forest_shap *shap = NULL;
    seg_shap_builder b = { 0 };
    *out = NULL;
    TRY(seg_forest_check(trees, n_trees, n_features, err));
    TRY(check_rows(trees, n_trees, err));
    TRY(SEG_ALLOC(&shap, 1, "the reasons", err));
    shap->n_features = n_features;
    TRY(find_slots(trees, n_trees, shap, err));
    choose_unit(trees, n_trees, shap);
    b.shap = shap;
    TRY(put_trees(&b, trees, n_trees, err));
    if (shap->n_climbs > 0)
        seg_shap_points_fill(shap->points);
    *out = shap;
    shap = NULL;

done:
    seg_forest_shap_free(shap);
    return st;
}

static void free_batch(seg_shap_batch *batch)
{
    seg_free(batch->trees);
    seg_free(batch->tests);
    seg_free(batch->sets.sets);
    seg_free(batch->forks);
    seg_free(batch->steps);
    seg_free(batch->indexes);
    seg_free(batch->runs);
    seg_free(batch->tables);
}

void seg_forest_shap_free(seg_forest_shap *shap)
{
    if (shap == NULL)
        return;
    for (size_t s = 0; s < shap->n_segments; s++) {
        for (size_t i = 0; i < shap->segments[s].n_batches; i++)
            free_batch(&shap->segments[s].batches[i]);
        seg_free(shap->segments[s].batches);
        seg_forest_planes_free(shap->segments[s].planes);
    }
    for (size_t c = 0; c < shap->n_climbs; c++)
        seg_shap_climb_free(&shap->climbs[c]);
    seg_free(shap->segments);
    seg_free(shap->climbs);
    seg_free(shap->feature);
    seg_free(shap->slot_of);
    seg_free(shap->least);
    seg_free(shap);
}
