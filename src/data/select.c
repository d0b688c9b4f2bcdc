#include "data/select.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/text.h"
#include "base/try.h"
#include "data/schema.h"

enum { MAX_LABEL_VALUES = 100, MAX_MOVED = 3 };

/* A feature that becomes an obs column. */
typedef struct moved {
    size_t feature;              /* of `from` */
    bool is_code;                /* in the obs column: int32 codes, else floats */
    void *cells;                 /* 4 bytes a row */
    size_t cap;
} moved;

typedef struct select_source {
    seg_source source;
    seg_source *from;
    seg_schema_owner *schema;
    size_t *kept, n_kept;        /* features of `from` that stay */
    moved moved[MAX_MOVED];      /* in the order of their obs columns; a label is the last */
    size_t n_moved;
    bool moves_label;
    float values[MAX_LABEL_VALUES];
    size_t n_values;             /* a number as label: its values, ascending */
    float *x;
    const void **columns;
    size_t x_cap;
} select_source;

static void select_free(select_source *s)
{
    if (s == NULL)
        return;
    seg_schema_free(s->schema);
    seg_free(s->kept);
    seg_free(s->x);
    for (size_t m = 0; m < s->n_moved; m++)
        seg_free(s->moved[m].cells);
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

static int32_t code_of(const select_source *s, bool is_label, float v)
{
    if (isnan(v))
        return SEG_MISSING_CODE;
    if (!is_label || s->n_values == 0)
        return (int32_t)v;
    for (size_t i = 0; i < s->n_values; i++)
        if (!(s->values[i] < v) && !(s->values[i] > v))
            return (int32_t)i;
    return SEG_MISSING_CODE;
}

static seg_status move_cells(select_source *s, size_t m, const seg_block *in, seg_error *err)
{
    moved *to = &s->moved[m];
    seg_status st = seg_grow_array(&to->cells, &to->cap, in->n_rows, sizeof(float),
                                   "a block of columns", err);
    if (st != SEG_OK)
        return st;
    bool is_label = s->moves_label && m + 1 == s->n_moved;
    int32_t *codes = to->cells;
    float *numbers = to->cells;
    for (size_t i = 0; i < in->n_rows; i++) {
        float v = in->x.x[i * in->x.stride + to->feature];
        if (to->is_code)
            codes[i] = code_of(s, is_label, v);
        else
            numbers[i] = v;
    }
    return SEG_OK;
}

static seg_status select_next(seg_source *self, seg_block *block, seg_error *err)
{
    seg_status st = SEG_OK;
    select_source *s = (select_source *)self;
    size_t n_columns = s->from->schema->n_columns;
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
    if (s->n_moved == 0)
        goto done;
    if (n_columns > 0)
        memcpy(s->columns, in.columns, n_columns * sizeof *s->columns);
    for (size_t m = 0; m < s->n_moved; m++) {
        TRY(move_cells(s, m, &in, err));
        s->columns[n_columns + m] = s->moved[m].cells;
    }
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

static seg_status collect_values(select_source *s, size_t feature, const char *name,
                                 seg_error *err)
{
    seg_status st = SEG_OK;
    seg_block block;
    for (;;) {
        TRY(s->from->next(s->from, &block, err));
        if (block.n_rows == 0)
            break;
        for (size_t i = 0; i < block.n_rows; i++) {
            float v = block.x.x[i * block.x.stride + feature];
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

static seg_status add_label(select_source *s, size_t from, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_column *feature = &s->from->schema->features[from];
    char text[MAX_LABEL_VALUES][SEG_NUMBER_BYTES];
    const char *levels[MAX_LABEL_VALUES];
    seg_column label = { .name = feature->name, .type = SEG_TYPE_CODE,
                         .levels = feature->levels, .n_levels = feature->n_levels };
    if (feature->type != SEG_TYPE_CODE) {
        TRY(collect_values(s, from, feature->name, err));
        for (size_t i = 0; i < s->n_values; i++) {
            seg_print_f32(text[i], s->values[i]);
            levels[i] = text[i];
        }
        label.levels = levels;
        label.n_levels = s->n_values;
    }
    TRY(seg_schema_add_column(s->schema, &label, err));
    s->moved[s->n_moved++] = (moved){ .feature = from, .is_code = true };
    s->moves_label = true;
done:
    return st;
}

/* ---- what stays ---------------------------------------------------------------------------- */

seg_status seg_unknown_column(const seg_schema *schema, const char *option, const char *name,
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
            return seg_unknown_column(schema, "drop", item, n, err);
    }
    return SEG_OK;
}

static bool leaves_features(const seg_selection *what, const char *name)
{
    const char *const moving[] = { what->label, what->group, what->time };
    for (size_t i = 0; i < sizeof moving / sizeof *moving; i++)
        if (moving[i] != NULL && strcmp(name, moving[i]) == 0)
            return true;   /* also where a foreign file has it in X and beside it */
    return what->drop != NULL && seg_list_has(what->drop, name);
}

/* Make the feature of that name an obs column, unless there is one. */
static seg_status set_aside(select_source *s, const char *option, const char *name,
                            seg_error *err)
{
    const seg_schema *from = s->from->schema;
    if (name == NULL || seg_schema_column(&s->schema->view, name) != SIZE_MAX
        || (from->id_name != NULL && strcmp(from->id_name, name) == 0))
        return SEG_OK;
    size_t feature = seg_schema_feature(from, name);
    if (feature == SIZE_MAX)
        return seg_unknown_column(from, option, name, strlen(name), err);
    seg_status st = seg_schema_add_column(s->schema, &from->features[feature], err);
    if (st == SEG_OK)
        s->moved[s->n_moved++] = (moved){
            .feature = feature, .is_code = from->features[feature].type == SEG_TYPE_CODE };
    return st;
}

static seg_status set_label(select_source *s, const char *label, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *from = s->from->schema;
    if (label != NULL && seg_schema_column(from, label) == SIZE_MAX) {
        size_t feature = seg_schema_feature(from, label);
        if (feature == SIZE_MAX)
            return seg_unknown_column(from, "label", label, strlen(label), err);
        TRY(add_label(s, feature, err));
    }
    TRY(seg_schema_set_label(s->schema, label == NULL ? from->label : label, err));
done:
    return st;
}

static seg_status make_schema(select_source *s, const seg_selection *what, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *from = s->from->schema;
    TRY(seg_schema_new(SEG_KIND_FEATURES, &s->schema, err));
    s->schema->view.as_of_day = from->as_of_day;
    if (from->id_name != NULL)
        TRY(seg_schema_set_id(s->schema, from->id_name, from->id_width, err));
    for (size_t f = 0; f < from->n_features; f++) {
        if (leaves_features(what, from->features[f].name))
            continue;
        s->kept[s->n_kept++] = f;
        TRY(seg_schema_add_feature(s->schema, &from->features[f], err));
    }
    for (size_t c = 0; c < from->n_columns; c++)
        TRY(seg_schema_add_column(s->schema, &from->columns[c], err));
    TRY(set_aside(s, "group", what->group, err));
    TRY(set_aside(s, "time", what->time, err));
    TRY(set_label(s, what->label, err));
done:
    return st;
}

seg_status seg_select_source(const seg_context *ctx, seg_source *from, const seg_selection *what,
                             seg_source **out, seg_error *err)
{
    (void)ctx;
    seg_status st = SEG_OK;
    select_source *s = NULL;
    const seg_schema *schema = from->schema;
    *out = NULL;

    if (what->label == NULL && (what->drop == NULL || *what->drop == '\0')
        && what->group == NULL && what->time == NULL) {
        *out = from;
        return SEG_OK;
    }
    TRY(check_drop(schema, what->drop, err));
    TRY(SEG_ALLOC(&s, 1, "a selection", err));
    s->from = from;
    TRY(SEG_ALLOC(&s->kept, schema->n_features, "a selection", err));
    TRY(SEG_ALLOC(&s->columns, schema->n_columns + MAX_MOVED, "a selection", err));
    TRY(make_schema(s, what, err));
    s->source = (seg_source){ .schema = &s->schema->view, .n_rows = from->n_rows,
                              .name = from->name, .next = select_next,
                              .rewind = select_rewind, .close = select_close };
    *out = &s->source;
    s = NULL;

done:
    select_free(s);
    return st;
}
