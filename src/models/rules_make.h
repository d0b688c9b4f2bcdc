/* rules_make.h: from the itemsets of a training to the rules of its model. */
#ifndef SEGMILL_MODELS_RULES_MAKE_H
#define SEGMILL_MODELS_RULES_MAKE_H

#include "kernels/itemset_index.h"
#include "models/rules.h"

typedef struct seg_rules_made {
    uint64_t n_found;            /* at least as confident as asked for */
    uint64_t n_tested;           /* of these, by --test; 0: none was asked for */
    uint64_t n_unsure;           /* left out by --test */
    uint64_t n_redundant;        /* left out by --redundant */
    uint64_t n_filtered;         /* left out by --filter */
} seg_rules_made;

/* m: its items, sets and numbers are there; gets its rules. index: of m->sets. use: per rank,
 * SEG_RULE_... bits, or null. held_out: per node of m->sets, of n_held_out baskets; or null. */
seg_status seg_rules_make(const seg_context *ctx, const seg_rules_options *options,
                          const seg_rules_limits *limits, const uint8_t *use,
                          const seg_set_index *index, const uint32_t *held_out,
                          uint32_t n_held_out, seg_rules_model *m, seg_rules_made *made,
                          seg_error *err);

#endif
