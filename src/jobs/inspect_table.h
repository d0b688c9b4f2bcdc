/* inspect_table.h: the tables that inspect shows. */
#ifndef SEGMILL_JOBS_INSPECT_TABLE_H
#define SEGMILL_JOBS_INSPECT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "segmill/command.h"
#include "segmill/doc.h"

enum { SEG_PAGE_NAME = 28, SEG_PAGE_CELL = 256 };

/* What is being written, of which result. */
typedef struct seg_page {
    seg_text *out;
    const seg_node *result;
    const seg_screen *screen;
    bool all;
    int64_t n_rows;
} seg_page;

typedef enum seg_page_table {
    SEG_PAGE_NUMBERS, SEG_PAGE_CATEGORIES, SEG_PAGE_DATES, SEG_PAGE_TEXTS, SEG_PAGE_TABLES
} seg_page_table;

/* A line per row (of numbers[], categories[] or columns[]), as wide as the screen; of a wide
 * table the first ones, those with warnings in front. */
seg_status seg_page_put_table(const seg_page *page, const char *title, seg_page_table table,
                              const seg_node *const *rows, size_t n, seg_error *err);

/* Cells on their own. At most `most` characters of a text, on one line. */
void seg_page_cut(char out[SEG_PAGE_CELL], const char *text, size_t most, const seg_page *page);
void seg_page_share(char out[SEG_PAGE_CELL], double share);
void seg_page_distinct(char out[SEG_PAGE_CELL], const seg_node *row, const seg_page *page);
void seg_page_commonest(char out[SEG_PAGE_CELL], const seg_node *row, const seg_page *page);
size_t seg_page_width(const char *text);

#endif
