/* rules_train.c: baskets to rules. The passes are those of the miner; at the end frequent
 * items are renumbered in order of their names, so that the model does not depend on the
 * order in which items were first seen. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "base/threads.h"
#include "base/try.h"
#include "data/basket_groups.h"
#include "kernels/itemset_marks.h"
#include "models/rules_make.h"
#include "models/rules_weights.h"

typedef struct trainer {
    seg_train_input input;
    const seg_rules_options *options;
    seg_rules_limits limits;
    int32_t head;              /* item number in the data of --head, or -1 */
    int32_t *by_name;          /* data items in order of their names */
    int32_t *place;            /* per data item: its place in that order */
    seg_rules_weights weights;
    seg_rules_search *search;
    seg_rules_found found;
    int32_t *new_item;         /* per data item: its number in the model, or -1 */
    uint64_t by_length[SEG_ITEMSET_MAX];   /* sets of the target */
    bool *in_body, *must;      /* per data item: of --body, --with; or null */
    bool *wanted;              /* per data item: false for those of --without; or null */
    seg_rules_made made;
} trainer;

/* ---- passes ------------------------------------------------------------------------- */

static seg_status unknown_item(const seg_schema *schema, const char *option, const char *name,
                               seg_error *err)
{
    size_t best = SIZE_MAX, distance = SIZE_MAX;
    for (size_t i = 0; i < schema->n_features; i++) {
        size_t d = seg_edit_distance(name, schema->features[i].name);
        if (d < distance) {
            distance = d;
            best = i;
        }
    }
    if (best != SIZE_MAX && (distance == 1 || distance * 3 <= strlen(name)))
        return seg_fail(err, SEG_E_USAGE, "no basket has an item '%s' for %s; '%s' is near", name,
                        option, schema->features[best].name);
    return seg_fail(err, SEG_E_USAGE, "no basket has an item '%s' for %s", name, option);
}

static seg_status find_head(trainer *t, seg_error *err)
{
    const seg_schema *schema = t->input.schema;
    t->head = -1;
    if (t->options->head == NULL)
        return SEG_OK;
    size_t item = seg_schema_feature(schema, t->options->head);
    if (item == SIZE_MAX)
        return unknown_item(schema, "--head", t->options->head, err);
    t->head = (int32_t)item;
    return SEG_OK;
}

/* The items of a list, marked; null when there is no list. */
static seg_status mark_items(const trainer *t, const char *option, const char *list, bool **out,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    seg_text name = { 0 };
    *out = NULL;
    if (list == NULL)
        return SEG_OK;
    TRY(SEG_ALLOC(out, t->input.schema->n_features, "the items of the options", err));
    for (const char *rest = list; *rest != 0;) {
        size_t n = strcspn(rest, ",");
        seg_text_clear(&name);
        seg_text_add_n(&name, rest, n);
        TRY(seg_text_status(&name, err));
        size_t item = n == 0 ? SIZE_MAX : seg_schema_feature(t->input.schema, name.bytes);
        if (item == SIZE_MAX)
            TRY(unknown_item(t->input.schema, option, n == 0 ? "" : name.bytes, err));
        (*out)[item] = true;
        rest += n + (rest[n] == ',');
    }

done:
    seg_text_free(&name);
    return st;
}

static seg_status find_items(trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_rules_options *o = t->options;
    TRY(find_head(t, err));
    TRY(mark_items(t, "--body", o->body, &t->in_body, err));
    TRY(mark_items(t, "--with", o->with, &t->must, err));
    TRY(mark_items(t, "--without", o->without, &t->wanted, err));
    for (size_t i = 0; t->wanted != NULL && i < t->input.schema->n_features; i++) {
        t->wanted[i] = !t->wanted[i];
        if (!t->wanted[i] && ((int32_t)i == t->head || (t->must != NULL && t->must[i])))
            TRY(seg_fail(err, SEG_E_USAGE, "item '%s' is both asked for and left out by"
                         " --without", t->input.schema->features[i].name));
    }

done:
    return st;
}

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
    seg_schema schema = *t->input.schema;
    size_t n = schema.n_features;
    TRY(SEG_ALLOC(&t->by_name, n, "the order of the items", err));
    TRY(SEG_ALLOC(&t->place, n, "the order of the items", err));
    for (size_t i = 0; i < n; i++)
        t->by_name[i] = (int32_t)i;
    if (n > 1)
        qsort_r(t->by_name, n, sizeof *t->by_name, by_name, &schema);
    for (size_t i = 0; i < n; i++)
        t->place[t->by_name[i]] = (int32_t)i;

done:
    return st;
}

/* Of features the column became one of the baskets. */
static const char *weights_of(const trainer *t)
{
    return t->options->baskets.features.weights;
}

/* Rules to one item need only the baskets that hold it to be mined. */
static bool to_one_head(const trainer *t)
{
    const seg_rules_options *o = t->options;
    return t->head >= 0 && o->max_head == 1 && t->limits.rules && o->target == SEG_TARGET_RULES
           && o->method == SEG_SEARCH_AUTO && o->target_itemsets == 0 && o->max_length != 1;
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
    TRY(find_items(t, err));
    TRY(order_items(t, err));
    TRY(seg_rules_weights_begin(&t->weights, input->schema, weights_of(t), err));
    const seg_basket_groups *groups =
        input->source == NULL ? NULL : seg_baskets_groups(input->source);
    seg_rules_search_options options = {
        .ctx = input->ctx,
        .n_items = input->schema->n_features,
        .place = t->place,
        .wanted = t->wanted,
        .above_start = groups == NULL ? NULL : groups->start,
        .above = groups == NULL ? NULL : groups->above,
        .weighted = t->weights.name != NULL,
        .support_num = t->limits.support_num,
        .support_den = t->limits.support_den,
        .target_itemsets = t->options->target_itemsets,
        .max_length = t->options->max_length,
        .max_itemsets = t->options->max_itemsets,
        .max_seconds = t->options->max_time,
        .allow_partial = t->options->allow_partial,
        .count_only = t->options->count_only && t->options->target == SEG_TARGET_ITEMSETS,
        .method = (seg_search_method)t->options->method,
        .head = to_one_head(t) ? t->head : -1,
    };
    TRY(seg_rules_search_new(&options, &t->search, err));
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
    seg_rules_search_free(t->search);
    seg_rules_found_clear(&t->found);
    seg_free(t->by_name);
    seg_free(t->place);
    seg_free(t->new_item);
    seg_rules_weights_clear(&t->weights);
    seg_free(t->in_body);
    seg_free(t->must);
    seg_free(t->wanted);
    seg_free(t);
}

seg_status seg_rules_pass_begin(void *trainer_, bool *more, seg_error *err)
{
    trainer *t = trainer_;
    return seg_rules_search_begin(t->search, more, err);
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
    seg_status st = seg_rules_weights_of(&t->weights, block, &rows.weight, err);
    return st != SEG_OK ? st : seg_rules_search_add(t->search, &rows, block->first_row, err);
}

seg_status seg_rules_pass_end(void *trainer_, seg_error *err)
{
    trainer *t = trainer_;
    return seg_rules_search_end(t->search, err);
}

/* ---- the model ------------------------------------------------------------------------ */

/* Frequent items, numbered in order of their names. */
static seg_status number_items(trainer *t, seg_rules_model *m, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_item_ranks *ranks = &t->found.ranks;
    size_t n_items = t->input.schema->n_features;
    TRY(SEG_ALLOC(&t->new_item, n_items, "the order of the items", err));
    TRY(SEG_ALLOC(&m->item_count, ranks->n, "the counts of the items", err));
    TRY(SEG_ALLOC(&m->rank_item, ranks->n, "the ranks of the items", err));
    for (size_t i = 0; i < n_items; i++) {
        int32_t item = t->by_name[i], rank = ranks->rank[item];
        t->new_item[item] = rank >= 0 ? (int32_t)m->n_items : -1;
        if (rank >= 0)
            m->item_count[m->n_items++] = ranks->count[rank];
    }
    for (size_t r = 0; r < ranks->n; r++)
        m->rank_item[r] = t->new_item[ranks->item[r]];

done:
    return st;
}

static seg_status make_schema(const trainer *t, seg_schema_owner **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_schema_owner *schema = NULL;
    TRY(seg_schema_new(SEG_KIND_BASKETS, &schema, err));
    for (size_t i = 0; i < t->input.schema->n_features; i++) {
        int32_t item = t->by_name[i];
        if (t->new_item[item] >= 0)
            TRY(seg_schema_add_feature(schema, &t->input.schema->features[item], err));
    }

done:
    *out = schema;
    if (st != SEG_OK) {
        seg_schema_free(schema);
        *out = NULL;
    }
    return st;
}

/* Keep what the target asks for; count it. */
static seg_status keep_target(trainer *t, const seg_set_index *index, seg_error *err)
{
    static const unsigned unwanted[] = {
        [SEG_TARGET_CLOSED] = SEG_MARK_IMPLIED, [SEG_TARGET_MAXIMAL] = SEG_MARK_INSIDE,
        [SEG_TARGET_GENERATORS] = SEG_MARK_DERIVED,
    };
    seg_status st = SEG_OK;
    seg_set_marks marks = { 0 };
    int target = t->options->target;
    TRY(seg_set_marks_new(&t->found.tree, index, (uint32_t)t->found.n_baskets,
                          seg_thread_count(t->input.ctx->n_threads), &marks, err));
    for (size_t l = 0; l < marks.n_lengths; l++)
        t->by_length[l] = target == SEG_TARGET_CLOSED    ? marks.by_length[l].closed
                          : target == SEG_TARGET_MAXIMAL ? marks.by_length[l].maximal
                                                         : marks.by_length[l].generators;
    seg_itemset_tree_keep(&t->found.tree, &marks, unwanted[target]);

done:
    seg_set_marks_clear(&marks);
    return st;
}

/* What each rank may do in a rule; null: anything. */
static seg_status item_uses(const trainer *t, const seg_rules_model *m, uint8_t **out,
                            seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_rules_options *o = t->options;
    *out = NULL;
    if (o->body == NULL && o->with == NULL && t->head < 0)
        return SEG_OK;
    TRY(SEG_ALLOC(out, m->n_items, "the use of the items", err));
    for (size_t r = 0; r < m->n_items; r++) {
        int32_t item = t->found.ranks.item[r];
        unsigned use = SEG_RULE_HEAD;
        if (o->body == NULL || t->in_body[item])
            use |= SEG_RULE_BODY;
        if (t->must != NULL && t->must[item])
            use |= SEG_RULE_MUST;
        if (item == t->head)
            use |= SEG_RULE_WANTED;
        (*out)[r] = (uint8_t)use;
    }

done:
    return st;
}

/* An item that rules must hold and that is not frequent: no rule can be. */
static bool lacks_item(const trainer *t)
{
    int32_t missing = t->head >= 0 && t->new_item[t->head] < 0 ? t->head : -1;
    for (size_t i = 0; t->must != NULL && i < t->input.schema->n_features; i++)
        if (t->must[i] && t->new_item[i] < 0)
            missing = (int32_t)i;
    if (missing >= 0)
        seg_note(t->input.ctx, SEG_LEVEL_WARN, "item '%s' of --head or --with is not frequent, so"
                 " there are no rules: it is in %u baskets, the support is %u",
                 t->input.schema->features[missing].name, t->found.item_count[missing],
                 t->found.min_count);
    return missing >= 0;
}

static seg_status find_rules(trainer *t, const seg_set_index *index, seg_rules_model *m,
                             seg_error *err)
{
    uint8_t *use = NULL;
    m->has_rules = !t->options->count_only;
    if (lacks_item(t))
        return SEG_OK;
    seg_status st = item_uses(t, m, &use, err);
    if (st == SEG_OK)
        st = seg_rules_make(t->input.ctx, t->options, &t->limits, use, index, m, &t->made, err);
    seg_free(use);
    return st;
}

static uint64_t add_up(uint64_t a, uint64_t b)
{
    return a + b < a ? UINT64_MAX : a + b;
}

/* Numbers beyond 63 bits are not known exactly: null. */
static void put_count(seg_node *into, const char *name, uint64_t n)
{
    if (n > INT64_MAX)
        seg_put_null(into, name);
    else
        seg_put_int(into, name, (int64_t)n);
}

static void put_rule_figures(const trainer *t, const seg_rules_model *m, seg_node *figures)
{
    const seg_rules_made *made = &t->made;
    uint64_t left_out = made->n_unsure + made->n_redundant + made->n_filtered;
    seg_put_int(figures, "rules",
                (int64_t)(t->options->count_only ? made->n_found - left_out : m->n_rules));
    seg_put_int(figures, "rules_found", (int64_t)made->n_found);
    if (t->options->test != SEG_RULES_NO_TEST) {
        seg_put_int(figures, "rules_tested", (int64_t)made->n_tested);
        seg_put_int(figures, "rules_by_chance", (int64_t)made->n_unsure);
    }
    if (t->options->redundant != SEG_RULES_KEEP)
        seg_put_int(figures, "rules_redundant", (int64_t)made->n_redundant);
    if (t->limits.n_filters > 0)
        seg_put_int(figures, "rules_filtered", (int64_t)made->n_filtered);
}

/* The supports that --target-itemsets tried. */
static void put_trials(const seg_rules_found *found, seg_node *figures)
{
    enum { BYTES_PER_SET = 9 };
    if (found->n_trials == 0)
        return;
    seg_node *trials = seg_put_array(figures, "supports_tried");
    for (size_t i = 0; i < found->n_trials; i++) {
        const seg_support_trial *trial = &found->trials[i];
        seg_node *row = seg_put_object(trials, NULL);
        seg_put_int(row, "support_count", trial->min_count);
        put_count(row, "itemsets", trial->n_itemsets);
        if (trial->n_itemsets < INT64_MAX / BYTES_PER_SET)
            seg_put_int(row, "bytes", (int64_t)trial->n_itemsets * BYTES_PER_SET);
    }
}

static void put_figures(const trainer *t, const seg_rules_model *m, seg_node *figures)
{
    const seg_rules_found *found = &t->found;
    uint64_t n_items = 0, n_sets = 0;
    for (size_t i = 0; i < t->input.schema->n_features; i++)
        n_items += found->item_count[i] > 0;
    size_t n_lengths = found->counts.n_lengths;
    while (n_lengths > 0 && t->by_length[n_lengths - 1] == 0)
        n_lengths--;
    for (size_t l = 0; l < n_lengths; l++)
        n_sets = add_up(n_sets, t->by_length[l]);

    seg_put_int(figures, "baskets", (int64_t)found->n_baskets);
    seg_put_int(figures, "empty_baskets", (int64_t)found->n_empty);
    seg_put_int(figures, "items", (int64_t)n_items);
    seg_put_int(figures, "support_count", found->min_count);
    put_count(figures, "itemsets", n_sets);
    seg_node *by_length = seg_put_array(figures, "itemsets_by_length");
    for (size_t l = 0; l < n_lengths; l++)
        put_count(by_length, NULL, t->by_length[l]);
    put_trials(found, figures);
    if (!t->limits.rules) {
        seg_put_null(figures, "rules");
    } else {
        put_rule_figures(t, m, figures);
    }
    seg_put_bool(figures, "incomplete", found->incomplete);
}

static void tell(const trainer *t)
{
    const seg_rules_found *found = &t->found;
    char a[32], b[32];
    if (t->limits.support_den != 0)
        seg_note(t->input.ctx, SEG_LEVEL_INFO, "--min-support %s of %s baskets is a count of %s",
                 t->options->min_support, seg_group_digits(a, (int64_t)found->n_baskets),
                 seg_group_digits(b, found->min_count));
    if (found->counts.n_lengths == 0 && !found->incomplete)
        seg_note(t->input.ctx, SEG_LEVEL_WARN, "no item is in %s of the %s baskets: there are"
                 " no itemsets and no rules", seg_group_digits(a, found->min_count),
                 seg_group_digits(b, (int64_t)found->n_baskets));
    if (found->incomplete)
        seg_note(t->input.ctx, SEG_LEVEL_WARN, "stopped at --max-itemsets: itemsets of more than"
                 " %zu items are missing, and the model is marked incomplete", found->counts.n_lengths);
}

static seg_status copy_inputs(const trainer *t, seg_rules_model *m, seg_error *err)
{
    const seg_source *source = t->input.source;
    if (source == NULL)
        return SEG_OK;
    const seg_basket_groups *groups = seg_baskets_groups(source);
    return seg_rules_inputs_copy(groups == NULL ? NULL : groups->taxonomy,
                                 seg_feature_baskets_bins(source), &m->inputs, err);
}

static seg_status make_model(trainer *t, seg_rules_model *m, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_set_index index = { 0 };
    bool plain = t->options->target == SEG_TARGET_ITEMSETS || t->options->target == SEG_TARGET_RULES;
    m->n_baskets = (uint32_t)t->found.n_baskets;
    m->min_count = t->found.min_count;
    memcpy(t->by_length, t->found.counts.by_length, sizeof t->by_length);
    if (!plain || t->limits.rules)
        TRY(seg_set_index_new(&t->found.tree, m->n_items,
                              seg_thread_count(t->input.ctx->n_threads), &index, err));
    if (!plain)
        TRY(keep_target(t, &index, err));
    m->sets = t->found.tree;
    t->found.tree = (seg_itemset_tree){ 0 };
    if (t->limits.rules)
        TRY(find_rules(t, &index, m, err));
    if (t->options->count_only)
        seg_itemset_tree_clear(&m->sets);

done:
    seg_set_index_clear(&index);
    return st;
}

seg_status seg_rules_train_end(void *trainer_, seg_model *model, seg_node *figures,
                               seg_error *err)
{
    seg_status st = SEG_OK;
    trainer *t = trainer_;
    seg_rules_model *m = NULL;

    TRY(seg_rules_search_take(t->search, &t->found, err));
    TRY(SEG_ALLOC(&m, 1, "the rules", err));
    TRY(number_items(t, m, err));
    TRY(make_schema(t, &model->schema, err));
    TRY(copy_inputs(t, m, err));
    TRY(make_model(t, m, err));
    put_figures(t, m, figures);
    tell(t);
    model->state = m;
    m = NULL;

done:
    seg_rules_model_free(m);
    return st;
}
