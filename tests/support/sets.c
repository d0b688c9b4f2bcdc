#include "tests/support/sets.h"

#include <stdlib.h>
#include <string.h>

static void must(seg_status st)
{
    if (st != SEG_OK)
        abort();
}

/* ---- few items -------------------------------------------------------------------- */

uint32_t few_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void few_grow(few_baskets *few, unsigned set, size_t depth, int32_t first)
{
    for (int32_t item = first; item < FEW_ITEMS; item++) {
        unsigned larger = set | 1u << item;
        if (few->count[larger] < few->least)
            continue;
        few->node[larger] = (uint32_t)few->tree.n;
        must(seg_itemset_tree_add(&few->tree, depth + 1, item, few->count[larger], NULL));
        few_grow(few, larger, depth + 1, item + 1);
    }
}

void few_make(few_baskets *few, uint32_t n_baskets, uint32_t least, uint32_t seed)
{
    *few = (few_baskets){ .n_baskets = n_baskets, .least = least };
    for (uint32_t i = 0; i < n_baskets; i++) {
        unsigned basket = 0;
        uint32_t kind = few_random(&seed) % 3;
        for (unsigned item = 0; item < FEW_ITEMS; item++)
            if (few_random(&seed) % 12 < (item % 5) * kind + 1)
                basket |= 1u << item;
        if ((basket & 2) != 0 && kind != 0)
            basket |= 8;                 /* one that is nearly always with another */
        for (unsigned s = 0; s < FEW_SETS; s++)
            few->count[s] += (s & basket) == s;
    }
    few_grow(few, 0, 0, 0);
}

void few_free(few_baskets *few)
{
    seg_itemset_tree_clear(&few->tree);
}

unsigned few_bits(const seg_itemset_tree *tree, size_t node)
{
    unsigned bits = 0;
    size_t depth = tree->depth[node] + 1u;
    for (size_t i = node + 1; i-- > 0;)
        if (tree->depth[i] < depth) {
            bits |= 1u << tree->item[i];
            depth = tree->depth[i];
        }
    return bits;
}

/* ---- files ------------------------------------------------------------------------ */

typedef struct place {
    const int32_t *next, *end;           /* what a row holds behind the set */
} place;

/* Each item that may follow gets the rows that hold it, in one sweep. */
static void grow(mined *m, uint32_t least, const place *rows, size_t n, size_t depth)
{
    size_t n_all = 0, *start = calloc(m->n_items + 1, sizeof *start);
    for (size_t i = 0; i < n; i++)
        for (const int32_t *item = rows[i].next; item < rows[i].end; item++, n_all++)
            start[*item + 1]++;
    for (size_t item = 0; item < m->n_items; item++)
        start[item + 1] += start[item];
    place *with = malloc((n_all + 1) * sizeof *with);
    for (size_t i = n; i-- > 0;)
        for (const int32_t *item = rows[i].next; item < rows[i].end; item++)
            with[--start[*item + 1]] = (place){ item + 1, rows[i].end };
    for (size_t item = 0; item < m->n_items; item++) {   /* start has moved up by one */
        size_t first = start[item + 1], end = item + 1 < m->n_items ? start[item + 2] : n_all;
        if (end - first < least)
            continue;
        must(seg_itemset_tree_add(&m->tree, depth + 1, (int32_t)item, (uint32_t)(end - first),
                                  NULL));
        grow(m, least, with + first, end - first, depth + 1);
    }
    free(with);
    free(start);
}

static int by_count(const void *a, const void *b, void *arg)
{
    const uint32_t *count = arg;
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return count[x] != count[y] ? (count[x] < count[y] ? -1 : 1) : (x > y) - (x < y);
}

static int by_number(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* The frequent items of each row as ranks, ascending. */
static void rank_rows(fimi *data, uint32_t least, mined *m)
{
    uint32_t *count = calloc(data->n_items + 1, sizeof *count);
    int32_t *rank = malloc((data->n_items + 1) * sizeof *rank);
    m->item_of_rank = malloc((data->n_items + 1) * sizeof *m->item_of_rank);
    for (int64_t i = 0; i < data->row_start[data->n_rows]; i++)
        count[data->items[i]]++;
    for (size_t i = 0; i < data->n_items; i++)
        if (count[i] >= least)
            m->item_of_rank[m->n_items++] = (int32_t)i;
    qsort_r(m->item_of_rank, m->n_items, sizeof *m->item_of_rank, by_count, count);
    memset(rank, -1, data->n_items * sizeof *rank);
    for (size_t i = 0; i < m->n_items; i++)
        rank[m->item_of_rank[i]] = (int32_t)i;
    int64_t n = 0, from = 0;
    for (size_t i = 0; i < data->n_rows; i++) {
        int64_t start = n;
        for (; from < data->row_start[i + 1]; from++)
            if (rank[data->items[from]] >= 0)
                data->items[n++] = rank[data->items[from]];
        data->row_start[i + 1] = n;
        qsort(data->items + start, (size_t)(n - start), sizeof *data->items, by_number);
    }
    free(count);
    free(rank);
}

bool mined_make(const char *name, uint32_t least, mined *out)
{
    fimi data;
    *out = (mined){ 0 };
    if (!fimi_read(name, &data))
        return false;
    out->n_baskets = (uint32_t)data.n_rows;
    rank_rows(&data, least, out);
    place *rows = malloc((data.n_rows + 1) * sizeof *rows);
    for (size_t i = 0; i < data.n_rows; i++)
        rows[i] = (place){ data.items + data.row_start[i], data.items + data.row_start[i + 1] };
    grow(out, least, rows, data.n_rows, 0);
    free(rows);
    fimi_free(&data);
    return true;
}

void mined_free(mined *m)
{
    free(m->item_of_rank);
    seg_itemset_tree_clear(&m->tree);
    *m = (mined){ 0 };
}
