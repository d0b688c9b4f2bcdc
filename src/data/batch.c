/* batch.c: blocks that own their rows, and rows in memory as a source. */
#include "data/schema.h"

#include <stdbool.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

seg_status seg_batch_new(const seg_schema *schema, size_t capacity, seg_batch **out,
                         seg_error *err)
{
    seg_status st = SEG_OK;
    seg_batch *batch = NULL;
    bool baskets = schema->kind == SEG_KIND_BASKETS;
    *out = NULL;

    TRY(SEG_ALLOC(&batch, 1, "a block of rows", err));
    batch->schema = schema;
    batch->capacity = capacity;
    if (!baskets && schema->n_features > 0) {
        size_t n;
        if (__builtin_mul_overflow(capacity, schema->n_features, &n))
            n = SIZE_MAX;
        TRY(SEG_ALLOC(&batch->x, n, "a block of features", err));
    }
    if (baskets)
        TRY(SEG_ALLOC(&batch->row_start, capacity + 1, "a block of baskets", err));
    if (schema->id_width > 0)
        TRY(seg_alloc_array(&batch->ids, capacity, schema->id_width, "a block of ids", err));
    TRY(SEG_ALLOC(&batch->columns, schema->n_columns, "a block of columns", err));
    for (size_t c = 0; c < schema->n_columns; c++)
        TRY(seg_alloc_array(&batch->columns[c], capacity,
                            seg_column_cell_bytes(&schema->columns[c]), "a column", err));
    *out = batch;
    batch = NULL;

done:
    seg_batch_free(batch);
    return st;
}

void seg_batch_free(seg_batch *batch)
{
    if (batch == NULL)
        return;
    if (batch->columns != NULL)
        for (size_t c = 0; c < batch->schema->n_columns; c++)
            seg_free(batch->columns[c]);
    seg_free(batch->columns);
    seg_free(batch->x);
    seg_free(batch->ids);
    seg_free(batch->row_start);
    seg_free(batch->items);
    seg_free(batch);
}

const seg_block *seg_batch_view(seg_batch *batch, uint64_t first_row, size_t n_rows)
{
    size_t d = batch->x == NULL ? 0 : batch->schema->n_features;
    batch->block = (seg_block){
        .first_row = first_row,
        .n_rows = n_rows,
        .x = { .x = batch->x, .n_rows = n_rows, .n_cols = d, .stride = d },
        .ids = batch->ids,
        .columns = (const void *const *)batch->columns,
        .row_start = batch->row_start,
        .items = batch->items,
    };
    return &batch->block;
}

/* ---- rows in memory --------------------------------------------------------- */

typedef struct memory_source {
    seg_source source;
    seg_block all;
    size_t block_rows;
    const void **columns;      /* of the block handed out */
    uint64_t next_row;
    char *name;
    seg_schema_owner *schema;  /* owned; null if somebody else's */
    seg_batch *batch;          /* owned; null if somebody else's */
} memory_source;

/* Rows first .. first+n-1 of `all`. */
static void slice(memory_source *m, size_t first, size_t n, seg_block *block)
{
    const seg_schema *schema = m->source.schema;
    const seg_block *all = &m->all;
    *block = (seg_block){ .first_row = first, .n_rows = n, .columns = m->columns };
    if (all->x.x != NULL) {
        block->x = all->x;
        block->x.x += first * all->x.stride;
        block->x.n_rows = n;
    }
    if (all->ids != NULL)
        block->ids = all->ids + first * schema->id_width;
    for (size_t c = 0; c < schema->n_columns; c++)
        m->columns[c] = (const char *)all->columns[c]
                        + first * seg_column_cell_bytes(&schema->columns[c]);
    if (all->row_start != NULL) {
        block->row_start = all->row_start + first;
        block->items = all->items;
    }
}

static seg_status memory_next(seg_source *self, seg_block *block, seg_error *err)
{
    (void)err;
    memory_source *m = (memory_source *)self;
    uint64_t left = self->n_rows - m->next_row;
    size_t n = left < m->block_rows ? (size_t)left : m->block_rows;
    slice(m, (size_t)m->next_row, n, block);
    m->next_row += n;
    return SEG_OK;
}

static seg_status memory_rewind(seg_source *self, seg_error *err)
{
    (void)err;
    ((memory_source *)self)->next_row = 0;
    return SEG_OK;
}

static void memory_close(seg_source *self)
{
    memory_source *m = (memory_source *)self;
    seg_batch_free(m->batch);
    seg_schema_free(m->schema);
    seg_free(m->columns);
    seg_free(m->name);
    seg_free(m);
}

/* What an embedder forgets most easily; the values are the methods' to check. */
static seg_status check_rows(const seg_schema *schema, const seg_block *rows, seg_error *err)
{
    const char *missing = NULL;
    bool baskets = schema->kind == SEG_KIND_BASKETS;
    if (rows->n_rows == 0)
        return SEG_OK;
    if (schema->id_width > 0 && rows->ids == NULL)
        missing = "ids";
    if (schema->n_columns > 0 && rows->columns == NULL)
        missing = "columns";
    if (baskets && (rows->row_start == NULL || rows->items == NULL))
        missing = "items";
    if (!baskets && schema->n_features > 0 && rows->x.x == NULL)
        missing = "features";
    if (missing != NULL)
        return seg_fail(err, SEG_E_USAGE, "the schema has %s, the rows have none", missing);
    if (!baskets && schema->n_features > 0
        && (rows->x.n_cols != schema->n_features || rows->x.stride < rows->x.n_cols))
        return seg_fail(err, SEG_E_USAGE, "the rows have %zu features, %zu floats apart; the"
                        " schema has %zu", rows->x.n_cols, rows->x.stride, schema->n_features);
    return SEG_OK;
}

seg_status seg_memory_source(const seg_context *ctx, const seg_schema *schema,
                             const seg_block *rows, seg_source **out, seg_error *err)
{
    seg_status st = SEG_OK;
    memory_source *m = NULL;
    *out = NULL;

    TRY(check_rows(schema, rows, err));
    TRY(SEG_ALLOC(&m, 1, "a source", err));
    m->source = (seg_source){ .schema = schema, .n_rows = rows->n_rows, .name = "memory",
                              .next = memory_next, .rewind = memory_rewind,
                              .close = memory_close };
    m->all = *rows;
    m->block_rows = seg_block_rows_for(ctx, schema);
    TRY(SEG_ALLOC(&m->columns, schema->n_columns, "a source", err));
    *out = &m->source;
    m = NULL;

done:
    if (m != NULL)
        memory_close(&m->source);
    return st;
}

seg_status seg_batch_source(const seg_context *ctx, const char *name,
                            seg_schema_owner *schema, seg_batch *batch, size_t n_rows,
                            seg_source **out, seg_error *err)
{
    seg_status st = SEG_OK;
    char *copy = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&copy, strlen(name) + 1, "a name", err));
    memcpy(copy, name, strlen(name));
    TRY(seg_memory_source(ctx, &schema->view, seg_batch_view(batch, 0, n_rows), out, err));
    memory_source *m = (memory_source *)*out;
    m->name = copy;
    m->source.name = copy;
    m->schema = schema;
    m->batch = batch;
    return SEG_OK;

done:
    seg_free(copy);
    seg_batch_free(batch);
    seg_schema_free(schema);
    return st;
}

void seg_source_close(seg_source *source)
{
    if (source != NULL)
        source->close(source);
}

void seg_sink_close(seg_sink *sink)
{
    if (sink != NULL)
        sink->close(sink);
}

/* ---- block size -------------------------------------------------------------- */

enum { TARGET_BYTES = 16 << 20 };

/* As many rows as fit a share of the budget, in chunks; at least one. */
static size_t rows_within(size_t row_bytes, unsigned share)
{
    uint64_t budget = seg_alloc_limit(), bytes = TARGET_BYTES;
    if (budget != 0 && budget / share < bytes)
        bytes = budget / share;
    size_t chunks = (size_t)(bytes / row_bytes / SEG_CHUNK_ROWS);
    return (chunks == 0 ? 1 : chunks) * SEG_CHUNK_ROWS;
}

/* Bytes of a row, without X. */
static size_t bytes_beside_x(const seg_schema *schema)
{
    size_t bytes = schema->id_width + 16;
    for (size_t c = 0; c < schema->n_columns; c++)
        bytes += seg_column_cell_bytes(&schema->columns[c]);
    return bytes;
}

static size_t rows_wanted(const seg_context *ctx)
{
    size_t rows = ctx == NULL ? 0 : ctx->block_rows;
    return (rows + SEG_CHUNK_ROWS - 1) / SEG_CHUNK_ROWS * SEG_CHUNK_ROWS;
}

size_t seg_block_rows_for(const seg_context *ctx, const seg_schema *schema)
{
    enum { SHARE = 64, BASKET_ITEMS = 64 };
    size_t items = schema->kind == SEG_KIND_BASKETS ? BASKET_ITEMS : schema->n_features;
    size_t wanted = rows_wanted(ctx);
    return wanted != 0 ? wanted : rows_within(bytes_beside_x(schema) + items * 4, SHARE);
}

size_t seg_mapped_block_rows_for(const seg_context *ctx, const seg_schema *schema)
{
    enum { X_SHARE = 16, SHARE = 32 };
    size_t wanted = rows_wanted(ctx);
    size_t x_rows = rows_within((schema->n_features + 1) * sizeof(float), X_SHARE);
    size_t rows = rows_within(bytes_beside_x(schema), SHARE);
    return wanted != 0 ? wanted : x_rows < rows ? x_rows : rows;
}
