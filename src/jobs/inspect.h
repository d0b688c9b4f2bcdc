/* inspect.h: what is in any file. */
#ifndef SEGMILL_JOBS_INSPECT_H
#define SEGMILL_JOBS_INSPECT_H

#include "data/csv.h"
#include "segmill/command.h"

typedef struct seg_inspect_options {
    seg_import_options import;   /* how a text is read */
    bool schema, all;
} seg_inspect_options;

extern const seg_option seg_inspect_option_table[];
void seg_inspect_defaults(void *options);

/* Operand: FILE. A table: kind, rows, warnings, and of every column type, missing, different
 * values, range, moments, quantiles, shape or the commonest categories. A model: what it is
 * and how it was trained. With --schema: what import --schema reads. */
seg_status seg_inspect_run(const seg_call *call, seg_node *result, seg_error *err);

/* The result for people, see seg_command. */
const char *seg_inspect_show(seg_doc *result, const void *options, const seg_screen *screen);

#endif
