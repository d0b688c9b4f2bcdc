/* h5_plain.c: what people write with h5py and pandas: a plain matrix, a table of compound
 * type, a CSR matrix. */
#include "data/h5_table.h"

#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

enum { LONGEST_PATH = 2048, LONGEST_TEXT = 1 << 20 };

/* ---- matrix --------------------------------------------------------------------------- */

/* Names under which people keep the columns of a matrix. */
static const char *const *find_names(seg_h5 *file, const char *path, uint64_t n_cols)
{
    static const char *const keys[] = { "columns", "column_names", "feature_names", "features",
                                        "names" };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        size_t n;
        const char *const *names = h5_get_list_attribute(file, path, keys[i], &n);
        if (names != NULL && n == n_cols)
            return names;
    }
    return NULL;
}

static seg_status number_features(seg_h5 *file, const char *path, uint64_t n_cols,
                                  h5_table *table, seg_error *err)
{
    const char *const *names = find_names(file, path, n_cols);
    if (names != NULL)
        return h5_add_names(table, names, n_cols, err);
    const char **numbers = seg_arena_get(&file->arena, n_cols * sizeof *numbers);
    for (uint64_t f = 0; f < n_cols && numbers != NULL; f++) {
        char number[32];
        snprintf(number, sizeof number, "f%llu", (unsigned long long)f);
        numbers[f] = seg_arena_text(&file->arena, number);
        if (numbers[f] == NULL)
            numbers = NULL;
    }
    return numbers == NULL ? seg_arena_failed(err) : h5_add_names(table, numbers, n_cols, err);
}

seg_status h5_add_matrix(seg_h5 *file, h5_array *array, h5_table *table, seg_error *err)
{
    const seg_schema *schema = &table->schema->view;
    if (array->members != NULL || array->cell.class == H5_CLASS_TEXT ||
        array->cell.class == H5_CLASS_VLEN)
        return seg_fail(err, SEG_E_DATA, "%s: '%s' holds no numbers", file->path, array->path);
    if (array->rank == 0)
        return seg_fail(err, SEG_E_DATA, "%s: '%s' is a single value, not a matrix", file->path,
                        array->path);
    if (array->n_rows == 0 || array->n_cols == 0 || array->n_cols > H5_MAX_COLUMNS)
        return seg_fail(err, SEG_E_DATA, "%s: '%s' is %llu x %llu: at least one row and 1 to %d"
                        " columns are needed", file->path, array->path,
                        (unsigned long long)array->n_rows, (unsigned long long)array->n_cols,
                        H5_MAX_COLUMNS);
    table->matrix = H5_MATRIX_ARRAY;
    table->x = array;
    table->n_rows = array->n_rows;
    return schema->n_features > 0 ? SEG_OK
                                  : number_features(file, array->path, array->n_cols, table, err);
}

/* ---- compound ------------------------------------------------------------------------- */

static bool is_key(const char *name)
{
    return strcmp(name, "id") == 0 || strcmp(name, "index") == 0 ||
           strcmp(name, "customer_id") == 0 || strcmp(name, "customer") == 0;
}

static seg_status add_member(seg_h5 *file, h5_array *array, const h5_member *member,
                             h5_table *table, seg_error *err)
{
    h5_field field = { .values = array, .cell = &member->cell, .form = H5_FORM_PLAIN };
    seg_column column = { .name = member->name, .type = SEG_TYPE_F32 };
    if (table->id.values == NULL && is_key(member->name) &&
        member->cell.class != H5_CLASS_FLOAT)
        return h5_set_id(file, strcmp(member->name, "index") == 0 ? "id" : member->name, &field,
                         table, err);
    if (h5_nearest_type(&member->cell) != SEG_H5_TEXT)
        return h5_add_feature(table, &column, &field, err);
    column.type = SEG_TYPE_TEXT;
    seg_status st = h5_longest(file, array, &member->cell, &column.width, err);
    if (st == SEG_OK && column.width > LONGEST_TEXT)
        st = seg_fail(err, SEG_E_DATA, "%s: the texts of '%s' have up to %zu bytes (at most %d)",
                      file->path, member->name, column.width, LONGEST_TEXT);
    return st == SEG_OK ? h5_add_column(table, &column, &field, err) : st;
}

seg_status h5_add_compound(seg_h5 *file, h5_array *array, h5_table *table, seg_error *err)
{
    seg_status st = SEG_OK;
    if (array->rank != 1 || array->n_rows == 0)
        return seg_fail(err, SEG_E_DATA, "%s: the table '%s' has %d dimensions and %llu rows",
                        file->path, array->path, array->rank,
                        (unsigned long long)array->n_rows);
    table->matrix = H5_MATRIX_FIELDS;
    table->n_rows = array->n_rows;
    for (size_t i = 0; i < array->n_members && st == SEG_OK; i++)
        st = add_member(file, array, &array->members[i], table, err);
    if (st == SEG_OK && table->schema->view.n_features == 0)
        st = seg_fail(err, SEG_E_DATA, "%s: the table '%s' has no column of numbers",
                      file->path, array->path);
    return st;
}

/* ---- sparse --------------------------------------------------------------------------- */

static seg_status check_encoding(seg_h5 *file, const char *path, seg_error *err)
{
    const char *encoding = seg_h5_get_attribute(file, path, "encoding-type");
    if (encoding == NULL)
        encoding = seg_h5_get_attribute(file, path, "h5sparse_format");
    if (encoding != NULL && (strcmp(encoding, "csr_matrix") == 0 || strcmp(encoding, "csr") == 0))
        return SEG_OK;
    if (encoding != NULL && strncmp(encoding, "csc", 3) == 0)
        return seg_fail(err, SEG_E_DATA, "%s: '%s' is sparse by columns (CSC); store it by rows:"
                        " X.tocsr()", file->path, path);
    return seg_fail(err, SEG_E_DATA, "%s: '%s' is a group and neither a data frame nor a CSR"
                    " matrix", file->path, path);
}

static seg_status open_part(seg_h5 *file, const char *path, const char *part, h5_array **array,
                            seg_error *err)
{
    char whole[LONGEST_PATH];
    snprintf(whole, sizeof whole, "%.2000s/%s", path, part);
    seg_status st = h5_open_array(file, whole, array, err);
    if (st == SEG_OK && ((*array)->rank != 1 || (*array)->members != NULL ||
                         h5_nearest_type(&(*array)->cell) == SEG_H5_TEXT))
        st = seg_fail(err, SEG_E_DATA, "%s: '%s' is not a list of numbers", file->path, whole);
    return st;
}

/* Every stored value is 1: sets, not amounts. */
static seg_status all_ones(seg_h5 *file, h5_array *data, bool *ones, seg_error *err)
{
    float values[4096];
    *ones = true;
    for (uint64_t i = 0; i < data->n_rows && *ones; i += 4096) {
        uint64_t n = data->n_rows - i < 4096 ? data->n_rows - i : 4096;
        seg_status st = h5_read_cells(file, data, &data->cell, SEG_H5_F32, 0, i, n, values, err);
        if (st != SEG_OK)
            return st;
        for (uint64_t j = 0; j < n; j++)
            if (values[j] != 1)
                *ones = false;
    }
    return SEG_OK;
}

static seg_status check_parts(seg_h5 *file, const char *path, const int64_t shape[2],
                              h5_table *table, seg_error *err)
{
    int64_t last;
    if (shape[0] < 0 || shape[1] < 0 || shape[1] > INT32_MAX ||
        table->indptr->n_rows != (uint64_t)shape[0] + 1 ||
        table->data->n_rows != table->indices->n_rows)
        return seg_fail(err, SEG_E_DATA, "%s: the parts of '%s' do not make a matrix of %lld x"
                        " %lld", file->path, path, (long long)shape[0], (long long)shape[1]);
    seg_status st = h5_read_cells(file, table->indptr, &table->indptr->cell, SEG_H5_I64, 0,
                                  (uint64_t)shape[0], 1, &last, err);
    if (st == SEG_OK && (last < 0 || (uint64_t)last != table->indices->n_rows))
        st = seg_fail(err, SEG_E_DATA, "%s: '%s' says it has %lld values; there are %llu",
                      file->path, path, (long long)last,
                      (unsigned long long)table->indices->n_rows);
    return st;
}

seg_status h5_add_sparse(seg_h5 *file, const char *path, h5_table *table, seg_error *err)
{
    seg_status st = SEG_OK;
    int64_t shape[2];
    bool ones = true;
    TRY(check_encoding(file, path, err));
    if (h5_get_int_attribute(file, path, "shape", shape, 2) != 2 &&
        h5_get_int_attribute(file, path, "h5sparse_shape", shape, 2) != 2) {
        st = seg_fail(err, SEG_E_DATA, "%s: the sparse matrix '%s' has no shape", file->path,
                      path);
        goto done;
    }
    TRY(open_part(file, path, "data", &table->data, err));
    TRY(open_part(file, path, "indices", &table->indices, err));
    TRY(open_part(file, path, "indptr", &table->indptr, err));
    TRY(check_parts(file, path, shape, table, err));
    table->matrix = H5_MATRIX_SPARSE;
    if (table->ours && table->n_rows != (uint64_t)shape[0]) {
        st = seg_fail(err, SEG_E_DATA, "%s: X has %lld rows, obs %llu", file->path,
                      (long long)shape[0], (unsigned long long)table->n_rows);
        goto done;
    }
    table->n_rows = (uint64_t)shape[0];
    if (!table->ours) {
        TRY(all_ones(file, table->data, &ones, err));
        table->schema->view.kind = ones ? SEG_KIND_BASKETS : SEG_KIND_FEATURES;
        if (table->schema->view.n_features == 0)
            TRY(number_features(file, path, (uint64_t)shape[1], table, err));
    }
    if (table->schema->view.n_features != (uint64_t)shape[1])
        st = seg_fail(err, SEG_E_DATA, "%s: X has %lld columns, var names %zu", file->path,
                      (long long)shape[1], table->schema->view.n_features);

done:
    return st;
}
