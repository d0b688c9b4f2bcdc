/* h5_type.c: which HDF5 number and text types we read, and as what. Everything else
 * (references, opaque bytes, nested tables, odd bit layouts) is refused by name. */
#include "data/h5_internal.h"

#include <stdio.h>
#include <string.h>

static const char *class_name(H5T_class_t class)
{
    switch (class) {
    case H5T_TIME:      return "a time";
    case H5T_BITFIELD:  return "a bit field";
    case H5T_OPAQUE:    return "opaque bytes";
    case H5T_COMPOUND:  return "a table in a table";
    case H5T_REFERENCE: return "a reference";
    case H5T_VLEN:      return "a list of variable length";
    case H5T_ARRAY:     return "an array in a cell";
    default:            return "an unknown type";
    }
}

static bool is_half(hid_t type)
{
    size_t sign, exponent, exponent_bits, mantissa, mantissa_bits;
    return H5Tget_fields(type, &sign, &exponent, &exponent_bits, &mantissa,
                         &mantissa_bits) >= 0 &&
           sign == 15 && exponent == 10 && exponent_bits == 5 && mantissa == 0 &&
           mantissa_bits == 10 && H5Tget_ebias(type) == 15 &&
           H5Tget_norm(type) == H5T_NORM_IMPLIED;
}

static bool read_float(hid_t type, h5_cell *cell)
{
    cell->class = H5_CLASS_FLOAT;
    switch (cell->size) {
    case 2: return is_half(type);
    case 4: return H5Tequal(type, H5T_IEEE_F32LE) > 0 || H5Tequal(type, H5T_IEEE_F32BE) > 0;
    case 8: return H5Tequal(type, H5T_IEEE_F64LE) > 0 || H5Tequal(type, H5T_IEEE_F64BE) > 0;
    default: return false;
    }
}

static bool read_integer(hid_t type, h5_cell *cell)
{
    H5T_sign_t sign = H5Tget_sign(type);
    cell->class = sign == H5T_SGN_2 ? H5_CLASS_INT : H5_CLASS_UINT;
    return (sign == H5T_SGN_2 || sign == H5T_SGN_NONE) &&
           (cell->size == 1 || cell->size == 2 || cell->size == 4 || cell->size == 8) &&
           H5Tget_precision(type) == cell->size * 8 && H5Tget_offset(type) == 0;
}

/* FALSE and TRUE in one byte is how h5py writes booleans; other enumerations are read as
 * their numbers. */
static bool read_enum(hid_t type, h5_cell *cell)
{
    int8_t value = -1;
    bool boolean = cell->size == 1 && H5Tget_nmembers(type) == 2 &&
                   H5Tenum_valueof(type, "TRUE", &value) >= 0 && value == 1;
    hid_t base = H5Tget_super(type);
    bool fine = base >= 0 && read_integer(base, cell);
    if (fine)
        cell->big_endian = cell->size > 1 && H5Tget_order(base) == H5T_ORDER_BE;
    if (fine && boolean)
        cell->class = H5_CLASS_BOOL;
    if (base >= 0)
        H5Tclose(base);
    return fine;
}

static bool read_text(hid_t type, h5_cell *cell)
{
    H5T_cset_t cset = H5Tget_cset(type);
    htri_t variable = H5Tis_variable_str(type);
    cell->class = variable > 0 ? H5_CLASS_VLEN : H5_CLASS_TEXT;
    cell->space_padded = H5Tget_strpad(type) == H5T_STR_SPACEPAD;
    if (variable > 0)
        cell->size = 16;   /* length, heap address, number: as in the file */
    return variable >= 0 && (cset == H5T_CSET_ASCII || cset == H5T_CSET_UTF8);
}

static seg_status read_cell(hid_t type, const char *path, h5_cell *cell, seg_error *err)
{
    H5T_class_t class = H5Tget_class(type);
    bool fine = false;
    cell->size = H5Tget_size(type);
    cell->big_endian = false;
    if (class == H5T_FLOAT || class == H5T_INTEGER) {
        H5T_order_t order = H5Tget_order(type);
        fine = (order == H5T_ORDER_LE || order == H5T_ORDER_BE) &&
               (class == H5T_FLOAT ? read_float(type, cell) : read_integer(type, cell));
        cell->big_endian = order == H5T_ORDER_BE && cell->size > 1;
    } else if (class == H5T_ENUM) {
        fine = read_enum(type, cell);
    } else if (class == H5T_STRING) {
        fine = read_text(type, cell);
    } else {
        return h5_fail(err, SEG_E_DATA, "'%s' holds %s: only numbers, booleans and texts are"
                       " read", path, class_name(class));
    }
    if (!fine || cell->size == 0 || cell->size > (1u << 24))
        return h5_fail(err, SEG_E_DATA, "'%s' has an unusual number or text type of %zu bytes",
                       path, cell->size);
    return SEG_OK;
}

/* PyTables keeps the columns of one type as one array in each row: as many columns. */
static size_t columns_in(hid_t type)
{
    hsize_t n = 1;
    if (H5Tget_class(type) == H5T_ARRAY &&
        (H5Tget_array_ndims(type) != 1 || H5Tget_array_dims2(type, &n) != 1))
        return 0;
    return n <= H5_MAX_COLUMNS ? (size_t)n : 0;
}

/* Their names: as pandas keeps them, or numbered. */
static seg_status name_columns(seg_h5 *file, const h5_array *array, const char *name, size_t n,
                               h5_member *members, seg_error *err)
{
    char text[512];
    const char **names = seg_arena_get(&file->arena, n * sizeof *names);
    if (names == NULL)
        return seg_arena_failed(err);
    snprintf(text, sizeof text, "%.400s_kind", name);
    const char *pickle = seg_h5_get_attribute(file, array->path, text);
    bool named = pickle != NULL && h5_unpickle_names(&file->arena, pickle, names, n);
    for (size_t i = 0; i < n; i++) {
        snprintf(text, sizeof text, "%.400s_%zu", name, i);
        members[i].name = named ? names[i] : seg_arena_text(&file->arena, text);
        if (members[i].name == NULL)
            return seg_arena_failed(err);
    }
    return SEG_OK;
}

/* Member i of the type, from array->members[*at] on. */
static seg_status read_member(seg_h5 *file, h5_array *array, hid_t type, unsigned i, size_t *at,
                              seg_error *err)
{
    h5_member *members = &array->members[*at];
    hid_t inner = H5Tget_member_type(type, i);
    char *name = H5Tget_member_name(type, i);
    size_t n = inner < 0 ? 0 : columns_in(inner);
    bool is_list = n > 0 && H5Tget_class(inner) == H5T_ARRAY;
    hid_t cell_type = is_list ? H5Tget_super(inner) : inner;
    seg_status st = SEG_OK;
    if (inner < 0 || name == NULL || cell_type < 0 || n == 0)
        st = h5_fail(err, SEG_E_DATA, "cannot read column %u of the table '%s'", i + 1,
                     array->path);
    if (st == SEG_OK)
        st = read_cell(cell_type, name, &members[0].cell, err);
    if (st == SEG_OK && is_list && members[0].cell.class == H5_CLASS_VLEN)
        st = seg_fail(err, SEG_E_DATA, "'%s' holds lists of texts of variable length", name);
    if (st == SEG_OK && is_list)
        st = name_columns(file, array, name, n, members, err);
    if (st == SEG_OK && !is_list) {
        members[0].name = seg_arena_text(&file->arena, name);
        st = members[0].name == NULL ? seg_arena_failed(err) : SEG_OK;
    }
    for (size_t k = 0; k < n && st == SEG_OK; k++) {
        members[k].cell = members[0].cell;
        members[k].cell.offset = H5Tget_member_offset(type, i) + k * members[0].cell.size;
    }
    *at += n;
    if (name != NULL)
        H5free_memory(name);
    if (is_list && cell_type >= 0)
        H5Tclose(cell_type);
    if (inner >= 0)
        H5Tclose(inner);
    return st;
}

/* libhdf5 gives offsets in memory, where a text of variable length is a pointer of 8
 * bytes; in the file it has 16, and what follows lies so much further. */
static seg_status place_members(h5_array *array, seg_error *err)
{
    size_t shift = 0, end = 0;
    for (size_t i = 0; i < array->n_members; i++) {
        h5_cell *cell = &array->members[i].cell;
        cell->offset += shift;
        if (cell->offset < end)
            return seg_fail(err, SEG_E_DATA, "the columns of the table '%s' overlap",
                            array->path);
        end = cell->offset + cell->size;
        if (cell->class == H5_CLASS_VLEN)
            shift += cell->size - sizeof(char *);
    }
    array->element += shift;
    if (end > array->element)
        return seg_fail(err, SEG_E_DATA, "the columns of the table '%s' do not fit its rows",
                        array->path);
    return SEG_OK;
}

static size_t count_columns(hid_t type, int n)
{
    size_t all = 0;
    for (unsigned i = 0; i < (unsigned)n; i++) {
        hid_t inner = H5Tget_member_type(type, i);
        all += inner < 0 ? 0 : columns_in(inner);
        if (inner >= 0)
            H5Tclose(inner);
    }
    return all;
}

static seg_status read_members(seg_h5 *file, h5_array *array, hid_t type, seg_error *err)
{
    int n = H5Tget_nmembers(type);
    size_t n_columns = n < 1 || n > H5_MAX_COLUMNS ? 0 : count_columns(type, n), at = 0;
    array->element = H5Tget_size(type);
    if (n_columns < 1 || n_columns > H5_MAX_COLUMNS || array->element == 0)
        return h5_fail(err, SEG_E_DATA, "the table '%s' has %d columns (1 to %d allowed)",
                       array->path, n, H5_MAX_COLUMNS);
    array->members = seg_arena_get(&file->arena, n_columns * sizeof *array->members);
    if (array->members == NULL)
        return seg_arena_failed(err);
    seg_status st = SEG_OK;
    for (unsigned i = 0; i < (unsigned)n && st == SEG_OK; i++)
        st = read_member(file, array, type, i, &at, err);
    array->n_members = n_columns;
    return st == SEG_OK ? place_members(array, err) : st;
}

seg_status h5_read_type(seg_h5 *file, h5_array *array, seg_error *err)
{
    hid_t type = H5Dget_type(array->id);
    seg_status st;
    if (type < 0)
        return h5_fail(err, SEG_E_DATA, "cannot read the type of '%s'", array->path);
    if (H5Tget_class(type) == H5T_COMPOUND) {
        st = read_members(file, array, type, err);
    } else {
        st = read_cell(type, array->path, &array->cell, err);
        array->element = array->cell.size;
    }
    H5Tclose(type);
    return st;
}

seg_h5_type h5_nearest_type(const h5_cell *cell)
{
    switch (cell->class) {
    case H5_CLASS_FLOAT: return cell->size <= 4 ? SEG_H5_F32 : SEG_H5_F64;
    case H5_CLASS_INT:
        return cell->size == 1 ? SEG_H5_I8 : cell->size <= 4 ? SEG_H5_I32 : SEG_H5_I64;
    case H5_CLASS_UINT:
        return cell->size == 1 ? SEG_H5_U8 : cell->size == 2 ? SEG_H5_I32
               : cell->size == 4 ? SEG_H5_I64 : SEG_H5_U64;
    case H5_CLASS_BOOL:  return SEG_H5_BOOL;
    case H5_CLASS_TEXT:
    case H5_CLASS_VLEN:  return SEG_H5_TEXT;
    }
    return SEG_H5_F64;
}
