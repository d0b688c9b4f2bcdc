/* csv_scan.h: text to rows of cells: the tokenizer. */
#ifndef SEGMILL_DATA_CSV_SCAN_H
#define SEGMILL_DATA_CSV_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "data/csv_input.h"
#include "segmill/status.h"

typedef struct seg_csv_dialect {
    char delimiter;
    bool blanks;    /* cells are parted by runs of blanks and tabs; delimiter is not used */
    bool quotes;    /* a cell may stand in double quotes */
} seg_csv_dialect;

/* A cell's text, without its quotes, doubled quotes made single. */
typedef struct seg_csv_cell {
    const char *s;
    size_t n;
} seg_csv_cell;

/* What is wrong with a row that was read, and can be left out on its own. */
typedef enum seg_csv_defect {
    SEG_CSV_SOUND = 0, SEG_CSV_NUL, SEG_CSV_UTF8, SEG_CSV_TOO_FEW, SEG_CSV_TOO_MANY,
    SEG_CSV_HEADER_AGAIN
} seg_csv_defect;

/* Valid until the next call. */
typedef struct seg_csv_row {
    const seg_csv_cell *cells;
    size_t n_cells;          /* 0: the text has ended */
    bool empty;              /* nothing stood in the line */
    uint64_t line;           /* physical line where it starts, from 1 */
    const char *raw;         /* as it stands in the text, without the line end */
    size_t raw_bytes;
    seg_csv_defect defect;
    size_t defect_cell;      /* NUL, UTF8: which */
} seg_csv_row;

typedef struct seg_csv_scan seg_csv_scan;

/* input: not owned, at its start. */
seg_status seg_csv_scan_new(seg_input *input, seg_csv_dialect dialect, uint64_t max_field_bytes,
                            seg_csv_scan **out, seg_error *err);
void seg_csv_scan_free(seg_csv_scan *scan);   /* takes null */

/* The next line's cells. SEG_E_DATA, naming file and line, when the text cannot be taken
 * apart: a quote that is not closed, text after a closing quote, a cell that is too long. */
seg_status seg_csv_scan_next(seg_csv_scan *scan, seg_csv_row *row, seg_error *err);

/* The rows of n bytes in memory, which stay where they are, instead of those of an input
 * (which gives its name): the first row starts in `line`. last: the input ends with them;
 * else n_cells is 0 at the row that does not end among them. */
void seg_csv_scan_text(seg_csv_scan *scan, seg_input *input, const char *text, size_t n,
                       bool last, uint64_t line);
/* Bytes of it taken, and the line that follows them. */
size_t seg_csv_scan_taken(const seg_csv_scan *scan);
uint64_t seg_csv_scan_line(const seg_csv_scan *scan);

/* At row 0 of another input, or of the same one after a rewind. */
void seg_csv_scan_restart(seg_csv_scan *scan, seg_input *input);

#endif
