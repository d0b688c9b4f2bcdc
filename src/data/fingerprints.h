/* fingerprints.h: has this text been seen before, and where? */
#ifndef SEGMILL_DATA_FINGERPRINTS_H
#define SEGMILL_DATA_FINGERPRINTS_H

#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

typedef struct seg_fingerprints seg_fingerprints;

seg_status seg_fingerprints_new(seg_fingerprints **out, seg_error *err);
void seg_fingerprints_free(seg_fingerprints *set);   /* takes null */

/* Remember the text with its place (not 0); *seen is the place of an equal one, or 0.
 * Texts are equal when two independent 64-bit hashes are (24 bytes a text instead of the
 * text: at 10^9 texts a false meeting has a chance of 10^-21). */
seg_status seg_fingerprints_add(seg_fingerprints *set, const char *s, size_t n, uint64_t place,
                                uint64_t *seen, seg_error *err);

#endif
