/* miner_masks.c: the search through classes of at most 64 items.
 *
 * A node's sets are those with its first item, then those without it but with the second, and
 * so on, until so few items remain that their cube costs no more than reading the rows again.
 * That is lexicographic order. */
#include "kernels/miner_parts.h"

#include <string.h>
#include "base/alloc.h"

typedef struct node {
    const seg_mask_class *class;
    const seg_mask_rows *rows;
    const seg_mask_counts *counts;
    const uint64_t *columns;     /* of the rows; null: none */
    uint64_t tail;               /* bits of the items that may follow */
    uint32_t support;
    size_t depth, n_free;
    size_t level;                /* projections of it go there */
} node;

bool seg_lane_room(seg_miner_lane *lane, size_t level, size_t n)
{
    seg_status st = SEG_OK;
    seg_mask_rows *rows = &lane->level[level];
    if (n > lane->level_cap[level]) {
        size_t wanted = n + n / 4 + 64;
        seg_free(rows->mask);
        seg_free(rows->weight);
        *rows = (seg_mask_rows){ 0 };
        lane->level_cap[level] = 0;
        st = SEG_ALLOC(&rows->mask, wanted, "the baskets of a class", &lane->error);
        if (st == SEG_OK)
            st = SEG_ALLOC(&rows->weight, wanted, "the baskets of a class", &lane->error);
        if (st == SEG_OK)
            lane->level_cap[level] = wanted;
    }
    if (st == SEG_OK && 4 * n > lane->table_cap) {
        seg_free(lane->table);
        lane->table = NULL;
        lane->table_cap = 0;
        st = SEG_ALLOC(&lane->table, 5 * n + 256, "the baskets of a class", &lane->error);
        if (st == SEG_OK)
            lane->table_cap = 5 * n + 256;
    }
    if (st != SEG_OK)
        lane->status = st;
    return st == SEG_OK;
}

void seg_mask_class_init(const seg_miner *miner, seg_mask_class *class)
{
    class->any_apart = false;
    memset(class->apart, 0, sizeof class->apart);
    if (miner->has_apart == NULL)
        return;
    for (size_t a = 0; a < class->n; a++) {
        const int32_t *list = miner->apart;
        int64_t at = miner->apart_start[class->ids[a]];
        int64_t end = miner->apart_start[class->ids[a] + 1];
        for (size_t b = a + 1; b < class->n && at < end; ) {
            if ((uint32_t)list[at] < class->ids[b]) {
                at++;
            } else if ((uint32_t)list[at] > class->ids[b]) {
                b++;
            } else {
                class->apart[a] |= UINT64_C(1) << b;
                class->apart[b] |= UINT64_C(1) << a;
                class->any_apart = true;
                b++;
            }
        }
    }
}

/* Bits of the set that are apart from another one of it. */
static uint64_t with_apart(const seg_mask_class *class, uint64_t set)
{
    uint64_t found = 0;
    if (class->any_apart)
        for (uint64_t left = set; left != 0; left &= left - 1) {
            unsigned b = (unsigned)__builtin_ctzll(left);
            if ((class->apart[b] & set) != 0)
                found |= UINT64_C(1) << b;
        }
    return found;
}

/* ---- cubes ----------------------------------------------------------------------------- */

static void clear_cell(const seg_cube *cube, size_t i)
{
    if (cube->support < SEG_CUBE_NARROW)
        ((uint16_t *)cube->cells)[i] = 0;
    else
        ((uint32_t *)cube->cells)[i] = 0;
}

/* No set with both items a and b of the cube. */
static void clear_pair(const seg_cube *cube, size_t a, size_t b)
{
    size_t n = cube->n_items, both = (size_t)1 << a | (size_t)1 << b;
    if (cube->mirrored)
        both = (size_t)1 << (n - 1 - a) | (size_t)1 << (n - 1 - b);
    for (size_t i = 0; i < (size_t)1 << n; i++)
        if ((i & both) == both)
            clear_cell(cube, i);
}

static void clear_apart(const seg_cube *cube, const seg_mask_class *class)
{
    uint8_t bits[SEG_CUBE_ITEMS];
    size_t n = 0;
    for (uint64_t left = cube->items; left != 0; left &= left - 1)
        bits[n++] = (uint8_t)__builtin_ctzll(left);
    for (size_t a = 0; a < n; a++)
        for (size_t b = a + 1; b < n; b++)
            if (class->apart[bits[a]] >> bits[b] & 1)
                clear_pair(cube, a, b);
}

/* No set of more than `most` items. */
static void clear_long(const seg_cube *cube, size_t most)
{
    for (size_t i = 0; most < cube->n_items && i < (size_t)1 << cube->n_items; i++)
        if ((size_t)__builtin_popcountll(i) > most)
            clear_cell(cube, i);
}

static void list_cube(seg_miner_lane *lane, const node *at, const seg_cube *cube)
{
    int32_t ids[SEG_CUBE_ITEMS];
    size_t n = 0;
    for (uint64_t left = cube->items; left != 0; left &= left - 1)
        ids[n++] = (int32_t)at->class->ids[__builtin_ctzll(left)];
    clear_long(cube, lane->limit - at->depth);
    seg_sink_put_cube(lane->sink, lane->kernels->cube_list, cube, ids, at->depth);
}

static void cube(seg_miner_lane *lane, const node *at, uint64_t items)
{
    seg_cube c = { .cells = lane->cube, .items = items, .support = at->support,
                   .n_items = (size_t)__builtin_popcountll(items),
                   .min_count = lane->min_count, .mirrored = lane->sink != NULL };
    lane->kernels->cube_fill(&c, at->rows);
    if (at->class->any_apart)
        clear_apart(&c, at->class);
    if (lane->sink != NULL) {
        list_cube(lane, at, &c);
        return;
    }
    seg_cell_row *rows = seg_cells_rows(&lane->cells, at->depth, c.n_items, at->n_free);
    lane->kernels->cube_count(&c, rows);
    seg_cells_done(&lane->cells, rows, at->depth, at->n_free);
}

/* ---- nodes ----------------------------------------------------------------------------- */

static bool search(seg_miner_lane *lane, const node *at);

/* Sets with the bit and, of those that may follow, any. */
static bool branch(seg_miner_lane *lane, const node *at, unsigned bit, uint64_t follow)
{
    uint32_t support = at->counts->count[bit];
    size_t depth = at->depth + 1;
    if (lane->sink != NULL)
        seg_sink_put(lane->sink, depth, at->class->ids[bit], support);
    follow &= ~at->class->apart[bit];
    if (follow == 0 || depth == lane->limit) {
        if (lane->sink == NULL)
            seg_cells_add(&lane->cells, depth, at->n_free, 1);
        return true;
    }
    if (!seg_lane_room(lane, at->level, at->rows->n))
        return false;
    seg_mask_counts counts;
    seg_mask_rows *rows = &lane->level[at->level];
    const uint64_t *column = NULL;
    if (at->columns != NULL)
        column = at->columns + bit * ((at->rows->n + 63) / 64);
    lane->kernels->mask_project(at->rows, bit, column, follow, lane->table, lane->min_count,
                                support, rows, &counts);
    return search(lane, &(node){ .class = at->class, .rows = rows, .counts = &counts,
                                 .tail = follow, .support = support, .depth = depth,
                                 .n_free = at->n_free, .level = at->level + 1 });
}

/* Items of a cube that costs as much as reading the rows. */
static size_t cube_items(size_t n_rows)
{
    size_t k = n_rows < 16 ? 6 : 65 - (size_t)__builtin_clzll(n_rows);
    return k < SEG_CUBE_ITEMS ? k : SEG_CUBE_ITEMS;
}

/* What the node falls into: branches, lowest bit first, then the cube of the rest. */
typedef struct split {
    uint64_t branches, cube;
    size_t n_free;
} split;

static split split_node(const node *at, bool free_ones)
{
    split s = { .n_free = at->n_free };
    uint64_t follow = at->counts->enough & at->tail, all = at->counts->all & follow;
    if (free_ones) {
        all &= ~with_apart(at->class, follow);
        follow &= ~all;
        s.n_free += (size_t)__builtin_popcountll(all);
    }
    size_t most = cube_items(at->rows->n);
    for (s.cube = follow; (size_t)__builtin_popcountll(s.cube) > most; s.cube &= s.cube - 1)
        s.branches |= s.cube & -s.cube;
    return s;
}

/* Columns tell which rows to read where most would be read in vain. */
static bool make_columns(seg_miner_lane *lane, node *at, const split *s)
{
    enum { ROWS_LEAST = 128, BRANCHES_LEAST = 4 };
    size_t n = (at->rows->n + 63) / 64 * SEG_MASK_BITS, level = at->level;
    if (at->rows->n < ROWS_LEAST || __builtin_popcountll(s->branches) < BRANCHES_LEAST)
        return true;
    if (n > lane->columns_cap[level]) {
        seg_free(lane->columns[level]);
        lane->columns_cap[level] = 0;
        lane->status = SEG_ALLOC(&lane->columns[level], n, "the baskets of a class",
                                 &lane->error);
        if (lane->status != SEG_OK)
            return false;
        lane->columns_cap[level] = n;
    }
    lane->kernels->mask_columns(at->rows, lane->columns[level]);
    at->columns = lane->columns[level];
    return true;
}

static bool search(seg_miner_lane *lane, const node *at)
{
    split s = split_node(at, lane->sink == NULL);
    node here = *at;
    here.n_free = s.n_free;
    if (!make_columns(lane, &here, &s))
        return false;
    uint64_t follow = s.branches | s.cube;
    for (uint64_t left = s.branches; left != 0; left &= left - 1) {
        follow &= follow - 1;
        if (!branch(lane, &here, (unsigned)__builtin_ctzll(left), follow))
            return false;
    }
    cube(lane, &here, s.cube);
    return true;
}

bool seg_mine_masks(seg_miner_lane *lane, const seg_mask_class *class,
                    const seg_mask_counts *counts, uint32_t support, size_t depth,
                    size_t n_free)
{
    uint64_t tail = class->n == SEG_MASK_BITS ? UINT64_MAX : (UINT64_C(1) << class->n) - 1;
    return search(lane, &(node){ .class = class, .rows = &lane->level[0], .counts = counts,
                                 .tail = tail, .support = support, .depth = depth,
                                 .n_free = n_free, .level = 1 });
}

/* ---- the first level in tasks ---------------------------------------------------------- */

static node root(const seg_mask_class *class, const seg_mask_rows *rows,
                 const seg_mask_counts *counts, uint32_t support)
{
    uint64_t tail = class->n == SEG_MASK_BITS ? UINT64_MAX : (UINT64_C(1) << class->n) - 1;
    return (node){ .class = class, .rows = rows, .counts = counts, .tail = tail,
                   .support = support };
}

size_t seg_mask_tasks(const seg_miner_lane *lane, const seg_mask_class *class,
                      const seg_mask_rows *rows, const seg_mask_counts *counts)
{
    node at = root(class, rows, counts, 0);
    split s = split_node(&at, !lane->listing);
    return (size_t)__builtin_popcountll(s.branches) + 1;
}

bool seg_mine_mask_task(seg_miner_lane *lane, const seg_mask_class *class,
                        const seg_mask_rows *rows, const seg_mask_counts *counts,
                        uint32_t support, size_t task)
{
    node at = root(class, rows, counts, support);
    split s = split_node(&at, !lane->listing);
    at.n_free = s.n_free;
    for (size_t t = 0; t < task; t++)
        s.branches &= s.branches - 1;
    if (s.branches == 0) {
        cube(lane, &at, s.cube);
        return true;
    }
    uint64_t first = s.branches & -s.branches;
    return branch(lane, &at, (unsigned)__builtin_ctzll(first), (s.branches | s.cube) ^ first);
}
