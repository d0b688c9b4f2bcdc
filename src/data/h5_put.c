/* h5_put.c: whole arrays, scalars, lists of texts, trees and sparse matrices, in the
 * encodings of AnnData 0.8 (fileformat-prose). */
#include "data/h5_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

seg_status seg_h5_put(seg_h5_writer *w, const char *path, seg_h5_type type, const void *data,
                      uint64_t n_rows, uint64_t n_cols, size_t width, seg_error *err)
{
    seg_status st = seg_h5_reserve(w, path, type, n_rows, n_cols, width, err);
    if (st == SEG_OK)
        st = seg_h5_fill(w, path, 0, data, n_rows, err);
    return st;
}

seg_status h5_put_scalar(seg_h5_writer *w, const char *path, seg_h5_type type,
                         const void *value, size_t width, seg_error *err)
{
    seg_status st = SEG_OK;
    hid_t at = H5I_INVALID_HID;
    const char *name;
    h5_slot slot = { .n_rows = 1, .row_bytes = h5_cell_bytes(type, width) };
    h5_shape shape = { .type = type, .width = width,
                       .encoding = type == SEG_H5_TEXT ? "string" : "numeric-scalar" };
    TRY(h5_parent(w, path, &at, &name, err));
    TRY(h5_make_array(w, at, name, &shape, &slot, NULL, err));
    TRY(h5_remember(w, path, &slot, err));
    TRY(seg_h5_fill(w, path, 0, value, 1, err));

done:
    if (at >= 0)
        H5Gclose(at);
    return st;
}

seg_status seg_h5_put_text(seg_h5_writer *w, const char *path, const char *value, seg_error *err)
{
    size_t n = strlen(value);
    return h5_put_scalar(w, path, SEG_H5_TEXT, value, n == 0 ? 1 : n, err);
}

seg_status seg_h5_put_int(seg_h5_writer *w, const char *path, int64_t value, seg_error *err)
{
    return h5_put_scalar(w, path, SEG_H5_I64, &value, 0, err);
}

seg_status seg_h5_put_real(seg_h5_writer *w, const char *path, double value, seg_error *err)
{
    return h5_put_scalar(w, path, SEG_H5_F64, &value, 0, err);
}

seg_status h5_pack_texts(const char *const *texts, size_t n, char **cells, size_t *width,
                         seg_error *err)
{
    size_t longest = 1, bytes;
    *cells = NULL;
    for (size_t i = 0; i < n; i++)
        if (texts[i] != NULL && strlen(texts[i]) > longest)
            longest = strlen(texts[i]);
    *width = (longest + 7) / 8 * 8;
    if (__builtin_mul_overflow(*width, n, &bytes))
        return seg_fail(err, SEG_E_AGAIN, "%zu texts of %zu bytes are too many", n, *width);
    seg_status st = SEG_ALLOC(cells, bytes, "a list of texts", err);
    for (size_t i = 0; i < n && st == SEG_OK; i++)
        if (texts[i] != NULL)
            memcpy(*cells + i * *width, texts[i], strlen(texts[i]));
    return st;
}

seg_status seg_h5_put_texts(seg_h5_writer *w, const char *path, const char *const *texts,
                            size_t n, seg_error *err)
{
    char *cells;
    size_t width;
    seg_status st = h5_pack_texts(texts, n, &cells, &width, err);
    if (st == SEG_OK)
        st = seg_h5_put(w, path, SEG_H5_TEXT, cells, n, 0, width, err);
    seg_free(cells);
    return st;
}

/* ---- trees ----------------------------------------------------------------------- */

enum { LONGEST_PATH = 1024 };

static seg_status put_node(seg_h5_writer *w, const char *path, const seg_node *node,
                           seg_error *err);

/* As JSON text, marked so that reading gives the tree back. */
static seg_status put_json(seg_h5_writer *w, const char *path, const seg_node *node,
                           seg_error *err)
{
    seg_status st = SEG_OK;
    seg_doc *doc = seg_doc_new();
    seg_put_node(seg_doc_root(doc), "value", node);
    TRY(seg_doc_status(doc, err));
    const char *text = seg_doc_json(doc, 0);
    if (text == NULL) {
        st = seg_arena_failed(err);
        goto done;
    }
    TRY(seg_h5_put_text(w, path, text, err));
    TRY(seg_h5_attribute(w, path, "form", "json", err));

done:
    seg_doc_free(doc);
    return st;
}

/* The one type of all elements, REAL for a mix of whole and real numbers; NULL when there
 * is none or when an element is not a plain value. */
static seg_doc_type common_type(const seg_node *array)
{
    size_t n = seg_node_count(array);
    seg_doc_type common = SEG_DOC_NULL;
    for (size_t i = 0; i < n; i++) {
        seg_doc_type type = seg_node_type(seg_node_at(array, i));
        if (type != SEG_DOC_BOOL && type != SEG_DOC_INT && type != SEG_DOC_REAL &&
            type != SEG_DOC_TEXT)
            return SEG_DOC_NULL;
        if (i == 0 || type == common)
            common = type;
        else if ((type == SEG_DOC_INT && common == SEG_DOC_REAL) ||
                 (type == SEG_DOC_REAL && common == SEG_DOC_INT))
            common = SEG_DOC_REAL;
        else
            return SEG_DOC_NULL;
    }
    return common;
}

static seg_status put_numbers(seg_h5_writer *w, const char *path, const seg_node *array,
                              seg_doc_type type, seg_error *err)
{
    size_t n = seg_node_count(array);
    union { int64_t i; double r; } *values = NULL;
    seg_status st = SEG_ALLOC(&values, n, "a list of numbers", err);
    int8_t *bytes = (int8_t *)(void *)values;
    for (size_t i = 0; i < n && st == SEG_OK; i++) {
        const seg_node *node = seg_node_at(array, i);
        if (type == SEG_DOC_BOOL)
            bytes[i] = seg_node_int(node, 0) != 0;
        else if (type == SEG_DOC_INT)
            values[i].i = seg_node_int(node, 0);
        else
            values[i].r = seg_node_real(node, NAN);
    }
    if (st == SEG_OK)
        st = seg_h5_put(w, path, type == SEG_DOC_BOOL ? SEG_H5_BOOL
                                 : type == SEG_DOC_INT ? SEG_H5_I64 : SEG_H5_F64,
                        values, n, 0, 0, err);
    seg_free(values);
    return st;
}

static seg_status put_array(seg_h5_writer *w, const char *path, const seg_node *array,
                            seg_error *err)
{
    seg_doc_type type = common_type(array);
    if (type == SEG_DOC_NULL)
        return put_json(w, path, array, err);
    if (type != SEG_DOC_TEXT)
        return put_numbers(w, path, array, type, err);

    size_t n = seg_node_count(array);
    const char **texts;
    seg_status st = SEG_ALLOC(&texts, n, "a list of texts", err);
    for (size_t i = 0; i < n && st == SEG_OK; i++)
        texts[i] = seg_node_text(seg_node_at(array, i), "");
    if (st == SEG_OK)
        st = seg_h5_put_texts(w, path, texts, n, err);
    seg_free(texts);
    return st;
}

static seg_status put_member(seg_h5_writer *w, const char *path, const seg_node *member,
                             seg_error *err)
{
    const char *name = seg_node_name(member);
    char link[LONGEST_PATH], whole[LONGEST_PATH];
    if (strlen(name) + 3 > sizeof link)
        return seg_fail(err, SEG_E_DATA, "a name under '%s' has %zu bytes", path, strlen(name));
    bool altered = h5_link_name(name, link);
    int n = snprintf(whole, sizeof whole, "%s/%s", path, link);
    if (n < 0 || (size_t)n >= sizeof whole)
        return seg_fail(err, SEG_E_DATA, "the path '%s' is too long", path);
    seg_status st = put_node(w, whole, member, err);
    if (st == SEG_OK && altered)
        st = seg_h5_attribute(w, whole, H5_NAME_ATTRIBUTE, name, err);
    return st;
}

static seg_status put_object(seg_h5_writer *w, const char *path, const seg_node *object,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    hid_t at = H5I_INVALID_HID, group = H5I_INVALID_HID;
    const char *name;
    TRY(h5_parent(w, path, &at, &name, err));
    if (H5Lexists(at, name, H5P_DEFAULT) <= 0)
        TRY(h5_make_group(w, at, name, "dict", "0.1.0", &group, err));
    for (size_t i = 0; i < seg_node_count(object); i++)
        TRY(put_member(w, path, seg_node_at(object, i), err));

done:
    if (group >= 0)
        H5Gclose(group);
    if (at >= 0)
        H5Gclose(at);
    return st;
}

static seg_status put_node(seg_h5_writer *w, const char *path, const seg_node *node,
                           seg_error *err)
{
    int8_t yes = seg_node_int(node, 0) != 0;
    switch (seg_node_type(node)) {
    case SEG_DOC_NULL:   return seg_h5_put_real(w, path, NAN, err);
    case SEG_DOC_BOOL:   return h5_put_scalar(w, path, SEG_H5_BOOL, &yes, 0, err);
    case SEG_DOC_INT:    return seg_h5_put_int(w, path, seg_node_int(node, 0), err);
    case SEG_DOC_REAL:   return seg_h5_put_real(w, path, seg_node_real(node, NAN), err);
    case SEG_DOC_TEXT:   return seg_h5_put_text(w, path, seg_node_text(node, ""), err);
    case SEG_DOC_ARRAY:  return put_array(w, path, node, err);
    case SEG_DOC_OBJECT: return put_object(w, path, node, err);
    }
    return seg_fail(err, SEG_E_IO, "'%s' has an unknown kind of value", path);
}

seg_status seg_h5_put_doc(seg_h5_writer *w, const char *path, const seg_node *node,
                          seg_error *err)
{
    return put_node(w, path, node, err);
}

/* ---- sparse ----------------------------------------------------------------------- */

static seg_status put_ones(seg_h5_writer *w, const char *path, uint64_t n, seg_error *err)
{
    uint8_t ones[65536];
    seg_status st = SEG_OK;
    memset(ones, 1, sizeof ones);
    for (uint64_t i = 0; i < n && st == SEG_OK; i += sizeof ones)
        st = seg_h5_fill(w, path, i, ones, n - i < sizeof ones ? n - i : sizeof ones, err);
    return st;
}

static seg_status reserve_part(seg_h5_writer *w, hid_t group, const char *path,
                               const char *part, seg_h5_type type, uint64_t n, seg_error *err)
{
    char whole[LONGEST_PATH];
    h5_shape shape = { .type = type, .rank = 1, .n_rows = n };
    h5_slot slot = { .n_rows = n, .row_bytes = h5_cell_bytes(type, 0) };
    if (n > INT64_MAX / sizeof(int64_t))
        return seg_fail(err, SEG_E_DATA, "'%s' would be larger than any file", path);
    snprintf(whole, sizeof whole, "%.*s/%s", (int)(sizeof whole - 16), path, part);
    seg_status st = h5_make_array(w, group, part, &shape, &slot, NULL, err);
    return st == SEG_OK ? h5_remember(w, whole, &slot, err) : st;
}

static seg_status put_shape(hid_t group, uint64_t n_rows, uint64_t n_cols, seg_error *err)
{
    int64_t shape[2] = { (int64_t)n_rows, (int64_t)n_cols };
    hsize_t two = 2;
    hid_t space = H5Screate_simple(1, &two, NULL), attribute = H5I_INVALID_HID;
    bool done = space >= 0;
    if (done) {
        attribute = H5Acreate2(group, "shape", H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT);
        done = attribute >= 0 && H5Awrite(attribute, H5T_NATIVE_INT64, shape) >= 0;
        H5Sclose(space);
    }
    if (attribute >= 0)
        H5Aclose(attribute);
    return done ? SEG_OK : h5_fail(err, SEG_E_IO, "could not write the shape of a matrix");
}

seg_status seg_h5_put_csr(seg_h5_writer *w, const char *path, uint64_t n_rows, uint64_t n_cols,
                          uint64_t n_items, const int64_t *row_start, const int32_t *items,
                          seg_error *err)
{
    seg_status st = SEG_OK;
    hid_t at = H5I_INVALID_HID, group = H5I_INVALID_HID;
    const char *name;
    char part[LONGEST_PATH];
    TRY(h5_parent(w, path, &at, &name, err));
    TRY(h5_make_group(w, at, name, "csr_matrix", "0.1.0", &group, err));
    TRY(put_shape(group, n_rows, n_cols, err));
    TRY(reserve_part(w, group, path, "data", SEG_H5_U8, n_items, err));
    TRY(reserve_part(w, group, path, "indices", SEG_H5_I32, n_items, err));
    TRY(reserve_part(w, group, path, "indptr", SEG_H5_I64, n_rows + 1, err));
    snprintf(part, sizeof part, "%.*s/data", (int)(sizeof part - 16), path);
    TRY(put_ones(w, part, n_items, err));
    if (row_start != NULL) {
        snprintf(part, sizeof part, "%.*s/indices", (int)(sizeof part - 16), path);
        TRY(seg_h5_fill(w, part, 0, items, n_items, err));
        snprintf(part, sizeof part, "%.*s/indptr", (int)(sizeof part - 16), path);
        TRY(seg_h5_fill(w, part, 0, row_start, n_rows + 1, err));
    }

done:
    if (group >= 0)
        H5Gclose(group);
    if (at >= 0)
        H5Gclose(at);
    return st;
}
