/* compare.h: what a validated model is worth beside plain ones, on the same split. */
#ifndef SEGMILL_JOBS_COMPARE_H
#define SEGMILL_JOBS_COMPARE_H

#include "jobs/folds.h"

/* Under `into`, which holds the figures of the validation of `method`: comparison[]
 * {model, auc, log_loss, brier} of it, of a logistic regression (about 100,000 rows to learn
 * from in each fold, at most 1,000 columns) and of the rate of the rows learned from; means
 * over the folds. Judged on all rows, of more than 1,048,576 on about as many. Two passes over
 * the source, which is rewound. */
seg_status seg_compare(const seg_train_input *input, const seg_method *method,
                       const char *positive, seg_source *source, seg_split *split,
                       seg_node *into, seg_error *err);

#endif
