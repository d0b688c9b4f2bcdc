/* simd.h: the inner loops over bytes that are compiled once per instruction set
 * (src/data/isa), as a table of functions chosen once from the processor. All levels give
 * the same results. No allocation, no failure, one thread. */
#ifndef SEGMILL_DATA_SIMD_H
#define SEGMILL_DATA_SIMD_H

#include <stddef.h>
#include <stdint.h>
#include "base/cpu.h"

/* How often the byte c stands among the n bytes. */
typedef size_t seg_count_byte_fn(const char *s, size_t n, char c);

typedef struct seg_simd {
    seg_count_byte_fn *count_byte;
} seg_simd;

/* Of the best level allowed (SEGMILL_ISA lowers it), or of a given one (tests; null when
 * this processor or build does not have it). */
const seg_simd *seg_simd_get(void);
const seg_simd *seg_simd_at(seg_isa isa);

seg_count_byte_fn seg_count_byte_base, seg_count_byte_v3, seg_count_byte_v4;

#endif
