/* rules_inputs.c: taxonomy and items of columns in a model file, as plain arrays. */
#include "models/rules_inputs.h"

#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

#define TAXONOMY "uns/model/taxonomy"
#define BINS "uns/model/bins"

enum { MAX_COLUMNS = 1 << 20, MAX_CUTS = 1 << 28 };

void seg_rules_inputs_clear(seg_rules_inputs *inputs)
{
    seg_taxonomy_free(inputs->taxonomy);
    seg_item_bins_free(inputs->bins);
    *inputs = (seg_rules_inputs){ 0 };
}

seg_status seg_rules_inputs_copy(const seg_taxonomy *taxonomy, const seg_item_bins *bins,
                                 seg_rules_inputs *out, seg_error *err)
{
    seg_status st = SEG_OK;
    *out = (seg_rules_inputs){ 0 };
    if (taxonomy != NULL)
        TRY(seg_taxonomy_new(taxonomy, &out->taxonomy, err));
    if (bins != NULL)
        TRY(seg_item_bins_new(bins, &out->bins, err));

done:
    if (st != SEG_OK)
        seg_rules_inputs_clear(out);
    return st;
}

/* ---- save -------------------------------------------------------------------------------- */

static seg_status save_taxonomy(const seg_taxonomy *t, seg_h5_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(seg_h5_put_texts(w, TAXONOMY "/item", t->items, t->n_items, err));
    TRY(seg_h5_put(w, TAXONOMY "/item_group", SEG_H5_I32, t->item_group, t->n_items, 0, 0, err));
    TRY(seg_h5_put_texts(w, TAXONOMY "/group", t->groups, t->n_groups, err));
    TRY(seg_h5_put(w, TAXONOMY "/group_parent", SEG_H5_I32, t->group_parent, t->n_groups, 0, 0,
                   err));

done:
    return st;
}

/* The bounds of column c are cut[cut_start[c]] .. cut[cut_start[c + 1] - 1]. */
static seg_status save_bins(const seg_item_bins *b, seg_h5_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = b->n_columns;
    const char **names = NULL;
    int32_t *forms = NULL;
    int64_t *start = NULL;
    float *cuts = NULL;
    TRY(SEG_ALLOC(&names, n, "the items of columns", err));
    TRY(SEG_ALLOC(&forms, n, "the items of columns", err));
    TRY(SEG_ALLOC(&start, n + 1, "the items of columns", err));
    for (size_t c = 0; c < n; c++) {
        names[c] = b->columns[c].name;
        forms[c] = (int32_t)b->columns[c].form;
        start[c + 1] = start[c] + (int64_t)b->columns[c].n_cuts;
    }
    TRY(SEG_ALLOC(&cuts, (size_t)start[n], "the items of columns", err));
    for (size_t c = 0; c < n; c++)
        if (b->columns[c].n_cuts > 0)
            memcpy(cuts + start[c], b->columns[c].cuts, b->columns[c].n_cuts * sizeof *cuts);
    TRY(seg_h5_put_texts(w, BINS "/column", names, n, err));
    TRY(seg_h5_put(w, BINS "/form", SEG_H5_I32, forms, n, 0, 0, err));
    TRY(seg_h5_put(w, BINS "/cut_start", SEG_H5_I64, start, n + 1, 0, 0, err));
    TRY(seg_h5_put(w, BINS "/cut", SEG_H5_F32, cuts, (uint64_t)start[n], 0, 0, err));

done:
    seg_free(names);
    seg_free(forms);
    seg_free(start);
    seg_free(cuts);
    return st;
}

seg_status seg_rules_inputs_save(const seg_rules_inputs *inputs, seg_h5_writer *w,
                                 seg_error *err)
{
    seg_status st = SEG_OK;
    if (inputs->taxonomy != NULL)
        TRY(save_taxonomy(inputs->taxonomy, w, err));
    if (inputs->bins != NULL)
        TRY(save_bins(inputs->bins, w, err));

done:
    return st;
}

/* ---- load -------------------------------------------------------------------------------- */

/* An array with exactly n cells. */
static seg_status get_n(seg_h5 *file, const char *path, seg_h5_type type, size_t n,
                        void *out_pointer, seg_error *err)
{
    uint64_t n_rows;
    seg_status st = seg_h5_get(file, path, type, n, 0, out_pointer, &n_rows, err);
    if (st == SEG_OK && n_rows != n)
        st = seg_fail(err, SEG_E_DATA, "%s has %llu rows, not %zu", path,
                      (unsigned long long)n_rows, n);
    return st;
}

static seg_status load_taxonomy(seg_h5 *file, seg_taxonomy **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_taxonomy t = { 0 };
    int32_t *item_group = NULL, *group_parent = NULL;
    TRY(seg_h5_get_texts(file, TAXONOMY "/item", &t.items, &t.n_items, err));
    TRY(get_n(file, TAXONOMY "/item_group", SEG_H5_I32, t.n_items, &item_group, err));
    TRY(seg_h5_get_texts(file, TAXONOMY "/group", &t.groups, &t.n_groups, err));
    TRY(get_n(file, TAXONOMY "/group_parent", SEG_H5_I32, t.n_groups, &group_parent, err));
    t.item_group = item_group;
    t.group_parent = group_parent;
    st = seg_taxonomy_new(&t, out, err);
    if (st != SEG_OK)
        seg_error_context(err, TAXONOMY);

done:
    seg_free(item_group);
    seg_free(group_parent);
    return st;
}

/* Where the bounds of each column are: ascending, and all of them. */
static seg_status check_starts(const int64_t *start, size_t n, uint64_t n_cuts, seg_error *err)
{
    bool good = start[0] == 0 && start[n] >= 0 && (uint64_t)start[n] == n_cuts;
    for (size_t c = 0; c < n && good; c++)
        good = start[c] <= start[c + 1];
    return good ? SEG_OK : seg_fail(err, SEG_E_DATA, BINS "/cut_start does not ascend from 0 to"
                                    " the %llu bounds", (unsigned long long)n_cuts);
}

static seg_status load_bins(seg_h5 *file, seg_item_bins **out, seg_error *err)
{
    seg_status st = SEG_OK;
    const char *const *names;
    size_t n;
    uint64_t n_cuts;
    int32_t *forms = NULL;
    int64_t *start = NULL;
    float *cuts = NULL;
    seg_item_column *columns = NULL;
    TRY(seg_h5_get_texts(file, BINS "/column", &names, &n, err));
    if (n > MAX_COLUMNS)
        TRY(seg_fail(err, SEG_E_DATA, BINS "/column has %zu rows; at most %d", n, MAX_COLUMNS));
    TRY(get_n(file, BINS "/form", SEG_H5_I32, n, &forms, err));
    TRY(get_n(file, BINS "/cut_start", SEG_H5_I64, n + 1, &start, err));
    TRY(seg_h5_get(file, BINS "/cut", SEG_H5_F32, MAX_CUTS, 0, &cuts, &n_cuts, err));
    TRY(check_starts(start, n, n_cuts, err));
    TRY(SEG_ALLOC(&columns, n, "the items of columns", err));
    for (size_t c = 0; c < n; c++)
        columns[c] = (seg_item_column){ .name = names[c], .form = (seg_item_form)forms[c],
                                        .cuts = cuts + start[c],
                                        .n_cuts = (size_t)(start[c + 1] - start[c]) };
    st = seg_item_bins_new(&(seg_item_bins){ .columns = columns, .n_columns = n }, out, err);
    if (st != SEG_OK)
        seg_error_context(err, BINS);

done:
    seg_free(forms);
    seg_free(start);
    seg_free(cuts);
    seg_free(columns);
    return st;
}

seg_status seg_rules_inputs_load(seg_h5 *file, seg_rules_inputs *out, seg_error *err)
{
    seg_status st = SEG_OK;
    *out = (seg_rules_inputs){ 0 };
    if (seg_h5_has(file, TAXONOMY))
        TRY(load_taxonomy(file, &out->taxonomy, err));
    if (seg_h5_has(file, BINS))
        TRY(load_bins(file, &out->bins, err));

done:
    if (st != SEG_OK)
        seg_rules_inputs_clear(out);
    return st;
}
