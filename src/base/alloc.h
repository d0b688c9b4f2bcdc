/* alloc.h: the only door to the heap. */
#ifndef SEGMILL_BASE_ALLOC_H
#define SEGMILL_BASE_ALLOC_H

#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

/* Zeroed array of n items, 64-byte aligned; n may be 0 (a block of at least one
 * byte). `what` names it in the message: "cannot allocate 3.2 GB for the
 * distance table". *out_pointer is null on failure. SEG_E_AGAIN when the heap,
 * the budget or the size arithmetic says no. */
seg_status seg_alloc_array(void *out_pointer, size_t n, size_t item_size,
                           const char *what, seg_error *err);

/* Change *in_out_pointer (from this door, or null) to n items; keeps the content,
 * zeroes what is new. On failure the old block stays. */
seg_status seg_realloc_array(void *in_out_pointer, size_t n, size_t item_size,
                             const char *what, seg_error *err);

/* Takes null. */
void seg_free(void *p);

#define SEG_ALLOC(out_pointer, n, what, err) \
    seg_alloc_array((out_pointer), (n), sizeof **(out_pointer), (what), (err))
#define SEG_REALLOC(in_out_pointer, n, what, err) \
    seg_realloc_array((in_out_pointer), (n), sizeof **(in_out_pointer), (what), (err))

/* Make room for `need` items in a growing array of capacity *cap (doubling). */
seg_status seg_grow_array(void *in_out_pointer, size_t *cap, size_t need,
                          size_t item_size, const char *what, seg_error *err);
#define SEG_GROW(in_out_pointer, cap, need, what, err) \
    seg_grow_array((in_out_pointer), (cap), (need), sizeof **(in_out_pointer), (what), (err))

/* The budget in bytes (0: none) and what is taken of it now and at most so far. */
void seg_alloc_set_limit(uint64_t bytes);
uint64_t seg_alloc_limit(void);
uint64_t seg_alloc_in_use(void);
uint64_t seg_alloc_peak(void);

/* malloc-shaped entry for libraries that take allocation callbacks (zlib). */
void *seg_alloc_plain(size_t bytes);
/* The error that says so; always SEG_E_AGAIN. */
seg_status seg_no_memory(size_t bytes, const char *what, seg_error *err);

/* Tests only: the call after `n` more successful ones fails. -1: never.
 * Blocks not yet given back. */
extern _Atomic long seg_alloc_fail_after;
extern _Atomic long seg_alloc_live;

#endif
