/* import.h: text in, a table file out. */
#ifndef SEGMILL_JOBS_IMPORT_H
#define SEGMILL_JOBS_IMPORT_H

#include "data/csv.h"
#include "segmill/command.h"

typedef struct seg_import_command {
    seg_import_options import;
    const char *output;
} seg_import_command;

extern const seg_option seg_import_command_table[];
void seg_import_command_defaults(void *options);

/* Operands: one or more files of one schema. The result: kind, rows, rejected, columns,
 * notes, output. */
seg_status seg_import_run(const seg_call *call, seg_node *result, seg_error *err);

#endif
