/* itemset_marks.h: which frequent sets are closed, maximal, or generators. */
#ifndef SEGMILL_KERNELS_ITEMSET_MARKS_H
#define SEGMILL_KERNELS_ITEMSET_MARKS_H

#include "kernels/itemset_index.h"

enum {
    SEG_MARK_INSIDE = 1,     /* a larger set of the list holds it: not maximal */
    SEG_MARK_IMPLIED = 2,    /* one with the same count does: not closed */
    SEG_MARK_DERIVED = 4     /* the set without one of its items has the same count (of a single
                                item: every basket has it): not a generator */
};

typedef struct seg_set_kinds {
    uint64_t sets, maximal, closed, generators;
} seg_set_kinds;

typedef struct seg_set_marks {
    uint8_t *bits;                              /* per node */
    size_t n_lengths;                           /* items in the longest set */
    seg_set_kinds by_length[SEG_ITEMSET_MAX];   /* of length k at k - 1 */
    seg_set_kinds total;
} seg_set_marks;

/* tree: every subset of a listed set is listed (SEG_E_DATA: one is missing), as the miner
 * leaves it; lists that stop at a length have nothing that makes sets of that length not
 * closed or not maximal. index: of the tree. */
seg_status seg_set_marks_new(const seg_itemset_tree *tree, const seg_set_index *index,
                             uint32_t n_baskets, int n_threads, seg_set_marks *out,
                             seg_error *err);
void seg_set_marks_clear(seg_set_marks *marks);   /* all zero again */

/* Keep the sets without an unwanted bit, and the beginnings of sets that are kept, with a
 * count of 0 when they are not kept for themselves. The bits move along with their nodes; an
 * index of the tree is no longer one. */
void seg_itemset_tree_keep(seg_itemset_tree *tree, seg_set_marks *marks, unsigned unwanted);

#endif
