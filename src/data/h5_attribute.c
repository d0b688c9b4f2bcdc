/* h5_attribute.c: small facts on objects: texts, lists of texts, whole numbers. Read by
 * libhdf5 itself, after their type and size were checked; an attribute of another form
 * counts as not there. */
#include "data/h5_internal.h"

#include <string.h>
#include "base/guard.h"
#include "base/text.h"

enum { LONGEST = 1 << 20 };

typedef struct attribute {
    hid_t id, type, space;
    hssize_t n;
} attribute;

static void close_attribute(attribute *a)
{
    if (a->space >= 0)
        H5Sclose(a->space);
    if (a->type >= 0)
        H5Tclose(a->type);
    if (a->id >= 0)
        H5Aclose(a->id);
    H5Eclear2(H5E_DEFAULT);
    seg_guard_end();
}

/* close_attribute() in any case. */
static bool open_attribute(seg_h5 *file, const char *path, const char *name, attribute *a)
{
    *a = (attribute){ H5I_INVALID_HID, H5I_INVALID_HID, H5I_INVALID_HID, 0 };
    seg_guard_begin(file->path);
    h5_object found = h5_find(file, path);
    if (found != H5_OBJECT_GROUP && found != H5_OBJECT_ARRAY)
        return false;
    if (path[0] == 0)
        path = "/";
    if (H5Aexists_by_name(file->id, path, name, file->link_plist) <= 0)
        return false;
    a->id = H5Aopen_by_name(file->id, path, name, H5P_DEFAULT, file->link_plist);
    if (a->id < 0)
        return false;
    a->type = H5Aget_type(a->id);
    a->space = H5Aget_space(a->id);
    if (a->type < 0 || a->space < 0)
        return false;
    H5S_class_t class = H5Sget_simple_extent_type(a->space);
    a->n = class == H5S_SCALAR || class == H5S_SIMPLE ? H5Sget_simple_extent_npoints(a->space)
                                                      : -1;
    return a->n >= 0 && a->n <= H5_MAX_COLUMNS && H5Aget_storage_size(a->id) <= LONGEST;
}

static const char *keep(seg_h5 *file, const char *text, size_t n)
{
    if (text == NULL || seg_utf8_check(text, n) != n)
        return NULL;
    return seg_arena_text_n(&file->arena, text, n);
}

static bool read_variable(seg_h5 *file, const attribute *a, const char **out)
{
    char **texts = seg_arena_get(&file->arena, (size_t)(a->n + 1) * sizeof *texts);
    hid_t type = h5_text_type(0);
    bool fine = texts != NULL && type >= 0 &&
                H5Tset_cset(type, H5Tget_cset(a->type)) >= 0 &&
                H5Aread(a->id, type, texts) >= 0;
    for (hssize_t i = 0; fine && i < a->n; i++)
        out[i] = texts[i] == NULL ? "" : keep(file, texts[i], strlen(texts[i]));
    for (hssize_t i = 0; texts != NULL && i < a->n; i++)
        H5free_memory(texts[i]);
    if (type >= 0)
        H5Tclose(type);
    return fine;
}

static bool read_fixed(seg_h5 *file, const attribute *a, const char **out)
{
    size_t width = H5Tget_size(a->type), bytes;
    if (width == 0 || __builtin_mul_overflow(width, (size_t)a->n, &bytes) || bytes > LONGEST)
        return false;
    char *cells = seg_arena_get(&file->arena, bytes + 1);
    if (cells == NULL || H5Aread(a->id, a->type, cells) < 0)
        return false;
    for (hssize_t i = 0; i < a->n; i++) {
        const char *cell = cells + (size_t)i * width;
        out[i] = keep(file, cell, strnlen(cell, width));
    }
    return true;
}

static const char *const *read_texts(seg_h5 *file, const attribute *a)
{
    const char **out = seg_arena_get(&file->arena, (size_t)(a->n + 1) * sizeof *out);
    if (out == NULL || H5Tget_class(a->type) != H5T_STRING)
        return NULL;
    bool fine = H5Tis_variable_str(a->type) > 0 ? read_variable(file, a, out)
                                                : read_fixed(file, a, out);
    for (hssize_t i = 0; fine && i < a->n; i++)
        if (out[i] == NULL)
            fine = false;
    return fine ? out : NULL;
}

const char *const *h5_get_list_attribute(seg_h5 *file, const char *path, const char *name,
                                         size_t *n)
{
    static const char *const none[1] = { NULL };
    attribute a;
    const char *const *texts = NULL;
    *n = 0;
    h5_begin();
    if (open_attribute(file, path, name, &a)) {
        /* an empty list is written as an empty array of numbers */
        texts = a.n == 0 ? none : read_texts(file, &a);
        *n = texts == NULL ? 0 : (size_t)a.n;
    }
    close_attribute(&a);
    return texts;
}

const char *seg_h5_get_attribute(seg_h5 *file, const char *path, const char *name)
{
    size_t n;
    const char *const *texts = h5_get_list_attribute(file, path, name, &n);
    return texts == NULL || n != 1 ? NULL : texts[0];
}

size_t h5_get_int_attribute(seg_h5 *file, const char *path, const char *name, int64_t *out,
                            size_t most)
{
    attribute a;
    size_t n = 0;
    h5_begin();
    if (open_attribute(file, path, name, &a) && a.n >= 1 && (size_t)a.n <= most &&
        H5Tget_class(a.type) == H5T_INTEGER && H5Tget_size(a.type) <= sizeof *out &&
        H5Aread(a.id, H5T_NATIVE_INT64, out) >= 0)
        n = (size_t)a.n;
    close_attribute(&a);
    return n;
}
