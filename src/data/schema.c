/* schema.c: schemas that own their names, batches that own their rows. */
#include "data/schema.h"

#include <stdbool.h>
#include <string.h>
#include "base/alloc.h"
#include "base/hash.h"
#include "base/try.h"

const char *seg_kind_name(seg_kind kind)
{
    switch (kind) {
    case SEG_KIND_FEATURES:     return "features";
    case SEG_KIND_TRANSACTIONS: return "transactions";
    case SEG_KIND_BASKETS:      return "baskets";
    case SEG_KIND_SCORES:       return "scores";
    case SEG_KIND_MODEL:        return "model";
    }
    return "unrecognized kind";
}

static size_t find(const seg_column *columns, size_t n, const char *name)
{
    for (size_t c = 0; c < n; c++)
        if (strcmp(columns[c].name, name) == 0)
            return c;
    return SIZE_MAX;
}

size_t seg_schema_column(const seg_schema *schema, const char *name)
{
    return find(schema->columns, schema->n_columns, name);
}

size_t seg_schema_feature(const seg_schema *schema, const char *name)
{
    return find(schema->features, schema->n_features, name);
}

seg_status seg_schema_new(seg_kind kind, seg_schema_owner **out, seg_error *err)
{
    seg_status st = SEG_ALLOC(out, 1, "a schema", err);
    if (st != SEG_OK)
        return st;
    (*out)->view.kind = kind;
    (*out)->view.as_of_day = SEG_MISSING_DAY;
    return SEG_OK;
}

void seg_schema_free(seg_schema_owner *schema)
{
    if (schema == NULL)
        return;
    seg_free(schema->features);
    seg_free(schema->columns);
    seg_free(schema->feature_names.slots);
    seg_free(schema->column_names.slots);
    seg_arena_free(&schema->arena);
    seg_free(schema);
}

/* ---- names are distinct ------------------------------------------------------------ */

/* The slot of the name, or the free one where it belongs. */
static uint32_t *slot_of(const seg_name_set *set, const seg_column *columns, const char *name)
{
    size_t slot = (size_t)seg_xxh3(name, strlen(name)) & (set->n_slots - 1);
    while (set->slots[slot] != 0 && strcmp(columns[set->slots[slot] - 1].name, name) != 0)
        slot = (slot + 1) & (set->n_slots - 1);
    return &set->slots[slot];
}

static seg_status grow_names(seg_name_set *set, const seg_column *columns, size_t n,
                             seg_error *err)
{
    seg_name_set larger = { .n_slots = set->n_slots == 0 ? 64 : set->n_slots * 4 };
    seg_status st = SEG_ALLOC(&larger.slots, larger.n_slots, "the names of the columns", err);
    if (st != SEG_OK)
        return st;
    for (size_t c = 0; c < n; c++)
        *slot_of(&larger, columns, columns[c].name) = (uint32_t)c + 1;
    seg_free(set->slots);
    *set = larger;
    return SEG_OK;
}

/* Room for one more name than the n there are, and that it is new. */
static seg_status check_name(seg_name_set *set, const seg_column *columns, size_t n,
                             const char *name, seg_error *err)
{
    if (n >= UINT32_MAX)
        return seg_fail(err, SEG_E_DATA, "more than 4294967295 columns");
    if ((n + 1) * 2 > set->n_slots) {
        seg_status st = grow_names(set, columns, n, err);
        if (st != SEG_OK)
            return st;
    }
    if (*slot_of(set, columns, name) != 0)
        return seg_fail(err, SEG_E_DATA, "duplicate column '%s'", name);
    return SEG_OK;
}

static seg_status copy_column(seg_schema_owner *schema, const seg_column *from, seg_column *to,
                              seg_error *err)
{
    seg_arena *arena = &schema->arena;
    *to = *from;
    to->name = seg_arena_text(arena, from->name);
    to->unit = seg_arena_text(arena, from->unit);
    to->source = seg_arena_text(arena, from->source);
    if (to->name == NULL || (to->unit == NULL) != (from->unit == NULL)
        || (to->source == NULL) != (from->source == NULL))
        return seg_arena_failed(err);
    if (from->n_levels == 0) {
        to->levels = NULL;
        return SEG_OK;
    }
    if (schema->lent_levels)
        return SEG_OK;
    const char **levels = seg_arena_get(arena, from->n_levels * sizeof *levels);
    if (levels == NULL)
        return seg_arena_failed(err);
    for (size_t l = 0; l < from->n_levels; l++) {
        levels[l] = seg_arena_text(arena, from->levels[l]);
        if (levels[l] == NULL)
            return seg_arena_failed(err);
    }
    to->levels = levels;
    return SEG_OK;
}

seg_status seg_schema_add_feature(seg_schema_owner *schema, const seg_column *column,
                                  seg_error *err)
{
    seg_schema *view = &schema->view;
    seg_name_set *names = &schema->feature_names;
    size_t n = view->n_features;
    bool items = view->kind == SEG_KIND_BASKETS;   /* distinct by their dictionary */
    seg_status st = SEG_OK;
    if (!items)
        st = check_name(names, schema->features, n, column->name, err);
    if (st == SEG_OK)
        st = SEG_GROW(&schema->features, &schema->features_cap, n + 1, "the columns", err);
    view->features = schema->features;
    if (st == SEG_OK)
        st = copy_column(schema, column, &schema->features[n], err);
    if (st != SEG_OK)
        return st;
    view->n_features++;
    if (!items)
        *slot_of(names, schema->features, column->name) = (uint32_t)n + 1;
    return SEG_OK;
}

seg_status seg_schema_add_column(seg_schema_owner *schema, const seg_column *column,
                                 seg_error *err)
{
    seg_schema *view = &schema->view;
    seg_name_set *names = &schema->column_names;
    size_t n = view->n_columns;
    seg_status st = check_name(names, schema->columns, n, column->name, err);
    if (st == SEG_OK)
        st = SEG_GROW(&schema->columns, &schema->columns_cap, n + 1, "the columns", err);
    view->columns = schema->columns;
    if (st == SEG_OK)
        st = copy_column(schema, column, &schema->columns[n], err);
    if (st != SEG_OK)
        return st;
    view->n_columns++;
    *slot_of(names, schema->columns, column->name) = (uint32_t)n + 1;
    return SEG_OK;
}

seg_status seg_schema_set_id(seg_schema_owner *schema, const char *name, size_t width,
                             seg_error *err)
{
    schema->view.id_name = seg_arena_text(&schema->arena, name);
    if (schema->view.id_name == NULL)
        return seg_arena_failed(err);
    schema->view.id_width = width == 0 ? 8 : (width + 7) / 8 * 8;
    return SEG_OK;
}

static seg_status set_text(seg_schema_owner *schema, const char **field, const char *text,
                           seg_error *err)
{
    *field = seg_arena_text(&schema->arena, text);
    return text != NULL && *field == NULL ? seg_arena_failed(err) : SEG_OK;
}

seg_status seg_schema_set_label(seg_schema_owner *schema, const char *name, seg_error *err)
{
    return set_text(schema, &schema->view.label, name, err);
}

seg_status seg_schema_set_place(seg_schema_owner *schema, const char *zone,
                                const char *currency, seg_error *err)
{
    seg_status st = set_text(schema, &schema->view.zone, zone, err);
    return st == SEG_OK ? set_text(schema, &schema->view.currency, currency, err) : st;
}

seg_status seg_schema_copy(const seg_schema *schema, seg_schema_owner **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_schema_owner *copy = NULL;
    *out = NULL;

    TRY(seg_schema_new(schema->kind, &copy, err));
    copy->view.as_of_day = schema->as_of_day;
    if (schema->id_name != NULL)
        TRY(seg_schema_set_id(copy, schema->id_name, schema->id_width, err));
    for (size_t f = 0; f < schema->n_features; f++)
        TRY(seg_schema_add_feature(copy, &schema->features[f], err));
    for (size_t c = 0; c < schema->n_columns; c++)
        TRY(seg_schema_add_column(copy, &schema->columns[c], err));
    TRY(seg_schema_set_label(copy, schema->label, err));
    TRY(seg_schema_set_place(copy, schema->zone, schema->currency, err));
    *out = copy;
    copy = NULL;

done:
    seg_schema_free(copy);
    return st;
}

size_t seg_column_cell_bytes(const seg_column *column)
{
    switch (column->type) {
    case SEG_TYPE_F32:
    case SEG_TYPE_DAY:
    case SEG_TYPE_CODE: return 4;
    case SEG_TYPE_F64:
    case SEG_TYPE_I64:
    case SEG_TYPE_TIME: return 8;
    case SEG_TYPE_TEXT: return column->width;
    }
    return 0;
}
