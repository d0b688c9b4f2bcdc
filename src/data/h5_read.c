/* h5_read.c: rows of an array as values of our types, a portion at a time, so that the
 * bytes in the file's own form never take more than a little memory. */
#include "data/h5_internal.h"

#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

static const uint64_t portion_bytes = 1u << 20;

static uint64_t portion_rows(const h5_array *array)
{
    uint64_t row_bytes = array->n_cols * array->element;
    uint64_t n = row_bytes == 0 ? 1 : portion_bytes / row_bytes;
    return n < 1 ? 1 : n;
}

/* One portion: its bytes are in `raw`. */
static seg_status convert(seg_h5 *file, h5_array *array, const h5_cell *cell,
                          const unsigned char *raw, seg_h5_type type, size_t width,
                          uint64_t first_row, uint64_t n_rows, char *out, seg_error *err)
{
    uint64_t n = n_rows * array->n_cols;
    size_t bad, size = h5_cell_bytes(type, width);
    bool is_text = cell->class == H5_CLASS_TEXT || cell->class == H5_CLASS_VLEN;
    if (is_text != (type == SEG_H5_TEXT))
        return seg_fail(err, SEG_E_DATA, "%s: '%s' holds %s", file->path, array->path,
                        is_text ? "texts, not numbers" : "numbers, not texts");
    if (is_text)
        return h5_convert_texts(file, array, cell, raw, n, first_row, out, width, err);
    if (!h5_convert(cell, raw, array->element, n, type, out, size, &bad))
        return seg_fail(err, SEG_E_DATA, "%s: '%s': the value in row %llu, column %llu does not"
                        " fit the type it should have", file->path, array->path,
                        (unsigned long long)(first_row + bad / array->n_cols + 1),
                        (unsigned long long)(bad % array->n_cols + 1));
    return SEG_OK;
}

/* Nothing to convert and all in one piece: straight to the caller. */
static bool is_direct(const h5_array *array, const h5_cell *cell, seg_h5_type type)
{
    if (array->members != NULL || cell->big_endian)
        return false;
    return (type == SEG_H5_F32 && cell->class == H5_CLASS_FLOAT && cell->size == 4) ||
           (type == SEG_H5_F64 && cell->class == H5_CLASS_FLOAT && cell->size == 8) ||
           (type == SEG_H5_I32 && cell->class == H5_CLASS_INT && cell->size == 4) ||
           (type == SEG_H5_I64 && cell->class == H5_CLASS_INT && cell->size == 8);
}

seg_status h5_read_cells(seg_h5 *file, h5_array *array, const h5_cell *cell, seg_h5_type type,
                         size_t width, uint64_t first_row, uint64_t n_rows, void *out,
                         seg_error *err)
{
    seg_status st = SEG_OK;
    unsigned char *raw = NULL;
    if (is_direct(array, cell, type))
        return h5_fetch(file, array, first_row, n_rows, out, err);
    if (first_row > array->n_rows || n_rows > array->n_rows - first_row)
        return h5_fetch(file, array, first_row, n_rows, out, err);   /* says what is wrong */

    uint64_t step = portion_rows(array);
    step = step < n_rows ? step : n_rows;
    TRY(SEG_ALLOC(&raw, step * array->n_cols * array->element, "rows of an array", err));
    for (uint64_t i = 0; i < n_rows; i += step) {
        uint64_t n = n_rows - i < step ? n_rows - i : step;
        TRY(h5_fetch(file, array, first_row + i, n, raw, err));
        TRY(convert(file, array, cell, raw, type, width, first_row + i, n,
                    (char *)out + i * array->n_cols * h5_cell_bytes(type, width), err));
    }

done:
    seg_free(raw);
    return st;
}

seg_status seg_h5_read(seg_h5 *file, const char *path, seg_h5_type type, size_t width,
                       uint64_t first_row, uint64_t n_rows, void *out, seg_error *err)
{
    h5_array *array;
    seg_status st = h5_open_array(file, path, &array, err);
    if (st == SEG_OK && array->members != NULL)
        st = seg_fail(err, SEG_E_DATA, "%s: '%s' is a table, not an array", file->path, path);
    if (st == SEG_OK)
        st = h5_read_cells(file, array, &array->cell, type, width, first_row, n_rows, out, err);
    return st;
}

static size_t longest_in(const h5_array *array, const h5_cell *cell, const unsigned char *raw,
                         uint64_t n)
{
    size_t longest = 0;
    for (uint64_t i = 0; i < n; i++) {
        uint32_t length;   /* the first part of a reference */
        memcpy(&length, raw + i * array->element + cell->offset, sizeof length);
        longest = length > longest ? length : longest;
    }
    return longest;
}

static seg_status find_longest(seg_h5 *file, h5_array *array, const h5_cell *cell,
                               size_t *longest, seg_error *err)
{
    seg_status st = SEG_OK;
    unsigned char *raw = NULL;
    uint64_t step = portion_rows(array);
    step = step < array->n_rows ? step : array->n_rows;
    *longest = 0;
    TRY(SEG_ALLOC(&raw, step * array->n_cols * array->element, "rows of an array", err));
    for (uint64_t i = 0; i < array->n_rows; i += step) {
        uint64_t n = array->n_rows - i < step ? array->n_rows - i : step;
        TRY(h5_fetch(file, array, i, n, raw, err));
        size_t here = longest_in(array, cell, raw, n * array->n_cols);
        *longest = here > *longest ? here : *longest;
    }

done:
    seg_free(raw);
    return st;
}

seg_status h5_longest(seg_h5 *file, h5_array *array, const h5_cell *cell, size_t *longest,
                      seg_error *err)
{
    *longest = cell->size;
    if (cell->class != H5_CLASS_VLEN)
        return SEG_OK;
    if (cell != &array->cell)
        return find_longest(file, array, cell, longest, err);
    seg_status st = SEG_OK;
    if (array->longest == SIZE_MAX)
        st = find_longest(file, array, cell, &array->longest, err);
    if (st != SEG_OK)
        array->longest = SIZE_MAX;
    *longest = array->longest;
    return st;
}

seg_status seg_h5_info(seg_h5 *file, const char *path, seg_h5_array *info, seg_error *err)
{
    h5_array *array;
    *info = (seg_h5_array){ 0 };
    seg_status st = h5_open_array(file, path, &array, err);
    if (st == SEG_OK && array->members != NULL)
        st = seg_fail(err, SEG_E_DATA, "%s: '%s' is a table, not an array", file->path, path);
    if (st != SEG_OK)
        return st;
    info->type = h5_nearest_type(&array->cell);
    info->n_rows = array->n_rows;
    info->n_cols = array->rank == 2 ? array->n_cols : 0;
    if (info->type != SEG_H5_TEXT)
        return SEG_OK;
    return h5_longest(file, array, &array->cell, &info->width, err);
}
