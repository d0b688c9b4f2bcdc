/* csv_rejects.c: rows that break the contract: the first one too many stops the import,
 * the others are written out with their reason, so that somebody can mend them. */
#include "data/csv_rows.h"

#include <stdio.h>
#include <string.h>
#include "base/try.h"

void seg_csv_add_field(seg_text *line, const char *s, size_t n)
{
    bool quote = n > 0 && (s[0] == ' ' || s[n - 1] == ' ');
    for (size_t i = 0; i < n && !quote; i++)
        quote = s[i] == ',' || s[i] == '"' || s[i] == '\n' || s[i] == '\r';
    if (!quote) {
        seg_text_add_n(line, s, n);
        return;
    }
    seg_text_add_char(line, '"');
    for (const char *end = s + n; s < end;) {
        const char *stop = memchr(s, '"', (size_t)(end - s));
        size_t part = stop == NULL ? (size_t)(end - s) : (size_t)(stop - s) + 1;
        seg_text_add_n(line, s, part);
        if (stop != NULL)
            seg_text_add_char(line, '"');
        s += part;
    }
    seg_text_add_char(line, '"');
}

static seg_status write_line(seg_csv_rejects *r, seg_error *err)
{
    seg_text_add_char(&r->line, '\n');
    seg_status st = seg_text_status(&r->line, err);
    if (st == SEG_OK)
        st = seg_file_write(r->file, r->line.bytes, r->line.n, err);
    seg_text_clear(&r->line);
    return st;
}

seg_status seg_csv_rejects_begin(seg_csv_rejects *r, const seg_import_options *options,
                                 seg_error *err)
{
    seg_csv_rejects_free(r);
    r->path = options->rejects;
    r->max = options->max_errors;
    if (r->path == NULL)
        return SEG_OK;
    seg_status st = seg_file_create(r->path, &r->file, err);
    if (st != SEG_OK)
        return st;
    seg_text_add(&r->line, "line,column,reason,row,file");
    return write_line(r, err);
}

void seg_csv_rejects_free(seg_csv_rejects *r)
{
    seg_file_close(r->file);
    seg_text_free(&r->line);
    *r = (seg_csv_rejects){ 0 };
}

seg_status seg_csv_rejects_commit(seg_csv_rejects *r, seg_error *err)
{
    return r->file == NULL ? SEG_OK : seg_file_commit(r->file, err);
}

static seg_status one_too_many(const seg_csv_rejects *r, const seg_csv_rows *rows,
                               const seg_csv_row *row, const char *column, const char *reason,
                               seg_error *err)
{
    char after[96] = "";
    if (r->n > 0)
        snprintf(after, sizeof after, "; %llu rows before it were left out (--max-errors)",
                 (unsigned long long)r->n);
    const char *file = seg_csv_rows_file(rows);
    unsigned long long line = row->line;
    if (column == NULL)
        return seg_fail(err, SEG_E_DATA, "%s: line %llu: %s%s", file, line, reason, after);
    return seg_fail(err, SEG_E_DATA, "%s: line %llu: column '%s': %s%s", file, line, column,
                    reason, after);
}

seg_status seg_csv_reject(seg_csv_rejects *r, const seg_csv_rows *rows, const seg_csv_row *row,
                          const char *column, const char *reason, seg_error *err)
{
    if (r->n >= r->max)
        return one_too_many(r, rows, row, column, reason, err);
    r->n++;
    if (r->file == NULL)
        return SEG_OK;
    const char *file = seg_csv_rows_file(rows);
    seg_text_add_i64(&r->line, (int64_t)row->line);
    seg_text_add_char(&r->line, ',');
    if (column != NULL)
        seg_csv_add_field(&r->line, column, strlen(column));
    seg_text_add_char(&r->line, ',');
    seg_csv_add_field(&r->line, reason, strlen(reason));
    seg_text_add_char(&r->line, ',');
    seg_csv_add_field(&r->line, row->raw, row->raw_bytes);
    seg_text_add_char(&r->line, ',');
    seg_csv_add_field(&r->line, file, strlen(file));
    return write_line(r, err);
}

/* What the first row tells of the whole file. */
static const char *shape_hint(const seg_csv_rows *rows, const seg_csv_row *row)
{
    size_t n = row->n_cells;
    if (rows->header && n == rows->n_columns + 1 && n > 2 && row->cells[n - 1].n == 0)
        return " (if every row ends in a delimiter, let the header end in one too)";
    if (rows->header && rows->n_columns == 1 && n > 1)
        return " (if a title stands above the names of the columns, leave it out; baskets, one a"
               " line, are imported with --lines)";
    return rows->n_read == 1 && rows->options->kind != SEG_KIND_FEATURES
           ? " (are these baskets, one a line? import them with --lines)" : "";
}

seg_status seg_csv_reject_defect(seg_csv_rejects *r, const seg_csv_rows *rows,
                                 const seg_csv_row *row, seg_error *err)
{
    char reason[256];
    const char *column = NULL;
    if (row->defect == SEG_CSV_NUL || row->defect == SEG_CSV_UTF8)
        column = row->defect_cell < rows->n_columns ? rows->names[row->defect_cell] : NULL;
    switch (row->defect) {
    case SEG_CSV_NUL:
        return seg_csv_reject(r, rows, row, column, "a null byte", err);
    case SEG_CSV_UTF8:
        return seg_csv_reject(r, rows, row, column, "not valid UTF-8; give --encoding"
                              " WINDOWS-1252 if Excel wrote it, or another", err);
    case SEG_CSV_HEADER_AGAIN:
        return seg_csv_reject(r, rows, row, NULL, "the column names stand here again", err);
    case SEG_CSV_TOO_FEW:
    case SEG_CSV_TOO_MANY:
        snprintf(reason, sizeof reason, "%zu fields; the %s %zu%s", row->n_cells,
                 rows->header ? "header has" : "first row has", rows->n_columns,
                 shape_hint(rows, row));
        return seg_csv_reject(r, rows, row, NULL, reason, err);
    case SEG_CSV_SOUND:
        break;
    }
    return SEG_OK;
}
