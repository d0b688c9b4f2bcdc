/* tree_rows.h: the training rows as bins, kept when they fit the memory budget: one byte
 * per value, so that the levels of a tree need no further pass over the source. */
#ifndef SEGMILL_MODELS_TREE_ROWS_H
#define SEGMILL_MODELS_TREE_ROWS_H

#include "kernels/tree.h"

typedef struct seg_tree_rows {
    size_t n_features, cap;    /* cap 0: nothing is kept */
    size_t n_rows;             /* so far */
    uint8_t *bins;             /* block after block, each [feature][row] */
    uint8_t *classes;
    int32_t *nodes;            /* where the row is in the tree; -1: not learned from */
    size_t *block_rows;
    size_t n_blocks, blocks_cap;
} seg_tree_rows;

/* Makes room for n_rows if that takes a quarter at most of what the budget has left. */
seg_status seg_tree_rows_begin(seg_tree_rows *rows, size_t n_features, uint64_t n_rows,
                               seg_error *err);
void seg_tree_rows_free(seg_tree_rows *rows);

/* Keep n rows, all at the root or (slots < 0) not learned from. More rows than there is
 * room for, and nothing is kept any more. */
seg_status seg_tree_rows_add(seg_tree_rows *rows, const uint8_t *bins, const int32_t *slots,
                             const uint8_t *classes, size_t n, seg_error *err);

/* Bytes of the budget that are free now: base of all decisions on memory. */
uint64_t seg_tree_room(void);

#endif
