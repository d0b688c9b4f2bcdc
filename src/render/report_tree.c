/* report_tree.c: a decision tree as sentences: its leaves in order of risk, every node as a
 * nested list, and what share of the work each feature does. */
#include "render/report_parts.h"

#include <string.h>
#include "render/html.h"

enum { MAX_LEAVES = 12, MAX_NODES = 255, MAX_DEPTH = 64, MAX_IMPORTANCE = 12, WORDS = 140 };

static int64_t parent_of(const seg_node *row)
{
    return seg_node_int(seg_node_get(row, "parent"), -1);
}

/* The row of a node: rows stand in any order, but mostly at the node's own place. */
static const seg_node *row_of(const seg_node *nodes, int64_t node)
{
    const seg_node *near = seg_node_at(nodes, node < 0 ? SIZE_MAX : (size_t)node);
    if (near != NULL && seg_report_int(near, "node") == node)
        return near;
    for (size_t i = 0; i < seg_node_count(nodes); i++)
        if (seg_report_int(seg_node_at(nodes, i), "node") == node)
            return seg_node_at(nodes, i);
    return NULL;
}

static void add_condition(seg_text *out, const seg_node *row)
{
    seg_html_text_cut(out, seg_report_string(row, "condition"), WORDS);
    if (seg_report_int(row, "with_missing") != 0)
        seg_text_add(out, " or not known");
}

/* ---- leaves as rules ------------------------------------------------------------------- */

/* Rows of leaves, the highest probability first; ties in the order of the nodes. */
static size_t choose_leaves(const seg_node *nodes, const seg_node *chosen[MAX_LEAVES],
                            size_t *n_leaves)
{
    size_t n = 0;
    *n_leaves = 0;
    for (size_t i = 0; i < seg_node_count(nodes); i++) {
        const seg_node *row = seg_node_at(nodes, i);
        if (seg_report_int(row, "leaf") == 0)
            continue;
        ++*n_leaves;
        size_t at = n;
        while (at > 0 && seg_report_real(row, "probability")
                         > seg_report_real(chosen[at - 1], "probability"))
            at--;
        if (at == MAX_LEAVES)
            continue;
        n += n < MAX_LEAVES;
        memmove(chosen + at + 1, chosen + at, (n - 1 - at) * sizeof *chosen);
        chosen[at] = row;
    }
    return n;
}

/* Bytes of "tenure >" in "tenure > 5": feature and direction of a number; else 0. */
static size_t direction_bytes(const char *condition)
{
    size_t n = 0;
    for (const char *at = condition; (at = strpbrk(at, "<>")) != NULL; at++)
        if (at > condition && at[-1] == ' ')
            n = (size_t)(at - condition) + 1;
    return n;
}

/* A bound further down in the same direction is the tighter one. */
static bool is_tightened(const seg_node *const *path, size_t at)
{
    const char *condition = seg_report_string(path[at], "condition");
    size_t n = direction_bytes(condition);
    for (size_t i = 0; n > 0 && i < at; i++) {
        const char *deeper = seg_report_string(path[i], "condition");
        if (direction_bytes(deeper) == n && strncmp(deeper, condition, n) == 0)
            return true;
    }
    return false;
}

/* Conditions from the root down to this row, joined by "and". */
static void add_path(seg_text *out, const seg_node *nodes, const seg_node *leaf)
{
    const seg_node *path[MAX_DEPTH];
    size_t n = 0;
    for (const seg_node *row = leaf; row != NULL && parent_of(row) >= 0 && n < MAX_DEPTH;
         row = row_of(nodes, parent_of(row)))
        path[n++] = row;
    if (n == 0)
        seg_text_add(out, "all customers");
    while (n > 0) {
        if (is_tightened(path, --n))
            continue;
        add_condition(out, path[n]);
        if (n > 0)
            seg_text_add(out, " <b>and</b> ");
    }
}

static void add_leaves(seg_text *out, const seg_node *nodes)
{
    static const seg_html_column heads[] = {
        { "If", false }, { "Rows", true }, { "Probability", false },
    };
    const seg_node *chosen[MAX_LEAVES + 1];
    size_t n_leaves, n = choose_leaves(nodes, chosen, &n_leaves);
    seg_html_table_begin(out, "The tree as rules, the highest risk first", heads, 3);
    for (size_t i = 0; i < n; i++) {
        seg_html_row_begin(out);
        seg_text_add(out, "<td>");
        add_path(out, nodes, chosen[i]);
        seg_text_add(out, "</td>");
        seg_html_cell_count(out, seg_report_int(chosen[i], "rows"));
        seg_html_cell_bar(out, seg_report_real(chosen[i], "probability"), 1);
        seg_html_row_end(out);
    }
    seg_html_table_end(out);
    seg_report_more(out, n_leaves - n, "rules of lower risk");
}

/* ---- the whole tree -------------------------------------------------------------------- */

static void add_node(seg_text *out, const seg_node *nodes, const seg_node *row, size_t *left,
                     int depth)
{
    bool any = false;
    if (*left == 0 || depth > MAX_DEPTH)
        return;
    --*left;
    seg_text_add(out, "<li>");
    if (parent_of(row) < 0)
        seg_text_add(out, "All rows");
    else
        add_condition(out, row);
    seg_text_add(out, seg_report_int(row, "leaf") != 0 ? ": <b>" : ": ");
    seg_html_share(out, seg_report_real(row, "probability"));
    seg_text_add(out, seg_report_int(row, "leaf") != 0 ? "</b> of " : " of ");
    seg_html_count(out, seg_report_int(row, "rows"));
    for (size_t i = 0; i < seg_node_count(nodes) && *left > 0; i++) {
        const seg_node *child = seg_node_at(nodes, i);
        if (parent_of(child) != seg_report_int(row, "node") || child == row)
            continue;
        seg_text_add(out, any ? "" : "\n<ul>\n");
        any = true;
        add_node(out, nodes, child, left, depth + 1);
    }
    seg_text_add(out, any ? "</ul></li>\n" : "</li>\n");
}

static void add_whole(seg_text *out, const seg_node *nodes)
{
    size_t n = seg_node_count(nodes), left = MAX_NODES;
    if (n == 0)
        return;
    seg_text_add(out, "<h3>The whole tree</h3>\n<ul class=\"tree\">\n");
    add_node(out, nodes, seg_node_at(nodes, 0), &left, 0);
    seg_text_add(out, "</ul>\n");
    seg_report_more(out, n > MAX_NODES ? n - MAX_NODES : 0, "nodes");
}

/* ---- features -------------------------------------------------------------------------- */

static void add_importance(seg_text *out, const seg_node *rows)
{
    static const seg_html_column heads[] = { { "Feature", false }, { "Share of the gain", false } };
    size_t n = seg_node_count(rows);
    if (n == 0)
        return;
    double largest = seg_report_real(seg_node_at(rows, 0), "share");
    seg_html_table_begin(out, "What the tree looks at: each feature's share of what the splits"
                         " gained", heads, 2);
    for (size_t i = 0; i < n && i < MAX_IMPORTANCE; i++) {
        const seg_node *row = seg_node_at(rows, i);
        seg_html_row_begin(out);
        seg_html_cell_name(out, seg_report_string(row, "feature"));
        seg_html_cell_bar(out, seg_report_real(row, "share"), largest);
        seg_html_row_end(out);
    }
    seg_html_table_end(out);
    seg_report_more(out, n > MAX_IMPORTANCE ? n - MAX_IMPORTANCE : 0, "features");
}

void seg_report_tree(seg_text *out, const seg_node *tree, size_t n)
{
    const seg_node *nodes = seg_node_get(tree, "nodes");
    seg_report_heading(out, "Decision tree", seg_report_string(tree, "source"));
    seg_report_see(out);
    seg_text_add(out, "Questions that part the customers by ");
    seg_report_name(out, seg_report_string(tree, "label"));
    seg_text_add(out, " = ");
    seg_report_name(out, seg_report_string(tree, "positive"));
    seg_text_add(out, ". Each customer follows the answers down to one rule; the rule's share in"
                 " the past is the probability for the future, drawn a little towards the mean"
                 " where rows are few.");
    seg_report_act(out);
    seg_text_add(out, "Read the first rules: they say what customers at risk have in common. Ask"
                 " whether that is a cause you can change or only a sign of it; a feature that"
                 " knows the outcome beforehand must be dropped.");
    seg_report_words_end(out);
    seg_report_quality(out, seg_node_get(tree, "quality"), n);
    add_leaves(out, nodes);
    add_importance(out, seg_node_get(tree, "importance"));
    add_whole(out, nodes);
}
