/* tree_model.c: the decision tree as a method: options, scores, what to say about it. */
#include "models/tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/text.h"
#include "base/threads.h"
#include "base/try.h"

/* ---- options ------------------------------------------------------------------ */

static const seg_option option_table[] = {
    SEG_CLASSIFY_OPTION_ROWS(seg_tree_options, classify),
    { "max-depth", SEG_OPTION_U32, offsetof(seg_tree_options, max_depth), 1, SEG_TREE_DEPTH_MAX,
      NULL, "N", "splits from the root to a leaf, at most", 0 },
    { "max-leaves", SEG_OPTION_U32, offsetof(seg_tree_options, max_leaves), 2, 8192, NULL, "N",
      "cut the tree back to this many leaves, the weakest splits first", 0 },
    { "min-leaf", SEG_OPTION_U32, offsetof(seg_tree_options, min_leaf), 1, 1e9, NULL, "N",
      "rows in a leaf, at least", 0 },
    { "class-weight", SEG_OPTION_CHOICE, offsetof(seg_tree_options, class_weight), 0, 0,
      "none|balanced", NULL, "how much a row of the rarer class steers the splits;"
      " probabilities stay true shares", 0 },
    { "shrinkage", SEG_OPTION_F64, offsetof(seg_tree_options, shrinkage), 0, 1e6, NULL, "ROWS",
      "how far a leaf's share is pulled towards its branch's; 0 is not at all", 0 },
    SEG_MONOTONE_OPTION_ROWS(seg_tree_options, monotone),
    { "teacher", SEG_OPTION_CHOICE, offsetof(seg_tree_options, teacher), 0, 0, "auto|yes|no", NULL,
      "let boosted trees learn first and the tree choose its splits by what they say"
      " (auto: of up to 100,000 rows)", 0 },
    { NULL, SEG_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL, 0 },
};

static void tree_defaults(void *options)
{
    *(seg_tree_options *)options = (seg_tree_options){
        .classify = SEG_CLASSIFY_DEFAULTS,
        .max_depth = 8, .max_leaves = 64, .min_leaf = 30, .shrinkage = 100,
    };
}

/* ---- the state ---------------------------------------------------------------- */

seg_status seg_tree_state_new(const char *label, const char *positive, const char *negative,
                              seg_tree_state **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_tree_state *state = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&state, 1, "the tree model", err));
    TRY(seg_text_copy(label, &state->label, err));
    TRY(seg_text_copy(positive, &state->positive, err));
    TRY(seg_text_copy(negative, &state->negative, err));
    *out = state;
    state = NULL;

done:
    seg_tree_state_free(state);
    return st;
}

void seg_tree_state_free(void *p)
{
    seg_tree_state *state = p;
    if (state == NULL)
        return;
    seg_tree_free(&state->tree);
    seg_free(state->label);
    seg_free(state->positive);
    seg_free(state->negative);
    seg_free(state->results);
    seg_free(state->reasons);
    seg_free(state);
}

/* A node hands its strongest rise of risk down to its children; theirs is stronger when
 * the step to them is. Of equal steps the one nearer to the root counts. */
static void find_results(seg_tree_state *state, double *rise)
{
    const seg_tree *tree = &state->tree;
    state->results[0].reason_node = -1;
    rise[0] = 0;
    for (size_t i = 0; i < tree->n_nodes; i++) {
        const seg_tree_node *node = &tree->nodes[i];
        seg_tree_result *result = &state->results[i];
        result->probability = (float)node->value;
        result->decile = (int8_t)seg_decile(state->edges, result->probability);
        result->band = (int8_t)seg_bands_code(&state->bands, result->probability, result->decile);
        for (uint32_t side = 0; node->feature >= 0 && side < 2; side++) {
            uint32_t c = side == SEG_REASON_LEFT ? node->left : node->right;
            double step = tree->nodes[c].value - node->value;
            bool stronger = step > rise[i];
            rise[c] = stronger ? step : rise[i];
            state->results[c].reason_node = stronger ? (int32_t)i : result->reason_node;
            state->results[c].reason = stronger ? side : result->reason;
        }
    }
}

seg_status seg_tree_state_prepare(seg_tree_state *state, const seg_model *model,
                                  seg_error *err)
{
    seg_status st = SEG_OK;
    double *rise = NULL;
    TRY(seg_bands_of(model, &state->bands, err));
    TRY(SEG_ALLOC(&rise, state->tree.n_nodes, "the results of the leaves", err));
    TRY(SEG_ALLOC(&state->results, state->tree.n_nodes, "the results of the leaves", err));
    find_results(state, rise);
    TRY(seg_tree_reasons(state, &model->schema->view, err));

done:
    seg_free(rise);
    return st;
}

/* ---- what it is --------------------------------------------------------------- */

static seg_status tree_describe(const seg_model *model, seg_node *into, seg_error *err)
{
    const seg_tree_state *state = model->state;
    const seg_tree *tree = &state->tree;
    (void)err;
    seg_put_text(into, "label", state->label);
    seg_put_text(into, "positive", state->positive);
    seg_put_text(into, "negative", state->negative);
    seg_put_int(into, "leaves", (int64_t)seg_tree_leaves(tree));
    seg_put_int(into, "depth", (int64_t)seg_tree_depth(tree));
    return SEG_OK;
}

/* ---- scores ------------------------------------------------------------------- */

static seg_status tree_score_schema(const seg_model *model, seg_schema_owner *out, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_tree_state *state = model->state;
    seg_text name = { 0 };
    size_t n_bands;
    const char *const *bands = seg_bands_names(&state->bands, &n_bands);

    TRY(seg_probability_name(state->label, &name, err));
    seg_column columns[] = {
        { .name = name.bytes, .type = SEG_TYPE_F32, .unit = "share" },
        { .name = "churn_decile", .type = SEG_TYPE_I64, .scale = 1 },
        { .name = "band", .type = SEG_TYPE_CODE, .levels = bands,
          .n_levels = n_bands },
        { .name = "reason_1", .type = SEG_TYPE_TEXT, .width = state->reason_width },
    };
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        TRY(seg_schema_add_column(out, &columns[c], err));

done:
    seg_text_free(&name);
    return st;
}

/* The text of the split that raised this row's risk most; empty if none did. */
static void copy_reason(const seg_tree_state *state, const seg_tree_result *result,
                        const float *row, char *cell)
{
    memset(cell, 0, state->reason_width);
    if (result->reason_node < 0)
        return;
    const seg_tree_node *node = &state->tree.nodes[result->reason_node];
    float x = row[node->feature];
    bool missing = !isfinite(x) || (node->n_levels > 0 && !(x >= 0 && x < (float)node->n_levels));
    size_t text = missing ? SEG_REASON_MISSING : result->reason;
    memcpy(cell, state->reasons
                     + ((size_t)result->reason_node * SEG_REASONS + text) * state->reason_width,
           state->reason_width);
}

static seg_status tree_score(const seg_model *model, const seg_context *ctx,
                             const seg_schema *data, const seg_block *in, seg_batch *out,
                             seg_error *err)
{
    (void)data;
    const seg_tree_state *state = model->state;
    float *probability = out->columns[0];
    int64_t *decile = out->columns[1];
    int32_t *band = out->columns[2];
    char *reason = out->columns[3];

    uint32_t *leaves = NULL;
    seg_status st = SEG_ALLOC(&leaves, in->n_rows, "the leaves of the rows", err);
    if (st != SEG_OK)
        return st;
    int n_threads = seg_thread_count(ctx == NULL ? 0 : ctx->n_threads);
    seg_tree_route(&state->tree, in->x, n_threads, leaves);
    for (size_t i = 0; i < in->n_rows; i++) {
        const seg_tree_result *result = &state->results[leaves[i]];
        probability[i] = result->probability;
        decile[i] = result->decile;
        band[i] = result->band;
        copy_reason(state, result, in->x.x + i * in->x.stride, reason + i * state->reason_width);
    }
    seg_free(leaves);
    return SEG_OK;
}

static seg_status tree_evaluate_begin(const seg_model *model, const seg_train_input *input,
                                      void **ev, seg_error *err)
{
    const seg_tree_state *state = model->state;
    return seg_classifier_evaluate_begin(input, state->label, state->positive, state->negative,
                                         ev, err);
}

const seg_method seg_method_tree = {
    .name = "tree",
    .summary = "who will leave, and why: a decision tree of readable rules",
    .train_view = SEG_VIEW_FEATURES,
    .score_view = SEG_VIEW_FEATURES,
    .needs_label = true,
    .options = option_table,
    .options_size = sizeof(seg_tree_options),
    .defaults = tree_defaults,
    .train_begin = seg_tree_train_begin,
    SEG_LEARN_CALLBACKS,
    .train_end = seg_tree_train_end,
    .train_free = seg_tree_train_free,
    .save = seg_tree_save,
    .load = seg_tree_load,
    .state_free = seg_tree_state_free,
    .describe = tree_describe,
    .text = seg_tree_text,
    .score_schema = tree_score_schema,
    .score = tree_score,
    .evaluate_begin = tree_evaluate_begin,
    .evaluate_add = seg_classifier_evaluate_add,
    .evaluate_end = seg_classifier_evaluate_end,
    .evaluate_free = seg_classifier_evaluate_free,
};
