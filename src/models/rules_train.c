/* rules_train.c: baskets to rules. The passes are those of the miner; at the end frequent
 * items are renumbered in order of their names, so that the model does not depend on the
 * order in which items were first seen. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "base/text.h"
#include "base/threads.h"
#include "base/try.h"
#include "data/basket_groups.h"
#include "kernels/itemset_count.h"
#include "kernels/itemset_marks.h"
#include "models/rules_trainer.h"

/* ---- passes ------------------------------------------------------------------------- */

/* Of features the column became one of the baskets. */
static const char *weights_of(const seg_rules_trainer *t)
{
    return t->options->baskets.features.weights;
}

/* Rules to one item need only the baskets that hold it to be mined. */
static bool to_one_head(const seg_rules_trainer *t)
{
    const seg_rules_options *o = t->options;
    return t->head >= 0 && o->max_head == 1 && t->limits.rules && o->target == SEG_TARGET_RULES
           && o->method == SEG_SEARCH_AUTO && o->target_itemsets == 0 && o->max_length != 1;
}

seg_status seg_rules_train_begin(const seg_train_input *input, void **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_rules_trainer *t = NULL;
    *out = NULL;

    if (input->schema->kind != SEG_KIND_BASKETS)
        return seg_fail(err, SEG_E_DATA, "rules are learned from baskets; these rows are %s",
                        seg_kind_name(input->schema->kind));
    TRY(SEG_ALLOC(&t, 1, "the training", err));
    t->input = *input;
    t->options = input->options;
    TRY(seg_rules_parse_limits(t->options, &t->limits, err));
    TRY(seg_rules_find_items(t, err));
    enum { STREAM_HOLD_OUT = 2 };
    t->hold_out = t->options->hold_out > 0 && t->limits.rules;
    t->draw = seg_rng_u64((seg_rng){ input->ctx->seed, STREAM_HOLD_OUT }, 0);
    t->draw_below = t->hold_out ? (uint64_t)(t->options->hold_out * 4294967296.0) : 0;
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
    seg_rules_trainer *t = trainer_;
    if (t == NULL)
        return;
    seg_rules_search_free(t->search);
    seg_rules_found_clear(&t->found);
    seg_free(t->by_name);
    seg_free(t->place);
    seg_free(t->new_item);
    seg_rules_weights_clear(&t->weights);
    seg_free(t->skip);
    seg_free(t->held_out);
    seg_itemset_count_free(t->counter);
    seg_free(t->in_body);
    seg_free(t->must);
    seg_free(t->wanted);
    seg_free(t);
}

/* After the search, when baskets are held out, one more pass: how many of them hold each set. */
static seg_status begin_held_out(seg_rules_trainer *t, bool *more, seg_error *err)
{
    seg_status st = SEG_OK;
    *more = false;
    if (!t->searched)
        TRY(seg_rules_search_take(t->search, &t->found, err));
    else
        goto done;
    t->searched = true;
    if (!t->hold_out)
        goto done;
    TRY(seg_itemset_count_new(&t->found.tree, t->found.ranks.n,
                              seg_thread_count(t->input.ctx->n_threads), &t->counter, err));
    *more = true;

done:
    return st;
}

seg_status seg_rules_pass_begin(void *trainer_, bool *more, seg_error *err)
{
    seg_rules_trainer *t = trainer_;
    seg_status st = SEG_OK;
    *more = false;
    if (!t->searched)
        st = seg_rules_search_begin(t->search, more, err);
    if (st == SEG_OK && !*more)
        st = begin_held_out(t, more, err);
    return st;
}

/* skip[i]: row i is not to be looked at, neither by the search nor, with held_out, afterwards. */
static seg_status choose_rows(seg_rules_trainer *t, const seg_block *block, bool held_out,
                              seg_error *err)
{
    seg_status st = SEG_GROW(&t->skip, &t->skip_cap, block->n_rows, "a block of baskets", err);
    for (size_t i = 0; st == SEG_OK && i < block->n_rows; i++) {
        uint64_t row = block->first_row + i;
        bool drawn = seg_rng_row(t->draw + (row >> 32), (uint32_t)row) < t->draw_below;
        t->skip[i] = drawn != held_out || !seg_learns_from(&t->input, row);
    }
    return st;
}

static void count_held_out(seg_rules_trainer *t, const seg_basket_rows *rows)
{
    for (size_t i = 0; i < rows->n_rows; i++)
        t->n_held_out += seg_basket_weight(rows, i);
    seg_itemset_count_add(t->counter, rows, t->found.ranks.rank);
}

seg_status seg_rules_pass_add(void *trainer_, const seg_block *block, seg_error *err)
{
    seg_rules_trainer *t = trainer_;
    seg_status st = SEG_OK;
    seg_basket_rows rows = { .row_start = block->row_start, .items = block->items,
                             .n_rows = block->n_rows };
    TRY(seg_rules_weights_of(&t->weights, block, &rows.weight, err));
    if (t->hold_out || t->input.fold != NULL) {
        TRY(choose_rows(t, block, t->searched, err));
        rows.skip = t->skip;
        rows.skip_value = 1;
    }
    if (!t->searched)
        TRY(seg_rules_search_add(t->search, &rows, block->first_row, err));
    else
        count_held_out(t, &rows);

done:
    return st;
}

seg_status seg_rules_pass_end(void *trainer_, seg_error *err)
{
    seg_rules_trainer *t = trainer_;
    if (!t->searched)
        return seg_rules_search_end(t->search, err);
    seg_status st = SEG_ALLOC(&t->held_out, t->found.tree.n, "the counts of the itemsets", err);
    if (st == SEG_OK)
        seg_itemset_count_get(t->counter, t->held_out);
    return st;
}

/* ---- the model ------------------------------------------------------------------------ */

/* Frequent items, numbered in order of their names. */
static seg_status number_items(seg_rules_trainer *t, seg_rules_model *m, seg_error *err)
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

static seg_status make_schema(const seg_rules_trainer *t, seg_schema_owner **out, seg_error *err)
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
static seg_status keep_target(seg_rules_trainer *t, const seg_set_index *index, seg_error *err)
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

static seg_status find_rules(seg_rules_trainer *t, const seg_set_index *index, seg_rules_model *m,
                             seg_error *err)
{
    uint8_t *use = NULL;
    m->has_rules = !t->options->count_only;
    if (seg_rules_lack_item(t))
        return SEG_OK;
    seg_status st = seg_rules_item_uses(t, m, &use, err);
    if (st == SEG_OK)
        st = seg_rules_make(t->input.ctx, t->options, &t->limits, use, index, t->held_out,
                            t->n_held_out, m, &t->made, err);
    seg_free(use);
    return st;
}

static seg_status copy_inputs(const seg_rules_trainer *t, seg_rules_model *m, seg_error *err)
{
    const seg_source *source = t->input.source;
    if (source == NULL)
        return SEG_OK;
    const seg_basket_groups *groups = seg_baskets_groups(source);
    return seg_rules_inputs_copy(groups == NULL ? NULL : groups->taxonomy,
                                 seg_feature_baskets_bins(source), &m->inputs, err);
}

static seg_status make_model(seg_rules_trainer *t, seg_rules_model *m, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_set_index index = { 0 };
    int target = t->options->target;
    bool plain = target == SEG_TARGET_ITEMSETS || target == SEG_TARGET_RULES;
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
    seg_rules_trainer *t = trainer_;
    seg_rules_model *m = NULL;

    TRY(SEG_ALLOC(&m, 1, "the rules", err));
    TRY(number_items(t, m, err));
    TRY(make_schema(t, &model->schema, err));
    TRY(copy_inputs(t, m, err));
    TRY(make_model(t, m, err));
    seg_rules_put_figures(t, m, figures);
    seg_rules_tell(t);
    model->state = m;
    m = NULL;

done:
    seg_rules_model_free(m);
    return st;
}
