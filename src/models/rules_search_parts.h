/* rules_search_parts.h: what the search for itemsets holds, for the files that make it up. */
#ifndef SEGMILL_MODELS_RULES_SEARCH_PARTS_H
#define SEGMILL_MODELS_RULES_SEARCH_PARTS_H

#include "kernels/apriori.h"
#include "kernels/itemset_count.h"
#include "kernels/miner.h"
#include "models/rules_search.h"

typedef enum search_stage {
    STAGE_ITEMS,       /* baskets per item */
    STAGE_LEVELS,      /* apriori: a length per pass */
    STAGE_COLLECT,     /* baskets into memory, mined when it is full */
    STAGE_COUNT,       /* what the parts found, in all baskets */
    STAGE_DONE
} search_stage;

struct seg_rules_search {
    seg_rules_search_options options;
    int n_threads;
    double started;                /* seconds, for max_seconds */
    search_stage stage;
    seg_item_counts items;
    seg_rules_found found;
    int64_t *apart_start;          /* null: nothing is apart */
    int32_t *apart_rank;
    seg_items_apart apart;

    seg_apriori *levels;
    seg_miner *miner;              /* the part that is being collected */
    uint64_t n_collected;          /* baskets of it */
    uint64_t n_entries, most_entries;   /* (basket, item) pairs and baskets of it, at most; and
                                           those that there is room for */
    seg_itemset_tree candidates;   /* often enough in one of the parts before */
    seg_itemset_count *counter;
    seg_itemset_count *with_head;  /* the same of the baskets that hold the head; or null */
    int32_t *rank;                 /* n_items: of what is mined; null: found.ranks.rank */
    uint8_t *skip;                 /* rows of a block without the head */
    size_t skip_cap;
};

/* Bytes that the search may still take. */
uint64_t seg_search_room(const seg_rules_search *s);
/* SEG_E_GATE after --max-time. */
seg_status seg_search_in_time(const seg_rules_search *s, seg_error *err);

seg_status seg_collect_begin(seg_rules_search *s, seg_error *err);
seg_status seg_collect_add(seg_rules_search *s, const seg_basket_rows *rows, seg_error *err);
seg_status seg_collect_end(seg_rules_search *s, seg_error *err);
seg_status seg_parts_begin(seg_rules_search *s, seg_error *err);
seg_status seg_parts_add(seg_rules_search *s, const seg_basket_rows *rows, seg_error *err);
seg_status seg_parts_end(seg_rules_search *s, seg_error *err);

/* The rows that hold the item; skip: n_rows, for the others. */
seg_basket_rows seg_rows_with_item(const seg_basket_rows *rows, int32_t item, uint8_t *skip);
/* tree: bodies, with their counts in all baskets and in those with the head, a rank. out gets
 * the bodies, each with the head, and the head alone: every subset of a set among them. */
seg_status seg_head_sets(const seg_itemset_tree *tree, const uint32_t *count,
                         const uint32_t *with_head, int32_t head, uint32_t head_count,
                         seg_itemset_tree *out, seg_error *err);

/* The support with at most target_itemsets sets, into found.min_count. */
seg_status seg_search_support(seg_rules_search *s, seg_error *err);

#endif
