/* lists.h: scores in, lists for people and CRM systems out. */
#ifndef SEGMILL_JOBS_LISTS_H
#define SEGMILL_JOBS_LISTS_H

#include "segmill/command.h"

typedef struct seg_lists_options {
    const char *output, *target, *previous, *suppress, *segment;
} seg_lists_options;
extern const seg_option seg_lists_option_table[];
void seg_lists_defaults(void *options);

/* Operand: SCORES. A directory appears with members.csv (id, scores, as_of, model_id), one
 * or more files per target, joined.csv left.csv changed.csv if a previous directory is
 * given, rejected.csv if ids had to be refused, and MANIFEST. The result: members,
 * suppressed, rejected, joined, left, changed, segments[], files[]. */
seg_status seg_lists_run(const seg_call *call, seg_node *result, seg_error *err);

#endif
