/* csv_table.h: an array of objects as CSV: columns are the plain members of the first. */
#ifndef SEGMILL_RENDER_CSV_TABLE_H
#define SEGMILL_RENDER_CSV_TABLE_H

#include "base/text.h"
#include "segmill/doc.h"

/* One cell, quoted where RFC 4180 asks for it. */
void seg_csv_cell(seg_text *out, const char *text, size_t n, char delimiter);
void seg_csv_table(seg_text *out, const seg_node *array);

#endif
