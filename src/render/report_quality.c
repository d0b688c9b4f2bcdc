/* report_quality.c: how good the probabilities of a model are: in words, whom they find
 * first, and how true they are. */
#include "render/report_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "render/html.h"
#include "render/svg.h"

enum { MAX_POINTS = 10, SIDE = 240, TOP = 26, LEFT = 52, APART = 110, BOTTOM = 44 };

/* ---- words ----------------------------------------------------------------------------- */

static void add_ranking(seg_text *out, const seg_node *quality)
{
    const seg_node *ci = seg_node_get(quality, "auc_ci");
    double lift = seg_report_real(quality, "lift_top_decile");
    bool held_out = strcmp(seg_report_string(quality, "on"), "cv") == 0;
    seg_text_add(out, "<p>How good it is: AUC ");
    seg_html_fixed(out, seg_report_real(quality, "auc"), 3);
    if (seg_node_count(ci) == 2) {
        seg_text_add(out, " (95\xC2\xA0% interval ");
        seg_html_fixed(out, seg_node_real(seg_node_at(ci, 0), (double)NAN), 3);
        seg_text_add(out, " to ");
        seg_html_fixed(out, seg_node_real(seg_node_at(ci, 1), (double)NAN), 3);
        seg_text_add_char(out, ')');
    }
    seg_text_add(out, "; 0.5 is guessing, 1 is perfect.");
    if (!isnan(lift)) {
        seg_text_add(out, " In the riskiest tenth there were ");
        seg_html_fixed(out, lift, 1);
        seg_text_add(out, " times as many as in a tenth drawn by lot.");
    }
    seg_text_add(out, held_out ? " Measured on customers that were held out (cross-validation)."
                               : " Measured on the customers it was trained with: expect less on"
                                 " new ones; train with --cv to know.");
    seg_text_add(out, "</p>\n");
}

static void add_money(seg_text *out, const seg_node *profit)
{
    double max = seg_report_real(profit, "max");
    int64_t customers = seg_report_int(profit, "customers");
    if (!(max > 0) || customers <= 0) {
        seg_text_add(out, "<p>Money: at the value and the costs given in training no call pays."
                          "</p>\n");
        return;
    }
    seg_text_add(out, "<p>Money: calling the <b>");
    seg_html_count(out, customers);
    seg_text_add(out, " customers</b> with a probability of at least ");
    seg_html_share(out, seg_report_real(profit, "threshold"));
    seg_text_add(out, " earns the most: <b>");
    seg_html_fixed(out, max, 2);
    seg_text_add(out, "</b>, at the value and the costs given in training; that is ");
    seg_html_fixed(out, seg_report_real(profit, "per_customer"), 2);
    seg_text_add(out, " for every customer there is, called or not.</p>\n");
}

/* ---- drawings -------------------------------------------------------------------------- */

typedef struct panel {
    double left, top_value;   /* where it begins; what its upper and right edges stand for */
    const char *across, *up;
} panel;

static double place(const panel *p, double value)
{
    return value < 0 ? 0 : value > p->top_value ? SIDE : value / p->top_value * SIDE;
}

static void add_frame(seg_text *out, const panel *p)
{
    char label[16];
    double right = p->left + SIDE, foot = TOP + SIDE;
    seg_svg_line(out, p->left, foot, right, TOP, 0xB35806);
    for (int k = 0; k <= 2; k++) {
        double at = k * SIDE / 2.0;
        snprintf(label, sizeof label, "%.3g%%", 50 * k * p->top_value);
        seg_svg_text(out, p->left + at, foot + 16, SEG_SVG_MIDDLE, "s", label);
        seg_svg_text(out, p->left - 6, foot - at + 4, SEG_SVG_END, "s", label);
        seg_svg_line(out, p->left, foot - at, right, foot - at, k == 0 ? 0x444444 : 0xD5D9DE);
    }
    seg_svg_line(out, p->left, TOP, p->left, foot, 0x444444);
    seg_svg_text(out, p->left + SIDE / 2.0, foot + 36, SEG_SVG_MIDDLE, "b", p->across);
    seg_svg_text(out, p->left - LEFT + 8, TOP - 10, SEG_SVG_START, "b", p->up);
}

static void add_points(seg_text *out, const panel *p, const double *x, const double *y, size_t n)
{
    double across[MAX_POINTS + 1], up[MAX_POINTS + 1];
    size_t shown = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i]) || !isfinite(y[i]))
            continue;
        across[shown] = p->left + place(p, x[i]);
        up[shown++] = TOP + SIDE - place(p, y[i]);
    }
    add_frame(out, p);
    seg_svg_curve(out, across, up, shown, 0x2171B5);
}

static size_t rows_of(const seg_node *array)
{
    size_t n = seg_node_count(array);
    return n < MAX_POINTS ? n : MAX_POINTS;
}

static void draw_gain(seg_text *out, const seg_node *deciles)
{
    const panel p = { LEFT, 1, "Customers called, riskiest first", "Of all positives" };
    double x[MAX_POINTS + 1] = { 0 }, y[MAX_POINTS + 1] = { 0 }, all = 0, so_far = 0;
    size_t n = rows_of(deciles);
    for (size_t i = 0; i < n; i++)
        all += seg_report_real(seg_node_at(deciles, i), "rows");
    for (size_t i = 0; i < n; i++) {
        so_far += seg_report_real(seg_node_at(deciles, i), "rows");
        x[i + 1] = so_far / all;
        y[i + 1] = seg_report_real(seg_node_at(deciles, i), "captured");
    }
    add_points(out, &p, x, y, n + 1);
}

/* Probabilities may all be small: the edge is the least of these that holds them. */
static void draw_reliability(seg_text *out, const seg_node *bins)
{
    static const double edges[] = { 0.02, 0.05, 0.1, 0.2, 0.5, 1 };
    panel p = { LEFT + SIDE + APART, 1, "Probability, mean of a group", "Share found" };
    double x[MAX_POINTS], y[MAX_POINTS], most = 0;
    size_t n = rows_of(bins), edge = 0;
    for (size_t i = 0; i < n; i++) {
        x[i] = seg_report_real(seg_node_at(bins, i), "mean_score");
        y[i] = seg_report_real(seg_node_at(bins, i), "share");
        most = fmax(most, fmax(x[i], y[i]));
    }
    while (edges[edge] < 1 && edges[edge] < most)
        edge++;
    p.top_value = edges[edge];
    add_points(out, &p, x, y, n);
}

static void draw(seg_text *out, const seg_node *deciles, const seg_node *bins, size_t n)
{
    char id[40];
    snprintf(id, sizeof id, "quality%zu", n);
    seg_svg_begin(out, id, LEFT + 2 * SIDE + APART + 24, TOP + SIDE + BOTTOM,
                  "Whom the model finds first, and how true its probabilities are",
                  "Two lines. Left: the share of all positives among the customers called, the"
                  " riskiest first; the slanted line is a draw by lot. Right: the share of"
                  " positives in groups of customers against the probability they were given;"
                  " on the slanted line the two are equal. The tables below have the numbers.");
    draw_gain(out, deciles);
    draw_reliability(out, bins);
    seg_svg_end(out);
}

/* ---- tables ---------------------------------------------------------------------------- */

static void add_gain(seg_text *out, const seg_node *deciles)
{
    static const seg_html_column heads[] = {
        { "Decile", false }, { "Customers", true }, { "Positive", true }, { "Share", true },
        { "Lift", true }, { "Of all positives, so far", true },
    };
    seg_html_table_begin(out, "Whom it finds first: tenths of the customers by probability,"
                              " the riskiest first", heads, 6);
    for (size_t i = 0; i < rows_of(deciles); i++) {
        const seg_node *row = seg_node_at(deciles, i);
        char label[32];
        snprintf(label, sizeof label, "%lld", (long long)seg_report_int(row, "decile"));
        seg_html_row_begin(out);
        seg_html_cell_name(out, label);
        seg_html_cell_count(out, seg_report_int(row, "rows"));
        seg_html_cell_count(out, seg_report_int(row, "positives"));
        seg_html_cell_share(out, seg_report_real(row, "rate"));
        seg_html_cell_fixed(out, seg_report_real(row, "lift"), 2);
        seg_html_cell_share(out, seg_report_real(row, "captured"));
        seg_html_row_end(out);
    }
    seg_html_table_end(out);
}

static void add_reliability(seg_text *out, const seg_node *bins)
{
    static const seg_html_column heads[] = {
        { "Mean probability", true }, { "Share found", true }, { "Customers", true },
    };
    seg_html_table_begin(out, "How true the probabilities are: groups of customers with like"
                              " probabilities", heads, 3);
    for (size_t i = 0; i < rows_of(bins); i++) {
        const seg_node *row = seg_node_at(bins, i);
        seg_html_row_begin(out);
        seg_html_cell_share(out, seg_report_real(row, "mean_score"));
        seg_html_cell_share(out, seg_report_real(row, "share"));
        seg_html_cell_count(out, seg_report_int(row, "rows"));
        seg_html_row_end(out);
    }
    seg_html_table_end(out);
}

void seg_report_quality(seg_text *out, const seg_node *quality, size_t n)
{
    const seg_node *deciles = seg_node_get(quality, "deciles");
    const seg_node *bins = seg_node_get(quality, "reliability");
    const seg_node *profit = seg_node_get(quality, "profit");
    if (isnan(seg_report_real(quality, "auc")))
        return;
    add_ranking(out, quality);
    if (profit != NULL)
        add_money(out, profit);
    if (seg_node_count(deciles) == 0 || seg_node_count(bins) == 0)
        return;
    draw(out, deciles, bins, n);
    add_gain(out, deciles);
    add_reliability(out, bins);
}
