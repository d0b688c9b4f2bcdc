/* publish.h: all-or-nothing publication of a directory of files.
 *
 *   OUT/.lock               flock()ed for the whole run; a second run gets SEG_E_AGAIN
 *   OUT/.tmp-<id>/...       being written (0700); swept by the next run that holds the lock
 *   OUT/run-<id>/...        complete, never touched again; holds MANIFEST
 *   OUT/current -> run-<id> swapped by one rename(); readers only ever open OUT/current/
 *
 * MANIFEST: one line per file, sorted by name, "SHA256 SIZE NAME\n" (names may be
 * relative paths with '/'); the last line is "SHA256 end\n", of everything before it.
 * Order kept: write all, fsync each file, MANIFEST, fsync it, fsync the directories,
 * rename, fsync OUT, new link, rename over `current`, fsync OUT. */
#ifndef SEGMILL_BASE_PUBLISH_H
#define SEGMILL_BASE_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>
#include "segmill/doc.h"
#include "segmill/status.h"

typedef struct seg_publish seg_publish;

/* Lock OUT (made if missing), sweep what dead runs left, make the temporary directory.
 * lock_wait_seconds: how long to wait for the lock, 0 not at all. */
seg_status seg_publish_begin(const char *out, double lock_wait_seconds, seg_publish **p,
                             seg_error *err);
/* Absolute path of the temporary directory: put the files there by any means. */
const char *seg_publish_dir(const seg_publish *p);
/* Hash and sync every file in it, write MANIFEST, rename to run-<id>, swap `current`.
 * If run-<id> exists and verifies with equal hashes, nothing is written and *existed is
 * true (`current` is set to it); if it exists and differs it is SEG_E_IO. The record of
 * the run, run.json, may differ: it holds the clock. Files and directories become 0600 and
 * 0700; one whose name begins with a dot was not finished: SEG_E_IO.
 * id: letters, digits, - _ . , at most 100, not beginning with a dot. */
seg_status seg_publish_commit(seg_publish *p, const char *id, bool *existed, seg_error *err);
/* Publish a run that is there already, whatever this one has made: if run-<id> exists and
 * verifies, `current` is set to it and *existed is true; if it is damaged, SEG_E_IO. For
 * jobs whose id says that the work was done before. */
seg_status seg_publish_adopt(seg_publish *p, const char *id, bool *existed, seg_error *err);
/* Delete published runs beyond the newest `keep` by time of publication (never the
 * current one, which counts). */
seg_status seg_publish_prune(seg_publish *p, uint32_t keep, seg_error *err);
/* Release; without a commit the temporary directory is removed. Takes null. */
void seg_publish_close(seg_publish *p);

/* Write DIR/MANIFEST for the files in DIR (lists made outside a run). */
seg_status seg_manifest_write(const char *dir, seg_error *err);
/* Check a directory against its MANIFEST: SEG_E_VERIFY names the first file that is
 * missing, extra, or differs. *n_files gets the number checked. */
seg_status seg_manifest_verify(const char *dir, uint64_t *n_files, seg_error *err);

#endif
