/* h5_get.c: what models read: whole small arrays of an expected type and size, scalars,
 * texts, lists, trees, attributes. */
#include "data/h5_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/text.h"
#include "base/try.h"

enum { LONGEST_PATH = 1024, LONGEST_TEXT = 64 << 20, DEEPEST = 64, MOST_NODES = 1 << 20 };

static bool is_family(const h5_cell *cell, seg_h5_type type)
{
    switch (type) {
    case SEG_H5_F32: case SEG_H5_F64:
        return cell->class == H5_CLASS_FLOAT;
    case SEG_H5_TEXT:
        return cell->class == H5_CLASS_TEXT || cell->class == H5_CLASS_VLEN;
    case SEG_H5_BOOL:
        return cell->class == H5_CLASS_BOOL;
    default:
        return cell->class == H5_CLASS_INT || cell->class == H5_CLASS_UINT ||
               cell->class == H5_CLASS_BOOL;
    }
}

static seg_status check_array(seg_h5 *file, const h5_array *array, seg_h5_type type,
                              uint64_t n_rows_max, uint64_t n_cols, seg_error *err)
{
    if (array->members != NULL || !is_family(&array->cell, type))
        return seg_fail(err, SEG_E_DATA, "%s: '%s' holds values of another type than expected",
                        file->path, array->path);
    if (array->rank != (n_cols == 0 ? 1 : 2) || (n_cols != 0 && array->n_cols != n_cols))
        return seg_fail(err, SEG_E_DATA, "%s: '%s' has %llu columns in %d dimensions; %llu in %d"
                        " are expected", file->path, array->path,
                        (unsigned long long)array->n_cols, array->rank,
                        (unsigned long long)(n_cols == 0 ? 1 : n_cols), n_cols == 0 ? 1 : 2);
    if (array->n_rows > n_rows_max)
        return seg_fail(err, SEG_E_DATA, "%s: '%s' has %llu rows; at most %llu are expected",
                        file->path, array->path, (unsigned long long)array->n_rows,
                        (unsigned long long)n_rows_max);
    return SEG_OK;
}

seg_status seg_h5_get(seg_h5 *file, const char *path, seg_h5_type type, uint64_t n_rows_max,
                      uint64_t n_cols, void *out_pointer, uint64_t *n_rows, seg_error *err)
{
    seg_status st = SEG_OK;
    h5_array *array;
    size_t width = 0;
    void *values = NULL;
    memcpy(out_pointer, &values, sizeof values);
    *n_rows = 0;

    TRY(h5_open_array(file, path, &array, err));
    TRY(check_array(file, array, type, n_rows_max, n_cols, err));
    if (type == SEG_H5_TEXT)
        TRY(h5_longest(file, array, &array->cell, &width, err));
    TRY(seg_alloc_array(&values, array->n_rows * array->n_cols, h5_cell_bytes(type, width),
                        path, err));
    TRY(h5_read_cells(file, array, &array->cell, type, width, 0, array->n_rows, values, err));
    memcpy(out_pointer, &values, sizeof values);
    *n_rows = array->n_rows;
    values = NULL;

done:
    seg_free(values);
    return st;
}

/* The texts of an array, width bytes each, into the file's arena: a portion at a time, for
 * there may be millions. */
static seg_status copy_texts(seg_h5 *file, h5_array *array, size_t width, const char **out,
                             seg_error *err)
{
    enum { PORTION_BYTES = 1 << 18 };
    seg_status st = SEG_OK;
    char *cells = NULL;
    uint64_t portion = PORTION_BYTES / (width + 1) + 1;
    if (portion > array->n_rows)
        portion = array->n_rows;
    TRY(seg_alloc_array(&cells, portion, width, "texts", err));
    for (uint64_t first = 0, n; first < array->n_rows; first += n) {
        n = array->n_rows - first < portion ? array->n_rows - first : portion;
        TRY(h5_read_cells(file, array, &array->cell, SEG_H5_TEXT, width, first, n, cells, err));
        for (uint64_t i = 0; i < n; i++) {
            const char *cell = cells + i * width;
            out[first + i] = seg_arena_text_n(&file->arena, cell, seg_cell_length(cell, width));
            if (out[first + i] == NULL) {
                st = seg_arena_failed(err);
                goto done;
            }
        }
    }

done:
    seg_free(cells);
    return st;
}

/* All texts of an array of at most `most` elements, into the file's arena. */
static seg_status get_all_texts(seg_h5 *file, const char *path, uint64_t most,
                                const char ***out, size_t *n, seg_error *err)
{
    seg_status st = SEG_OK;
    h5_array *array;
    size_t width;
    TRY(h5_open_array(file, path, &array, err));
    if (array->members != NULL || !is_family(&array->cell, SEG_H5_TEXT) || array->rank > 1 ||
        array->n_rows > most)
        return seg_fail(err, SEG_E_DATA, "%s: '%s' is not a list of at most %llu texts",
                        file->path, path, (unsigned long long)most);
    TRY(h5_longest(file, array, &array->cell, &width, err));
    if (width > LONGEST_TEXT)
        return seg_fail(err, SEG_E_DATA, "%s: the texts of '%s' are too long", file->path, path);
    *out = seg_arena_get(&file->arena, (array->n_rows + 1) * sizeof **out);
    if (*out == NULL)
        return seg_arena_failed(err);
    TRY(copy_texts(file, array, width, *out, err));
    *n = array->n_rows;

done:
    return st;
}

seg_status seg_h5_get_texts(seg_h5 *file, const char *path, const char *const **out, size_t *n,
                            seg_error *err)
{
    const char **texts = NULL;
    size_t count = 0;
    seg_status st = get_all_texts(file, path, 1u << 30, &texts, &count, err);
    *out = st == SEG_OK ? texts : NULL;
    *n = st == SEG_OK ? count : 0;
    return st;
}

seg_status seg_h5_get_text(seg_h5 *file, const char *path, const char **out, seg_error *err)
{
    const char **texts = NULL;
    size_t n = 0;
    *out = NULL;
    seg_status st = get_all_texts(file, path, 1, &texts, &n, err);
    if (st == SEG_OK && n != 1)
        st = seg_fail(err, SEG_E_DATA, "%s: '%s' is empty", file->path, path);
    if (st == SEG_OK)
        *out = texts[0];
    return st;
}

seg_status seg_h5_get_int(seg_h5 *file, const char *path, int64_t *out, seg_error *err)
{
    h5_array *array;
    *out = 0;
    seg_status st = h5_open_array(file, path, &array, err);
    if (st == SEG_OK && (array->members != NULL || array->n_rows != 1 || array->n_cols != 1 ||
                         array->cell.class == H5_CLASS_TEXT ||
                         array->cell.class == H5_CLASS_VLEN))
        st = seg_fail(err, SEG_E_DATA, "%s: '%s' is not a single number", file->path, path);
    if (st == SEG_OK)
        st = h5_read_cells(file, array, &array->cell, SEG_H5_I64, 0, 0, 1, out, err);
    return st;
}

/* ---- trees ------------------------------------------------------------------------ */

typedef struct tree_walk {
    seg_h5 *file;
    size_t n_nodes;           /* so far: groups may contain each other */
    seg_error *err;
} tree_walk;

static seg_status get_group(tree_walk *walk, const char *path, seg_node *into, int depth);

static seg_status get_json(tree_walk *walk, const char *text, const char *path, seg_node *into,
                           const char *name)
{
    seg_doc *doc = NULL;
    seg_status st = seg_doc_parse(text, strlen(text), &doc, walk->err);
    if (st == SEG_OK)
        seg_put_node(into, name, seg_node_get(seg_doc_root(doc), "value"));
    else
        seg_error_context(walk->err, "%s: '%s'", walk->file->path, path);
    seg_doc_free(doc);
    return st;
}

static seg_status get_texts_into(tree_walk *walk, const h5_array *array, seg_node *into,
                                 const char *name)
{
    const char **texts = NULL;
    size_t n = 0;
    seg_status st = get_all_texts(walk->file, array->path, MOST_NODES, &texts, &n, walk->err);
    if (st != SEG_OK)
        return st;
    const char *form = seg_h5_get_attribute(walk->file, array->path, "form");
    if (array->rank == 0 && form != NULL && strcmp(form, "json") == 0)
        return get_json(walk, texts[0], array->path, into, name);
    if (array->rank == 0) {
        seg_put_text(into, name, texts[0]);
        return SEG_OK;
    }
    seg_node *list = seg_put_array(into, name);
    for (size_t i = 0; i < n; i++)
        seg_put_text(list, NULL, texts[i]);
    return SEG_OK;
}

static void put_number(const h5_cell *cell, seg_node *into, const char *name, double real,
                       int64_t whole)
{
    if (cell->class == H5_CLASS_FLOAT)
        seg_put_real(into, name, real);
    else if (cell->class == H5_CLASS_BOOL)
        seg_put_bool(into, name, whole != 0);
    else
        seg_put_int(into, name, whole);
}

static seg_status get_numbers_into(tree_walk *walk, h5_array *array, seg_node *into,
                                   const char *name)
{
    bool is_real = array->cell.class == H5_CLASS_FLOAT;
    uint64_t n = array->n_rows * array->n_cols;
    double *real = NULL;
    int64_t *whole = NULL;
    seg_status st = SEG_OK;
    if (n > MOST_NODES - walk->n_nodes)
        return seg_fail(walk->err, SEG_E_DATA, "%s: '%s' has too many values for a tree",
                        walk->file->path, array->path);
    walk->n_nodes += n;
    TRY(SEG_ALLOC(&real, n, "numbers", walk->err));
    TRY(SEG_ALLOC(&whole, n, "numbers", walk->err));
    TRY(h5_read_cells(walk->file, array, &array->cell, is_real ? SEG_H5_F64 : SEG_H5_I64, 0, 0,
                      array->n_rows, is_real ? (void *)real : (void *)whole, walk->err));
    if (array->rank == 0)
        put_number(&array->cell, into, name, real[0], whole[0]);
    else {
        seg_node *list = seg_put_array(into, name), *row = list;
        for (uint64_t i = 0; i < n; i++) {
            if (array->rank == 2 && i % array->n_cols == 0)
                row = seg_put_array(list, NULL);
            put_number(&array->cell, row, NULL, real[i], whole[i]);
        }
    }

done:
    seg_free(real);
    seg_free(whole);
    return st;
}

static seg_status get_member(tree_walk *walk, const char *group, const char *member,
                             seg_node *into, int depth)
{
    char path[LONGEST_PATH];
    int n = snprintf(path, sizeof path, "%s/%s", group, member);
    if (n < 0 || (size_t)n >= sizeof path || ++walk->n_nodes > MOST_NODES)
        return seg_fail(walk->err, SEG_E_DATA, "%s: '%s' is too deep or too large for a tree",
                        walk->file->path, group);
    const char *original = seg_h5_get_attribute(walk->file, path, H5_NAME_ATTRIBUTE);
    const char *name = original != NULL ? original : member;
    if (h5_find(walk->file, path) == H5_OBJECT_GROUP)
        return get_group(walk, path, seg_put_object(into, name), depth + 1);
    h5_array *array;
    seg_status st = h5_open_array(walk->file, path, &array, walk->err);
    if (st != SEG_OK)
        return st;
    if (array->members != NULL)
        return seg_fail(walk->err, SEG_E_DATA, "%s: '%s' is a table, not a value",
                        walk->file->path, path);
    return is_family(&array->cell, SEG_H5_TEXT) ? get_texts_into(walk, array, into, name)
                                                : get_numbers_into(walk, array, into, name);
}

static seg_status get_group(tree_walk *walk, const char *path, seg_node *into, int depth)
{
    const char *const *names;
    size_t n;
    if (depth > DEEPEST)
        return seg_fail(walk->err, SEG_E_DATA, "%s: '%s' is nested more than %d deep",
                        walk->file->path, path, DEEPEST);
    seg_status st = seg_h5_members(walk->file, path, &names, &n, walk->err);
    for (size_t i = 0; i < n && st == SEG_OK; i++)
        st = get_member(walk, path, names[i], into, depth);
    return st;
}

seg_status seg_h5_get_doc(seg_h5 *file, const char *path, seg_node *into, seg_error *err)
{
    tree_walk walk = { .file = file, .err = err };
    return get_group(&walk, path, into, 0);
}
