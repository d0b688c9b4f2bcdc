/* forest_shap_path.c: what the features on the path to a leaf get, exactly.
 *
 * With z the share of rows that follow the path through a feature's nodes and O the features that
 * hold for the row, the value of a set S of known features is value x product of z outside of S,
 * or 0 if S has a feature that does not hold. So all sums run over subsets of O: with
 *   P(x) = product over O of (x + z),  w(s) = s! (u - 1 - s)! / u!  and  Z = product of other z
 * a feature outside of O gets -value Z sum_s w(s) [x^s] P(x), and q in O gets
 * value (1 - z_q) Z sum_s w(s) [x^s] P(x) / (x + z_q).
 * Weights: L. S. Shapley 1953; trees: S. Lundberg et al. 2020. */
#include "kernels/forest_shap.h"

#include <string.h>

#include "base/alloc.h"
#include "base/try.h"

/* ---- climbing ------------------------------------------------------------------------ */

static seg_status copy_tree(const seg_tree *tree, seg_tree *out, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(SEG_GROW(&out->nodes, &out->nodes_cap, tree->n_nodes, "a tree", err));
    TRY(SEG_GROW(&out->sides, &out->sides_cap, tree->n_sides, "a tree", err));
    memcpy(out->nodes, tree->nodes, tree->n_nodes * sizeof *tree->nodes);
    if (tree->n_sides > 0)
        memcpy(out->sides, tree->sides, tree->n_sides);
    out->n_nodes = tree->n_nodes;
    out->n_sides = tree->n_sides;

done:
    return st;
}

static double rows_of(const seg_tree_node *node)
{
    return (double)node->n[0] + (double)node->n[1];
}

/* Shares of the two children add up to 1, even of rows that nobody saw. */
static void fill(seg_shap_climb *climb, const uint32_t *slot_of, uint32_t *depth)
{
    climb->share[0] = 1;
    for (uint32_t i = 0; i < climb->tree.n_nodes; i++) {
        const seg_tree_node *node = &climb->tree.nodes[i];
        climb->longest = depth[i] > climb->longest ? depth[i] : climb->longest;
        if (node->feature < 0)
            continue;
        double left = rows_of(&climb->tree.nodes[node->left]);
        double right = rows_of(&climb->tree.nodes[node->right]);
        climb->slot[i] = slot_of[node->feature];
        climb->parent[node->left] = climb->parent[node->right] = i;
        climb->share[node->left] = left + right > 0 ? left / (left + right) : 0.5;
        climb->share[node->right] = 1 - climb->share[node->left];
        depth[node->left] = depth[node->right] = depth[i] + 1;
    }
}

seg_status seg_shap_climb_new(const seg_tree *tree, const uint32_t *slot_of, seg_shap_climb *out,
                              seg_error *err)
{
    seg_status st = SEG_OK;
    uint32_t *depth = NULL;
    *out = (seg_shap_climb){ 0 };
    TRY(copy_tree(tree, &out->tree, err));
    TRY(SEG_ALLOC(&out->parent, tree->n_nodes, "the paths of a tree", err));
    TRY(SEG_ALLOC(&out->share, tree->n_nodes, "the paths of a tree", err));
    TRY(SEG_ALLOC(&out->slot, tree->n_nodes, "the paths of a tree", err));
    TRY(SEG_ALLOC(&out->leaves, seg_tree_leaves(tree), "the paths of a tree", err));
    TRY(SEG_ALLOC(&depth, tree->n_nodes, "the paths of a tree", err));
    fill(out, slot_of, depth);

done:
    if (st != SEG_OK)
        seg_shap_climb_free(out);
    seg_free(depth);
    return st;
}

void seg_shap_climb_free(seg_shap_climb *climb)
{
    seg_tree_free(&climb->tree);
    seg_free(climb->parent);
    seg_free(climb->share);
    seg_free(climb->slot);
    seg_free(climb->leaves);
    *climb = (seg_shap_climb){ 0 };
}

/* ---- a path --------------------------------------------------------------------------- */

seg_status seg_shap_path_new(size_t most_nodes, size_t n_slots, seg_shap_path *out,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    *out = (seg_shap_path){ 0 };
    TRY(SEG_ALLOC(&out->slot, most_nodes, "a path", err));
    TRY(SEG_ALLOC(&out->share, most_nodes, "a path", err));
    TRY(SEG_ALLOC(&out->holds, most_nodes, "a path", err));
    TRY(SEG_ALLOC(&out->node, most_nodes, "a path", err));
    TRY(SEG_ALLOC(&out->left, most_nodes, "a path", err));
    TRY(SEG_ALLOC(&out->at, most_nodes, "a path", err));
    TRY(SEG_ALLOC(&out->seen, n_slots, "a path", err));
    TRY(SEG_ALLOC(&out->stamp, n_slots, "a path", err));
    TRY(SEG_ALLOC(&out->polynomial, 2 * (most_nodes + 1), "a path", err));
    TRY(SEG_ALLOC(&out->out, most_nodes, "a path", err));
    return SEG_OK;

done:
    seg_shap_path_free(out);
    return st;
}

void seg_shap_path_free(seg_shap_path *path)
{
    seg_free(path->slot);
    seg_free(path->share);
    seg_free(path->holds);
    seg_free(path->node);
    seg_free(path->left);
    seg_free(path->at);
    seg_free(path->seen);
    seg_free(path->stamp);
    seg_free(path->polynomial);
    seg_free(path->out);
    *path = (seg_shap_path){ 0 };
}

static uint32_t feature_at(seg_shap_path *path, uint32_t slot)
{
    if (path->stamp[slot] != path->now) {
        path->stamp[slot] = path->now;
        path->seen[slot] = (uint32_t)path->n_features;
        path->slot[path->n_features] = slot;
        path->share[path->n_features++] = 1;
    }
    return path->seen[slot];
}

void seg_shap_path_take(const seg_shap_climb *climb, uint32_t node, seg_shap_path *path)
{
    path->n_features = path->n_nodes = 0;
    path->now++;
    for (uint32_t i = node; i != 0; i = climb->parent[i]) {
        uint32_t above = climb->parent[i], at = feature_at(path, climb->slot[above]);
        path->share[at] *= climb->share[i];
        path->node[path->n_nodes] = above;
        path->left[path->n_nodes] = climb->tree.nodes[above].left == i;
        path->at[path->n_nodes++] = at;
    }
}

/* Sum over s of w(s) times the coefficient of x^s, for u features; degree < u. */
static double weighted(const double *coefficients, size_t degree, size_t u)
{
    double sum = 0, w = 1 / (double)u;
    for (size_t s = 0; s <= degree; s++) {
        sum += w * coefficients[s];
        if (s + 1 < u)
            w *= (double)(s + 1) / (double)(u - 1 - s);
    }
    return sum;
}

/* The same of the polynomial divided by x + z, from the highest coefficient down. */
static double weighted_without(const double *coefficients, size_t degree, double z, size_t u)
{
    double sum = 0, quotient = 0, w = 1 / (double)u;   /* w(degree - 1) = w(u - degree) */
    for (size_t s = 0; s < u - degree; s++)
        w *= (double)(s + 1) / (double)(u - 1 - s);
    for (size_t s = degree; s > 0; s--) {
        quotient = coefficients[s] - z * quotient;
        sum += w * quotient;
        if (s > 1)
            w *= (double)(u - s + 1) / (double)(s - 1);
    }
    return sum;
}

/* p, of the given degree, times x + z. */
static void multiply(double *p, size_t degree, double z)
{
    p[degree + 1] = p[degree];
    for (size_t s = degree; s > 0; s--)
        p[s] = p[s - 1] + p[s] * z;
    p[0] *= z;
}

/* Division loses a digit with every three factors or so: many are multiplied anew. */
static double weighted_others(const seg_shap_path *path, size_t degree, size_t q)
{
    enum { DIVIDES = 24 };
    double *p = path->polynomial + path->n_features + 1;
    size_t n = 0;
    if (degree <= DIVIDES)
        return weighted_without(path->polynomial, degree, path->share[q], path->n_features);
    p[0] = 1;
    for (size_t j = 0; j < path->n_features; j++)
        if (path->holds[j] && j != q)
            multiply(p, n++, path->share[j]);
    return weighted(p, n, path->n_features);
}

void seg_shap_path_give(seg_shap_path *path, double value)
{
    size_t u = path->n_features, degree = 0;
    double *p = path->polynomial, rest = 0;
    p[0] = 1;
    for (size_t q = 0; q < u; q++)
        if (path->holds[q])
            multiply(p, degree++, path->share[q]);
        else
            value *= path->share[q];
    if (degree < u)
        rest = -value * weighted(p, degree, u);
    for (size_t q = 0; q < u; q++)
        path->out[q] = path->holds[q] ? value * (1 - path->share[q])
                                        * weighted_others(path, degree, q) : rest;
}
