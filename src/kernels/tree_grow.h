/* tree_grow.h: a tree grows on binned rows in memory.
 *
 * The rows of a node are a list; a split parts the list in two, the smaller part is added up
 * to a histogram, and the larger one's is what is left of the parent's. Depth first, so that
 * rows and histograms stay near, or the best split first. The tree depends neither on the
 * threads nor on the memory given to histograms. */
#ifndef SEGMILL_KERNELS_TREE_GROW_H
#define SEGMILL_KERNELS_TREE_GROW_H

#include "kernels/tree.h"
#include "kernels/tree_split.h"

typedef struct seg_grow_rule {
    seg_split_rule split;
    uint32_t max_depth;
    uint32_t max_leaves;       /* best_first only; else seg_tree_prune() afterwards */
    bool best_first;
    const uint8_t *use;        /* per column: 0 is not looked at; null: all are */
    uint32_t n_try;            /* columns looked at in a node, drawn anew for each; 0: all */
    uint64_t seed;             /* of these draws; stream: the tree */
    uint64_t stream;
} seg_grow_rule;

typedef struct seg_grower seg_grower;

/* rows, aside: room for the rows of a tree. memory: bytes for histograms, about; a few there
 * are always. bins, the records' bytes and the room outlive it. */
seg_status seg_grower_new(const seg_bins *bins, const seg_records *records, uint32_t *rows,
                          uint32_t *aside, uint64_t memory, int n_threads, seg_grower **out,
                          seg_error *err);
void seg_grower_free(seg_grower *grower);   /* takes null */

/* Grow a tree on the n rows whose numbers lie in `rows` (ascending is fastest), which is put
 * into the order of the nodes. values: by row number. Fills all of a node but n and value, and
 * its gain as the rule has it; the tree is empty before. */
seg_status seg_grow(seg_grower *grower, const seg_grow_rule *rule, const seg_row_value *values,
                    size_t n, seg_tree *tree, seg_error *err);

/* Of the tree grown last: a node's rows, their sums, and the range that monotone constraints
 * leave to its value. */
typedef struct seg_grown {
    const uint32_t *rows;
    size_t n_rows;
    seg_pair sum;
    double least, most;
} seg_grown;
seg_grown seg_grower_node(const seg_grower *grower, uint32_t node);

/* The way of other rows through it: leaves[i] is the leaf of rows[i]. */
void seg_grower_route(const seg_grower *grower, const seg_tree *tree, const uint32_t *rows,
                      size_t n, uint32_t *leaves);

/* For rows that bring (class, 1): how many of each class a node has, from its sums. */
void seg_grower_put_counts(const seg_grower *grower, seg_tree *tree);

#endif
