/* spill.h: bytes put aside for a while: in memory up to a limit, beyond it in an unnamed
 * temporary file (in TMPDIR, /var/tmp or /tmp), which is gone when the process is. */
#ifndef SEGMILL_BASE_SPILL_H
#define SEGMILL_BASE_SPILL_H

#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

typedef struct seg_spill seg_spill;

/* memory_bytes: at most so much is kept in memory. */
seg_status seg_spill_new(uint64_t memory_bytes, seg_spill **out, seg_error *err);
void seg_spill_free(seg_spill *spill);   /* takes null */
/* Forget what was put aside. */
void seg_spill_clear(seg_spill *spill);

/* Room for a piece of n bytes; *at is where to put it. One thread. */
seg_status seg_spill_reserve(seg_spill *spill, size_t n, uint64_t *at, seg_error *err);
/* Fill a reserved piece, or a part of it. Any threads, each its own part. */
seg_status seg_spill_put(seg_spill *spill, uint64_t at, const void *bytes, size_t n,
                         seg_error *err);
/* The n bytes at `at`, of one piece: *out points to them in memory, or to `room`, into which
 * they were read. Any threads. */
seg_status seg_spill_get(const seg_spill *spill, uint64_t at, size_t n, void *room,
                         const void **out, seg_error *err);

/* An unnamed temporary file open for reading and writing, mode 0600, or -1 with errno;
 * *folder is where it was to be. */
int seg_unnamed_file(const char **folder);

#endif
