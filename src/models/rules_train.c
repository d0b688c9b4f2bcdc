/* rules_train.c: baskets to rules. The passes are those of the miner; at the end frequent
 * items are renumbered in order of their names, so that the model does not depend on the
 * order in which items were first seen. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "base/threads.h"
#include "base/try.h"
#include "kernels/apriori.h"
#include "models/rules.h"

typedef struct trainer {
    seg_train_input input;
    const seg_rules_options *options;
    seg_rules_limits limits;
    int32_t head;              /* item number in the data of --head, or -1 */
    seg_apriori *miner;
    seg_apriori_result found;
    int32_t *order;            /* n_frequent: data items in order of their names */
    int32_t *new_item;         /* per data item: place in `order`, or -1 */
    size_t n_frequent;
    uint64_t n_rules_found;
} trainer;

/* ---- passes ------------------------------------------------------------------------- */

static seg_status unknown_head(const seg_schema *schema, const char *head, seg_error *err)
{
    size_t best = SIZE_MAX, distance = SIZE_MAX;
    for (size_t i = 0; i < schema->n_features; i++) {
        size_t d = seg_edit_distance(head, schema->features[i].name);
        if (d < distance) {
            distance = d;
            best = i;
        }
    }
    if (best != SIZE_MAX && (distance == 1 || distance * 3 <= strlen(head)))
        return seg_fail(err, SEG_E_USAGE, "no basket has an item '%s' for --head; '%s' is near",
                        head, schema->features[best].name);
    return seg_fail(err, SEG_E_USAGE, "no basket has an item '%s' for --head", head);
}

static seg_status find_head(trainer *t, seg_error *err)
{
    const seg_schema *schema = t->input.schema;
    t->head = -1;
    if (t->options->head == NULL)
        return SEG_OK;
    size_t item = seg_schema_feature(schema, t->options->head);
    if (item == SIZE_MAX)
        return unknown_head(schema, t->options->head, err);
    t->head = (int32_t)item;
    return SEG_OK;
}

/* Half of what is left of the budget goes to the counters of a pass. */
static uint64_t counter_bytes(const seg_context *ctx)
{
    enum { LEAST = 1 << 20 };
    uint64_t budget = ctx->memory_bytes != 0 ? ctx->memory_bytes : seg_memory_available() / 2;
    uint64_t used = ctx->memory_bytes != 0 ? seg_alloc_in_use() : 0;
    uint64_t room = budget > used ? (budget - used) / 2 : 0;
    return room < LEAST ? LEAST : room;
}

seg_status seg_rules_train_begin(const seg_train_input *input, void **out, seg_error *err)
{
    seg_status st = SEG_OK;
    trainer *t = NULL;
    *out = NULL;

    if (input->schema->kind != SEG_KIND_BASKETS)
        return seg_fail(err, SEG_E_DATA, "rules are learned from baskets; these rows are %s",
                        seg_kind_name(input->schema->kind));
    TRY(SEG_ALLOC(&t, 1, "the training", err));
    t->input = *input;
    t->options = input->options;
    TRY(seg_rules_parse_limits(t->options, &t->limits, err));
    TRY(find_head(t, err));
    seg_apriori_options options = {
        .n_items = input->schema->n_features,
        .support_num = t->limits.support_num,
        .support_den = t->limits.support_den,
        .max_length = t->options->max_length,
        .max_itemsets = t->options->max_itemsets,
        .allow_partial = t->options->allow_partial,
        .marks = t->options->target == SEG_TARGET_CLOSED
                 || t->options->target == SEG_TARGET_MAXIMAL,
        .count_only = t->options->count_only && !t->limits.rules,
        .memory_bytes = counter_bytes(input->ctx),
        .n_threads = seg_thread_count(input->ctx->n_threads),
    };
    TRY(seg_apriori_new(&options, &t->miner, err));
    *out = t;
    t = NULL;

done:
    seg_rules_train_free(t);
    return st;
}

void seg_rules_train_free(void *trainer_)
{
    trainer *t = trainer_;
    if (t == NULL)
        return;
    seg_apriori_free(t->miner);
    seg_apriori_result_clear(&t->found);
    seg_free(t->order);
    seg_free(t->new_item);
    seg_free(t);
}

seg_status seg_rules_pass_begin(void *trainer_, bool *more, seg_error *err)
{
    trainer *t = trainer_;
    return seg_apriori_begin(t->miner, more, err);
}

seg_status seg_rules_pass_add(void *trainer_, const seg_block *block, seg_error *err)
{
    trainer *t = trainer_;
    seg_basket_rows rows = { .row_start = block->row_start, .items = block->items,
                             .n_rows = block->n_rows };
    if (t->input.fold != NULL) {
        rows.skip = t->input.fold + block->first_row;
        rows.skip_value = (uint8_t)t->input.held_out;
    }
    return seg_apriori_add(t->miner, &rows, block->first_row, err);
}

seg_status seg_rules_pass_end(void *trainer_, seg_error *err)
{
    trainer *t = trainer_;
    return seg_apriori_end(t->miner, err);
}

/* ---- the model ------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b, void *arg)
{
    const seg_schema *schema = arg;
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    int order = strcmp(schema->features[x].name, schema->features[y].name);
    return order != 0 ? order : (x > y) - (x < y);
}

static seg_status order_items(trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n_items = t->input.schema->n_features;
    TRY(SEG_ALLOC(&t->order, n_items, "the order of the items", err));
    TRY(SEG_ALLOC(&t->new_item, n_items, "the order of the items", err));
    for (size_t i = 0; i < n_items; i++) {
        t->new_item[i] = -1;
        if (t->found.item_count[i] >= t->found.min_count && t->found.item_count[i] > 0)
            t->order[t->n_frequent++] = (int32_t)i;
    }
    seg_schema schema = *t->input.schema;
    qsort_r(t->order, t->n_frequent, sizeof *t->order, by_name, &schema);
    for (size_t i = 0; i < t->n_frequent; i++)
        t->new_item[t->order[i]] = (int32_t)i;

done:
    return st;
}

static seg_status make_schema(const trainer *t, seg_schema_owner **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_schema_owner *schema = NULL;
    TRY(seg_schema_new(SEG_KIND_BASKETS, &schema, err));
    for (size_t i = 0; i < t->n_frequent; i++)
        TRY(seg_schema_add_feature(schema, &t->input.schema->features[t->order[i]], err));

done:
    *out = schema;
    if (st != SEG_OK) {
        seg_schema_free(schema);
        *out = NULL;
    }
    return st;
}

/* All lengths in one list; those that the target leaves out are left out. */
static seg_status collect_sets(trainer *t, seg_itemsets *sets, seg_error *err)
{
    seg_status st = SEG_OK;
    unsigned unwanted = t->options->target == SEG_TARGET_CLOSED    ? SEG_SET_IMPLIED
                        : t->options->target == SEG_TARGET_MAXIMAL ? SEG_SET_INSIDE
                                                                   : 0;
    for (size_t l = 0; l < t->found.n_levels; l++) {
        TRY(seg_itemsets_rename(&t->found.levels[l], t->new_item, err));
        TRY(seg_step(t->input.ctx, "sorting itemsets", l + 1, t->found.n_levels, err));
    }
    TRY(seg_itemsets_join(t->found.levels, t->found.n_levels, unwanted, sets, err));

done:
    return st;
}

static void measure(const seg_itemsets *sets, const seg_rules *rules, size_t *n_body,
                    size_t *n_head)
{
    *n_body = *n_head = 0;
    for (size_t r = 0; r < rules->n; r++) {
        *n_body += seg_itemset_length(sets, rules->rules[r].body);
        *n_head += seg_itemset_length(sets, rules->rules[r].head);
    }
}

static int64_t copy_set(const seg_itemsets *sets, size_t set, int32_t *items, int64_t at)
{
    size_t n = seg_itemset_length(sets, set);
    memcpy(items + at, seg_itemset(sets, set), n * sizeof *items);
    return at + (int64_t)n;
}

static seg_status copy_rules(const seg_rules *rules, seg_rules_model *m, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n_body, n_head;
    measure(&m->sets, rules, &n_body, &n_head);
    TRY(SEG_ALLOC(&m->body_start, rules->n + 1, "the rules", err));
    TRY(SEG_ALLOC(&m->head_start, rules->n + 1, "the rules", err));
    TRY(SEG_ALLOC(&m->body, n_body, "the rules", err));
    TRY(SEG_ALLOC(&m->head, n_head, "the rules", err));
    TRY(SEG_ALLOC(&m->counts, rules->n, "the rules", err));
    for (size_t r = 0; r < rules->n; r++) {
        const seg_rule *rule = &rules->rules[r];
        m->body_start[r + 1] = copy_set(&m->sets, rule->body, m->body, m->body_start[r]);
        m->head_start[r + 1] = copy_set(&m->sets, rule->head, m->head, m->head_start[r]);
        m->counts[r] = seg_rule_counts_of(&m->sets, m->n_baskets, rule);
    }
    m->n_rules = rules->n;

done:
    return st;
}

static seg_status find_rules(trainer *t, seg_rules_model *m, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_rules_options *o = t->options;
    seg_rules rules = { 0 };
    seg_rule_options options = {
        .confidence_num = t->limits.confidence_num,
        .confidence_den = t->limits.confidence_den,
        .max_head = o->max_head,
        .head_item = t->head < 0 ? -1 : t->new_item[t->head],
        .count_only = o->count_only,
    };
    bool head_is_rare = t->head >= 0 && options.head_item < 0;
    if (head_is_rare)
        seg_note(t->input.ctx, SEG_LEVEL_WARN, "item '%s' of --head is not frequent, so there"
                 " are no rules: it is in %u baskets, the support is %u", o->head,
                 t->found.item_count[t->head], t->found.min_count);
    else
        TRY(seg_rules_find(&m->sets, &options, &rules, err));
    t->n_rules_found = rules.n;
    if (o->count_only)
        goto done;
    seg_rules_sort(&rules, &m->sets, m->n_baskets, (seg_measure)o->by);
    if (o->top != 0 && rules.n > o->top)
        rules.n = (size_t)o->top;
    TRY(copy_rules(&rules, m, err));
    m->has_rules = true;

done:
    seg_rules_clear(&rules);
    return st;
}

static uint64_t wanted_of(const seg_apriori_counts *counts, int target)
{
    return target == SEG_TARGET_CLOSED    ? counts->closed
           : target == SEG_TARGET_MAXIMAL ? counts->maximal
                                          : counts->frequent;
}

static void put_figures(const trainer *t, const seg_rules_model *m, seg_node *figures)
{
    const seg_apriori_result *found = &t->found;
    uint64_t n_items = 0, n_sets = 0;
    for (size_t i = 0; i < t->input.schema->n_features; i++)
        n_items += found->item_count[i] > 0;
    for (size_t l = 0; l < found->n_levels; l++)
        n_sets += wanted_of(&found->counts[l], t->options->target);

    seg_put_int(figures, "baskets", (int64_t)found->n_baskets);
    seg_put_int(figures, "items", (int64_t)n_items);
    seg_put_int(figures, "support_count", found->min_count);
    seg_put_int(figures, "itemsets", (int64_t)n_sets);
    seg_node *by_length = seg_put_array(figures, "itemsets_by_length");
    for (size_t l = 0; l < found->n_levels; l++)
        seg_put_int(by_length, NULL,
                    (int64_t)wanted_of(&found->counts[l], t->options->target));
    if (!t->limits.rules) {
        seg_put_null(figures, "rules");
    } else {
        seg_put_int(figures, "rules",
                    (int64_t)(t->options->count_only ? t->n_rules_found : m->n_rules));
        seg_put_int(figures, "rules_found", (int64_t)t->n_rules_found);
    }
    seg_put_bool(figures, "incomplete", found->incomplete);
}

static void tell(const trainer *t)
{
    const seg_apriori_result *found = &t->found;
    char a[32], b[32];
    if (t->limits.support_den != 0)
        seg_note(t->input.ctx, SEG_LEVEL_INFO, "--min-support %s of %s baskets is a count of %s",
                 t->options->min_support, seg_group_digits(a, (int64_t)found->n_baskets),
                 seg_group_digits(b, found->min_count));
    if (found->n_levels == 0 && !found->incomplete)
        seg_note(t->input.ctx, SEG_LEVEL_WARN, "no item is in %s of the %s baskets: there are"
                 " no itemsets and no rules", seg_group_digits(a, found->min_count),
                 seg_group_digits(b, (int64_t)found->n_baskets));
    if (found->incomplete)
        seg_note(t->input.ctx, SEG_LEVEL_WARN, "stopped at --max-itemsets: itemsets of more than"
                 " %zu items are missing, and the model is marked incomplete", found->n_levels);
}

static seg_status make_model(trainer *t, seg_rules_model *m, seg_error *err)
{
    seg_status st = SEG_OK;
    m->n_items = t->n_frequent;
    m->n_baskets = (uint32_t)t->found.n_baskets;
    m->min_count = t->found.min_count;
    TRY(SEG_ALLOC(&m->item_count, m->n_items, "the counts of the items", err));
    for (size_t i = 0; i < m->n_items; i++)
        m->item_count[i] = t->found.item_count[t->order[i]];
    TRY(collect_sets(t, &m->sets, err));
    if (t->limits.rules)
        TRY(find_rules(t, m, err));
    if (t->options->count_only) {
        seg_itemsets_clear(&m->sets);
        TRY(SEG_ALLOC(&m->sets.start, 1, "the itemsets", err));
    }

done:
    return st;
}

seg_status seg_rules_train_end(void *trainer_, seg_model *model, seg_node *figures,
                               seg_error *err)
{
    seg_status st = SEG_OK;
    trainer *t = trainer_;
    seg_rules_model *m = NULL;

    seg_apriori_take(t->miner, &t->found);
    TRY(order_items(t, err));
    TRY(make_schema(t, &model->schema, err));
    TRY(SEG_ALLOC(&m, 1, "the rules", err));
    TRY(make_model(t, m, err));
    put_figures(t, m, figures);
    tell(t);
    model->state = m;
    m = NULL;

done:
    seg_rules_model_free(m);
    return st;
}
