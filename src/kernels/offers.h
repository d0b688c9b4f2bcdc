/* offers.h: which rules have something to offer to a customer. */
#ifndef SEGMILL_KERNELS_OFFERS_H
#define SEGMILL_KERNELS_OFFERS_H

#include "kernels/apriori.h"

/* Bodies with common beginnings share nodes: a body is its items from the rarest to the
 * commonest. Nodes stand in preorder, siblings in the order of the best rule below them. */
typedef struct seg_offer_node {
    int32_t item;
    uint32_t best;            /* first (best) rule of the subtree */
    uint32_t own;             /* first rule of the node itself, or UINT32_MAX */
    uint32_t next;            /* node behind the subtree */
    uint32_t siblings_end;    /* node behind the subtrees of all siblings; of a root: next */
    uint32_t first_rule;      /* its rules: from entries[first_rule] to that of the next node */
} seg_offer_node;

typedef struct seg_offer_entry {
    uint32_t rule;
    int32_t head;
} seg_offer_entry;

/* Rules with one item in the head, best first: the number of a rule is its rank. */
typedef struct seg_offer_rules {
    size_t n_rules, n_items;
    int64_t *body_start;      /* n_rules + 1; no body is empty */
    int32_t *body;            /* ascending per rule */
    int32_t *head;            /* n_rules */

    size_t n_nodes;           /* the index */
    seg_offer_node *nodes;    /* n_nodes + 1 */
    uint32_t *root;           /* n_items: node of the bodies whose rarest item it is, or
                                 UINT32_MAX */
    seg_offer_entry *entries; /* n_rules: per node, ascending */
} seg_offer_rules;

/* Set nodes, root and entries. item_count: n_items, baskets per item. SEG_E_DATA when there
 * are more rules or nodes than 32 bits number. Time and memory: by the items of the bodies. */
seg_status seg_offer_rules_index(seg_offer_rules *rules, const uint32_t *item_count,
                                 seg_error *err);
void seg_offer_rules_clear(seg_offer_rules *rules);

/* What is wanted for a block of customers. */
typedef struct seg_offer_ask {
    size_t k;                     /* offers per customer, each of another item */
    const double *confidence;     /* n_rules: then an offer's score is 1 - the product of
                                     1 - confidence over all rules that apply. Null: the best
                                     rule offers */
    const double *worth;          /* n_items, with confidence: the score is times this; or null */
    const int32_t *barred;        /* per row i, items never to offer to it: */
    const int64_t *barred_first, *barred_end;   /* barred[barred_first[i] .. barred_end[i]);
                                                   all three may be null */
} seg_offer_ask;

/* For each row the k best offers: items that the customer lacks, by rules whose body the
 * customer has. best[row * k + j] is the first rule that makes the offer, -1 where there is
 * none; score[row * k + j] (with confidence) its score. Best is the first rule, or with
 * confidence the greatest score, then the first rule; rules are combined in the order of
 * the nodes.
 * Rows: ascending items in range; a repeated one counts once. */
seg_status seg_offers_find(const seg_offer_rules *rules, const seg_basket_rows *rows,
                           const seg_offer_ask *ask, int64_t *best, double *score,
                           int n_threads, seg_error *err);

#endif
