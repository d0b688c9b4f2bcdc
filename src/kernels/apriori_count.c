/* apriori_count.c: one block of baskets into the counters of the pass. Threads take
 * pieces of 1,024 rows; each has its own counters, or adds atomically to shared ones. */
#include <omp.h>
#include <string.h>

#include "kernels/apriori_miner.h"
#include "kernels/item_columns.h"

static void sort_basket(int32_t *items, size_t n)
{
    static const size_t gaps[] = { 701, 301, 132, 57, 23, 10, 4, 1 };   /* M. Ciura, 2001 */
    for (size_t g = 0; g < sizeof gaps / sizeof *gaps; g++)
        for (size_t i = gaps[g], gap = gaps[g]; i < n; i++) {
            int32_t item = items[i];
            size_t j = i;
            for (; j >= gap && items[j - gap] > item; j -= gap)
                items[j] = items[j - gap];
            items[j] = item;
        }
}

/* The items of the basket that matter, as ascending ranks. */
static size_t to_ranks(const seg_apriori *miner, const int32_t *items, size_t n,
                       int32_t *ranks)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        int32_t rank = miner->use[items[i]];
        if (rank >= 0)
            ranks[kept++] = rank;
    }
    sort_basket(ranks, kept);
    return kept;
}

static void count_pairs(const seg_apriori *miner, const int32_t *ranks, size_t n,
                        uint32_t weight, uint32_t *counters)
{
    bool shared = miner->n_copies == 1 && seg_apriori_threads(miner) > 1;
    size_t row = 0, r = miner->first_rank;
    for (size_t i = 0; i + 1 < n && (size_t)ranks[i] < miner->end_rank; i++) {
        size_t low = (size_t)ranks[i];
        if (low < miner->first_rank)
            continue;
        /* rows r .. low-1 of the triangle have m-1-r, m-2-r ... counters */
        row += (low - r) * (miner->m - 1) - (low * (low - 1) / 2 - r * (r - 1) / 2);
        r = low;
        uint32_t *with_low = counters + row;
        for (size_t j = i + 1; j < n; j++) {
            uint32_t *counter = &with_low[(size_t)ranks[j] - low - 1];
            if (shared) {
                #pragma omp atomic
                *counter += weight;
            } else {
                *counter += weight;
            }
        }
    }
}

/* The places of one thread. */
typedef struct lane {
    uint32_t *counters;
    int32_t *ranks;
    uint64_t *columns;
} lane;

static void count_basket(const seg_apriori *miner, const int32_t *items, size_t n, size_t row,
                         uint32_t weight, const lane *mine)
{
    size_t kept = to_ranks(miner, items, n, mine->ranks);
    if (miner->stage == STAGE_PAIRS)
        count_pairs(miner, mine->ranks, kept, weight, mine->counters);
    else if (mine->columns != NULL)
        seg_item_columns_set(mine->columns, row, mine->ranks, kept);
    else
        seg_item_trie_count(&miner->trie, mine->ranks, kept, weight, mine->counters);
}

/* Rows first .. end-1, at most SEG_COLUMN_ROWS of them. */
static void count_rows(const seg_apriori *miner, const seg_basket_rows *rows, size_t first,
                       size_t end, size_t thread)
{
    lane mine = { .counters = miner->counters };
    if (miner->n_copies > 1)
        mine.counters += thread * miner->n_counters;
    mine.ranks = miner->baskets + thread * miner->m;
    if (miner->columns != NULL) {
        mine.columns = miner->columns + thread * miner->column_words;
        memset(mine.columns, 0, miner->column_words * sizeof *mine.columns);
    }
    for (size_t i = first; i < end; i++) {
        uint32_t weight = seg_basket_weight(rows, i);
        if (weight > 0)
            count_basket(miner, rows->items + rows->row_start[i],
                         (size_t)(rows->row_start[i + 1] - rows->row_start[i]), i - first,
                         weight, &mine);
    }
    if (miner->columns != NULL)
        seg_item_columns_count(&miner->trie, mine.columns,
                               mine.columns + miner->m * SEG_COLUMN_WORDS, mine.counters);
}

void seg_apriori_add(seg_apriori *miner, const seg_basket_rows *rows)
{
    enum { ROWS_AT_ONCE = SEG_COLUMN_ROWS };
    size_t n_pieces = (rows->n_rows + ROWS_AT_ONCE - 1) / ROWS_AT_ONCE;
    #pragma omp parallel for schedule(dynamic, 1) num_threads(seg_apriori_threads(miner))
    for (size_t piece = 0; piece < n_pieces; piece++) {
        size_t first = piece * ROWS_AT_ONCE, end = first + ROWS_AT_ONCE;
        count_rows(miner, rows, first, end < rows->n_rows ? end : rows->n_rows,
                   (size_t)omp_get_thread_num());
    }
}
