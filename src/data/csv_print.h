/* csv_print.h: rows of a table as lines of CSV, into memory. */
#ifndef SEGMILL_DATA_CSV_PRINT_H
#define SEGMILL_DATA_CSV_PRINT_H

#include "base/text.h"
#include "segmill/stream.h"

typedef struct seg_csv_printer seg_csv_printer;

/* For tables of this schema, which is not copied and outlives the printer. */
seg_status seg_csv_printer_new(const seg_schema *schema, seg_csv_printer **out, seg_error *err);
void seg_csv_printer_free(seg_csv_printer *printer);   /* takes null */

/* The line of names. */
void seg_csv_print_names(const seg_csv_printer *printer, seg_text *text);
/* Rows first .. end - 1 of the block: one line each, baskets one line per item. Any number
 * of threads may print at a time, each into a text of its own. Memory that ends is
 * remembered by the text. */
void seg_csv_print_rows(const seg_csv_printer *printer, const seg_block *block, size_t first,
                        size_t end, seg_text *text);
/* About how many bytes a line has. */
size_t seg_csv_line_bytes(const seg_csv_printer *printer);

#endif
