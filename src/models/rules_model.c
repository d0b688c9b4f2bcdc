/* rules_model.c: association rules as a method: texts, description, the table row. */
#include "models/rules_offers.h"

#include "base/alloc.h"

void seg_rules_model_free(void *model)
{
    seg_rules_model *m = model;
    if (m == NULL)
        return;
    seg_free(m->item_count);
    seg_itemsets_clear(&m->sets);
    seg_free(m->body_start);
    seg_free(m->head_start);
    seg_free(m->body);
    seg_free(m->head);
    seg_free(m->counts);
    seg_rules_offers_free(m->offers);
    seg_free(m);
}

/* ---- texts ------------------------------------------------------------------------------ */

void seg_rules_add_items(seg_text *text, const seg_schema *schema, const int32_t *items,
                         size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            seg_text_add(text, " + ");
        seg_text_add(text, schema->features[items[i]].name);
    }
}

static size_t length_of(const int64_t *start, size_t i)
{
    return (size_t)(start[i + 1] - start[i]);
}

void seg_rules_add_rule(seg_text *text, const seg_rules_model *m, const seg_schema *schema,
                        size_t rule)
{
    seg_rules_add_items(text, schema, m->body + m->body_start[rule],
                        length_of(m->body_start, rule));
    seg_text_add(text, " => ");
    seg_rules_add_items(text, schema, m->head + m->head_start[rule],
                        length_of(m->head_start, rule));
}

/* ---- description -------------------------------------------------------------------------- */

static void put_rules(const seg_rules_model *m, const seg_schema *schema, size_t n_most,
                      seg_node *into, seg_text *text)
{
    seg_node *rules = seg_put_array(into, "rules");
    for (size_t r = 0; r < m->n_rules && r < n_most; r++) {
        const seg_rule_counts *counts = &m->counts[r];
        seg_node *row = seg_put_object(rules, NULL);
        seg_text_clear(text);
        seg_rules_add_rule(text, m, schema, r);
        seg_put_text(row, "rule", text->failed ? "" : text->bytes);
        seg_put_int(row, "count", counts->both);
        seg_put_real(row, "support", seg_rule_measure(counts, SEG_MEASURE_SUPPORT));
        seg_put_real(row, "confidence", seg_rule_measure(counts, SEG_MEASURE_CONFIDENCE));
        seg_put_real(row, "lift", seg_rule_measure(counts, SEG_MEASURE_LIFT));
        seg_put_real(row, "leverage", seg_rule_measure(counts, SEG_MEASURE_LEVERAGE));
        seg_put_real(row, "conviction", seg_rule_measure(counts, SEG_MEASURE_CONVICTION));
    }
}

static void put_sets(const seg_rules_model *m, const seg_schema *schema, size_t n_most,
                     seg_node *into, seg_text *text)
{
    seg_node *sets = seg_put_array(into, "itemsets");
    for (size_t i = 0; i < m->sets.n && i < n_most; i++) {
        seg_node *row = seg_put_object(sets, NULL);
        size_t n = seg_itemset_length(&m->sets, i);
        seg_text_clear(text);
        seg_rules_add_items(text, schema, seg_itemset(&m->sets, i), n);
        seg_put_text(row, "itemset", text->failed ? "" : text->bytes);
        seg_put_int(row, "length", (int64_t)n);
        seg_put_int(row, "count", m->sets.count[i]);
        seg_put_real(row, "support", (double)m->sets.count[i] / (double)m->n_baskets);
    }
}

static seg_status put_up_to(const seg_model *model, size_t n_most, seg_node *into,
                            seg_error *err)
{
    const seg_rules_model *m = model->state;
    seg_text text = { 0 };
    if (m->has_rules)
        put_rules(m, &model->schema->view, n_most, into, &text);
    else
        put_sets(m, &model->schema->view, n_most, into, &text);
    seg_status st = seg_text_status(&text, err);
    seg_text_free(&text);
    return st;
}

static seg_status describe(const seg_model *model, seg_node *into, seg_error *err)
{
    enum { BEST = 20 };
    const seg_rules_model *m = model->state;
    seg_put_int(into, "baskets", m->n_baskets);
    seg_put_int(into, "support_count", m->min_count);
    seg_put_int(into, "frequent_items", (int64_t)m->n_items);
    if (m->has_rules)
        seg_put_int(into, "n_rules", (int64_t)m->n_rules);
    return put_up_to(model, BEST, into, err);
}

static seg_status text_of(const seg_model *model, seg_node *into, seg_error *err)
{
    return put_up_to(model, SIZE_MAX, into, err);
}

/* ---- the method ----------------------------------------------------------------------------- */

const seg_method seg_method_rules = {
    .name = "rules",
    .summary = "what is bought together, and next best offers (Apriori)",
    .terms_title = seg_rules_terms_title,
    .term = seg_rules_term,
    .train_view = SEG_VIEW_ORDERS,
    .score_view = SEG_VIEW_PEOPLE,
    .options = seg_rules_option_table,
    .options_size = sizeof(seg_rules_options),
    .defaults = seg_rules_defaults,
    .check = seg_rules_check,
    .train_begin = seg_rules_train_begin,
    .pass_begin = seg_rules_pass_begin,
    .pass_add = seg_rules_pass_add,
    .pass_end = seg_rules_pass_end,
    .train_end = seg_rules_train_end,
    .train_free = seg_rules_train_free,
    .save = seg_rules_save,
    .load = seg_rules_load,
    .state_free = seg_rules_model_free,
    .describe = describe,
    .text = text_of,
    .score_schema = seg_rules_score_schema,
    .score = seg_rules_score,
    .score_end = seg_rules_score_end,
    .ask_offers = seg_rules_ask_offers,
    .evaluate_begin = seg_rules_evaluate_begin,
    .evaluate_add = seg_rules_evaluate_add,
    .evaluate_end = seg_rules_evaluate_end,
    .evaluate_free = seg_rules_evaluate_free,
};
