/* csv_input.h: one text file as a stream of UTF-8 bytes that can start over. */
#ifndef SEGMILL_DATA_CSV_INPUT_H
#define SEGMILL_DATA_CSV_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "segmill/context.h"
#include "segmill/status.h"

typedef struct seg_input seg_input;

/* path: a regular file, or "-" for the standard input, which is spooled to an unnamed
 * temporary file. gzip and zstd are recognised by their first bytes. A byte order mark
 * tells UTF-16 and UTF-32, and is dropped. encoding: null for UTF-8 unless there is such a
 * mark, else any name that iconv knows.
 * SEG_E_DATA when the bytes are plainly no text (ZIP, HDF5 ...). */
seg_status seg_input_open(const seg_context *ctx, const char *path, const char *encoding,
                          seg_input **out, seg_error *err);
void seg_input_close(seg_input *input);   /* takes null */

/* Up to n bytes (n >= 16); *got is 0 only at the end. */
seg_status seg_input_read(seg_input *input, char *bytes, size_t n, size_t *got,
                          seg_error *err);
seg_status seg_input_rewind(seg_input *input, seg_error *err);

/* True when the stored bytes start .. end-1 are the text itself: then they may be read from
 * fd by any thread instead. */
bool seg_input_direct(const seg_input *input, int *fd, uint64_t *start, uint64_t *end);

const char *seg_input_path(const seg_input *input);   /* null: the standard input */
const char *seg_input_name(const seg_input *input);   /* for messages */
/* Stored (compressed) bytes taken so far and in all, for progress. */
uint64_t seg_input_position(const seg_input *input);
uint64_t seg_input_size(const seg_input *input);

#endif
