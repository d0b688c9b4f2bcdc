/* import_model.h: a model that LightGBM or XGBoost trained, as one of ours. */
#ifndef SEGMILL_JOBS_IMPORT_MODEL_H
#define SEGMILL_JOBS_IMPORT_MODEL_H

#include "segmill/command.h"

typedef struct seg_import_model_options {
    const char *output;
    const char *label, *positive, *negative;
    const char *data;
} seg_import_model_options;
extern const seg_option seg_import_model_option_table[];
void seg_import_model_defaults(void *options);

/* Operand: FILE. The result: imported_from, trees, leaves, features_used, decile_edges[]. */
seg_status seg_import_model_run(const seg_call *call, seg_node *result, seg_error *err);

#endif
