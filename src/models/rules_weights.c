/* rules_weights.c: whole numbers of any number column as uint32, checked cell by cell. Counts
 * of baskets are 32 bits wide, so the sum is watched too: once per row, however often the rows
 * are read. */
#include "models/rules_weights.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "base/alloc.h"
#include "data/select.h"

seg_status seg_rules_weights_begin(seg_rules_weights *w, const seg_schema *schema,
                                   const char *name, seg_error *err)
{
    *w = (seg_rules_weights){ .name = name };
    if (name == NULL)
        return SEG_OK;
    w->column = seg_schema_column(schema, name);
    if (w->column == SIZE_MAX) {
        seg_schema beside = *schema;
        beside.n_features = 0;   /* items are no columns */
        return seg_unknown_column(&beside, "weights", name, strlen(name), err);
    }
    w->of = &schema->columns[w->column];
    if (w->of->type != SEG_TYPE_F32 && w->of->type != SEG_TYPE_F64 && w->of->type != SEG_TYPE_I64)
        return seg_fail(err, SEG_E_USAGE, "--weights names '%.60s', which is no number", name);
    return SEG_OK;
}

void seg_rules_weights_clear(seg_rules_weights *w)
{
    seg_free(w->weight);
    *w = (seg_rules_weights){ 0 };
}

/* The weight, or why it is none. */
static const char *of_real(double v, uint32_t *out)
{
    if (isnan(v))
        return "missing";
    if (v < 0)
        return "negative";
    if (v > UINT32_MAX)
        return "too large";
    *out = (uint32_t)v;
    return (double)*out < v ? "no whole number" : NULL;
}

static const char *of_whole(int64_t v, uint32_t scale, uint32_t *out)
{
    scale = scale == 0 ? 1 : scale;
    if (v == SEG_MISSING_I64)
        return "missing";
    if (v < 0)
        return "negative";
    if (v % scale != 0)
        return "no whole number";
    if (v / scale > UINT32_MAX)
        return "too large";
    *out = (uint32_t)(v / scale);
    return NULL;
}

static const char *weight_of(const seg_column *column, const void *cells, size_t i,
                             uint32_t *out)
{
    switch (column->type) {
    case SEG_TYPE_F32: return of_real((double)((const float *)cells)[i], out);
    case SEG_TYPE_F64: return of_real(((const double *)cells)[i], out);
    default:           return of_whole(((const int64_t *)cells)[i], column->scale, out);
    }
}

seg_status seg_rules_weights_of(seg_rules_weights *w, const seg_block *block,
                                const uint32_t **out, seg_error *err)
{
    *out = NULL;
    if (w->name == NULL || block->n_rows == 0)
        return SEG_OK;
    seg_status st = SEG_GROW(&w->weight, &w->cap, block->n_rows, "the weights", err);
    if (st != SEG_OK)
        return st;
    bool first_time = block->first_row >= w->n_rows;
    for (size_t i = 0; i < block->n_rows; i++) {
        const char *why = weight_of(w->of, block->columns[w->column], i, &w->weight[i]);
        if (why != NULL)
            return seg_fail(err, SEG_E_DATA, "row %llu: weight '%.60s' is %s; it must be a whole"
                            " number from 0 to %u", (unsigned long long)(block->first_row + i + 1),
                            w->name, why, UINT32_MAX);
        w->total += first_time ? w->weight[i] : 0;
    }
    if (w->total > UINT32_MAX)
        return seg_fail(err, SEG_E_DATA, "the weights '%.60s' add up to more than %u, the most"
                        " baskets that can be counted", w->name, UINT32_MAX);
    if (first_time)
        w->n_rows = block->first_row + block->n_rows;
    *out = w->weight;
    return SEG_OK;
}
