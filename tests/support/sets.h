/* sets.h: trees of frequent itemsets by plain ways: every subset of small random baskets,
 * and a depth-first search that counts the rest of each row. */
#ifndef TESTS_SUPPORT_SETS_H
#define TESTS_SUPPORT_SETS_H

#include "kernels/itemset_tree.h"
#include "tests/support/fimi.h"

enum { FEW_ITEMS = 8, FEW_SETS = 1 << FEW_ITEMS };

/* Baskets over FEW_ITEMS items; set s is the items whose bits are in s. */
typedef struct few_baskets {
    uint32_t n_baskets, least;
    uint32_t count[FEW_SETS];
    seg_itemset_tree tree;              /* sets that `least` baskets hold */
    uint32_t node[FEW_SETS];            /* of the frequent ones */
} few_baskets;

void few_make(few_baskets *few, uint32_t n_baskets, uint32_t least, uint32_t seed);
void few_free(few_baskets *few);
uint32_t few_random(uint32_t *seed);
/* The set of a node. */
unsigned few_bits(const seg_itemset_tree *tree, size_t node);

typedef struct mined {
    uint32_t n_baskets;
    size_t n_items;                     /* ranked: frequent ones */
    int32_t *item_of_rank;
    seg_itemset_tree tree;
} mined;

/* The frequent sets of a file of the shared data; false if it is not there. */
bool mined_make(const char *name, uint32_t least, mined *out);
void mined_free(mined *m);

#endif
