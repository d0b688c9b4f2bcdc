/* forest_walk.c: trees with more leaves than a byte can name, or more cuts of a feature: from node
 * to node. Children lie side by side, leaves lead to themselves, so that eight rows take their
 * steps together without asking which has arrived; what a row waits for, the others fill. */
#include "kernels/forest_plan.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"

enum { TOGETHER = 8 };

typedef struct step {
    float threshold;
    uint32_t feature;
    uint32_t left;              /* the right one is the next */
    uint32_t category;          /* 0: a number; else 1 + its place in categories */
    bool missing_left;
} step;

typedef struct category {
    uint32_t n_levels, first_side;
} category;

struct seg_forest_walk {
    step *steps;
    double *units;              /* of leaves */
    category *categories;
    uint8_t *sides;
    size_t depth;
};

void seg_forest_walk_free(seg_forest_walk *walk)
{
    if (walk == NULL)
        return;
    seg_free(walk->steps);
    seg_free(walk->units);
    seg_free(walk->categories);
    seg_free(walk->sides);
    seg_free(walk);
}

/* Level by level: from[i] is the node of the tree that step i stands for. */
static void lay_out(seg_forest_walk *walk, const seg_tree *tree, int exponent, uint32_t *from)
{
    size_t n = 1, n_categories = 0;
    from[0] = 0;
    for (size_t begin = 0, end = 1; begin < end; begin = end, end = n, walk->depth++)
        for (size_t i = begin; i < end; i++) {
            const seg_tree_node *node = &tree->nodes[from[i]];
            step *s = &walk->steps[i];
            if (node->feature < 0) {
                *s = (step){ .threshold = (float)INFINITY, .left = (uint32_t)i,
                             .missing_left = true };
                walk->units[i] = nearbyint(ldexp(node->value, exponent));
                continue;
            }
            *s = (step){ .threshold = node->threshold, .feature = (uint32_t)node->feature,
                         .left = (uint32_t)n, .missing_left = node->missing_left };
            from[n++] = node->left;
            from[n++] = node->right;
            if (node->n_levels > 0) {
                walk->categories[n_categories++] = (category){ node->n_levels, node->first_side };
                s->category = (uint32_t)n_categories;
            }
        }
}

seg_status seg_forest_walk_new(const seg_tree *tree, int exponent, seg_forest_walk **out,
                               seg_error *err)
{
    seg_status st = SEG_OK;
    seg_forest_walk *walk = NULL;
    uint32_t *from = NULL;
    *out = NULL;
    TRY(SEG_ALLOC(&walk, 1, "a large tree", err));
    TRY(SEG_ALLOC(&walk->steps, tree->n_nodes, "a large tree", err));
    TRY(SEG_ALLOC(&walk->units, tree->n_nodes, "a large tree", err));
    TRY(SEG_ALLOC(&walk->categories, tree->n_nodes, "a large tree", err));
    TRY(SEG_ALLOC(&walk->sides, tree->n_sides, "a large tree", err));
    TRY(SEG_ALLOC(&from, tree->n_nodes, "a large tree", err));
    if (tree->n_sides > 0)
        memcpy(walk->sides, tree->sides, tree->n_sides);
    lay_out(walk, tree, exponent, from);
    *out = walk;
    walk = NULL;

done:
    seg_free(from);
    seg_forest_walk_free(walk);
    return st;
}

static bool goes_left(const seg_forest_walk *walk, const step *s, float x)
{
    bool present = fabsf(x) <= FLT_MAX;
    if (s->category == 0)
        return present ? x <= s->threshold : s->missing_left;
    const category *c = &walk->categories[s->category - 1];
    if (!present || !(x >= 0 && x < (float)c->n_levels))
        return s->missing_left;
    return walk->sides[c->first_side + (size_t)x] != 0;
}

void seg_forest_walk_add(const seg_forest_walk *walk, seg_matrix x, size_t first, size_t n,
                         double *units)
{
    const float *rows = x.x + first * x.stride;
    for (size_t begin = 0; begin < n; begin += TOGETHER) {
        size_t end = begin + TOGETHER < n ? begin + TOGETHER : n;
        uint32_t at[TOGETHER] = { 0 };
        for (size_t d = 1; d < walk->depth; d++)
            for (size_t i = begin; i < end; i++) {
                const step *s = &walk->steps[at[i - begin]];
                at[i - begin] = s->left + !goes_left(walk, s, rows[i * x.stride + s->feature]);
            }
        for (size_t i = begin; i < end; i++)
            units[i] += walk->units[at[i - begin]];
    }
}
