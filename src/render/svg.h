/* svg.h: small drawings that stand in a page: rectangles, lines, texts, colours. Every
 * drawing has a title and a description for those who do not see it. */
#ifndef SEGMILL_RENDER_SVG_H
#define SEGMILL_RENDER_SVG_H

#include <stdint.h>
#include "base/text.h"

/* `id` is unique in the page, of letters and digits; title and description are escaped.
 * The drawing is width x height units and as wide as there is room, at most 1:1. */
void seg_svg_begin(seg_text *out, const char *id, double width, double height,
                   const char *title, const char *description);
void seg_svg_end(seg_text *out);

/* 0xRRGGBB. */
void seg_svg_rect(seg_text *out, double x, double y, double width, double height,
                  uint32_t colour);
void seg_svg_line(seg_text *out, double x1, double y1, double x2, double y2, uint32_t colour);
/* A line through n points, and a dot on each; a NaN interrupts it. */
void seg_svg_curve(seg_text *out, const double *x, const double *y, size_t n, uint32_t colour);

typedef enum seg_svg_anchor { SEG_SVG_START, SEG_SVG_MIDDLE, SEG_SVG_END } seg_svg_anchor;
/* Baseline at y; style: a class of the page's style sheet, or null. Escaped. */
void seg_svg_text(seg_text *out, double x, double y, seg_svg_anchor anchor, const char *style,
                  const char *text);

/* Colours that dark text can be read on, told apart by people who do not see red or green:
 * white to blue for 0 .. 1; orange to white to blue for -1 .. 1. */
uint32_t seg_svg_sequential(double share);
uint32_t seg_svg_diverging(double place);

#endif
