/* validate.h: validation: a model per fold or part, judged on the rows it has not seen. */
#ifndef SEGMILL_JOBS_VALIDATE_H
#define SEGMILL_JOBS_VALIDATE_H

#include "jobs/folds.h"

/* Train once per model of the split and evaluate on the rows it is judged on. Under `into`:
 * every figure of the evaluation as the mean over models, auc_pooled over all rows, folds[]
 * (plain AUC), on "cv". input->fold is ignored; the source is rewound before and after. */
seg_status seg_cross_validate(const seg_train_input *input, const seg_method *method,
                              seg_source *source, seg_split *split, seg_node *into,
                              seg_error *err);

#endif
