/* rules.h: all rules "who has the body has the head" of a list of frequent itemsets. */
#ifndef SEGMILL_KERNELS_RULES_H
#define SEGMILL_KERNELS_RULES_H

#include "kernels/itemsets.h"
#include "kernels/rule_order.h"

typedef struct seg_rule_options {
    uint64_t confidence_num, confidence_den;   /* at least; den > 0 */
    size_t max_head;                           /* items in the head, >= 1 */
    int32_t head_item;                         /* heads must hold it; -1: any */
    bool count_only;
} seg_rule_options;

/* all: frequent itemsets with every non-empty subset of each of them, as
 * seg_itemsets_join() leaves them. rules: all zero. */
seg_status seg_rules_find(const seg_itemsets *all, const seg_rule_options *options,
                          seg_rules *rules, seg_error *err);

/* The counts of a rule among n_baskets. */
seg_rule_counts seg_rule_counts_of(const seg_itemsets *all, uint32_t n_baskets,
                                   const seg_rule *rule);

/* Best first by the measure; equal ones in lexicographic order of the body's items, then
 * of the head's. A strict order: no two rules are equal. */
void seg_rules_sort(seg_rules *rules, const seg_itemsets *all, uint32_t n_baskets,
                    seg_measure measure);

#endif
