/* rules_weights.h: what each basket counts: whole numbers in a column beside the baskets. */
#ifndef SEGMILL_MODELS_RULES_WEIGHTS_H
#define SEGMILL_MODELS_RULES_WEIGHTS_H

#include "segmill/table.h"

/* Start from all zero. */
typedef struct seg_rules_weights {
    const char *name;            /* null: every basket counts once */
    size_t column;
    const seg_column *of;
    uint32_t *weight;            /* of the block */
    size_t cap;
    uint64_t n_rows, total;      /* rows seen so far, and the sum of their weights */
} seg_rules_weights;

/* name: of --weights, or null. SEG_E_USAGE when it is no obs column with numbers. The schema
 * outlives it. */
seg_status seg_rules_weights_begin(seg_rules_weights *w, const seg_schema *schema,
                                   const char *name, seg_error *err);

/* The weight of every row of the block, until the next call; *out is null when each is 1. A
 * basket of weight 3 counts like three, one of weight 0 not at all. SEG_E_DATA names the row
 * whose weight is missing, negative, no whole number or too large, and says when all of them
 * add up to more than 4,294,967,295. Blocks may come again, in several passes. */
seg_status seg_rules_weights_of(seg_rules_weights *w, const seg_block *block,
                                const uint32_t **out, seg_error *err);
void seg_rules_weights_clear(seg_rules_weights *w);

#endif
