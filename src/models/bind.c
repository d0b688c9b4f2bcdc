#include "models/bind.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/try.h"

struct seg_binding {
    const seg_schema *model, *data;
    bool straight;             /* same features, same codes: nothing to do */
    size_t *from;              /* per model feature: column of the data's X */
    float **recode;            /* per model feature: data code -> model code; null: a number */
    uint64_t *unseen;          /* per model feature */
    float *x;                  /* the block as the model wants it */
    size_t x_cap;
    int32_t *item;             /* baskets: data item -> model item or -1 */
    int32_t *items;            /* the block's items */
    size_t items_cap;
    int64_t *row_start;
    size_t row_start_cap;
    uint64_t unknown_items;
};

/* Names to index, for schemas with many columns. Open addressing, linear probing. */
typedef struct name_index {
    size_t *slot, n_slots;
} name_index;

static seg_status index_new(const seg_column *columns, size_t n, name_index *out,
                            seg_error *err)
{
    size_t n_slots = 16;
    while (n_slots < 2 * n)
        n_slots *= 2;
    out->n_slots = n_slots;
    seg_status st = SEG_ALLOC(&out->slot, n_slots, "an index of names", err);
    for (size_t i = 0; st == SEG_OK && i < n; i++) {
        size_t at = seg_xxh3(columns[i].name, strlen(columns[i].name)) & (n_slots - 1);
        while (out->slot[at] != 0)
            at = (at + 1) & (n_slots - 1);
        out->slot[at] = i + 1;
    }
    return st;
}

static size_t index_find(const name_index *index, const seg_column *columns, const char *name)
{
    size_t at = seg_xxh3(name, strlen(name)) & (index->n_slots - 1);
    for (; index->slot[at] != 0; at = (at + 1) & (index->n_slots - 1))
        if (strcmp(columns[index->slot[at] - 1].name, name) == 0)
            return index->slot[at] - 1;
    return SIZE_MAX;
}

static seg_status recode_levels(const seg_column *model, const seg_column *data, float **out,
                                seg_error *err)
{
    seg_status st = SEG_OK;
    seg_column *names = NULL;
    name_index index = { 0 };
    TRY(SEG_ALLOC(out, data->n_levels, "a table of categories", err));
    TRY(SEG_ALLOC(&names, model->n_levels, "a table of categories", err));
    for (size_t l = 0; l < model->n_levels; l++)
        names[l].name = model->levels[l];
    TRY(index_new(names, model->n_levels, &index, err));
    for (size_t l = 0; l < data->n_levels; l++) {
        size_t code = index_find(&index, names, data->levels[l]);
        (*out)[l] = code == SIZE_MAX ? (float)NAN : (float)code;
    }
done:
    seg_free(names);
    seg_free(index.slot);
    return st;
}

static bool is_identity(const float *recode, size_t n)
{
    for (size_t l = 0; l < n; l++)
        if (!(recode[l] == (float)l))
            return false;
    return true;
}

static seg_status name_missing(const seg_schema *model, const name_index *index,
                               const seg_schema *data, seg_error *err)
{
    seg_text list = { 0 };
    size_t n = 0;
    for (size_t f = 0; f < model->n_features; f++) {
        if (index_find(index, data->features, model->features[f].name) != SIZE_MAX)
            continue;
        if (n++ < 8)
            seg_text_addf(&list, "%s'%s'", n > 1 ? ", " : "", model->features[f].name);
    }
    seg_status st = seg_fail(err, SEG_E_DATA, "the data lack %zu of the model's %zu features: %s%s",
                             n, model->n_features, list.failed ? "" : list.bytes,
                             n > 8 ? ", ..." : "");
    seg_text_free(&list);
    return st;
}

static seg_status bind_feature(seg_binding *b, size_t f, seg_error *err)
{
    const seg_column *want = &b->model->features[f], *have = &b->data->features[b->from[f]];
    if (want->type != have->type)
        return seg_fail(err, SEG_E_DATA, "feature '%s' is a %s in the model and a %s in the data",
                        want->name, want->type == SEG_TYPE_CODE ? "category" : "number",
                        have->type == SEG_TYPE_CODE ? "category" : "number");
    if (want->type != SEG_TYPE_CODE)
        return SEG_OK;
    seg_status st = recode_levels(want, have, &b->recode[f], err);
    if (st == SEG_OK && !is_identity(b->recode[f], have->n_levels))
        b->straight = false;
    return st;
}

static seg_status bind_items(seg_binding *b, const name_index *model_index, seg_error *err)
{
    seg_status st = SEG_ALLOC(&b->item, b->data->n_features, "a table of items", err);
    for (size_t i = 0; st == SEG_OK && i < b->data->n_features; i++) {
        size_t code = index_find(model_index, b->model->features, b->data->features[i].name);
        b->item[i] = code == SIZE_MAX ? -1 : (int32_t)code;
    }
    return st;
}

static seg_status bind_features(seg_binding *b, const name_index *index, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *model = b->model;
    TRY(SEG_ALLOC(&b->from, model->n_features, "a binding", err));
    TRY(SEG_ALLOC(&b->recode, model->n_features, "a binding", err));
    TRY(SEG_ALLOC(&b->unseen, model->n_features, "a binding", err));
    b->straight = model->n_features == b->data->n_features;
    for (size_t f = 0; f < model->n_features; f++) {
        b->from[f] = index_find(index, b->data->features, model->features[f].name);
        if (b->from[f] == SIZE_MAX) {
            st = name_missing(model, index, b->data, err);
            goto done;
        }
        b->straight = b->straight && b->from[f] == f;
        TRY(bind_feature(b, f, err));
    }
done:
    return st;
}

seg_status seg_binding_new(const seg_schema *model, const seg_schema *data,
                           seg_binding **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_binding *b = NULL;
    name_index index = { 0 };
    bool baskets = model->kind == SEG_KIND_BASKETS;
    *out = NULL;

    if (baskets != (data->kind == SEG_KIND_BASKETS)) {
        st = seg_fail(err, SEG_E_DATA, "the model was trained on %s; the data are %s",
                      seg_kind_name(model->kind), seg_kind_name(data->kind));
        goto done;
    }
    TRY(SEG_ALLOC(&b, 1, "a binding", err));
    b->model = model;
    b->data = data;
    if (baskets) {
        TRY(index_new(model->features, model->n_features, &index, err));
        TRY(bind_items(b, &index, err));
    } else {
        TRY(index_new(data->features, data->n_features, &index, err));
        TRY(bind_features(b, &index, err));
    }
    *out = b;
    b = NULL;

done:
    seg_free(index.slot);
    seg_binding_free(b);
    return st;
}

void seg_binding_free(seg_binding *b)
{
    if (b == NULL)
        return;
    for (size_t f = 0; b->recode != NULL && f < b->model->n_features; f++)
        seg_free(b->recode[f]);
    seg_free(b->recode);
    seg_free(b->from);
    seg_free(b->unseen);
    seg_free(b->x);
    seg_free(b->item);
    seg_free(b->items);
    seg_free(b->row_start);
    seg_free(b);
}

static void recode_column(seg_binding *b, const seg_block *in, size_t f)
{
    size_t d = b->model->n_features, n_levels = b->data->features[b->from[f]].n_levels;
    const float *recode = b->recode[f];
    for (size_t i = 0; i < in->n_rows; i++) {
        float v = in->x.x[i * in->x.stride + b->from[f]];
        if (recode != NULL && !isnan(v)) {
            v = v >= 0 && v < (float)n_levels ? recode[(size_t)v] : (float)NAN;
            b->unseen[f] += isnan(v) ? 1 : 0;
        }
        b->x[i * d + f] = v;
    }
}

static int by_number(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static void sort_items(int32_t *items, size_t n)
{
    enum { SHORT = 64 };
    if (n > SHORT) {
        qsort(items, n, sizeof *items, by_number);
        return;
    }
    for (size_t i = 1; i < n; i++) {   /* baskets are short and nearly in order */
        int32_t item = items[i];
        size_t j = i;
        for (; j > 0 && items[j - 1] > item; j--)
            items[j] = items[j - 1];
        items[j] = item;
    }
}

static seg_status apply_items(seg_binding *b, const seg_block *in, seg_block *out,
                              seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n_items = (size_t)(in->row_start[in->n_rows] - in->row_start[0]), n = 0;
    TRY(SEG_GROW(&b->items, &b->items_cap, n_items + 1, "a block of items", err));
    TRY(SEG_GROW(&b->row_start, &b->row_start_cap, in->n_rows + 1, "a block of items", err));
    for (size_t i = 0; i < in->n_rows; i++) {
        size_t first = n;
        b->row_start[i] = (int64_t)n;
        for (int64_t at = in->row_start[i]; at < in->row_start[i + 1]; at++) {
            int32_t code = b->item[in->items[at]];
            if (code >= 0)
                b->items[n++] = code;
            else
                b->unknown_items++;
        }
        sort_items(b->items + first, n - first);
    }
    b->row_start[in->n_rows] = (int64_t)n;
    out->row_start = b->row_start;
    out->items = b->items;
done:
    return st;
}

seg_status seg_binding_apply(seg_binding *b, const seg_block *in, seg_block *out,
                             seg_error *err)
{
    *out = *in;
    if (in->n_rows == 0)
        return SEG_OK;
    if (b->item != NULL)
        return apply_items(b, in, out, err);
    if (b->straight)
        return SEG_OK;
    size_t d = b->model->n_features;
    seg_status st = SEG_GROW(&b->x, &b->x_cap, in->n_rows * d, "a block of features", err);
    if (st != SEG_OK)
        return st;
    for (size_t f = 0; f < d; f++)
        recode_column(b, in, f);
    out->x = (seg_matrix){ .x = b->x, .n_rows = in->n_rows, .n_cols = d, .stride = d };
    return SEG_OK;
}

void seg_binding_note(const seg_binding *b, const seg_context *ctx)
{
    for (size_t f = 0; b->unseen != NULL && f < b->model->n_features; f++)
        if (b->unseen[f] > 0)
            seg_note(ctx, SEG_LEVEL_WARN, "feature '%s': %llu rows hold a category that the"
                     " model has not seen; it counts as missing", b->model->features[f].name,
                     (unsigned long long)b->unseen[f]);
    if (b->unknown_items > 0)
        seg_note(ctx, SEG_LEVEL_INFO, "%llu items are not known to the model and are left out",
                 (unsigned long long)b->unknown_items);
}
