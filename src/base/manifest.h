/* manifest.h: the list of a directory's files with their hashes, for publish.c; writing
 * and checking one for everybody else stand in publish.h. */
#ifndef SEGMILL_BASE_MANIFEST_H
#define SEGMILL_BASE_MANIFEST_H

#include <stdbool.h>
#include "base/text.h"
#include "segmill/status.h"

/* Append the manifest of `dir` to `text`. With `seal`, files become 0600 and directories
 * 0700, and all of them are synced; then an entry whose name begins with a dot (a file
 * that was not finished) is SEG_E_IO; without it such entries are passed over. */
seg_status seg_manifest_make(const char *dir, bool seal, seg_text *text, seg_error *err);

/* Two manifests list the same results: equal lines but for `run.json`, the record of
 * when and how the results were made. */
bool seg_manifest_same_results(const char *a, const char *b);

enum { SEG_MANIFEST_MAX_BYTES = 1 << 28 };

#endif
