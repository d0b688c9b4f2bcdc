/* report_page.c: the page around the sections: style, header, contents, where it all comes
 * from. No script, no reference to anything outside the file, nothing that changes with the
 * clock. Colours: dark text on white, at least 6:1. */
#include "render/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "render/html.h"
#include "render/report_parts.h"

static const char style[] =
    ":root{color-scheme:light}*{box-sizing:border-box}"
    "body{margin:0 auto;padding:1.5rem 1.25rem 3rem;max-width:60rem;background:#fff;"
    "color:#1a1a1a;font:16px/1.5 system-ui,'Segoe UI',Roboto,'Helvetica Neue',Arial,"
    "'Liberation Sans',sans-serif}"
    "h1{font-size:1.9rem;line-height:1.2;margin:0 0 .4rem}"
    "h2{font-size:1.35rem;margin:2.4rem 0 .4rem;padding-top:.8rem;border-top:2px solid #1f5f99}"
    "h3{font-size:1.05rem;margin:1.5rem 0 .3rem}p{margin:.4rem 0 .7rem;max-width:46rem}"
    "a{color:#174e7f}.sub{color:#444;margin:0 0 1rem}.small{color:#444;font-size:.86rem}"
    "nav ul{list-style:none;margin:0 0 1rem;padding:0;display:flex;flex-wrap:wrap;gap:.2rem 1rem}"
    ".glance{background:#eef5fb;border-left:4px solid #1f5f99;padding:.7rem 1rem;"
    "margin:1rem 0}.glance h2{border:0;margin:0 0 .3rem;padding:0;font-size:1.1rem}"
    ".glance ul{margin:0;padding-left:1.1rem}"
    "dl.facts{display:flex;flex-wrap:wrap;gap:.4rem 2rem;margin:.6rem 0}dl.facts dt{font-size:"
    ".8rem;color:#444}dl.facts dd{margin:0;font-weight:600}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;margin:.6rem 0 1rem;width:100%;"
    "font-size:.92rem;font-variant-numeric:tabular-nums}"
    "caption{text-align:left;color:#444;font-size:.86rem;padding:.2rem 0}"
    "th,td{padding:.28rem .6rem;border-bottom:1px solid #d5d9de;text-align:left;"
    "vertical-align:top}thead th{border-bottom:2px solid #8a94a0;vertical-align:bottom}"
    "tbody th{font-weight:600}.long{overflow-wrap:anywhere;min-width:12rem}"
    ".n{text-align:right}td.n{white-space:nowrap}td.t{min-width:9rem}"
    "td.bar{min-width:7rem;position:relative;white-space:nowrap}td.bar i{position:absolute;"
    "left:.3rem;top:.22rem;height:1.6em;max-width:calc(100% - .6rem);background:#bcd9ee}"
    "td.bar span{position:relative}"
    "td.heat{text-align:right;white-space:nowrap;border:1px solid #fff}"
    "svg{display:block;width:100%;height:auto;margin:.6rem 0 1rem;font:13px system-ui,"
    "Arial,'Liberation Sans',sans-serif}svg text{fill:#1a1a1a}svg .b{font-weight:600}"
    "svg .s{font-size:11px}svg .h{font-size:11px;paint-order:stroke;stroke:#fff;stroke-width:4px}"
    ".words{border-left:3px solid #d5d9de;padding-left:.8rem;margin:.5rem 0 .8rem}"
    ".words p{margin:.15rem 0}.tree,.tree ul{list-style:none;margin:0;padding-left:1.1rem}"
    ".tree ul{border-left:1px solid #aab3bd}.tree{padding-left:0;font-size:.92rem}"
    ".portraits{display:grid;grid-template-columns:repeat(auto-fill,minmax(16.5rem,1fr));gap:.8rem;"
    "margin:.6rem 0 1rem}.portraits>div{border:1px solid #d5d9de;padding:.6rem .8rem;break-inside:"
    "avoid}.portraits h4{margin:0 0 .15rem;font-size:1rem}.portraits ul{margin:.3rem 0;"
    "padding-left:1.1rem;font-size:.92rem}.portraits p{margin:.2rem 0}"
    ".tree li{margin:.12rem 0}code{font-size:.82rem;overflow-wrap:anywhere}"
    "@media print{body{font-size:10.5pt;max-width:none;padding:0}nav{display:none}"
    "*{-webkit-print-color-adjust:exact;print-color-adjust:exact}h2,h3{break-after:avoid}"
    "table{font-size:9pt}th,td{padding:.18rem .4rem}td.bar{min-width:5rem}td.t{min-width:7rem}"
    "tr,svg,.words,.glance{break-inside:avoid}.wide{overflow:visible}thead{display:"
    "table-header-group}@page{margin:16mm}}";

/* ---- for all sections ------------------------------------------------------------------ */

void seg_report_see(seg_text *out)
{
    seg_text_add(out, "<div class=\"words\"><p><b>What you see.</b> ");
}

void seg_report_act(seg_text *out)
{
    seg_text_add(out, "</p>\n<p><b>What to do.</b> ");
}

void seg_report_words_end(seg_text *out)
{
    seg_text_add(out, "</p></div>\n");
}

void seg_report_heading(seg_text *out, const char *heading, const char *source)
{
    seg_text_addf(out, "<h3>%s <span class=\"small\">from ", heading);
    seg_html_text_cut(out, source, 80);
    seg_text_add(out, "</span></h3>\n");
}

void seg_report_name(seg_text *out, const char *name)
{
    seg_text_add(out, "<b>");
    seg_html_text_cut(out, name, 100);
    seg_text_add(out, "</b>");
}

void seg_report_more(seg_text *out, size_t n_more, const char *what)
{
    if (n_more == 0)
        return;
    seg_text_add(out, "<p class=\"small\">and ");
    seg_html_count(out, (int64_t)n_more);
    seg_text_addf(out, " more %s, left out here</p>\n", what);
}

const seg_node *seg_report_largest(const seg_node *rows, const char *member)
{
    const seg_node *best = NULL;
    for (size_t i = 0; i < seg_node_count(rows); i++) {
        const seg_node *row = seg_node_at(rows, i);
        if (best == NULL || seg_node_int(seg_node_get(row, member), 0)
                            > seg_node_int(seg_node_get(best, member), 0))
            best = row;
    }
    return best;
}

double seg_report_real(const seg_node *node, const char *name)
{
    return seg_node_real(seg_node_get(node, name), (double)NAN);
}

int64_t seg_report_int(const seg_node *node, const char *name)
{
    return seg_node_int(seg_node_get(node, name), 0);
}

const char *seg_report_string(const seg_node *node, const char *name)
{
    return seg_node_text(seg_node_get(node, name), "");
}

/* ---- sections -------------------------------------------------------------------------- */

typedef struct section {
    const char *id, *heading;
    const char *facts[3];     /* arrays of the facts it shows */
} section;

static const section sections_of[] = {
    { "segments", "Segments", { "segments", "profiles" } },
    { "risk", "Who may leave", { "risks" } },
    { "tree", "How the risk is decided", { "trees" } },
    { "rules", "Bought together", { "rules" } },
    { "offers", "Next best offers", { "offers" } },
    { "lists", "Lists", { "lists" } },
    { "sources", "Where this comes from", { "sources" } },
};
enum { N_SECTIONS = sizeof sections_of / sizeof *sections_of };

static bool has_facts(const section *s, const seg_node *facts)
{
    for (size_t i = 0; i < 3 && s->facts[i] != NULL; i++)
        if (seg_node_count(seg_node_get(facts, s->facts[i])) > 0)
            return true;
    return false;
}

static void each(seg_text *out, const seg_node *array,
                 void (*part)(seg_text *, const seg_node *, size_t))
{
    for (size_t i = 0; i < seg_node_count(array); i++)
        part(out, seg_node_at(array, i), i);
}

/* Sizes, the grid, and how they differ if their model is there. */
static void add_group(seg_text *out, const seg_node *facts, const seg_node *group, size_t n)
{
    const seg_node *profiles = seg_node_get(facts, "profiles");
    const char *model = seg_node_text(seg_node_get(group, "model"), NULL);
    seg_report_segments(out, group, n);
    seg_report_grid(out, group, n);
    for (size_t i = 0; model != NULL && i < seg_node_count(profiles); i++)
        if (strcmp(seg_report_string(seg_node_at(profiles, i), "source"), model) == 0)
            seg_report_profile(out, seg_node_at(profiles, i), false);
}

static bool is_scored(const seg_node *facts, const seg_node *profile)
{
    const seg_node *groups = seg_node_get(facts, "segments");
    for (size_t i = 0; i < seg_node_count(groups); i++)
        if (strcmp(seg_report_string(seg_node_at(groups, i), "model"),
                   seg_report_string(profile, "source")) == 0)
            return true;
    return false;
}

static void add_segments(seg_text *out, const seg_node *facts)
{
    const seg_node *groups = seg_node_get(facts, "segments");
    const seg_node *profiles = seg_node_get(facts, "profiles");
    for (size_t i = 0; i < seg_node_count(groups); i++)
        add_group(out, facts, seg_node_at(groups, i), i);
    for (size_t i = 0; i < seg_node_count(profiles); i++)
        if (!is_scored(facts, seg_node_at(profiles, i)))
            seg_report_profile(out, seg_node_at(profiles, i), true);
    each(out, profiles, seg_report_scan);
}

static void add_hashes(seg_text *out, const seg_node *inputs)
{
    if (seg_node_count(inputs) == 0)
        return;
    seg_text_add(out, "<p>SHA-256 of the data:</p>\n<ul>");
    for (size_t i = 0; i < seg_node_count(inputs); i++) {
        seg_text_add(out, "<li><code>");
        seg_html_text_cut(out, seg_node_text(seg_node_at(inputs, i), ""), 64);
        seg_text_add(out, "</code></li>\n");
    }
    seg_text_add(out, "</ul>\n");
}

static void add_sources(seg_text *out, const seg_node *facts)
{
    static const seg_html_column columns[] = {
        { "File", false }, { "What it holds", false }, { "Rows", true }, { "Seed", true },
    };
    const seg_node *sources = seg_node_get(facts, "sources");
    seg_text_add(out, "<p>The same files give this page again, byte for byte.</p>\n");
    seg_html_table_begin(out, "Files this page was made from", columns, 4);
    for (size_t i = 0; i < seg_node_count(sources); i++) {
        const seg_node *row = seg_node_at(sources, i);
        seg_html_row_begin(out);
        seg_html_cell_name(out, seg_node_text(seg_node_get(row, "file"), ""));
        seg_html_cell_text(out, seg_node_text(seg_node_get(row, "what"), ""));
        seg_html_cell_fixed(out, seg_report_real(row, "rows"), 0);
        seg_html_cell_fixed(out, seg_report_real(row, "seed"), 0);
        seg_html_row_end(out);
    }
    seg_html_table_end(out);
    add_hashes(out, seg_node_get(facts, "inputs"));
}

static void add_section(seg_text *out, const section *s, const seg_node *facts)
{
    seg_text_addf(out, "<section id=\"%s\">\n<h2>%s</h2>\n", s->id, s->heading);
    if (strcmp(s->id, "segments") == 0) {
        add_segments(out, facts);
    } else if (strcmp(s->id, "risk") == 0) {
        each(out, seg_node_get(facts, "risks"), seg_report_risk);
    } else if (strcmp(s->id, "tree") == 0) {
        each(out, seg_node_get(facts, "trees"), seg_report_tree);
    } else if (strcmp(s->id, "rules") == 0) {
        each(out, seg_node_get(facts, "rules"), seg_report_rules);
    } else if (strcmp(s->id, "offers") == 0) {
        each(out, seg_node_get(facts, "offers"), seg_report_offers);
    } else if (strcmp(s->id, "lists") == 0) {
        seg_report_lists(out, seg_node_get(facts, "lists"));
    } else {
        add_sources(out, facts);
    }
    seg_text_add(out, "</section>\n");
}

/* ---- the page -------------------------------------------------------------------------- */

static void add_fact(seg_text *out, const char *name, const char *value)
{
    if (value == NULL)
        return;
    seg_text_addf(out, "<div><dt>%s</dt><dd>", name);
    seg_html_text_cut(out, value, 60);
    seg_text_add(out, "</dd></div>\n");
}

static void add_header(seg_text *out, const seg_node *facts)
{
    char rows[32], hash[48];
    const char *title = seg_node_text(seg_node_get(facts, "title"), "Customer report");
    const seg_node *inputs = seg_node_get(facts, "inputs");
    int64_t n_rows = seg_node_int(seg_node_get(facts, "rows"), 0);
    seg_text_add(out, "<header>\n<h1>");
    seg_html_text_cut(out, title, 200);
    seg_text_add(out, "</h1>\n<dl class=\"facts\">\n");
    add_fact(out, "As of (counts everything before)",
             seg_node_text(seg_node_get(facts, "as_of"), NULL));
    add_fact(out, "Customers", n_rows > 0 ? seg_group_digits(rows, n_rows) : NULL);
    add_fact(out, "Made by segmill", seg_node_text(seg_node_get(facts, "engine_version"), NULL));
    if (seg_node_count(inputs) > 0) {
        const char *first = seg_node_text(seg_node_at(inputs, 0), "");
        size_t more = seg_node_count(inputs) - 1;
        if (more > 0)
            snprintf(hash, sizeof hash, "%.12s and %zu more", first, more);
        else
            snprintf(hash, sizeof hash, "%.12s", first);
        add_fact(out, "SHA-256 of the data", hash);
    }
    seg_text_add(out, "</dl>\n</header>\n");
}

static void add_contents(seg_text *out, const seg_node *facts, seg_node *names)
{
    seg_text_add(out, "<nav aria-label=\"Contents\"><ul>\n");
    for (size_t i = 0; i < N_SECTIONS; i++)
        if (has_facts(&sections_of[i], facts)) {
            seg_text_addf(out, "<li><a href=\"#%s\">%s</a></li>\n", sections_of[i].id,
                          sections_of[i].heading);
            seg_put_text(names, NULL, sections_of[i].id);
        }
    seg_text_add(out, "</ul></nav>\n");
}

void seg_report_page(seg_text *out, const seg_node *facts, seg_node *sections)
{
    seg_text_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
                 "<title>");
    seg_html_text_cut(out, seg_node_text(seg_node_get(facts, "title"), "Customer report"), 200);
    seg_text_add(out, "</title>\n<style>");
    seg_text_add(out, style);
    seg_text_add(out, "</style>\n</head>\n<body>\n");
    add_header(out, facts);
    add_contents(out, facts, sections);
    seg_text_add(out, "<main>\n<div class=\"glance\"><h2>At a glance</h2>\n<ul>\n");
    seg_report_glance(out, facts);
    seg_text_add(out, "</ul></div>\n");
    for (size_t i = 0; i < N_SECTIONS; i++)
        if (has_facts(&sections_of[i], facts))
            add_section(out, &sections_of[i], facts);
    seg_text_add(out, "</main>\n</body>\n</html>\n");
}
