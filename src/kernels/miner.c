/* miner.c: the miner from outside; its baskets as they come in. */
#include "kernels/miner_parts.h"

#include <omp.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

#define INLINE static inline __attribute__((always_inline))
enum { PIECE_ROWS = 1024, SHORT_BASKET = 12 };

/* More threads would need more memory for their counts than the baskets. */
static int adding_threads(const seg_miner *miner)
{
    enum { COUNTS_MAX = 1 << 22 };
    size_t n = COUNTS_MAX / (miner->options.n_ranks + 1), wanted = (size_t)miner->options.n_threads;
    return (int)(n < 1 ? 1 : n < wanted ? n : wanted);
}

/* Two levels of bits for each thread; all 0 between baskets. */
static size_t sorting_words(const seg_miner *miner)
{
    size_t n = miner->options.n_ranks;
    return (n / 64 + 1 + n / 4096 + 1 + 7) / 8 * 8;
}

static seg_status copy_apart(seg_miner *miner, const seg_items_apart *apart, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = miner->options.n_ranks;
    if (apart == NULL || apart->start[n] == 0)
        return SEG_OK;
    size_t n_apart = (size_t)apart->start[n];
    TRY(SEG_ALLOC(&miner->apart_start, n + 1, "the items that stay apart", err));
    TRY(SEG_ALLOC(&miner->apart, n_apart, "the items that stay apart", err));
    TRY(SEG_ALLOC(&miner->has_apart, n, "the items that stay apart", err));
    memcpy(miner->apart_start, apart->start, (n + 1) * sizeof *miner->apart_start);
    memcpy(miner->apart, apart->rank, n_apart * sizeof *miner->apart);
    for (size_t i = 0; i < n; i++)
        for (int64_t k = miner->apart_start[i]; k < miner->apart_start[i + 1]; k++)
            miner->has_apart[i] = miner->has_apart[miner->apart[k]] = 1;

done:
    return st;
}

seg_status seg_miner_new(const seg_miner_options *options, seg_miner **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_miner *miner = NULL;
    size_t n = options->n_ranks;
    *out = NULL;

    TRY(SEG_ALLOC(&miner, 1, "a miner", err));
    miner->options = *options;
    miner->options.apart = NULL;
    miner->kernels = seg_kernels_get();
    TRY(SEG_ALLOC(&miner->count, n, "the counts of the items", err));
    TRY(SEG_ALLOC(&miner->seen, n * (size_t)adding_threads(miner), "the counts of the items",
                  err));
    TRY(SEG_ALLOC(&miner->sorting, sorting_words(miner) * (size_t)adding_threads(miner),
                  "the order of the items", err));
    TRY(copy_apart(miner, options->apart, err));
    miner->lists.n_items = n;
    miner->lists.wide = n >= UINT16_MAX;
    if (options->n_pairs > 0)    /* and the ends of the baskets */
        TRY(seg_lists_reserve(&miner->lists, (size_t)(options->n_pairs + options->n_pairs / 8),
                              0, err));
    *out = miner;
    miner = NULL;

done:
    seg_miner_free(miner);
    return st;
}

void seg_miner_free(seg_miner *miner)
{
    if (miner == NULL)
        return;
    seg_lists_clear(&miner->lists);
    seg_free(miner->count);
    seg_free(miner->seen);
    seg_free(miner->sorting);
    seg_free(miner->apart_start);
    seg_free(miner->apart);
    seg_free(miner->has_apart);
    seg_free(miner->block);
    seg_free(miner);
}

/* ---- baskets come in ------------------------------------------------------------------- */

typedef struct incoming {
    const seg_basket_rows *rows;
    const int32_t *rank;
    const seg_miner_lists *lists;
    void *block;                 /* row i of the block from row_start[i] - row_start[0] + i */
    uint32_t *block_weight;      /* row i of the block at i; null: one each */
} incoming;

typedef struct piece {
    size_t n, n_rows;            /* entries and baskets kept */
    size_t at, row;              /* where they go */
} piece;

/* Entries begin .. end - 1 ascend afterwards. */
INLINE void sort_few(void *entries, bool wide, size_t begin, size_t end)
{
    for (size_t i = begin + 1; i < end; i++) {
        uint32_t rank = seg_lists_entry(entries, wide, i);
        size_t j = i;
        for (; j > begin && seg_lists_entry(entries, wide, j - 1) > rank; j--)
            seg_lists_put(entries, wide, j, seg_lists_entry(entries, wide, j - 1));
        seg_lists_put(entries, wide, j, rank);
    }
}

/* As bits of two levels: those of ranks, and of their words that are not 0. */
INLINE void sort_many(void *entries, bool wide, size_t begin, size_t end, uint64_t *bits,
                      size_t n_ranks)
{
    uint64_t *words = bits + n_ranks / 64 + 1;
    for (size_t i = begin; i < end; i++) {
        uint32_t rank = seg_lists_entry(entries, wide, i);
        bits[rank / 64] |= UINT64_C(1) << rank % 64;
        words[rank / 4096] |= UINT64_C(1) << rank / 64 % 64;
    }
    for (size_t w = 0; begin < end; w++) {
        for (; words[w] != 0; words[w] &= words[w] - 1) {
            size_t word = 64 * w + (size_t)__builtin_ctzll(words[w]);
            for (uint64_t left = bits[word]; left != 0; left &= left - 1)
                seg_lists_put(entries, wide, begin++,
                              (uint32_t)(64 * word + (size_t)__builtin_ctzll(left)));
            bits[word] = 0;
        }
    }
}

/* The ranks of a basket from `at` on; how many. */
INLINE size_t recode(const incoming *in, bool wide, size_t row, size_t at, uint64_t *bits)
{
    const seg_basket_rows *rows = in->rows;
    size_t end = at;
    for (int64_t j = rows->row_start[row]; j < rows->row_start[row + 1]; j++) {
        int32_t rank = in->rank[rows->items[j]];
        seg_lists_put(in->block, wide, end, (uint32_t)rank);
        end += rank >= 0;
    }
    if (end - at <= SHORT_BASKET)
        sort_few(in->block, wide, at, end);
    else
        sort_many(in->block, wide, at, end, bits, in->lists->n_items);
    return end - at;
}

/* Rows first .. end - 1, moved together at the place of the first. */
INLINE void take_piece(const incoming *in, bool wide, size_t first, size_t end, uint32_t *seen,
                       uint64_t *bits, piece *out)
{
    const seg_basket_rows *rows = in->rows;
    size_t to = (size_t)(rows->row_start[first] - rows->row_start[0]) + first, begin = to;
    for (size_t i = first; i < end; i++) {
        uint32_t weight = seg_basket_weight(rows, i);
        if (weight == 0)
            continue;
        size_t n = recode(in, wide, i, to, bits);
        for (size_t k = to; k < to + n; k++)
            seen[seg_lists_entry(in->block, wide, k)] += weight;
        if (n < 2)
            continue;            /* no pair */
        seg_lists_put(in->block, wide, to + n, seg_lists_end(wide));
        to += n + 1;
        if (in->block_weight != NULL)
            in->block_weight[first + out->n_rows] = weight;
        out->n_rows++;
    }
    out->n = to - begin;
}

static void take_pieces(seg_miner *miner, const incoming *in, piece *pieces, size_t n_pieces)
{
    size_t n_rows = in->rows->n_rows;
    #pragma omp parallel for schedule(dynamic, 1) num_threads(adding_threads(miner)) \
        if (n_pieces > 1)
    for (size_t p = 0; p < n_pieces; p++) {
        size_t first = p * PIECE_ROWS, end = first + PIECE_ROWS < n_rows ? first + PIECE_ROWS
                                                                         : n_rows;
        size_t thread = (size_t)omp_get_thread_num();
        uint32_t *seen = miner->seen + thread * miner->options.n_ranks;
        uint64_t *bits = miner->sorting + thread * sorting_words(miner);
        if (in->lists->wide)
            take_piece(in, true, first, end, seen, bits, &pieces[p]);
        else
            take_piece(in, false, first, end, seen, bits, &pieces[p]);
    }
}

/* The pieces behind the baskets that are there. */
static void append_pieces(seg_miner *miner, const incoming *in, const piece *pieces,
                          size_t n_pieces)
{
    seg_miner_lists *lists = &miner->lists;
    size_t bytes = lists->wide ? sizeof(uint32_t) : sizeof(uint16_t);
    #pragma omp parallel for schedule(static) num_threads(miner->options.n_threads) \
        if (n_pieces > 64)
    for (size_t p = 0; p < n_pieces; p++) {
        size_t first = p * PIECE_ROWS;
        if (pieces[p].n == 0)
            continue;
        size_t from = (size_t)(in->rows->row_start[first] - in->rows->row_start[0]) + first;
        memcpy((char *)lists->entries + pieces[p].at * bytes, (char *)in->block + from * bytes,
               pieces[p].n * bytes);
        if (lists->weight != NULL)
            memcpy(lists->weight + pieces[p].row, in->block_weight + first,
                   pieces[p].n_rows * sizeof *lists->weight);
    }
}

/* Where each piece goes; the ends of all. */
static void place_pieces(const seg_miner_lists *lists, piece *pieces, size_t n_pieces, size_t *n,
                         size_t *n_rows)
{
    *n = lists->n;
    *n_rows = lists->n_rows;
    for (size_t p = 0; p < n_pieces; p++) {
        pieces[p].at = *n;
        pieces[p].row = *n_rows;
        *n += pieces[p].n;
        *n_rows += pieces[p].n_rows;
    }
}

static seg_status reserve_weights(seg_miner_lists *lists, size_t n_rows, seg_error *err)
{
    seg_status st = SEG_OK;
    bool first = lists->weight == NULL;
    TRY(seg_lists_reserve(lists, lists->n, n_rows, err));
    for (size_t i = 0; first && i < lists->n_rows; i++)
        lists->weight[i] = 1;

done:
    return st;
}

seg_status seg_miner_add(seg_miner *miner, const seg_basket_rows *rows, const int32_t *rank,
                         seg_error *err)
{
    seg_status st = SEG_OK;
    seg_miner_lists *lists = &miner->lists;
    size_t n_pieces = (rows->n_rows + PIECE_ROWS - 1) / PIECE_ROWS, n, n_rows;
    incoming in = { .rows = rows, .rank = rank, .lists = lists };
    piece *pieces = NULL;
    if (rows->n_rows == 0)
        return SEG_OK;
    seg_lists_forget_index(lists);
    for (size_t i = 0; i < rows->n_rows; i++)
        miner->n_baskets += seg_basket_weight(rows, i);
    if (miner->n_baskets > UINT32_MAX)
        TRY(seg_fail(err, SEG_E_DATA, "there are more than the %u baskets that can be mined",
                     UINT32_MAX));
    n = (size_t)(rows->row_start[rows->n_rows] - rows->row_start[0]) + rows->n_rows;
    TRY(seg_grow_array(&miner->block, &miner->block_cap, n,
                       lists->wide ? sizeof(uint32_t) : sizeof(uint16_t), "a block of baskets",
                       err));
    if (rows->weight != NULL || lists->weight != NULL)
        TRY(SEG_ALLOC(&in.block_weight, rows->n_rows, "a block of baskets", err));
    TRY(SEG_ALLOC(&pieces, n_pieces, "a block of baskets", err));
    in.block = miner->block;
    take_pieces(miner, &in, pieces, n_pieces);
    place_pieces(lists, pieces, n_pieces, &n, &n_rows);
    TRY(seg_lists_reserve(lists, n, 0, err));
    if (in.block_weight != NULL && n_rows > 0)
        TRY(reserve_weights(lists, n_rows, err));
    append_pieces(miner, &in, pieces, n_pieces);
    lists->n = n;
    lists->n_rows = n_rows;

done:
    seg_free(in.block_weight);
    seg_free(pieces);
    return st;
}

/* Adds up what the threads have seen. */
void seg_miner_sum_counts(seg_miner *miner)
{
    size_t n = miner->options.n_ranks;
    for (size_t t = 0; t < (size_t)adding_threads(miner); t++)
        for (size_t r = 0; r < n; r++) {
            miner->count[r] += miner->seen[t * n + r];
            miner->seen[t * n + r] = 0;
        }
}

uint64_t seg_miner_bytes(const seg_miner *miner)
{
    const seg_miner_lists *lists = &miner->lists;
    uint64_t entry = lists->wide ? sizeof(uint32_t) : sizeof(uint16_t);
    uint64_t per_place = lists->weight == NULL ? sizeof(uint32_t) : 2 * sizeof(uint32_t);
    uint64_t per_lane = sizeof(seg_miner_lane) + sizeof(seg_miner_sink)
                        + CELL_FREE * CELL_LENGTHS * sizeof(seg_cell_row)
                        + miner->options.n_ranks * SEG_DESK_BYTES;
    return lists->cap * entry + lists->weight_cap * sizeof(uint32_t) + lists->n * per_place
           + (uint64_t)miner->options.n_threads * per_lane;
}
