/* h5_layout.c: where the bytes of an array are. They must be in this file: no external
 * storage, no virtual arrays; and the file must be long enough for all of them. */
#include "data/h5_internal.h"

#include <string.h>
#include "base/alloc.h"

static bool whole_bytes(const h5_array *array, uint64_t *bytes)
{
    uint64_t cells;
    return !__builtin_mul_overflow(array->n_rows, array->n_cols, &cells) &&
           !__builtin_mul_overflow(cells, (uint64_t)array->element, bytes) &&
           *bytes <= INT64_MAX;
}

static seg_status read_contiguous(seg_h5 *file, h5_array *array, uint64_t bytes, seg_error *err)
{
    if (bytes == 0)
        return SEG_OK;
    haddr_t address = H5Dget_offset(array->id);
    if (address == HADDR_UNDEF)
        return h5_fail(err, SEG_E_DATA, "'%s' was never written", array->path);
    if (address > file->size || bytes > file->size - address ||
        H5Dget_storage_size(array->id) != bytes)
        return h5_fail(err, SEG_E_DATA, "'%s' claims %llu bytes at %llu: more than the file has",
                       array->path, (unsigned long long)bytes, (unsigned long long)address);
    array->address = address;
    return SEG_OK;
}

/* At most 64 KiB inside the object's header: libhdf5 has them already. */
static seg_status read_compact(h5_array *array, uint64_t bytes, seg_error *err)
{
    if (bytes == 0)
        return SEG_OK;
    if (bytes > 65536 || H5Dget_storage_size(array->id) != bytes ||
        array->cell.class == H5_CLASS_VLEN || array->members != NULL)
        return h5_fail(err, SEG_E_DATA, "'%s' is kept in its header in a way that is not read",
                       array->path);
    seg_status st = SEG_ALLOC(&array->compact, bytes, "a small array", err);
    if (st != SEG_OK)
        return st;
    hid_t type = H5Dget_type(array->id);
    bool fine = type >= 0 && H5Tget_size(type) == array->element &&
                H5Dread(array->id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, array->compact) >= 0;
    if (type >= 0)
        H5Tclose(type);
    return fine ? SEG_OK : h5_fail(err, SEG_E_DATA, "cannot read '%s'", array->path);
}

seg_status h5_read_layout(seg_h5 *file, h5_array *array, seg_error *err)
{
    uint64_t bytes;
    if (!whole_bytes(array, &bytes))
        return seg_fail(err, SEG_E_DATA, "'%s' is %llu x %llu: larger than any file",
                        array->path, (unsigned long long)array->n_rows,
                        (unsigned long long)array->n_cols);
    hid_t plist = H5Dget_create_plist(array->id);
    if (plist < 0)
        return h5_fail(err, SEG_E_DATA, "cannot read the layout of '%s'", array->path);
    seg_status st;
    array->layout = H5Pget_layout(plist);
    if (H5Pget_external_count(plist) != 0)
        st = h5_fail(err, SEG_E_DATA, "'%s' keeps its data in another file: not read",
                     array->path);
    else if (array->layout == H5D_CONTIGUOUS)
        st = read_contiguous(file, array, bytes, err);
    else if (array->layout == H5D_COMPACT)
        st = read_compact(array, bytes, err);
    else if (array->layout == H5D_CHUNKED)
        st = h5_check_chunks(file, array, plist, err);
    else
        st = h5_fail(err, SEG_E_DATA, "'%s' is a virtual array (data in other files): not read",
                     array->path);
    H5Pclose(plist);
    return st;
}

seg_status h5_fetch(seg_h5 *file, h5_array *array, uint64_t first_row, uint64_t n_rows,
                    unsigned char *out, seg_error *err)
{
    uint64_t row_bytes = array->n_cols * array->element;
    if (first_row > array->n_rows || n_rows > array->n_rows - first_row)
        return seg_fail(err, SEG_E_DATA, "%s: '%s' has %llu rows; rows %llu to %llu are wanted",
                        file->path, array->path, (unsigned long long)array->n_rows,
                        (unsigned long long)first_row, (unsigned long long)(first_row + n_rows));
    if (n_rows == 0 || row_bytes == 0)
        return SEG_OK;
    if (array->layout == H5D_CHUNKED)
        return h5_fetch_chunked(file, array, first_row, n_rows, out, err);
    if (array->layout == H5D_COMPACT) {
        memcpy(out, array->compact + first_row * row_bytes, n_rows * row_bytes);
        return SEG_OK;
    }
    return seg_pread_all(file->fd, out, n_rows * row_bytes,
                         array->address + first_row * row_bytes, file->path, err);
}
