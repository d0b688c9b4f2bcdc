/* rules_search.h: the itemsets of a training, found over passes: the first counts items, the
 * next ones do what the method asks for.
 *
 *   auto     baskets are collected in memory and mined depth first; what does not fit is mined
 *            in parts, and one more pass counts what any part found often enough
 *            (A. Savasere, E. Omiecinski, S. Navathe, "An efficient algorithm for mining
 *            association rules in large databases", VLDB 1995)
 *   apriori  level by level, one pass per length
 *
 * The answer is the same. */
#ifndef SEGMILL_MODELS_RULES_SEARCH_H
#define SEGMILL_MODELS_RULES_SEARCH_H

#include "kernels/item_counts.h"
#include "kernels/itemset_tree.h"
#include "segmill/context.h"

typedef struct seg_rules_search seg_rules_search;

typedef enum seg_search_method { SEG_SEARCH_AUTO, SEG_SEARCH_APRIORI } seg_search_method;

typedef struct seg_rules_search_options {
    const seg_context *ctx;
    size_t n_items;
    const int32_t *place;        /* n_items: in order of the names */
    const bool *wanted;          /* n_items: false leaves an item out; or null */
    /* Ancestors of item i, ascending: above[above_start[i]] ...; an item and its ancestor are
     * never in one set. Null: none. */
    const int64_t *above_start;  /* n_items + 1 */
    const int32_t *above;
    uint64_t support_num, support_den;   /* as in seg_support_count() */
    uint64_t target_itemsets;    /* instead: the lowest support with at most so many; 0: none */
    size_t max_length;           /* items per set; 0: any */
    uint64_t max_itemsets;       /* 0: any number */
    uint32_t max_seconds;        /* 0: any time */
    int32_t head;                /* only the sets of rules to this item: those with it, and what
                                    is left of them without it (max_length 0 or above 1);
                                    -1: all sets */
    bool allow_partial, count_only, weighted;
    seg_search_method method;
} seg_rules_search_options;

/* One line of the search for a support: so many sets at this one. */
typedef struct seg_support_trial {
    uint32_t min_count;
    uint64_t n_itemsets;
} seg_support_trial;
enum { SEG_SUPPORT_TRIALS = 64 };

typedef struct seg_rules_found {
    uint64_t n_rows, n_baskets, n_empty;
    uint32_t min_count;
    uint32_t *item_count;        /* n_items */
    seg_item_ranks ranks;        /* of the frequent items; the tree's items are ranks */
    seg_itemset_counts counts;
    seg_itemset_tree tree;       /* complete; empty after count_only */
    bool incomplete;             /* stopped at max_itemsets: longer sets are missing */
    size_t n_parts;              /* parts that were mined one by one; 0: level by level */
    seg_support_trial trials[SEG_SUPPORT_TRIALS];
    size_t n_trials;
} seg_rules_found;

seg_status seg_rules_search_new(const seg_rules_search_options *options,
                                seg_rules_search **out, seg_error *err);
void seg_rules_search_free(seg_rules_search *search);   /* takes null */

seg_status seg_rules_search_begin(seg_rules_search *search, bool *more, seg_error *err);
seg_status seg_rules_search_add(seg_rules_search *search, const seg_basket_rows *rows,
                                uint64_t first_row, seg_error *err);
seg_status seg_rules_search_end(seg_rules_search *search, seg_error *err);

/* Move the answer out; release it with seg_rules_found_clear(). */
seg_status seg_rules_search_take(seg_rules_search *search, seg_rules_found *found,
                                 seg_error *err);
void seg_rules_found_clear(seg_rules_found *found);

#endif
