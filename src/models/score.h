/* score.h: for who evaluates: the rows behind the scores. */
#ifndef SEGMILL_MODELS_SCORE_H
#define SEGMILL_MODELS_SCORE_H

#include "segmill/stream.h"

/* The rows of the last block of a source of seg_score_open(), as the model saw them, with
 * the data's own obs columns. */
const seg_block *seg_score_bound(const seg_source *scores);

#endif
