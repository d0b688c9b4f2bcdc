/* rules_model.c: association rules as a method: texts, description, the table row. */
#include "models/rules_offers.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "kernels/itemset_index.h"

void seg_rules_model_free(void *model)
{
    seg_rules_model *m = model;
    if (m == NULL)
        return;
    seg_free(m->item_count);
    seg_itemset_tree_clear(&m->sets);
    seg_free(m->rank_item);
    seg_free(m->body_start);
    seg_free(m->head_start);
    seg_free(m->body);
    seg_free(m->head);
    seg_free(m->counts);
    for (size_t i = 0; i < m->n_measures; i++)
        seg_free(m->values[i]);
    seg_free(m->p_value);
    seg_free(m->held_out);
    seg_rules_inputs_clear(&m->inputs);
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

double seg_rules_share(const seg_rule_counts *rule)
{
    return rule->body == 0 ? NAN : (double)rule->both / (double)rule->body;
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
        for (size_t i = 0; i < m->n_measures; i++)
            seg_put_real(row, seg_rule_measure_info(m->measures[i])->name, m->values[i][r]);
        if (m->p_value != NULL)
            seg_put_real(row, "p_value", m->p_value[r]);
        if (m->held_out != NULL) {
            seg_put_int(row, "held_out_count", m->held_out[r].both);
            seg_put_real(row, "held_out_confidence", seg_rules_share(&m->held_out[r]));
        }
    }
}

size_t seg_rules_set_items(const seg_rules_model *m, size_t node,
                           int32_t items[SEG_ITEMSET_MAX])
{
    size_t n = seg_set_items(&m->sets, node, items);
    for (size_t i = 0; i < n; i++) {
        int32_t item = m->rank_item[items[i]];
        size_t j = i;
        for (; j > 0 && items[j - 1] > item; j--)
            items[j] = items[j - 1];
        items[j] = item;
    }
    return n;
}

/* Most frequent sets first, of equally frequent ones the shortest; then as they stand in the
 * tree. */
static int by_count(const void *a, const void *b, void *arg)
{
    const seg_itemset_tree *sets = arg;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    if (sets->count[x] != sets->count[y])
        return sets->count[x] > sets->count[y] ? -1 : 1;
    if (sets->depth[x] != sets->depth[y])
        return sets->depth[x] < sets->depth[y] ? -1 : 1;
    return (x > y) - (x < y);
}

static seg_status order_sets(seg_itemset_tree sets, uint32_t **order, size_t *n, seg_error *err)
{
    seg_status st = SEG_ALLOC(order, sets.n, "the order of the itemsets", err);
    *n = 0;
    for (size_t i = 0; st == SEG_OK && i < sets.n; i++)
        if (sets.count[i] > 0)
            (*order)[(*n)++] = (uint32_t)i;
    if (*n > 1)
        qsort_r(*order, *n, sizeof **order, by_count, &sets);
    return st;
}

static void put_set(const seg_rules_model *m, const seg_schema *schema, size_t node,
                    seg_node *into, seg_text *text)
{
    int32_t items[SEG_ITEMSET_MAX];
    size_t n = seg_rules_set_items(m, node, items);
    uint32_t count = m->sets.count[node];
    seg_node *row = seg_put_object(into, NULL);
    seg_text_clear(text);
    seg_rules_add_items(text, schema, items, n);
    seg_put_text(row, "itemset", text->failed ? "" : text->bytes);
    seg_put_int(row, "length", (int64_t)n);
    seg_put_int(row, "count", count);
    seg_put_real(row, "support", (double)count / (double)m->n_baskets);
}

static seg_status put_sets(const seg_rules_model *m, const seg_schema *schema, size_t n_most,
                           seg_node *into, seg_text *text, seg_error *err)
{
    uint32_t *order = NULL;
    size_t n;
    seg_node *sets = seg_put_array(into, "itemsets");
    seg_status st = order_sets(m->sets, &order, &n, err);
    for (size_t i = 0; st == SEG_OK && i < n && i < n_most; i++)
        put_set(m, schema, order[i], sets, text);
    seg_free(order);
    return st;
}

static seg_status put_up_to(const seg_model *model, size_t n_most, seg_node *into,
                            seg_error *err)
{
    const seg_rules_model *m = model->state;
    seg_text text = { 0 };
    seg_status st = SEG_OK;
    if (m->has_rules)
        put_rules(m, &model->schema->view, n_most, into, &text);
    else
        st = put_sets(m, &model->schema->view, n_most, into, &text, err);
    if (st == SEG_OK)
        st = seg_text_status(&text, err);
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

static void baskets_of(const seg_model *model, const seg_item_bins **bins,
                       const seg_taxonomy **taxonomy)
{
    const seg_rules_model *m = model->state;
    *bins = m->inputs.bins;
    *taxonomy = m->inputs.taxonomy;
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
    .baskets = baskets_of,
    .score_schema = seg_rules_score_schema,
    .score = seg_rules_score,
    .score_end = seg_rules_score_end,
    .ask_offers = seg_rules_ask_offers,
    .evaluate_begin = seg_rules_evaluate_begin,
    .evaluate_add = seg_rules_evaluate_add,
    .evaluate_end = seg_rules_evaluate_end,
    .evaluate_free = seg_rules_evaluate_free,
};
