/* html.h: pieces of a page: escaped text, numbers for people, tables. What is written is
 * also well-formed XML: every tag is closed, every attribute quoted, no named entities. */
#ifndef SEGMILL_RENDER_HTML_H
#define SEGMILL_RENDER_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/text.h"

/* Text of any origin, for content and for quoted attributes. Control characters, bytes that
 * are no UTF-8 and marks that reverse the reading direction become U+FFFD. Null: nothing. */
void seg_html_text(seg_text *out, const char *s);
/* At most n_max bytes of it, then an ellipsis. */
void seg_html_text_cut(seg_text *out, const char *s, size_t n_max);

/* Numbers for people: thousands grouped; a NaN is a dash. */
void seg_html_count(seg_text *out, int64_t value);              /* 17,204 */
void seg_html_fixed(seg_text *out, double value, int digits);   /* 1,204.50; 0 .. 3 digits */
void seg_html_number(seg_text *out, double value);              /* as many digits as help */
void seg_html_share(seg_text *out, double share);               /* 0.184: 18.4 % */

/* A table: begin with its caption (escaped), columns, rows of cells, end. */
typedef struct seg_html_column {
    const char *name;
    bool number;      /* right-aligned */
} seg_html_column;
void seg_html_table_begin(seg_text *out, const char *caption, const seg_html_column *columns,
                          size_t n);
void seg_html_table_end(seg_text *out);
void seg_html_row_begin(seg_text *out);
void seg_html_row_end(seg_text *out);
/* The cell that names the row. */
void seg_html_cell_name(seg_text *out, const char *name);
void seg_html_cell_text(seg_text *out, const char *text);
void seg_html_cell_count(seg_text *out, int64_t value);
void seg_html_cell_fixed(seg_text *out, double value, int digits);
void seg_html_cell_share(seg_text *out, double share);
/* A share of `full` as a bar with the share as text; 0 .. 1. */
void seg_html_cell_bar(seg_text *out, double share, double full);

#endif
