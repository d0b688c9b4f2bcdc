/* rules_inputs.h: what a rules model keeps of how its baskets were made, so that the data that
 * it scores become the same items: the groups of the items, and the items of columns. */
#ifndef SEGMILL_MODELS_RULES_INPUTS_H
#define SEGMILL_MODELS_RULES_INPUTS_H

#include "data/feature_baskets.h"
#include "data/h5.h"
#include "data/taxonomy.h"

typedef struct seg_rules_inputs {
    seg_taxonomy *taxonomy;      /* null: the baskets have no groups */
    seg_item_bins *bins;         /* null: the baskets were no features */
} seg_rules_inputs;

/* Copies of what the source of the training goes by: seg_baskets_groups(),
 * seg_feature_baskets_bins(). Any of them may be null. */
seg_status seg_rules_inputs_copy(const seg_taxonomy *taxonomy, const seg_item_bins *bins,
                                 seg_rules_inputs *out, seg_error *err);
void seg_rules_inputs_clear(seg_rules_inputs *inputs);

/* uns/model/taxonomy and uns/model/bins; nothing for what is null. A file is believed only
 * after every name and number has been checked: SEG_E_DATA. */
seg_status seg_rules_inputs_save(const seg_rules_inputs *inputs, seg_h5_writer *w,
                                 seg_error *err);
seg_status seg_rules_inputs_load(seg_h5 *file, seg_rules_inputs *out, seg_error *err);

#endif
