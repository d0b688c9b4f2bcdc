/* svg.c: drawings as text. Coordinates have one decimal, so equal input is equal bytes.
 * The colour ramps end in the light half of C. Brewer's Blues and PuOr (colorbrewer2.org):
 * text of #1a1a1a keeps a contrast of more than 6:1 on all of them (WCAG 2.1 asks 4.5:1). */
#include "render/svg.h"

#include <math.h>
#include "base/number.h"
#include "render/html.h"

static void add_number(seg_text *out, double value)
{
    char number[SEG_NUMBER_BYTES];
    double scaled = value * 10;
    seg_print_fixed(number, (int64_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5), 10);
    seg_text_add(out, number);
}

static void add_attribute(seg_text *out, const char *name, double value)
{
    seg_text_addf(out, " %s=\"", name);
    add_number(out, value);
    seg_text_add_char(out, '"');
}

void seg_svg_begin(seg_text *out, const char *id, double width, double height,
                   const char *title, const char *description)
{
    seg_text_add(out, "<svg viewBox=\"0 0 ");
    add_number(out, width);
    seg_text_add_char(out, ' ');
    add_number(out, height);
    seg_text_add(out, "\" style=\"max-width:");
    add_number(out, width);
    seg_text_addf(out, "px\" role=\"img\" aria-labelledby=\"%s-t %s-d\"><title id=\"%s-t\">", id,
                  id, id);
    seg_html_text(out, title);
    seg_text_addf(out, "</title><desc id=\"%s-d\">", id);
    seg_html_text(out, description);
    seg_text_add(out, "</desc>\n");
}

void seg_svg_end(seg_text *out)
{
    seg_text_add(out, "</svg>\n");
}

void seg_svg_rect(seg_text *out, double x, double y, double width, double height,
                  uint32_t colour)
{
    seg_text_add(out, "<rect");
    add_attribute(out, "x", x);
    add_attribute(out, "y", y);
    add_attribute(out, "width", width);
    add_attribute(out, "height", height);
    seg_text_addf(out, " fill=\"#%06x\"/>\n", (unsigned)colour);
}

void seg_svg_line(seg_text *out, double x1, double y1, double x2, double y2, uint32_t colour)
{
    seg_text_add(out, "<line");
    add_attribute(out, "x1", x1);
    add_attribute(out, "y1", y1);
    add_attribute(out, "x2", x2);
    add_attribute(out, "y2", y2);
    seg_text_addf(out, " stroke=\"#%06x\"/>\n", (unsigned)colour);
}

static void add_dot(seg_text *out, double x, double y, uint32_t colour)
{
    seg_text_add(out, "<circle");
    add_attribute(out, "cx", x);
    add_attribute(out, "cy", y);
    seg_text_addf(out, " r=\"3\" fill=\"#%06x\"/>\n", (unsigned)colour);
}

static void add_stretch(seg_text *out, const double *x, const double *y, size_t n,
                        uint32_t colour)
{
    seg_text_add(out, "<polyline points=\"");
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            seg_text_add_char(out, ' ');
        add_number(out, x[i]);
        seg_text_add_char(out, ',');
        add_number(out, y[i]);
    }
    seg_text_addf(out, "\" fill=\"none\" stroke=\"#%06x\" stroke-width=\"2\"/>\n",
                  (unsigned)colour);
}

void seg_svg_curve(seg_text *out, const double *x, const double *y, size_t n, uint32_t colour)
{
    for (size_t first = 0, end; first < n; first = end + 1) {
        for (end = first; end < n && !isnan(y[end]); end++)
            add_dot(out, x[end], y[end], colour);
        if (end > first + 1)
            add_stretch(out, x + first, y + first, end - first, colour);
    }
}

void seg_svg_text(seg_text *out, double x, double y, seg_svg_anchor anchor, const char *style,
                  const char *text)
{
    static const char *const anchors[] = { "start", "middle", "end" };
    seg_text_add(out, "<text");
    add_attribute(out, "x", x);
    add_attribute(out, "y", y);
    if (anchor != SEG_SVG_START)
        seg_text_addf(out, " text-anchor=\"%s\"", anchors[anchor]);
    if (style != NULL)
        seg_text_addf(out, " class=\"%s\"", style);
    seg_text_add_char(out, '>');
    seg_html_text(out, text);
    seg_text_add(out, "</text>\n");
}

/* ---- colours --------------------------------------------------------------------------- */

static uint32_t between(uint32_t from, uint32_t to, double share)
{
    uint32_t colour = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
        double a = (double)(from >> shift & 0xFF), b = (double)(to >> shift & 0xFF);
        colour = colour << 8 | (uint32_t)(a + (b - a) * share + 0.5);
    }
    return colour;
}

static double clamp(double x, double least, double largest)
{
    return isnan(x) ? 0 : x < least ? least : x > largest ? largest : x;
}

uint32_t seg_svg_sequential(double share)
{
    return between(0xF7FBFF, 0x6BAED6, clamp(share, 0, 1));
}

uint32_t seg_svg_diverging(double place)
{
    double x = clamp(place, -1, 1);
    return x < 0 ? between(0xFFFFFF, 0xFDB863, -x) : between(0xFFFFFF, 0x85B8DE, x);
}
