/* rule_find.h: all rules "who has the body has the head" of a tree of frequent itemsets. */
#ifndef SEGMILL_KERNELS_RULE_FIND_H
#define SEGMILL_KERNELS_RULE_FIND_H

#include "kernels/rule_order.h"

/* What an item may do in rules; none of the first two: no rule has it. */
enum {
    SEG_RULE_BODY = 1,       /* stand in a body */
    SEG_RULE_HEAD = 2,       /* stand in a head */
    SEG_RULE_WANTED = 4,     /* every head holds at least one of the items so marked */
    SEG_RULE_MUST = 8        /* every rule holds it, in body or head */
};

typedef struct seg_rule_search {
    uint64_t confidence_num, confidence_den;    /* at least; den > 0, num <= den */
    size_t max_head;         /* items in the head; >= 1 */
    size_t min_body, max_body, max_length;      /* items in the body, and in all; 0: any */
    const uint8_t *use;      /* SEG_RULE_... bits per item of the index; null: any item may be in
                                bodies and heads */
    bool count_only;         /* leave the number alone */
    uint64_t max_rules;      /* list none if there are more; 0: any number. Not with `best` */
    const seg_rule_order *best;   /* keep only the best `top` (> 0) in this order, best first;
                                     null: all */
    size_t top;
    int n_threads;
    /* Called now and then with the share of the work that is done; what it returns other than
     * SEG_OK ends the work (a signal, a time limit). Or null. */
    seg_status (*step)(void *arg, double done, seg_error *err);
    void *step_arg;
} seg_rule_search;

/* Every split of a listed set into body (>= 1 item) and head with
 * count(whole) den >= num count(body), compared exactly.
 * tree: every subset of a listed set is listed, else SEG_E_DATA. index: of the tree.
 * rules: all zero; without `best` by their place in the tree, in one order for any number of
 * threads. n_found: how many there are; when it is above max_rules, rules is empty. With `best`
 * no more than `top` rules a thread are ever in memory. */
seg_status seg_rule_find(const seg_itemset_tree *tree, const seg_set_index *index,
                         const seg_rule_search *search, seg_rules *rules, uint64_t *n_found,
                         seg_error *err);

#endif
