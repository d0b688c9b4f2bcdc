/* h5_heap.c: texts of variable length. In the array stands a reference: 4 bytes of length,
 * 8 of address, 4 of number; the bytes are object `number` of the heap collection at that
 * address (HDF5 file format specification, III.E "Global Heap"). Read here, with checks,
 * a collection at a time: one allocation per file instead of one per text. */
#include "data/h5_internal.h"

#include <string.h>
#include "base/alloc.h"

enum { HEADER_BYTES = 16, OBJECT_BYTES = 16, MOST_OBJECTS = 65536 };
static const uint64_t largest_collection = 256u << 20;

static uint64_t get_number(const unsigned char *p, size_t n_bytes)
{
    uint64_t value = 0;
    for (size_t i = n_bytes; i > 0; i--)
        value = value << 8 | p[i - 1];
    return value;
}

static seg_status damaged(const seg_h5 *file, const h5_array *array, seg_error *err)
{
    return seg_fail(err, SEG_E_DATA, "%s: the texts of '%s' are damaged", file->path,
                    array->path);
}

/* Where each object begins. False when they overlap or run over the end. */
static bool index_objects(h5_heap *heap)
{
    memset(heap->where, 0, MOST_OBJECTS * sizeof *heap->where);
    for (size_t at = HEADER_BYTES; heap->n_bytes - at >= OBJECT_BYTES;) {
        uint64_t number = get_number(heap->bytes + at, 2);
        uint64_t size = get_number(heap->bytes + at + 8, 8);
        if (number == 0)
            return true;   /* the free space at the end */
        if (size > heap->n_bytes - at - OBJECT_BYTES)
            return false;
        heap->where[number] = (uint32_t)at;
        size_t step = OBJECT_BYTES + (size + 7) / 8 * 8;
        if (step > heap->n_bytes - at)
            return true;
        at += step;
    }
    return true;
}

static seg_status load_collection(seg_h5 *file, const h5_array *array, uint64_t address,
                                  seg_error *err)
{
    h5_heap *heap = &file->heap;
    unsigned char header[HEADER_BYTES];
    heap->n_bytes = 0;
    if (address > file->size || file->size - address < HEADER_BYTES)
        return damaged(file, array, err);
    seg_status st = seg_pread_all(file->fd, header, sizeof header, address, file->path, err);
    if (st != SEG_OK)
        return st;
    uint64_t size = get_number(header + 8, 8);
    if (memcmp(header, "GCOL\001", 5) != 0 || size < HEADER_BYTES ||
        size > file->size - address || size > largest_collection)
        return damaged(file, array, err);
    if (heap->where == NULL)
        st = SEG_ALLOC(&heap->where, MOST_OBJECTS, "an index of texts", err);
    if (st == SEG_OK)
        st = SEG_GROW(&heap->bytes, &heap->cap, size, "a collection of texts", err);
    if (st == SEG_OK)
        st = seg_pread_all(file->fd, heap->bytes, size, address, file->path, err);
    if (st != SEG_OK)
        return st;
    heap->n_bytes = size;
    heap->address = address;
    if (!index_objects(heap)) {
        heap->n_bytes = 0;
        return damaged(file, array, err);
    }
    return SEG_OK;
}

seg_status h5_heap_text(seg_h5 *file, const h5_array *array, const unsigned char *reference,
                        const char **text, size_t *n, seg_error *err)
{
    h5_heap *heap = &file->heap;
    uint64_t length = get_number(reference, 4), address = get_number(reference + 4, 8);
    uint64_t number = get_number(reference + 12, 4);
    *text = "";
    *n = 0;
    if (length == 0 || address == 0)
        return SEG_OK;
    if (heap->n_bytes == 0 || heap->address != address) {
        seg_status st = load_collection(file, array, address, err);
        if (st != SEG_OK)
            return st;
    }
    uint32_t at = number < MOST_OBJECTS ? heap->where[number] : 0;
    if (at == 0 || length > get_number(heap->bytes + at + 8, 8))
        return damaged(file, array, err);
    *text = (const char *)heap->bytes + at + OBJECT_BYTES;
    const char *end = memchr(*text, 0, length);
    *n = end == NULL ? length : (size_t)(end - *text);
    return SEG_OK;
}
