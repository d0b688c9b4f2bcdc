/* radix.c: least significant digit first, bytes as digits (D. Knuth, TAOCP 3, 5.2.5).
 * Bytes in which all keys agree are skipped, so that small numbers cost two or three
 * passes; it is stable, so the order of equal keys is defined, which qsort's is not. */
#include "kernels/radix.h"

#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

enum { DIGITS = 8, VALUES = 256 };

/* Bits in which some key differs from the first. */
static uint64_t differences(const uint64_t *keys, size_t n)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < n; i++)
        bits |= keys[i] ^ keys[0];
    return bits;
}

/* Digits below 2^32 and above it; often all keys agree in the upper half. */
static void count_digits(const uint64_t *keys, size_t n, uint64_t differ,
                         size_t counts[DIGITS][VALUES])
{
    memset(counts, 0, sizeof(size_t) * DIGITS * VALUES);
    for (unsigned first = 0; first < DIGITS; first += 4) {
        if ((uint32_t)(differ >> (8 * first)) == 0)
            continue;
        for (size_t i = 0; i < n; i++)
            for (unsigned d = first; d < first + 4; d++)
                counts[d][keys[i] >> (8 * d) & 0xff]++;
    }
}

static void scatter(const uint64_t *keys, const uint32_t *rows, size_t n, unsigned shift,
                    size_t counts[VALUES], uint64_t *keys_out, uint32_t *rows_out)
{
    size_t start = 0;
    for (size_t v = 0; v < VALUES; v++) {
        size_t count = counts[v];
        counts[v] = start;
        start += count;
    }
    for (size_t i = 0; i < n; i++) {
        size_t to = counts[keys[i] >> shift & 0xff]++;
        keys_out[to] = keys[i];
        if (rows != NULL)
            rows_out[to] = rows[i];
    }
}

void seg_radix_sort(uint64_t *keys, uint32_t *rows, size_t n, uint64_t *keys_temp,
                    uint32_t *rows_temp)
{
    if (n < 2)
        return;
    size_t counts[DIGITS][VALUES];
    uint64_t differ = differences(keys, n);
    count_digits(keys, n, differ, counts);

    uint64_t *from = keys, *to = keys_temp;
    uint32_t *rows_from = rows, *rows_to = rows_temp;
    for (unsigned d = 0; d < DIGITS; d++) {
        if ((differ >> (8 * d) & 0xff) == 0)
            continue;
        scatter(from, rows_from, n, 8 * d, counts[d], to, rows_to);
        uint64_t *keys_swap = from;
        from = to;
        to = keys_swap;
        uint32_t *rows_swap = rows_from;
        rows_from = rows_to;
        rows_to = rows_swap;
    }
    if (from != keys) {
        memcpy(keys, from, n * sizeof *keys);
        if (rows != NULL)
            memcpy(rows, rows_from, n * sizeof *rows);
    }
}

void seg_radix_sort_u32(uint32_t *keys, size_t n, uint32_t *temp)
{
    enum { BITS = 11, WIDE = 1 << BITS, PASSES = 3 };
    uint32_t starts[PASSES][WIDE] = { { 0 } };
    uint32_t *from = keys, *to = temp;
    for (size_t i = 0; i < n; i++)
        for (unsigned d = 0; d < PASSES; d++)
            starts[d][keys[i] >> (BITS * d) & (WIDE - 1)]++;
    for (unsigned d = 0; n > 0 && d < PASSES; d++) {
        uint32_t start = 0;
        if (starts[d][from[0] >> (BITS * d) & (WIDE - 1)] == n)   /* all agree */
            continue;
        for (size_t v = 0; v < WIDE; v++) {
            uint32_t count = starts[d][v];
            starts[d][v] = start;
            start += count;
        }
        for (size_t i = 0; i < n; i++)
            to[starts[d][from[i] >> (BITS * d) & (WIDE - 1)]++] = from[i];
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != keys)
        memcpy(keys, from, n * sizeof *keys);
}

static uint64_t load_big_endian(const char *bytes)
{
    uint64_t key = 0;
    for (size_t b = 0; b < 8; b++)
        key = key << 8 | (unsigned char)bytes[b];
    return key;
}

seg_status seg_radix_order(const char *cells, size_t width, size_t n, uint32_t **order,
                           seg_error *err)
{
    seg_status st = SEG_OK;
    uint64_t *keys = NULL, *keys_temp = NULL;
    uint32_t *rows = NULL, *rows_temp = NULL;
    *order = NULL;

    if (n > UINT32_MAX)
        return seg_fail(err, SEG_E_DATA, "%zu rows are more than can be sorted, %u", n, UINT32_MAX);
    TRY(SEG_ALLOC(&keys, n, "the keys to sort", err));
    TRY(SEG_ALLOC(&keys_temp, n, "the keys to sort", err));
    TRY(SEG_ALLOC(&rows, n, "the order of the rows", err));
    TRY(SEG_ALLOC(&rows_temp, n, "the order of the rows", err));
    for (size_t i = 0; i < n; i++)
        rows[i] = (uint32_t)i;
    /* The last eight bytes first: a stable sort by earlier ones keeps their order. */
    for (size_t end = width; end >= 8; end -= 8) {
        for (size_t i = 0; i < n; i++)
            keys[i] = load_big_endian(cells + rows[i] * width + end - 8);
        seg_radix_sort(keys, rows, n, keys_temp, rows_temp);
    }
    *order = rows;
    rows = NULL;

done:
    seg_free(keys);
    seg_free(keys_temp);
    seg_free(rows);
    seg_free(rows_temp);
    return st;
}
