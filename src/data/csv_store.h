/* csv_store.h: the typed cells of a text, in segments of some thousand rows: what a reading
 * found, kept so that the text need not be read again. Each segment holds its columns one
 * after the other; a directory in front says where, and how they are kept. */
#ifndef SEGMILL_DATA_CSV_STORE_H
#define SEGMILL_DATA_CSV_STORE_H

#include <stddef.h>
#include <stdint.h>
#include "base/spill.h"

typedef enum seg_csv_kept {
    SEG_CSV_KEPT_NOT,
    SEG_CSV_KEPT_F32,     /* float, missing NaN */
    SEG_CSV_KEPT_I64,     /* int64_t, missing INT64_MIN: times, decimals */
    SEG_CSV_KEPT_DAY,     /* int32_t, missing INT32_MIN: dates without times */
    SEG_CSV_KEPT_CODE,    /* int32_t, missing -1 */
    SEG_CSV_KEPT_CODE8,   /* uint8_t, missing 255 */
    SEG_CSV_KEPT_TEXT,    /* uint32_t ends per row, then the bytes of the cells */
    SEG_CSV_KEPT_LINES    /* uint32_t, of whole rows, from the first one's line on */
} seg_csv_kept;

/* An entry of the directory. */
static inline uint64_t seg_csv_entry(seg_csv_kept kept, size_t offset)
{
    return (uint64_t)kept << 56 | offset;
}

static inline seg_csv_kept seg_csv_entry_kept(uint64_t entry)
{
    return (seg_csv_kept)(entry >> 56);
}

static inline size_t seg_csv_entry_offset(uint64_t entry)
{
    return entry & 0xffffffffffffff;
}

typedef struct seg_csv_segment {
    uint64_t first_row, line;   /* line: of the first row */
    uint64_t at;                /* in the spill */
    size_t bytes;
    uint32_t n_rows, file;
} seg_csv_segment;

typedef struct seg_csv_store {
    seg_spill *spill;
    size_t n_columns;
    seg_csv_segment *segments;
    size_t n, cap;
    size_t largest;             /* bytes of one */
    uint64_t n_rows;
} seg_csv_store;

seg_status seg_csv_store_new(size_t n_columns, seg_csv_store **out, seg_error *err);
void seg_csv_store_free(seg_csv_store *store);   /* takes null */
void seg_csv_store_clear(seg_csv_store *store);

/* A segment behind the others; its bytes are put into the spill at segment->at, which is set
 * here, as is its first row. */
seg_status seg_csv_store_add(seg_csv_store *store, seg_csv_segment *segment, seg_error *err);
/* The segment that holds the row. */
size_t seg_csv_store_find(const seg_csv_store *store, uint64_t row);

typedef struct seg_csv_view {
    const seg_csv_segment *segment;
    const uint64_t *directory;  /* n_columns + 1 */
} seg_csv_view;

/* room: store->largest bytes, 8-byte aligned. */
seg_status seg_csv_store_get(const seg_csv_store *store, size_t segment, void *room,
                             seg_csv_view *view, seg_error *err);

static inline seg_csv_kept seg_csv_view_kept(const seg_csv_view *view, size_t column)
{
    return seg_csv_entry_kept(view->directory[column]);
}

static inline const void *seg_csv_view_cells(const seg_csv_view *view, size_t column)
{
    return (const char *)view->directory + seg_csv_entry_offset(view->directory[column]);
}

/* A cell of a column kept as codes, or as days or seconds. */
static inline int32_t seg_csv_view_code(const seg_csv_view *view, size_t column, size_t row)
{
    const void *cells = seg_csv_view_cells(view, column);
    if (seg_csv_view_kept(view, column) == SEG_CSV_KEPT_CODE)
        return ((const int32_t *)cells)[row];
    uint8_t code = ((const uint8_t *)cells)[row];
    return code == UINT8_MAX ? -1 : code;
}

static inline int64_t seg_csv_view_second(const seg_csv_view *view, size_t column, size_t row)
{
    const void *cells = seg_csv_view_cells(view, column);
    if (seg_csv_view_kept(view, column) == SEG_CSV_KEPT_I64)
        return ((const int64_t *)cells)[row];
    int32_t day = ((const int32_t *)cells)[row];
    return day == INT32_MIN ? INT64_MIN : (int64_t)day * 86400;
}

/* A cell of a column kept as text. */
static inline const char *seg_csv_view_text(const seg_csv_view *view, size_t column, size_t row,
                                            size_t *n)
{
    const uint32_t *ends = seg_csv_view_cells(view, column);
    uint32_t from = row == 0 ? 0 : ends[row - 1];
    *n = ends[row] - from;
    return (const char *)(ends + view->segment->n_rows) + from;
}

/* The line in which a row of the segment starts. */
uint64_t seg_csv_view_line(const seg_csv_view *view, size_t n_columns, size_t row);

#endif
