/* report_glance.c: the few lines that somebody reads who reads nothing else. */
#include "render/report_parts.h"

#include <math.h>
#include <string.h>
#include "render/html.h"

static void segments_line(seg_text *out, const seg_node *group)
{
    const seg_node *rows = seg_node_get(group, "segments");
    const seg_node *most = seg_report_largest(rows, "customers");
    const seg_node *richest = seg_report_largest(rows, "money");
    int64_t customers = seg_report_int(group, "unnamed"), money = 0, used = 0;
    for (size_t i = 0; i < seg_node_count(rows); i++) {
        customers += seg_report_int(seg_node_at(rows, i), "customers");
        money += seg_report_int(seg_node_at(rows, i), "money");
        used += seg_report_int(seg_node_at(rows, i), "customers") > 0;
    }
    if (customers == 0)
        return;
    const char *method = seg_report_string(group, "method");
    seg_text_add(out, strcmp(method, "rfm") == 0 ? "<li>RFM: "
                      : strcmp(method, "kmeans") == 0 ? "<li>k-means: " : "<li>");
    seg_html_count(out, used);
    seg_text_add(out, used == 1 ? " segment; the largest, " : " segments; the largest, ");
    seg_report_name(out, seg_report_string(most, "name"));
    seg_text_add(out, ", has ");
    seg_html_count(out, seg_report_int(most, "customers"));
    seg_text_add(out, " customers (");
    seg_html_share(out, (double)seg_report_int(most, "customers") / (double)customers);
    seg_text_add_char(out, ')');
    if (money > 0) {
        seg_text_add(out, "; ");
        seg_report_name(out, seg_report_string(richest, "name"));
        seg_text_add(out, " brings ");
        seg_html_share(out, (double)seg_report_int(richest, "money") / (double)money);
        seg_text_add(out, " of the money");
    }
    seg_text_add(out, ".</li>\n");
}

/* Of the training, when there are no scores to count. */
static void profile_line(seg_text *out, const seg_node *profile)
{
    const seg_node *rows = seg_node_get(profile, "segments");
    const seg_node *most = seg_report_largest(rows, "rows");
    int64_t all = seg_report_int(profile, "rows");
    if (all <= 0)
        return;
    seg_text_add(out, "<li>k-means: ");
    seg_html_count(out, (int64_t)seg_node_count(rows));
    seg_text_add(out, " segments in training; the largest, ");
    seg_report_name(out, seg_report_string(most, "name"));
    seg_text_add(out, ", had ");
    seg_html_share(out, (double)seg_report_int(most, "rows") / (double)all);
    seg_text_add(out, " of the rows.</li>\n");
}

static void tree_line(seg_text *out, const seg_node *tree)
{
    const seg_node *first = seg_node_at(seg_node_get(tree, "importance"), 0);
    if (first == NULL)
        return;
    seg_text_add(out, "<li>Whether ");
    seg_html_text_cut(out, seg_report_string(tree, "label"), 60);
    seg_text_add(out, " is ");
    seg_html_text_cut(out, seg_report_string(tree, "positive"), 60);
    seg_text_add(out, " depends most on ");
    seg_report_name(out, seg_report_string(first, "feature"));
    seg_text_add(out, ".</li>\n");
}

static void risk_line(seg_text *out, const seg_node *risk)
{
    const seg_node *rows = seg_node_get(risk, "deciles");
    int64_t customers = 0;
    double expected = 0;
    for (size_t i = 0; i < seg_node_count(rows); i++) {
        const seg_node *row = seg_node_at(rows, i);
        if (seg_report_int(row, "decile") > 2 || seg_report_int(row, "customers") == 0)
            continue;
        customers += seg_report_int(row, "customers");
        expected += seg_report_real(row, "mean") * (double)seg_report_int(row, "customers");
    }
    if (customers == 0 || isnan(expected))
        return;
    seg_text_add(out, "<li>");
    seg_html_count(out, customers);
    seg_text_add(out, " customers are at high risk (deciles 1 and 2, ");
    seg_html_text_cut(out, seg_report_string(risk, "what"), 60);
    seg_text_add(out, "); about ");
    seg_html_fixed(out, expected, 0);
    seg_text_add(out, " of them are expected to go.</li>\n");
}

static void rules_line(seg_text *out, const seg_node *rules)
{
    const seg_node *first = seg_node_at(seg_node_get(rules, "rules"), 0);
    if (first == NULL)
        return;
    seg_text_add(out, "<li>");
    seg_html_count(out, seg_report_int(rules, "n_rules"));
    seg_text_add(out, " rules of what is bought together; first ");
    seg_report_name(out, seg_report_string(first, "rule"));
    seg_text_add(out, " (");
    seg_html_share(out, seg_report_real(first, "confidence"));
    seg_text_add(out, ", lift ");
    seg_html_fixed(out, seg_report_real(first, "lift"), 1);
    seg_text_add(out, ").</li>\n");
}

static void lists_line(seg_text *out, const seg_node *list)
{
    seg_text_add(out, "<li>List ");
    seg_report_name(out, seg_report_string(list, "name"));
    seg_text_add(out, ": ");
    seg_html_count(out, seg_report_int(list, "members"));
    seg_text_add(out, " members");
    if (!isnan(seg_report_real(list, "joined"))) {
        seg_text_add(out, ", ");
        seg_html_count(out, seg_report_int(list, "joined"));
        seg_text_add(out, " joined, ");
        seg_html_count(out, seg_report_int(list, "left"));
        seg_text_add(out, " left, ");
        seg_html_count(out, seg_report_int(list, "changed"));
        seg_text_add(out, " changed segment");
    }
    seg_text_add(out, ".</li>\n");
}

void seg_report_glance(seg_text *out, const seg_node *facts)
{
    static const struct {
        const char *array;
        void (*line)(seg_text *, const seg_node *);
    } lines[] = {
        { "segments", segments_line }, { "profiles", profile_line }, { "risks", risk_line },
        { "trees", tree_line }, { "rules", rules_line }, { "lists", lists_line },
    };
    enum { LINES_EACH = 3 };
    size_t before = out->n;
    bool counted = seg_node_count(seg_node_get(facts, "segments")) > 0;
    for (size_t l = 0; l < sizeof lines / sizeof *lines; l++) {
        const seg_node *array = seg_node_get(facts, lines[l].array);
        if (counted && lines[l].line == profile_line)
            continue;
        for (size_t i = 0; i < seg_node_count(array) && i < LINES_EACH; i++)
            lines[l].line(out, seg_node_at(array, i));
    }
    if (out->n == before)
        seg_text_add(out, "<li>What was found stands below.</li>\n");
}
