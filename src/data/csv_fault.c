/* csv_fault.c: cells against the decided types: what makes a row one to be left out. */
#include <stdio.h>
#include "data/csv_import.h"

const char *seg_csv_fault(const seg_csv_import *im, const seg_csv_column *c, const char *s,
                          size_t n)
{
    float single;
    int64_t whole;
    bool flag;
    if (c->type == SEG_CSV_LEFT_OUT || seg_csv_is_missing(im, s, n))
        return c->type == SEG_CSV_EXACT ? "the id is missing" : NULL;
    seg_csv_cell cell = seg_csv_trim(s, n);
    switch (c->type) {
    case SEG_CSV_NUMBER:
        return seg_csv_parse_f32(&im->notation, cell.s, cell.n, &single) ? NULL
               : "is not a number";
    case SEG_CSV_FIXED:
        return seg_csv_parse_fixed(&im->notation, cell.s, cell.n, SEG_CSV_FIXED_SCALE, &whole,
                                   &flag) ? NULL : "is not a number";
    case SEG_CSV_DATE:
        return seg_parse_date(cell.s, cell.n, c->format, &whole, &flag) ? NULL : "is not a date";
    case SEG_CSV_CATEGORY:
        return c->n_fixed_levels == 0 || seg_dictionary_find(c->coded, s, n) >= 0
               ? NULL : "is not a level of the schema";
    case SEG_CSV_CODES:
    case SEG_CSV_EXACT:
        return n <= SEG_CSV_MAX_TEXT ? NULL : "the text is too long";
    case SEG_CSV_AUTO:
    case SEG_CSV_TEXT:
    case SEG_CSV_LEFT_OUT:
        break;
    }
    return NULL;
}

bool seg_csv_row_fault(const seg_csv_import *im, const seg_csv_row *row, size_t *column,
                       char reason[320])
{
    for (size_t c = 0; c < row->n_cells; c++) {
        const seg_csv_column *col = &im->columns[c];
        const char *why = seg_csv_fault(im, col, row->cells[c].s, row->cells[c].n);
        if (why == NULL)
            continue;
        char quoted[SEG_QUOTE_BYTES];
        seg_csv_cell cell = seg_csv_trim(row->cells[c].s, row->cells[c].n);
        if (col->type == SEG_CSV_CODES || col->type == SEG_CSV_EXACT)
            snprintf(reason, 320, "%s", why);
        else
            snprintf(reason, 320, "'%s' %s", seg_quote_cell(quoted, cell.s, cell.n), why);
        *column = c;
        return true;
    }
    return false;
}
