/* score.h: for who evaluates: the rows behind the scores. */
#ifndef SEGMILL_MODELS_SCORE_H
#define SEGMILL_MODELS_SCORE_H

#include "segmill/doc.h"
#include "segmill/stream.h"

/* The rows of the last block of a source of seg_score_open(), as the model saw them, with
 * the data's own obs columns. */
const seg_block *seg_score_bound(const seg_source *scores);

/* From here on, count the rows as those that the model was trained on were counted (psi.h), if
 * it knows them. After the last row, it is told what has moved; by more than fail_psi (0: any
 * is allowed), that is an SEG_E_GATE error instead of the end. */
seg_status seg_score_watch(seg_source *scores, double fail_psi, seg_error *err);
/* What came of it, as "psi" or, if `into` has that, "psi2" ...; nothing if it was not watched. */
seg_status seg_score_put_psi(const seg_source *scores, seg_node *into, seg_error *err);

#endif
