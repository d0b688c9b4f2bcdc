/* csv_rows.h: the rows of one or more text files of one schema, checked for shape. */
#ifndef SEGMILL_DATA_CSV_ROWS_H
#define SEGMILL_DATA_CSV_ROWS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/file.h"
#include "base/text.h"
#include "data/csv.h"
#include "data/csv_scan.h"

typedef struct seg_csv_rows {
    const seg_context *ctx;
    const seg_import_options *options;
    seg_input **inputs;
    size_t n_inputs;
    uint64_t total_bytes;       /* stored bytes of all files, for progress */
    seg_csv_dialect dialect;
    seg_arena arena;
    const char **names;         /* of the columns */
    size_t n_columns;           /* 0: lines of any length (baskets) */
    bool header;                /* each file starts with the names */
    seg_csv_scan *scan;
    const char *what;           /* for progress: "reading types" */
    size_t file;                /* being read */
    uint64_t n_read;
} seg_csv_rows;

/* lines: rows of any length without a header (baskets); fimi: parted by blanks, no quotes. */
seg_status seg_csv_rows_open(const seg_context *ctx, const char *const *paths, size_t n_paths,
                             const seg_import_options *options, bool lines, bool fimi,
                             seg_csv_rows **out, seg_error *err);
void seg_csv_rows_close(seg_csv_rows *rows);   /* takes null */

/* Back to the first row of the first file. */
seg_status seg_csv_rows_rewind(seg_csv_rows *rows, const char *what, seg_error *err);
/* The next row; n_cells 0 at the end. Empty lines are skipped in tables. A row of the
 * wrong length or with bytes that are no text has its defect set. */
/* The header leaves the name of column c out. */
bool seg_csv_rows_unnamed(const seg_csv_rows *rows, size_t c);
seg_status seg_csv_rows_next(seg_csv_rows *rows, seg_csv_row *row, seg_error *err);
const char *seg_csv_rows_file(const seg_csv_rows *rows);   /* name of the file being read */
/* Sets the defect of a row of the wrong length, or that has the names of the columns. */
void seg_csv_rows_check(const seg_csv_rows *rows, seg_csv_row *row);
/* The first row of a file must be the header. */
seg_status seg_csv_rows_same_header(const seg_csv_rows *rows, const seg_csv_row *row,
                                    seg_error *err);

/* The path ends with `suffix`, also when it is packed: ".dat", ".dat.gz", ".dat.zst". */
bool seg_csv_path_is(const char *path, const char *suffix);

/* The dialect that fits the first n bytes best. decimal: the decimal point. */
seg_csv_dialect seg_csv_sniff(const char *s, size_t n, bool lines, bool blanks_allowed,
                              char decimal);

/* ---- rows that are left out -------------------------------------------------- */

typedef struct seg_csv_rejects {
    const char *path;           /* null: only counted */
    uint64_t max, n;
    seg_file *file;
    seg_text line;
} seg_csv_rejects;

/* Start anew: what was written before is dropped. */
seg_status seg_csv_rejects_begin(seg_csv_rejects *rejects, const seg_import_options *options,
                                 seg_error *err);
/* Leave the row out, or SEG_E_DATA "FILE: line L: column 'C': REASON" when it is one more
 * than allowed. column: null when the whole row is meant. */
seg_status seg_csv_reject(seg_csv_rejects *rejects, const seg_csv_rows *rows,
                          const seg_csv_row *row, const char *column, const char *reason,
                          seg_error *err);
/* The same for a row whose shape is wrong. */
seg_status seg_csv_reject_defect(seg_csv_rejects *rejects, const seg_csv_rows *rows,
                                 const seg_csv_row *row, seg_error *err);
seg_status seg_csv_rejects_commit(seg_csv_rejects *rejects, seg_error *err);
void seg_csv_rejects_free(seg_csv_rejects *rejects);

/* A CSV field, quoted when it must be. */
void seg_csv_add_field(seg_text *line, const char *s, size_t n);

#endif
