/* h5_writer.c: a new HDF5 file: groups, attributes, and arrays whose bytes we write.
 *
 * libhdf5 lays out the metadata and says where an array lies; its bytes go there by
 * pwrite. Arrays are contiguous and, from 4 KiB on, begin at a multiple of 4 KiB, so that
 * a reader can map them; in an archive they are in compressed chunks (h5_archive.c). Both
 * format bounds are 1.10: a file whose writer died says so
 * when opened, while older formats may open and read as zeros. No times, no addresses, a
 * fixed order: equal calls give equal bytes. */
#include "data/h5_internal.h"

#include <string.h>
#include "base/alloc.h"
#include "base/hash.h"
#include "base/try.h"

enum { ALIGNMENT = 4096 };

/* Up to so many members of a group stand in its own, checksummed header. In a group of more,
 * libhdf5 keeps a heap and trees beside it, and frees what it never set when one of these is
 * damaged (H5G__dense_iterate): by default that begins at nine. */
enum { COMPACT_LINKS = 64 };

static seg_status make_plists(seg_h5_writer *w, seg_error *err)
{
    w->group_plist = H5Pcreate(H5P_GROUP_CREATE);
    w->array_plist = H5Pcreate(H5P_DATASET_CREATE);
    if (w->group_plist < 0 || w->array_plist < 0 ||
        H5Pset_link_creation_order(w->group_plist,
                                   H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED) < 0 ||
        H5Pset_obj_track_times(w->group_plist, false) < 0 ||
        H5Pset_link_phase_change(w->group_plist, COMPACT_LINKS, COMPACT_LINKS / 2) < 0 ||
        H5Pset_layout(w->array_plist, H5D_CONTIGUOUS) < 0 ||
        H5Pset_alloc_time(w->array_plist, H5D_ALLOC_TIME_EARLY) < 0 ||
        H5Pset_fill_time(w->array_plist, H5D_FILL_TIME_NEVER) < 0 ||
        H5Pset_obj_track_times(w->array_plist, false) < 0)
        return h5_fail(err, SEG_E_AGAIN, "could not start writing HDF5");
    return SEG_OK;
}

static seg_status make_file(seg_h5_writer *w, seg_error *err)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), create = H5Pcreate(H5P_FILE_CREATE);
    bool ready = access >= 0 && create >= 0 &&
                 H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110) >= 0 &&
                 (w->archive != NULL || H5Pset_alignment(access, ALIGNMENT, ALIGNMENT) >= 0) &&
                 H5Pset_file_locking(access, false, true) >= 0 &&
                 H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0 &&
                 H5Pset_link_creation_order(create, H5P_CRT_ORDER_TRACKED |
                                                        H5P_CRT_ORDER_INDEXED) >= 0 &&
                 H5Pset_obj_track_times(create, false) >= 0;
    if (ready)
        w->id = H5Fcreate(seg_file_temp_path(w->file), H5F_ACC_TRUNC, create, access);
    seg_status st = SEG_OK;   /* every further call forgets why the last one failed */
    if (w->id < 0)
        st = h5_fail(err, SEG_E_IO, "could not create an HDF5 file");
    H5Pclose(access);
    H5Pclose(create);
    return st;
}

static seg_status encode(hid_t object, const char *type, const char *version, seg_error *err)
{
    seg_status st = h5_put_attribute(object, "encoding-type", type, err);
    return st != SEG_OK ? st : h5_put_attribute(object, "encoding-version", version, err);
}

seg_status h5_create(const char *path, bool anndata, int n_threads, seg_h5_writer **out,
                     seg_error *err)
{
    seg_status st = SEG_OK;
    seg_h5_writer *w = NULL;
    *out = NULL;

    h5_begin();
    TRY(SEG_ALLOC(&w, 1, "an HDF5 writer", err));
    w->id = w->group_plist = w->array_plist = w->frame = H5I_INVALID_HID;
    w->anndata = anndata;
    TRY(seg_file_create(path, &w->file, err));
    if (n_threads > 0)
        TRY(h5_archive_new(n_threads, &w->archive, err));
    TRY(make_plists(w, err));
    TRY(make_file(w, err));
    TRY(encode(w->id, anndata ? "anndata" : "dict", "0.1.0", err));
    *out = w;
    w = NULL;

done:
    seg_h5_writer_close(w);
    if (st != SEG_OK)
        seg_error_context(err, "%s", path);
    return st;
}

seg_status seg_h5_create(const char *path, bool anndata, seg_h5_writer **out, seg_error *err)
{
    return h5_create(path, anndata, 0, out, err);
}

static void close_ids(seg_h5_writer *w)
{
    if (w->frame >= 0)
        H5Gclose(w->frame);
    if (w->group_plist >= 0)
        H5Pclose(w->group_plist);
    if (w->array_plist >= 0)
        H5Pclose(w->array_plist);
    w->frame = w->group_plist = w->array_plist = H5I_INVALID_HID;
}

void seg_h5_writer_close(seg_h5_writer *w)
{
    if (w == NULL)
        return;
    close_ids(w);
    h5_archive_free(w->archive);
    if (w->id >= 0)
        H5Fclose(w->id);
    H5Eclear2(H5E_DEFAULT);
    seg_file_close(w->file);
    seg_arena_free(&w->arena);
    seg_free(w->slots);
    seg_free(w->names);
    seg_free(w);
}

/* Every reserved row was written? A short array would read as zeros. */
static seg_status check_filled(const seg_h5_writer *w, seg_error *err)
{
    for (size_t i = 0; i < w->n_slots; i++)
        if (w->slots[i].n_filled < w->slots[i].n_rows)
            return seg_fail(err, SEG_E_IO, "'%s' was given %llu of its %llu rows",
                            w->slots[i].path, (unsigned long long)w->slots[i].n_filled,
                            (unsigned long long)w->slots[i].n_rows);
    return SEG_OK;
}

seg_status seg_h5_finish(seg_h5_writer *w, seg_error *err)
{
    if (w->id < 0)
        return SEG_OK;
    seg_status st = check_filled(w, err);
    if (st == SEG_OK)
        st = h5_put_hashes(w, err);
    if (st == SEG_OK && w->archive != NULL)
        st = h5_archive_finish(w->archive, err);
    if (st != SEG_OK)
        return st;
    close_ids(w);
    herr_t closed = H5Fclose(w->id);
    w->id = H5I_INVALID_HID;
    if (closed < 0)
        return h5_fail(err, SEG_E_IO, "%s: could not finish the HDF5 file",
                       seg_file_temp_path(w->file));
    return SEG_OK;
}

const char *seg_h5_temp_path(const seg_h5_writer *w) { return seg_file_temp_path(w->file); }

seg_status seg_h5_commit(seg_h5_writer *w, seg_error *err)
{
    seg_status st = seg_h5_finish(w, err);
    return st != SEG_OK ? st : seg_file_commit(w->file, err);
}

/* ---- attributes ---------------------------------------------------------------- */

static seg_status put_attribute(hid_t object, const char *name, hid_t type, hid_t space,
                                hid_t memory_type, const void *value, seg_error *err)
{
    hid_t attribute = H5I_INVALID_HID;
    bool done = type >= 0 && space >= 0;
    if (done) {
        attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
        done = attribute >= 0 && H5Awrite(attribute, memory_type, value) >= 0;
    }
    seg_status st = SEG_OK;
    if (!done)
        st = h5_fail(err, SEG_E_IO, "could not write the attribute '%s'", name);
    if (attribute >= 0)
        H5Aclose(attribute);
    if (space >= 0)
        H5Sclose(space);
    return st;
}

seg_status h5_put_attribute(hid_t object, const char *name, const char *value, seg_error *err)
{
    hid_t type = h5_text_type(0);
    seg_status st = put_attribute(object, name, type, H5Screate(H5S_SCALAR), type, &value, err);
    H5Tclose(type);
    return st;
}

seg_status h5_put_int_attribute(hid_t object, const char *name, int64_t value, seg_error *err)
{
    return put_attribute(object, name, H5T_STD_I64LE, H5Screate(H5S_SCALAR), H5T_NATIVE_INT64,
                         &value, err);
}

seg_status h5_put_bool_attribute(hid_t object, const char *name, bool value, seg_error *err)
{
    int8_t byte = value;
    hid_t type = h5_bool_type();
    seg_status st = put_attribute(object, name, type, H5Screate(H5S_SCALAR), type, &byte, err);
    H5Tclose(type);
    return st;
}

seg_status h5_put_list_attribute(hid_t object, const char *name, const char *const *texts,
                                 size_t n, seg_error *err)
{
    static const char *const none;   /* HDF5 wants an address even for nothing */
    hsize_t count = n;
    hid_t type = n == 0 ? H5Tcopy(H5T_IEEE_F64LE) : h5_text_type(0);
    seg_status st = put_attribute(object, name, type, H5Screate_simple(1, &count, NULL), type,
                                  n == 0 ? &none : texts, err);
    H5Tclose(type);
    return st;
}

seg_status seg_h5_attribute(seg_h5_writer *w, const char *path, const char *name,
                            const char *value, seg_error *err)
{
    hid_t object = H5Oopen(w->id, path[0] == 0 ? "/" : path, H5P_DEFAULT);
    if (object < 0)
        return h5_fail(err, SEG_E_IO, "there is no '%s' for the attribute '%s'", path, name);
    seg_status st = h5_put_attribute(object, name, value, err);
    H5Oclose(object);
    return st;
}

/* ---- groups -------------------------------------------------------------------- */

seg_status h5_make_group(seg_h5_writer *w, hid_t at, const char *name, const char *encoding,
                         const char *version, hid_t *group, seg_error *err)
{
    *group = H5Gcreate2(at, name, H5P_DEFAULT, w->group_plist, H5P_DEFAULT);
    if (*group < 0)
        return h5_fail(err, SEG_E_IO, "could not make the group '%s'", name);
    seg_status st = encode(*group, encoding, version, err);
    if (st != SEG_OK) {
        H5Gclose(*group);
        *group = H5I_INVALID_HID;
    }
    return st;
}

/* The member `name` of `at`, made as a dict if it is not there. */
static seg_status enter(seg_h5_writer *w, hid_t at, const char *name, hid_t *group,
                        seg_error *err)
{
    htri_t there = H5Lexists(at, name, H5P_DEFAULT);
    if (there == 0)
        return h5_make_group(w, at, name, "dict", "0.1.0", group, err);
    *group = there > 0 ? H5Gopen2(at, name, H5P_DEFAULT) : H5I_INVALID_HID;
    if (*group < 0)
        return h5_fail(err, SEG_E_IO, "could not open the group '%s'", name);
    return SEG_OK;
}

seg_status h5_parent(seg_h5_writer *w, const char *path, hid_t *group, const char **name,
                     seg_error *err)
{
    seg_status st = SEG_OK;
    char part[256];
    hid_t at = H5Gopen2(w->id, "/", H5P_DEFAULT), next;
    *group = H5I_INVALID_HID;
    if (at < 0)
        return h5_fail(err, SEG_E_IO, "could not open the root group");

    for (const char *slash; (slash = strchr(path, '/')) != NULL; path = slash + 1) {
        size_t n = (size_t)(slash - path);
        if (n == 0 || n >= sizeof part) {
            st = seg_fail(err, SEG_E_IO, "a group name has %zu bytes (1 to 255 allowed)", n);
            goto done;
        }
        memcpy(part, path, n);
        part[n] = 0;
        TRY(enter(w, at, part, &next, err));
        H5Gclose(at);
        at = next;
    }
    *group = at;
    *name = path;
    at = H5I_INVALID_HID;

done:
    if (at >= 0)
        H5Gclose(at);
    return st;
}

/* ---- arrays --------------------------------------------------------------------- */

static hid_t array_type(const h5_shape *shape)
{
    if (shape->narrow == 1)
        return H5Tcopy(H5T_STD_I8LE);
    if (shape->narrow == 2)
        return H5Tcopy(H5T_STD_I16LE);
    return h5_file_type(shape->type, shape->width);
}

static seg_status place(hid_t id, const h5_shape *shape, const char *name, uint64_t *offset,
                        seg_error *err)
{
    bool empty = shape->rank > 0 && (shape->n_rows == 0 ||
                                     (shape->rank == 2 && shape->n_cols == 0));
    haddr_t address = H5Dget_offset(id);
    *offset = address;
    if (address == HADDR_UNDEF && !empty)
        return h5_fail(err, SEG_E_IO, "could not find the place of '%s'", name);
    return SEG_OK;
}

seg_status h5_make_array(seg_h5_writer *w, hid_t at, const char *name, const h5_shape *shape,
                         h5_slot *slot, hid_t *keep, seg_error *err)
{
    seg_status st = SEG_OK;
    hsize_t dims[2] = { shape->n_rows, shape->n_cols };
    hid_t type = array_type(shape), id = H5I_INVALID_HID, plist = w->array_plist;
    hid_t space = shape->rank == 0 ? H5Screate(H5S_SCALAR)
                                   : H5Screate_simple(shape->rank, dims, NULL);
    if (h5_archive_wants(w->archive, shape)) {
        TRY(h5_packed_new(w->archive, shape, &slot->packed, err));
        plist = h5_packed_plist(slot->packed, shape->rank);
    }
    if (type >= 0 && space >= 0 && plist >= 0)
        id = H5Dcreate2(at, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    if (id < 0) {
        st = h5_fail(err, SEG_E_IO, "could not make the array '%s'", name);
        goto done;
    }
    if (shape->encoding != NULL)
        TRY(encode(id, shape->encoding, "0.2.0", err));
    if (slot->packed != NULL) {
        H5Iinc_ref(id);
        h5_packed_set(slot->packed, id);
    } else {
        TRY(place(id, shape, name, &slot->offset, err));
    }
    if (keep != NULL) {
        *keep = id;
        id = H5I_INVALID_HID;
    }

done:
    if (id >= 0)
        H5Dclose(id);
    if (plist >= 0 && plist != w->array_plist)
        H5Pclose(plist);
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    return st;
}

seg_status h5_remember(seg_h5_writer *w, const char *path, const h5_slot *slot, seg_error *err)
{
    seg_status st = SEG_GROW(&w->slots, &w->slots_cap, w->n_slots + 1, "the list of arrays", err);
    if (st != SEG_OK)
        return st;
    w->slots[w->n_slots] = *slot;
    h5_slot *kept = &w->slots[w->n_slots];
    kept->path = seg_arena_text(&w->arena, path);
    kept->object = slot->object == NULL ? kept->path : seg_arena_text(&w->arena, slot->object);
    if (kept->path == NULL || kept->object == NULL)
        return seg_arena_failed(err);
    w->n_slots++;
    return SEG_OK;
}

seg_status seg_h5_reserve(seg_h5_writer *w, const char *path, seg_h5_type type, uint64_t n_rows,
                          uint64_t n_cols, size_t width, seg_error *err)
{
    seg_status st = SEG_OK;
    hid_t at = H5I_INVALID_HID;
    const char *name;
    h5_shape shape = { type, width, 0, n_cols == 0 ? 1 : 2, n_rows, n_cols,
                       type == SEG_H5_TEXT ? "string-array" : "array" };
    h5_slot slot = { .n_rows = n_rows };
    uint64_t total;
    if (__builtin_mul_overflow((uint64_t)h5_cell_bytes(type, width), n_cols == 0 ? 1 : n_cols,
                               &slot.row_bytes) ||
        __builtin_mul_overflow((uint64_t)slot.row_bytes, n_rows, &total) || total > INT64_MAX)
        return seg_fail(err, SEG_E_DATA, "'%s' would be larger than any file", path);

    TRY(h5_parent(w, path, &at, &name, err));
    TRY(h5_make_array(w, at, name, &shape, &slot, NULL, err));
    TRY(h5_remember(w, path, &slot, err));

done:
    if (at >= 0)
        H5Gclose(at);
    return st;
}

/* int32 codes in 1 or 2 bytes, a portion at a time. */
static seg_status write_narrow(seg_h5_writer *w, const h5_slot *slot, uint64_t first_row,
                               const int32_t *codes, uint64_t n_rows, seg_error *err)
{
    enum { PORTION = 16384 };
    int16_t wide[PORTION];
    int8_t *small = (int8_t *)(void *)wide;
    seg_status st = SEG_OK;
    for (uint64_t i = 0; i < n_rows && st == SEG_OK;) {
        uint64_t n = n_rows - i < PORTION ? n_rows - i : PORTION;
        if (slot->narrow == 1)
            for (uint64_t j = 0; j < n; j++)
                small[j] = (int8_t)codes[i + j];
        else
            for (uint64_t j = 0; j < n; j++)
                wide[j] = (int16_t)codes[i + j];
        st = seg_file_pwrite(w->file, wide, n * slot->narrow,
                             slot->offset + (first_row + i) * slot->narrow, err);
        i += n;
    }
    return st;
}

seg_status h5_slot_write(seg_h5_writer *w, const h5_slot *slot, uint64_t first_row,
                         const void *data, uint64_t n_rows, seg_error *err)
{
    if (first_row > slot->n_rows || n_rows > slot->n_rows - first_row)
        return seg_fail(err, SEG_E_IO, "rows %llu to %llu of '%s' do not fit: it has %llu",
                        (unsigned long long)first_row, (unsigned long long)(first_row + n_rows),
                        slot->path, (unsigned long long)slot->n_rows);
    if (n_rows == 0 || slot->row_bytes == 0)
        return SEG_OK;
    if (slot->narrow != 0)
        return write_narrow(w, slot, first_row, data, n_rows, err);
    return seg_file_pwrite(w->file, data, n_rows * slot->row_bytes,
                           slot->offset + first_row * slot->row_bytes, err);
}

/* The newest first: most arrays are filled right after they were made. */
h5_slot *h5_find_slot(seg_h5_writer *w, const char *path)
{
    for (size_t i = w->n_slots; i > 0; i--)
        if (strcmp(w->slots[i - 1].path, path) == 0)
            return &w->slots[i - 1];
    return NULL;
}

seg_status seg_h5_fill(seg_h5_writer *w, const char *path, uint64_t first_row, const void *data,
                       uint64_t n_rows, seg_error *err)
{
    h5_slot *slot = h5_find_slot(w, path);
    if (slot == NULL)
        return seg_fail(err, SEG_E_IO, "no array '%s' was reserved", path);
    size_t given_bytes = slot->narrow != 0 ? sizeof(int32_t) : slot->row_bytes;
    seg_status st = slot->packed == NULL ? h5_slot_write(w, slot, first_row, data, n_rows, err)
                    : h5_packed_add(w->archive, slot->packed, data, given_bytes, n_rows, err);
    if (st != SEG_OK)
        return st;
    slot->whole = first_row == 0 && n_rows == slot->n_rows && slot->n_filled == 0 &&
                  given_bytes > 0;
    if (slot->whole)
        slot->hash = seg_xxh3(data, n_rows * given_bytes);
    slot->n_filled += n_rows;
    return SEG_OK;
}
