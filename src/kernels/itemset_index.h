/* itemset_index.h: finds the sets of a tree by key, without comparing items. */
#ifndef SEGMILL_KERNELS_ITEMSET_INDEX_H
#define SEGMILL_KERNELS_ITEMSET_INDEX_H

#include "base/scratch.h"
#include "kernels/itemset_tree.h"

/* Eight sets in a line of the cache: odd bits of their keys, and their nodes plus one; 0 is
 * free. */
typedef struct seg_set_line {
    _Alignas(64) uint32_t tag[8];
    uint32_t node[8];
} seg_set_line;

/* The key of a set is the xor of the codes of its items: to put an item in, or to take one
 * out, is one xor. It was proven while building that whoever looks for a set of the tree meets
 * no other one with the same bits, so what is found is right. A set that the tree does not list
 * is found (as another) once in some 100 million times, and else not. */
typedef struct seg_set_index {
    seg_set_line *lines;
    size_t n_lines, n_sets;
    uint64_t *code;          /* n_items */
    size_t n_items;
    seg_scratch memory;      /* of the lines: on the heap, in large pages if there are any */
} seg_set_index;

#define SEG_NO_SET UINT32_MAX

/* Index the listed sets (count > 0) of a tree whose items are below n_items: 16 bytes a set.
 * n_threads may be any: all find the same. SEG_E_DATA when a set stands in the tree twice. */
seg_status seg_set_index_new(const seg_itemset_tree *tree, size_t n_items, int n_threads,
                             seg_set_index *out, seg_error *err);
void seg_set_index_clear(seg_set_index *index);   /* all zero again */

static inline size_t seg_set_home(const seg_set_index *index, uint64_t key)
{
    return (size_t)(((unsigned __int128)key * index->n_lines) >> 64);
}

/* Some dozen keys ahead hide the way to the memory. */
static inline void seg_set_prefetch(const seg_set_index *index, uint64_t key)
{
    __builtin_prefetch(&index->lines[seg_set_home(index, key)]);
}

typedef uint32_t seg_set_four __attribute__((vector_size(16), may_alias));

/* The node plus one of the set of a line with these bits, 0 if there is none. At most one has
 * them, so there is nothing to decide, and no branch to guess. */
static inline uint32_t seg_set_match(const seg_set_line *line, uint32_t tag)
{
    const seg_set_four *tags = (const seg_set_four *)line->tag;
    const seg_set_four *nodes = (const seg_set_four *)line->node;
    seg_set_four low = nodes[0] & (seg_set_four)(tags[0] == tag);
    seg_set_four node = low | (nodes[1] & (seg_set_four)(tags[1] == tag));
    return node[0] | node[1] | node[2] | node[3];
}

/* The node, or SEG_NO_SET. A line that is full may go on in the next one. */
static inline uint32_t seg_set_find(const seg_set_index *index, uint64_t key)
{
    size_t at = seg_set_home(index, key);
    uint32_t tag = (uint32_t)key | 1, node;
    while ((node = seg_set_match(&index->lines[at], tag)) == 0 && index->lines[at].tag[7] != 0)
        at = at + 1 < index->n_lines ? at + 1 : 0;
    return node - 1;
}

/* ---- parts of a tree ----------------------------------------------------------- */

enum { SEG_TREE_PART = 1 << 13 };   /* nodes a thread works on at a time */

static inline size_t seg_tree_parts(const seg_itemset_tree *tree)
{
    return (tree->n + SEG_TREE_PART - 1) / SEG_TREE_PART;
}

/* Sets with their keys, from any node on:
 *     seg_set_walk walk;
 *     seg_set_walk_from(tree, index->code, first, end, &walk);
 *     while (seg_set_next(&walk)) ... walk.items[0 .. walk.n - 1], walk.key[walk.n] */
typedef struct seg_set_walk {
    const seg_itemset_tree *tree;
    const uint64_t *code;
    size_t next, end, node;
    size_t n;
    int32_t items[SEG_ITEMSET_MAX];
    uint64_t key[SEG_ITEMSET_MAX + 1];   /* of the first so many items */
} seg_set_walk;

void seg_set_walk_from(const seg_itemset_tree *tree, const uint64_t *code, size_t first,
                       size_t end, seg_set_walk *walk);

static inline bool seg_set_next(seg_set_walk *walk)
{
    if (walk->next >= walk->end)
        return false;
    size_t node = walk->node = walk->next++, n = walk->n = walk->tree->depth[node];
    int32_t item = walk->items[n - 1] = walk->tree->item[node];
    walk->key[n] = walk->key[n - 1] ^ walk->code[item];
    return true;
}

/* Go on behind all sets that begin with the present one. */
void seg_set_skip(seg_set_walk *walk);

/* The items of a node, ascending; their number. Costs a step back through the tree per
 * item. items: SEG_ITEMSET_MAX. */
size_t seg_set_items(const seg_itemset_tree *tree, size_t node, int32_t *items);

#endif
