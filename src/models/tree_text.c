/* tree_text.c: the tree in words: one condition ("tenure <= 5"), the whole tree as
 * indented rules for people, and its nodes as a CSV table. */
#include "models/tree.h"

#include <float.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/try.h"

enum { REASON_BYTES = 120, LEVELS_NAMED = 3 };

/* ---- one condition -------------------------------------------------------------- */

static void add_number_condition(seg_text *out, const seg_tree_node *node, int side)
{
    char number[SEG_NUMBER_BYTES];
    if (node->threshold == FLT_MAX) {
        seg_text_add(out, side == SEG_REASON_LEFT ? " is known" : " is missing");
        return;
    }
    seg_print_f32(number, node->threshold);
    seg_text_add(out, side == SEG_REASON_LEFT ? " <= " : " > ");
    seg_text_add(out, number);
}

/* "A, B, C and 5 more" of the levels on one side. */
static void add_levels(seg_text *out, const seg_tree *tree, const seg_tree_node *node,
                       const seg_column *feature, uint8_t side, size_t n, size_t n_named)
{
    size_t named = 0;
    for (size_t c = 0; c < node->n_levels && named < n_named; c++) {
        if (tree->sides[node->first_side + c] != side)
            continue;
        seg_text_add(out, named++ > 0 ? ", " : "");
        seg_text_add(out, feature->levels[c]);
    }
    if (n > named)
        seg_text_addf(out, " and %zu more", n - named);
}

/* The shorter of "in" and "not in". */
static void add_category_condition(seg_text *out, const seg_tree *tree,
                                   const seg_tree_node *node, const seg_column *feature,
                                   int side, size_t n_named)
{
    uint8_t goes_left = side == SEG_REASON_LEFT;
    size_t n = 0;
    for (size_t c = 0; c < node->n_levels; c++)
        n += tree->sides[node->first_side + c] == goes_left;
    size_t others = node->n_levels - n;
    if (n == 0) {
        seg_text_add(out, " is unknown");
        return;
    }
    bool not_in = others > 0 && others < n && n > n_named;
    if (not_in) {
        goes_left = !goes_left;
        n = others;
    }
    if (n == 1) {
        seg_text_add(out, not_in ? " is not " : " = ");
        add_levels(out, tree, node, feature, goes_left, n, 1);
        return;
    }
    seg_text_add(out, not_in ? " not in (" : " in (");
    add_levels(out, tree, node, feature, goes_left, n, n_named);
    seg_text_add_char(out, ')');
}

/* What rows that take this way at the node have in common. */
static void add_condition(seg_text *out, const seg_tree *tree, const seg_tree_node *node,
                          const seg_schema *schema, int way, size_t n_named)
{
    const seg_column *feature = &schema->features[node->feature];
    seg_text_add(out, feature->name);
    if (way == SEG_REASON_MISSING)
        seg_text_add(out, node->n_levels > 0 ? " is unknown" : " is missing");
    else if (node->n_levels == 0)
        add_number_condition(out, node, way);
    else
        add_category_condition(out, tree, node, feature, way, n_named);
}

/* ---- reasons -------------------------------------------------------------------- */

/* Bytes of the text that fit a reason. */
static size_t reason_length(const seg_text *text)
{
    return seg_utf8_cut(text->bytes, text->n, REASON_BYTES);
}

/* Two rounds: the longest text, then the cells. */
seg_status seg_tree_reasons(seg_tree_state *state, const seg_schema *schema, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_tree *tree = &state->tree;
    seg_text text = { 0 };
    size_t width = 8;

    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < tree->n_nodes * SEG_REASONS; i++) {
            const seg_tree_node *node = &tree->nodes[i / SEG_REASONS];
            if (node->feature < 0)
                continue;
            seg_text_clear(&text);
            add_condition(&text, tree, node, schema, (int)(i % SEG_REASONS), LEVELS_NAMED);
            TRY(seg_text_status(&text, err));
            size_t n = reason_length(&text);
            if (round == 0)
                width = n > width ? n : width;
            else
                memcpy(state->reasons + i * width, text.bytes, n);
        }
        if (round == 0) {
            width = (width + 7) / 8 * 8;
            TRY(SEG_ALLOC(&state->reasons, tree->n_nodes * SEG_REASONS * width,
                          "the reasons of the tree", err));
            state->reason_width = width;
        }
    }

done:
    seg_text_free(&text);
    return st;
}

/* ---- the whole tree --------------------------------------------------------------- */

/* A share as percent with one decimal. */
static void add_percent(seg_text *out, double share)
{
    char number[SEG_NUMBER_BYTES];
    seg_print_fixed(number, (int64_t)(share * 1000 + 0.5), 10);
    seg_text_add(out, number);
    seg_text_add(out, " %");
}

typedef struct writer {
    seg_text text;
    const seg_tree_state *state;
    const seg_schema *schema;
} writer;

static void add_facts(writer *w, uint32_t i)
{
    const seg_tree_node *node = &w->state->tree.nodes[i];
    char rows[32];
    seg_text_add(&w->text, ": ");
    add_percent(&w->text, node->value);
    seg_text_addf(&w->text, " of %s rows", seg_group_digits(rows, node->n[0] + node->n[1]));
    if (node->feature < 0)
        seg_text_addf(&w->text, "  -> decile %d, %s", w->state->results[i].decile,
                      seg_band_names[w->state->results[i].band]);
    seg_text_add_char(&w->text, '\n');
}

static void add_branch(writer *w, uint32_t i, size_t depth)
{
    const seg_tree *tree = &w->state->tree;
    const seg_tree_node *node = &tree->nodes[i];
    if (node->feature < 0)
        return;
    for (int side = 0; side < 2; side++) {
        uint32_t child = side == SEG_REASON_LEFT ? node->left : node->right;
        for (size_t d = 0; d < depth; d++)
            seg_text_add(&w->text, "  ");
        add_condition(&w->text, tree, node, w->schema, side, SIZE_MAX);
        bool with_missing = node->missing_left == (side == SEG_REASON_LEFT);
        if (with_missing && !(node->threshold == FLT_MAX))
            seg_text_add(&w->text, node->n_levels > 0 ? " or unknown" : " or missing");
        add_facts(w, child);
        add_branch(w, child, depth + 1);
    }
}

static void add_quoted(seg_text *out, const char *text)
{
    seg_text_add_char(out, '"');
    for (; *text != 0; text++) {
        if (*text == '"')
            seg_text_add_char(out, '"');
        seg_text_add_char(out, *text);
    }
    seg_text_add_char(out, '"');
}

static seg_status add_table_row(writer *w, uint32_t parent, int side, seg_text *condition,
                                seg_error *err)
{
    const seg_tree *tree = &w->state->tree;
    const seg_tree_node *above = &tree->nodes[parent];
    uint32_t i = side == SEG_REASON_LEFT ? above->left : above->right;
    const seg_tree_node *node = &tree->nodes[i];
    bool with_missing = above->missing_left == (side == SEG_REASON_LEFT);
    seg_text_clear(condition);
    add_condition(condition, tree, above, w->schema, side, SIZE_MAX);
    seg_status st = seg_text_status(condition, err);
    if (st != SEG_OK)
        return st;
    seg_text_addf(&w->text, "%u,%u,", i, parent);
    add_quoted(&w->text, condition->bytes);
    seg_text_addf(&w->text, ",%d,%lld,%lld,", with_missing, (long long)(node->n[0] + node->n[1]),
                  (long long)node->n[1]);
    seg_text_add_f64(&w->text, node->value);
    seg_text_addf(&w->text, ",%d\n", node->feature < 0);
    return SEG_OK;
}

static seg_status add_table(writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_tree *tree = &w->state->tree;
    seg_text condition = { 0 };
    seg_text_add(&w->text, "node,parent,condition,with_missing,rows,positives,probability,leaf\n");
    seg_text_addf(&w->text, "0,,,,%lld,%lld,", (long long)(tree->nodes[0].n[0]
                  + tree->nodes[0].n[1]), (long long)tree->nodes[0].n[1]);
    seg_text_add_f64(&w->text, tree->nodes[0].value);
    seg_text_addf(&w->text, ",%d\n", tree->nodes[0].feature < 0);
    for (uint32_t i = 0; i < tree->n_nodes; i++)
        for (int side = 0; tree->nodes[i].feature >= 0 && side < 2; side++)
            TRY(add_table_row(w, i, side, &condition, err));

done:
    seg_text_free(&condition);
    return st;
}

seg_status seg_tree_text(const seg_model *model, seg_node *into, seg_error *err)
{
    seg_status st = SEG_OK;
    writer w = { .state = model->state, .schema = &model->schema->view };

    seg_text_addf(&w.text, "%s = %s", w.state->label, w.state->positive);
    add_facts(&w, 0);
    add_branch(&w, 0, 1);
    TRY(seg_text_status(&w.text, err));
    seg_put_text(into, "text", w.text.bytes);
    seg_text_clear(&w.text);
    TRY(add_table(&w, err));
    TRY(seg_text_status(&w.text, err));
    seg_put_text(into, "csv", w.text.bytes);

done:
    seg_text_free(&w.text);
    return st;
}
