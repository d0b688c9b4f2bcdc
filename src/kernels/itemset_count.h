/* itemset_count.h: how many baskets hold each set of a given tree. */
#ifndef SEGMILL_KERNELS_ITEMSET_COUNT_H
#define SEGMILL_KERNELS_ITEMSET_COUNT_H

#include "kernels/basket_rows.h"
#include "kernels/itemset_tree.h"

typedef struct seg_itemset_count seg_itemset_count;

/* tree: its items are ranks below n_ranks; outlives the counter; its counts do not matter. */
seg_status seg_itemset_count_new(const seg_itemset_tree *tree, size_t n_ranks, int n_threads,
                                 seg_itemset_count **out, seg_error *err);
void seg_itemset_count_free(seg_itemset_count *counter);   /* takes null */

/* rank: of each item of the rows, below n_ranks, or -1: it does not matter. Rows: checked by
 * seg_basket_rows_check(). Cost: of 1,024 rows together a few ns for each set of which any of
 * them holds the items but the last. */
void seg_itemset_count_add(seg_itemset_count *counter, const seg_basket_rows *rows,
                           const int32_t *rank);

/* Baskets that hold set i of the tree, so far. */
void seg_itemset_count_get(const seg_itemset_count *counter, uint32_t *count);

/* Memory that a counter of a tree of n sets takes, in bytes. */
uint64_t seg_itemset_count_bytes(size_t n_sets, size_t n_ranks, int n_threads);

#endif
