/* itemset_count.c: 1,024 baskets at a time become one column of bits per item, and a walk
 * over the tree carries the bits of the baskets that hold the items so far (vertical counting:
 * M. Zaki, "Scalable algorithms for association mining", TKDE 2000). Where no basket is left,
 * nothing below is looked at. */
#include "kernels/itemset_count.h"

#include <omp.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

enum { ROWS = 1024, WORDS = ROWS / 64 };

/* The places of one thread. */
typedef struct lane {
    uint64_t *columns;       /* n_ranks x WORDS; all zero between pieces */
    uint64_t *path;          /* (SEG_ITEMSET_MAX + 1) x WORDS */
    int32_t *touched;        /* n_ranks: items that a row of the piece holds */
    uint32_t *count;         /* tree->n */
    size_t n_touched;
} lane;

struct seg_itemset_count {
    const seg_itemset_tree *tree;
    uint32_t *end;           /* tree->n: first node behind the sets that begin with this one */
    size_t n_lanes;
    lane *lanes;
};

uint64_t seg_itemset_count_bytes(size_t n_sets, size_t n_ranks, int n_threads)
{
    uint64_t lane_bytes = n_ranks * (WORDS * sizeof(uint64_t) + sizeof(int32_t))
                          + n_sets * sizeof(uint32_t);
    return n_sets * sizeof(uint32_t) + lane_bytes * (uint64_t)(n_threads < 1 ? 1 : n_threads);
}

/* Where the sets end that begin with each set: every node waits on the path for the first one
 * that is not deeper. */
static void find_ends(const seg_itemset_tree *tree, uint32_t *end)
{
    uint32_t path[SEG_ITEMSET_MAX + 1];
    size_t depth = 0;
    for (size_t i = 0; i <= tree->n; i++) {
        size_t d = i < tree->n ? tree->depth[i] : 1;
        for (; depth >= d; depth--)
            end[path[depth - 1]] = (uint32_t)i;
        path[depth++] = (uint32_t)i;
    }
}

seg_status seg_itemset_count_new(const seg_itemset_tree *tree, size_t n_ranks, int n_threads,
                                 seg_itemset_count **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_itemset_count *c = NULL;
    *out = NULL;
    TRY(SEG_ALLOC(&c, 1, "the counters of the itemsets", err));
    c->tree = tree;
    c->n_lanes = n_threads < 1 ? 1 : (size_t)n_threads;
    TRY(SEG_ALLOC(&c->end, tree->n, "the counters of the itemsets", err));
    TRY(SEG_ALLOC(&c->lanes, c->n_lanes, "the counters of the itemsets", err));
    for (size_t t = 0; t < c->n_lanes; t++) {
        lane *mine = &c->lanes[t];
        TRY(SEG_ALLOC(&mine->columns, n_ranks * WORDS, "the bits of the baskets", err));
        TRY(SEG_ALLOC(&mine->path, (SEG_ITEMSET_MAX + 1) * WORDS, "the bits of the baskets",
                      err));
        TRY(SEG_ALLOC(&mine->touched, n_ranks, "the bits of the baskets", err));
        TRY(SEG_ALLOC(&mine->count, tree->n, "the counters of the itemsets", err));
    }
    find_ends(tree, c->end);
    *out = c;
    c = NULL;

done:
    seg_itemset_count_free(c);
    return st;
}

void seg_itemset_count_free(seg_itemset_count *c)
{
    if (c == NULL)
        return;
    for (size_t t = 0; c->lanes != NULL && t < c->n_lanes; t++) {
        seg_free(c->lanes[t].columns);
        seg_free(c->lanes[t].path);
        seg_free(c->lanes[t].touched);
        seg_free(c->lanes[t].count);
    }
    seg_free(c->lanes);
    seg_free(c->end);
    seg_free(c);
}

/* ---- one piece of rows --------------------------------------------------------------- */

static bool is_zero(const uint64_t *words)
{
    uint64_t any = 0;
    for (size_t w = 0; w < WORDS; w++)
        any |= words[w];
    return any == 0;
}

static void set_bits(lane *mine, const seg_basket_rows *rows, size_t first, size_t end,
                     const int32_t *rank)
{
    mine->n_touched = 0;
    for (size_t i = first; i < end; i++) {
        if (seg_basket_weight(rows, i) == 0)
            continue;
        uint64_t bit = UINT64_C(1) << ((i - first) % 64);
        for (int64_t j = rows->row_start[i]; j < rows->row_start[i + 1]; j++) {
            int32_t r = rank[rows->items[j]];
            if (r < 0)
                continue;
            uint64_t *column = mine->columns + (size_t)r * WORDS;
            if (is_zero(column))
                mine->touched[mine->n_touched++] = r;
            column[(i - first) / 64] |= bit;
        }
    }
}

/* out = a & b; false when nothing is left. */
static bool keep_both(const uint64_t *a, const uint64_t *b, uint64_t *out)
{
    uint64_t any = 0;
    for (size_t w = 0; w < WORDS; w++) {
        out[w] = a[w] & b[w];
        any |= out[w];
    }
    return any != 0;
}

/* Each byte adds up at most 16 times 8, so the sums of all words stay in their bytes and are
 * added across only once. */
static uint32_t count_bits(const uint64_t *words)
{
    uint64_t bytes = 0;
    for (size_t w = 0; w < WORDS; w++) {
        uint64_t v = words[w];
        v -= (v >> 1) & 0x5555555555555555u;
        v = (v & 0x3333333333333333u) + ((v >> 2) & 0x3333333333333333u);
        bytes += (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    }
    uint64_t pairs = (bytes & 0x00ff00ff00ff00ffu) + ((bytes >> 8) & 0x00ff00ff00ff00ffu);
    return (uint32_t)((pairs * 0x0001000100010001u) >> 48);
}

static uint32_t add_weights(const uint64_t *words, const uint32_t *weight)
{
    uint32_t sum = 0;
    for (size_t w = 0; w < WORDS; w++)
        for (uint64_t left = words[w]; left != 0; left &= left - 1)
            sum += weight[w * 64 + (size_t)__builtin_ctzll(left)];
    return sum;
}

/* weight: of the rows of the piece; null: one each. */
static void walk(const seg_itemset_count *c, lane *mine, const uint32_t *weight)
{
    const seg_itemset_tree *tree = c->tree;
    memset(mine->path, 0xff, WORDS * sizeof *mine->path);
    for (size_t i = 0; i < tree->n;) {
        size_t d = tree->depth[i];
        uint64_t *here = mine->path + d * WORDS;
        const uint64_t *column = mine->columns + (size_t)tree->item[i] * WORDS;
        if (!keep_both(mine->path + (d - 1) * WORDS, column, here)) {
            i = c->end[i];
            continue;
        }
        mine->count[i] += weight == NULL ? count_bits(here) : add_weights(here, weight);
        i++;
    }
}

static void count_piece(const seg_itemset_count *c, lane *mine, const seg_basket_rows *rows,
                        size_t first, size_t end, const int32_t *rank)
{
    set_bits(mine, rows, first, end, rank);
    walk(c, mine, rows->weight == NULL ? NULL : rows->weight + first);
    for (size_t t = 0; t < mine->n_touched; t++)
        memset(mine->columns + (size_t)mine->touched[t] * WORDS, 0,
               WORDS * sizeof *mine->columns);
}

void seg_itemset_count_add(seg_itemset_count *c, const seg_basket_rows *rows,
                           const int32_t *rank)
{
    size_t n_pieces = (rows->n_rows + ROWS - 1) / ROWS;
    #pragma omp parallel for schedule(dynamic, 1) num_threads((int)c->n_lanes)
    for (size_t piece = 0; piece < n_pieces; piece++) {
        size_t first = piece * ROWS, end = first + ROWS;
        count_piece(c, &c->lanes[omp_get_thread_num()], rows, first,
                    end < rows->n_rows ? end : rows->n_rows, rank);
    }
}

void seg_itemset_count_get(const seg_itemset_count *c, uint32_t *count)
{
    for (size_t i = 0; i < c->tree->n; i++) {
        count[i] = 0;
        for (size_t t = 0; t < c->n_lanes; t++)
            count[i] += c->lanes[t].count[i];
    }
}
