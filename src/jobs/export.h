/* export.h: a model for people and other programs. */
#ifndef SEGMILL_JOBS_EXPORT_H
#define SEGMILL_JOBS_EXPORT_H

#include "segmill/command.h"

typedef struct seg_export_options {
    int to;                /* seg_export_form */
    const char *output;
} seg_export_options;
typedef enum seg_export_form { SEG_EXPORT_JSON, SEG_EXPORT_TEXT, SEG_EXPORT_CSV } seg_export_form;
extern const seg_option seg_export_option_table[];

/* Operand: MODEL. Without an output file the text is the result itself, under "document". */
seg_status seg_export_run(const seg_call *call, seg_node *result, seg_error *err);

#endif
