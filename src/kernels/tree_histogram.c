/* tree_histogram.c: rows per node, feature, bin and class.
 *
 * Threads share out the features, not the rows: no private copies, no merging, and the
 * memory does not grow with the threads. */
#include "kernels/tree.h"

size_t seg_histogram_size(const seg_bins *bins)
{
    return 2 * (size_t)bins->first_bin[bins->n_features];
}

static void add_feature(const uint8_t *bin, size_t n, const int32_t *slots,
                        const uint8_t *classes, size_t size, int64_t *counts)
{
    for (size_t i = 0; i < n; i++)
        if (slots[i] >= 0)
            counts[(size_t)slots[i] * size + 2 * (size_t)bin[i] + classes[i]]++;
}

void seg_histogram_add(const seg_bins *bins, const uint8_t *binned, size_t n,
                       const int32_t *slots, const uint8_t *classes, int n_threads,
                       int64_t *histograms)
{
    size_t size = seg_histogram_size(bins);
    #pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
    for (size_t f = 0; f < bins->n_features; f++)
        add_feature(binned + f * n, n, slots, classes, size,
                    histograms + 2 * (size_t)bins->first_bin[f]);
}
