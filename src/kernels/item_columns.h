/* item_columns.h: counting candidates with one bit per basket: for dense data, where a
 * candidate is in many of the baskets. */
#ifndef SEGMILL_KERNELS_ITEM_COLUMNS_H
#define SEGMILL_KERNELS_ITEM_COLUMNS_H

#include "kernels/item_trie.h"

/* Baskets that are counted together, and the words of their bits. */
enum { SEG_COLUMN_ROWS = 1024, SEG_COLUMN_WORDS = SEG_COLUMN_ROWS / 64 };

/* Set bit `row` in the column of each of the n items. columns: SEG_COLUMN_WORDS per item. */
void seg_item_columns_set(uint64_t *columns, size_t row, const int32_t *items, size_t n);

/* Add to count[i] the number of baskets that hold set i.
 * scratch: trie->depth * SEG_COLUMN_WORDS words. */
void seg_item_columns_count(const seg_item_trie *trie, const uint64_t *columns,
                            uint64_t *scratch, uint32_t *count);

#endif
