/* selfcheck.h: a few rows that a training saw and what the model made of them, kept in the
 * model file, so that anybody can see later that the model still does the same: after a
 * copy, on another processor, with a later version. No ids are kept. */
#ifndef SEGMILL_MODELS_SELFCHECK_H
#define SEGMILL_MODELS_SELFCHECK_H

#include <stdint.h>
#include "data/h5.h"
#include "models/method.h"

typedef struct seg_selfcheck seg_selfcheck;

enum { SEG_SELFCHECK_ROWS = 16 };   /* at most, evenly spread over the training's rows */

/* Rows are gathered while a training sees them the first time, blocks in order. The schema
 * outlives the gathering. */
seg_status seg_selfcheck_new(const seg_method *method, const seg_schema *data, uint64_t n_rows,
                             seg_selfcheck **out, seg_error *err);
seg_status seg_selfcheck_add(seg_selfcheck *check, const seg_block *block, seg_error *err);
/* Brought into the model's order, scored, and handed to the model, which owns them then:
 * *check is null afterwards. A model that cannot score gets none. */
seg_status seg_selfcheck_end(seg_selfcheck **check, seg_model *model, seg_error *err);
void seg_selfcheck_free(seg_selfcheck *check);   /* takes null */

/* uns/segmill/selfcheck of a model file. A model without rows writes nothing; a file
 * without them loads. */
seg_status seg_selfcheck_save(const seg_model *model, seg_h5_writer *w, seg_error *err);
seg_status seg_selfcheck_load(seg_model *model, seg_h5 *file, seg_error *err);

/* Score the rows again: SEG_E_VERIFY names the first row and column that is not the same,
 * bit for bit. *n_rows gets how many were checked. */
seg_status seg_selfcheck_run(const seg_model *model, size_t *n_rows, seg_error *err);

#endif
