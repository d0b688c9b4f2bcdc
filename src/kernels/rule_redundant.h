/* rule_redundant.h: rules that say no more than more general ones: the same head, a part of the
 * body. */
#ifndef SEGMILL_KERNELS_RULE_REDUNDANT_H
#define SEGMILL_KERNELS_RULE_REDUNDANT_H

#include "kernels/rule_order.h"

typedef enum seg_redundancy {
    /* A more general rule (body of at least one item) has at least its confidence (R. Bayardo,
     * R. Agrawal and D. Gunopulos 2000). */
    SEG_REDUNDANT_IMPROVEMENT,
    /* It is not more confident than each more general rule, the one without a body too, by
     * more than chance explains: one-sided exact test of Fisher at `alpha` among the baskets of
     * the smaller body (G. Webb, "Discovering significant patterns", 2007). */
    SEG_REDUNDANT_PRODUCTIVE,
    /* It is none of the minimal non-redundant rules, from which all others follow: body a
     * generator, body and head together closed (Y. Bastide et al. 2000). */
    SEG_REDUNDANT_BASIS
} seg_redundancy;

typedef struct seg_redundancy_options {
    seg_redundancy how;
    uint32_t n_baskets;
    double alpha;            /* of SEG_REDUNDANT_PRODUCTIVE */
    const uint8_t *marks;    /* of SEG_REDUNDANT_BASIS: seg_set_marks.bits of the tree */
    int n_threads;
} seg_redundancy_options;

/* redundant: one flag a rule. It is judged against all sets of the tree, whether their rules
 * are among these or not. tree, index: as for seg_rule_find(). Cost: two look-ups for each part
 * of a body (nothing for SEG_REDUNDANT_BASIS). */
seg_status seg_rule_redundant(const seg_itemset_tree *tree, const seg_set_index *index,
                              const seg_rules *rules, const seg_redundancy_options *options,
                              bool *redundant, seg_error *err);

/* For boost, improvement and LIC (seg_measure_frame): of each rule the counts of the most
 * confident more general one that reaches the confidence num/den itself; body 0: none does. Of
 * equals the one in more baskets. */
seg_status seg_rule_rivals(const seg_itemset_tree *tree, const seg_set_index *index,
                           const seg_rules *rules, uint32_t n_baskets, uint64_t num, uint64_t den,
                           int n_threads, seg_rule_counts *rivals, seg_error *err);

#endif
