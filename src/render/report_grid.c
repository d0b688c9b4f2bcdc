/* report_grid.c: recency by frequency as a heat map: how many customers stand in each cell,
 * and what they have spent. */
#include "render/report_parts.h"

#include <stdio.h>
#include <string.h>
#include "render/html.h"
#include "render/svg.h"

enum { LEFT = 120, TOP = 26, WIDTH = 104, HEIGHT = 50, BOTTOM = 44 };

static const seg_node *cell_at(const seg_node *grid, int64_t r, int64_t f)
{
    const seg_node *cells = seg_node_get(grid, "cells");
    for (size_t i = 0; i < seg_node_count(cells); i++) {
        const seg_node *cell = seg_node_at(cells, i);
        if (seg_report_int(cell, "r") == r && seg_report_int(cell, "f") == f)
            return cell;
    }
    return NULL;
}

/* A number as a label, by the functions that write numbers into the page. */
static void add_label(seg_text *out, double x, double y, const char *style, double value)
{
    seg_text label = { 0 };
    seg_html_fixed(&label, value, 0);
    seg_svg_text(out, x, y, SEG_SVG_MIDDLE, style, label.failed ? "" : label.bytes);
    out->failed |= label.failed;
    seg_text_free(&label);
}

static void add_cell(seg_text *out, const seg_node *cell, double x, double y, double largest,
                     double scale, bool money)
{
    double customers = (double)seg_report_int(cell, "customers");
    seg_svg_rect(out, x, y, WIDTH - 3, HEIGHT - 3,
                 customers > 0 ? seg_svg_sequential(customers / largest) : 0xFFFFFF);
    add_label(out, x + (WIDTH - 3) / 2.0, y + (money ? 21 : 29), "b", customers);
    if (money && customers > 0)
        add_label(out, x + (WIDTH - 3) / 2.0, y + 38, "s",
                  (double)seg_report_int(cell, "money") / scale);
}

static void add_axes(seg_text *out, int64_t levels)
{
    char label[48];
    seg_svg_text(out, 0, 14, SEG_SVG_START, "b", "Recency");
    for (int64_t i = 1; i <= levels; i++) {
        double middle = TOP + (double)(levels - i) * HEIGHT + HEIGHT / 2.0 + 4;
        snprintf(label, sizeof label, "%lld%s", (long long)i,
                 i == levels ? " most recent" : i == 1 ? " longest ago" : "");
        seg_svg_text(out, LEFT - 10, middle, SEG_SVG_END, NULL, label);
        snprintf(label, sizeof label, "%lld%s", (long long)i,
                 i == levels ? " most often" : i == 1 ? " least often" : "");
        seg_svg_text(out, LEFT + (double)(i - 1) * WIDTH + WIDTH / 2.0,
                     TOP + (double)levels * HEIGHT + 16, SEG_SVG_MIDDLE, NULL, label);
    }
    seg_svg_text(out, LEFT + (double)levels * WIDTH / 2.0, TOP + (double)levels * HEIGHT + 36,
                 SEG_SVG_MIDDLE, "b", "Frequency");
}

static void draw(seg_text *out, const seg_node *group, const seg_node *grid, size_t n)
{
    char id[32];
    int64_t levels = seg_report_int(grid, "levels");
    double scale = (double)seg_report_int(group, "scale");
    const seg_node *cells = seg_node_get(grid, "cells");
    double largest = (double)seg_report_int(seg_report_largest(cells, "customers"), "customers");
    bool money = scale > 0;
    snprintf(id, sizeof id, "grid%zu", n);
    seg_svg_begin(out, id, LEFT + (double)levels * WIDTH, TOP + (double)levels * HEIGHT + BOTTOM,
                  "Customers by recency and frequency",
                  "A grid: rows are recency scores, the most recent on top; columns are frequency"
                  " scores, the most frequent on the right. Each cell shows the number of"
                  " customers and, below it, the money they have spent.");
    for (int64_t r = 1; r <= levels; r++)
        for (int64_t f = 1; f <= levels; f++)
            add_cell(out, cell_at(grid, r, f), LEFT + (double)(f - 1) * WIDTH,
                     TOP + (double)(levels - r) * HEIGHT, largest > 0 ? largest : 1,
                     money ? scale : 1, money);
    add_axes(out, levels);
    seg_svg_end(out);
}

void seg_report_grid(seg_text *out, const seg_node *group, size_t n)
{
    const seg_node *grid = seg_node_get(group, "grid");
    int64_t levels = seg_report_int(grid, "levels");
    if (levels < 1 || levels > 10)
        return;
    seg_text_add(out, "<h3>Recency and frequency</h3>\n");
    seg_report_see(out);
    seg_text_add(out, "Every customer has a score for how recently and how often they bought; 1 is"
                 " the lowest. The darker a cell, the more customers are in it; the small number"
                 " is their money.");
    seg_report_act(out);
    seg_text_add(out, "Keep the top right, and move customers up and to the right. The bottom right"
                 " used to buy often and has stopped: win them back first. The top left is new:"
                 " help them to a second order.");
    seg_report_words_end(out);
    draw(out, group, grid, n);
}
