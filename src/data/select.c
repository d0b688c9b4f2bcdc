#include "data/select.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/text.h"
#include "base/try.h"
#include "data/schema.h"

enum { MAX_LABEL_VALUES = 100 };

typedef struct select_source {
    seg_source source;
    seg_source *from;
    seg_schema_owner *schema;
    size_t *kept, n_kept;        /* features of `from` that stay */
    size_t label_feature;        /* feature of `from` that becomes the label, or SIZE_MAX */
    float values[MAX_LABEL_VALUES];
    size_t n_values;             /* a number as label: its values, ascending */
    float *x;
    int32_t *label;
    const void **columns;
    size_t x_cap, label_cap;
} select_source;

static void select_free(select_source *s)
{
    if (s == NULL)
        return;
    seg_schema_free(s->schema);
    seg_free(s->kept);
    seg_free(s->x);
    seg_free(s->label);
    seg_free(s->columns);
    seg_free(s);
}

static void select_close(seg_source *self)
{
    select_source *s = (select_source *)self;
    seg_source_close(s->from);
    select_free(s);
}

/* ---- rows ------------------------------------------------------------------------------ */

static int32_t label_code(const select_source *s, float v)
{
    if (isnan(v))
        return SEG_MISSING_CODE;
    if (s->n_values == 0)
        return (int32_t)v;
    for (size_t i = 0; i < s->n_values; i++)
        if (!(s->values[i] < v) && !(s->values[i] > v))
            return (int32_t)i;
    return SEG_MISSING_CODE;
}

static seg_status select_next(seg_source *self, seg_block *block, seg_error *err)
{
    seg_status st = SEG_OK;
    select_source *s = (select_source *)self;
    seg_block in;
    TRY(s->from->next(s->from, &in, err));
    *block = in;
    if (in.n_rows == 0)
        goto done;
    TRY(SEG_GROW(&s->x, &s->x_cap, in.n_rows * s->n_kept, "a block of features", err));
    for (size_t i = 0; i < in.n_rows; i++)
        for (size_t f = 0; f < s->n_kept; f++)
            s->x[i * s->n_kept + f] = in.x.x[i * in.x.stride + s->kept[f]];
    block->x = (seg_matrix){ .x = s->x, .n_rows = in.n_rows, .n_cols = s->n_kept,
                             .stride = s->n_kept };
    if (s->label_feature == SIZE_MAX)
        goto done;
    TRY(SEG_GROW(&s->label, &s->label_cap, in.n_rows, "a block of labels", err));
    for (size_t i = 0; i < in.n_rows; i++)
        s->label[i] = label_code(s, in.x.x[i * in.x.stride + s->label_feature]);
    size_t n = s->from->schema->n_columns;
    if (n > 0)
        memcpy(s->columns, in.columns, n * sizeof *s->columns);
    s->columns[n] = s->label;
    block->columns = s->columns;
done:
    return st;
}

static seg_status select_rewind(seg_source *self, seg_error *err)
{
    select_source *s = (select_source *)self;
    return s->from->rewind(s->from, err);
}

/* ---- the label's values ------------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static bool add_value(select_source *s, float v)
{
    for (size_t i = 0; i < s->n_values; i++)
        if (!(s->values[i] < v) && !(s->values[i] > v))
            return true;
    if (s->n_values == MAX_LABEL_VALUES)
        return false;
    s->values[s->n_values++] = v;
    return true;
}

static seg_status collect_values(select_source *s, const char *name, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_block block;
    for (;;) {
        TRY(s->from->next(s->from, &block, err));
        if (block.n_rows == 0)
            break;
        for (size_t i = 0; i < block.n_rows; i++) {
            float v = block.x.x[i * block.x.stride + s->label_feature];
            if (!isnan(v) && !add_value(s, v)) {
                st = seg_fail(err, SEG_E_DATA, "label '%s' is a number with more than %d"
                              " values; a label is a category", name, MAX_LABEL_VALUES);
                goto done;
            }
        }
    }
    qsort(s->values, s->n_values, sizeof *s->values, by_value);
    TRY(s->from->rewind(s->from, err));
done:
    return st;
}

static seg_status add_label(select_source *s, const seg_column *feature, seg_error *err)
{
    seg_status st = SEG_OK;
    char text[MAX_LABEL_VALUES][SEG_NUMBER_BYTES];
    const char *levels[MAX_LABEL_VALUES];
    seg_column label = { .name = feature->name, .type = SEG_TYPE_CODE,
                         .levels = feature->levels, .n_levels = feature->n_levels };
    if (feature->type != SEG_TYPE_CODE) {
        TRY(collect_values(s, feature->name, err));
        for (size_t i = 0; i < s->n_values; i++) {
            seg_print_f32(text[i], s->values[i]);
            levels[i] = text[i];
        }
        label.levels = levels;
        label.n_levels = s->n_values;
    }
    TRY(seg_schema_add_column(s->schema, &label, err));
done:
    return st;
}

/* ---- what stays ---------------------------------------------------------------------------- */

static seg_status unknown_column(const seg_schema *schema, const char *option, const char *name,
                                 size_t n, seg_error *err)
{
    const char *nearest = NULL;
    size_t least = n / 3 + 2;
    char wanted[128];
    n = n < sizeof wanted ? n : sizeof wanted - 1;
    memcpy(wanted, name, n);
    wanted[n] = '\0';
    for (size_t c = 0; c < schema->n_features + schema->n_columns; c++) {
        const char *have = c < schema->n_features ? schema->features[c].name
                                                  : schema->columns[c - schema->n_features].name;
        size_t distance = seg_edit_distance(have, wanted);
        if (distance < least) {
            least = distance;
            nearest = have;
        }
    }
    return seg_fail(err, SEG_E_USAGE, "--%s names '%s', which is no column of the data%s%s%s",
                    option, wanted, nearest == NULL ? "" : "; did you mean '",
                    nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
}

static seg_status check_drop(const seg_schema *schema, const char *drop, seg_error *err)
{
    const char *item;
    size_t n;
    while (drop != NULL && seg_list_next(&drop, &item, &n)) {
        bool known = schema->id_name != NULL && seg_equal_n(schema->id_name, item, n);
        for (size_t f = 0; !known && f < schema->n_features; f++)
            known = seg_equal_n(schema->features[f].name, item, n);
        for (size_t c = 0; !known && c < schema->n_columns; c++)
            known = seg_equal_n(schema->columns[c].name, item, n);
        if (!known)
            return unknown_column(schema, "drop", item, n, err);
    }
    return SEG_OK;
}

static seg_status make_schema(select_source *s, const char *label, const char *drop,
                              seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *from = s->from->schema;
    TRY(seg_schema_new(SEG_KIND_FEATURES, &s->schema, err));
    s->schema->view.as_of_day = from->as_of_day;
    if (from->id_name != NULL)
        TRY(seg_schema_set_id(s->schema, from->id_name, from->id_width, err));
    for (size_t f = 0; f < from->n_features; f++) {
        const char *name = from->features[f].name;
        /* A foreign file may hold the label in X too: nobody learns from the answer. */
        if (f == s->label_feature || (label != NULL && strcmp(name, label) == 0)
            || (drop != NULL && seg_list_has(drop, name)))
            continue;
        s->kept[s->n_kept++] = f;
        TRY(seg_schema_add_feature(s->schema, &from->features[f], err));
    }
    for (size_t c = 0; c < from->n_columns; c++)
        TRY(seg_schema_add_column(s->schema, &from->columns[c], err));
    if (s->label_feature != SIZE_MAX)
        TRY(add_label(s, &from->features[s->label_feature], err));
    TRY(seg_schema_set_label(s->schema, label == NULL ? from->label : label, err));
done:
    return st;
}

seg_status seg_select_source(const seg_context *ctx, seg_source *from, const char *label,
                             const char *drop, seg_source **out, seg_error *err)
{
    (void)ctx;
    seg_status st = SEG_OK;
    select_source *s = NULL;
    const seg_schema *schema = from->schema;
    *out = NULL;

    if (label == NULL && (drop == NULL || *drop == '\0')) {
        *out = from;
        return SEG_OK;
    }
    TRY(check_drop(schema, drop, err));
    TRY(SEG_ALLOC(&s, 1, "a selection", err));
    s->from = from;
    s->label_feature = label == NULL ? SIZE_MAX : seg_schema_feature(schema, label);
    if (label != NULL && seg_schema_column(schema, label) != SIZE_MAX)
        s->label_feature = SIZE_MAX;
    else if (label != NULL && s->label_feature == SIZE_MAX) {
        st = unknown_column(schema, "label", label, strlen(label), err);
        goto done;
    }
    TRY(SEG_ALLOC(&s->kept, schema->n_features, "a selection", err));
    TRY(SEG_ALLOC(&s->columns, schema->n_columns + 1, "a selection", err));
    TRY(make_schema(s, label, drop, err));
    s->source = (seg_source){ .schema = &s->schema->view, .n_rows = from->n_rows,
                              .name = from->name, .next = select_next,
                              .rewind = select_rewind, .close = select_close };
    *out = &s->source;
    s = NULL;

done:
    select_free(s);
    return st;
}
