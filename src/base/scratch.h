/* scratch.h: a large piece of working memory: on the heap if it takes little of the budget,
 * else an unnamed temporary file that is mapped (in TMPDIR, /var/tmp or /tmp), which the system
 * writes out when memory is short and which is gone when the process is. */
#ifndef SEGMILL_BASE_SCRATCH_H
#define SEGMILL_BASE_SCRATCH_H

#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

typedef struct seg_scratch {
    void *bytes;        /* 64-byte aligned; all zero at first */
    size_t size;
    size_t mapped;      /* 0: on the heap */
} seg_scratch;

/* Bytes of the memory budget, or of the machine, that are free now. */
uint64_t seg_scratch_room(void);
/* On the heap if size is at most heap_bytes. SEG_E_AGAIN: no room. */
seg_status seg_scratch_new(size_t size, uint64_t heap_bytes, const char *what,
                           seg_scratch *out, seg_error *err);
void seg_scratch_free(seg_scratch *scratch);

#endif
