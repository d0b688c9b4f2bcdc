/* candidates.h: the sets of k + 1 items that may be frequent, given those of k. */
#ifndef SEGMILL_KERNELS_CANDIDATES_H
#define SEGMILL_KERNELS_CANDIDATES_H

#include "kernels/itemsets.h"

/* level: all frequent sets of one length k >= 2, ascending. candidates (all zero) gets
 * every set of k + 1 items all of whose subsets of k items are in `level`, ascending,
 * counts 0. SEG_E_AGAIN when they are more than max_sets. */
seg_status seg_candidates(const seg_itemsets *level, uint64_t max_sets,
                          seg_itemsets *candidates, seg_error *err);

#endif
