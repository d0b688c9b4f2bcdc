/* tables.c: sample tables of every kind and type, made of row numbers. */
#include "tests/support/tables.h"

#include <math.h>
#include <stdio.h>
#include "base/alloc.h"
#include "base/try.h"
#include "data/h5.h"

static const char *const plans[] = { "gold", "silver", "bronze" };
static const char *const answers[] = { "No", "Yes" };

static uint32_t scramble(uint64_t i)
{
    i = (i + 1) * 0x9e3779b97f4a7c15u;
    return (uint32_t)(i >> 33);
}

static seg_status add_columns(seg_schema_owner *s, seg_error *e)
{
    const seg_column columns[] = {
        { .name = "churned", .type = SEG_TYPE_CODE, .levels = answers, .n_levels = 2 },
        { .name = "since", .type = SEG_TYPE_DAY, .source = "signup" },
        { .name = "last/seen", .type = SEG_TYPE_TIME },
        { .name = "spent", .type = SEG_TYPE_I64, .scale = 100, .unit = "money" },
        { .name = "visits", .type = SEG_TYPE_I64, .scale = 1 },
        { .name = "score", .type = SEG_TYPE_F64 },
        { .name = "dtype", .type = SEG_TYPE_F32, .unit = "share" },
        { .name = "town", .type = SEG_TYPE_TEXT, .width = 11 },
        { .name = "nothing", .type = SEG_TYPE_TEXT, .width = 0 },
        { .name = "blank", .type = SEG_TYPE_CODE },
    };
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        seg_status st = seg_schema_add_column(s, &columns[i], e);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

seg_status table_schema(seg_kind kind, bool with_ids, seg_schema_owner **out, seg_error *e)
{
    seg_status st = SEG_OK;
    seg_schema_owner *s = NULL;
    *out = NULL;
    TRY(seg_schema_new(kind, &s, e));
    if (with_ids)
        TRY(seg_schema_set_id(s, "customer id", 12, e));
    if (kind == SEG_KIND_FEATURES) {
        const seg_column features[] = {
            { .name = "age", .type = SEG_TYPE_F32, .unit = "years", .source = "age as given" },
            { .name = "plan/type", .type = SEG_TYPE_CODE, .levels = plans, .n_levels = 3 },
            { .name = "empty", .type = SEG_TYPE_F32 },
        };
        for (int i = 0; i < 3; i++)
            TRY(seg_schema_add_feature(s, &features[i], e));
        s->view.as_of_day = 15317;
    }
    for (int i = 0; kind == SEG_KIND_BASKETS && i < N_BASKET_ITEMS; i++) {
        char name[24];
        snprintf(name, sizeof name, "item %d", i);
        const seg_column item = { .name = name, .type = SEG_TYPE_F32 };
        TRY(seg_schema_add_feature(s, &item, e));
    }
    TRY(add_columns(s, e));
    if (kind == SEG_KIND_FEATURES)
        TRY(seg_schema_set_label(s, "churned", e));
    if (kind == SEG_KIND_TRANSACTIONS)
        TRY(seg_schema_set_place(s, "Europe/Berlin", "EUR", e));
    *out = s;
    s = NULL;

done:
    seg_schema_free(s);
    return st;
}

static void fill_columns(seg_batch *b, size_t r)
{
    uint32_t u = scramble(r);
    ((int32_t *)b->columns[0])[r] = (int32_t)(u % 3) - 1;
    ((int32_t *)b->columns[1])[r] = u % 7 == 0 ? SEG_MISSING_DAY : (int32_t)(u % 20000);
    ((int64_t *)b->columns[2])[r] = u % 5 == 0 ? SEG_MISSING_I64 : (int64_t)u * 3;
    ((int64_t *)b->columns[3])[r] = -(int64_t)u;
    ((int64_t *)b->columns[4])[r] = INT64_MAX - (int64_t)u;
    ((double *)b->columns[5])[r] = u % 11 == 0 ? (double)NAN : 1.0 / (double)(u + 1);
    ((float *)b->columns[6])[r] = (float)u;
    if (u % 4 != 0)
        snprintf((char *)b->columns[7] + r * 11, 11, "M\xc3\xbcnch%u", u % 1000);
    ((int32_t *)b->columns[9])[r] = SEG_MISSING_CODE;
}

seg_status table_batch(const seg_schema *schema, size_t n, seg_batch **out, seg_error *e)
{
    seg_status st = seg_batch_new(schema, n, out, e);
    seg_batch *b = *out;
    if (st == SEG_OK && schema->kind == SEG_KIND_BASKETS)
        st = SEG_GROW(&b->items, &b->items_cap, n * N_BASKET_ITEMS, "items", e);
    if (st != SEG_OK) {
        seg_batch_free(b);
        *out = NULL;
        return st;
    }
    int64_t n_items = 0;
    for (size_t r = 0; r < n; r++) {
        uint32_t u = scramble(r + 77);
        fill_columns(b, r);
        if (b->ids != NULL)
            snprintf(b->ids + r * schema->id_width, schema->id_width, "k-%zu", r);
        if (b->x != NULL) {
            b->x[r * 3] = u % 9 == 0 ? NAN : (float)(u % 1000) / 8 - 50;
            b->x[r * 3 + 1] = u % 4 == 3 ? NAN : (float)(u % 4);
            b->x[r * 3 + 2] = NAN;
        }
        for (int i = 0; schema->kind == SEG_KIND_BASKETS && i < N_BASKET_ITEMS; i++)
            if ((u >> i & 1) != 0)
                b->items[n_items++] = i;
        if (b->row_start != NULL)
            b->row_start[r + 1] = n_items;
    }
    seg_batch_view(b, 0, n);
    return SEG_OK;
}

/* The whole table into `path`, by way of a memory source in blocks of block_rows. */
seg_status table_write(seg_kind kind, bool with_ids, size_t n, size_t block_rows,
                       const char *path, seg_error *e)
{
    seg_status st = SEG_OK;
    seg_schema_owner *schema = NULL;
    seg_batch *batch = NULL;
    seg_source *source = NULL;
    seg_sink *sink = NULL;
    seg_block block;
    seg_context ctx = seg_context_defaults();
    ctx.block_rows = block_rows;
    TRY(table_schema(kind, with_ids, &schema, e));
    TRY(table_batch(&schema->view, n, &batch, e));
    TRY(seg_memory_source(&ctx, &schema->view, &batch->block, &source, e));
    uint64_t n_items = kind == SEG_KIND_BASKETS ? (uint64_t)batch->row_start[n] : 0;
    TRY(seg_h5_sink(&ctx, path, &schema->view, n, n_items, NULL, &sink, e));
    for (;;) {
        TRY(source->next(source, &block, e));
        if (block.n_rows == 0)
            break;
        TRY(sink->write(sink, &block, e));
    }
    TRY(sink->commit(sink, e));

done:
    seg_sink_close(sink);
    seg_source_close(source);
    seg_batch_free(batch);
    seg_schema_free(schema);
    return st;
}

seg_status table_read(const char *path, seg_error *e)
{
    seg_source *source = NULL;
    seg_block block;
    if (e != NULL)
        e->text[0] = '\0';
    seg_status st = seg_h5_source(NULL, path, &source, e);
    while (st == SEG_OK) {
        st = source->next(source, &block, e);
        if (st == SEG_OK && block.n_rows == 0)
            break;
    }
    seg_source_close(source);
    return st;
}
