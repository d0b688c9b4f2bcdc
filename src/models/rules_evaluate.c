/* rules_evaluate.c: would the offers have hit? Of every row with at least two known items
 * one is hidden, drawn by row number, and the rest is asked for offers. A hit is an offer
 * of the hidden item. Beside it stands what best-sellers would have hit, the figure that
 * rules must beat to be worth their trouble. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "base/threads.h"
#include "base/try.h"
#include "models/rules.h"

enum { N_OFFERS = SEG_RULES_OFFERS, STREAM_HIDE = 1 };

typedef struct evaluation {
    const seg_rules_model *m;
    seg_rng rng;
    int n_threads;
    const uint8_t *fold;
    int held_out;
    int32_t *sellers;            /* n_items, best first */
    uint8_t *scratch;            /* n_threads x n_items */

    int64_t *row_start;          /* the block with one item hidden per row */
    int32_t *items, *hidden;     /* hidden: -1 where nothing is asked */
    int64_t *best;
    size_t starts_cap, items_cap, hidden_cap, best_cap;

    uint64_t rows, with_offer, tested, hits, first_hits, seller_hits;
} evaluation;

static int by_count(const void *a, const void *b, void *arg)
{
    const uint32_t *count = arg;
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    if (count[x] != count[y])
        return count[x] > count[y] ? -1 : 1;
    return (x > y) - (x < y);
}

seg_status seg_rules_evaluate_begin(const seg_model *model, const seg_train_input *input,
                                    void **ev, seg_error *err)
{
    seg_status st = SEG_OK;
    evaluation *e = NULL;
    const seg_rules_model *m = model->state;
    *ev = NULL;
    TRY(SEG_ALLOC(&e, 1, "an evaluation", err));
    e->m = m;
    e->rng = (seg_rng){ input->ctx->seed, STREAM_HIDE };
    e->n_threads = seg_thread_count(input->ctx->n_threads);
    e->fold = input->fold;
    e->held_out = input->held_out;
    TRY(SEG_ALLOC(&e->scratch, m->n_items * (size_t)e->n_threads, "the items of a customer",
                  err));
    TRY(SEG_ALLOC(&e->sellers, m->n_items, "the best-sellers", err));
    for (size_t i = 0; i < m->n_items; i++)
        e->sellers[i] = (int32_t)i;
    if (m->n_items > 1)
        qsort_r(e->sellers, m->n_items, sizeof *e->sellers, by_count, m->item_count);
    *ev = e;
    e = NULL;

done:
    seg_rules_evaluate_free(e);
    return st;
}

void seg_rules_evaluate_free(void *ev)
{
    evaluation *e = ev;
    if (e == NULL)
        return;
    seg_free(e->sellers);
    seg_free(e->scratch);
    seg_free(e->row_start);
    seg_free(e->items);
    seg_free(e->hidden);
    seg_free(e->best);
    seg_free(e);
}

static bool asked(const evaluation *e, uint64_t row)
{
    return e->fold == NULL || e->fold[row] == e->held_out;
}

/* The block without one item per row, into row_start, items and hidden. */
static void hide(evaluation *e, const seg_block *in)
{
    int64_t n = 0;
    for (size_t i = 0; i < in->n_rows; i++) {
        const int32_t *items = in->items + in->row_start[i];
        size_t n_owned = (size_t)(in->row_start[i + 1] - in->row_start[i]), left_out = SIZE_MAX;
        uint64_t row = in->first_row + i;
        e->row_start[i] = n;
        e->hidden[i] = -1;
        if (n_owned >= 2 && asked(e, row)) {
            left_out = (size_t)seg_rng_below(e->rng, row, n_owned);
            e->hidden[i] = items[left_out];
        }
        for (size_t j = 0; j < n_owned && e->hidden[i] >= 0; j++)
            if (j != left_out)
                e->items[n++] = items[j];
    }
    e->row_start[in->n_rows] = n;
}

static bool has_item(const int32_t *items, size_t n, int32_t item)
{
    for (size_t i = 0; i < n; i++)
        if (items[i] == item)
            return true;
    return false;
}

/* Is the hidden item among the best-sellers that the rest of row i lacks? */
static bool sellers_hit(const evaluation *e, size_t i)
{
    const int32_t *items = e->items + e->row_start[i];
    size_t n = (size_t)(e->row_start[i + 1] - e->row_start[i]);
    int offered = 0;
    for (size_t s = 0; s < e->m->n_items && offered < N_OFFERS; s++) {
        if (has_item(items, n, e->sellers[s]))
            continue;
        if (e->sellers[s] == e->hidden[i])
            return true;
        offered++;
    }
    return false;
}

static void judge(evaluation *e, size_t i)
{
    e->tested++;
    e->seller_hits += sellers_hit(e, i);
    for (size_t k = 0; k < N_OFFERS; k++) {
        int64_t best = e->best[i * N_OFFERS + k];
        if (best < 0 || e->m->offers.head[best] != e->hidden[i])
            continue;
        e->hits++;
        e->first_hits += k == 0;
    }
}

seg_status seg_rules_evaluate_add(void *ev, const seg_block *in, const seg_block *scored,
                                  seg_error *err)
{
    seg_status st = SEG_OK;
    evaluation *e = ev;
    const int32_t *offer_1 = scored->columns[0];
    size_t n_items = (size_t)(in->row_start[in->n_rows] - in->row_start[0]);
    TRY(SEG_GROW(&e->row_start, &e->starts_cap, in->n_rows + 1, "a block of baskets", err));
    TRY(SEG_GROW(&e->items, &e->items_cap, n_items + 1, "a block of baskets", err));
    TRY(SEG_GROW(&e->hidden, &e->hidden_cap, in->n_rows, "a block of baskets", err));
    TRY(SEG_GROW(&e->best, &e->best_cap, in->n_rows * N_OFFERS, "the offers", err));
    hide(e, in);
    seg_basket_rows rows = { .row_start = e->row_start, .items = e->items,
                             .n_rows = in->n_rows };
    seg_offers_find(&e->m->offers, &rows, N_OFFERS, e->best, e->scratch, e->n_threads);
    for (size_t i = 0; i < in->n_rows; i++) {
        bool counts = asked(e, in->first_row + i);
        e->rows += counts;
        e->with_offer += counts && offer_1[i] >= 0;
        if (e->hidden[i] >= 0)
            judge(e, i);
    }

done:
    return st;
}

static void put_share(seg_node *figures, const char *name, uint64_t part, uint64_t all)
{
    if (all == 0)
        seg_put_null(figures, name);
    else
        seg_put_real(figures, name, (double)part / (double)all);
}

seg_status seg_rules_evaluate_end(void *ev, seg_node *figures, seg_error *err)
{
    (void)err;
    const evaluation *e = ev;
    seg_put_int(figures, "rows", (int64_t)e->rows);
    put_share(figures, "with_offer", e->with_offer, e->rows);
    seg_put_int(figures, "tested", (int64_t)e->tested);
    put_share(figures, "hit_rate_1", e->first_hits, e->tested);
    put_share(figures, "hit_rate_3", e->hits, e->tested);
    put_share(figures, "best_seller_hit_rate_3", e->seller_hits, e->tested);
    return SEG_OK;
}
