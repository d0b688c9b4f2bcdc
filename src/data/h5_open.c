/* h5_open.c: the closed door. A file is opened through our own descriptor; of the way to
 * an array every part must be a hard link; the array must lie in this file, plainly, with
 * sizes that the file's length allows, before any of its bytes is touched. */
#include "data/h5_internal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/guard.h"
#include "base/try.h"

static const unsigned char signature[8] = { 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n' };

static seg_status check_signature(seg_h5 *file, seg_error *err)
{
    unsigned char start[8];
    if (file->size < sizeof start)
        return seg_fail(err, SEG_E_DATA, "%s: not an HDF5 file: it has %llu bytes", file->path,
                        (unsigned long long)file->size);
    seg_status st = seg_pread_all(file->fd, start, sizeof start, 0, file->path, err);
    if (st == SEG_OK && memcmp(start, signature, sizeof start) != 0)
        st = seg_fail(err, SEG_E_DATA, "%s: not an HDF5 file: it does not begin like one",
                      file->path);
    return st;
}

/* Addresses and lengths of 8 bytes and nothing in front: what every writer of the last
 * twenty years makes, and what our own reading of texts relies on. */
static seg_status check_form(seg_h5 *file, seg_error *err)
{
    size_t address = 0, length = 0;
    hsize_t userblock = 1;
    hid_t plist = H5Fget_create_plist(file->id);
    bool fine = plist >= 0 && H5Pget_sizes(plist, &address, &length) >= 0 &&
                H5Pget_userblock(plist, &userblock) >= 0 && address == 8 && length == 8 &&
                userblock == 0;
    if (plist >= 0)
        H5Pclose(plist);
    return fine ? SEG_OK
                : h5_fail(err, SEG_E_DATA, "%s: an unusual form of HDF5 file: a user block or"
                          " short addresses", file->path);
}

static seg_status open_by_library(seg_h5 *file, seg_error *err)
{
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", file->fd);   /* no second look-up */
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access >= 0 && H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0 &&
        H5Pset_elink_file_cache_size(access, 0) >= 0 && H5Pset_fapl_sec2(access) >= 0 &&
        H5Pset_file_locking(access, false, true) >= 0)
        file->id = H5Fopen(name, H5F_ACC_RDONLY, access);
    seg_status st = SEG_OK;   /* every further call forgets why the last one failed */
    if (file->id < 0)
        st = h5_fail(err, SEG_E_DATA, "%s: cannot open it: damaged or cut off", file->path);
    if (access >= 0)
        H5Pclose(access);
    if (st != SEG_OK)
        return st;
    file->link_plist = H5Pcreate(H5P_LINK_ACCESS);
    if (file->link_plist < 0 || H5Pset_nlinks(file->link_plist, 1) < 0)
        return h5_fail(err, SEG_E_AGAIN, "%s: could not start reading HDF5", file->path);
    return SEG_OK;
}

seg_status seg_h5_open(const char *path, seg_h5 **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_h5 *file = NULL;
    *out = NULL;

    h5_begin();
    TRY(SEG_ALLOC(&file, 1, "an HDF5 file", err));
    file->fd = -1;
    file->n_threads = 1;
    file->id = file->link_plist = H5I_INVALID_HID;
    file->path = seg_arena_text(&file->arena, path);
    if (file->path == NULL) {
        st = seg_arena_failed(err);
        goto done;
    }
    TRY(seg_open_read(path, &file->fd, &file->size, err));
    TRY(check_signature(file, err));
    seg_guard_begin(path);
    st = open_by_library(file, err);
    if (st == SEG_OK)
        st = check_form(file, err);
    seg_guard_end();
    TRY(st);
    *out = file;
    file = NULL;

done:
    seg_h5_close(file);
    return st;
}

void h5_array_free(h5_array *array)
{
    if (array == NULL)
        return;
    if (array->id >= 0)
        H5Dclose(array->id);
    h5_chunks_free(&array->chunks);
    seg_free(array->compact);
    seg_free(array->portion);
    seg_free(array);
}

void seg_h5_close(seg_h5 *file)
{
    if (file == NULL)
        return;
    seg_guard_begin(file->path == NULL ? "" : file->path);
    for (size_t i = 0; i < file->n_arrays; i++)
        h5_array_free(file->arrays[i]);
    seg_free(file->arrays);
    if (file->link_plist >= 0)
        H5Pclose(file->link_plist);
    if (file->id >= 0)
        H5Fclose(file->id);
    H5Eclear2(H5E_DEFAULT);
    seg_guard_end();
    if (file->fd >= 0)
        close(file->fd);
    seg_free(file->heap.bytes);
    seg_free(file->heap.where);
    seg_arena_free(&file->arena);
    seg_free(file);
}

/* ---- finding --------------------------------------------------------------------- */

/* One more part of the path: it must be a hard link. */
static bool is_hard(const seg_h5 *file, const char *prefix)
{
    H5L_info_t info;
    return H5Lexists(file->id, prefix, file->link_plist) > 0 &&
           H5Lget_info(file->id, prefix, &info, file->link_plist) >= 0 &&
           info.type == H5L_TYPE_HARD;
}

static h5_object object_at(const seg_h5 *file, const char *path)
{
    H5O_info_t info;
    if (H5Oget_info_by_name2(file->id, path, &info, H5O_INFO_BASIC, file->link_plist) < 0)
        return H5_OBJECT_BAD;
    if (info.type == H5O_TYPE_GROUP)
        return H5_OBJECT_GROUP;
    return info.type == H5O_TYPE_DATASET ? H5_OBJECT_ARRAY : H5_OBJECT_BAD;
}

h5_object h5_find(const seg_h5 *file, const char *path)
{
    char prefix[2048];
    size_t n = strlen(path);
    if (n >= sizeof prefix)
        return H5_OBJECT_NONE;
    while (*path == '/')
        path++, n--;
    if (n == 0)
        return H5_OBJECT_GROUP;
    h5_object found = H5_OBJECT_NONE;
    seg_guard_begin(file->path);
    memcpy(prefix, path, n + 1);
    for (char *end = prefix; end != NULL;) {
        end = strchr(end, '/');
        if (end != NULL)
            *end = 0;
        if (!is_hard(file, prefix))
            found = H5Lexists(file->id, prefix, file->link_plist) > 0 ? H5_OBJECT_BAD
                                                                      : H5_OBJECT_NONE;
        else
            found = object_at(file, prefix);
        if (end == NULL || found != H5_OBJECT_GROUP)
            break;
        *end++ = '/';
    }
    H5Eclear2(H5E_DEFAULT);
    seg_guard_end();
    /* something stands in the way: the whole path is not there */
    return strlen(prefix) == n ? found : H5_OBJECT_NONE;
}

bool seg_h5_has(const seg_h5 *file, const char *path)
{
    h5_object found = h5_find(file, path);
    return found == H5_OBJECT_GROUP || found == H5_OBJECT_ARRAY;
}

typedef struct member_list {
    seg_arena *arena;
    const char **names;
    size_t n, cap;
    seg_status status;
    seg_error *err;
} member_list;

enum { MOST_MEMBERS = 1 << 20 };

static herr_t add_member(hid_t group, const char *name, const H5L_info_t *info, void *user)
{
    (void)group;
    member_list *list = user;
    if (info->type != H5L_TYPE_HARD)
        return 0;
    if (list->n >= MOST_MEMBERS) {
        list->status = seg_fail(list->err, SEG_E_DATA, "a group has more than %d members",
                                MOST_MEMBERS);
        return -1;
    }
    list->status = SEG_GROW(&list->names, &list->cap, list->n + 1, "names", list->err);
    if (list->status != SEG_OK)
        return -1;
    list->names[list->n] = seg_arena_text(list->arena, name);
    if (list->names[list->n] == NULL) {
        list->status = seg_arena_failed(list->err);
        return -1;
    }
    list->n++;
    return 0;
}

static H5_index_t order_of(hid_t group)
{
    unsigned flags = 0;
    hid_t plist = H5Gget_create_plist(group);
    if (plist >= 0) {
        H5Pget_link_creation_order(plist, &flags);
        H5Pclose(plist);
    }
    return (flags & H5P_CRT_ORDER_TRACKED) != 0 ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
}

seg_status seg_h5_members(seg_h5 *file, const char *path, const char *const **names, size_t *n,
                          seg_error *err)
{
    *names = NULL;
    *n = 0;
    if (h5_find(file, path) != H5_OBJECT_GROUP)
        return seg_fail(err, SEG_E_DATA, "%s: there is no group '%s'", file->path, path);
    seg_guard_begin(file->path);
    hid_t group = H5Gopen2(file->id, path[0] == 0 ? "/" : path, H5P_DEFAULT);
    if (group < 0) {
        seg_guard_end();
        return h5_fail(err, SEG_E_DATA, "%s: cannot open the group '%s'", file->path, path);
    }
    member_list list = { .arena = &file->arena, .err = err };
    hsize_t at = 0;
    if (H5Literate(group, order_of(group), H5_ITER_INC, &at, add_member, &list) < 0 &&
        list.status == SEG_OK)
        list.status = h5_fail(err, SEG_E_DATA, "%s: cannot list the group '%s'", file->path,
                              path);
    H5Gclose(group);
    H5Eclear2(H5E_DEFAULT);
    seg_guard_end();

    const char **kept = NULL;
    if (list.status == SEG_OK) {
        kept = seg_arena_get(&file->arena, (list.n + 1) * sizeof *kept);
        if (kept == NULL)
            list.status = seg_arena_failed(err);
    }
    if (list.status == SEG_OK) {
        if (list.n > 0)
            memcpy(kept, list.names, list.n * sizeof *kept);
        *names = kept;
        *n = list.n;
    }
    seg_free(list.names);
    return list.status;
}

/* ---- arrays ---------------------------------------------------------------------- */

static seg_status open_dataset(seg_h5 *file, h5_array *array, seg_error *err)
{
    switch (h5_find(file, array->path)) {
    case H5_OBJECT_NONE:
        return seg_fail(err, SEG_E_DATA, "there is no '%s'", array->path);
    case H5_OBJECT_GROUP:
        return seg_fail(err, SEG_E_DATA, "'%s' is a group, not an array", array->path);
    case H5_OBJECT_BAD:
        return seg_fail(err, SEG_E_DATA, "'%s' is a soft or external link or a damaged object;"
                        " only arrays in the file itself are read", array->path);
    case H5_OBJECT_ARRAY:
        break;
    }
    array->id = H5Dopen2(file->id, array->path, H5P_DEFAULT);
    if (array->id < 0)
        return h5_fail(err, SEG_E_DATA, "cannot open '%s'", array->path);
    return SEG_OK;
}

static seg_status read_shape(h5_array *array, seg_error *err)
{
    hsize_t dims[2] = { 1, 1 };
    hid_t space = H5Dget_space(array->id);
    H5S_class_t class = space < 0 ? H5S_NO_CLASS : H5Sget_simple_extent_type(space);
    int rank = class == H5S_SIMPLE ? H5Sget_simple_extent_ndims(space) : 0;
    seg_status st = SEG_OK;
    if (class != H5S_SIMPLE && class != H5S_SCALAR)
        st = h5_fail(err, SEG_E_DATA, "'%s' holds nothing", array->path);
    else if (rank < 0 || rank > 2)
        st = h5_fail(err, SEG_E_DATA, "'%s' has %d dimensions (at most 2 are read)",
                     array->path, rank);
    else if (rank > 0 && H5Sget_simple_extent_dims(space, dims, NULL) != rank)
        st = h5_fail(err, SEG_E_DATA, "cannot read the shape of '%s'", array->path);
    if (space >= 0)
        H5Sclose(space);
    array->rank = rank;
    array->n_rows = dims[0];
    array->n_cols = dims[1];
    return st;
}

static seg_status open_new(seg_h5 *file, const char *path, h5_array **out, seg_error *err)
{
    seg_status st = SEG_OK;
    h5_array *array = NULL;
    TRY(SEG_ALLOC(&array, 1, "an array", err));
    array->id = H5I_INVALID_HID;
    array->longest = SIZE_MAX;
    array->path = seg_arena_text(&file->arena, path);
    if (array->path == NULL) {
        st = seg_arena_failed(err);
        goto done;
    }
    TRY(open_dataset(file, array, err));
    TRY(read_shape(array, err));
    TRY(h5_read_type(file, array, err));
    TRY(h5_read_layout(file, array, err));
    TRY(SEG_GROW(&file->arrays, &file->arrays_cap, file->n_arrays + 1, "open arrays", err));
    file->arrays[file->n_arrays++] = array;
    *out = array;
    array = NULL;

done:
    h5_array_free(array);
    return st;
}

seg_status h5_open_array(seg_h5 *file, const char *path, h5_array **out, seg_error *err)
{
    *out = NULL;
    for (size_t i = 0; i < file->n_arrays; i++)
        if (strcmp(file->arrays[i]->path, path) == 0) {
            *out = file->arrays[i];
            return SEG_OK;
        }
    h5_begin();
    seg_guard_begin(file->path);
    seg_status st = open_new(file, path, out, err);
    H5Eclear2(H5E_DEFAULT);
    seg_guard_end();
    if (st != SEG_OK)
        seg_error_context(err, "%s", file->path);
    return st;
}
