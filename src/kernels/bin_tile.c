/* bin_tile.c: what a number is looked up in. Its places are -infinity, which every number
 * but no missing value is above, and the cuts, ascending; the bin is how many of them the
 * number is above. Before them stand the places at which a search by halving looks first:
 * level l begins at 1 << l, and the two below place i are 2 i and 2 i + 1. Place 0 of them is
 * none; it is infinite. */
#include "kernels/bin_tile.h"

#include <math.h>

void seg_bin_search_fill(const float cuts[SEG_BIN_CUTS], float search[SEG_BIN_SEARCH])
{
    float *places = search + SEG_BIN_HEAP;
    places[0] = -INFINITY;
    for (size_t c = 0; c < SEG_BIN_CUTS; c++)
        places[c + 1] = cuts[c];
    search[0] = INFINITY;
    for (size_t level = 0; level < 5; level++)
        for (size_t i = 0; i < (size_t)1 << level; i++)
            search[((size_t)1 << level) + i] = places[(2 * i + 1) << (7 - level)];
}
