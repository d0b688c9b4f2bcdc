/* itemset_marks.c: every set tells those with one item less what it is to them, and learns
 * from them. In a list with all subsets no others need to be looked at: if a larger set has
 * the same count, so has one with one item more. Bits are only ever set, so threads may do it
 * in any order. */
#include "kernels/itemset_marks.h"

#include "base/alloc.h"
#include "base/try.h"

enum { BATCH = 256, DROPPED = 0x80 };

/* (set, set with one item less) pairs; the keys of the second wait for the memory. */
typedef struct batch {
    size_t n;
    uint64_t key[BATCH + SEG_ITEMSET_MAX];
    uint32_t whole[BATCH + SEG_ITEMSET_MAX];
} batch;

static void set_bits(uint8_t *bits, unsigned wanted)
{
    if ((__atomic_load_n(bits, __ATOMIC_RELAXED) & wanted) != wanted)
        __atomic_fetch_or(bits, (uint8_t)wanted, __ATOMIC_RELAXED);
}

/* False: one is missing. */
static bool settle(const seg_itemset_tree *tree, const seg_set_index *index, batch *b,
                   uint8_t *bits)
{
    for (size_t i = 0; i < b->n; i++) {
        uint32_t less = seg_set_find(index, b->key[i]), whole = b->whole[i];
        if (less == SEG_NO_SET)
            return false;
        bool same = tree->count[less] == tree->count[whole];
        set_bits(&bits[less], SEG_MARK_INSIDE | (same ? SEG_MARK_IMPLIED : 0));
        if (same)
            set_bits(&bits[whole], SEG_MARK_DERIVED);
    }
    b->n = 0;
    return true;
}

static void push(const seg_set_index *index, const seg_set_walk *walk, batch *b)
{
    for (size_t i = 0; i < walk->n; i++) {
        uint64_t key = walk->key[walk->n] ^ index->code[walk->items[i]];
        b->key[b->n] = key;
        b->whole[b->n++] = (uint32_t)walk->node;
        seg_set_prefetch(index, key);
    }
}

static bool mark_part(const seg_itemset_tree *tree, const seg_set_index *index,
                      uint32_t n_baskets, size_t first, uint8_t *bits)
{
    seg_set_walk walk;
    batch b = { .n = 0 };
    seg_set_walk_from(tree, index->code, first, first + SEG_TREE_PART, &walk);
    while (seg_set_next(&walk)) {
        if (tree->count[walk.node] == 0)
            continue;
        if (walk.n > 1)
            push(index, &walk, &b);
        else if (tree->count[walk.node] == n_baskets)
            set_bits(&bits[walk.node], SEG_MARK_DERIVED);
        if (b.n >= BATCH && !settle(tree, index, &b, bits))
            return false;
    }
    return settle(tree, index, &b, bits);
}

static void add(seg_set_kinds *to, unsigned bits)
{
    to->sets++;
    to->maximal += (bits & SEG_MARK_INSIDE) == 0;
    to->closed += (bits & SEG_MARK_IMPLIED) == 0;
    to->generators += (bits & SEG_MARK_DERIVED) == 0;
}

static void count_kinds(const seg_itemset_tree *tree, seg_set_marks *marks)
{
    for (size_t i = 0; i < tree->n; i++) {
        if (tree->count[i] == 0)
            continue;
        size_t n = tree->depth[i];
        add(&marks->by_length[n - 1], marks->bits[i]);
        add(&marks->total, marks->bits[i]);
        if (n > marks->n_lengths)
            marks->n_lengths = n;
    }
}

seg_status seg_set_marks_new(const seg_itemset_tree *tree, const seg_set_index *index,
                             uint32_t n_baskets, int n_threads, seg_set_marks *out,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    bool complete = true;
    size_t n_parts = seg_tree_parts(tree);
    *out = (seg_set_marks){ 0 };
    TRY(SEG_ALLOC(&out->bits, tree->n, "the marks of the itemsets", err));
    #pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads) if (n_parts > 1) \
        reduction(&&: complete)
    for (size_t p = 0; p < n_parts; p++)
        complete = complete && mark_part(tree, index, n_baskets, p * SEG_TREE_PART, out->bits);
    if (!complete)
        TRY(seg_fail(err, SEG_E_DATA, "the list of itemsets lacks a subset of one of them"));
    count_kinds(tree, out);

done:
    if (st != SEG_OK)
        seg_set_marks_clear(out);
    return st;
}

void seg_set_marks_clear(seg_set_marks *marks)
{
    seg_free(marks->bits);
    *marks = (seg_set_marks){ 0 };
}

/* Backwards, a node comes behind everything that begins with it. */
static void choose(seg_itemset_tree *tree, uint8_t *bits, unsigned unwanted)
{
    bool below[SEG_ITEMSET_MAX + 2] = { false };   /* by length: a longer set is kept */
    for (size_t i = tree->n; i-- > 0;) {
        size_t n = tree->depth[i];
        bool wanted = tree->count[i] > 0 && (bits[i] & unwanted) == 0;
        bool kept = wanted || below[n + 1];
        if (!wanted)
            tree->count[i] = 0;
        if (!kept)
            bits[i] |= DROPPED;
        below[n + 1] = false;
        below[n] = below[n] || kept;
    }
}

void seg_itemset_tree_keep(seg_itemset_tree *tree, seg_set_marks *marks, unsigned unwanted)
{
    size_t n = 0;
    choose(tree, marks->bits, unwanted);
    for (size_t i = 0; i < tree->n; i++) {
        if ((marks->bits[i] & DROPPED) != 0)
            continue;
        tree->depth[n] = tree->depth[i];
        tree->item[n] = tree->item[i];
        tree->count[n] = tree->count[i];
        marks->bits[n++] = marks->bits[i];
    }
    tree->n = n;
}
