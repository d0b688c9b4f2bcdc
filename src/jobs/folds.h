/* folds.h: which rows are held out when: cross-validation folds. */
#ifndef SEGMILL_JOBS_FOLDS_H
#define SEGMILL_JOBS_FOLDS_H

#include "models/method.h"

/* One digit 0..9 a row, plain or gzip. Allocates *fold (n_rows); *n_folds is the largest
 * digit plus one. SEG_E_DATA when the number of rows differs or a fold is empty. */
seg_status seg_folds_read(const char *path, uint64_t n_rows, uint8_t **fold, int *n_folds,
                          seg_error *err);

/* n folds with equal shares of every label value. Within a value rows are dealt out in the
 * order of a hash of their id (of the row number if there are no ids), so that a row keeps
 * its fold when others come and go. The source is read once and rewound. */
seg_status seg_folds_deal(seg_source *source, int n_folds, uint64_t seed, uint8_t **fold,
                          seg_error *err);

#endif
