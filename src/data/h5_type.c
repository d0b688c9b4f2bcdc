/* h5_type.c: which HDF5 number and text types we read, and as what. Everything else
 * (references, opaque bytes, nested tables, odd bit layouts) is refused by name. */
#include "data/h5_internal.h"

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

static seg_status read_member(seg_h5 *file, h5_array *array, hid_t type, unsigned i,
                              seg_error *err)
{
    h5_member *member = &array->members[i];
    hid_t inner = H5Tget_member_type(type, i);
    char *name = H5Tget_member_name(type, i);
    seg_status st = SEG_OK;
    if (inner < 0 || name == NULL)
        st = h5_fail(err, SEG_E_DATA, "cannot read column %u of the table '%s'", i + 1,
                     array->path);
    if (st == SEG_OK) {
        member->name = seg_arena_text(&file->arena, name);
        st = member->name == NULL ? seg_arena_failed(err)
                                  : read_cell(inner, member->name, &member->cell, err);
    }
    if (st == SEG_OK)
        member->cell.offset = H5Tget_member_offset(type, i);
    if (name != NULL)
        H5free_memory(name);
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

static seg_status read_members(seg_h5 *file, h5_array *array, hid_t type, seg_error *err)
{
    int n = H5Tget_nmembers(type);
    array->element = H5Tget_size(type);
    if (n < 1 || n > H5_MAX_COLUMNS || array->element == 0)
        return h5_fail(err, SEG_E_DATA, "the table '%s' has %d columns (1 to %d allowed)",
                       array->path, n, H5_MAX_COLUMNS);
    array->members = seg_arena_get(&file->arena, (size_t)n * sizeof *array->members);
    if (array->members == NULL)
        return seg_arena_failed(err);
    seg_status st = SEG_OK;
    for (unsigned i = 0; i < (unsigned)n && st == SEG_OK; i++)
        st = read_member(file, array, type, i, err);
    array->n_members = (size_t)n;
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
