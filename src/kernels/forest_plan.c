/* forest_plan.c: an ensemble made ready for scoring.
 *
 * A row's labels come from one of two forms. A tree of depth up to six is filled up to a complete
 * one: no addresses, and the inner loops know its shape. Any other tree of up to 256 leaves is a
 * list of nodes, sides first. What is larger is walked (forest_walk.c).
 * Planes are shared by as many trees as have no more than a byte can tell apart in a feature. */
#include "kernels/forest_plan.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"

/* ---- units ------------------------------------------------------------------------- */

static const double ERROR_MAX = 1e-6;

typedef struct span {
    double least, most;
} span;

static span values_of(const seg_tree *tree)
{
    span s = { (double)INFINITY, -(double)INFINITY };
    for (size_t i = 0; i < tree->n_nodes; i++)
        if (tree->nodes[i].feature < 0) {
            s.least = fmin(s.least, tree->nodes[i].value);
            s.most = fmax(s.most, tree->nodes[i].value);
        }
    return s;
}

/* The least q for which value * 2^q is whole. */
static int fraction_bits(double value)
{
    enum { MANTISSA = 53, LEAST = -400 };
    int exponent;
    int64_t mantissa = (int64_t)ldexp(frexp(value, &exponent), MANTISSA);
    return mantissa == 0 ? LEAST : MANTISSA - exponent - __builtin_ctzll((uint64_t)mantissa);
}

static int fraction_bits_of(const seg_tree *trees, size_t n_trees)
{
    int most = fraction_bits(0);
    for (size_t t = 0; t < n_trees; t++)
        for (size_t i = 0; i < trees[t].n_nodes; i++)
            if (trees[t].nodes[i].feature < 0) {
                int bits = fraction_bits(trees[t].nodes[i].value);
                most = bits > most ? bits : most;
            }
    return most;
}

int seg_forest_finest(double value, double limit)
{
    enum { MOST = 900 };
    int k, e;
    if (!(value > 0))
        return MOST;
    frexp(limit, &k);
    frexp(value, &e);
    k -= e;
    if (ldexp(value, k) > limit)
        k--;
    return k < MOST ? k : MOST;
}

/* The exact unit if the limbs and whole numbers in double allow it; else the finest unit, of one
 * byte less where the error permits. */
static void choose_unit(const seg_tree *trees, size_t n_trees, seg_forest_plan *plan)
{
    double range = 0, sum = 0, n = (double)n_trees;
    for (size_t t = 0; t < n_trees; t++) {
        span s = values_of(&trees[t]);
        range = fmax(range, s.most - s.least);
        sum += fmax(fabs(s.least), fabs(s.most));
    }
    int most = seg_forest_finest(range, 0x1p32 - 2);
    int whole = seg_forest_finest(sum, 0x1p51);
    int exact = fraction_bits_of(trees, n_trees), short_one = most - 8;
    most = most < whole ? most : whole;
    plan->exponent = exact <= most ? exact
                     : short_one <= most && ldexp(n, -short_one - 1) <= ERROR_MAX ? short_one
                     : most;
    plan->error = exact <= most ? 0 : ldexp(n, -plan->exponent - 1);
}

static double units_of(const seg_forest_plan *plan, double value)
{
    return nearbyint(ldexp(value, plan->exponent));
}

/* ---- a tree in a part --------------------------------------------------------------- */

typedef struct builder {
    seg_forest_plan *plan;
    const seg_tree *tree;
    const seg_forest_planes *planes;
    seg_forest_part *part;
    seg_forest_tree *out;
    double least;               /* units */
    size_t oldest_set;
} builder;

static void put_value(const builder *b, uint32_t label, double value)
{
    uint8_t *limbs = b->part->limbs + b->out->first_limb;
    uint64_t units = (uint64_t)(units_of(b->plan, value) - b->least);
    label %= b->out->n_labels;
    for (size_t l = 0; l < b->out->n_limbs; l++)
        limbs[l * b->out->n_labels + label] = (uint8_t)(units >> 8 * l);
}

static seg_status room(seg_forest_part *part, const seg_forest_tree *tree, seg_error *err)
{
    seg_status st = SEG_OK;
    part->n_tests += tree->n_nodes;
    part->n_bytes += (size_t)tree->n_limbs * tree->n_labels;
    TRY(SEG_GROW(&part->tests, &part->tests_cap, part->n_tests, "the tests of the trees", err));
    TRY(SEG_GROW(&part->limbs, &part->limbs_cap, part->n_bytes, "the values of leaves", err));
    if (tree->depth == 0) {
        part->n_sides += tree->n_nodes;
        TRY(SEG_GROW(&part->sides, &part->sides_cap, part->n_sides, "the tests of the trees",
                     err));
    }

done:
    return st;
}

/* The subtree below a node, as a complete one of the given depth whose first pair of leaves is
 * number `pair`. Below a leaf all tests stay what room() left, and all leaves are that leaf. */
static seg_status put_complete(builder *b, size_t node_index, size_t depth, size_t at,
                               uint32_t pair, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_tree_node *node = &b->tree->nodes[node_index];
    bool leaf = node->feature < 0;
    size_t half = ((size_t)1 << (depth - 1)) - 1;   /* nodes of a side */
    uint32_t child[2] = { leaf ? (uint32_t)node_index : node->left,
                          leaf ? (uint32_t)node_index : node->right };
    if (!leaf) {
        seg_forest_test test;
        TRY(seg_forest_node_test(b->planes, b->tree, node, &b->part->sets, b->oldest_set, &test,
                                 err));
        b->part->tests[at + 2 * half] = test;
    }
    if (depth == 1) {
        put_value(b, 255 - pair, b->tree->nodes[child[0]].value);
        put_value(b, pair, b->tree->nodes[child[1]].value);
        return SEG_OK;
    }
    TRY(put_complete(b, child[0], depth - 1, at, pair, err));
    TRY(put_complete(b, child[1], depth - 1, at + half, pair + (uint32_t)(half + 1) / 2, err));

done:
    return st;
}

/* Children are behind their parents: from the last node to the first, sides come first. */
static seg_status put_list(builder *b, seg_error *err)
{
    seg_status st = SEG_OK;
    uint32_t *slot = NULL, label = 0, n = 0;
    TRY(SEG_ALLOC(&slot, b->tree->n_nodes, "the tests of the trees", err));
    for (size_t i = b->tree->n_nodes; i-- > 0;) {
        const seg_tree_node *node = &b->tree->nodes[i];
        if (node->feature < 0) {
            put_value(b, label, node->value);
            slot[i] = label++ * SEG_TILE_ROWS;
            continue;
        }
        seg_forest_test test;
        TRY(seg_forest_node_test(b->planes, b->tree, node, &b->part->sets, b->oldest_set, &test,
                                 err));
        b->part->tests[b->out->first_test + n] = test;
        b->part->sides[b->out->first_sides + n] = (seg_forest_sides){ slot[node->left],
                                                                      slot[node->right] };
        slot[i] = (SEG_FOREST_LEAVES + n++) * SEG_TILE_ROWS;
    }

done:
    seg_free(slot);
    return st;
}

static size_t limbs_for(double range)
{
    size_t n = 1;
    while (range >= ldexp(1, (int)(8 * n)))
        n++;
    return n;
}

/* Filling up to a complete tree is worth it as long as it does not cost twice the nodes. */
static bool is_worth_completing(size_t n_inner, size_t depth)
{
    return depth <= SEG_FOREST_DEPTH && ((size_t)1 << depth) <= 2 * n_inner + 2;
}

static seg_status put_tree(seg_forest_plan *plan, const seg_tree *tree,
                           const seg_forest_planes *planes, seg_forest_part *part, seg_error *err)
{
    seg_status st = SEG_OK;
    span values = values_of(tree);
    size_t n_leaves = seg_tree_leaves(tree), depth = seg_tree_depth(tree);
    builder b = { .plan = plan, .tree = tree, .planes = planes, .part = part,
                  .least = units_of(plan, values.least),
                  .oldest_set = seg_forest_oldest_set(&part->sets, tree) };
    size_t n_sets = part->sets.n;
    seg_forest_tree out = {
        .n_nodes = (uint16_t)(n_leaves - 1),
        .n_limbs = (uint8_t)limbs_for(units_of(plan, values.most) - b.least),
        .first_test = part->n_tests, .first_sides = part->n_sides, .first_limb = part->n_bytes };
    if (is_worth_completing(n_leaves - 1, depth)) {
        out.depth = (uint8_t)depth;
        out.n_nodes = (uint16_t)((1U << depth) - 1);
        n_leaves = (size_t)1 << depth;
    }
    out.n_labels = n_leaves <= 16 ? 16 : n_leaves <= 64 ? 64 : SEG_FOREST_LEAVES;
    plan->base += b.least;
    TRY(SEG_GROW(&part->trees, &part->trees_cap, part->n_trees + 1, "the trees", err));
    TRY(room(part, &out, err));
    part->trees[part->n_trees++] = out;
    b.out = &part->trees[part->n_trees - 1];
    if (out.depth > 0) {
        TRY(put_complete(&b, 0, depth, out.first_test, 0, err));
    } else {
        TRY(put_list(&b, err));
    }
    b.out->n_sets = (uint16_t)(part->sets.n - n_sets);

done:
    return st;
}

/* ---- trees with planes in common ------------------------------------------------------ */

static seg_status open_part(seg_forest_segment *segment, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(SEG_GROW(&segment->parts, &segment->parts_cap, segment->n_parts + 1, "the trees", err));
    segment->parts[segment->n_parts++] = (seg_forest_part){
        .sets.first_plane = seg_forest_plane_count(segment->planes) };

done:
    return st;
}

static seg_status put_trees(seg_forest_plan *plan, const seg_tree *trees, const uint32_t *pick,
                            size_t n, seg_forest_segment *segment, seg_error *err)
{
    seg_status st = SEG_OK;
    for (size_t i = 0; i < n; i++) {
        if (i % SEG_FOREST_TREES == 0) {
            TRY(open_part(segment, err));
        }
        TRY(put_tree(plan, &trees[pick[i]], segment->planes,
                     &segment->parts[segment->n_parts - 1], err));
    }

done:
    return st;
}

/* The first of the picked trees that fit together; *n_done: how many. */
static seg_status put_segment(seg_forest_plan *plan, const seg_tree *trees, const uint32_t *pick,
                              size_t n, size_t *n_done, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_forest_segment *segment;
    bool fits = true;
    *n_done = 0;
    TRY(SEG_GROW(&plan->segments, &plan->segments_cap, plan->n_segments + 1, "the trees", err));
    segment = &plan->segments[plan->n_segments++];
    *segment = (seg_forest_segment){ 0 };
    TRY(seg_forest_planes_new(plan->n_features, &segment->planes, err));
    while (*n_done < n) {
        TRY(seg_forest_planes_add(segment->planes, &trees[pick[*n_done]], &fits, err));
        if (!fits)
            break;
        ++*n_done;
    }
    TRY(seg_forest_planes_finish(segment->planes, err));
    TRY(put_trees(plan, trees, pick, *n_done, segment, err));

done:
    return st;
}

static void free_segment(seg_forest_segment *segment)
{
    seg_forest_planes_free(segment->planes);
    for (size_t p = 0; p < segment->n_parts; p++) {
        seg_free(segment->parts[p].trees);
        seg_free(segment->parts[p].tests);
        seg_free(segment->parts[p].sides);
        seg_free(segment->parts[p].limbs);
        seg_free(segment->parts[p].sets.sets);
    }
    seg_free(segment->parts);
}

static seg_status put_walk(seg_forest_plan *plan, const seg_tree *tree, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(SEG_GROW(&plan->walks, &plan->walks_cap, plan->n_walks + 1, "the large trees", err));
    TRY(seg_forest_walk_new(tree, plan->exponent, &plan->walks[plan->n_walks], err));
    plan->n_walks++;

done:
    return st;
}

/* Trees of one leaf are part of the base; pick gets those that bytes may do for. */
static seg_status sort_out(seg_forest_plan *plan, const seg_tree *trees, size_t n_trees,
                           uint32_t *pick, size_t *n_picked, seg_error *err)
{
    seg_status st = SEG_OK;
    *n_picked = 0;
    for (size_t t = 0; t < n_trees; t++) {
        size_t n_leaves = seg_tree_leaves(&trees[t]);
        if (trees[t].nodes[0].feature < 0) {
            plan->base += units_of(plan, trees[t].nodes[0].value);
        } else if (n_leaves > SEG_FOREST_LEAVES) {
            TRY(put_walk(plan, &trees[t], err));
        } else {
            pick[(*n_picked)++] = (uint32_t)t;
        }
    }

done:
    return st;
}

seg_status seg_forest_plan_new(const seg_tree *trees, size_t n_trees, size_t n_features,
                               seg_forest_plan **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_forest_plan *plan = NULL;
    uint32_t *pick = NULL;
    size_t n_picked = 0, n_done;
    *out = NULL;
    TRY(seg_forest_check(trees, n_trees, n_features, err));
    TRY(SEG_ALLOC(&plan, 1, "the ensemble", err));
    TRY(SEG_ALLOC(&pick, n_trees, "the ensemble", err));
    plan->n_features = n_features;
    choose_unit(trees, n_trees, plan);
    TRY(sort_out(plan, trees, n_trees, pick, &n_picked, err));
    for (size_t at = 0; at < n_picked; at += n_done) {
        TRY(put_segment(plan, trees, pick + at, n_picked - at, &n_done, err));
        if (n_done == 0) {      /* more cuts or groups of one feature than a byte has */
            free_segment(&plan->segments[--plan->n_segments]);
            TRY(put_walk(plan, &trees[pick[at]], err));
            n_done = 1;
        }
    }
    *out = plan;
    plan = NULL;

done:
    seg_free(pick);
    seg_forest_plan_free(plan);
    return st;
}

void seg_forest_plan_free(seg_forest_plan *plan)
{
    if (plan == NULL)
        return;
    for (size_t s = 0; s < plan->n_segments; s++)
        free_segment(&plan->segments[s]);
    for (size_t w = 0; w < plan->n_walks; w++)
        seg_forest_walk_free(plan->walks[w]);
    seg_free(plan->segments);
    seg_free(plan->walks);
    seg_free(plan);
}

double seg_forest_plan_error(const seg_forest_plan *plan)
{
    return plan->error;
}
