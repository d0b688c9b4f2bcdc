/* leaks.h: what gives the label away before any training: a column that was filled in
 * afterwards, an id that follows the label, copies of a row in other folds. */
#ifndef SEGMILL_JOBS_LEAKS_H
#define SEGMILL_JOBS_LEAKS_H

#include "jobs/folds.h"

/* One pass. Figures of columns are of at most SEG_LEAK_ROWS rows, chosen by a hash of their
 * numbers (fewer when there are more than 512 features); they do not depend on threads or
 * blocks. Under `into`: leaks[] {column, finding, auc, text}; each is also a warning.
 *
 *   alone        AUC above 0.95 by this column: a number as it is, few values or categories
 *                by their out-of-fold rates
 *   missing      AUC above 0.95 by whether the column has a value
 *   constant     every row of one label value has the same cell, beyond chance, while others
 *                have not
 *   id           an id, or a column of all different whole numbers, with an AUC more than 0.03
 *                and five standard errors off 0.5
 *   row order    the same of the row number, of all rows
 *   equal rows   more than 1 % of the rows equal a row of another of the given folds
 *
 * given: the folds of --folds, or null. */
enum { SEG_LEAK_ROWS = 32768 };
seg_status seg_leaks_find(const seg_context *ctx, seg_source *source, const char *positive,
                          const uint8_t *given, seg_node *into, seg_error *err);

#endif
