/* keys.c: selection by 16 bits at a time; repeated keys slice by slice of their upper bits. */
#include "kernels/keys.h"

#include "base/alloc.h"
#include "base/try.h"
#include "kernels/radix.h"

enum { DIGITS = 1 << 16, SLICE_BITS = 4 };

uint64_t seg_key_at(const uint64_t *keys, const uint8_t *classes, uint8_t wanted, size_t n,
                    uint64_t rank)
{
    uint64_t prefix = 0, mask = 0;
    for (int shift = 48; shift >= 0; shift -= 16) {
        uint32_t counts[DIGITS] = { 0 };
        for (size_t i = 0; i < n; i++)
            if (classes[i] == wanted && (keys[i] & mask) == prefix)
                counts[keys[i] >> shift & (DIGITS - 1)]++;
        uint64_t digit = 0;
        while (digit < DIGITS - 1 && rank >= counts[digit])
            rank -= counts[digit++];
        prefix |= digit << shift;
        mask |= (uint64_t)(DIGITS - 1) << shift;
    }
    return prefix;
}

/* Keys of one slice into `part`, sorted; how many. */
static size_t take_slice(const uint64_t *keys, size_t n, uint64_t slice, uint64_t *part,
                         uint64_t *temp)
{
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (keys[i] >> (64 - SLICE_BITS) == slice)
            part[m++] = keys[i];
    seg_radix_sort(part, NULL, m, temp, NULL);
    return m;
}

seg_status seg_keys_repeated(const uint64_t *keys, size_t n, uint64_t **out, size_t *n_out,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    size_t counts[1 << SLICE_BITS] = { 0 }, most = 0, cap = 0;
    uint64_t *part = NULL, *temp = NULL;
    *out = NULL;
    *n_out = 0;

    for (size_t i = 0; i < n; i++)
        counts[keys[i] >> (64 - SLICE_BITS)]++;
    for (size_t s = 0; s < 1 << SLICE_BITS; s++)
        most = counts[s] > most ? counts[s] : most;
    TRY(SEG_ALLOC(&part, most, "the keys of the rows", err));
    TRY(SEG_ALLOC(&temp, most, "the keys of the rows", err));
    for (uint64_t s = 0; s < 1 << SLICE_BITS; s++) {
        size_t m = take_slice(keys, n, s, part, temp);
        for (size_t i = 1; i < m; i++) {
            if (part[i] != part[i - 1] || (*n_out > 0 && (*out)[*n_out - 1] == part[i]))
                continue;
            TRY(SEG_GROW(out, &cap, *n_out + 1, "the rows that are alike", err));
            (*out)[(*n_out)++] = part[i];
        }
    }

done:
    if (st != SEG_OK) {
        seg_free(*out);
        *out = NULL;
        *n_out = 0;
    }
    seg_free(part);
    seg_free(temp);
    return st;
}

size_t seg_key_find(const uint64_t *sorted, size_t n, uint64_t key)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sorted[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && sorted[low] == key ? low : SIZE_MAX;
}
