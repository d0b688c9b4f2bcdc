/* tree_rows.c: the rows of a training as bins. */
#include "models/tree_rows.h"

#include <string.h>
#include "base/alloc.h"
#include "base/threads.h"
#include "base/try.h"

uint64_t seg_tree_room(void)
{
    uint64_t limit = seg_alloc_limit(), used = seg_alloc_in_use();
    return limit == 0 ? seg_memory_available() / 2 : limit > used ? limit - used : 0;
}

void seg_tree_rows_free(seg_tree_rows *rows)
{
    seg_free(rows->bins);
    seg_free(rows->classes);
    seg_free(rows->nodes);
    seg_free(rows->block_rows);
    *rows = (seg_tree_rows){ 0 };
}

seg_status seg_tree_rows_begin(seg_tree_rows *rows, size_t n_features, uint64_t n_rows,
                               seg_error *err)
{
    seg_status st = SEG_OK;
    size_t bytes_per_row = n_features + sizeof *rows->classes + sizeof *rows->nodes;
    if (n_rows > seg_tree_room() / 4 / bytes_per_row)
        return SEG_OK;
    TRY(SEG_ALLOC(&rows->bins, n_rows * n_features, "the binned rows", err));
    TRY(SEG_ALLOC(&rows->classes, n_rows, "the binned rows", err));
    TRY(SEG_ALLOC(&rows->nodes, n_rows, "the binned rows", err));
    rows->n_features = n_features;
    rows->cap = n_rows;

done:
    return st;
}

seg_status seg_tree_rows_add(seg_tree_rows *rows, const uint8_t *bins, const int32_t *slots,
                             const uint8_t *classes, size_t n, seg_error *err)
{
    seg_status st = SEG_OK;
    if (rows->cap == 0)
        return SEG_OK;
    if (n > rows->cap - rows->n_rows) {
        seg_tree_rows_free(rows);
        return SEG_OK;
    }
    TRY(SEG_GROW(&rows->block_rows, &rows->blocks_cap, rows->n_blocks + 1, "the blocks", err));
    rows->block_rows[rows->n_blocks++] = n;
    memcpy(rows->bins + rows->n_rows * rows->n_features, bins, n * rows->n_features);
    memcpy(rows->classes + rows->n_rows, classes, n);
    for (size_t i = 0; i < n; i++)
        rows->nodes[rows->n_rows + i] = slots[i] < 0 ? -1 : 0;
    rows->n_rows += n;

done:
    return st;
}
