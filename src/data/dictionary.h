/* dictionary.h: texts to codes 0, 1, 2 ... in order of first appearance. */
#ifndef SEGMILL_DATA_DICTIONARY_H
#define SEGMILL_DATA_DICTIONARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

typedef struct seg_dictionary seg_dictionary;

seg_status seg_dictionary_new(seg_dictionary **out, seg_error *err);
void seg_dictionary_free(seg_dictionary *dictionary);   /* takes null */

/* The code of the n bytes, which are added if they are new. At most INT32_MAX texts. */
seg_status seg_dictionary_add(seg_dictionary *dictionary, const char *s, size_t n,
                              int32_t *code, seg_error *err);

/* The code, or -1. */
int32_t seg_dictionary_find(const seg_dictionary *dictionary, const char *s, size_t n);

size_t seg_dictionary_size(const seg_dictionary *dictionary);

/* The texts by code, null-terminated; the array moves with the next add. */
const char *const *seg_dictionary_texts(const seg_dictionary *dictionary);

/* Sorts by bytes, or by value if `numeric` (all texts are then digits; equal values by
 * bytes): rank[code] is the place of that code. Free with seg_free. */
seg_status seg_dictionary_ranks(const seg_dictionary *dictionary, bool numeric,
                                int32_t **rank, seg_error *err);

#endif
