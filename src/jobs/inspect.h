/* inspect.h: what is in any file. */
#ifndef SEGMILL_JOBS_INSPECT_H
#define SEGMILL_JOBS_INSPECT_H

#include "segmill/command.h"

/* Operand: FILE. A table: kind, rows, columns with type, missing, range, quantiles or the
 * commonest categories. A model: what it is and how it was trained. */
seg_status seg_inspect_run(const seg_call *call, seg_node *result, seg_error *err);

#endif
