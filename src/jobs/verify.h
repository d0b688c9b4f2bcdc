/* verify.h: is a published directory or a file what it says it is? */
#ifndef SEGMILL_JOBS_VERIFY_H
#define SEGMILL_JOBS_VERIFY_H

#include "segmill/command.h"

/* Operand: DIR or FILE. A directory with `current` or a MANIFEST: every file's hash, and
 * every HDF5 file in it. A file: its own hashes; a model must load. SEG_E_VERIFY. */
seg_status seg_verify_run(const seg_call *call, seg_node *result, seg_error *err);

#endif
