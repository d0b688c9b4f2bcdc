/* basket_rows.h: baskets in memory, as a block of a source holds them. */
#ifndef SEGMILL_KERNELS_BASKET_ROWS_H
#define SEGMILL_KERNELS_BASKET_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

/* Row i holds items[row_start[i]] .. items[row_start[i + 1] - 1], ascending and distinct. */
typedef struct seg_basket_rows {
    const int64_t *row_start;
    const int32_t *items;
    const uint8_t *skip;     /* n_rows: baskets not to count; may be null */
    uint8_t skip_value;      /* skip[i] == skip_value is not counted */
    const uint32_t *weight;  /* n_rows: baskets that a row stands for; null: one */
    size_t n_rows;
} seg_basket_rows;

/* Baskets that row i stands for; 0: it does not count. */
static inline uint32_t seg_basket_weight(const seg_basket_rows *rows, size_t i)
{
    if (rows->skip != NULL && rows->skip[i] == rows->skip_value)
        return 0;
    return rows->weight == NULL ? 1 : rows->weight[i];
}

/* SEG_E_DATA names a row whose items are out of the range 0 .. n_items - 1 or out of order.
 * first_row: number of the first row. */
seg_status seg_basket_rows_check(const seg_basket_rows *rows, size_t n_items,
                                 uint64_t first_row, int n_threads, seg_error *err);

#endif
