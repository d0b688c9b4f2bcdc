/* h5_field.c: columns of data frames in the forms that AnnData and pandas give them
 * (plain, categorical, nullable, texts of either kind), and their rows as ours. */
#include "data/h5_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/try.h"

enum { LONGEST_PATH = 2048, LONGEST_CELL = 1 << 20, DIGITS = 24 };
static const char *const booleans[2] = { "False", "True" };

/* ---- what a column is ------------------------------------------------------------- */

static seg_status add_path(char *out, const char *path, const char *name, seg_error *err)
{
    int n = snprintf(out, LONGEST_PATH, "%s%s%s", path, path[0] == 0 ? "" : "/", name);
    return n < 0 || n >= LONGEST_PATH ? seg_fail(err, SEG_E_DATA, "a name in '%.100s' is too long",
                                                 path)
                                      : SEG_OK;
}

static seg_status number_levels(seg_h5 *file, h5_array *array, const char ***out, seg_error *err)
{
    seg_status st = SEG_OK;
    double *real = NULL;
    int64_t *whole = NULL;
    bool is_real = array->cell.class == H5_CLASS_FLOAT;
    TRY(SEG_ALLOC(&real, array->n_rows, "categories", err));
    TRY(SEG_ALLOC(&whole, array->n_rows, "categories", err));
    TRY(h5_read_cells(file, array, &array->cell, is_real ? SEG_H5_F64 : SEG_H5_I64, 0, 0,
                      array->n_rows, is_real ? (void *)real : (void *)whole, err));
    *out = seg_arena_get(&file->arena, (array->n_rows + 1) * sizeof **out);
    for (uint64_t i = 0; i < array->n_rows && *out != NULL; i++) {
        char text[SEG_NUMBER_BYTES];
        if (is_real)
            seg_print_f64(text, real[i]);
        else
            seg_print_i64(text, whole[i]);
        bool is_bool = array->cell.class == H5_CLASS_BOOL;
        (*out)[i] = is_bool ? booleans[whole[i] != 0] : seg_arena_text(&file->arena, text);
        if ((*out)[i] == NULL)
            *out = NULL;
    }
    if (*out == NULL)
        st = seg_arena_failed(err);

done:
    seg_free(real);
    seg_free(whole);
    return st;
}

seg_status h5_get_levels(seg_h5 *file, const char *path, const char *const **levels, size_t *n,
                         seg_error *err)
{
    h5_array *array;
    seg_status st = h5_open_array(file, path, &array, err);
    if (st != SEG_OK)
        return st;
    if (array->members != NULL || array->rank != 1 || array->n_rows > INT32_MAX)
        return seg_fail(err, SEG_E_DATA, "%s: '%s' is not a list of categories", file->path,
                        path);
    if (h5_nearest_type(&array->cell) == SEG_H5_TEXT)
        return seg_h5_get_texts(file, path, levels, n, err);
    const char **texts = NULL;
    st = number_levels(file, array, &texts, err);
    *levels = texts;
    *n = array->n_rows;
    return st;
}

static bool has_units(seg_h5 *file, const char *path, const char *wanted)
{
    const char *units = seg_h5_get_attribute(file, path, "units");
    return units != NULL && strcmp(units, wanted) == 0;
}

/* The type of a plain array of values. */
static seg_status set_type(seg_h5 *file, const char *path, h5_array *array, seg_column *column,
                           seg_error *err)
{
    int64_t scale = 1, width;
    switch (h5_nearest_type(&array->cell)) {
    case SEG_H5_F32:
        column->type = SEG_TYPE_F32;
        return SEG_OK;
    case SEG_H5_F64:
        column->type = SEG_TYPE_F64;
        return SEG_OK;
    case SEG_H5_BOOL:
        column->type = SEG_TYPE_CODE;
        column->levels = booleans;
        column->n_levels = 2;
        return SEG_OK;
    case SEG_H5_TEXT:
        column->type = SEG_TYPE_TEXT;
        seg_status st = h5_longest(file, array, &array->cell, &column->width, err);
        if (h5_get_int_attribute(file, path, "width", &width, 1) == 1 && width == 0)
            column->width = 0;
        if (st == SEG_OK && column->width > LONGEST_CELL)
            st = seg_fail(err, SEG_E_DATA, "%s: the texts of '%s' have up to %zu bytes (at most"
                          " %d)", file->path, path, column->width, LONGEST_CELL);
        return st;
    default:
        break;
    }
    column->type = SEG_TYPE_I64;
    if (has_units(file, path, "days since 1970-01-01"))
        column->type = SEG_TYPE_DAY;
    else if (has_units(file, path, "seconds since 1970-01-01"))
        column->type = SEG_TYPE_TIME;
    else if (h5_get_int_attribute(file, path, "scale", &scale, 1) == 1 &&
             scale != 1 && scale != 10 && scale != 100 && scale != 1000 && scale != 10000)
        return seg_fail(err, SEG_E_DATA, "%s: '%s' is in units of 1/%lld (10 to 10000 allowed)",
                        file->path, path, (long long)scale);
    column->scale = column->type == SEG_TYPE_I64 ? (uint32_t)scale : 0;
    return SEG_OK;
}

static seg_status bind_group(seg_h5 *file, const char *path, seg_column *column, h5_field *field,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    char part[LONGEST_PATH];
    TRY(add_path(part, path, "categories", err));
    if (seg_h5_has(file, part)) {
        TRY(h5_get_levels(file, part, &column->levels, &column->n_levels, err));
        TRY(add_path(part, path, "codes", err));
        TRY(h5_open_array(file, part, &field->values, err));
        column->type = SEG_TYPE_CODE;
        goto done;
    }
    TRY(add_path(part, path, "values", err));
    if (!seg_h5_has(file, part)) {
        const char *encoding = seg_h5_get_attribute(file, path, "encoding-type");
        st = seg_fail(err, SEG_E_DATA, "%s: the column '%s' is kept as '%.60s', which is not"
                      " read", file->path, path, encoding == NULL ? "a group" : encoding);
        goto done;
    }
    TRY(h5_open_array(file, part, &field->values, err));
    TRY(set_type(file, path, field->values, column, err));
    TRY(add_path(part, path, "mask", err));
    TRY(h5_open_array(file, part, &field->mask, err));

done:
    return st;
}

static seg_status check_field(seg_h5 *file, const h5_field *field, uint64_t n_rows,
                              seg_error *err)
{
    const h5_array *array = field->values, *mask = field->mask;
    if (array->members != NULL || array->rank != 1 || array->n_rows != n_rows)
        return seg_fail(err, SEG_E_DATA, "%s: '%s' has %llu rows in %d dimensions; %llu in one"
                        " are expected", file->path, array->path,
                        (unsigned long long)array->n_rows, array->rank,
                        (unsigned long long)n_rows);
    if (mask != NULL && (mask->rank != 1 || mask->n_rows != n_rows || mask->members != NULL))
        return seg_fail(err, SEG_E_DATA, "%s: '%s' does not have %llu rows", file->path,
                        mask->path, (unsigned long long)n_rows);
    return SEG_OK;
}

static seg_status bind(seg_h5 *file, const char *path, const char *name, uint64_t n_rows,
                       seg_column *column, h5_field *field, seg_error *err)
{
    seg_status st = SEG_OK;
    const char *original = seg_h5_get_attribute(file, path, H5_NAME_ATTRIBUTE);
    *column = (seg_column){ .name = original != NULL ? original : name };
    *field = (h5_field){ .form = H5_FORM_PLAIN };
    if (h5_find(file, path) == H5_OBJECT_GROUP) {
        TRY(bind_group(file, path, column, field, err));
    } else {
        TRY(h5_open_array(file, path, &field->values, err));
        if (field->values->members == NULL)
            TRY(set_type(file, path, field->values, column, err));
    }
    column->unit = seg_h5_get_attribute(file, path, "unit");
    column->source = seg_h5_get_attribute(file, path, "source");
    TRY(check_field(file, field, n_rows, err));
    field->cell = &field->values->cell;

done:
    return st;
}

/* ---- frames ------------------------------------------------------------------------ */

static bool is_feature(const seg_column *column)
{
    return column->type == SEG_TYPE_F32 || column->type == SEG_TYPE_F64 ||
           column->type == SEG_TYPE_I64 || column->type == SEG_TYPE_CODE;
}

/* Of a table whose columns are to be features: numbers and categories. */
static seg_status add_either(h5_table *table, seg_column *column, const h5_field *field,
                             bool as_features, seg_error *err)
{
    if (!as_features || !is_feature(column))
        return h5_add_column(table, column, field, err);
    if (column->type != SEG_TYPE_CODE)
        column->type = SEG_TYPE_F32;
    return h5_add_feature(table, column, field, err);
}

/* The columns' link names: as an attribute, or (foreign) all members but the index. */
static seg_status list_columns(seg_h5 *file, const char *path, const char *const **names,
                               size_t *n, seg_error *err)
{
    *names = h5_get_list_attribute(file, path, "column-order", n);
    return *names != NULL ? SEG_OK : seg_h5_members(file, path, names, n, err);
}

seg_status h5_add_frame(seg_h5 *file, const char *path, bool as_features, h5_table *table,
                        seg_error *err)
{
    seg_status st = SEG_OK;
    char part[LONGEST_PATH];
    const char *const *names;
    size_t n;
    h5_array *index;
    seg_column column;
    h5_field field;
    const char *index_name = seg_h5_get_attribute(file, path, "_index");
    if (index_name == NULL) {
        st = seg_fail(err, SEG_E_DATA, "%s: '%s' is not a data frame: it has no index",
                      file->path, path);
        goto done;
    }
    TRY(add_path(part, path, index_name, err));
    TRY(h5_open_array(file, part, &index, err));
    table->n_rows = index->n_rows;
    table->id = (h5_field){ .values = index, .cell = &index->cell };
    TRY(check_field(file, &table->id, index->n_rows, err));
    TRY(list_columns(file, path, &names, &n, err));
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], index_name) == 0)
            continue;
        TRY(add_path(part, path, names[i], err));
        TRY(bind(file, part, names[i], table->n_rows, &column, &field, err));
        TRY(add_either(table, &column, &field, as_features, err));
    }

done:
    /* An attribute that memory was refused for looks as if it were not there. */
    if (st != SEG_E_AGAIN && file->arena.starved)
        return seg_arena_failed(err);
    return st;
}

seg_status h5_set_id(seg_h5 *file, const char *name, const h5_field *field, h5_table *table,
                     seg_error *err)
{
    seg_status st = SEG_OK;
    size_t width = DIGITS;
    h5_field id = *field;
    switch (h5_nearest_type(field->cell)) {
    case SEG_H5_TEXT:
        id.form = H5_FORM_PLAIN;
        TRY(h5_longest(file, field->values, field->cell, &width, err));
        break;
    case SEG_H5_F32: case SEG_H5_F64:
        st = seg_fail(err, SEG_E_DATA, "%s: the ids of '%s' are numbers with fractions",
                      file->path, field->values->path);
        goto done;
    default:
        id.form = H5_FORM_DIGITS;
    }
    if (width > LONGEST_CELL) {
        st = seg_fail(err, SEG_E_DATA, "%s: the ids have up to %zu bytes (at most %d)",
                      file->path, width, LONGEST_CELL);
        goto done;
    }
    TRY(seg_schema_set_id(table->schema, name, width, err));
    table->id = id;

done:
    return st;
}

/* ---- rows -------------------------------------------------------------------------- */

static void set_missing(const seg_column *column, uint64_t row, void *out)
{
    switch (column->type) {
    case SEG_TYPE_F32:  ((float *)out)[row] = NAN; break;
    case SEG_TYPE_F64:  ((double *)out)[row] = NAN; break;
    case SEG_TYPE_I64:
    case SEG_TYPE_TIME: ((int64_t *)out)[row] = SEG_MISSING_I64; break;
    case SEG_TYPE_DAY:  ((int32_t *)out)[row] = SEG_MISSING_DAY; break;
    case SEG_TYPE_CODE: ((int32_t *)out)[row] = SEG_MISSING_CODE; break;
    case SEG_TYPE_TEXT: memset((char *)out + row * column->width, 0, column->width); break;
    }
}

static seg_status apply_mask(seg_h5 *file, const h5_field *field, const seg_column *column,
                             uint64_t first_row, uint64_t n_rows, void *out, seg_error *err)
{
    uint8_t masked[1024];
    for (uint64_t i = 0; i < n_rows; i += sizeof masked) {
        uint64_t n = n_rows - i < sizeof masked ? n_rows - i : sizeof masked;
        seg_status st = h5_read_cells(file, field->mask, &field->mask->cell, SEG_H5_U8, 0,
                                      first_row + i, n, masked, err);
        if (st != SEG_OK)
            return st;
        for (uint64_t r = 0; r < n; r++)
            if (masked[r] != 0)
                set_missing(column, i + r, out);
    }
    return SEG_OK;
}

static seg_status check_codes(seg_h5 *file, const h5_field *field, const seg_column *column,
                              uint64_t first_row, uint64_t n_rows, const int32_t *codes,
                              seg_error *err)
{
    for (uint64_t r = 0; r < n_rows; r++)
        if (codes[r] < -1 || codes[r] >= (int64_t)column->n_levels)
            return seg_fail(err, SEG_E_DATA, "%s: row %llu of '%s' has a code beyond its %zu"
                            " categories", file->path, (unsigned long long)(first_row + r + 1),
                            field->values->path, column->n_levels);
    return SEG_OK;
}

/* Whole numbers as the texts that ids are. */
static seg_status read_digits(seg_h5 *file, const h5_field *field, size_t width,
                              uint64_t first_row, uint64_t n_rows, char *out, seg_error *err)
{
    int64_t numbers[512];
    char digits[SEG_NUMBER_BYTES];
    memset(out, 0, n_rows * width);
    for (uint64_t i = 0; i < n_rows; i += 512) {
        uint64_t n = n_rows - i < 512 ? n_rows - i : 512;
        seg_status st = h5_read_cells(file, field->values, field->cell, SEG_H5_I64, 0,
                                      first_row + i, n, numbers, err);
        if (st != SEG_OK)
            return st;
        for (uint64_t r = 0; r < n; r++)
            memcpy(out + (i + r) * width, digits, seg_print_i64(digits, numbers[r]));
    }
    return SEG_OK;
}

seg_status h5_read_field(seg_h5 *file, const h5_field *field, const seg_column *column,
                         uint64_t first_row, uint64_t n_rows, void *out, seg_error *err)
{
    seg_status st = SEG_OK;
    if (field->form == H5_FORM_DIGITS)
        return read_digits(file, field, column->width, first_row, n_rows, out, err);
    TRY(h5_read_cells(file, field->values, field->cell, h5_column_type(column->type),
                      column->width, first_row, n_rows, out, err));
    if (field->mask != NULL)
        TRY(apply_mask(file, field, column, first_row, n_rows, out, err));
    if (column->type == SEG_TYPE_CODE)
        TRY(check_codes(file, field, column, first_row, n_rows, out, err));

done:
    return st;
}
