/* h5_convert.c: numbers of any width and byte order into ours, texts into cells of one
 * width. A value that does not fit is never bent: the caller names its row. */
#include "data/h5_internal.h"

#include <math.h>
#include <string.h>
#include "base/text.h"
#include "data/simd.h"

/* A number of the file: whole (i, or u above INT64_MAX) or real. */
typedef struct number {
    bool whole, huge;         /* huge: only u holds it */
    int64_t i;
    uint64_t u;
    double r;
} number;

static uint64_t load_bits(const unsigned char *p, size_t size, bool big_endian)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < size; i++)
        bits |= (uint64_t)p[big_endian ? size - 1 - i : i] << (8 * i);
    return bits;
}

static double half_to_double(uint64_t bits)
{
    int exponent = (int)(bits >> 10 & 31);
    double fraction = (double)(bits & 1023), sign = (bits >> 15 & 1) != 0 ? -1 : 1;
    if (exponent == 31)
        return fraction != 0 ? NAN : sign * INFINITY;
    return sign * (exponent == 0 ? ldexp(fraction, -24) : ldexp(fraction + 1024, exponent - 25));
}

static double to_real(uint64_t bits, size_t size)
{
    if (size == 2)
        return half_to_double(bits);
    if (size == 4) {
        uint32_t low = (uint32_t)bits;
        float f;
        memcpy(&f, &low, sizeof f);
        return (double)f;
    }
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

static number load(const h5_cell *cell, const unsigned char *p)
{
    uint64_t bits = load_bits(p, cell->size, cell->big_endian);
    number v = { .whole = cell->class != H5_CLASS_FLOAT };
    if (cell->class == H5_CLASS_FLOAT) {
        v.r = to_real(bits, cell->size);
    } else if (cell->class == H5_CLASS_UINT) {
        v.u = bits;
        v.huge = bits > INT64_MAX;
        v.i = v.huge ? 0 : (int64_t)bits;
        v.r = (double)bits;
    } else {   /* sign extended */
        unsigned shift = (unsigned)(64 - 8 * cell->size);
        v.i = (int64_t)(bits << shift) >> shift;
        v.u = (uint64_t)v.i;
        v.r = (double)v.i;
    }
    return v;
}

/* A real number that is whole and within INT64 becomes one. */
static bool make_whole(number *v)
{
    if (v->whole)
        return !v->huge;
    if (!(v->r >= -0x1p63 && v->r < 0x1p63) || v->r != floor(v->r))
        return false;
    v->i = (int64_t)v->r;
    return true;
}

static bool store_float(number v, void *out)
{
    float f = (float)v.r;
    if (isinf(f) && !isinf(v.r))
        return false;
    memcpy(out, &f, sizeof f);
    return true;
}

static bool store_small(number v, int64_t min, int64_t max, size_t size, void *out)
{
    if (!make_whole(&v) || v.i < min || v.i > max)
        return false;
    memcpy(out, &v.i, size);   /* little-endian: the low bytes */
    return true;
}

static bool store_u64(number v, void *out)
{
    if (v.huge) {
        memcpy(out, &v.u, sizeof v.u);
        return true;
    }
    return store_small(v, 0, INT64_MAX, 8, out);
}

static bool store(number v, seg_h5_type type, void *out)
{
    switch (type) {
    case SEG_H5_F32:  return store_float(v, out);
    case SEG_H5_F64:  memcpy(out, &v.r, sizeof v.r); return true;
    case SEG_H5_I8:   return store_small(v, INT8_MIN, INT8_MAX, 1, out);
    case SEG_H5_I32:  return store_small(v, INT32_MIN, INT32_MAX, 4, out);
    case SEG_H5_I64:  return store_small(v, INT64_MIN, INT64_MAX, 8, out);
    case SEG_H5_U8:   return store_small(v, 0, UINT8_MAX, 1, out);
    case SEG_H5_U64:  return store_u64(v, out);
    case SEG_H5_BOOL: return store_small(v, 0, 1, 1, out);
    case SEG_H5_TEXT: return false;
    }
    return false;
}

bool h5_convert_plainly(const h5_cell *cell, const unsigned char *in, size_t element, size_t n,
                        seg_h5_type type, void *out, size_t stride, size_t *bad)
{
    for (size_t i = 0; i < n; i++)
        if (!store(load(cell, in + i * element), type, (unsigned char *)out + i * stride)) {
            *bad = i;
            return false;
        }
    return true;
}

/* Same bytes in the file as in memory? */
static bool is_same(const h5_cell *cell, seg_h5_type type)
{
    if (cell->big_endian)
        return false;
    switch (type) {
    case SEG_H5_F32: return cell->class == H5_CLASS_FLOAT && cell->size == 4;
    case SEG_H5_F64: return cell->class == H5_CLASS_FLOAT && cell->size == 8;
    case SEG_H5_I8:  return cell->class == H5_CLASS_INT && cell->size == 1;
    case SEG_H5_I32: return cell->class == H5_CLASS_INT && cell->size == 4;
    case SEG_H5_I64: return cell->class == H5_CLASS_INT && cell->size == 8;
    case SEG_H5_U8:  return cell->class == H5_CLASS_UINT && cell->size == 1;
    case SEG_H5_U64: return cell->class == H5_CLASS_UINT && cell->size == 8;
    default:         return false;
    }
}

/* Cells of `size` bytes that lie apart, side by side, and the other way round. */
static void copy_apart(unsigned char *to, size_t to_step, const unsigned char *from,
                       size_t from_step, size_t size, size_t n)
{
    switch (size) {   /* so that each is one load and one store */
    case 1:
        for (size_t i = 0; i < n; i++)
            to[i * to_step] = from[i * from_step];
        return;
    case 2:
        for (size_t i = 0; i < n; i++)
            memcpy(to + i * to_step, from + i * from_step, 2);
        return;
    case 4:
        for (size_t i = 0; i < n; i++)
            memcpy(to + i * to_step, from + i * from_step, 4);
        return;
    default:
        for (size_t i = 0; i < n; i++)
            memcpy(to + i * to_step, from + i * from_step, 8);
    }
}

/* Features: by the loops of the processor's level (isa/to_f32.c). */
static bool to_floats(const h5_cell *cell, const unsigned char *in, size_t element, size_t n,
                      unsigned char *out, size_t stride, size_t *bad)
{
    enum { PART = 512 };
    const seg_simd *simd = seg_simd_get();
    seg_raw raw = { .size = (unsigned)cell->size, .is_real = cell->class == H5_CLASS_FLOAT,
                    .is_signed = cell->class != H5_CLASS_UINT, .big_endian = cell->big_endian };
    unsigned char cells[PART * 8];
    float floats[PART];
    if (element == cell->size && stride == sizeof(float)) {
        *bad = simd->to_f32(raw, in, n, (float *)(void *)out);
        return *bad == n;
    }
    for (size_t i = 0; i < n; i += PART) {
        size_t m = n - i < PART ? n - i : PART;
        copy_apart(cells, cell->size, in + i * element, element, cell->size, m);
        size_t good = simd->to_f32(raw, cells, m, floats);
        if (good < m) {
            *bad = i + good;
            return false;
        }
        copy_apart(out + i * stride, stride, (const unsigned char *)floats, sizeof(float),
                   sizeof(float), m);
    }
    return true;
}

/* Codes of categories and small counts, which always fit. */
#define WIDEN(from, to)                                                             \
    do {                                                                            \
        for (size_t i = 0; i < n; i++) {                                            \
            from v;                                                                 \
            memcpy(&v, in + i * sizeof v, sizeof v);                                \
            ((to *)out)[i] = v;                                                     \
        }                                                                           \
        return true;                                                                \
    } while (0)

static bool widen(const h5_cell *cell, const unsigned char *in, size_t n, seg_h5_type type,
                  void *out)
{
    bool is_signed = cell->class != H5_CLASS_UINT;
    if (cell->class == H5_CLASS_FLOAT || cell->big_endian)
        return false;
    if (type == SEG_H5_I32 && is_signed && cell->size == 1)
        WIDEN(int8_t, int32_t);
    if (type == SEG_H5_I32 && is_signed && cell->size == 2)
        WIDEN(int16_t, int32_t);
    if (type == SEG_H5_I32 && !is_signed && cell->size == 1)
        WIDEN(uint8_t, int32_t);
    if (type == SEG_H5_I32 && !is_signed && cell->size == 2)
        WIDEN(uint16_t, int32_t);
    if (type == SEG_H5_I64 && is_signed && cell->size == 4)
        WIDEN(int32_t, int64_t);
    if (type == SEG_H5_I64 && !is_signed && cell->size == 4)
        WIDEN(uint32_t, int64_t);
    return false;
}

bool h5_convert(const h5_cell *cell, const unsigned char *in, size_t element, size_t n,
                seg_h5_type type, void *out, size_t stride, size_t *bad)
{
    size_t size = h5_cell_bytes(type, 0);
    unsigned char *to = out;
    bool side_by_side = element == cell->size && stride == size;
    in += cell->offset;
    if (is_same(cell, type)) {
        if (side_by_side)
            memcpy(out, in, n * size);
        else
            copy_apart(to, stride, in, element, size, n);
        return true;
    }
    if (type == SEG_H5_F32)
        return to_floats(cell, in, element, n, to, stride, bad);
    if (side_by_side && widen(cell, in, n, type, out))
        return true;
    return h5_convert_plainly(cell, in, element, n, type, out, stride, bad);
}

/* ---- texts ------------------------------------------------------------------------ */

static size_t fixed_length(const h5_cell *cell, const char *text)
{
    size_t n = seg_cell_length(text, cell->size);
    const char *end = memchr(text, 0, n);
    if (end != NULL)
        n = (size_t)(end - text);
    while (cell->space_padded && n > 0 && text[n - 1] == ' ')
        n--;
    return n;
}

static seg_status get_text(seg_h5 *file, const h5_array *array, const h5_cell *cell,
                           const unsigned char *in, const char **text, size_t *n,
                           seg_error *err)
{
    if (cell->class == H5_CLASS_VLEN)
        return h5_heap_text(file, array, in, text, n, err);
    *text = (const char *)in;
    *n = fixed_length(cell, *text);
    return SEG_OK;
}

seg_status h5_convert_texts(seg_h5 *file, const h5_array *array, const h5_cell *cell,
                            const unsigned char *in, size_t n, uint64_t first, char *out,
                            size_t width, seg_error *err)
{
    memset(out, 0, n * width);
    for (size_t i = 0; i < n; i++) {
        const char *text;
        size_t length;
        seg_status st = get_text(file, array, cell, in + i * array->element + cell->offset,
                                 &text, &length, err);
        if (st != SEG_OK)
            return st;
        if (length > width)
            return seg_fail(err, SEG_E_DATA, "%s: '%s': the text in row %llu has %zu bytes (at"
                            " most %zu)", file->path, array->path,
                            (unsigned long long)(first + i + 1), length, width);
        if (seg_utf8_check(text, length) != length)
            return seg_fail(err, SEG_E_DATA, "%s: '%s': the text in row %llu is not UTF-8",
                            file->path, array->path, (unsigned long long)(first + i + 1));
        memcpy(out + i * width, text, length);
    }
    return SEG_OK;
}
