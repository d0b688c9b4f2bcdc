/* inspect_table.c: tables for people: as wide as the screen, what matters least is left out
 * first. */
#include "jobs/inspect_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/doc_tree.h"
#include "base/try.h"
#include "jobs/inspect_parts.h"

enum { SHOWN = 40, CELL = SEG_PAGE_CELL };

/* One column of a table on the screen. rank: the largest is left out first; 0 never is. */
typedef struct field {
    const char *title;
    void (*print)(char out[CELL], const seg_node *row, const seg_page *p);
    int rank;
    bool right;
} field;

/* ---- cells ---------------------------------------------------------------------------------- */

static bool is_warned(const seg_node *row)
{
    return seg_node_int(seg_node_member(row, "warnings"), 0) > 0;
}

void seg_page_cut(char out[CELL], const char *text, size_t most, const seg_page *p)
{
    size_t n = strlen(text);
    if (seg_utf8_length(text, n) <= most) {
        snprintf(out, CELL, "%s", text);
    } else {
        size_t end = 0;
        for (size_t points = 0; end < n; end++)
            if (((unsigned char)text[end] & 0xc0) != 0x80 && points++ == most - 1)
                break;
        snprintf(out, CELL, "%.*s%s", (int)(end < CELL - 8 ? end : CELL - 8), text,
                 p->screen->utf8 ? "…" : "~");
    }
    seg_text_one_line(out);
}

static void print_name(char out[CELL], const seg_node *row, const seg_page *p)
{
    seg_page_cut(out, seg_node_text(seg_node_member(row, "name"), ""), SEG_PAGE_NAME, p);
}

static void print_mark(char out[CELL], const seg_node *row, const seg_page *p)
{
    (void)p;
    snprintf(out, CELL, "%s", is_warned(row) ? "!" : "");
}

void seg_page_share(char out[CELL], double share)
{
    if (share <= 0)
        snprintf(out, CELL, "0");
    else if (share < 0.001)
        snprintf(out, CELL, "<0.1%%");
    else
        snprintf(out, CELL, "%.*f%%", share < 0.0995 ? 1 : 0,
                 100 * (share > 0.99 && share < 1 ? 0.99 : share));
}

static void print_missing(char out[CELL], const seg_node *row, const seg_page *p)
{
    int64_t n = seg_node_int(seg_node_member(row, "missing"), 0);
    seg_page_share(out, p->n_rows > 0 ? (double)n / (double)p->n_rows : 0);
}

static void print_missing_rows(char out[CELL], const seg_node *row, const seg_page *p)
{
    (void)p;
    snprintf(out, CELL, "%lld", (long long)seg_node_int(seg_node_member(row, "missing"), 0));
}

void seg_page_distinct(char out[CELL], const seg_node *row, const seg_page *p)
{
    const seg_node *exact = seg_node_member(row, "distinct_exact");
    double n = seg_node_real(seg_node_member(row, "distinct"), 0);
    char digits[32];
    (void)p;
    if (exact == NULL || seg_node_type(exact) != SEG_DOC_BOOL || exact->whole != 0) {
        snprintf(out, CELL, "%.0f", n);
        return;
    }
    /* Three digits are as many as an estimate has. */
    double unit = n >= 1000 ? pow(10, floor(log10(n)) - 2) : 1;
    snprintf(out, CELL, "~%s", seg_group_digits(digits, (int64_t)(round(n / unit) * unit)));
}

static void print_value(char out[CELL], const seg_node *value)
{
    char text[SEG_LOOK_BYTES];
    if (seg_node_type(value) == SEG_DOC_TEXT)
        snprintf(out, CELL, "%.10s", value->text);   /* a date: its day */
    else
        snprintf(out, CELL, "%s", seg_look_number(text, seg_node_real(value, (double)NAN)));
}

#define PRINT_MEMBER(name)                                                               \
    static void print_##name(char out[CELL], const seg_node *row, const seg_page *p)     \
    {                                                                                    \
        (void)p;                                                                         \
        print_value(out, seg_node_member(row, #name));                                   \
    }
PRINT_MEMBER(min)
PRINT_MEMBER(p1)
PRINT_MEMBER(p25)
PRINT_MEMBER(p50)
PRINT_MEMBER(p75)
PRINT_MEMBER(p99)
PRINT_MEMBER(max)
PRINT_MEMBER(mean)
PRINT_MEMBER(std)
PRINT_MEMBER(zeros)

static void print_type(char out[CELL], const seg_node *row, const seg_page *p)
{
    (void)p;
    snprintf(out, CELL, "%s", seg_node_text(seg_node_member(row, "type"), ""));
}

static void print_histogram(char out[CELL], const seg_node *row, const seg_page *p)
{
    static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
    static const char *const plain[] = { " ", ".", ":", "-", "=", "+", "*", "#", "@" };
    const seg_node *counts = seg_node_get(row, "histogram.counts");
    int64_t most = 0;
    size_t n = seg_node_count(counts), used = 0;
    out[0] = '\0';
    for (size_t b = 0; b < n; b++) {
        int64_t count = seg_node_int(seg_node_at(counts, b), 0);
        most = count > most ? count : most;
    }
    for (size_t b = 0; b < n && most > 0; b++) {
        int64_t count = seg_node_int(seg_node_at(counts, b), 0);
        size_t height = (size_t)((count * 8 + most - 1) / most);   /* one row is seen */
        used += (size_t)snprintf(out + used, CELL - used, "%s",
                                 p->screen->utf8 ? blocks[height] : plain[height]);
    }
}

void seg_page_commonest(char out[CELL], const seg_node *row, const seg_page *p)
{
    const seg_node *top = seg_node_member(row, "top");
    size_t used = 0, n = seg_node_count(top);
    int64_t there = p->n_rows - seg_node_int(seg_node_member(row, "missing"), 0);
    out[0] = '\0';
    if (top == NULL)
        snprintf(out, CELL, "(not shown)");
    for (size_t i = 0; i < n; i++) {
        char one[CELL], level[CELL], share[CELL];
        int64_t count = seg_node_int(seg_node_member(seg_node_at(top, i), "count"), 0);
        seg_page_cut(level, seg_node_text(seg_node_member(seg_node_at(top, i), "level"), ""), 24,
                     p);
        seg_page_share(share, there > 0 ? (double)count / (double)there : 0);
        int more = snprintf(one, sizeof one, "%s%s %lld (%s)", i == 0 ? "" : ", ", level,
                            (long long)count, share);
        size_t room = p->screen->width > 45 ? p->screen->width - 45 : 20;
        if (i > 0 && (used + (size_t)more >= CELL
                      || seg_utf8_length(out, used) + seg_utf8_length(one, (size_t)more) > room))
            break;
        used += (size_t)snprintf(out + used, CELL - used, "%s", one);
    }
}

/* ---- tables --------------------------------------------------------------------------------- */

static const field number_fields[] = {
    { " ", print_mark, 0, false },        { "name", print_name, 0, false },
    { "missing", print_missing, 0, true }, { "rows", print_missing_rows, 9, true },
    { "distinct", seg_page_distinct, 2, true }, { "min", print_min, 0, true },
    { "p1", print_p1, 7, true },         { "p25", print_p25, 5, true },
    { "median", print_p50, 0, true },    { "p75", print_p75, 5, true },
    { "p99", print_p99, 7, true },       { "max", print_max, 0, true },
    { "mean", print_mean, 1, true },     { "sd", print_std, 4, true },
    { "zeros", print_zeros, 8, true },   { "from p1 to p99", print_histogram, 0, false },
    { .title = NULL },
};

static const field date_fields[] = {
    { " ", print_mark, 0, false },        { "name", print_name, 0, false },
    { "missing", print_missing, 0, true }, { "rows", print_missing_rows, 9, true },
    { "distinct", seg_page_distinct, 2, true }, { "first", print_min, 0, true },
    { "p25", print_p25, 5, true },       { "median", print_p50, 3, true },
    { "p75", print_p75, 5, true },       { "last", print_max, 0, true },
    { "from p1 to p99", print_histogram, 0, false },
    { .title = NULL },
};

static const field category_fields[] = {
    { " ", print_mark, 0, false },        { "name", print_name, 0, false },
    { "missing", print_missing, 0, true }, { "rows", print_missing_rows, 9, true },
    { "levels", seg_page_distinct, 0, true }, { "commonest", seg_page_commonest, 0, false },
    { .title = NULL },
};

static const field text_fields[] = {
    { " ", print_mark, 0, false },        { "name", print_name, 0, false },
    { "type", print_type, 0, false },
    { "missing", print_missing, 0, true }, { "rows", print_missing_rows, 9, true },
    { "distinct", seg_page_distinct, 0, true },
    { .title = NULL },
};

static const field *const tables[SEG_PAGE_TABLES] = {
    [SEG_PAGE_NUMBERS] = number_fields, [SEG_PAGE_CATEGORIES] = category_fields,
    [SEG_PAGE_DATES] = date_fields, [SEG_PAGE_TEXTS] = text_fields,
};

enum { MAX_FIELDS = 20 };

typedef struct grid {
    const field *fields;
    size_t n_fields, n_rows, widths[MAX_FIELDS];
    bool shown[MAX_FIELDS];
    seg_text cells;              /* one after the other, each with its final null */
    size_t *starts;              /* n_rows x n_fields */
} grid;

static const char *cell_of(const grid *g, size_t row, size_t f)
{
    return g->cells.bytes + g->starts[row * g->n_fields + f];
}

size_t seg_page_width(const char *text)
{
    return seg_utf8_length(text, strlen(text));
}

static size_t total_width(const grid *g)
{
    size_t total = 0;
    for (size_t f = 0; f < g->n_fields; f++)
        total += g->shown[f] ? g->widths[f] + 2 : 0;
    return total;
}

/* Leaves out fields of the largest rank until the rest fits. */
static void fit(grid *g, size_t width)
{
    for (int rank = 9; rank > 0 && total_width(g) > width; rank--)
        for (size_t f = 0; f < g->n_fields; f++)
            g->shown[f] = g->shown[f] && g->fields[f].rank != rank;
}

static void put_line(const seg_page *p, const grid *g, size_t row, bool title)
{
    size_t blanks = 0;   /* due before the next text: none are left at the end of a line */
    for (size_t f = 0; f < g->n_fields; f++) {
        if (!g->shown[f])
            continue;
        const char *text = title ? g->fields[f].title : cell_of(g, row, f);
        size_t rest = g->widths[f] - seg_page_width(text);
        bool empty = text[strspn(text, " ")] == '\0';
        if (!empty)
            seg_text_addf(p->out, "%*s%s", (int)(blanks + (g->fields[f].right ? rest : 0)), "",
                          text);
        blanks = empty ? blanks + g->widths[f] : g->fields[f].right ? 0 : rest;
        blanks += f == 0 ? 1 : 2;
    }
    seg_text_add_char(p->out, '\n');
}

static void fill(grid *g, const seg_page *p, const seg_node *const *rows)
{
    for (size_t f = 0; f < g->n_fields; f++) {
        g->shown[f] = true;
        g->widths[f] = seg_page_width(g->fields[f].title);
    }
    for (size_t r = 0; r < g->n_rows; r++)
        for (size_t f = 0; f < g->n_fields; f++) {
            char cell[CELL];
            g->fields[f].print(cell, rows[r], p);
            size_t w = seg_page_width(cell);
            g->widths[f] = w > g->widths[f] ? w : g->widths[f];
            g->starts[r * g->n_fields + f] = g->cells.n;
            seg_text_add_n(&g->cells, cell, strlen(cell) + 1);
        }
}

/* The rows that are shown, in order; those with warnings first if not all of them fit. */
static size_t choose(const seg_page *p, const seg_node *const *rows, size_t n, const seg_node **out)
{
    size_t most = p->all || n <= SHOWN ? n : SHOWN, taken = 0;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < n && taken < most; i++)
            if ((most == n || is_warned(rows[i])) == (pass == 0))
                out[taken++] = rows[i];
    return taken;
}

seg_status seg_page_put_table(const seg_page *p, const char *title, seg_page_table table,
                              const seg_node *const *rows, size_t n, seg_error *err)
{
    seg_status st = SEG_OK;
    grid g = { .fields = tables[table] };
    const seg_node **chosen = NULL;
    char digits[32];
    if (n == 0)
        return SEG_OK;
    while (g.fields[g.n_fields].title != NULL)
        g.n_fields++;
    TRY(SEG_ALLOC(&chosen, n, "the table", err));
    g.n_rows = choose(p, rows, n, chosen);
    TRY(SEG_ALLOC(&g.starts, g.n_rows * g.n_fields, "the table", err));
    fill(&g, p, chosen);
    TRY(seg_text_status(&g.cells, err));
    fit(&g, p->screen->width);
    seg_text_addf(p->out, "\n%s\n", title);
    put_line(p, &g, 0, true);
    for (size_t r = 0; r < g.n_rows; r++)
        put_line(p, &g, r, false);
    if (g.n_rows < n)
        seg_text_addf(p->out, "  ... and %s more (--all shows them, --json tells everything)\n",
                      seg_group_digits(digits, (int64_t)(n - g.n_rows)));

done:
    seg_text_free(&g.cells);
    seg_free(g.starts);
    seg_free(chosen);
    return st;
}
