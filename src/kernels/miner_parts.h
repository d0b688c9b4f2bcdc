/* miner_parts.h: what the files of the miner share.
 *
 * The search goes depth first over prefixes. A class is a prefix with the items that may
 * follow it and the baskets that hold it, in one of two forms:
 *  - lists (seg_miner_lists): of each basket the items, and of each item the places where it
 *    stands (miner_lists.c, miner_class.c);
 *  - masks: when at most 64 items may follow, a basket is a word with a bit for each, and equal
 *    words are one with a weight (miner_rows.c).
 * When few items remain, the counts of all their subsets come out of one table, a cube.
 *
 * Items that all baskets of a class hold can be added to any set of it without changing the
 * count. When sets are counted only, such items leave the search: a set found is a cell
 * (length, number of such items), and cells are multiplied out at the end (miner_cells.c). */
#ifndef SEGMILL_KERNELS_MINER_PARTS_H
#define SEGMILL_KERNELS_MINER_PARTS_H

#include "kernels/kernels.h"
#include "kernels/miner.h"

/* ---- memory ---------------------------------------------------------------------------- */

/* An array that is not zeroed, so that the threads that write it find its pages, large ones
 * where there are some. All of it must be written before it is read. seg_free(). */
seg_status seg_miner_array(void *out_pointer, size_t size, const char *what, seg_error *err);

/* ---- baskets as lists ------------------------------------------------------------------ */

/* Entries are item numbers of two or four bytes; behind each basket stands one with all bits
 * set. */
typedef struct seg_miner_lists {
    bool wide;                   /* four bytes */
    void *entries;
    size_t n, cap;
    size_t n_rows, weight_cap;
    uint32_t *weight;            /* of each row; null: one */
    size_t n_items;
    bool ready;                  /* the rest is made */
    /* Item i stands in front of the entries at[first[i]] .. at[first[i + 1] - 1]; places where
     * no item follows are left out. */
    uint32_t *first, *at, *at_weight;
} seg_miner_lists;

static inline uint32_t seg_lists_end(bool wide)
{
    return wide ? UINT32_MAX : UINT16_MAX;
}

static inline uint32_t seg_lists_entry(const void *entries, bool wide, size_t i)
{
    return wide ? ((const uint32_t *)entries)[i] : ((const uint16_t *)entries)[i];
}

static inline void seg_lists_put(void *entries, bool wide, size_t i, uint32_t item)
{
    if (wide)
        ((uint32_t *)entries)[i] = item;
    else
        ((uint16_t *)entries)[i] = (uint16_t)item;
}

/* Room for n entries and n_rows weights (if there are any). */
seg_status seg_lists_reserve(seg_miner_lists *lists, size_t n, size_t n_rows, seg_error *err);
/* Fill in the places. */
seg_status seg_lists_index(seg_miner_lists *lists, int n_threads, seg_error *err);
void seg_lists_forget_index(seg_miner_lists *lists);
void seg_lists_clear(seg_miner_lists *lists);

/* ---- cells: what is counted ------------------------------------------------------------ */

enum {
    CELL_FREE = 64,              /* rows for up to so many items that are in all baskets */
    CELL_LENGTHS = 256 + SEG_CUBE_ITEMS
};

typedef uint32_t seg_cell_row[SEG_CUBE_LANES];

typedef struct seg_miner_cells {
    size_t limit;                /* longest sets that count */
    seg_cell_row *rows;          /* CELL_FREE x CELL_LENGTHS */
    seg_cell_row *spare;         /* SEG_CUBE_ITEMS + 1, zero between uses */
    uint16_t low[CELL_FREE], high[CELL_FREE];   /* rows in use: low .. high - 1 */
    size_t n_free;               /* numbers of free items in use: 0 .. n_free - 1 */
    uint32_t n_cubes;            /* since they were folded */
    uint64_t by_length[SEG_ITEMSET_MAX + 1];
    uint64_t choose[CELL_FREE][CELL_FREE];      /* binomial coefficients */
} seg_miner_cells;

seg_status seg_cells_init(seg_miner_cells *cells, size_t limit, seg_error *err);
void seg_cells_clear(seg_miner_cells *cells);
/* n sets of this length, each with n_free items beside that may be added. */
void seg_cells_add(seg_miner_cells *cells, size_t length, size_t n_free, uint64_t n);
/* Rows for a cube of sets of length .. length + n_items; after it is counted into them
 * seg_cells_done(). */
seg_cell_row *seg_cells_rows(seg_miner_cells *cells, size_t length, size_t n_items,
                             size_t n_free);
void seg_cells_done(seg_miner_cells *cells, const seg_cell_row *rows, size_t length,
                    size_t n_free);
/* Multiply out what was counted into by_length. */
void seg_cells_fold(seg_miner_cells *cells);

static inline uint64_t seg_add_most(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* ---- sink: what is listed -------------------------------------------------------------- */

enum { SINK_NODES = (1 << SEG_CUBE_ITEMS) + SEG_CUBE_PAD };

typedef struct seg_miner_sink {
    seg_cube_sets sets;          /* all the tree's */
    size_t place, end;           /* where this task's go on */
    bool overrun;                /* there were more sets than counted before: a bug */
    int32_t item[SINK_NODES];    /* a cube's, when the place before the end is short */
    uint32_t count[SINK_NODES];
    uint8_t depth[SINK_NODES];
} seg_miner_sink;

/* Room for n sets, all of which will be written. tree: all zero before. */
seg_status seg_sink_reserve(seg_itemset_tree *tree, size_t n, seg_error *err);

static inline void seg_sink_put(seg_miner_sink *sink, size_t depth, uint32_t item,
                                uint32_t count)
{
    if (sink->place == sink->end) {
        sink->overrun = true;
        return;
    }
    sink->sets.item[sink->place] = (int32_t)item;
    sink->sets.count[sink->place] = count;
    sink->sets.depth[sink->place++] = (uint8_t)depth;
}

/* The sets of a mirrored cube, as seg_cube_list_fn. */
void seg_sink_put_cube(seg_miner_sink *sink, seg_cube_list_fn *cube_list, const seg_cube *cube,
                       const int32_t *items, size_t depth);

/* ---- a thread's working memory --------------------------------------------------------- */

/* Tables over the items of a class: all zero between uses. */
typedef struct seg_miner_desk {
    uint32_t *count;
    uint64_t *bit;
    uint32_t *touched;
    uint32_t *follows;           /* the items that follow, ascending */
    uint32_t *support;           /* and their counts */
} seg_miner_desk;

typedef struct seg_miner_lane {
    const seg_miner *miner;
    const seg_kernels *kernels;
    uint32_t min_count;
    size_t limit;                /* items in a set at most */
    seg_mask_rows level[SEG_MASK_BITS + 1];     /* rows of each depth below a class */
    size_t level_cap[SEG_MASK_BITS + 1];
    uint64_t *columns[SEG_MASK_BITS + 1];       /* and their columns, if they have any */
    size_t columns_cap[SEG_MASK_BITS + 1];
    uint32_t *table;             /* for merging equal rows */
    size_t table_cap;
    void *cube;
    seg_miner_desk desk;         /* for the first level */
    seg_miner_cells cells;
    seg_miner_sink *room;        /* for a listing */
    seg_miner_sink *sink;        /* room, while sets are listed; null: count */
    bool listing;                /* tasks are those of a listing, if only to be counted */
    seg_status status;           /* why it stopped */
    seg_error error;
} seg_miner_lane;

/* A class of masks. */
typedef struct seg_mask_class {
    uint32_t ids[SEG_MASK_BITS];      /* the item of each bit, ascending */
    uint64_t apart[SEG_MASK_BITS];    /* bits of those that may not be with it */
    bool any_apart;
    size_t n;                         /* bits */
} seg_mask_class;

struct seg_miner {
    seg_miner_options options;
    uint32_t *count;             /* baskets that hold the item */
    int64_t *apart_start;        /* as in seg_items_apart */
    int32_t *apart;
    uint8_t *has_apart;          /* null: none has */
    const seg_kernels *kernels;
    seg_miner_lists lists;
    uint32_t *seen;              /* what is to be added to them, per thread */
    uint64_t *sorting;           /* bits of ranks, per thread */
    uint64_t n_baskets;
    void *block;                 /* ranks of the rows that come in */
    size_t block_cap;
};

/* Room for n rows at the depth; *lane keeps the error. */
bool seg_lane_room(seg_miner_lane *lane, size_t depth, size_t n);

void seg_miner_sum_counts(seg_miner *miner);

enum { SEG_DESK_BYTES = 24 };    /* per item */
seg_status seg_desk_init(seg_miner_desk *desk, size_t n_items, seg_error *err);
void seg_desk_clear(seg_miner_desk *desk);

/* All sets that begin with the prefix (depth items, n_free beside) and item i of the lists,
 * which `support` baskets of the class hold. ids: of the lists' items; null: themselves.
 * False: see lane->status. */
bool seg_mine_item(seg_miner_lane *lane, const seg_miner_lists *lists, seg_miner_desk *desk,
                   const uint32_t *ids, size_t i, uint32_t support, size_t depth,
                   size_t n_free);

/* Which of the items may not be together, as masks. */
void seg_mask_class_init(const seg_miner *miner, seg_mask_class *class);
/* All sets of the class, of prefix of `depth` items: the rows of level[0], whose bits' counts are given. The prefix itself
 * counts; it is not listed. */
bool seg_mine_masks(seg_miner_lane *lane, const seg_mask_class *class,
                    const seg_mask_counts *counts, uint32_t support, size_t depth,
                    size_t n_free);
/* The parts of such a class as tasks of their own: the branches of its first node, and last the
 * rest. rows stay as they are. */
size_t seg_mask_tasks(const seg_miner_lane *lane, const seg_mask_class *class,
                      const seg_mask_rows *rows, const seg_mask_counts *counts);
bool seg_mine_mask_task(seg_miner_lane *lane, const seg_mask_class *class,
                        const seg_mask_rows *rows, const seg_mask_counts *counts,
                        uint32_t support, size_t task);

#endif
