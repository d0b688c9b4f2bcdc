/* csv_plain.h: the CSV import once more, slow and plain: the whole text in memory, byte by
 * byte, one column after the other, numbers by strtod. What it says is what
 * csv_transcript() must say.
 *
 * It knows features from a .csv file. */
#ifndef TESTS_SUPPORT_CSV_PLAIN_H
#define TESTS_SUPPORT_CSV_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "data/csv.h"
#include "tests/support/csv_random.h"

/* ---- rows: csv_plain_rows.c --------------------------------------------------------- */

typedef struct plain_cell {
    const char *s;
    size_t n;
} plain_cell;

typedef enum plain_defect { SOUND, NUL_BYTE, BAD_UTF8 } plain_defect;

typedef struct plain_row {
    const plain_cell *cells;
    size_t n_cells;
    uint64_t line;
    const char *raw;
    size_t n_raw;
    bool empty;
    plain_defect defect;
    size_t defect_cell;
} plain_row;

typedef struct plain_rows {
    plain_row *rows;
    size_t n;
    char error[256];     /* "line 3: a quote ...", behind the last row; "" if there is none */
    plain_cell *cells;   /* of all rows */
    char *bytes;         /* of all cells */
} plain_rows;

void plain_rows_parse(const char *text, size_t n, char delimiter, size_t max_field,
                      plain_rows *out);
void plain_rows_free(plain_rows *rows);

/* The delimiter that parts the first 64 KiB best. */
char plain_delimiter(const char *text, size_t n, char decimal);

/* ---- cells -------------------------------------------------------------------------- */

plain_cell plain_trim(plain_cell cell);
bool plain_is(plain_cell cell, const char *text);
/* By strtod and strtof; false when it is none, or infinite. Either may be null. */
bool plain_number(plain_cell cell, char point, double *wide, float *narrow);
/* Written like one, whatever its size. */
bool plain_looks_like_number(plain_cell cell, char point);

/* ---- the import: csv_plain.c -------------------------------------------------------- */

/* Null when it does not know that kind of table. Free it. */
char *csv_plain_transcript(const csv_random *csv, size_t *n_bytes);

#endif
