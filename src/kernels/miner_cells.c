/* miner_cells.c: numbers of sets, by length and by the items that can be added freely.
 *
 * A cell of length k with f free items stands for C(f, j) sets of each length k + j. Cells of
 * a cube are counted in rows of 16, by the subset of the cube's first four items. */
#include "kernels/miner_parts.h"

#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

enum { CUBES_MAX = 1 << 24 };    /* each adds at most 70 to a cell of 32 bits */

seg_status seg_cells_init(seg_miner_cells *cells, size_t limit, seg_error *err)
{
    seg_status st = SEG_OK;
    cells->limit = limit;
    TRY(SEG_ALLOC(&cells->rows, CELL_FREE * CELL_LENGTHS, "the numbers of itemsets", err));
    TRY(SEG_ALLOC(&cells->spare, SEG_CUBE_ITEMS + 1, "the numbers of itemsets", err));
    for (size_t n = 0; n < CELL_FREE; n++) {
        cells->low[n] = UINT16_MAX;
        cells->choose[n][0] = 1;
        for (size_t k = 1; k <= n; k++)
            cells->choose[n][k] = cells->choose[n - 1][k - 1] + cells->choose[n - 1][k];
    }

done:
    return st;
}

void seg_cells_clear(seg_miner_cells *cells)
{
    seg_free(cells->rows);
    seg_free(cells->spare);
}

/* C(n, k), at most UINT64_MAX. */
static uint64_t choose(const seg_miner_cells *cells, size_t n, size_t k)
{
    if (n < CELL_FREE)
        return cells->choose[n][k];
    uint64_t c = 1;
    k = k < n - k ? k : n - k;
    for (size_t i = 0; i < k; i++) {     /* rises up to the middle */
        unsigned __int128 next = (unsigned __int128)c * (n - i) / (i + 1);
        if (next > UINT64_MAX)
            return UINT64_MAX;
        c = (uint64_t)next;
    }
    return c;
}

void seg_cells_add(seg_miner_cells *cells, size_t length, size_t n_free, uint64_t n)
{
    for (size_t k = 0; k <= n_free && length + k <= cells->limit; k++) {
        unsigned __int128 more = (unsigned __int128)n * choose(cells, n_free, k);
        uint64_t *sum = &cells->by_length[length + k];
        *sum = seg_add_most(*sum, more > UINT64_MAX ? UINT64_MAX : (uint64_t)more);
    }
}

seg_cell_row *seg_cells_rows(seg_miner_cells *cells, size_t length, size_t n_items,
                             size_t n_free)
{
    size_t n_rows = n_items > 4 ? n_items - 3 : 1;
    if (n_free >= CELL_FREE)
        return cells->spare;
    if (length < cells->low[n_free])
        cells->low[n_free] = (uint16_t)length;
    if (length + n_rows > cells->high[n_free])
        cells->high[n_free] = (uint16_t)(length + n_rows);
    if (n_free >= cells->n_free)
        cells->n_free = n_free + 1;
    return cells->rows + n_free * CELL_LENGTHS + length;
}

static void fold_row(seg_miner_cells *cells, seg_cell_row *row, size_t length, size_t n_free)
{
    uint64_t by_size[5] = { 0 };
    for (unsigned i = 0; i < SEG_CUBE_LANES; i++)
        by_size[__builtin_popcount(i)] += (*row)[i];
    memset(row, 0, sizeof *row);
    for (size_t k = 0; k < 5; k++)
        if (by_size[k] != 0)
            seg_cells_add(cells, length + k, n_free, by_size[k]);
}

void seg_cells_done(seg_miner_cells *cells, const seg_cell_row *rows, size_t length,
                    size_t n_free)
{
    if (rows == cells->spare)
        for (size_t r = 0; r <= SEG_CUBE_ITEMS; r++)
            fold_row(cells, &cells->spare[r], length + r, n_free);
    else if (++cells->n_cubes == CUBES_MAX)
        seg_cells_fold(cells);
}

void seg_cells_fold(seg_miner_cells *cells)
{
    for (size_t f = 0; f < cells->n_free; f++) {
        for (size_t length = cells->low[f]; length < cells->high[f]; length++)
            fold_row(cells, &cells->rows[f * CELL_LENGTHS + length], length, f);
        cells->low[f] = UINT16_MAX;
        cells->high[f] = 0;
    }
    cells->n_free = 0;
    cells->n_cubes = 0;
}
