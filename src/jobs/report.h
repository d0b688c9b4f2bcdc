/* report.h: one self-contained HTML page of models, scores and lists. */
#ifndef SEGMILL_JOBS_REPORT_H
#define SEGMILL_JOBS_REPORT_H

#include "segmill/command.h"

typedef struct seg_report_options {
    const char *output;   /* page to write */
    const char *title;
} seg_report_options;
extern const seg_option seg_report_option_table[];
void seg_report_defaults(void *options);

/* Operands: run directories, models, scores. The page holds counts and means, never ids;
 * equal files give equal bytes. The result: output, bytes, rows, sections[]. */
seg_status seg_report_run(const seg_call *call, seg_node *result, seg_error *err);

#endif
