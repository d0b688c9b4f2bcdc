/* html.c: one escape function for everything that comes from data: segment names, item
 * names and categories are written by strangers. */
#include "render/html.h"

#include <math.h>
#include <string.h>
#include "base/number.h"

#define NO_CHARACTER "\xEF\xBF\xBD"   /* U+FFFD */
#define DASH "\xE2\x80\x93"
#define MINUS "\xE2\x88\x92"
#define ELLIPSIS "\xE2\x80\xA6"

/* ---- text ------------------------------------------------------------------------------ */

/* Characters that are not shown but change how the rest of the line reads: embeddings,
 * overrides and isolates (U+202A .. U+202E, U+2066 .. U+2069), and the non-characters
 * U+FFFE and U+FFFF that XML refuses. */
static bool is_trick(const unsigned char *s, size_t n)
{
    if (n != 3)
        return false;
    return (s[0] == 0xE2 && s[1] == 0x80 && s[2] >= 0xAA && s[2] <= 0xAE)
           || (s[0] == 0xE2 && s[1] == 0x81 && s[2] >= 0xA6 && s[2] <= 0xA9)
           || (s[0] == 0xEF && s[1] == 0xBF && s[2] >= 0xBE);
}

static bool is_control(const unsigned char *s, size_t n)
{
    return (n == 1 && (s[0] < 0x20 || s[0] == 0x7F)) || (n == 2 && s[0] == 0xC2 && s[1] < 0xA0);
}

/* Bytes of the character at s, or 0 if it is malformed. */
static size_t character_bytes(const char *s, size_t n)
{
    for (size_t length = 1; length <= 4 && length <= n; length++)
        if (seg_utf8_check(s, length) == length)
            return length;
    return 0;
}

static void add_escaped(seg_text *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t length = character_bytes(s + i, n - i);
        const unsigned char *c = (const unsigned char *)s + i;
        if (length == 0 || is_control(c, length) || is_trick(c, length))
            seg_text_add(out, NO_CHARACTER);
        else if (*c == '&')
            seg_text_add(out, "&amp;");
        else if (*c == '<')
            seg_text_add(out, "&lt;");
        else if (*c == '>')
            seg_text_add(out, "&gt;");
        else if (*c == '"')
            seg_text_add(out, "&quot;");
        else if (*c == '\'')
            seg_text_add(out, "&#39;");
        else
            seg_text_add_n(out, s + i, length);
        i += length == 0 ? 1 : length;
    }
}

void seg_html_text(seg_text *out, const char *s)
{
    if (s != NULL)
        add_escaped(out, s, strlen(s));
}

void seg_html_text_cut(seg_text *out, const char *s, size_t n_max)
{
    size_t n = s == NULL ? 0 : strlen(s);
    if (n <= n_max) {
        add_escaped(out, s, n);
        return;
    }
    add_escaped(out, s, seg_utf8_cut(s, n, n_max));
    seg_text_add(out, ELLIPSIS);
}

/* ---- numbers --------------------------------------------------------------------------- */

void seg_html_count(seg_text *out, int64_t value)
{
    char digits[32];
    seg_text_add(out, seg_group_digits(digits, value));
}

void seg_html_fixed(seg_text *out, double value, int digits)
{
    static const int64_t tens[] = { 1, 10, 100, 1000 };
    double size = fabs(value);
    if (isnan(value)) {
        seg_text_add(out, DASH);
    } else if (size >= 1e15) {
        seg_text_add_f64(out, value);
    } else {
        int64_t scaled = (int64_t)(size * (double)tens[digits] + 0.5);
        if (value < 0 && scaled > 0)
            seg_text_add(out, MINUS);
        seg_html_count(out, scaled / tens[digits]);
        if (digits > 0)
            seg_text_addf(out, ".%0*d", digits, (int)(scaled % tens[digits]));
    }
}

void seg_html_number(seg_text *out, double value)
{
    double size = fabs(value);
    if (size > 0 && size < 0.0005)
        seg_text_add(out, value < 0 ? "&gt; " MINUS "0.001" : "&lt; 0.001");
    else
        seg_html_fixed(out, value, size == 0 || size >= 100 ? 0 : size >= 10 ? 1
                                   : size >= 1 ? 2 : 3);
}

void seg_html_share(seg_text *out, double share)
{
    seg_html_fixed(out, share * 100, 1);
    if (!isnan(share))
        seg_text_add(out, "\xC2\xA0%");
}

/* ---- tables ---------------------------------------------------------------------------- */

enum { HEAD_BYTES = 48 };

/* A line may end after an underscore: names of columns are long, their numbers short. */
static void add_head(seg_text *out, const char *name)
{
    size_t all = strlen(name), n = seg_utf8_cut(name, all, HEAD_BYTES);
    for (size_t i = 0; i < n;) {
        size_t start = i;
        while (i < n && name[i++] != '_')
            continue;
        add_escaped(out, name + start, i - start);
        if (i < n)
            seg_text_add(out, "<wbr/>");
    }
    if (n < all)
        seg_text_add(out, ELLIPSIS);
}

void seg_html_table_begin(seg_text *out, const char *caption, const seg_html_column *columns,
                          size_t n)
{
    seg_text_add(out, "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"");
    seg_html_text(out, caption);
    seg_text_add(out, "\"><table>\n<caption>");
    seg_html_text(out, caption);
    seg_text_add(out, "</caption>\n<thead><tr>");
    for (size_t c = 0; c < n; c++) {
        seg_text_addf(out, "<th scope=\"col\"%s>", columns[c].number ? " class=\"n\"" : "");
        add_head(out, columns[c].name);
        seg_text_add(out, "</th>");
    }
    seg_text_add(out, "</tr></thead>\n<tbody>\n");
}

void seg_html_table_end(seg_text *out)
{
    seg_text_add(out, "</tbody></table></div>\n");
}

void seg_html_row_begin(seg_text *out) { seg_text_add(out, "<tr>"); }
void seg_html_row_end(seg_text *out) { seg_text_add(out, "</tr>\n"); }

enum { CELL_BYTES = 160, LONG_NAME = 32 };

void seg_html_cell_name(seg_text *out, const char *name)
{
    bool is_long = name != NULL && strlen(name) > LONG_NAME;
    seg_text_add(out, is_long ? "<th scope=\"row\" class=\"long\">" : "<th scope=\"row\">");
    seg_html_text_cut(out, name, CELL_BYTES);
    seg_text_add(out, "</th>");
}

void seg_html_cell_text(seg_text *out, const char *text)
{
    seg_text_add(out, "<td class=\"t\">");
    seg_html_text_cut(out, text, CELL_BYTES);
    seg_text_add(out, "</td>");
}

void seg_html_cell_count(seg_text *out, int64_t value)
{
    seg_text_add(out, "<td class=\"n\">");
    seg_html_count(out, value);
    seg_text_add(out, "</td>");
}

void seg_html_cell_fixed(seg_text *out, double value, int digits)
{
    seg_text_add(out, "<td class=\"n\">");
    seg_html_fixed(out, value, digits);
    seg_text_add(out, "</td>");
}

void seg_html_cell_share(seg_text *out, double share)
{
    seg_text_add(out, "<td class=\"n\">");
    seg_html_share(out, share);
    seg_text_add(out, "</td>");
}

void seg_html_cell_bar(seg_text *out, double share, double full)
{
    char width[SEG_NUMBER_BYTES];
    double part = full > 0 && share > 0 ? share / full : 0;
    seg_print_fixed(width, (int64_t)((part < 1 ? part : 1) * 1000 + 0.5), 10);
    seg_text_addf(out, "<td class=\"bar\"><i style=\"width:%s%%\"></i><span>", width);
    seg_html_share(out, share);
    seg_text_add(out, "</span></td>");
}
