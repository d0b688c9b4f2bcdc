/* rules_offers.c: next best offers: by the best rules whose body a customer has and whose
 * head the customer lacks. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/team.h"
#include "base/threads.h"
#include "base/try.h"
#include "models/rules_offers.h"

/* ---- what is asked ---------------------------------------------------------------------- */

void seg_rules_offers_free(seg_rules_offers *offers)
{
    if (offers == NULL)
        return;
    seg_offer_lists_clear(&offers->lists);
    seg_offer_rules_clear(&offers->rules);
    seg_free(offers->rule);
    seg_free(offers->confidence);
    seg_free(offers->worth);
    seg_free(offers->level);
    seg_free(offers->names);
    seg_free(offers->name_bytes);
    seg_free(offers);
}

static seg_status make_usual(const seg_model *model, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_rules_model *m = model->state;
    seg_rules_offers *offers = NULL;
    TRY(SEG_ALLOC(&offers, 1, "the offers", err));
    offers->asked.offers = SEG_OFFERS_USUAL;
    TRY(seg_rules_offers_make(m, &model->schema->view, offers, err));
    m->offers = offers;
    offers = NULL;

done:
    seg_rules_offers_free(offers);
    return st;
}

seg_status seg_rules_offers_of(const seg_model *model, const seg_rules_offers **out,
                               seg_error *err)
{
    static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;
    seg_rules_model *m = model->state;
    seg_status st = SEG_OK;
    pthread_mutex_lock(&making);
    if (m->offers == NULL)
        st = make_usual(model, err);
    *out = m->offers;
    pthread_mutex_unlock(&making);
    return st;
}

static void tell(const seg_rules_offers *offers, const seg_context *ctx)
{
    char a[32], b[32];
    const char *money = offers->lists.margin ? "margin" : "price";
    if (offers->n_unpriced > 0)
        seg_note(ctx, SEG_LEVEL_WARN, "--prices: %s items that rules offer have no %s and are"
                 " not offered", seg_group_digits(a, (int64_t)offers->n_unpriced), money);
    if (offers->n_loss > 0)
        seg_note(ctx, SEG_LEVEL_WARN, "--prices: %s items that rules offer have a margin below"
                 " zero and are not offered", seg_group_digits(a, (int64_t)offers->n_loss));
    if (offers->n_one_head == 0)
        seg_note(ctx, SEG_LEVEL_WARN, "the model has no rules with one item in the head: there"
                 " is nothing to offer");
    else if (offers->rules.n_rules == 0)
        seg_note(ctx, SEG_LEVEL_WARN, "nothing to offer: the lists leave none of the items that"
                 " rules offer");
    else if (offers->rules.n_rules < offers->n_one_head)
        seg_note(ctx, SEG_LEVEL_INFO, "the lists leave %s of the %s rules that make offers",
                 seg_group_digits(a, (int64_t)offers->rules.n_rules),
                 seg_group_digits(b, (int64_t)offers->n_one_head));
}

seg_status seg_rules_ask_offers(seg_model *model, const seg_context *ctx,
                                const seg_offer_options *options, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_rules_model *m = model->state;
    seg_rules_offers *offers = NULL;
    bool money = options->rank_by == SEG_OFFER_BY_CONFIDENCE
                 || options->rank_by == SEG_OFFER_COMBINED;
    if (options->prices != NULL && !money)
        TRY(seg_fail(err, SEG_E_USAGE, "--prices goes with --rank-by confidence or combined:"
                     " money is worth its probability"));
    TRY(SEG_ALLOC(&offers, 1, "the offers", err));
    offers->asked = (seg_offer_options){ .offers = options->offers,
                                         .rank_by = options->rank_by };
    TRY(seg_offer_lists_read(ctx, options, &model->schema->view, &offers->lists, err));
    TRY(seg_rules_offers_make(m, &model->schema->view, offers, err));
    if (m->has_rules)
        tell(offers, ctx);
    seg_rules_offers_free(m->offers);
    m->offers = offers;
    offers = NULL;

done:
    seg_rules_offers_free(offers);
    return st;
}

void seg_rules_score_end(const seg_model *model, const seg_context *ctx)
{
    const seg_rules_model *m = model->state;
    if (m->offers != NULL)
        seg_offer_lists_tell(&m->offers->lists, ctx);
}

seg_offer_ask seg_rules_offers_ask(const seg_rules_offers *offers, size_t k)
{
    return (seg_offer_ask){ .k = k, .confidence = offers->confidence,
                            .worth = offers->confidence == NULL ? NULL : offers->worth };
}

/* ---- result columns --------------------------------------------------------------------- */

static const char *source_of_score(const seg_rules_offers *offers)
{
    bool money = offers->worth != NULL, margin = offers->lists.margin;
    switch ((seg_offer_rank)offers->asked.rank_by) {
    case SEG_OFFER_BY_CONFIDENCE:
        return !money ? "confidence of the rule"
               : margin ? "confidence of the rule x margin" : "confidence of the rule x price";
    case SEG_OFFER_BY_LIFT:       return "lift of the rule";
    case SEG_OFFER_BY_LEVERAGE:   return "leverage of the rule";
    case SEG_OFFER_BY_CONVICTION: return "conviction of the rule";
    case SEG_OFFER_BY_SUPPORT:    return "support of the rule";
    case SEG_OFFER_COMBINED:      break;
    }
    return !money ? "1 - product of (1 - confidence) of the rules that apply"
           : margin ? "1 - product of (1 - confidence) of the rules that apply, x margin"
                    : "1 - product of (1 - confidence) of the rules that apply, x price";
}

static const char *unit_of_score(const seg_rules_offers *offers)
{
    int by = offers->asked.rank_by;
    if (offers->worth != NULL)
        return "money";
    return by == SEG_OFFER_BY_LIFT || by == SEG_OFFER_BY_CONVICTION ? NULL : "share";
}

static seg_status add_columns(const seg_rules_offers *offers, unsigned k, seg_schema_owner *out,
                              seg_error *err)
{
    seg_status st = SEG_OK;
    char offer[32], score[32], reason[32];
    snprintf(offer, sizeof offer, "offer_%u", k);
    snprintf(score, sizeof score, "offer_%u_score", k);
    snprintf(reason, sizeof reason, "offer_%u_reason", k);
    const seg_column columns[] = {
        { .name = offer, .type = SEG_TYPE_CODE, .levels = offers->names,
          .n_levels = offers->n_names,
          .source = "item the customer lacks, of the best rule that applies" },
        { .name = score, .type = SEG_TYPE_F64, .unit = unit_of_score(offers),
          .source = source_of_score(offers) },
        { .name = reason, .type = SEG_TYPE_TEXT, .width = offers->reason_width,
          .source = "what the customer has" },
    };
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        TRY(seg_schema_add_column(out, &columns[c], err));

done:
    return st;
}

seg_status seg_rules_score_schema(const seg_model *model, seg_schema_owner *out,
                                  seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_rules_model *m = model->state;
    const seg_rules_offers *offers;
    if (!m->has_rules)
        return seg_fail(err, SEG_E_USAGE, "the model holds no rules to make offers from: train"
                        " it with --target rules and without --count-only");
    TRY(seg_rules_offers_of(model, &offers, err));
    for (unsigned k = 1; k <= offers->asked.offers; k++)
        TRY(add_columns(offers, k, out, err));

done:
    return st;
}

/* ---- scores ----------------------------------------------------------------------------- */

typedef struct scoring {
    const seg_rules_model *m;
    const seg_rules_offers *offers;
    const seg_schema *schema;    /* the model's */
    const seg_block *in;
    size_t id_width;
    int64_t *best, *first, *end; /* offers per row; and where what is barred for it stands */
    double *score;
    seg_batch *out;
} scoring;

static void find_barred(void *arg, size_t task, int thread)
{
    (void)thread;
    scoring *s = arg;
    const seg_offer_lists *lists = &s->offers->lists;
    size_t end = (task + 1) * SEG_CHUNK_ROWS;
    for (size_t i = task * SEG_CHUNK_ROWS; i < end && i < s->in->n_rows; i++) {
        const char *id = s->in->ids + i * s->id_width;
        int32_t c = seg_offer_lists_customer(lists, id, seg_cell_length(id, s->id_width));
        s->first[i] = c < 0 ? 0 : lists->start[c];
        s->end[i] = c < 0 ? 0 : lists->start[c + 1];
    }
}

/* Cut at the end of a character when it is too long. `cell` is all null. */
static void put_reason(const scoring *s, size_t rule, char *cell)
{
    char text[SEG_OFFER_REASON_BYTES + 4];
    const seg_offer_rules *rules = &s->offers->rules;
    size_t n = 0;
    for (int64_t i = rules->body_start[rule]; i < rules->body_start[rule + 1]; i++) {
        const char *name = s->schema->features[rules->body[i]].name;
        size_t bytes = s->offers->name_bytes[rules->body[i]];
        for (const char *c = " + "; n > 0 && *c != 0 && n < sizeof text; c++)
            text[n++] = *c;
        bytes = bytes < sizeof text - n ? bytes : sizeof text - n;
        memcpy(text + n, name, bytes);
        n += bytes;
    }
    memcpy(cell, text, seg_utf8_cut(text, n, SEG_OFFER_REASON_BYTES));
}

double seg_rules_offer_score(const seg_rules_model *m, const seg_rules_offers *offers,
                             size_t rule, double combined)
{
    static const seg_measure measures[] = {
        [SEG_OFFER_BY_CONFIDENCE] = SEG_MEASURE_CONFIDENCE,
        [SEG_OFFER_BY_LIFT] = SEG_MEASURE_LIFT,
        [SEG_OFFER_BY_LEVERAGE] = SEG_MEASURE_LEVERAGE,
        [SEG_OFFER_BY_CONVICTION] = SEG_MEASURE_CONVICTION,
        [SEG_OFFER_BY_SUPPORT] = SEG_MEASURE_SUPPORT,
    };
    if (offers->confidence != NULL)
        return combined;
    double figure = seg_rule_measure(&m->counts[offers->rule[rule]],
                                     measures[offers->asked.rank_by]);
    return offers->worth == NULL ? figure : figure * offers->worth[offers->rules.head[rule]];
}

static void fill_row(const scoring *s, size_t i)
{
    size_t k = s->offers->asked.offers, width = s->offers->reason_width;
    for (size_t j = 0; j < k; j++) {
        void **columns = s->out->columns + 3 * j;
        int64_t best = s->best[i * k + j];
        char *reason = (char *)columns[2] + i * width;
        memset(reason, 0, width);
        ((int32_t *)columns[0])[i] = SEG_MISSING_CODE;
        ((double *)columns[1])[i] = (double)NAN;
        if (best < 0)
            continue;
        size_t rule = (size_t)best;
        ((int32_t *)columns[0])[i] = s->offers->level[s->offers->rules.head[rule]];
        ((double *)columns[1])[i] = seg_rules_offer_score(s->m, s->offers, rule,
                                                          s->score[i * k + j]);
        put_reason(s, rule, reason);
    }
}

static void fill_chunk(void *arg, size_t task, int thread)
{
    (void)thread;
    const scoring *s = arg;
    size_t end = (task + 1) * SEG_CHUNK_ROWS;
    for (size_t i = task * SEG_CHUNK_ROWS; i < end && i < s->in->n_rows; i++)
        fill_row(s, i);
}

static seg_status check_block(const seg_rules_model *m, const seg_rules_offers *offers,
                              const seg_block *in, seg_error *err)
{
    if (offers->lists.customers != NULL && in->ids == NULL)
        return seg_fail(err, SEG_E_DATA, "the rows have no ids: --block-by cannot find its"
                        " customers");
    for (int64_t i = in->row_start[0]; i < in->row_start[in->n_rows]; i++)
        if (in->items[i] < 0 || (size_t)in->items[i] >= m->n_items)
            return seg_fail(err, SEG_E_DATA, "an item is out of the range of the model");
    return SEG_OK;
}

seg_status seg_rules_score(const seg_model *model, const seg_context *ctx,
                           const seg_schema *data, const seg_block *in, seg_batch *out,
                           seg_error *err)
{
    seg_status st = SEG_OK;
    int n_threads = seg_thread_count(ctx == NULL ? 0 : ctx->n_threads);
    size_t n_chunks = (in->n_rows + SEG_CHUNK_ROWS - 1) / SEG_CHUNK_ROWS;
    scoring s = { .m = model->state, .schema = &model->schema->view, .in = in, .out = out,
                  .id_width = data->id_width };
    seg_basket_rows rows = { .row_start = in->row_start, .items = in->items,
                             .n_rows = in->n_rows };

    TRY(seg_rules_offers_of(model, &s.offers, err));
    if (s.offers->asked.offers == 0)
        goto done;
    TRY(check_block(s.m, s.offers, in, err));
    seg_offer_ask ask = seg_rules_offers_ask(s.offers, s.offers->asked.offers);
    TRY(SEG_ALLOC(&s.best, in->n_rows * ask.k, "the offers", err));
    TRY(SEG_ALLOC(&s.score, in->n_rows * ask.k, "the offers", err));
    if (s.offers->lists.customers != NULL) {
        TRY(SEG_ALLOC(&s.first, in->n_rows, "the offers", err));
        TRY(SEG_ALLOC(&s.end, in->n_rows, "the offers", err));
        seg_team_run(n_threads, n_chunks, find_barred, &s);
        ask.barred = s.offers->lists.items;
        ask.barred_first = s.first;
        ask.barred_end = s.end;
    }
    TRY(seg_offers_find(&s.offers->rules, &rows, &ask, s.best, s.score, n_threads, err));
    seg_team_run(n_threads, n_chunks, fill_chunk, &s);

done:
    seg_free(s.best);
    seg_free(s.score);
    seg_free(s.first);
    seg_free(s.end);
    return st;
}
