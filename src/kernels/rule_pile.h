/* rule_pile.h: a growing number of rules in blocks: more of them move none. */
#ifndef SEGMILL_KERNELS_RULE_PILE_H
#define SEGMILL_KERNELS_RULE_PILE_H

#include "kernels/rule_order.h"

typedef struct seg_rule_pile {
    size_t n, n_blocks, cap;
    seg_rule **blocks;
} seg_rule_pile;

seg_status seg_rule_pile_add(seg_rule_pile *pile, const seg_rule *rules, size_t n,
                             seg_error *err);
/* Rules first .. first + n - 1. */
void seg_rule_pile_copy(const seg_rule_pile *pile, size_t first, size_t n, seg_rule *out);
void seg_rule_pile_clear(seg_rule_pile *pile);   /* all zero again */

#endif
