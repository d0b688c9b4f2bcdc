/* keep.c: text is parsed once and not at every pass, when its rows fit in memory. */
#include "jobs/keep.h"

#include <stdbool.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"
#include "data/schema.h"

enum { SHARE = 4 };
static const uint64_t most_without_budget = 1u << 30;

static bool fits(const seg_source *source)
{
    const seg_schema *schema = source->schema;
    uint64_t row_bytes = schema->id_width + schema->n_features * sizeof(float), bytes;
    for (size_t c = 0; c < schema->n_columns; c++)
        row_bytes += seg_column_cell_bytes(&schema->columns[c]);
    uint64_t room = seg_alloc_limit() == 0 ? most_without_budget : seg_alloc_limit() / SHARE;
    return !__builtin_mul_overflow(row_bytes, source->n_rows, &bytes) && bytes <= room;
}

static void copy_rows(const seg_block *block, size_t at, seg_batch *into)
{
    const seg_schema *schema = into->schema;
    size_t d = schema->n_features;
    for (size_t i = 0; into->x != NULL && i < block->n_rows; i++)
        memcpy(into->x + (at + i) * d, block->x.x + i * block->x.stride, d * sizeof *into->x);
    if (into->ids != NULL)
        memcpy(into->ids + at * schema->id_width, block->ids, block->n_rows * schema->id_width);
    for (size_t c = 0; c < schema->n_columns; c++) {
        size_t bytes = seg_column_cell_bytes(&schema->columns[c]);
        memcpy((char *)into->columns[c] + at * bytes, block->columns[c], block->n_rows * bytes);
    }
}

static seg_status read_all(const seg_context *ctx, seg_source *source, seg_batch *into,
                           seg_error *err)
{
    seg_status st = SEG_OK;
    seg_block block;
    size_t n = 0;
    for (;;) {
        TRY(source->next(source, &block, err));
        if (block.n_rows == 0)
            break;
        if (block.n_rows > into->capacity - n) {
            st = seg_fail(err, SEG_E_DATA, "%s: there are more rows than at first: the file was"
                          " changed", source->name);
            goto done;
        }
        copy_rows(&block, n, into);
        n += block.n_rows;
        TRY(seg_step(ctx, "reading", n, source->n_rows, err));
    }
    if (n != source->n_rows)
        st = seg_fail(err, SEG_E_DATA, "%s: there are fewer rows than at first: the file was"
                      " changed", source->name);

done:
    return st;
}

seg_status seg_keep_rows(const seg_context *ctx, seg_source **source, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_source *from = *source, *kept = NULL;
    seg_schema_owner *schema = NULL;
    seg_batch *batch = NULL;
    seg_kind kind = from->schema->kind;
    if ((kind != SEG_KIND_FEATURES && kind != SEG_KIND_TRANSACTIONS) || !fits(from))
        return SEG_OK;

    TRY(seg_schema_copy(from->schema, &schema, err));
    TRY(seg_batch_new(&schema->view, (size_t)from->n_rows, &batch, err));
    TRY(read_all(ctx, from, batch, err));
    st = seg_batch_source(ctx, from->name, schema, batch, (size_t)from->n_rows, &kept, err);
    schema = NULL;   /* taken over, also on failure */
    batch = NULL;
    TRY(st);
    seg_source_close(from);
    *source = kept;

done:
    seg_batch_free(batch);
    seg_schema_free(schema);
    return st;
}
