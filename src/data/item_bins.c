/* item_bins.c: how columns become items, as a model remembers it: a copy that owns its parts,
 * after checks of everything. */
#include "data/feature_baskets.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/arena.h"
#include "base/try.h"
#include "data/dictionary.h"

typedef struct owner {
    seg_item_bins view;          /* first: what callers hold */
    seg_arena arena;
    seg_item_column *columns;
    float *cuts;
} owner;

void seg_item_bins_free(seg_item_bins *bins)
{
    owner *o = (owner *)bins;
    if (o == NULL)
        return;
    seg_arena_free(&o->arena);
    seg_free(o->columns);
    seg_free(o->cuts);
    seg_free(o);
}

static seg_status check_column(const seg_item_column *column, seg_error *err)
{
    bool cuts = column->form == SEG_ITEM_VALUE || column->form == SEG_ITEM_RANGE;
    if (!cuts && column->form != SEG_ITEM_LEVEL)
        return seg_fail(err, SEG_E_DATA, "column '%s' becomes items in no known way: %d",
                        column->name, (int)column->form);
    if (!cuts && column->n_cuts > 0)
        return seg_fail(err, SEG_E_DATA, "column '%s' is a category with %zu bounds",
                        column->name, column->n_cuts);
    for (size_t i = 0; i < column->n_cuts; i++)
        if (!isfinite(column->cuts[i]) || (i > 0 && !(column->cuts[i - 1] < column->cuts[i])))
            return seg_fail(err, SEG_E_DATA, "column '%s': the bounds of its items do not ascend",
                            column->name);
    return SEG_OK;
}

static seg_status check(const seg_item_bins *parts, size_t *n_cuts, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_dictionary *names = NULL;
    int32_t code;
    *n_cuts = 0;
    TRY(seg_dictionary_new(&names, err));
    for (size_t c = 0; c < parts->n_columns; c++) {
        TRY(check_column(&parts->columns[c], err));
        TRY(seg_dictionary_add(names, parts->columns[c].name, strlen(parts->columns[c].name),
                               &code, err));
        if ((size_t)code != c)
            TRY(seg_fail(err, SEG_E_DATA, "column '%s' becomes items twice",
                         parts->columns[c].name));
        *n_cuts += parts->columns[c].n_cuts;
    }

done:
    seg_dictionary_free(names);
    return st;
}

seg_status seg_item_bins_new(const seg_item_bins *parts, seg_item_bins **out, seg_error *err)
{
    seg_status st = SEG_OK;
    owner *o = NULL;
    size_t n_cuts, at = 0;
    *out = NULL;

    TRY(check(parts, &n_cuts, err));
    TRY(SEG_ALLOC(&o, 1, "the items of columns", err));
    TRY(SEG_ALLOC(&o->columns, parts->n_columns, "the items of columns", err));
    TRY(SEG_ALLOC(&o->cuts, n_cuts, "the items of columns", err));
    for (size_t c = 0; c < parts->n_columns; c++) {
        seg_item_column *column = &o->columns[c];
        *column = parts->columns[c];
        column->name = seg_arena_text(&o->arena, column->name);
        if (column->name == NULL)
            TRY(seg_arena_failed(err));
        if (column->n_cuts > 0)
            memcpy(o->cuts + at, column->cuts, column->n_cuts * sizeof *o->cuts);
        column->cuts = o->cuts + at;
        at += column->n_cuts;
    }
    o->view = (seg_item_bins){ .columns = o->columns, .n_columns = parts->n_columns };
    *out = &o->view;
    o = NULL;

done:
    seg_item_bins_free((seg_item_bins *)o);
    return st;
}
