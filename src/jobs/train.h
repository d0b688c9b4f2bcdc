/* train.h: data in, model out. */
#ifndef SEGMILL_JOBS_TRAIN_H
#define SEGMILL_JOBS_TRAIN_H

#include "segmill/command.h"

typedef struct seg_train_options {
    const char *output, *scores;
} seg_train_options;

extern const seg_option seg_train_option_table[];

/* Operands: METHOD DATA. The result: method, rows, model_file, the method's figures,
 * timing, provenance. */
seg_status seg_train_run(const seg_call *call, seg_node *result, seg_error *err);

#endif
