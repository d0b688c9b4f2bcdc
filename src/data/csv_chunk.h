/* csv_chunk.h: whole rows of text, and where their cells end. */
#ifndef SEGMILL_DATA_CSV_CHUNK_H
#define SEGMILL_DATA_CSV_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/text.h"
#include "data/csv_scan.h"
#include "data/simd.h"

enum { SEG_CSV_PADDING = 64 };   /* bytes that may be read behind a chunk's text */

typedef enum seg_csv_shape {
    SEG_CSV_REGULAR,    /* as many cells in each row as there are columns, all valid text */
    SEG_CSV_IRREGULAR,  /* row by row: empty lines, wrong numbers of cells, bytes that are
                           no text, a CR alone */
    SEG_CSV_STRAY       /* quotes stand where they should not: where rows end is not known */
} seg_csv_shape;

typedef struct seg_csv_chunk {
    const char *text;
    size_t n;                /* bytes of whole rows */
    size_t n_rows, n_columns;
    const uint32_t *ends;    /* n_rows x n_columns: of cells, among the text; ends[-1] + 1 is 0 */
    uint32_t *ends_room;
    size_t ends_cap;
    bool cr;                 /* rows may end with CR LF */
    bool quoted_feed;        /* line feeds within cells */
    size_t n_lines;
    uint64_t first_line;     /* where the text starts */
    uint32_t file;
    const uint64_t *lines;   /* per row; null: by counting from first_line */
    uint64_t *counted;       /* quoted_feed: such lines */
    size_t counted_cap;
} seg_csv_chunk;

/* Find the cells of chunk->text[0 .. n), which starts a row; what follows the last whole row
 * is cut off (chunk->n). names0: the first column's name, to find the header again; null if
 * there is none. valid: the text was made by us, and is regular. */
seg_status seg_csv_chunk_index(seg_csv_chunk *chunk, size_t n_columns, char delimiter,
                               size_t max_field, const char *names0, bool valid,
                               seg_csv_shape *shape, seg_error *err);
void seg_csv_chunk_free(seg_csv_chunk *chunk);

/* The line in which a row starts. */
static inline uint64_t seg_csv_chunk_line(const seg_csv_chunk *chunk, size_t row)
{
    return chunk->lines != NULL ? chunk->lines[row] : chunk->first_line + row;
}

/* The cells of one column, from the first row on, as they stand in the text, with quotes. */
typedef struct seg_csv_cells {
    const char *text;
    const uint32_t *end;     /* of the next cell */
    size_t d;
    bool cr;                 /* a CR may stand at their ends */
} seg_csv_cells;

static inline seg_csv_cells seg_csv_chunk_cells(const seg_csv_chunk *chunk, size_t c)
{
    return (seg_csv_cells){ chunk->text, chunk->ends + c, chunk->n_columns,
                            chunk->cr && c + 1 == chunk->n_columns };
}

static inline seg_csv_cell seg_csv_next_cell(seg_csv_cells *cells)
{
    uint32_t from = cells->end[-1] + 1, to = *cells->end;
    cells->end += cells->d;
    if (cells->cr && to > from && cells->text[to - 1] == '\r')
        to--;
    return (seg_csv_cell){ cells->text + from, to - from };
}

static inline seg_csv_cell seg_csv_chunk_cell(const seg_csv_chunk *chunk, size_t row, size_t c)
{
    seg_csv_cells cells = seg_csv_chunk_cells(chunk, c);
    cells.end += row * cells.d;
    return seg_csv_next_cell(&cells);
}

/* Without them; a cell with doubled quotes is put into `room`, which holds it. */
static inline seg_csv_cell seg_csv_unquote(seg_csv_cell cell, char *room)
{
    cell.s++;
    cell.n -= 2;
    if (memchr(cell.s, '"', cell.n) == NULL)
        return cell;
    size_t m = 0;
    for (size_t i = 0; i < cell.n; i++) {
        room[m++] = cell.s[i];
        if (cell.s[i] == '"')
            i++;
    }
    return (seg_csv_cell){ room, m };
}

#endif
