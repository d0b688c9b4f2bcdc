/* rules_evaluate.c: would the offers have hit? Something that a customer has is hidden: where
 * orders have customer and day, what was new on the customer's last day, else one item, drawn
 * by row number. The rest is asked for offers, and a hit is an offer of what is hidden. Beside
 * it stands what best-sellers would have hit, the figure that rules must beat to be worth
 * their trouble. Everything is counted in whole numbers; both are tried on the same customers,
 * so the interval of the difference is that of pairs (Q. McNemar, 1947), normal. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/number.h"
#include "base/text.h"
#include "base/threads.h"
#include "base/try.h"
#include "models/rules_offers.h"
#include "models/rules_trial.h"

enum { STREAM_HIDE = 1, PORTION_ROWS = 16 * SEG_CHUNK_ROWS, USUAL_OFFERS = 10,
       OWNED = 1, HIDDEN = 2, MIN_PAIRS = 10 };

typedef struct evaluation {
    const seg_rules_model *m;
    const seg_rules_offers *offers;
    const seg_context *ctx;
    seg_train_input input;
    seg_rng rng;
    int n_threads;
    size_t k;
    bool visits;                 /* rows are orders: the last day is hidden, at the end */
    seg_trial_orders orders;
    seg_trial_rows rows;
    int32_t *sellers;            /* n_sellers items that may be offered, best first */
    size_t n_sellers;
    uint8_t *flags, *offered;    /* n_items */
    int64_t *best;
    double *score;
    size_t best_cap, score_cap;

    uint64_t n_rows, with_offer, n_tested;
    uint64_t hits[SEG_OFFERS_MAX + 1], seller_hits[SEG_OFFERS_MAX + 1];   /* by first rank */
    uint64_t only_rules[SEG_OFFERS_MAX + 1], only_sellers[SEG_OFFERS_MAX + 1];   /* within k */
} evaluation;

static int by_count(const void *a, const void *b, void *arg)
{
    const uint32_t *count = arg;
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    if (count[x] != count[y])
        return count[x] > count[y] ? -1 : 1;
    return (x > y) - (x < y);
}

/* Best-sellers are bound by the same lists as the rules. */
static seg_status find_sellers(evaluation *e, seg_error *err)
{
    const seg_offer_lists *lists = &e->offers->lists;
    seg_status st = SEG_ALLOC(&e->sellers, e->m->n_items, "the best-sellers", err);
    for (size_t i = 0; st == SEG_OK && i < e->m->n_items; i++)
        if (lists->barred == NULL || !lists->barred[i])
            e->sellers[e->n_sellers++] = (int32_t)i;
    if (e->n_sellers > 1)
        qsort_r(e->sellers, e->n_sellers, sizeof *e->sellers, by_count, e->m->item_count);
    return st;
}

static seg_status choose_trial(evaluation *e, seg_error *err)
{
    const seg_offer_trial *trial = e->input.options;
    int wanted = trial == NULL ? SEG_HOLD_OUT_AUTO : trial->hold_out;
    e->k = trial == NULL ? USUAL_OFFERS : trial->offers;
    if (wanted != SEG_HOLD_OUT_ITEM && e->input.schema != NULL)
        e->visits = e->input.fold == NULL
                    && seg_trial_orders_begin(&e->orders, e->input.schema);
    if (wanted == SEG_HOLD_OUT_LAST && !e->visits)
        return seg_fail(err, SEG_E_DATA, "--hold-out last: the data do not tell order, customer"
                        " and day");
    if (!e->visits && e->m->inputs.taxonomy != NULL)
        seg_note(e->ctx, SEG_LEVEL_WARN, "the groups of the item that is hidden stay visible, so"
                 " these rates flatter the rules: give data with order, customer and day, of which"
                 " the last day is hidden whole");
    return SEG_OK;
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
    e->ctx = input->ctx;
    e->input = *input;
    e->rng = (seg_rng){ input->ctx->seed, STREAM_HIDE };
    e->n_threads = seg_thread_count(input->ctx->n_threads);
    TRY(seg_rules_offers_of(model, &e->offers, err));
    TRY(choose_trial(e, err));
    TRY(SEG_ALLOC(&e->flags, m->n_items, "the items of a customer", err));
    TRY(SEG_ALLOC(&e->offered, m->n_items, "the items that are offered", err));
    TRY(find_sellers(e, err));
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
    seg_trial_orders_free(&e->orders);
    seg_trial_rows_free(&e->rows);
    seg_free(e->sellers);
    seg_free(e->flags);
    seg_free(e->offered);
    seg_free(e->best);
    seg_free(e->score);
    seg_free(e);
}

/* ---- trying -------------------------------------------------------------------------------- */

static seg_status find(evaluation *e, const seg_item_lists *lists, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_offer_ask ask = seg_rules_offers_ask(e->offers, e->k);
    seg_basket_rows rows = { .row_start = lists->start, .items = lists->items,
                             .n_rows = lists->n };
    TRY(SEG_GROW(&e->best, &e->best_cap, lists->n * e->k, "the offers", err));
    TRY(SEG_GROW(&e->score, &e->score_cap, lists->n * e->k, "the offers", err));
    TRY(seg_offers_find(&e->offers->rules, &rows, &ask, e->best, e->score, e->n_threads, err));

done:
    return st;
}

static void flag(evaluation *e, const seg_item_lists *lists, size_t i, uint8_t value)
{
    for (int64_t j = lists->start[i]; j < lists->start[i + 1]; j++)
        e->flags[lists->items[j]] = value;
}

/* The rank of the first offer that is hidden, 0 if there is none. */
static size_t rank_of_rules(const evaluation *e, size_t i)
{
    for (size_t j = 0; j < e->k; j++) {
        int64_t rule = e->best[i * e->k + j];
        if (rule >= 0 && e->flags[e->offers->rules.head[rule]] == HIDDEN)
            return j + 1;
    }
    return 0;
}

static size_t rank_of_sellers(const evaluation *e)
{
    size_t rank = 0;
    for (size_t s = 0; s < e->n_sellers && rank < e->k; s++) {
        uint8_t f = e->flags[e->sellers[s]];
        rank += f != OWNED;
        if (f == HIDDEN)
            return rank;
    }
    return 0;
}

static void judge(evaluation *e, size_t i)
{
    if (e->rows.hidden.start[i] == e->rows.hidden.start[i + 1])
        return;
    flag(e, &e->rows.shown, i, OWNED);
    flag(e, &e->rows.hidden, i, HIDDEN);
    size_t rules = rank_of_rules(e, i), sellers = rank_of_sellers(e);
    flag(e, &e->rows.shown, i, 0);
    flag(e, &e->rows.hidden, i, 0);
    e->n_tested++;
    e->hits[rules]++;
    e->seller_hits[sellers]++;
    for (size_t k = 1; k <= e->k; k++) {
        bool a = rules != 0 && rules <= k, b = sellers != 0 && sellers <= k;
        e->only_rules[k] += a && !b;
        e->only_sellers[k] += b && !a;
    }
}

static void cover(evaluation *e, size_t i)
{
    e->n_rows++;
    e->with_offer += e->best[i * e->k] >= 0;
    for (size_t j = 0; j < e->k && e->best[i * e->k + j] >= 0; j++)
        e->offered[e->offers->rules.head[e->best[i * e->k + j]]] = 1;
}

/* The portion of rows is tried and forgotten. */
static seg_status try_rows(evaluation *e, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = e->rows.all.n;
    if (n == 0)
        return SEG_OK;
    TRY(find(e, &e->rows.all, err));
    for (size_t i = 0; i < n; i++)
        cover(e, i);
    TRY(find(e, &e->rows.shown, err));
    for (size_t i = 0; i < n; i++)
        judge(e, i);
    seg_trial_rows_clear(&e->rows);

done:
    return st;
}

static seg_status check_items(const evaluation *e, const seg_block *in, seg_error *err)
{
    for (int64_t i = in->row_start[0]; i < in->row_start[in->n_rows]; i++)
        if (in->items[i] < 0 || (size_t)in->items[i] >= e->m->n_items)
            return seg_fail(err, SEG_E_DATA, "an item is out of the range of the model");
    return SEG_OK;
}

seg_status seg_rules_evaluate_add(void *ev, const seg_block *in, const seg_block *scored,
                                  seg_error *err)
{
    seg_status st = SEG_OK;
    evaluation *e = ev;
    (void)scored;
    TRY(check_items(e, in, err));
    if (e->visits) {
        TRY(seg_trial_orders_add(&e->orders, in, err));
        goto done;
    }
    for (size_t i = 0; i < in->n_rows; i++)
        if (seg_judged_on(&e->input, in->first_row + i))
            TRY(seg_trial_hide_item(&e->rows, in, i, e->rng, err));
    TRY(try_rows(e, err));

done:
    return st;
}

static seg_status try_visits(evaluation *e, seg_error *err)
{
    seg_status st = SEG_OK;
    char a[32];
    TRY(seg_trial_orders_group(&e->orders, err));
    for (size_t c = 0; c < e->orders.n_customers; c++) {
        TRY(seg_trial_hide_last(&e->rows, &e->orders, c, err));
        if (e->rows.all.n < PORTION_ROWS && c + 1 < e->orders.n_customers)
            continue;
        TRY(try_rows(e, err));
        TRY(seg_step(e->ctx, "trying offers", c + 1, e->orders.n_customers, err));
    }
    if (e->orders.n_unnamed > 0)
        seg_note(e->ctx, SEG_LEVEL_INFO, "%s orders without customer or day are left out",
                 seg_group_digits(a, (int64_t)e->orders.n_unnamed));

done:
    return st;
}

/* ---- figures ------------------------------------------------------------------------------ */

static void put_share(seg_node *figures, const char *name, uint64_t part, uint64_t all)
{
    if (all == 0)
        seg_put_null(figures, name);
    else
        seg_put_real(figures, name, (double)part / (double)all);
}

static uint64_t hits_within(const uint64_t *by_rank, size_t k)
{
    uint64_t n = 0;
    for (size_t r = 1; r <= k; r++)
        n += by_rank[r];
    return n;
}

/* The mean of 1 / rank; nothing found counts as 0. */
static void put_reciprocal(const evaluation *e, seg_node *figures, const char *name,
                           const uint64_t *by_rank)
{
    double sum = 0;
    for (size_t r = 1; r <= e->k; r++)
        sum += (double)by_rank[r] / (double)r;
    if (e->n_tested == 0)
        seg_put_null(figures, name);
    else
        seg_put_real(figures, name, sum / (double)e->n_tested);
}

/* How much more often rules hit than best-sellers, as a share of those tested. */
static void difference(const evaluation *e, size_t k, double *mean, double *half)
{
    double n = (double)e->n_tested, a = (double)e->only_rules[k], b = (double)e->only_sellers[k];
    *mean = (a - b) / n;
    *half = 1.959963984540054 * sqrt((a + b - (a - b) * (a - b) / n) / (n * n));
}

static void put_at(const evaluation *e, size_t k, seg_node *figures)
{
    char name[64];
    double mean, half;
    snprintf(name, sizeof name, "hit_rate_%zu", k);
    put_share(figures, name, hits_within(e->hits, k), e->n_tested);
    snprintf(name, sizeof name, "best_seller_hit_rate_%zu", k);
    put_share(figures, name, hits_within(e->seller_hits, k), e->n_tested);
    snprintf(name, sizeof name, "difference_%zu_ci", k);
    if (e->n_tested == 0) {
        seg_put_null(figures, name);
        return;
    }
    difference(e, k, &mean, &half);
    seg_node *interval = seg_put_array(figures, name);
    seg_put_real(interval, NULL, mean - half);
    seg_put_real(interval, NULL, mean + half);
}

static void put_rates(const evaluation *e, seg_node *figures)
{
    static const size_t usual[] = { 1, 3, 5, 10 };
    bool last_put = false;
    for (size_t i = 0; i < sizeof usual / sizeof *usual && usual[i] <= e->k; i++) {
        put_at(e, usual[i], figures);
        last_put = usual[i] == e->k;
    }
    if (!last_put)
        put_at(e, e->k, figures);
}

static void percent(char out[SEG_NUMBER_BYTES], double share)
{
    seg_print_fixed(out, llround(share * 1000), 10);
}

static void put_verdict(const evaluation *e, seg_node *figures)
{
    size_t k = e->k < SEG_OFFERS_USUAL ? e->k : SEG_OFFERS_USUAL;
    uint64_t pairs = e->only_rules[k] + e->only_sellers[k];
    double mean, half;
    const char *who = "rules do not beat best-sellers: no clear difference";
    char text[512], rules[SEG_NUMBER_BYTES], sellers[SEG_NUMBER_BYTES];
    char low[SEG_NUMBER_BYTES], high[SEG_NUMBER_BYTES];
    if (e->n_tested == 0) {
        seg_put_text(figures, "verdict", "nothing was tested: no customer has two items that the"
                     " model knows");
        return;
    }
    difference(e, k, &mean, &half);
    if (pairs < MIN_PAIRS)
        who = "too few customers differ to tell whether rules beat best-sellers";
    else if (mean - half > 0)
        who = "rules beat best-sellers";
    else if (mean + half < 0)
        who = "rules do not beat best-sellers: best-sellers hit more often";
    percent(rules, (double)hits_within(e->hits, k) / (double)e->n_tested);
    percent(sellers, (double)hits_within(e->seller_hits, k) / (double)e->n_tested);
    percent(low, mean - half);
    percent(high, mean + half);
    snprintf(text, sizeof text, "%s; at %zu offer%s rules hit %s %% and best-sellers %s %% of the"
             " customers, a difference of %s to %s points (95 %%)", who, k, k == 1 ? "" : "s",
             rules, sellers, low, high);
    seg_put_text(figures, "verdict", text);
}

seg_status seg_rules_evaluate_end(void *ev, seg_node *figures, seg_error *err)
{
    seg_status st = SEG_OK;
    evaluation *e = ev;
    int64_t n_offered = 0;
    if (e->visits)
        TRY(try_visits(e, err));
    for (size_t i = 0; i < e->m->n_items; i++)
        n_offered += e->offered[i];
    seg_put_int(figures, "rows", (int64_t)e->n_rows);
    seg_put_text(figures, "hidden", e->visits ? "new on the last day" : "one item");
    seg_put_int(figures, "offers", (int64_t)e->k);
    put_share(figures, "with_offer", e->with_offer, e->n_rows);
    seg_put_int(figures, "items_offered", n_offered);
    seg_put_int(figures, "tested", (int64_t)e->n_tested);
    put_rates(e, figures);
    put_reciprocal(e, figures, "mean_reciprocal_rank", e->hits);
    put_reciprocal(e, figures, "best_seller_mean_reciprocal_rank", e->seller_hits);
    put_verdict(e, figures);

done:
    return st;
}
