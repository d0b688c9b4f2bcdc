/* dialect.h: how each CRM wants its list: a row per target, and the writing of cells. A
 * new target is one row. */
#ifndef SEGMILL_RENDER_DIALECT_H
#define SEGMILL_RENDER_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/text.h"
#include "segmill/doc.h"
#include "segmill/table.h"

typedef struct seg_dialect {
    const char *name;           /* "hubspot" */
    const char *prefix;         /* file names: prefix-001.csv */
    const char *id_header;      /* null: the data's own name */
    const char *column_suffix;  /* after every other header: "__c" */
    bool title_headers;         /* "Churn_Probability" instead of "churn_probability" */
    const char *line_end;
    const char *missing;        /* word of a missing cell; "" says: leave as it is there */
    uint64_t max_rows;          /* of a file, header left out */
    const char *import_file;    /* the request that goes with it; null: none */
} seg_dialect;

/* Row of that name, or null; the names, comma separated, for messages. */
const seg_dialect *seg_dialect_find(const char *name, size_t n);
const char *seg_dialect_names(void);

/* The header cell of a column. */
void seg_dialect_header(const seg_dialect *dialect, const char *column, bool id, seg_text *out);

/* One cell of row i. Text that a spreadsheet would take for a formula (it starts with
 * = + - @ tab or CR and is no number) gets an apostrophe in front; *guarded counts them. */
void seg_dialect_cell(const seg_dialect *dialect, const seg_column *column, const void *data,
                      size_t i, seg_text *out, uint64_t *guarded);

/* Would a spreadsheet take it for a formula? Ids that would are refused, not changed. */
bool seg_is_formula(const char *text, size_t n);

/* The import request for the target: which file, which column is what. */
void seg_dialect_request(const seg_dialect *dialect, const seg_schema *scores,
                         const char *const *files, size_t n_files, seg_node *into);

#endif
