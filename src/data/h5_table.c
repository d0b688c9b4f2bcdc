/* h5_table.c: which table is in a file. Our own say so under uns/segmill. Of foreign ones:
 * AnnData (X, obs, var), a data frame of transactions, a matrix, a sparse matrix or a table
 * of compound type, named by FILE.h5:/path or because it is the only one. */
#include "data/h5_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/text.h"
#include "base/try.h"

enum { LONGEST_PATH = 2048 };

void h5_table_free(h5_table *table)
{
    seg_schema_free(table->schema);
    seg_free(table->columns);
    seg_free(table->features);
    *table = (h5_table){ 0 };
}

seg_status h5_add_column(h5_table *table, const seg_column *column, const h5_field *field,
                         seg_error *err)
{
    size_t n = table->schema->view.n_columns;
    seg_status st = SEG_GROW(&table->columns, &table->columns_cap, n + 1, "columns", err);
    if (st == SEG_OK)
        st = seg_schema_add_column(table->schema, column, err);
    if (st == SEG_OK)
        table->columns[n] = *field;
    return st;
}

seg_status h5_add_feature(h5_table *table, const seg_column *column, const h5_field *field,
                          seg_error *err)
{
    size_t n = table->schema->view.n_features;
    seg_status st = SEG_GROW(&table->features, &table->features_cap, n + 1, "features", err);
    if (st == SEG_OK)
        st = seg_schema_add_feature(table->schema, column, err);
    if (st == SEG_OK)
        table->features[n] = *field;
    return st;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static seg_status check_distinct(const char *const *names, size_t n, seg_error *err)
{
    const char **sorted;
    seg_status st = SEG_ALLOC(&sorted, n, "names", err);
    if (st != SEG_OK)
        return st;
    if (n > 0)
        memcpy(sorted, names, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_names);
    for (size_t i = 1; i < n && st == SEG_OK; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            st = seg_fail(err, SEG_E_DATA, "duplicate column '%s'", sorted[i]);
    seg_free(sorted);
    return st;
}

/* Tens of thousands of names are compared here by sorting; a schema would compare each
 * with each, except for the items of baskets. */
seg_status h5_add_names(h5_table *table, const char *const *names, size_t n, seg_error *err)
{
    seg_kind kind = table->schema->view.kind;
    seg_status st = check_distinct(names, n, err);
    table->schema->view.kind = SEG_KIND_BASKETS;
    for (size_t f = 0; f < n && st == SEG_OK; f++) {
        seg_column feature = { .name = names[f], .type = SEG_TYPE_F32 };
        st = seg_schema_add_feature(table->schema, &feature, err);
    }
    table->schema->view.kind = kind;
    return st;
}

/* ---- our own ------------------------------------------------------------------------ */

static seg_status add_own_x(seg_h5 *file, h5_table *table, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *schema = &table->schema->view;
    if (!seg_h5_has(file, "X"))
        return SEG_OK;
    TRY(h5_get_features(file, table, err));
    if (schema->kind == SEG_KIND_BASKETS) {
        TRY(h5_add_sparse(file, "X", table, err));
        goto done;
    }
    TRY(h5_open_array(file, "X", &table->x, err));
    table->matrix = H5_MATRIX_ARRAY;
    if (table->x->members != NULL || table->x->n_cols != schema->n_features ||
        table->x->n_rows != table->n_rows || table->x->cell.class == H5_CLASS_TEXT ||
        table->x->cell.class == H5_CLASS_VLEN)
        st = seg_fail(err, SEG_E_DATA, "%s: X is %llu x %llu; obs has %llu rows, var %zu",
                      file->path, (unsigned long long)table->x->n_rows,
                      (unsigned long long)table->x->n_cols, (unsigned long long)table->n_rows,
                      schema->n_features);

done:
    return st;
}

static seg_status find_own(seg_h5 *file, seg_kind kind, h5_table *table, seg_error *err)
{
    seg_status st = SEG_OK;
    const char *id_name;
    if (kind == SEG_KIND_MODEL)
        return seg_fail(err, SEG_E_DATA, "%s: this is a model, not a table", file->path);
    table->ours = true;
    table->schema->view.kind = kind;
    TRY(h5_add_frame(file, kind == SEG_KIND_TRANSACTIONS ? "transactions" : "obs", false, table,
                     err));
    h5_field index = table->id;
    table->id = (h5_field){ 0 };
    if (seg_h5_has(file, "uns/segmill/id_name")) {
        TRY(seg_h5_get_text(file, "uns/segmill/id_name", &id_name, err));
        TRY(h5_set_id(file, id_name, &index, table, err));
    }
    TRY(add_own_x(file, table, err));
    TRY(h5_get_facts(file, table->schema, err));

done:
    return st;
}

/* ---- foreign -------------------------------------------------------------------------- */

static bool is_encoded(seg_h5 *file, const char *path, const char *encoding)
{
    const char *type = seg_h5_get_attribute(file, path, "encoding-type");
    return type != NULL && strcmp(type, encoding) == 0;
}

/* The index of a foreign frame is the key, under its name or "id". */
static seg_status use_index(seg_h5 *file, const char *path, h5_table *table, seg_error *err)
{
    h5_field index = table->id;
    table->id = (h5_field){ 0 };
    const char *name = seg_h5_get_attribute(file, path, "_index");
    if (strcmp(name, "_index") == 0 || strcmp(name, "index") == 0)
        name = "id";
    if (seg_schema_column(&table->schema->view, name) != SIZE_MAX)
        name = "_index";
    return h5_set_id(file, name, &index, table, err);
}

/* Names from var, if it has as many as X has columns. */
static seg_status name_by_var(seg_h5 *file, uint64_t n_cols, h5_table *table, bool *named,
                              seg_error *err)
{
    char path[LONGEST_PATH];
    const char *const *names;
    size_t n;
    const char *index = seg_h5_get_attribute(file, "var", "_index");
    *named = false;
    if (index == NULL)
        return SEG_OK;
    snprintf(path, sizeof path, "var/%s", index);
    seg_status st = h5_get_levels(file, path, &names, &n, err);
    if (st == SEG_OK && n != n_cols)
        st = seg_fail(err, SEG_E_DATA, "%s: X has %llu columns, var names %zu", file->path,
                      (unsigned long long)n_cols, n);
    if (st == SEG_OK)
        st = h5_add_names(table, names, n, err);
    *named = st == SEG_OK;
    return st;
}

static seg_status add_foreign_x(seg_h5 *file, h5_table *table, seg_error *err)
{
    seg_status st = SEG_OK;
    bool named;
    if (h5_find(file, "X") == H5_OBJECT_GROUP) {
        int64_t shape[2];
        if (h5_get_int_attribute(file, "X", "shape", shape, 2) == 2 && shape[1] >= 0)
            TRY(name_by_var(file, (uint64_t)shape[1], table, &named, err));
        TRY(h5_add_sparse(file, "X", table, err));
    } else {
        h5_array *array;
        TRY(h5_open_array(file, "X", &array, err));
        if (array->members == NULL && array->rank == 2)
            TRY(name_by_var(file, array->n_cols, table, &named, err));
        TRY(h5_add_matrix(file, array, table, err));
    }

done:
    return st;
}

static seg_status find_anndata(seg_h5 *file, h5_table *table, seg_error *err)
{
    seg_status st = SEG_OK;
    bool has_x = seg_h5_has(file, "X"), has_obs = is_encoded(file, "obs", "dataframe");
    if (has_obs) {
        TRY(h5_add_frame(file, "obs", !has_x, table, err));
        TRY(use_index(file, "obs", table, err));
        table->matrix = has_x ? H5_MATRIX_NONE : H5_MATRIX_FIELDS;
    }
    if (has_x) {
        uint64_t n_obs = table->n_rows;
        TRY(add_foreign_x(file, table, err));
        if (has_obs && n_obs != table->n_rows)
            st = seg_fail(err, SEG_E_DATA, "%s: X has %llu rows, obs %llu", file->path,
                          (unsigned long long)table->n_rows, (unsigned long long)n_obs);
    }

done:
    return st;
}

/* One object, whatever it is. */
static seg_status find_object(seg_h5 *file, const char *path, h5_table *table, seg_error *err)
{
    seg_status st = SEG_OK;
    h5_array *array;
    if (h5_find(file, path) == H5_OBJECT_GROUP) {
        if (is_encoded(file, path, "dataframe")) {
            table->matrix = H5_MATRIX_FIELDS;
            TRY(h5_add_frame(file, path, true, table, err));
            TRY(use_index(file, path, table, err));
        } else if (h5_is_pandas(file, path)) {
            TRY(h5_add_pandas(file, path, table, err));
        } else {
            TRY(h5_add_sparse(file, path, table, err));
        }
        goto done;
    }
    TRY(h5_open_array(file, path, &array, err));
    if (array->members != NULL)
        TRY(h5_add_compound(file, array, table, err));
    else
        TRY(h5_add_matrix(file, array, table, err));

done:
    return st;
}

/* No AnnData and no path given: the only array or frame will do. */
static seg_status find_only_array(seg_h5 *file, const char **path, seg_error *err)
{
    const char *const *names;
    size_t n, n_found = 0;
    char list[300] = "";
    seg_status st = seg_h5_members(file, "", &names, &n, err);
    if (st != SEG_OK)
        return st;
    for (size_t i = 0; i < n; i++) {
        if (h5_find(file, names[i]) != H5_OBJECT_ARRAY && !h5_is_pandas(file, names[i]))
            continue;
        *path = names[i];
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s/%s", n_found == 0 ? "" : ", ", names[i]);
        n_found++;
    }
    if (n_found == 1)
        return SEG_OK;
    if (n_found == 0)
        return seg_fail(err, SEG_E_DATA, "%s: there is no table at its top level; name one as"
                        " %s:/path", file->path, file->path);
    return seg_fail(err, SEG_E_DATA, "%s: which array? There are %zu: %s; name one as %s:/path",
                    file->path, n_found, list, file->path);
}

static seg_status find_foreign(seg_h5 *file, h5_table *table, seg_error *err)
{
    const char *path;
    if (seg_h5_has(file, "X") || is_encoded(file, "obs", "dataframe"))
        return find_anndata(file, table, err);
    if (is_encoded(file, "transactions", "dataframe")) {
        table->schema->view.kind = SEG_KIND_TRANSACTIONS;
        seg_status st = h5_add_frame(file, "transactions", false, table, err);
        table->id = (h5_field){ 0 };   /* numbers of rows */
        return st;
    }
    seg_status st = find_only_array(file, &path, err);
    return st == SEG_OK ? find_object(file, path, table, err) : st;
}

seg_status h5_find_table(seg_h5 *file, const char *path, h5_table *table, seg_error *err)
{
    seg_kind kind;
    bool own = false;
    *table = (h5_table){ 0 };
    seg_status st = seg_schema_new(SEG_KIND_FEATURES, &table->schema, err);
    if (st == SEG_OK)
        table->schema->lent_levels = true;   /* by the file: millions of orders have names */
    if (st == SEG_OK && path == NULL)
        st = h5_own_kind(file, &own, &kind, err);
    if (st == SEG_OK && path != NULL)
        st = find_object(file, path, table, err);
    else if (st == SEG_OK && own)
        st = find_own(file, kind, table, err);
    else if (st == SEG_OK)
        st = find_foreign(file, table, err);
    if (st != SEG_OK)
        h5_table_free(table);
    return st;
}

seg_status seg_h5_kind(seg_h5 *file, seg_kind *kind, seg_error *err)
{
    h5_table table;
    *kind = SEG_KIND_FEATURES;
    bool own;
    seg_status st = h5_own_kind(file, &own, kind, err);
    if (st != SEG_OK || own)
        return st;
    st = h5_find_table(file, NULL, &table, err);
    if (st == SEG_OK)
        *kind = table.schema->view.kind;
    h5_table_free(&table);
    return st;
}
