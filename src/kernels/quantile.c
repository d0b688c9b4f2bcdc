/* quantile.c: order statistics as edges, and the group sizes of SQL's NTILE. Whole
 * numbers only; ceil(n k / b) is computed without overflow for any n. */
#include "kernels/quantile.h"

void seg_quantile_edges(const int64_t *sorted, size_t n, uint32_t n_bins, int64_t *edges)
{
    size_t whole = n / n_bins, rest = n % n_bins;
    for (uint32_t k = 1; k < n_bins; k++) {
        size_t position = whole * k + (rest * k + n_bins - 1) / n_bins;
        edges[k - 1] = sorted[position == 0 ? 0 : position - 1];
    }
}

uint32_t seg_quantile_score(const int64_t *edges, size_t n_edges, int64_t value)
{
    uint32_t score = 1;
    for (size_t k = 0; k < n_edges; k++)
        score += edges[k] < value;
    return score;
}

size_t seg_ntile_end(size_t n, uint32_t n_bins, uint32_t bin)
{
    size_t whole = n / n_bins, rest = n % n_bins;
    return whole * bin + (bin < rest ? bin : rest);
}
