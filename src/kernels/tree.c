/* tree.c: rows find their leaf; a tree is cut back, and its nodes get values.
 *
 * Cutting back follows the weakest link (Breiman et al. 1984, chapter 3) with the Gini
 * index as the cost, until few enough leaves are left. Leaf values are pulled towards
 * their ancestors' (Agarwal et al., "Hierarchical shrinkage", ICML 2022): small leaves
 * then say what their branch says, and no leaf claims 0 or 1. */
#include "kernels/tree.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"
#include "kernels/tree_split.h"
#include "segmill/context.h"

void seg_tree_free(seg_tree *tree)
{
    seg_free(tree->nodes);
    seg_free(tree->sides);
    *tree = (seg_tree){ 0 };
}

size_t seg_tree_leaves(const seg_tree *tree)
{
    size_t n = 0;
    for (size_t i = 0; i < tree->n_nodes; i++)
        n += tree->nodes[i].feature < 0;
    return n;
}

static size_t depth_below(const seg_tree *tree, uint32_t i, size_t depth)
{
    const seg_tree_node *node = &tree->nodes[i];
    if (node->feature < 0 || depth >= SEG_TREE_DEPTH_MAX)
        return depth;
    size_t left = depth_below(tree, node->left, depth + 1);
    size_t right = depth_below(tree, node->right, depth + 1);
    return left > right ? left : right;
}

size_t seg_tree_depth(const seg_tree *tree)
{
    return tree->n_nodes == 0 ? 0 : depth_below(tree, 0, 0);
}

/* ---- rows to leaves ----------------------------------------------------------- */

static uint32_t leaf_of(const seg_tree *tree, const float *row)
{
    uint32_t i = 0;
    while (tree->nodes[i].feature >= 0) {
        const seg_tree_node *node = &tree->nodes[i];
        i = seg_tree_goes_left(tree, node, row[node->feature]) ? node->left : node->right;
    }
    return i;
}

void seg_tree_route(const seg_tree *tree, seg_matrix x, int n_threads, uint32_t *leaves)
{
    #pragma omp parallel for schedule(static) num_threads(n_threads)
    for (size_t first = 0; first < x.n_rows; first += SEG_CHUNK_ROWS) {
        size_t end = first + SEG_CHUNK_ROWS < x.n_rows ? first + SEG_CHUNK_ROWS : x.n_rows;
        for (size_t i = first; i < end; i++)
            leaves[i] = leaf_of(tree, x.x + i * x.stride);
    }
}

/* ---- growing ------------------------------------------------------------------ */

seg_status seg_tree_plant(seg_tree *tree, seg_error *err)
{
    seg_status st = SEG_GROW(&tree->nodes, &tree->nodes_cap, 1, "the nodes of the tree", err);
    if (st != SEG_OK)
        return st;
    tree->nodes[0] = (seg_tree_node){ .feature = -1, .threshold = NAN };
    tree->n_nodes = 1;
    return SEG_OK;
}

/* ---- cutting back ------------------------------------------------------------- */

/* What hangs below a node. Nodes whose ancestor became a leaf hang nowhere. */
typedef struct branch {
    size_t leaves;
    double impurity;   /* of the leaves together */
    bool reached;
} branch;

static void measure_branches(const seg_tree *tree, const int64_t weight[2], branch *branches)
{
    memset(branches, 0, tree->n_nodes * sizeof *branches);
    branches[0].reached = true;
    for (size_t i = 0; i < tree->n_nodes; i++) {
        const seg_tree_node *node = &tree->nodes[i];
        if (node->feature >= 0 && branches[i].reached)
            branches[node->left].reached = branches[node->right].reached = true;
    }
    for (size_t i = tree->n_nodes; i-- > 0; ) {
        const seg_tree_node *node = &tree->nodes[i];
        if (node->feature < 0) {
            branches[i].leaves = 1;
            branches[i].impurity = seg_split_impurity(node->n, weight);
        } else {
            const branch *l = &branches[node->left], *r = &branches[node->right];
            branches[i].leaves = l->leaves + r->leaves;
            branches[i].impurity = l->impurity + r->impurity;
        }
    }
}

/* The inner node whose branch gains least per leaf; of equal ones, the deepest. */
static size_t weakest_link(const seg_tree *tree, const int64_t weight[2],
                           const branch *branches)
{
    size_t weakest = 0;
    double least = INFINITY;
    for (size_t i = tree->n_nodes; i-- > 0; ) {
        if (tree->nodes[i].feature < 0 || !branches[i].reached)
            continue;
        double own = seg_split_impurity(tree->nodes[i].n, weight);
        double gain = (own - branches[i].impurity) / (double)(branches[i].leaves - 1);
        if (gain < least) {
            least = gain;
            weakest = i;
        }
    }
    return weakest;
}

/* Only the nodes that can be reached, level by level, and their sides. */
static seg_status repack(seg_tree *tree, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_tree packed = { 0 };
    TRY(SEG_GROW(&packed.nodes, &packed.nodes_cap, tree->n_nodes, "the nodes of the tree", err));
    TRY(SEG_GROW(&packed.sides, &packed.sides_cap, tree->n_sides, "the categories of the tree",
                 err));
    packed.nodes[packed.n_nodes++] = tree->nodes[0];
    for (size_t i = 0; i < packed.n_nodes; i++) {
        seg_tree_node *node = &packed.nodes[i];
        if (node->feature < 0)
            continue;
        packed.nodes[packed.n_nodes] = tree->nodes[node->left];
        packed.nodes[packed.n_nodes + 1] = tree->nodes[node->right];
        node->left = (uint32_t)packed.n_nodes;
        node->right = node->left + 1;
        packed.n_nodes += 2;
        if (node->n_levels > 0)
            memcpy(packed.sides + packed.n_sides, tree->sides + node->first_side, node->n_levels);
        node->first_side = node->n_levels > 0 ? (uint32_t)packed.n_sides : 0;
        packed.n_sides += node->n_levels;
    }
    seg_tree_free(tree);
    *tree = packed;
    packed = (seg_tree){ 0 };

done:
    seg_tree_free(&packed);
    return st;
}

static void fill_gains(seg_tree *tree, const int64_t weight[2])
{
    const int64_t *all = tree->nodes[0].n;
    double total = (double)all[0] * (double)weight[0] + (double)all[1] * (double)weight[1];
    for (size_t i = 0; i < tree->n_nodes; i++) {
        seg_tree_node *node = &tree->nodes[i];
        node->gain = 0;
        if (node->feature >= 0)
            node->gain = 2 / total * (seg_split_impurity(node->n, weight)
                                      - seg_split_impurity(tree->nodes[node->left].n, weight)
                                      - seg_split_impurity(tree->nodes[node->right].n, weight));
    }
}

seg_status seg_tree_prune(seg_tree *tree, size_t max_leaves, const int64_t weight[2],
                          seg_error *err)
{
    seg_status st = SEG_OK;
    branch *branches = NULL;
    TRY(SEG_ALLOC(&branches, tree->n_nodes, "the branches of the tree", err));
    for (;;) {
        measure_branches(tree, weight, branches);
        if (branches[0].leaves <= max_leaves)
            break;
        seg_tree_node *cut = &tree->nodes[weakest_link(tree, weight, branches)];
        *cut = (seg_tree_node){ .feature = -1, .threshold = NAN, .n = { cut->n[0], cut->n[1] },
                                .value = cut->value };
    }
    TRY(repack(tree, err));
    fill_gains(tree, weight);

done:
    seg_free(branches);
    return st;
}

/* ---- values ------------------------------------------------------------------- */

static double rate(const seg_tree_node *node)
{
    return (double)node->n[1] / (double)(node->n[0] + node->n[1]);
}

void seg_tree_shrink(seg_tree *tree, double shrinkage)
{
    tree->nodes[0].value = rate(&tree->nodes[0]);
    for (size_t i = 0; i < tree->n_nodes; i++) {
        const seg_tree_node *node = &tree->nodes[i];
        if (node->feature < 0)
            continue;
        double rows = (double)(node->n[0] + node->n[1]), pull = rows / (rows + shrinkage);
        for (int side = 0; side < 2; side++) {
            seg_tree_node *child = &tree->nodes[side == 0 ? node->left : node->right];
            double value = node->value + (rate(child) - rate(node)) * pull;
            child->value = fmin(1, fmax(0, value));
        }
    }
}

static void bound_below(seg_tree *tree, const int8_t *monotone, uint32_t at, double least,
                        double most)
{
    seg_tree_node *node = &tree->nodes[at];
    node->value = fmin(most, fmax(least, node->value));
    if (node->feature < 0)
        return;
    double left = fmin(most, fmax(least, tree->nodes[node->left].value)),
           right = fmin(most, fmax(least, tree->nodes[node->right].value));
    double middle = (left + right) / 2;
    switch (monotone[node->feature]) {
    case 1:
        bound_below(tree, monotone, node->left, least, middle);
        bound_below(tree, monotone, node->right, middle, most);
        break;
    case -1:
        bound_below(tree, monotone, node->left, middle, most);
        bound_below(tree, monotone, node->right, least, middle);
        break;
    default:
        bound_below(tree, monotone, node->left, least, most);
        bound_below(tree, monotone, node->right, least, most);
        break;
    }
}

void seg_tree_bound(seg_tree *tree, const int8_t *monotone)
{
    bound_below(tree, monotone, 0, -INFINITY, INFINITY);   /* at most SEG_TREE_DEPTH_MAX deep */
}
