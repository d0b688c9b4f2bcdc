/* h5_pandas.c: frames in an HDFStore of pandas. Format "fixed": the columns of one type are
 * one matrix, blockN_values, whose names are blockN_items; axis1 is the index. Format
 * "table": one compound dataset, in which the columns of one type are one array per row
 * (h5_type.c); their names are a pickled list, of which only the plain form is read. */
#include "data/h5_table.h"

#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "base/try.h"

enum { LONGEST_PATH = 2048, MOST_BLOCKS = 64 };

static bool has_kind(seg_h5 *file, const char *path, const char *attribute, const char *kind)
{
    const char *text = seg_h5_get_attribute(file, path, attribute);
    return text != NULL && strcmp(text, kind) == 0;
}

bool h5_is_pandas(seg_h5 *file, const char *path)
{
    return h5_find(file, path) == H5_OBJECT_GROUP &&
           (has_kind(file, path, "pandas_type", "frame") ||
            has_kind(file, path, "pandas_type", "frame_table"));
}

/* ---- fixed ---------------------------------------------------------------------------- */

static seg_status open_block(seg_h5 *file, const char *path, int64_t block, h5_array **values,
                             const char *const **names, seg_error *err)
{
    char part[LONGEST_PATH];
    size_t n;
    seg_status st = SEG_OK;
    snprintf(part, sizeof part, "%.2000s/block%lld_values", path, (long long)block);
    TRY(h5_open_array(file, part, values, err));
    snprintf(part, sizeof part, "%.2000s/block%lld_items", path, (long long)block);
    TRY(h5_get_levels(file, part, names, &n, err));
    uint64_t n_cols = (*values)->members != NULL ? (*values)->n_members : (*values)->n_cols;
    if (((*values)->members == NULL && (*values)->rank != 2) || n_cols != n || n == 0)
        st = seg_fail(err, SEG_E_DATA, "%s: '%s' has %llu columns and %zu names", file->path,
                      (*values)->path, (unsigned long long)n_cols, n);

done:
    return st;
}

/* The matrix as a table of as many columns: each row is one element. */
static seg_status make_table(seg_h5 *file, h5_array *array, const char *const *names,
                             seg_error *err)
{
    uint64_t n = array->n_cols;
    if (array->members != NULL)   /* it was looked at before */
        return SEG_OK;
    if (array->layout != H5D_CONTIGUOUS)
        return seg_fail(err, SEG_E_DATA, "%s: '%s' is one of several compressed blocks, which is"
                        " not read; store the frame with format='table'", file->path,
                        array->path);
    array->members = seg_arena_get(&file->arena, n * sizeof *array->members);
    if (array->members == NULL)
        return seg_arena_failed(err);
    for (uint64_t i = 0; i < n; i++) {
        array->members[i] = (h5_member){ .name = names[i], .cell = array->cell };
        array->members[i].cell.offset = i * array->element;
    }
    array->n_members = n;
    array->element *= n;
    array->n_cols = 1;
    array->rank = 1;
    return SEG_OK;
}

static seg_status set_index(seg_h5 *file, const char *path, h5_table *table, seg_error *err)
{
    char part[LONGEST_PATH];
    h5_array *index;
    seg_status st = SEG_OK;
    snprintf(part, sizeof part, "%.2000s/axis1", path);
    if (!has_kind(file, part, "kind", "string") && !has_kind(file, part, "kind", "integer"))
        return SEG_OK;
    TRY(h5_open_array(file, part, &index, err));
    if (index->rank != 1 || index->members != NULL || index->n_rows != table->n_rows) {
        st = seg_fail(err, SEG_E_DATA, "%s: '%s' does not have %llu rows", file->path, part,
                      (unsigned long long)table->n_rows);
        goto done;
    }
    h5_field field = { .values = index, .cell = &index->cell, .form = H5_FORM_PLAIN };
    TRY(h5_set_id(file, "id", &field, table, err));

done:
    return st;
}

static seg_status add_fixed(seg_h5 *file, const char *path, h5_table *table, seg_error *err)
{
    seg_status st = SEG_OK;
    int64_t n_blocks;
    const char *const *names;
    h5_array *values;
    if (h5_get_int_attribute(file, path, "nblocks", &n_blocks, 1) != 1 || n_blocks < 1 ||
        n_blocks > MOST_BLOCKS)
        return seg_fail(err, SEG_E_DATA, "%s: the frame '%s' has no blocks of columns",
                        file->path, path);
    for (int64_t i = 0; i < n_blocks; i++) {
        TRY(open_block(file, path, i, &values, &names, err));
        if (n_blocks == 1) {   /* a matrix like any other */
            TRY(h5_add_names(table, names, values->n_cols, err));
            TRY(h5_add_matrix(file, values, table, err));
            break;
        }
        TRY(make_table(file, values, names, err));
        if (i > 0 && values->n_rows != table->n_rows) {
            st = seg_fail(err, SEG_E_DATA, "%s: '%s' has %llu rows, not %llu", file->path,
                          values->path, (unsigned long long)values->n_rows,
                          (unsigned long long)table->n_rows);
            goto done;
        }
        TRY(h5_add_compound(file, values, table, err));
    }
    TRY(set_index(file, path, table, err));

done:
    return st;
}

seg_status h5_add_pandas(seg_h5 *file, const char *path, h5_table *table, seg_error *err)
{
    seg_status st = SEG_OK;
    char part[LONGEST_PATH];
    h5_array *array;
    if (has_kind(file, path, "pandas_type", "frame"))
        return add_fixed(file, path, table, err);
    snprintf(part, sizeof part, "%.2000s/table", path);
    TRY(h5_open_array(file, part, &array, err));
    if (array->members == NULL)
        st = seg_fail(err, SEG_E_DATA, "%s: '%s' is not a table", file->path, part);
    else
        st = h5_add_compound(file, array, table, err);

done:
    return st;
}

/* ---- names ------------------------------------------------------------------------------ */

/* "(lp0\n" then "Vname\np1\na" for each name, then ".": a list of texts as pickle's first
 * protocol writes it. Names with escapes are not read. */
bool h5_unpickle_names(seg_arena *arena, const char *pickle, const char **names, size_t n)
{
    const char *at = pickle;
    if (strncmp(at, "(lp", 3) != 0 || (at = strchr(at, '\n')) == NULL)
        return false;
    at++;
    for (size_t i = 0; i < n; i++) {
        const char *end = *at == 'V' ? strchr(at, '\n') : NULL;
        if (end == NULL || end[1] != 'p' || memchr(at, '\\', (size_t)(end - at)) != NULL)
            return false;
        names[i] = seg_arena_text_n(arena, at + 1, (size_t)(end - at - 1));
        at = strchr(end + 1, '\n');
        if (names[i] == NULL || at == NULL || at[1] != 'a')
            return false;
        at += 2;
    }
    return at[0] == '.' && at[1] == 0;
}
