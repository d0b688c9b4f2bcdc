/* bin_tile.c: cuts in the order in which a search by halving meets them. */
#include "kernels/bin_tile.h"

void seg_bin_search_order(const float cuts[SEG_BIN_CUTS], float search[SEG_BIN_CUTS])
{
    for (size_t level = 0; level < 8; level++)
        for (size_t j = 0; j < (size_t)1 << level; j++)
            search[((size_t)1 << level) - 1 + j] = cuts[(2 * j + 1) * ((size_t)1 << (7 - level)) - 1];
}
