/* report_risk.c: probabilities by tenths of the customers, the riskiest first. */
#include "render/report_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "render/html.h"
#include "render/svg.h"

enum { DECILES = 10, LEFT = 44, TOP = 18, STEP = 66, BAR = 52, HEIGHT = 190, BOTTOM = 42 };

typedef struct decile {
    int64_t customers;
    double mean;         /* NaN if empty */
} decile;

static void read_deciles(const seg_node *risk, decile out[DECILES])
{
    const seg_node *rows = seg_node_get(risk, "deciles");
    for (size_t d = 0; d < DECILES; d++)
        out[d] = (decile){ .mean = (double)NAN };
    for (size_t i = 0; i < seg_node_count(rows); i++) {
        const seg_node *row = seg_node_at(rows, i);
        int64_t d = seg_report_int(row, "decile");
        if (d >= 1 && d <= DECILES)
            out[d - 1] = (decile){ seg_report_int(row, "customers"),
                                   seg_report_real(row, "mean") };
    }
}

/* ---- the drawing ----------------------------------------------------------------------- */

static void add_share_label(seg_text *out, double x, double y, seg_svg_anchor anchor,
                            const char *style, double share)
{
    seg_text label = { 0 };
    seg_html_share(&label, share);
    seg_svg_text(out, x, y, anchor, style, label.failed ? "" : label.bytes);
    out->failed |= label.failed;
    seg_text_free(&label);
}

static void add_bars(seg_text *out, const decile *deciles, double top)
{
    for (size_t d = 0; d < DECILES; d++) {
        char label[16];
        double x = LEFT + (double)d * STEP + (STEP - BAR) / 2.0;
        double height = isnan(deciles[d].mean) ? 0 : deciles[d].mean / top * HEIGHT;
        seg_svg_rect(out, x, TOP + HEIGHT - height, BAR, height, 0x6BAED6);
        if (deciles[d].customers > 0)
            add_share_label(out, x + BAR / 2.0, TOP + HEIGHT - height - 5, SEG_SVG_MIDDLE, "h",
                            deciles[d].mean);
        snprintf(label, sizeof label, "%zu", d + 1);
        seg_svg_text(out, x + BAR / 2.0, TOP + HEIGHT + 16, SEG_SVG_MIDDLE, NULL, label);
    }
}

static void draw(seg_text *out, const seg_node *risk, const decile *deciles, size_t n)
{
    char id[32];
    double mean = seg_report_real(risk, "mean"), top = mean > 0 ? mean : 1e-9;
    for (size_t d = 0; d < DECILES; d++)
        top = deciles[d].mean > top ? deciles[d].mean : top;
    double level = TOP + HEIGHT - (isnan(mean) ? 0 : mean / top * HEIGHT);
    snprintf(id, sizeof id, "risk%zu", n);
    seg_svg_begin(out, id, LEFT + DECILES * STEP + 70, TOP + HEIGHT + BOTTOM,
                  "Mean probability by decile",
                  "Ten bars, one for each tenth of the customers, the riskiest tenth on the left."
                  " A line marks the mean of all customers. The table below has the numbers.");
    seg_svg_line(out, LEFT, level, LEFT + DECILES * STEP, level, 0xB35806);
    add_bars(out, deciles, top);
    seg_svg_line(out, LEFT, TOP + HEIGHT, LEFT + DECILES * STEP, TOP + HEIGHT, 0x444444);
    seg_svg_text(out, LEFT + DECILES * STEP + 4, level + 4, SEG_SVG_START, "s", "mean of all");
    seg_svg_text(out, LEFT + DECILES * STEP / 2.0, TOP + HEIGHT + 36, SEG_SVG_MIDDLE, "b",
                 "Decile (1: highest risk)");
    seg_svg_end(out);
}

/* ---- tables ---------------------------------------------------------------------------- */

static void add_deciles(seg_text *out, const seg_node *risk, const decile *deciles)
{
    static const seg_html_column heads[] = {
        { "Decile", false }, { "Customers", true }, { "Mean probability", true },
        { "Expected to leave", true }, { "Of all expected, so far", true }, { "Lift", true },
    };
    double all = 0, so_far = 0, mean = seg_report_real(risk, "mean");
    for (size_t d = 0; d < DECILES; d++)
        all += deciles[d].customers > 0 ? deciles[d].mean * (double)deciles[d].customers : 0;
    seg_html_table_begin(out, "Lift: how many times the mean of all customers", heads, 6);
    for (size_t d = 0; d < DECILES; d++) {
        char label[16];
        double expected = deciles[d].customers > 0
                          ? deciles[d].mean * (double)deciles[d].customers : 0;
        so_far += expected;
        snprintf(label, sizeof label, "%zu", d + 1);
        seg_html_row_begin(out);
        seg_html_cell_name(out, label);
        seg_html_cell_count(out, deciles[d].customers);
        seg_html_cell_share(out, deciles[d].mean);
        seg_html_cell_fixed(out, expected, 0);
        seg_html_cell_share(out, all > 0 ? so_far / all : (double)NAN);
        seg_html_cell_fixed(out, mean > 0 ? deciles[d].mean / mean : (double)NAN, 2);
        seg_html_row_end(out);
    }
    seg_html_table_end(out);
}

static void add_counts(seg_text *out, const char *caption, const char *what, const seg_node *rows,
                       const char *member, int64_t all)
{
    const seg_html_column heads[] = {
        { what, false }, { "Customers", true }, { "Share", false },
    };
    if (seg_node_count(rows) == 0 || all <= 0)
        return;
    seg_html_table_begin(out, caption, heads, 3);
    for (size_t i = 0; i < seg_node_count(rows); i++) {
        const seg_node *row = seg_node_at(rows, i);
        int64_t customers = seg_report_int(row, "customers");
        seg_html_row_begin(out);
        seg_html_cell_name(out, seg_report_string(row, member));
        seg_html_cell_count(out, customers);
        seg_html_cell_bar(out, (double)customers / (double)all, 1);
        seg_html_row_end(out);
    }
    seg_html_table_end(out);
}

/* ---- words ----------------------------------------------------------------------------- */

static void add_words(seg_text *out, const seg_node *risk, const decile *deciles)
{
    int64_t top = deciles[0].customers + deciles[1].customers;
    double leaving = (deciles[0].customers > 0 ? deciles[0].mean * (double)deciles[0].customers : 0)
                     + (deciles[1].customers > 0
                        ? deciles[1].mean * (double)deciles[1].customers : 0);
    double mean = seg_report_real(risk, "mean");
    seg_report_see(out);
    seg_text_add(out, "Customers in order of risk, cut into ten parts. Over all of them the mean"
                 " probability is ");
    seg_html_share(out, mean);
    if (top > 0) {
        seg_text_add(out, "; in deciles 1 and 2 (");
        seg_html_count(out, top);
        seg_text_add(out, " customers) it is ");
        seg_html_share(out, leaving / (double)top);
    }
    seg_text_add(out, ". Customers with equal probability stay together, so deciles differ in size"
                 " and may be empty.");
    seg_report_act(out);
    seg_text_add(out, "Start at decile 1 and go down as far as the budget for keeping customers"
                 " goes. The reasons say what to talk about. Leave the low deciles alone: an"
                 " offer there costs money and keeps nobody.");
    seg_report_words_end(out);
}

void seg_report_risk(seg_text *out, const seg_node *risk, size_t n)
{
    decile deciles[DECILES];
    read_deciles(risk, deciles);
    seg_text_add(out, "<h3>Probability: ");
    seg_html_text_cut(out, seg_report_string(risk, "what"), 60);
    seg_text_add(out, " <span class=\"small\">from ");
    seg_html_text_cut(out, seg_report_string(risk, "source"), 80);
    seg_text_add(out, "</span></h3>\n");
    add_words(out, risk, deciles);
    draw(out, risk, deciles, n);
    add_deciles(out, risk, deciles);
    add_counts(out, "Customers by band of risk", "Band", seg_node_get(risk, "bands"), "name",
               seg_report_int(risk, "customers"));
    add_counts(out, "What raises the risk most, for customers in deciles 1 and 2", "Reason",
               seg_node_get(risk, "reasons"), "reason", seg_report_int(risk, "high"));
}
