/* miner_sink.c: listed sets, by way of a small buffer to their place in the tree. */
#include "kernels/miner_parts.h"

#include <string.h>

void seg_sink_flush(seg_miner_sink *sink)
{
    seg_itemset_tree *tree = sink->tree;
    if (sink->n > sink->end - sink->place) {
        sink->overrun = true;
        sink->n = 0;
    }
    if (sink->n == 0)
        return;
    memcpy(tree->item + sink->place, sink->item, sink->n * sizeof *sink->item);
    memcpy(tree->count + sink->place, sink->count, sink->n * sizeof *sink->count);
    memcpy(tree->depth + sink->place, sink->depth, sink->n * sizeof *sink->depth);
    sink->place += sink->n;
    sink->n = 0;
}
