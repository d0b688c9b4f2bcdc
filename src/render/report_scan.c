/* report_scan.c: how many segments: the numbers that were tried, as lines and as a table. */
#include "render/report_parts.h"

#include <math.h>
#include <stdio.h>
#include "render/html.h"
#include "render/svg.h"

enum { MAX_TRIED = 30 };

static bool is_known(const seg_node *scan, const char *member)
{
    for (size_t i = 0; i < seg_node_count(scan) && i < MAX_TRIED; i++)
        if (isfinite(seg_report_real(seg_node_at(scan, i), member)))
            return true;
    return false;
}

/* ---- lines ---------------------------------------------------------------------------- */

enum { LEFT = 44, TOP = 14, HEIGHT = 190, BOTTOM = 44, WIDTH = 460, RIGHT = 150, APART = 15 };

typedef struct curve {
    const char *member, *label;
    uint32_t colour;
    double label_y;
} curve;

typedef struct chart {
    const seg_node *scan;
    size_t n;
    double least;             /* value at the foot; 1 is at the top */
    double x[MAX_TRIED];
} chart;

static double height_of(const chart *c, double value)
{
    if (!isfinite(value))
        return (double)NAN;
    double v = value < c->least ? c->least : value > 1 ? 1 : value;
    return TOP + HEIGHT * (1 - (v - c->least) / (1 - c->least));
}

/* A silhouette may be below 0, hardly ever far. */
static chart begin_chart(const seg_node *scan)
{
    chart c = { .scan = scan, .n = seg_node_count(scan) };
    c.n = c.n < MAX_TRIED ? c.n : MAX_TRIED;
    double step = WIDTH / (double)(c.n - 1);
    step = step < 70 ? step : 70;
    for (size_t i = 0; i < c.n; i++) {
        c.x[i] = LEFT + 14 + step * (double)i;
        if (seg_report_real(seg_node_at(scan, i), "silhouette") < 0)
            c.least = -0.25;
    }
    return c;
}

/* The number that was kept, as a band behind the lines. */
static void add_band(seg_text *out, const chart *c, int64_t kept)
{
    double width = c->x[1] - c->x[0];
    width = width < 30 ? width : 30;
    for (size_t i = 0; i < c->n; i++)
        if (seg_report_int(seg_node_at(c->scan, i), "k") == kept) {
            seg_svg_rect(out, c->x[i] - width / 2, TOP, width, HEIGHT, 0xDCEAF6);
            return;
        }
}

static void add_axes(seg_text *out, const chart *c)
{
    char label[32];
    double end = c->x[c->n - 1] + 14;
    for (double level = c->least; level <= 1; level += 0.25) {
        double y = height_of(c, level);
        seg_svg_line(out, LEFT, y, end, y, level == 0 ? 0x444444 : 0xD5D9DE);
        snprintf(label, sizeof label, "%.2f", level);
        seg_svg_text(out, LEFT - 6, y + 4, SEG_SVG_END, "s", label);
    }
    for (size_t i = 0; i < c->n; i++) {
        snprintf(label, sizeof label, "%lld",
                 (long long)seg_report_int(seg_node_at(c->scan, i), "k"));
        seg_svg_text(out, c->x[i], TOP + HEIGHT + 16, SEG_SVG_MIDDLE, c->n > 16 ? "s" : NULL,
                     label);
    }
    seg_svg_text(out, (LEFT + end) / 2, TOP + HEIGHT + 36, SEG_SVG_MIDDLE, "b",
                 "number of segments");
}

static void add_curve(seg_text *out, const chart *c, curve *line)
{
    double y[MAX_TRIED];
    for (size_t i = 0; i < c->n; i++) {
        y[i] = height_of(c, seg_report_real(seg_node_at(c->scan, i), line->member));
        if (!isnan(y[i]))
            line->label_y = y[i];
    }
    seg_svg_curve(out, c->x, y, c->n, line->colour);
}

/* Beside the ends of the lines, from the top down, each below the one before. */
static void add_labels(seg_text *out, const chart *c, curve *lines, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t j = i; j > 0 && lines[j].label_y < lines[j - 1].label_y; j--) {
            curve kept = lines[j];
            lines[j] = lines[j - 1];
            lines[j - 1] = kept;
        }
    double y = TOP - APART;
    for (size_t i = 0; i < n; i++) {
        y = lines[i].label_y > y + APART ? lines[i].label_y : y + APART;
        seg_svg_rect(out, c->x[c->n - 1] + 18, y - 3, 12, 4, lines[i].colour);
        seg_svg_text(out, c->x[c->n - 1] + 35, y + 4, SEG_SVG_START, NULL, lines[i].label);
    }
}

static void draw(seg_text *out, const seg_node *scan, int64_t kept, size_t n)
{
    curve lines[] = {
        { "silhouette", "silhouette", 0x1F5F99, 0 },
        { "stability", "found again", 0xB35806, 0 },
        { "worst_jaccard", "weakest segment", 0x542788, 0 },
        { "prediction_strength", "told by the other half", 0x1B7837, 0 },
    };
    char id[32];
    size_t n_lines = 0;
    chart c = begin_chart(scan);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (is_known(scan, lines[i].member))
            lines[n_lines++] = lines[i];
    if (n_lines == 0)
        return;
    snprintf(id, sizeof id, "scan%zu", n);
    seg_svg_begin(out, id, c.x[c.n - 1] + RIGHT + 30, TOP + HEIGHT + BOTTOM,
                  "Quality by number of segments", "One line per measure; the numbers stand in"
                  " the table below. The band is the number that was kept.");
    add_band(out, &c, kept);
    add_axes(out, &c);
    for (size_t i = 0; i < n_lines; i++)
        add_curve(out, &c, &lines[i]);
    add_labels(out, &c, lines, n_lines);
    seg_svg_end(out);
}

/* ---- the table ------------------------------------------------------------------------ */

enum { SHARE = -1, AS_IT_IS = -2, IF_ALONE = -3 };   /* IF_ALONE: without a better one */

typedef struct column {
    const char *member, *heading;
    int digits;               /* or one of these */
} column;

static void add_cell(seg_text *out, double value, int digits)
{
    if (digits == SHARE) {
        seg_html_cell_share(out, value);
    } else if (digits == AS_IT_IS) {
        seg_text_add(out, "<td class=\"n\">");
        seg_html_number(out, value);
        seg_text_add(out, "</td>");
    } else {
        seg_html_cell_fixed(out, value, digits < 0 ? 2 : digits);
    }
}

static void add_table(seg_text *out, const seg_node *scan, int64_t kept)
{
    static const column columns[] = {
        { "silhouette", "Silhouette", 2 },
        { "simplified", "Simplified silhouette", IF_ALONE },
        { "stability", "Found again", 2 },
        { "worst_jaccard", "Weakest segment", 2 },
        { "prediction_strength", "Told by other half", 2 },
        { "smallest_share", "Smallest segment", SHARE },
        { "calinski_harabasz", "Calinski-Harabasz", 0 },
        { "davies_bouldin", "Davies-Bouldin", 2 },
        { "inertia", "Inertia", AS_IT_IS },
    };
    enum { N = sizeof columns / sizeof *columns };
    const column *shown[N];
    seg_html_column heads[N + 1] = { { "Segments", false } };
    size_t n = 0;
    for (size_t i = 0; i < N; i++)
        if (is_known(scan, columns[i].member)
            && (columns[i].digits != IF_ALONE || !is_known(scan, "silhouette"))) {
            heads[n + 1] = (seg_html_column){ columns[i].heading, true };
            shown[n++] = &columns[i];
        }
    seg_html_table_begin(out, "What was measured for each number of segments", heads, n + 1);
    for (size_t i = 0; i < seg_node_count(scan) && i < MAX_TRIED; i++) {
        const seg_node *row = seg_node_at(scan, i);
        char name[48];
        snprintf(name, sizeof name, "%lld%s", (long long)seg_report_int(row, "k"),
                 seg_report_int(row, "k") == kept ? " (kept)" : "");
        seg_html_row_begin(out);
        seg_html_cell_name(out, name);
        for (size_t c = 0; c < n; c++)
            add_cell(out, seg_report_real(row, shown[c]->member), shown[c]->digits);
        seg_html_row_end(out);
    }
    seg_html_table_end(out);
    size_t all = seg_node_count(scan);
    seg_report_more(out, all > MAX_TRIED ? all - MAX_TRIED : 0, "numbers");
}

/* ---- words ---------------------------------------------------------------------------- */

static void add_words(seg_text *out, const seg_node *profile, const seg_node *scan)
{
    const char *suggestion = seg_report_string(profile, "suggestion");
    seg_report_see(out);
    seg_text_add(out, "From ");
    seg_html_count(out, seg_report_int(seg_node_at(scan, 0), "k"));
    seg_text_add(out, " to ");
    seg_html_count(out, seg_report_int(seg_node_at(scan, seg_node_count(scan) - 1), "k"));
    seg_text_add(out, " segments were tried. ");
    if (suggestion[0] != '\0') {
        seg_text_add(out, "Suggested is ");
        seg_html_text_cut(out, suggestion, 900);
        seg_text_add(out, ". ");
    }
    seg_text_add(out, "All lines are better the higher they are, 1 at best. The silhouette says"
                 " how clearly segments are apart");
    if (is_known(scan, "stability"))
        seg_text_add(out, "; found again: how far customers drawn anew fall into the same"
                     " segments");
    if (is_known(scan, "worst_jaccard"))
        seg_text_add(out, "; weakest segment: the same of the segment that keeps least");
    if (is_known(scan, "prediction_strength"))
        seg_text_add(out, "; told by the other half: how far one half of the customers predicts"
                     " who belongs together in the other");
    seg_text_add_char(out, '.');
    seg_report_act(out);
    seg_text_add(out, "Where lines are nearly level, take the number that you can serve: fewer"
                 " segments are less work. ");
    if (is_known(scan, "stability") || is_known(scan, "worst_jaccard"))
        seg_text_add(out, "Below 0.6 another sample would have given other segments: do not build"
                     " a campaign on them.");
    seg_report_words_end(out);
}

void seg_report_scan(seg_text *out, const seg_node *profile, size_t n)
{
    const seg_node *scan = seg_node_get(profile, "scan");
    int64_t kept = (int64_t)seg_node_count(seg_node_get(profile, "segments"));
    if (seg_node_count(scan) < 2)
        return;
    seg_report_heading(out, "How many segments", seg_report_string(profile, "source"));
    add_words(out, profile, scan);
    draw(out, scan, kept, n);
    add_table(out, scan, kept);
}
