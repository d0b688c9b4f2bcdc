/* rule_order.h: which of two rules comes first: by a measure, then by the names of items. */
#ifndef SEGMILL_KERNELS_RULE_ORDER_H
#define SEGMILL_KERNELS_RULE_ORDER_H

#include "kernels/itemset_index.h"
#include "kernels/rule_measures.h"

/* Three nodes of a tree: whole = body and head together. */
typedef struct seg_rule {
    uint32_t whole, body, head;
} seg_rule;

typedef struct seg_rules {
    size_t n, cap;       /* n also when only counted */
    seg_rule *rules;
} seg_rules;

void seg_rules_clear(seg_rules *rules);

/* The counts of a rule among n_baskets. */
static inline seg_rule_counts seg_rule_counts_in(const seg_itemset_tree *tree,
                                                 uint32_t n_baskets, const seg_rule *rule)
{
    return (seg_rule_counts){ .all = n_baskets, .both = tree->count[rule->whole],
                              .body = tree->count[rule->body],
                              .head = tree->count[rule->head] };
}

/* A strict order of rules: best first by the measure (seg_rule_compare_by); then in
 * lexicographic order of the names of the body's items, then of the head's. */
typedef struct seg_rule_order {
    const seg_itemset_tree *tree;
    uint32_t n_baskets;
    seg_measure by;
    bool settled;        /* equal figures are equal fractions, others are not */
    uint32_t *place;     /* per node: where it stands among all sets in order of names */
} seg_rule_order;

/* tree: every subset of a listed set is listed (SEG_E_DATA: one is missing). name_place:
 * n_items (those of the index), where each item stands in order of names; null: ranks are in
 * order. by: a measure of four counts, else SEG_E_USAGE. Costs a look-up a set. */
seg_status seg_rule_order_new(const seg_itemset_tree *tree, const seg_set_index *index,
                              uint32_t n_baskets, const int32_t *name_place, seg_measure by,
                              seg_rule_order *out, seg_error *err);
void seg_rule_order_clear(seg_rule_order *order);   /* all zero again */

/* A rule ready to be compared: with its figure, larger is better. */
typedef struct seg_ranked_rule {
    double value;
    seg_rule rule;
    uint32_t place;      /* of the body */
} seg_ranked_rule;

seg_ranked_rule seg_rule_ranked(const seg_rule_order *order, const seg_rule *rule);
/* Negative when a comes first; 0 only for one and the same rule. */
int seg_rule_before(const seg_rule_order *order, const seg_ranked_rule *a,
                    const seg_ranked_rule *b);

/* Best first. Any number of threads leaves the same. */
seg_status seg_rule_order_sort(const seg_rule_order *order, int n_threads, seg_rules *rules,
                               seg_error *err);

/* The best k, in a heap whose root is the worst of them. */
typedef struct seg_best_rules {
    size_t k, n, cap;
    seg_ranked_rule *heap;
} seg_best_rules;

seg_status seg_best_rules_add(seg_best_rules *best, const seg_rule_order *order,
                              const seg_ranked_rule *rule, seg_error *err);

#endif
