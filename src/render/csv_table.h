/* csv_table.h: an array of objects as CSV: columns are the plain members of the first. */
#ifndef SEGMILL_RENDER_CSV_TABLE_H
#define SEGMILL_RENDER_CSV_TABLE_H

#include "base/text.h"
#include "segmill/doc.h"

void seg_csv_table(seg_text *out, const seg_node *array);

#endif
