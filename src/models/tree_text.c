/* tree_text.c: the tree in words: one condition ("tenure <= 5"), the whole tree as
 * indented rules for people, and its nodes as a table. */
#include "models/tree.h"

#include <float.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/try.h"

enum { REASON_BYTES = 120, LEVELS_NAMED = 3, LEVELS_PRINTED = 12 };

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

/* A node in its tree: an ancestor may have sent levels of the same feature elsewhere. */
typedef struct place {
    const seg_tree *tree;
    const seg_schema *schema;
    const uint32_t *parents;
    uint32_t node;
} place;

static bool level_comes_here(const place *at, size_t code)
{
    const seg_tree_node *nodes = at->tree->nodes;
    int32_t feature = nodes[at->node].feature;
    for (uint32_t i = at->node; i != 0; i = at->parents[i]) {
        const seg_tree_node *above = &nodes[at->parents[i]];
        bool left = above->left == i;
        if (above->feature == feature && above->n_levels > 0 &&
            (at->tree->sides[above->first_side + code] != 0) != left)
            return false;
    }
    return true;
}

static size_t count_levels(const place *at, uint8_t side)
{
    const seg_tree_node *node = &at->tree->nodes[at->node];
    size_t n = 0;
    for (size_t c = 0; c < node->n_levels; c++)
        n += at->tree->sides[node->first_side + c] == side && level_comes_here(at, c);
    return n;
}

/* "A, B, C and 5 more" of the n levels that go to this side. */
static void add_levels(seg_text *out, const place *at, uint8_t side, size_t n, size_t n_named)
{
    const seg_tree_node *node = &at->tree->nodes[at->node];
    const seg_column *feature = &at->schema->features[node->feature];
    size_t named = 0;
    for (size_t c = 0; c < node->n_levels && named < n_named; c++) {
        if (at->tree->sides[node->first_side + c] != side || !level_comes_here(at, c))
            continue;
        seg_text_add(out, named++ > 0 ? ", " : "");
        seg_text_add(out, feature->levels[c]);
    }
    if (n > named)
        seg_text_addf(out, " and %zu more", n - named);
}

/* The shorter of "in" and "not in". */
static void add_category_condition(seg_text *out, const place *at, int way, size_t n_named)
{
    uint8_t side = way == SEG_REASON_LEFT;
    size_t n = count_levels(at, side), others = count_levels(at, !side);
    bool not_in = others > 0 && others < n && n > n_named;
    if (n == 0) {
        seg_text_add(out, " is unknown");
        return;
    }
    if (not_in) {
        side = !side;
        n = others;
    }
    if (n == 1) {
        seg_text_add(out, not_in ? " is not " : " = ");
        add_levels(out, at, side, n, 1);
        return;
    }
    seg_text_add(out, not_in ? " not in (" : " in (");
    add_levels(out, at, side, n, n_named);
    seg_text_add_char(out, ')');
}

/* What rows that take this way at the node have in common. */
static void add_condition(seg_text *out, const place *at, int way, size_t n_named)
{
    const seg_tree_node *node = &at->tree->nodes[at->node];
    seg_text_add(out, at->schema->features[node->feature].name);
    if (way == SEG_REASON_MISSING)
        seg_text_add(out, node->n_levels > 0 ? " is unknown" : " is missing");
    else if (node->n_levels == 0)
        add_number_condition(out, node, way);
    else
        add_category_condition(out, at, way, n_named);
}

static seg_status find_parents(const seg_tree *tree, uint32_t **out, seg_error *err)
{
    seg_status st = SEG_ALLOC(out, tree->n_nodes, "the words of the tree", err);
    for (uint32_t i = 0; st == SEG_OK && i < tree->n_nodes; i++)
        if (tree->nodes[i].feature >= 0)
            (*out)[tree->nodes[i].left] = (*out)[tree->nodes[i].right] = i;
    return st;
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
    uint32_t *parents = NULL;
    size_t width = 8;

    TRY(find_parents(tree, &parents, err));
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < tree->n_nodes * SEG_REASONS; i++) {
            place at = { tree, schema, parents, (uint32_t)(i / SEG_REASONS) };
            if (tree->nodes[at.node].feature < 0)
                continue;
            seg_text_clear(&text);
            add_condition(&text, &at, (int)(i % SEG_REASONS), LEVELS_NAMED);
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
    seg_free(parents);
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
    uint32_t *parents;
} writer;

static place place_of(const writer *w, uint32_t node)
{
    return (place){ &w->state->tree, w->schema, w->parents, node };
}

static void add_facts(writer *w, uint32_t i)
{
    const seg_tree_node *node = &w->state->tree.nodes[i];
    char rows[32];
    seg_text_add(&w->text, ": ");
    add_percent(&w->text, node->value);
    seg_text_addf(&w->text, " of %s rows", seg_group_digits(rows, node->n[0] + node->n[1]));
    size_t n_bands;
    const char *const *bands = seg_bands_names(&w->state->bands, &n_bands);
    if (node->feature < 0)
        seg_text_addf(&w->text, "  -> decile %d, %s", w->state->results[i].decile,
                      bands[w->state->results[i].band]);
    seg_text_add_char(&w->text, '\n');
}

static void add_branch(writer *w, uint32_t i, size_t depth)
{
    const seg_tree_node *node = &w->state->tree.nodes[i];
    place at = place_of(w, i);
    if (node->feature < 0)
        return;
    for (int side = 0; side < 2; side++) {
        uint32_t child = side == SEG_REASON_LEFT ? node->left : node->right;
        for (size_t d = 0; d < depth; d++)
            seg_text_add(&w->text, "  ");
        add_condition(&w->text, &at, side, LEVELS_PRINTED);
        bool with_missing = node->missing_left == (side == SEG_REASON_LEFT);
        if (with_missing && node->n_missing > 0 && node->threshold != FLT_MAX)
            seg_text_add(&w->text, node->n_levels > 0 ? " or unknown" : " or missing");
        add_facts(w, child);
        add_branch(w, child, depth + 1);
    }
}

static void put_row(seg_node *table, const seg_tree *tree, uint32_t i, uint32_t parent,
                    const char *condition, bool with_missing)
{
    const seg_tree_node *node = &tree->nodes[i];
    seg_node *row = seg_put_object(table, NULL);
    seg_put_int(row, "node", i);
    if (condition == NULL)
        seg_put_null(row, "parent");
    else
        seg_put_int(row, "parent", parent);
    seg_put_text(row, "condition", condition == NULL ? "" : condition);
    seg_put_bool(row, "with_missing", with_missing);
    seg_put_int(row, "rows", node->n[0] + node->n[1]);
    seg_put_int(row, "positives", node->n[1]);
    seg_put_real(row, "probability", node->value);
    seg_put_bool(row, "leaf", node->feature < 0);
}

/* One row per node, a parent before its children. */
static seg_status put_table(const writer *w, seg_node *table, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_tree *tree = &w->state->tree;
    seg_text condition = { 0 };
    put_row(table, tree, 0, 0, NULL, false);
    for (uint32_t i = 0; i < tree->n_nodes; i++) {
        const seg_tree_node *node = &tree->nodes[i];
        place at = place_of(w, i);
        for (int side = 0; node->feature >= 0 && side < 2; side++) {
            bool left = side == SEG_REASON_LEFT;
            seg_text_clear(&condition);
            add_condition(&condition, &at, side, SIZE_MAX);
            TRY(seg_text_status(&condition, err));
            put_row(table, tree, left ? node->left : node->right, i, condition.bytes,
                    node->missing_left == left);
        }
    }

done:
    seg_text_free(&condition);
    return st;
}

seg_status seg_tree_text(const seg_model *model, seg_node *into, seg_error *err)
{
    seg_status st = SEG_OK;
    writer w = { .state = model->state, .schema = &model->schema->view };

    TRY(find_parents(&w.state->tree, &w.parents, err));
    seg_text_addf(&w.text, "%s = %s", w.state->label, w.state->positive);
    add_facts(&w, 0);
    add_branch(&w, 0, 1);
    TRY(seg_text_status(&w.text, err));
    seg_put_text(into, "text", w.text.bytes);
    TRY(put_table(&w, seg_put_array(into, "nodes"), err));

done:
    seg_text_free(&w.text);
    seg_free(w.parents);
    return st;
}
