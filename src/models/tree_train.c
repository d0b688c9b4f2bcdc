/* tree_train.c: a tree grows level by level, one pass over the blocks for each.
 *
 * The first pass counts the label and the categories and samples the numbers, which makes
 * the bins. Each further pass sends every row from the root to its leaf and counts it
 * there; if the rows fit in memory as bins, the second pass keeps them and is the last one
 * over the source. The counts of a level that do not fit the memory budget are taken in several
 * passes over groups of its nodes; the tree is the same. Rows without a label and rows
 * of the held-out fold are never looked at. */
#include "models/tree.h"
#include "models/tree_rows.h"

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/threads.h"
#include "base/try.h"

typedef struct trainer {
    seg_train_input input;
    seg_tree_options options;
    int n_threads;
    /* the label */
    size_t label;               /* its column */
    const seg_column *label_column;
    uint64_t *label_rows;       /* per code */
    uint64_t rows_without_label;
    int32_t positive, negative; /* codes; -1 until the first pass is over */
    /* the tree */
    seg_bins *bins;
    bool binned;
    seg_tree tree;
    seg_split_rule rule;
    /* the level being split: its leaves, and the group of them that this pass counts */
    uint32_t depth;
    uint32_t *open;
    size_t n_open;
    seg_split *splits;          /* per open leaf */
    size_t first, n_group, group_cap;
    int64_t *histograms;        /* per leaf of the group */
    int32_t *slot_of_node;
    seg_tree_rows kept;         /* from the second pass on, if they fit */
    uint8_t *sides;             /* for them, per node: which bins go left */
    /* per row of a block */
    size_t rows_cap;
    uint8_t *use, *classes;
    uint32_t *leaves;
    int32_t *slots;
    uint8_t *row_bins;
} trainer;

/* ---- begin --------------------------------------------------------------------- */

static seg_status find_label(trainer *t, seg_error *err)
{
    const seg_schema *schema = t->input.schema;
    t->label = schema->label == NULL ? SIZE_MAX : seg_schema_column(schema, schema->label);
    if (t->label == SIZE_MAX)
        return seg_fail(err, SEG_E_DATA, "there is no label column; name one with --label");
    t->label_column = &schema->columns[t->label];
    if (t->label_column->type != SEG_TYPE_CODE)
        return seg_fail(err, SEG_E_DATA, "label '%s' is not a category; import it with --label %s",
                        schema->label, schema->label);
    if (schema->n_features == 0)
        return seg_fail(err, SEG_E_DATA, "there is no feature to learn '%s' from", schema->label);
    return SEG_OK;
}

static seg_status make_bins(trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *schema = t->input.schema;
    uint32_t *n_levels = NULL;

    TRY(SEG_ALLOC(&n_levels, schema->n_features, "the bins", err));
    for (size_t f = 0; f < schema->n_features; f++) {
        const seg_column *feature = &schema->features[f];
        if (feature->type != SEG_TYPE_CODE)
            continue;
        if (feature->n_levels >= 1u << 24) {
            st = seg_fail(err, SEG_E_DATA, "feature '%s' has %zu categories; at most 16,777,215"
                          " are possible", feature->name, feature->n_levels);
            goto done;
        }
        /* A category without a level is a number that is always missing. */
        n_levels[f] = (uint32_t)feature->n_levels;
    }
    TRY(seg_bins_new(schema->n_features, n_levels, t->input.n_rows, t->input.ctx->seed, &t->bins,
                     err));

done:
    seg_free(n_levels);
    return st;
}

seg_status seg_tree_train_begin(const seg_train_input *input, void **out, seg_error *err)
{
    seg_status st = SEG_OK;
    trainer *t = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&t, 1, "the training of a tree", err));
    t->input = *input;
    t->options = *(const seg_tree_options *)input->options;
    t->n_threads = seg_thread_count(input->ctx->n_threads);
    t->positive = t->negative = SEG_MISSING_CODE;
    TRY(find_label(t, err));
    TRY(SEG_ALLOC(&t->label_rows, t->label_column->n_levels, "the label counts", err));
    TRY(make_bins(t, err));
    *out = t;
    t = NULL;

done:
    seg_tree_train_free(t);
    return st;
}

void seg_tree_train_free(void *p)
{
    trainer *t = p;
    if (t == NULL)
        return;
    seg_free(t->label_rows);
    seg_bins_free(t->bins);
    seg_tree_free(&t->tree);
    seg_free(t->open);
    seg_free(t->splits);
    seg_free(t->histograms);
    seg_free(t->slot_of_node);
    seg_tree_rows_free(&t->kept);
    seg_free(t->sides);
    seg_free(t->use);
    seg_free(t->classes);
    seg_free(t->leaves);
    seg_free(t->slots);
    seg_free(t->row_bins);
    seg_free(t);
}

/* ---- a pass --------------------------------------------------------------------- */

/* How many leaves' counts fit in half of what the budget has left; one always. */
static size_t group_size(const trainer *t)
{
    uint64_t bytes = seg_histogram_size(t->bins) * sizeof(int64_t);
    uint64_t fit = seg_tree_room() / 2 / bytes;
    return fit < 1 ? 1 : fit < t->n_open ? (size_t)fit : t->n_open;
}

static seg_status begin_group(trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t size = seg_histogram_size(t->bins);
    if (t->first == 0) {
        seg_free(t->histograms);
        t->histograms = NULL;
        t->group_cap = group_size(t);
        TRY(SEG_ALLOC(&t->histograms, t->group_cap * size, "the counts of a level", err));
    }
    size_t left = t->n_open - t->first;
    t->n_group = left < t->group_cap ? left : t->group_cap;
    memset(t->histograms, 0, t->n_group * size * sizeof *t->histograms);
    for (size_t i = 0; i < t->tree.n_nodes; i++)
        t->slot_of_node[i] = -1;
    for (size_t i = 0; i < t->n_group; i++)
        t->slot_of_node[t->open[t->first + i]] = (int32_t)i;

done:
    return st;
}

seg_status seg_tree_pass_begin(void *p, bool *more, seg_error *err)
{
    trainer *t = p;
    *more = !t->binned || t->n_open > 0;
    return t->binned && t->n_open > 0 ? begin_group(t, err) : SEG_OK;
}

static seg_status make_row_room(trainer *t, size_t n, seg_error *err)
{
    seg_status st = SEG_OK;
    if (n <= t->rows_cap)
        return SEG_OK;
    TRY(SEG_REALLOC(&t->use, n, "the rows of a block", err));
    TRY(SEG_REALLOC(&t->classes, n, "the rows of a block", err));
    TRY(SEG_REALLOC(&t->leaves, n, "the rows of a block", err));
    TRY(SEG_REALLOC(&t->slots, n, "the rows of a block", err));
    TRY(SEG_REALLOC(&t->row_bins, n * t->bins->n_features, "the bins of a block", err));
    t->rows_cap = n;

done:
    return st;
}

static bool is_held_out(const trainer *t, uint64_t row)
{
    const seg_train_input *in = &t->input;
    return in->fold != NULL && row < in->n_rows && in->fold[row] == in->held_out;
}

/* Count the labels, and mark the rows to learn from. */
static void look_at_labels(trainer *t, const seg_block *block)
{
    const int32_t *codes = block->columns[t->label];
    for (size_t i = 0; i < block->n_rows; i++) {
        t->use[i] = 0;
        if (is_held_out(t, block->first_row + i))
            continue;
        if (codes[i] >= 0 && (size_t)codes[i] < t->label_column->n_levels) {
            t->label_rows[codes[i]]++;
            t->use[i] = 1;
        } else {
            t->rows_without_label++;
        }
    }
}

static void find_slots(trainer *t, const seg_block *block)
{
    const int32_t *codes = block->columns[t->label];
    seg_tree_route(&t->tree, block->x, t->n_threads, t->leaves);
    for (size_t i = 0; i < block->n_rows; i++) {
        bool known = codes[i] == t->positive || codes[i] == t->negative;
        bool use = known && !is_held_out(t, block->first_row + i);
        t->slots[i] = use ? t->slot_of_node[t->leaves[i]] : -1;
        t->classes[i] = codes[i] == t->positive;
    }
}

seg_status seg_tree_pass_add(void *p, const seg_block *block, seg_error *err)
{
    seg_status st = SEG_OK;
    trainer *t = p;
    TRY(make_row_room(t, block->n_rows, err));
    if (!t->binned) {
        look_at_labels(t, block);
        seg_bins_add(t->bins, block->x, block->first_row, t->use, t->n_threads);
    } else {
        find_slots(t, block);
        seg_bins_apply(t->bins, block->x, t->n_threads, t->row_bins);
        seg_histogram_add(t->bins, t->row_bins, block->n_rows, t->slots, t->classes,
                          t->n_threads, t->histograms);
        if (t->depth == 0)
            TRY(seg_tree_rows_add(&t->kept, t->row_bins, t->slots, t->classes, block->n_rows,
                                  err));
    }

done:
    return st;
}

/* ---- the end of a pass ------------------------------------------------------------ */

static bool may_split(const trainer *t, uint32_t node)
{
    const int64_t *n = t->tree.nodes[node].n;
    return n[0] > 0 && n[1] > 0 && n[0] + n[1] >= 2 * t->rule.min_leaf &&
           t->depth < t->options.max_depth;
}

/* The leaves from `first_node` on are the next level. */
static seg_status open_level(trainer *t, uint32_t first_node, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n_nodes = t->tree.n_nodes;
    TRY(SEG_REALLOC(&t->slot_of_node, n_nodes, "the nodes of the tree", err));
    if (t->kept.cap > 0)
        TRY(SEG_REALLOC(&t->sides, n_nodes * SEG_TREE_BINS, "the nodes of the tree", err));
    TRY(SEG_REALLOC(&t->open, n_nodes - first_node, "the leaves of a level", err));
    t->n_open = t->first = 0;
    for (uint32_t i = first_node; i < n_nodes; i++)
        if (may_split(t, i))
            t->open[t->n_open++] = i;
    TRY(SEG_REALLOC(&t->splits, t->n_open, "the splits of a level", err));

done:
    return st;
}

static int32_t other_code(const trainer *t)
{
    for (size_t c = 0; c < t->label_column->n_levels; c++)
        if (t->label_rows[c] > 0 && (int32_t)c != t->positive)
            return (int32_t)c;
    return SEG_MISSING_CODE;
}

static void tell_label(const trainer *t, const int64_t n[2])
{
    const seg_column *label = t->label_column;
    char q[SEG_QUOTE_BYTES];
    const char *positive = label->levels[t->positive];
    seg_note(t->input.ctx, SEG_LEVEL_INFO, "label '%s': '%s' is what is predicted, %lld of"
             " %lld rows", label->name, seg_quote_cell(q, positive, strlen(positive)),
             (long long)n[1], (long long)(n[0] + n[1]));
    if (t->rows_without_label > 0)
        seg_note(t->input.ctx, SEG_LEVEL_WARN, "%llu rows have no label '%s' and are left out",
                 (unsigned long long)t->rows_without_label, label->name);
}

/* Balanced: each class weighs as much as the other, by two whole numbers. */
static seg_status end_first_pass(trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(seg_positive_code(t->label_column, t->label_rows, t->options.classify.positive,
                          &t->positive, err));
    t->negative = other_code(t);
    int64_t n[2] = { (int64_t)t->label_rows[t->negative], (int64_t)t->label_rows[t->positive] };
    bool balanced = t->options.class_weight != 0;
    t->rule = (seg_split_rule){ .min_leaf = t->options.min_leaf, .level_price = 1,
                                .weight = { balanced ? n[1] : 1, balanced ? n[0] : 1 } };
    if (t->input.fold == NULL)   /* once, not for every fold */
        tell_label(t, n);
    seg_bins_finish(t->bins, t->n_threads);
    t->binned = true;
    TRY(seg_tree_plant(&t->tree, n, err));
    TRY(seg_tree_rows_begin(&t->kept, t->bins->n_features, t->input.n_rows, err));
    TRY(open_level(t, 0, err));

done:
    return st;
}

static int by_gain(const void *a, const void *b)
{
    const seg_split *x = *(const seg_split *const *)a, *y = *(const seg_split *const *)b;
    if (x->gain != y->gain)
        return x->gain > y->gain ? -1 : 1;
    return (x > y) - (x < y);
}

/* When a level would pass the largest tree, only its best splits are made. */
static seg_status keep_best_splits(trainer *t, size_t room, seg_error *err)
{
    const seg_split **order = NULL;
    seg_status st = SEG_ALLOC(&order, t->n_open, "the splits of a level", err);
    if (st != SEG_OK)
        return st;
    for (size_t i = 0; i < t->n_open; i++)
        order[i] = &t->splits[i];
    qsort(order, t->n_open, sizeof *order, by_gain);
    for (size_t i = room; i < t->n_open; i++)
        t->splits[order[i] - t->splits].gain = 0;
    seg_free(order);
    return SEG_OK;
}

static seg_status end_level(trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    uint32_t first_node = (uint32_t)t->tree.n_nodes;
    size_t room = (SEG_TREE_NODES_MAX - t->tree.n_nodes) / 2;
    if (t->n_open > room)
        TRY(keep_best_splits(t, room, err));
    for (size_t i = 0; i < t->n_open; i++) {
        const seg_split *split = &t->splits[i];
        if (!(split->gain > 0))
            continue;
        TRY(seg_tree_split(&t->tree, t->open[i], split, t->bins, err));
        if (t->kept.cap > 0)
            seg_split_sides(split, t->bins->n_levels[split->feature] == 0,
                            t->sides + (size_t)t->open[i] * SEG_TREE_BINS);
    }
    t->depth++;
    TRY(open_level(t, first_node, err));

done:
    return st;
}

static seg_status end_group(trainer *t, seg_error *err)
{
    seg_split_find(t->bins, t->histograms, t->n_group, &t->rule, t->n_threads,
                   t->splits + t->first);
    t->first += t->n_group;
    return t->first == t->n_open ? end_level(t, err) : SEG_OK;
}

/* A pass over the rows that are kept. */
static seg_status pass_over_kept(trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_tree_rows *kept = &t->kept;
    size_t first = 0;
    for (size_t b = 0; b < kept->n_blocks; b++) {
        size_t n = kept->block_rows[b];
        const uint8_t *bins = kept->bins + first * kept->n_features;
        int32_t *nodes = kept->nodes + first;
        TRY(make_row_room(t, n, err));
        seg_tree_descend(&t->tree, t->sides, bins, n, t->n_threads, nodes);
        for (size_t i = 0; i < n; i++)
            t->slots[i] = nodes[i] < 0 ? -1 : t->slot_of_node[nodes[i]];
        seg_histogram_add(t->bins, bins, n, t->slots, kept->classes + first, t->n_threads,
                          t->histograms);
        first += n;
    }

done:
    return st;
}

seg_status seg_tree_pass_end(void *p, seg_error *err)
{
    seg_status st = SEG_OK;
    trainer *t = p;
    if (!t->binned)
        return end_first_pass(t, err);
    TRY(end_group(t, err));
    while (t->n_open > 0 && t->kept.cap > 0) {
        TRY(seg_step(t->input.ctx, "tree: levels", t->depth, t->options.max_depth, err));
        TRY(begin_group(t, err));
        TRY(pass_over_kept(t, err));
        TRY(end_group(t, err));
    }

done:
    return st;
}

/* ---- the model -------------------------------------------------------------------- */

static seg_status put_figures(const trainer *t, const seg_tree_state *state,
                              const seg_schema *schema, seg_node *figures, seg_error *err)
{
    const seg_tree *tree = &state->tree;
    const int64_t *n = tree->nodes[0].n;
    seg_put_int(figures, "rows", n[0] + n[1]);
    seg_put_int(figures, "positives", n[1]);
    seg_put_int(figures, "rows_without_label", (int64_t)t->rows_without_label);
    seg_put_text(figures, "label", state->label);
    seg_put_text(figures, "positive", state->positive);
    seg_put_int(figures, "leaves", (int64_t)seg_tree_leaves(tree));
    seg_put_int(figures, "depth", (int64_t)seg_tree_depth(tree));
    seg_put_int(figures, "features_used", tree->n_nodes > 1 ? (int64_t)schema->n_features : 0);
    seg_node *edges = seg_put_array(figures, "decile_edges");
    for (size_t k = 0; k < SEG_DECILE_EDGES; k++)
        seg_put_real(edges, NULL, (double)state->edges[k]);
    return seg_tree_importance(tree, schema, seg_put_array(figures, "importance"), err);
}

seg_status seg_tree_train_end(void *p, seg_model *model, seg_node *figures, seg_error *err)
{
    seg_status st = SEG_OK;
    trainer *t = p;
    seg_tree_state *state = NULL;
    const char *const *levels = t->label_column->levels;

    TRY(seg_tree_state_new(t->label_column->name, levels[t->positive], levels[t->negative],
                           &state, err));
    TRY(seg_tree_prune(&t->tree, t->options.max_leaves, t->rule.weight, err));
    seg_tree_shrink(&t->tree, t->options.shrinkage);
    state->tree = t->tree;
    t->tree = (seg_tree){ 0 };
    TRY(seg_tree_finish(state, t->input.schema, model, err));
    TRY(put_figures(t, state, &model->schema->view, figures, err));
    if (state->tree.n_nodes == 1)
        seg_note(t->input.ctx, SEG_LEVEL_WARN, "no split tells '%s' rows apart: every score is"
                 " the overall rate", state->positive);
    model->state = state;
    state = NULL;

done:
    seg_tree_state_free(state);
    return st;
}
