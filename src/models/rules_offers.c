/* rules_offers.c: next best offers: the best rules whose body a customer has and whose
 * head the customer lacks. Best is the highest confidence, then the highest lift, then
 * the name of the offered item: whole numbers are compared, so no rounding decides. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/threads.h"
#include "base/try.h"
#include "models/rules.h"

enum { N_OFFERS = SEG_RULES_OFFERS, MAX_REASON_BYTES = 240 };

/* ---- the rules that make offers ------------------------------------------------------- */

static int32_t one_head(const seg_rules_model *m, size_t rule)
{
    return m->head[m->head_start[rule]];
}

static int better_first(const void *a, const void *b, void *arg)
{
    const seg_rules_model *m = arg;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int by = seg_rule_compare(&m->counts[x], &m->counts[y], SEG_MEASURE_CONFIDENCE);
    if (by == 0)
        by = seg_rule_compare(&m->counts[x], &m->counts[y], SEG_MEASURE_LIFT);
    if (by == 0)
        by = (one_head(m, x) > one_head(m, y)) - (one_head(m, x) < one_head(m, y));
    return by != 0 ? by : (x > y) - (x < y);
}

/* One-item heads, best first, into offer_rule. */
static seg_status choose_rules(seg_rules_model *m, seg_error *err)
{
    seg_status st = SEG_ALLOC(&m->offer_rule, m->n_rules, "the rules of the offers", err);
    if (st != SEG_OK)
        return st;
    size_t n = 0;
    for (size_t r = 0; r < m->n_rules; r++)
        if (m->head_start[r + 1] - m->head_start[r] == 1)
            m->offer_rule[n++] = (uint32_t)r;
    m->offers.n_rules = n;
    qsort_r(m->offer_rule, n, sizeof *m->offer_rule, better_first, m);
    return SEG_OK;
}

static seg_status copy_rules(seg_rules_model *m, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_offer_rules *o = &m->offers;
    size_t n_body = 0;
    for (size_t i = 0; i < o->n_rules; i++) {
        uint32_t r = m->offer_rule[i];
        n_body += (size_t)(m->body_start[r + 1] - m->body_start[r]);
    }
    TRY(SEG_ALLOC(&o->body_start, o->n_rules + 1, "the rules of the offers", err));
    TRY(SEG_ALLOC(&o->body, n_body, "the rules of the offers", err));
    TRY(SEG_ALLOC(&o->head, o->n_rules, "the rules of the offers", err));
    for (size_t i = 0; i < o->n_rules; i++) {
        uint32_t r = m->offer_rule[i];
        int64_t n = m->body_start[r + 1] - m->body_start[r];
        memcpy(o->body + o->body_start[i], m->body + m->body_start[r],
               (size_t)n * sizeof *o->body);
        o->body_start[i + 1] = o->body_start[i] + n;
        o->head[i] = one_head(m, r);
    }
    o->n_items = m->n_items;

done:
    return st;
}

/* Which items are ever offered; they are the categories of the offer columns. */
static seg_status name_offers(seg_rules_model *m, const seg_schema *schema, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(SEG_ALLOC(&m->offer_level, m->n_items, "the offered items", err));
    TRY(SEG_ALLOC(&m->offer_names, m->n_items, "the offered items", err));
    for (size_t i = 0; i < m->n_items; i++)
        m->offer_level[i] = -1;
    for (size_t i = 0; i < m->offers.n_rules; i++)
        m->offer_level[m->offers.head[i]] = 0;
    for (size_t i = 0; i < m->n_items; i++)
        if (m->offer_level[i] == 0) {
            m->offer_level[i] = (int32_t)m->n_offer_names;
            m->offer_names[m->n_offer_names++] = schema->features[i].name;
        }

done:
    return st;
}

/* The reason, cut at the end of a character when it is too long. */
static size_t reason_of(const seg_rules_model *m, const seg_schema *schema, size_t offer,
                        seg_text *text)
{
    const seg_offer_rules *o = &m->offers;
    seg_text_clear(text);
    seg_rules_add_items(text, schema, o->body + o->body_start[offer],
                        (size_t)(o->body_start[offer + 1] - o->body_start[offer]));
    return text->failed ? 0 : seg_utf8_cut(text->bytes, text->n, MAX_REASON_BYTES);
}

static seg_status measure_reasons(seg_rules_model *m, const seg_schema *schema, seg_error *err)
{
    seg_text text = { 0 };
    m->reason_width = 1;
    for (size_t i = 0; i < m->offers.n_rules && !text.failed; i++) {
        size_t n = reason_of(m, schema, i, &text);
        m->reason_width = n > m->reason_width ? n : m->reason_width;
    }
    seg_status st = seg_text_status(&text, err);
    seg_text_free(&text);
    return st;
}

seg_status seg_rules_make_offers(seg_rules_model *m, const seg_schema *schema, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(choose_rules(m, err));
    TRY(copy_rules(m, err));
    TRY(seg_offer_rules_index(&m->offers, m->item_count, err));
    TRY(name_offers(m, schema, err));
    TRY(measure_reasons(m, schema, err));

done:
    return st;
}

/* ---- scores ----------------------------------------------------------------------------- */

seg_status seg_rules_score_schema(const seg_model *model, seg_schema_owner *out,
                                  seg_error *err)
{
    const seg_rules_model *m = model->state;
    if (!m->has_rules)
        return seg_fail(err, SEG_E_USAGE, "the model holds no rules to make offers from: train"
                        " it with --target rules and without --count-only");
    for (int k = 1; k <= N_OFFERS; k++) {
        char offer[32], score[32], reason[32];
        snprintf(offer, sizeof offer, "offer_%d", k);
        snprintf(score, sizeof score, "offer_%d_score", k);
        snprintf(reason, sizeof reason, "offer_%d_reason", k);
        const seg_column columns[] = {
            { .name = offer, .type = SEG_TYPE_CODE, .levels = m->offer_names,
              .n_levels = m->n_offer_names,
              .source = "item the customer lacks, of the best rule that applies" },
            { .name = score, .type = SEG_TYPE_F64, .unit = "share",
              .source = "confidence of the rule" },
            { .name = reason, .type = SEG_TYPE_TEXT, .width = m->reason_width,
              .source = "what the customer has" },
        };
        for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
            seg_status st = seg_schema_add_column(out, &columns[c], err);
            if (st != SEG_OK)
                return st;
        }
    }
    return SEG_OK;
}

/* Offer k of row i; best is a place in the rules of the offers, or -1. */
static void fill_cell(const seg_rules_model *m, const seg_schema *schema, void **columns,
                      size_t i, size_t k, int64_t best, seg_text *text)
{
    int32_t *offer = columns[3 * k];
    double *score = columns[3 * k + 1];
    char *reason = (char *)columns[3 * k + 2] + i * m->reason_width;
    memset(reason, 0, m->reason_width);
    offer[i] = SEG_MISSING_CODE;
    score[i] = (double)NAN;
    if (best < 0)
        return;
    offer[i] = m->offer_level[m->offers.head[best]];
    score[i] = seg_rule_measure(&m->counts[m->offer_rule[best]], SEG_MEASURE_CONFIDENCE);
    size_t n = reason_of(m, schema, (size_t)best, text);
    if (!text->failed)
        memcpy(reason, text->bytes, n);
}

static seg_status check_items(const seg_rules_model *m, const seg_block *in, seg_error *err)
{
    for (int64_t i = in->row_start[0]; i < in->row_start[in->n_rows]; i++)
        if (in->items[i] < 0 || (size_t)in->items[i] >= m->n_items)
            return seg_fail(err, SEG_E_DATA, "an item is out of the range of the model");
    return SEG_OK;
}

seg_status seg_rules_score(const seg_model *model, const seg_context *ctx,
                           const seg_schema *data, const seg_block *in, seg_batch *out,
                           seg_error *err)
{
    (void)data;
    seg_status st = SEG_OK;
    const seg_rules_model *m = model->state;
    int n_threads = seg_thread_count(ctx == NULL ? 0 : ctx->n_threads);
    int64_t *best = NULL;
    uint8_t *scratch = NULL;
    seg_text text = { 0 };
    seg_basket_rows rows = { .row_start = in->row_start, .items = in->items,
                             .n_rows = in->n_rows };

    TRY(check_items(m, in, err));
    TRY(SEG_ALLOC(&best, in->n_rows * N_OFFERS, "the offers", err));
    TRY(SEG_ALLOC(&scratch, m->n_items * (size_t)n_threads, "the items of a customer", err));
    seg_offers_find(&m->offers, &rows, N_OFFERS, best, scratch, n_threads);
    for (size_t i = 0; i < in->n_rows; i++)
        for (size_t k = 0; k < N_OFFERS; k++)
            fill_cell(m, &model->schema->view, out->columns, i, k, best[i * N_OFFERS + k],
                      &text);
    TRY(seg_text_status(&text, err));

done:
    seg_text_free(&text);
    seg_free(best);
    seg_free(scratch);
    return st;
}
