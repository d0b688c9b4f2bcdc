/* csv_sink.c: any table as CSV (RFC 4180, but LF): the inverse of the import. Numbers are
 * the shortest that read back equal, so CSV -> table -> CSV -> table changes nothing.
 * Baskets become one line per item, the form that --order and --item read again. */
#include "data/csv.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/date.h"
#include "base/file.h"
#include "base/number.h"
#include "base/text.h"
#include "base/try.h"
#include "data/csv_rows.h"
#include "data/schema.h"

typedef struct csv_sink {
    seg_sink sink;
    seg_schema_owner *schema;
    seg_file *file;
    seg_text text;
} csv_sink;

enum { FLUSH_BYTES = 256 * 1024 };

static void add_number(seg_text *text, size_t (*print)(char *, double), double value)
{
    char out[SEG_NUMBER_BYTES];
    if (isfinite(value))
        seg_text_add_n(text, out, print(out, value));
}

static size_t print_single(char *out, double value)
{
    return seg_print_f32(out, (float)value);
}

static size_t print_double(char *out, double value)
{
    return seg_print_f64(out, value);
}

static void add_level(seg_text *text, const seg_column *column, int64_t code)
{
    if (code < 0 || (uint64_t)code >= column->n_levels)
        return;
    const char *level = column->levels[code];
    seg_csv_add_field(text, level, strlen(level));
}

static void add_whole(seg_text *text, const seg_column *column, int64_t value)
{
    char out[SEG_NUMBER_BYTES];
    if (value == SEG_MISSING_I64)
        return;
    if (column->scale > 1)
        seg_text_add_n(text, out, seg_print_fixed(out, value, column->scale));
    else
        seg_text_add_n(text, out, seg_print_i64(out, value));
}

static void add_cell(seg_text *text, const seg_column *column, const void *cells, size_t r)
{
    char out[SEG_DATE_BYTES];
    const char *cell;
    switch (column->type) {
    case SEG_TYPE_F32:
        add_number(text, print_single, (double)((const float *)cells)[r]);
        break;
    case SEG_TYPE_F64:
        add_number(text, print_double, ((const double *)cells)[r]);
        break;
    case SEG_TYPE_I64:
        add_whole(text, column, ((const int64_t *)cells)[r]);
        break;
    case SEG_TYPE_DAY:
        if (((const int32_t *)cells)[r] != SEG_MISSING_DAY)
            seg_text_add_n(text, out, seg_print_day(out, ((const int32_t *)cells)[r]));
        break;
    case SEG_TYPE_TIME:
        if (((const int64_t *)cells)[r] != SEG_MISSING_I64)
            seg_text_add_n(text, out, seg_print_time(out, ((const int64_t *)cells)[r]));
        break;
    case SEG_TYPE_CODE:
        add_level(text, column, ((const int32_t *)cells)[r]);
        break;
    case SEG_TYPE_TEXT:
        cell = (const char *)cells + r * column->width;
        seg_csv_add_field(text, cell, seg_cell_length(cell, column->width));
        break;
    }
}

static void add_feature(seg_text *text, const seg_column *column, float value)
{
    if (column->type == SEG_TYPE_CODE)
        add_level(text, column, isfinite(value) ? (int64_t)value : -1);
    else
        add_number(text, print_single, (double)value);
}

/* Starts a field: a comma unless it is the first of its line. */
static void part(seg_text *text, bool *first)
{
    if (!*first)
        seg_text_add_char(text, ',');
    *first = false;
}

static void add_name(seg_text *text, const char *name, bool *first)
{
    part(text, first);
    seg_csv_add_field(text, name, strlen(name));
}

static void add_header(csv_sink *s)
{
    const seg_schema *schema = &s->schema->view;
    bool first = true;
    if (schema->id_width > 0)
        add_name(&s->text, schema->id_name == NULL ? "id" : schema->id_name, &first);
    if (schema->kind == SEG_KIND_BASKETS)
        add_name(&s->text, "item", &first);
    else
        for (size_t f = 0; f < schema->n_features; f++)
            add_name(&s->text, schema->features[f].name, &first);
    for (size_t c = 0; c < schema->n_columns; c++)
        add_name(&s->text, schema->columns[c].name, &first);
    seg_text_add_char(&s->text, '\n');
}

/* item: of a basket, or -1. */
static void add_row(csv_sink *s, const seg_block *block, size_t r, int32_t item)
{
    const seg_schema *schema = &s->schema->view;
    seg_text *text = &s->text;
    bool first = true;
    size_t start = text->n;
    if (schema->id_width > 0) {
        const char *id = block->ids + r * schema->id_width;
        part(text, &first);
        seg_csv_add_field(text, id, seg_cell_length(id, schema->id_width));
    }
    if (item >= 0)
        add_name(text, schema->features[item].name, &first);
    for (size_t f = 0; block->x.x != NULL && f < schema->n_features; f++) {
        part(text, &first);
        add_feature(text, &schema->features[f], block->x.x[r * block->x.stride + f]);
    }
    for (size_t c = 0; c < schema->n_columns; c++) {
        part(text, &first);
        add_cell(text, &schema->columns[c], block->columns[c], r);
    }
    if (text->n == start)
        seg_text_add(text, "\"\"");   /* an empty line would be no row */
    seg_text_add_char(text, '\n');
}

static seg_status flush(csv_sink *s, seg_error *err)
{
    seg_status st = seg_text_status(&s->text, err);
    if (st == SEG_OK && s->text.n > 0)
        st = seg_file_write(s->file, s->text.bytes, s->text.n, err);
    seg_text_clear(&s->text);
    return st;
}

static seg_status sink_write(seg_sink *self, const seg_block *block, seg_error *err)
{
    csv_sink *s = (csv_sink *)self;
    const seg_schema *schema = &s->schema->view;
    for (size_t r = 0; r < block->n_rows; r++) {
        if (schema->kind != SEG_KIND_BASKETS) {
            add_row(s, block, r, -1);
        } else {
            for (int64_t i = block->row_start[r]; i < block->row_start[r + 1]; i++)
                if (block->items[i] >= 0 && (size_t)block->items[i] < schema->n_features)
                    add_row(s, block, r, block->items[i]);
        }
        if (s->text.n > FLUSH_BYTES || s->text.failed) {
            seg_status st = flush(s, err);
            if (st != SEG_OK)
                return st;
        }
    }
    return SEG_OK;
}

static seg_status sink_commit(seg_sink *self, seg_error *err)
{
    csv_sink *s = (csv_sink *)self;
    seg_status st = flush(s, err);
    return st == SEG_OK ? seg_file_commit(s->file, err) : st;
}

static void sink_close(seg_sink *self)
{
    csv_sink *s = (csv_sink *)self;
    seg_file_close(s->file);
    seg_schema_free(s->schema);
    seg_text_free(&s->text);
    seg_free(s);
}

seg_status seg_csv_sink(const seg_context *ctx, const char *path, const seg_schema *schema,
                        seg_sink **out, seg_error *err)
{
    (void)ctx;
    seg_status st = SEG_OK;
    csv_sink *s = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&s, 1, "a CSV sink", err));
    s->sink = (seg_sink){ sink_write, sink_commit, sink_close };
    TRY(seg_schema_copy(schema, &s->schema, err));
    TRY(seg_file_create(path, &s->file, err));
    add_header(s);
    TRY(seg_text_status(&s->text, err));
    *out = &s->sink;
    s = NULL;

done:
    if (s != NULL)
        sink_close(&s->sink);
    return st;
}
