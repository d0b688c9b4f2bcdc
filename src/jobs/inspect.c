#include "jobs/inspect.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/date.h"
#include "base/text.h"
#include "base/threads.h"
#include "base/try.h"
#include "data/h5.h"
#include "data/schema.h"
#include "kernels/column_stats.h"
#include "kernels/quantile_sample.h"
#include "models/method.h"

/* ---- features ----------------------------------------------------------------------- */

typedef struct summary {
    const seg_schema *schema;
    size_t *columns;           /* 0 .. n_features-1 */
    seg_column_stats stats;
    seg_quantile_sample sample;
    int64_t **levels;          /* per category: rows of each */
    int64_t *missing;          /* per obs column */
    double *least, *largest;   /* per obs column that is a number or date */
    int64_t items;             /* baskets */
} summary;

static void summary_free(summary *s)
{
    seg_free(s->columns);
    seg_column_stats_free(&s->stats);
    seg_quantile_sample_free(&s->sample);
    for (size_t f = 0; s->levels != NULL && f < s->schema->n_features; f++)
        seg_free(s->levels[f]);
    seg_free(s->levels);
    seg_free(s->missing);
    seg_free(s->least);
    seg_free(s->largest);
}

static seg_status summary_new(const seg_schema *schema, uint64_t n_rows, summary *s,
                              seg_error *err)
{
    seg_status st = SEG_OK;
    size_t d = schema->kind == SEG_KIND_BASKETS ? 0 : schema->n_features;
    *s = (summary){ .schema = schema };
    TRY(SEG_ALLOC(&s->columns, d, "the columns", err));
    for (size_t f = 0; f < d; f++)
        s->columns[f] = f;
    TRY(seg_column_stats_new(d, &s->stats, err));
    TRY(seg_quantile_sample_new(d, n_rows, 1, &s->sample, err));
    TRY(SEG_ALLOC(&s->levels, schema->n_features, "the categories", err));
    for (size_t f = 0; f < d; f++)
        if (schema->features[f].type == SEG_TYPE_CODE)
            TRY(SEG_ALLOC(&s->levels[f], schema->features[f].n_levels, "the categories", err));
    TRY(SEG_ALLOC(&s->missing, schema->n_columns, "the columns", err));
    TRY(SEG_ALLOC(&s->least, schema->n_columns, "the columns", err));
    TRY(SEG_ALLOC(&s->largest, schema->n_columns, "the columns", err));
    for (size_t c = 0; c < schema->n_columns; c++) {
        s->least[c] = (double)INFINITY;
        s->largest[c] = -(double)INFINITY;
    }
done:
    return st;
}

/* The cell as a number, NaN if it is missing; a text counts its presence only. */
static double cell_value(const seg_column *column, const void *data, size_t i)
{
    switch (column->type) {
    case SEG_TYPE_F32:  return (double)((const float *)data)[i];
    case SEG_TYPE_F64:  return ((const double *)data)[i];
    case SEG_TYPE_DAY: {
        int32_t day = ((const int32_t *)data)[i];
        return day == SEG_MISSING_DAY ? (double)NAN : (double)day;
    }
    case SEG_TYPE_CODE: {
        int32_t code = ((const int32_t *)data)[i];
        return code < 0 ? (double)NAN : (double)code;
    }
    case SEG_TYPE_I64:
    case SEG_TYPE_TIME: {
        int64_t whole = ((const int64_t *)data)[i];
        return whole == SEG_MISSING_I64 ? (double)NAN : (double)whole;
    }
    case SEG_TYPE_TEXT: break;
    }
    return ((const char *)data)[i * column->width] == '\0' ? (double)NAN : 0;
}

static void add_columns(summary *s, const seg_block *block)
{
    for (size_t c = 0; c < s->schema->n_columns; c++)
        for (size_t i = 0; i < block->n_rows; i++) {
            double v = cell_value(&s->schema->columns[c], block->columns[c], i);
            s->missing[c] += isnan(v) ? 1 : 0;
            s->least[c] = v < s->least[c] ? v : s->least[c];
            s->largest[c] = v > s->largest[c] ? v : s->largest[c];
        }
}

static void add_levels(summary *s, const seg_block *block)
{
    for (size_t f = 0; f < s->sample.d; f++)
        for (size_t i = 0; s->levels[f] != NULL && i < block->n_rows; i++) {
            float v = block->x.x[i * block->x.stride + f];
            if (v >= 0 && v < (float)s->schema->features[f].n_levels)
                s->levels[f][(size_t)v]++;
        }
}

static seg_status add_block(summary *s, const seg_context *ctx, const seg_block *block,
                            seg_error *err)
{
    add_columns(s, block);
    if (block->row_start != NULL)
        s->items += block->row_start[block->n_rows] - block->row_start[0];
    if (s->sample.d == 0)
        return SEG_OK;
    add_levels(s, block);
    seg_column_stats_add(&s->stats, s->columns, false, block->x, block->first_row,
                         seg_thread_count(ctx->n_threads));
    return seg_quantile_sample_add(&s->sample, s->columns, block->x, block->first_row, err);
}

/* ---- what was found ------------------------------------------------------------------- */

static void put_levels(seg_node *row, const seg_column *column, int64_t *counts)
{
    enum { SHOWN = 4 };
    char text[256] = "";
    size_t used = 0;
    for (int n = 0; n < SHOWN && (size_t)n < column->n_levels; n++) {
        size_t best = 0;
        for (size_t l = 1; l < column->n_levels; l++)
            if (counts[l] > counts[best])
                best = l;
        if (counts[best] <= 0)
            break;
        const char *level = column->levels[best];
        int shown = (int)seg_utf8_cut(level, strlen(level), 40);
        int more = snprintf(text + used, sizeof text - used, "%s%.*s (%lld)",
                            n == 0 ? "" : ", ", shown, level, (long long)counts[best]);
        used += more > 0 ? (size_t)more : 0;
        if (used >= sizeof text)
            break;
        counts[best] = -counts[best];
    }
    seg_put_int(row, "categories", (int64_t)column->n_levels);
    seg_put_text(row, "commonest", text);
}

static void put_numbers(seg_node *row, const summary *s, size_t f)
{
    double least, largest, mean, sd;
    seg_column_stats_range(&s->stats, f, &least, &largest);
    seg_column_stats_mean(&s->stats, f, &mean, &sd);
    seg_put_real(row, "mean", mean);
    seg_put_real(row, "std", sd);
    seg_put_real(row, "min", least);
    seg_put_real(row, "median", seg_quantile_sample_at(&s->sample, f, 0.5));
    seg_put_real(row, "max", largest);
}

static void put_features(const summary *s, uint64_t n_rows, seg_node *result)
{
    if (s->sample.d == 0)
        return;
    seg_node *numbers = seg_put_array(result, "numbers");
    seg_node *categories = seg_put_array(result, "categories");
    for (size_t f = 0; f < s->sample.d; f++) {
        const seg_column *column = &s->schema->features[f];
        double least, largest;
        int64_t n = seg_column_stats_range(&s->stats, f, &least, &largest);
        seg_node *row = seg_put_object(column->type == SEG_TYPE_CODE ? categories : numbers, NULL);
        seg_put_text(row, "name", column->name);
        seg_put_int(row, "missing", (int64_t)n_rows - n);
        if (column->type == SEG_TYPE_CODE)
            put_levels(row, column, s->levels[f]);
        else
            put_numbers(row, s, f);
    }
}

static const char *type_name(seg_type type)
{
    switch (type) {
    case SEG_TYPE_F32:
    case SEG_TYPE_F64:  return "number";
    case SEG_TYPE_I64:  return "whole number";
    case SEG_TYPE_DAY:  return "date";
    case SEG_TYPE_TIME: return "time";
    case SEG_TYPE_CODE: return "category";
    case SEG_TYPE_TEXT: return "text";
    }
    return "unknown";
}

static void put_range(seg_node *row, const char *name, const seg_column *column, double value)
{
    char text[SEG_DATE_BYTES];
    if (!isfinite(value) || column->type == SEG_TYPE_TEXT || column->type == SEG_TYPE_CODE) {
        seg_put_null(row, name);
    } else if (column->type == SEG_TYPE_DAY || column->type == SEG_TYPE_TIME) {
        if (column->type == SEG_TYPE_DAY)
            seg_print_day(text, (int32_t)value);
        else
            seg_print_time(text, (int64_t)value);
        seg_put_text(row, name, text);
    } else if (column->type == SEG_TYPE_I64 && column->scale <= 1) {
        seg_put_int(row, name, (int64_t)value);
    } else {
        seg_put_real(row, name, column->scale > 1 ? value / column->scale : value);
    }
}

static void put_columns(const summary *s, seg_node *result)
{
    if (s->schema->n_columns == 0)
        return;
    seg_node *columns = seg_put_array(result, "columns");
    for (size_t c = 0; c < s->schema->n_columns; c++) {
        const seg_column *column = &s->schema->columns[c];
        seg_node *row = seg_put_object(columns, NULL);
        seg_put_text(row, "name", column->name);
        seg_put_text(row, "type", type_name(column->type));
        seg_put_int(row, "missing", s->missing[c]);
        if (column->type == SEG_TYPE_CODE)
            seg_put_int(row, "categories", (int64_t)column->n_levels);
        else
            seg_put_null(row, "categories");
        put_range(row, "min", column, s->least[c]);
        put_range(row, "max", column, s->largest[c]);
    }
}

static void put_head(const seg_source *source, seg_node *result)
{
    const seg_schema *schema = source->schema;
    char day[SEG_DATE_BYTES];
    seg_put_text(result, "kind", seg_kind_name(schema->kind));
    seg_put_int(result, "rows", (int64_t)source->n_rows);
    if (schema->kind == SEG_KIND_BASKETS)
        seg_put_int(result, "items", (int64_t)schema->n_features);
    else if (schema->n_features > 0)
        seg_put_int(result, "features", (int64_t)schema->n_features);
    if (schema->id_name != NULL)
        seg_put_text(result, "id", schema->id_name);
    if (schema->label != NULL)
        seg_put_text(result, "label", schema->label);
    if (schema->as_of_day != SEG_MISSING_DAY) {
        seg_print_day(day, schema->as_of_day);
        seg_put_text(result, "as_of", day);
    }
    if (schema->zone != NULL)
        seg_put_text(result, "zone", schema->zone);
    if (schema->currency != NULL)
        seg_put_text(result, "currency", schema->currency);
}

static seg_status inspect_table(const seg_context *ctx, const char *path, seg_node *result,
                                seg_error *err)
{
    seg_status st = SEG_OK;
    seg_source *source = NULL;
    summary s = { 0 };
    seg_block block;

    TRY(seg_source_open(ctx, path, &source, err));
    put_head(source, result);
    TRY(summary_new(source->schema, source->n_rows, &s, err));
    for (;;) {
        TRY(source->next(source, &block, err));
        if (block.n_rows == 0)
            break;
        TRY(add_block(&s, ctx, &block, err));
        TRY(seg_step(ctx, "reading", block.first_row + block.n_rows, source->n_rows, err));
    }
    TRY(seg_quantile_sample_sort(&s.sample, err));
    if (source->schema->kind == SEG_KIND_BASKETS)
        seg_put_int(result, "bought", s.items);
    put_features(&s, source->n_rows, result);
    put_columns(&s, result);

done:
    summary_free(&s);
    seg_source_close(source);
    return st;
}

static seg_status inspect_model(const char *path, seg_node *result, seg_error *err)
{
    seg_model *model = NULL;
    seg_status st = seg_model_load(path, &model, err);
    if (st == SEG_OK) {
        seg_put_text(result, "kind", "model");
        st = seg_model_describe(model, result, err);
    }
    seg_model_free(model);
    return st;
}

seg_status seg_inspect_run(const seg_call *call, seg_node *result, seg_error *err)
{
    const char *path = call->operands[0];
    seg_h5 *file = NULL;
    seg_kind kind = SEG_KIND_FEATURES;
    /* Text and FILE.h5:/path are no HDF5 file by themselves: the source knows them. */
    bool model = seg_h5_open(path, &file, NULL) == SEG_OK
                 && seg_h5_kind(file, &kind, NULL) == SEG_OK && kind == SEG_KIND_MODEL;
    seg_h5_close(file);
    return model ? inspect_model(path, result, err)
                 : inspect_table(&call->context, path, result, err);
}
