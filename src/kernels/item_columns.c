/* item_columns.c: a walk over the tree of candidates that carries, for the items so far,
 * the set of baskets that hold them as bits (vertical counting: M. Zaki, "Scalable
 * algorithms for association mining", TKDE 2000). A candidate costs 16 words per 1,024
 * baskets however many of them hold it, against one step per basket in item_trie.c. */
#include "kernels/item_columns.h"

#include <string.h>

void seg_item_columns_set(uint64_t *columns, size_t row, const int32_t *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        columns[(size_t)items[i] * SEG_COLUMN_WORDS + row / 64] |= UINT64_C(1) << (row % 64);
}

/* Bits of a & b. Each byte adds up at most 16 times 8, so the sums of all words stay in
 * their bytes and are added across only once. */
static uint32_t count_both(const uint64_t *a, const uint64_t *b)
{
    uint64_t bytes = 0;
    for (size_t w = 0; w < SEG_COLUMN_WORDS; w++) {
        uint64_t v = a[w] & b[w];
        v -= (v >> 1) & 0x5555555555555555u;
        v = (v & 0x3333333333333333u) + ((v >> 2) & 0x3333333333333333u);
        bytes += (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    }
    uint64_t pairs = (bytes & 0x00ff00ff00ff00ffu) + ((bytes >> 8) & 0x00ff00ff00ff00ffu);
    return (uint32_t)((pairs * 0x0001000100010001u) >> 48);
}

/* out = a & b; false when nothing is left. */
static bool keep_both(const uint64_t *a, const uint64_t *b, uint64_t *out)
{
    uint64_t any = 0;
    for (size_t w = 0; w < SEG_COLUMN_WORDS; w++) {
        out[w] = a[w] & b[w];
        any |= out[w];
    }
    return any != 0;
}

typedef struct walk {
    const seg_item_trie *trie;
    const uint64_t *columns;
    uint64_t *scratch;
    uint32_t *count;
} walk;

static const uint64_t *column(const walk *w, size_t d, size_t node)
{
    return w->columns + (size_t)w->trie->item[d][node] * SEG_COLUMN_WORDS;
}

/* Nodes first .. end-1 of depth d, below the baskets `with` of the items above. */
static void descend(const walk *w, size_t d, size_t first, size_t end, const uint64_t *with)
{
    const seg_item_trie *trie = w->trie;
    uint64_t *mine = w->scratch + d * SEG_COLUMN_WORDS;
    if (d + 1 == trie->depth) {
        for (size_t node = first; node < end; node++)
            w->count[node] += count_both(with, column(w, d, node));
        return;
    }
    for (size_t node = first; node < end; node++)
        if (keep_both(with, column(w, d, node), mine))
            descend(w, d + 1, trie->child[d][node], trie->child[d][node + 1], mine);
}

void seg_item_columns_count(const seg_item_trie *trie, const uint64_t *columns,
                            uint64_t *scratch, uint32_t *count)
{
    uint64_t all[SEG_COLUMN_WORDS];
    memset(all, 0xff, sizeof all);
    walk w = { .trie = trie, .columns = columns, .scratch = scratch, .count = count };
    if (trie->depth > 0)
        descend(&w, 0, 0, trie->n_nodes[0], all);
}
