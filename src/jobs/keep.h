/* keep.h: a source that is costly to read again, kept in memory if it is small. */
#ifndef SEGMILL_JOBS_KEEP_H
#define SEGMILL_JOBS_KEEP_H

#include "segmill/context.h"
#include "segmill/stream.h"

/* The rows of *source (features or transactions) in memory, in its place, when they take at
 * most a quarter of the memory budget; otherwise *source stays. It is at its first row
 * before and after; after a failure it is still the caller's. */
seg_status seg_keep_rows(const seg_context *ctx, seg_source **source, seg_error *err);

#endif
