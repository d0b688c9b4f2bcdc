/* validate.h: cross-validation: a model per fold, judged on the rows it has not seen. */
#ifndef SEGMILL_JOBS_VALIDATE_H
#define SEGMILL_JOBS_VALIDATE_H

#include "models/method.h"

/* Train once per fold without its rows, evaluate on them. Under `into`: every figure of the
 * evaluation as the mean over folds, auc_pooled over all rows, folds[] (plain AUC), on "cv".
 * input->fold is ignored; the source is rewound before and after. */
seg_status seg_cross_validate(const seg_train_input *input, const seg_method *method,
                              seg_source *source, const uint8_t *fold, int n_folds,
                              seg_node *into, seg_error *err);

#endif
