/* dictionary.h: texts to codes 0, 1, 2 ... in order of first appearance. */
#ifndef SEGMILL_DATA_DICTIONARY_H
#define SEGMILL_DATA_DICTIONARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/hash.h"
#include "segmill/status.h"

typedef struct seg_dictionary seg_dictionary;

seg_status seg_dictionary_new(seg_dictionary **out, seg_error *err);
void seg_dictionary_free(seg_dictionary *dictionary);   /* takes null */

/* The code of the n bytes, which are added if they are new. At most INT32_MAX texts. */
seg_status seg_dictionary_add(seg_dictionary *dictionary, const char *s, size_t n,
                              int32_t *code, seg_error *err);

/* The code, or -1. */
int32_t seg_dictionary_find(const seg_dictionary *dictionary, const char *s, size_t n);

/* The hash that dictionaries go by, for who needs it twice. */
static inline uint64_t seg_text_hash(const char *s, size_t n);
int32_t seg_dictionary_find_hashed(const seg_dictionary *dictionary, const char *s, size_t n,
                                   uint64_t hash);

size_t seg_dictionary_size(const seg_dictionary *dictionary);

/* The texts by code, null-terminated; the array moves with the next add. */
const char *const *seg_dictionary_texts(const seg_dictionary *dictionary);

/* Sorts by bytes, or by value if `numeric` (all texts are then digits; equal values by
 * bytes): rank[code] is the place of that code. Free with seg_free. */
seg_status seg_dictionary_ranks(const seg_dictionary *dictionary, bool numeric,
                                int32_t **rank, seg_error *err);

/* Short texts by one multiplication of two overlapping words, folded, as wyhash does. */
static inline uint64_t seg_text_hash(const char *s, size_t n)
{
    uint64_t a = 0, b = 0;
    if (n > 16)
        return seg_xxh3(s, n);
    if (n >= 8) {
        memcpy(&a, s, 8);
        memcpy(&b, s + n - 8, 8);
    } else if (n >= 4) {
        memcpy(&a, s, 4);
        memcpy(&b, s + n - 4, 4);
    } else if (n > 0) {
        a = (uint64_t)(unsigned char)s[0] | (uint64_t)(unsigned char)s[n / 2] << 8
            | (uint64_t)(unsigned char)s[n - 1] << 16;
    }
    __extension__ unsigned __int128 product = (unsigned __int128)(a ^ 0xa0761d6478bd642fu)
                                              * (b ^ 0xe7037ed1a0b428dbu ^ n);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

#endif
