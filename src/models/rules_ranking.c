/* rules_ranking.c: the rules that make offers, best first: by the wanted measure, or by
 * probability x money, then by lift, then by the name of the offered item. Whole numbers are
 * compared, so no rounding decides: a figure in float64 is off by less than 1e-14 of itself,
 * and decides only where figures differ by more. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "models/rules_offers.h"

/* What a rule is ranked by, close together: sorting looks at little else. */
typedef struct ranked {
    double figure, lift;
    uint32_t rule;
    int32_t head;
} ranked;

typedef struct ranking {
    const seg_rules_model *m;
    const int64_t *price;        /* or null */
    seg_measure measure;
} ranking;

static seg_measure measure_of(const seg_rules_offers *offers)
{
    switch ((seg_offer_rank)offers->asked.rank_by) {
    case SEG_OFFER_BY_LIFT:       return SEG_MEASURE_LIFT;
    case SEG_OFFER_BY_LEVERAGE:   return SEG_MEASURE_LEVERAGE;
    case SEG_OFFER_BY_CONVICTION: return SEG_MEASURE_CONVICTION;
    case SEG_OFFER_BY_SUPPORT:    return SEG_MEASURE_SUPPORT;
    case SEG_OFFER_BY_CONFIDENCE:
    case SEG_OFFER_COMBINED:      break;
    }
    return SEG_MEASURE_CONFIDENCE;
}

/* Probability x money: both x price / body; three factors of 32, 63 and 32 bits. */
static int compare_money(const ranking *by, const ranked *a, const ranked *b)
{
    const seg_rule_counts *x = &by->m->counts[a->rule], *y = &by->m->counts[b->rule];
    __extension__ typedef unsigned __int128 wide;
    wide left = (wide)((uint64_t)x->both * y->body) * (uint64_t)by->price[a->head];
    wide right = (wide)((uint64_t)y->both * x->body) * (uint64_t)by->price[b->head];
    return (left < right) - (left > right);
}

/* Whether the figures alone tell which is greater: negative, positive, or 0: they do not. */
static int by_figures(double a, double b)
{
    double margin = 1e-14 * ((a < 0 ? -a : a) + (b < 0 ? -b : b));
    return a - b > margin ? -1 : b - a > margin ? 1 : 0;
}

static int better_first(const void *a_, const void *b_, void *arg)
{
    const ranking *by = arg;
    const ranked *a = a_, *b = b_;
    const seg_rule_counts *x = &by->m->counts[a->rule], *y = &by->m->counts[b->rule];
    int order = by_figures(a->figure, b->figure);
    if (order == 0)
        order = by->price != NULL ? compare_money(by, a, b) : seg_rule_compare(x, y, by->measure);
    if (order == 0)
        order = by_figures(a->lift, b->lift);
    if (order == 0)
        order = seg_rule_compare(x, y, SEG_MEASURE_LIFT);
    if (order == 0)
        order = (a->head > b->head) - (a->head < b->head);
    return order != 0 ? order : (a->rule > b->rule) - (a->rule < b->rule);
}

/* ---- which rules ---------------------------------------------------------------------------- */

/* Ranked by money, an item without a price cannot be compared, and one that loses money is
 * not worth an offer. */
static bool may_offer(const seg_offer_lists *lists, int32_t item)
{
    if (lists->barred != NULL && lists->barred[item])
        return false;
    return lists->price == NULL || lists->price[item] >= 0;
}

/* SEG_MISSING_I64 is negative too. */
static seg_status count_unpriced(const seg_rules_model *m, seg_rules_offers *offers,
                                 seg_error *err)
{
    uint8_t *met = NULL;
    const seg_offer_lists *lists = &offers->lists;
    seg_status st = SEG_ALLOC(&met, m->n_items, "the items of the heads", err);
    for (size_t r = 0; st == SEG_OK && r < m->n_rules; r++) {
        int32_t item = m->head[m->head_start[r]];
        if (m->head_start[r + 1] - m->head_start[r] != 1)
            continue;
        offers->n_one_head++;
        if (lists->price == NULL || met[item] || lists->barred[item])
            continue;
        met[item] = 1;
        offers->n_unpriced += lists->price[item] == SEG_MISSING_I64;
        offers->n_loss += lists->price[item] < 0 && lists->price[item] != SEG_MISSING_I64;
    }
    seg_free(met);
    return st;
}

static seg_status rank(const seg_rules_model *m, const seg_rules_offers *offers, ranked **out,
                       size_t *n, seg_error *err)
{
    const int64_t *price = offers->asked.rank_by == SEG_OFFER_COMBINED ? NULL
                                                                      : offers->lists.price;
    ranking by = { .m = m, .price = price, .measure = measure_of(offers) };
    seg_status st = SEG_ALLOC(out, offers->n_one_head, "the rules of the offers", err);
    if (st != SEG_OK)
        return st;
    *n = 0;
    for (size_t r = 0; r < m->n_rules; r++) {
        int32_t item = m->head[m->head_start[r]];
        if (m->head_start[r + 1] - m->head_start[r] != 1 || !may_offer(&offers->lists, item))
            continue;
        double figure = seg_rule_measure(&m->counts[r], by.measure);
        (*out)[(*n)++] = (ranked){
            .figure = price == NULL ? figure : figure * (double)price[item],
            .lift = seg_rule_measure(&m->counts[r], SEG_MEASURE_LIFT),
            .rule = (uint32_t)r, .head = item,
        };
    }
    qsort_r(*out, *n, sizeof **out, better_first, &by);
    return SEG_OK;
}

static seg_status copy_rules(const seg_rules_model *m, const ranked *best, size_t n,
                             seg_rules_offers *offers, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_offer_rules *rules = &offers->rules;
    size_t n_body = 0;
    for (size_t i = 0; i < n; i++)
        n_body += (size_t)(m->body_start[best[i].rule + 1] - m->body_start[best[i].rule]);
    TRY(SEG_ALLOC(&offers->rule, n, "the rules of the offers", err));
    TRY(SEG_ALLOC(&rules->body_start, n + 1, "the rules of the offers", err));
    TRY(SEG_ALLOC(&rules->body, n_body, "the rules of the offers", err));
    TRY(SEG_ALLOC(&rules->head, n, "the rules of the offers", err));
    for (size_t i = 0; i < n; i++) {
        uint32_t r = best[i].rule;
        int64_t n_items = m->body_start[r + 1] - m->body_start[r];
        memcpy(rules->body + rules->body_start[i], m->body + m->body_start[r],
               (size_t)n_items * sizeof *rules->body);
        rules->body_start[i + 1] = rules->body_start[i] + n_items;
        rules->head[i] = best[i].head;
        offers->rule[i] = r;
    }
    rules->n_rules = n;
    rules->n_items = m->n_items;

done:
    return st;
}

/* ---- what is looked up per offer ------------------------------------------------------------- */

static seg_status make_figures(const seg_rules_model *m, seg_rules_offers *offers,
                               seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_offer_lists *lists = &offers->lists;
    if (lists->price != NULL) {
        TRY(SEG_ALLOC(&offers->worth, m->n_items, "the prices", err));
        for (size_t i = 0; i < m->n_items; i++)
            offers->worth[i] = (double)lists->price[i] / SEG_PRICE_SCALE;
    }
    if (offers->asked.rank_by != SEG_OFFER_COMBINED)
        goto done;
    TRY(SEG_ALLOC(&offers->confidence, offers->rules.n_rules, "the rules of the offers", err));
    for (size_t i = 0; i < offers->rules.n_rules; i++)
        offers->confidence[i] = seg_rule_measure(&m->counts[offers->rule[i]],
                                                 SEG_MEASURE_CONFIDENCE);

done:
    return st;
}

/* Which items are ever offered; they are the categories of the offer columns. */
static seg_status name_offers(const seg_rules_model *m, const seg_schema *schema,
                              seg_rules_offers *offers, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(SEG_ALLOC(&offers->level, m->n_items, "the offered items", err));
    TRY(SEG_ALLOC(&offers->names, m->n_items, "the offered items", err));
    TRY(SEG_ALLOC(&offers->name_bytes, m->n_items, "the offered items", err));
    for (size_t i = 0; i < m->n_items; i++) {
        offers->level[i] = -1;
        offers->name_bytes[i] = strlen(schema->features[i].name);
    }
    for (size_t i = 0; i < offers->rules.n_rules; i++)
        offers->level[offers->rules.head[i]] = 0;
    for (size_t i = 0; i < m->n_items; i++)
        if (offers->level[i] == 0) {
            offers->level[i] = (int32_t)offers->n_names;
            offers->names[offers->n_names++] = schema->features[i].name;
        }

done:
    return st;
}

static void measure_reasons(seg_rules_offers *offers)
{
    const seg_offer_rules *rules = &offers->rules;
    offers->reason_width = 1;
    for (size_t i = 0; i < rules->n_rules; i++) {
        size_t n = 0;
        for (int64_t j = rules->body_start[i]; j < rules->body_start[i + 1]; j++)
            n += offers->name_bytes[rules->body[j]] + (j > rules->body_start[i] ? 3 : 0);
        n = n < SEG_OFFER_REASON_BYTES ? n : SEG_OFFER_REASON_BYTES;
        offers->reason_width = n > offers->reason_width ? n : offers->reason_width;
    }
}

seg_status seg_rules_offers_make(const seg_rules_model *m, const seg_schema *schema,
                                 seg_rules_offers *offers, seg_error *err)
{
    seg_status st = SEG_OK;
    ranked *best = NULL;
    size_t n = 0;
    TRY(count_unpriced(m, offers, err));
    TRY(rank(m, offers, &best, &n, err));
    TRY(copy_rules(m, best, n, offers, err));
    seg_free(best);
    best = NULL;
    TRY(seg_offer_rules_index(&offers->rules, m->item_count, err));
    TRY(make_figures(m, offers, err));
    TRY(name_offers(m, schema, offers, err));
    measure_reasons(offers);

done:
    seg_free(best);
    return st;
}
