/* forest_planes.c: the cuts and groups of levels that trees really use, and each node's test
 * against them.
 *
 * Groups of levels by refinement: all levels begin as one group with "missing"; each node's set
 * parts every group into those that it sends left and right. */
#include "kernels/forest_plan.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"

enum {
    LEVELS_MAX = 1 << 24,       /* whole numbers that a float can tell apart */
    NODES_MAX = 1 << 30
};
static const double VALUE_MAX = 1e100;

/* ---- what a tree must be ----------------------------------------------------------- */

static seg_status check_node(const seg_tree *tree, size_t t, size_t i, size_t n_features,
                             uint8_t *seen, seg_error *err)
{
    const seg_tree_node *node = &tree->nodes[i];
    if (node->feature < 0)
        return fabs(node->value) <= VALUE_MAX ? SEG_OK
               : seg_fail(err, SEG_E_DATA, "tree %zu: leaf %zu has the value %g; allowed are "
                          "those up to 1e100", t, i, node->value);
    if ((size_t)node->feature >= n_features)
        return seg_fail(err, SEG_E_DATA, "tree %zu: node %zu splits feature %d; there are %zu",
                        t, i, node->feature, n_features);
    uint32_t child[2] = { node->left, node->right };
    for (size_t s = 0; s < 2; s++) {
        if (child[s] <= i || child[s] >= tree->n_nodes || seen[child[s]])
            return seg_fail(err, SEG_E_DATA, "tree %zu: node %zu has the child %u; it must lie "
                            "behind its parent, within the tree's %zu nodes, and have no other "
                            "parent", t, i, child[s], tree->n_nodes);
        seen[child[s]] = 1;
    }
    if (node->n_levels == 0 && isnan(node->threshold))
        return seg_fail(err, SEG_E_DATA, "tree %zu: node %zu has a threshold that is no number",
                        t, i);
    if (node->n_levels > LEVELS_MAX
        || (node->n_levels > 0 && (node->first_side > tree->n_sides
                                   || node->n_levels > tree->n_sides - node->first_side)))
        return seg_fail(err, SEG_E_DATA, "tree %zu: node %zu tells apart %u levels from %u on; the "
                        "tree has %zu", t, i, node->n_levels, node->first_side, tree->n_sides);
    return SEG_OK;
}

static seg_status check_tree(const seg_tree *tree, size_t t, size_t n_features, seg_error *err)
{
    seg_status st = SEG_OK;
    uint8_t *seen = NULL;
    if (tree->n_nodes == 0 || tree->n_nodes > NODES_MAX)
        return seg_fail(err, SEG_E_DATA, "tree %zu has %zu nodes; allowed are 1 to %d", t,
                        tree->n_nodes, NODES_MAX);
    TRY(SEG_ALLOC(&seen, tree->n_nodes, "the check of a tree", err));
    for (size_t i = 0; i < tree->n_nodes; i++) {
        if (i > 0 && !seen[i])
            TRY(seg_fail(err, SEG_E_DATA, "tree %zu: node %zu has no parent", t, i));
        TRY(check_node(tree, t, i, n_features, seen, err));
    }

done:
    seg_free(seen);
    return st;
}

seg_status seg_forest_check(const seg_tree *trees, size_t n_trees, size_t n_features,
                            seg_error *err)
{
    enum { TREES_MAX = 1 << 20 };
    seg_status st = SEG_OK;
    if (n_trees > TREES_MAX)
        return seg_fail(err, SEG_E_DATA, "the ensemble has %zu trees; allowed are up to %d",
                        n_trees, TREES_MAX);
    for (size_t t = 0; t < n_trees; t++) {
        TRY(check_tree(&trees[t], t, n_features, err));
    }

done:
    return st;
}

/* ---- gathering --------------------------------------------------------------------- */

seg_status seg_forest_planes_new(size_t n_features, seg_forest_planes **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_forest_planes *planes = NULL;
    *out = NULL;
    TRY(SEG_ALLOC(&planes, 1, "the cuts of the trees", err));
    TRY(SEG_ALLOC(&planes->column_of, 2 * n_features, "the cuts of the trees", err));
    *out = planes;
    planes = NULL;

done:
    seg_forest_planes_free(planes);
    return st;
}

void seg_forest_planes_free(seg_forest_planes *planes)
{
    if (planes == NULL)
        return;
    for (size_t c = 0; c < planes->n_columns; c++) {
        seg_free(planes->columns[c].group);
        seg_free(planes->columns[c].cuts);
    }
    seg_free(planes->columns);
    seg_free(planes->column_of);
    seg_free(planes->bins);
    seg_free(planes->search);
    seg_free(planes->turned);
    seg_free(planes);
}

/* A feature that some nodes split as a number and some as a category has two columns. */
static uint32_t *column_place(const seg_forest_planes *planes, const seg_tree_node *node)
{
    return &planes->column_of[2 * (size_t)node->feature + (node->n_levels > 0)];
}

static const seg_forest_column *column_of(const seg_forest_planes *planes,
                                          const seg_tree_node *node)
{
    return &planes->columns[*column_place(planes, node) - 1];
}

static seg_status open_column(seg_forest_planes *planes, const seg_tree_node *node,
                              seg_forest_column **out, seg_error *err)
{
    seg_status st = SEG_OK;
    uint32_t *place = column_place(planes, node);
    if (*place == 0) {
        TRY(SEG_GROW(&planes->columns, &planes->columns_cap, planes->n_columns + 1,
                     "the cuts of the trees", err));
        planes->columns[planes->n_columns] = (seg_forest_column){
            .feature = (uint32_t)node->feature, .n_groups = 1 };
        *place = (uint32_t)++planes->n_columns;
    }
    seg_forest_column *column = &planes->columns[*place - 1];
    if (node->n_levels > column->n_levels) {
        TRY(SEG_REALLOC(&column->group, node->n_levels, "the groups of levels", err));
        column->n_levels = node->n_levels;   /* the new ones are missing so far: group 0 */
    }
    if (node->n_levels == 0 && column->cuts == NULL) {
        TRY(SEG_ALLOC(&column->cuts, SEG_FOREST_CUTS, "the cuts of the trees", err));
    }
    *out = column;

done:
    return st;
}

/* How many cuts are below the threshold. */
static uint32_t cuts_below(const seg_forest_column *column, float threshold)
{
    uint32_t low = 0, high = column->n_cuts;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (column->cuts[middle] < threshold)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool add_cut(seg_forest_column *column, const seg_tree_node *node)
{
    column->turned |= !node->missing_left;
    if (node->threshold >= FLT_MAX)
        return true;
    uint32_t at = cuts_below(column, node->threshold);
    if (at < column->n_cuts && column->cuts[at] <= node->threshold)
        return true;
    if (column->n_cuts == SEG_FOREST_CUTS)
        return false;
    memmove(column->cuts + at + 1, column->cuts + at,
            (column->n_cuts - at) * sizeof *column->cuts);
    column->cuts[at] = node->threshold;
    column->n_cuts++;
    return true;
}

static bool level_goes_left(const seg_tree *tree, const seg_tree_node *node, size_t level)
{
    return level < node->n_levels ? tree->sides[node->first_side + level] != 0
                                  : node->missing_left;
}

/* Group 0 stays that of missing; the levels it parts with get new numbers. */
static bool part_groups(seg_forest_column *column, const seg_tree *tree,
                        const seg_tree_node *node)
{
    uint16_t next[2][SEG_FOREST_GROUPS];   /* of the levels of a group that go right, left */
    uint32_t n = column->n_groups;
    memset(next, 0xff, sizeof next);
    next[node->missing_left][0] = 0;
    for (size_t level = 0; level < column->n_levels; level++) {
        uint8_t group = column->group[level];
        bool left = level_goes_left(tree, node, level);
        if (next[left][group] != UINT16_MAX)
            continue;
        next[left][group] = next[!left][group] == UINT16_MAX ? group : (uint16_t)n++;
        if (n > SEG_FOREST_GROUPS)
            return false;
    }
    for (size_t level = 0; level < column->n_levels; level++)
        column->group[level] = (uint8_t)next[level_goes_left(tree, node, level)]
                                            [column->group[level]];
    column->n_groups = n;
    return true;
}

seg_status seg_forest_planes_add(seg_forest_planes *planes, const seg_tree *tree, bool *fits,
                                 seg_error *err)
{
    seg_status st = SEG_OK;
    *fits = true;
    for (size_t i = 0; i < tree->n_nodes && *fits; i++) {
        const seg_tree_node *node = &tree->nodes[i];
        seg_forest_column *column;
        if (node->feature < 0)
            continue;
        TRY(open_column(planes, node, &column, err));
        *fits = node->n_levels == 0 ? add_cut(column, node) : part_groups(column, tree, node);
    }

done:
    return st;
}

/* ---- planes ------------------------------------------------------------------------ */

static void place_number(seg_forest_planes *planes, seg_forest_column *column, size_t at)
{
    float cuts[SEG_BIN_CUTS], *search = planes->search + at * SEG_BIN_SEARCH;
    for (size_t j = 0; j < SEG_BIN_CUTS; j++)
        cuts[j] = j < column->n_cuts ? column->cuts[j] : (float)INFINITY;
    seg_bin_search_fill(cuts, search);
    planes->bins[at] = (seg_bin_tile_column){ .feature = column->feature, .search = search };
    if (column->turned) {
        column->turned_plane = (uint32_t)(planes->n_columns + planes->n_turned);
        planes->turned[planes->n_turned++] = (uint32_t)at;
    }
}

seg_status seg_forest_planes_finish(seg_forest_planes *planes, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = planes->n_columns, number = 0, category;
    for (size_t c = 0; c < n; c++)
        planes->n_numbers += planes->columns[c].n_levels == 0;
    category = planes->n_numbers;
    TRY(SEG_ALLOC(&planes->bins, n, "the cuts of the trees", err));
    TRY(SEG_ALLOC(&planes->turned, planes->n_numbers, "the cuts of the trees", err));
    TRY(SEG_ALLOC(&planes->search, planes->n_numbers * SEG_BIN_SEARCH, "the cuts of the trees",
                  err));
    for (size_t c = 0; c < n; c++) {
        seg_forest_column *column = &planes->columns[c];
        size_t at = column->n_levels == 0 ? number++ : category++;
        column->plane = (uint32_t)at;
        if (column->n_levels == 0)
            place_number(planes, column, at);
        else
            planes->bins[at] = (seg_bin_tile_column){ .feature = column->feature,
                .n_levels = column->n_levels, .level_bin = column->group };
    }

done:
    return st;
}

/* ---- tests ------------------------------------------------------------------------- */

static seg_forest_test test_of(size_t plane, uint32_t below)
{
    return (seg_forest_test){ (uint32_t)(plane * SEG_TILE_ROWS), below * 0x01010101U };
}

/* x <= cuts[j] when at most j cuts are below x: its bin is at most j + 1. */
static seg_forest_test number_test(const seg_forest_planes *planes, const seg_tree_node *node)
{
    const seg_forest_column *column = column_of(planes, node);
    uint32_t bin_above = node->threshold >= FLT_MAX ? SEG_FOREST_CUTS + 2
                         : cuts_below(column, node->threshold) + 2;
    if (node->missing_left)
        return test_of(column->plane, bin_above ^ 0x80);
    return test_of(column->turned_plane, (bin_above - 1) ^ 0x80);
}

static void put_left(seg_forest_set *set, uint8_t group)
{
    if (set->n_groups <= sizeof set->left)
        set->left[group] = 255;
    else
        set->left[group / 8] |= (uint8_t)(1U << group % 8);
}

static void node_set(const seg_forest_planes *planes, const seg_tree *tree,
                     const seg_tree_node *node, seg_forest_set *out)
{
    const seg_forest_column *column = column_of(planes, node);
    *out = (seg_forest_set){ .n_groups = column->n_groups,
                              .from = column->plane * SEG_TILE_ROWS };
    if (node->missing_left)
        put_left(out, 0);
    for (size_t level = 0; level < column->n_levels; level++)
        if (level_goes_left(tree, node, level))
            put_left(out, column->group[level]);
}

size_t seg_forest_oldest_set(const seg_forest_sets *sets, const seg_tree *tree)
{
    size_t kept = SEG_FOREST_SETS;
    for (size_t i = 0; i < tree->n_nodes; i++)
        kept -= tree->nodes[i].feature >= 0 && tree->nodes[i].n_levels > 0;
    return sets->n > kept ? sets->n - kept : 0;
}

seg_status seg_forest_node_test(const seg_forest_planes *planes, const seg_tree *tree,
                                const seg_tree_node *node, seg_forest_sets *sets, size_t oldest,
                                seg_forest_test *out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_forest_set set;
    if (node->n_levels == 0) {
        *out = number_test(planes, node);
        return SEG_OK;
    }
    node_set(planes, tree, node, &set);
    while (oldest < sets->n && memcmp(&sets->sets[oldest], &set, offsetof(seg_forest_set, to)) != 0)
        oldest++;
    *out = test_of(sets->first_plane + oldest % SEG_FOREST_SETS, 0);
    if (oldest == sets->n) {
        TRY(SEG_GROW(&sets->sets, &sets->cap, sets->n + 1, "the sets of levels", err));
        set.to = out->plane;
        sets->sets[sets->n++] = set;
    }

done:
    return st;
}
