/* h5_frame.c: data frames as AnnData 0.8 lays them out: a group with an index, one member
 * per column, and their order as an attribute. Dates and money say their unit in
 * attributes, so that a table can be read back as it was. */
#include "data/h5_internal.h"

#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/try.h"

enum { LONGEST_NAME = 1000, PORTION_ROWS = 4096 };

/* The rows' numbers as an index: text where AnnData wants text. */
static seg_status number_rows(seg_h5_writer *w, const char *path, uint64_t n_rows, size_t width,
                              seg_error *err)
{
    seg_status st = SEG_OK;
    char *cells = NULL;
    TRY(SEG_ALLOC(&cells, PORTION_ROWS * (width == 0 ? 8 : width), "row numbers", err));
    for (uint64_t first = 0; first < n_rows; first += PORTION_ROWS) {
        uint64_t n = n_rows - first < PORTION_ROWS ? n_rows - first : PORTION_ROWS;
        memset(cells, 0, n * (width == 0 ? 8 : width));
        for (uint64_t i = 0; i < n; i++) {
            int64_t row = (int64_t)(first + i);
            char digits[SEG_NUMBER_BYTES];
            if (width == 0)
                memcpy(cells + i * 8, &row, 8);
            else
                memcpy(cells + i * width, digits, seg_print_i64(digits, row));
        }
        TRY(seg_h5_fill(w, path, first, cells, n, err));
    }

done:
    seg_free(cells);
    return st;
}

static seg_status put_index(seg_h5_writer *w, const char *index_name, const char *index,
                            size_t width, seg_error *err)
{
    seg_status st = SEG_OK;
    char link[LONGEST_NAME + 3], path[2 * LONGEST_NAME], object[2 * LONGEST_NAME];
    bool numbered = index == NULL && width == 0;
    if (numbered && w->anndata)
        width = w->frame_rows < 100000000 ? 8 : 24;
    h5_shape shape = { width == 0 ? SEG_H5_I64 : SEG_H5_TEXT, width, 0, 1, w->frame_rows, 0,
                       width == 0 ? "array" : "string-array" };
    h5_slot slot = { .n_rows = w->frame_rows, .row_bytes = width == 0 ? 8 : width,
                     .object = object };
    bool altered = h5_link_name(index_name, link);
    hid_t id = H5I_INVALID_HID;
    snprintf(path, sizeof path, "%s/%s", w->frame_path, index_name);
    snprintf(object, sizeof object, "%s/%s", w->frame_path, link);

    TRY(h5_put_attribute(w->frame, "_index", link, err));
    TRY(h5_make_array(w, w->frame, link, &shape, &slot, &id, err));
    if (altered)
        TRY(h5_put_attribute(id, H5_NAME_ATTRIBUTE, index_name, err));
    TRY(h5_remember(w, path, &slot, err));
    if (numbered)
        TRY(number_rows(w, path, w->frame_rows, width, err));
    else if (index != NULL)
        TRY(seg_h5_fill(w, path, 0, index, w->frame_rows, err));

done:
    if (id >= 0)
        H5Dclose(id);
    return st;
}

static seg_status check_name(const char *name, seg_error *err)
{
    if (strlen(name) > LONGEST_NAME)
        return seg_fail(err, SEG_E_DATA, "a column name has %zu bytes (at most %d)",
                        strlen(name), LONGEST_NAME);
    return SEG_OK;
}

seg_status seg_h5_frame_begin(seg_h5_writer *w, const char *path, const char *index_name,
                              const char *index, uint64_t n_rows, size_t width, seg_error *err)
{
    seg_status st = SEG_OK;
    hid_t at = H5I_INVALID_HID;
    const char *name;
    if (w->frame >= 0)
        return seg_fail(err, SEG_E_IO, "the frame '%s' is still open", w->frame_path);

    TRY(check_name(index_name, err));
    TRY(h5_parent(w, path, &at, &name, err));
    w->frame_path = seg_arena_text(&w->arena, path);
    if (w->frame_path == NULL) {
        st = seg_arena_failed(err);
        goto done;
    }
    w->frame_rows = n_rows;
    w->n_names = 0;
    TRY(h5_make_group(w, at, name, "dataframe", "0.2.0", &w->frame, err));
    TRY(put_index(w, index_name, index, width, err));

done:
    if (at >= 0)
        H5Gclose(at);
    return st;
}

/* What the type of the array in the file does not say. */
static seg_status describe(hid_t object, const seg_column *column, const char *link,
                           seg_error *err)
{
    seg_status st = SEG_OK;
    if (strcmp(column->name, link) != 0)
        TRY(h5_put_attribute(object, H5_NAME_ATTRIBUTE, column->name, err));
    if (column->type == SEG_TYPE_DAY)
        TRY(h5_put_attribute(object, "units", "days since 1970-01-01", err));
    if (column->type == SEG_TYPE_TIME)
        TRY(h5_put_attribute(object, "units", "seconds since 1970-01-01", err));
    if (column->type == SEG_TYPE_I64 && column->scale > 1)
        TRY(h5_put_int_attribute(object, "scale", column->scale, err));
    if (column->type == SEG_TYPE_TEXT && column->width == 0)   /* the file has 1 byte */
        TRY(h5_put_int_attribute(object, "width", 0, err));
    if (column->unit != NULL)
        TRY(h5_put_attribute(object, "unit", column->unit, err));
    if (column->source != NULL)
        TRY(h5_put_attribute(object, "source", column->source, err));

done:
    return st;
}

static seg_status put_categories(seg_h5_writer *w, hid_t group, const seg_column *column,
                                 const char *link, seg_error *err)
{
    seg_status st = SEG_OK;
    char *cells = NULL, path[2 * LONGEST_NAME];
    h5_slot slot = { .n_rows = column->n_levels };
    h5_shape shape = { .type = SEG_H5_TEXT, .rank = 1, .n_rows = column->n_levels,
                       .encoding = "string-array" };
    snprintf(path, sizeof path, "%s/%s/categories", w->frame_path, link);
    TRY(h5_pack_texts(column->levels, column->n_levels, &cells, &shape.width, err));
    TRY(h5_make_array(w, group, "categories", &shape, &slot, NULL, err));
    slot.row_bytes = shape.width;
    TRY(h5_remember(w, path, &slot, err));
    TRY(seg_h5_fill(w, path, 0, cells, column->n_levels, err));

done:
    seg_free(cells);
    return st;
}

/* A categorical: codes of the smallest sufficient type, -1 for missing. */
static seg_status put_codes(seg_h5_writer *w, const seg_column *column, const char *link,
                            h5_slot *slot, seg_error *err)
{
    seg_status st = SEG_OK;
    hid_t group = H5I_INVALID_HID;
    slot->narrow = column->n_levels <= INT8_MAX ? 1 : column->n_levels <= INT16_MAX ? 2 : 0;
    h5_shape shape = { SEG_H5_I32, 0, slot->narrow, 1, w->frame_rows, 0, "array" };
    TRY(h5_make_group(w, w->frame, link, "categorical", "0.2.0", &group, err));
    TRY(h5_put_bool_attribute(group, "ordered", false, err));
    TRY(describe(group, column, link, err));
    TRY(h5_make_array(w, group, "codes", &shape, slot, NULL, err));
    TRY(put_categories(w, group, column, link, err));

done:
    if (group >= 0)
        H5Gclose(group);
    return st;
}

static seg_status put_plain(seg_h5_writer *w, const seg_column *column, const char *link,
                            h5_slot *slot, seg_error *err)
{
    seg_status st = SEG_OK;
    hid_t id = H5I_INVALID_HID;
    h5_shape shape = { h5_column_type(column->type), column->width, 0, 1, w->frame_rows, 0,
                       column->type == SEG_TYPE_TEXT ? "string-array" : "array" };
    TRY(h5_make_array(w, w->frame, link, &shape, slot, &id, err));
    TRY(describe(id, column, link, err));

done:
    if (id >= 0)
        H5Dclose(id);
    return st;
}

seg_status seg_h5_frame_column(seg_h5_writer *w, const seg_column *column, const void *data,
                               seg_error *err)
{
    seg_status st = SEG_OK;
    char link[LONGEST_NAME + 3], path[2 * LONGEST_NAME], object[2 * LONGEST_NAME];
    h5_slot slot = { .n_rows = w->frame_rows, .object = object,
                     .row_bytes = h5_cell_bytes(h5_column_type(column->type), column->width) };
    TRY(check_name(column->name, err));
    snprintf(path, sizeof path, "%s/%s", w->frame_path, column->name);
    h5_link_name(column->name, link);
    snprintf(object, sizeof object, "%s/%s", w->frame_path, link);
    if (H5Lexists(w->frame, link, H5P_DEFAULT) > 0) {
        st = seg_fail(err, SEG_E_DATA, "two columns of '%s' would be called '%s'",
                      w->frame_path, link);
        goto done;
    }
    if (column->type == SEG_TYPE_CODE)
        TRY(put_codes(w, column, link, &slot, err));
    else
        TRY(put_plain(w, column, link, &slot, err));
    TRY(h5_remember(w, path, &slot, err));

    TRY(SEG_GROW(&w->names, &w->names_cap, w->n_names + 1, "column names", err));
    w->names[w->n_names] = seg_arena_text(&w->arena, link);
    if (w->names[w->n_names] == NULL) {
        st = seg_arena_failed(err);
        goto done;
    }
    w->n_names++;
    if (data != NULL)
        TRY(seg_h5_fill(w, path, 0, data, w->frame_rows, err));

done:
    return st;
}

seg_status seg_h5_frame_end(seg_h5_writer *w, seg_error *err)
{
    seg_status st = h5_put_list_attribute(w->frame, "column-order", w->names, w->n_names, err);
    H5Gclose(w->frame);
    w->frame = H5I_INVALID_HID;
    return st;
}
