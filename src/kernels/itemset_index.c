/* itemset_index.c: an open table of the sets of a tree.
 *
 * Codes of items are random numbers, so keys of different sets are (Zobrist hashing: A.
 * Zobrist, "A new hashing method with application for game playing", 1970). The high bits of
 * a key say which line to look into, 31 low bits are kept. Lines are filled from the left, and
 * what is full goes on in the next line. A set that is put in compares the bits of all on its
 * way, so no two of a line have the same, nor has any that a search for it will meet, as nothing
 * moves later. If one has, all is built again from other codes. Threads put sets in side by
 * side: where a set lands depends on chance then, what is found not. */
#include "kernels/itemset_index.h"

#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

/* ---- parts of a tree ------------------------------------------------------------- */

/* The node above is the last one before that is one item shorter. */
static size_t above(const seg_itemset_tree *tree, size_t node)
{
    const uint8_t *at = memrchr(tree->depth, tree->depth[node] - 1, node);
    return (size_t)(at - tree->depth);
}

size_t seg_set_items(const seg_itemset_tree *tree, size_t node, int32_t *items)
{
    size_t n = tree->depth[node];
    items[n - 1] = tree->item[node];
    for (size_t d = n - 1; d > 0; d--) {
        node = above(tree, node);
        items[d - 1] = tree->item[node];
    }
    return n;
}

void seg_set_walk_from(const seg_itemset_tree *tree, const uint64_t *code, size_t first,
                       size_t end, seg_set_walk *walk)
{
    walk->tree = tree;
    walk->code = code;
    walk->next = first;
    walk->end = end < tree->n ? end : tree->n;
    walk->node = walk->n = 0;
    walk->key[0] = 0;
    if (first >= tree->n)
        return;
    size_t n = seg_set_items(tree, first, walk->items);
    for (size_t i = 0; i < n; i++)
        walk->key[i + 1] = walk->key[i] ^ code[walk->items[i]];
}

void seg_set_skip(seg_set_walk *walk)
{
    const uint8_t *depth = walk->tree->depth;
    while (walk->next < walk->end && depth[walk->next] > walk->n)
        walk->next++;
}

/* ---- building ---------------------------------------------------------------------- */

/* Source: the finalizer of SplitMix64 (S. Vigna, public domain). */
static uint64_t code_of(uint64_t seed, uint64_t item)
{
    uint64_t z = (seed << 32 | item) + 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* False: a set on the way has the same bits. */
static bool put(const seg_set_index *index, uint64_t key, size_t node)
{
    uint32_t tag = (uint32_t)key | 1;
    for (size_t at = seg_set_home(index, key);; at = at + 1 < index->n_lines ? at + 1 : 0) {
        seg_set_line *line = &index->lines[at];
        for (int i = 0; i < 8; i++) {
            uint32_t there = __atomic_load_n(&line->tag[i], __ATOMIC_RELAXED);
            if (there == 0
                && __atomic_compare_exchange_n(&line->tag[i], &there, tag, false,
                                               __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
                line->node[i] = (uint32_t)node + 1;
                return true;
            }
            if (there == tag)
                return false;
        }
    }
}

enum { AHEAD = 32 };   /* keys on their way from the memory */

static bool put_part(const seg_set_index *index, const seg_itemset_tree *tree, size_t first)
{
    seg_set_walk walk;
    uint64_t key[AHEAD];
    size_t node[AHEAD], n = 0;
    bool distinct = true;
    seg_set_walk_from(tree, index->code, first, first + SEG_TREE_PART, &walk);
    for (bool more = true; more;) {
        more = seg_set_next(&walk);
        if (more && tree->count[walk.node] == 0)
            continue;
        if (more) {
            node[n] = walk.node;
            key[n] = walk.key[walk.n];
            seg_set_prefetch(index, key[n++]);
        }
        if (more && n < AHEAD)
            continue;
        for (size_t i = 0; i < n; i++)
            distinct = distinct && put(index, key[i], node[i]);
        n = 0;
    }
    return distinct;
}

static bool put_all(const seg_set_index *index, const seg_itemset_tree *tree, int n_threads)
{
    bool distinct = true;
    size_t n_parts = seg_tree_parts(tree);
    #pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads) if (n_parts > 1) \
        reduction(&&: distinct)
    for (size_t p = 0; p < n_parts; p++)
        distinct = distinct && put_part(index, tree, p * SEG_TREE_PART);
    return distinct;
}

seg_status seg_set_index_new(const seg_itemset_tree *tree, size_t n_items, int n_threads,
                             seg_set_index *out, seg_error *err)
{
    enum { SEEDS = 32 };
    seg_status st = SEG_OK;
    seg_set_index index = { .n_items = n_items };
    *out = (seg_set_index){ 0 };
    for (size_t i = 0; i < tree->n; i++)
        index.n_sets += tree->count[i] > 0;
    index.n_lines = index.n_sets / 4 + 1;
    TRY(SEG_ALLOC(&index.code, n_items, "the codes of the items", err));
    TRY(seg_scratch_new(index.n_lines * sizeof *index.lines, UINT64_MAX,
                        "the index of the itemsets", &index.memory, err));
    index.lines = index.memory.bytes;
    for (uint64_t seed = 0;; seed++) {
        if (seed == SEEDS)
            TRY(seg_fail(err, SEG_E_DATA, "an itemset stands in the list twice"));
        for (size_t i = 0; i < n_items; i++)
            index.code[i] = code_of(seed, i);
        if (put_all(&index, tree, n_threads))
            break;
        memset(index.lines, 0, index.n_lines * sizeof *index.lines);
    }
    *out = index;
    index = (seg_set_index){ 0 };

done:
    seg_set_index_clear(&index);
    return st;
}

void seg_set_index_clear(seg_set_index *index)
{
    seg_scratch_free(&index->memory);
    seg_free(index->code);
    *index = (seg_set_index){ 0 };
}
