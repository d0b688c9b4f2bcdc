/* schema.h: schemas that own their names, and batches: blocks that own their rows. */
#ifndef SEGMILL_DATA_SCHEMA_H
#define SEGMILL_DATA_SCHEMA_H

#include <stdbool.h>
#include "base/arena.h"
#include "segmill/stream.h"
#include "segmill/table.h"

/* Which names are there: index + 1 of a column per slot, 0 is free. */
typedef struct seg_name_set {
    uint32_t *slots;
    size_t n_slots;
} seg_name_set;

/* A schema being built: `view` is what a source hands out. */
typedef struct seg_schema_owner {
    seg_schema view;
    seg_arena arena;
    seg_column *features, *columns;   /* what view.features / view.columns point to */
    size_t features_cap, columns_cap;
    bool lent_levels;                 /* not copied: who gives them keeps them longer */
    seg_name_set feature_names, column_names;
} seg_schema_owner;

seg_status seg_schema_new(seg_kind kind, seg_schema_owner **out, seg_error *err);
void seg_schema_free(seg_schema_owner *schema);   /* takes null */

/* Copies the template with its texts and, unless they are lent, levels. Refuses a name that is already there
 * (SEG_E_DATA "duplicate column 'x'"). */
seg_status seg_schema_add_feature(seg_schema_owner *schema, const seg_column *column,
                                  seg_error *err);
seg_status seg_schema_add_column(seg_schema_owner *schema, const seg_column *column,
                                 seg_error *err);
/* width is rounded up to a multiple of 8. */
seg_status seg_schema_set_id(seg_schema_owner *schema, const char *name, size_t width,
                             seg_error *err);
seg_status seg_schema_set_label(seg_schema_owner *schema, const char *name, seg_error *err);
/* Time zone and currency of transactions; null if not known. */
seg_status seg_schema_set_place(seg_schema_owner *schema, const char *zone,
                                const char *currency, seg_error *err);
seg_status seg_schema_copy(const seg_schema *schema, seg_schema_owner **out, seg_error *err);

/* Bytes of one cell of the column. */
size_t seg_column_cell_bytes(const seg_column *column);

/* Rows with room to fill: columns[c] and x are plain arrays of `capacity` rows. */
typedef struct seg_batch {
    const seg_schema *schema;   /* not owned */
    size_t capacity;
    float *x;                   /* capacity x n_features, stride n_features; null if none */
    char *ids;                  /* capacity x id_width; null if none */
    void **columns;
    int64_t *row_start;         /* baskets: capacity + 1 */
    int32_t *items;             /* baskets: items_cap; grow with SEG_GROW */
    size_t items_cap;
    seg_block block;            /* the view: set first_row, n_rows after filling */
} seg_batch;

/* SEG_E_AGAIN when memory does not suffice. */
seg_status seg_batch_new(const seg_schema *schema, size_t capacity, seg_batch **out,
                         seg_error *err);
void seg_batch_free(seg_batch *batch);            /* takes null */
/* The first n_rows as a block (points items etc. at the current arrays). */
const seg_block *seg_batch_view(seg_batch *batch, uint64_t first_row, size_t n_rows);

/* A source that owns its rows: takes over schema and batch, also on failure. */
seg_status seg_batch_source(const seg_context *ctx, const char *name,
                            seg_schema_owner *schema, seg_batch *batch, size_t n_rows,
                            seg_source **out, seg_error *err);

/* Rows of a block for this schema that fit the share of the budget given to one block:
 * a multiple of SEG_CHUNK_ROWS, at least one chunk, about 16 MB if memory allows;
 * ctx->block_rows if set. */
size_t seg_block_rows_for(const seg_context *ctx, const seg_schema *schema);
/* The same where X is a map of a file, of which no copy is held: blocks of it may be larger,
 * so that every thread has its part of one. */
size_t seg_mapped_block_rows_for(const seg_context *ctx, const seg_schema *schema);

#endif
