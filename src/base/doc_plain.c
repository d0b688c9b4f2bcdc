/* doc_plain.c: a tree for people: "name  value" lines, arrays of objects as tables. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/doc_tree.h"
#include "base/number.h"

enum { INDENT = 2, MAX_COLUMNS = 24, MAX_ROWS = 60 };

/* Names and categories come from files: none may forge a line or speak to the terminal. */
static void add_words(seg_text *out, const char *words)
{
    size_t start = out->n;
    seg_text_add(out, words);
    if (!out->failed)
        seg_text_one_line(out->bytes + start);
}

/* Numbers of people: at most 6 significant digits behind large values, names with
 * blanks instead of underscores. */
static void add_scalar(seg_text *out, const seg_node *node)
{
    switch (seg_node_type(node)) {
    case SEG_DOC_NULL:
        seg_text_add_char(out, '-');
        break;
    case SEG_DOC_BOOL:
        seg_text_add(out, node->whole ? "yes" : "no");
        break;
    case SEG_DOC_INT:
        seg_text_add_i64(out, node->whole);
        break;
    case SEG_DOC_REAL:
        if (fabs(node->real) >= 1e15 || (node->real != 0 && fabs(node->real) < 1e-4))
            seg_text_addf(out, "%.6g", node->real);
        else if (fabs(node->real) >= 1000)
            seg_text_addf(out, "%.2f", node->real);
        else
            seg_text_addf(out, "%.4f", node->real);
        break;
    case SEG_DOC_TEXT:
        add_words(out, node->text);
        break;
    case SEG_DOC_ARRAY:
    case SEG_DOC_OBJECT:
        seg_text_addf(out, "(%zu)", node->n);
        break;
    }
}

static void add_pad(seg_text *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        seg_text_add_char(out, ' ');
}

static size_t shown_width(const seg_node *node)
{
    seg_text text = { 0 };
    add_scalar(&text, node);
    size_t n = text.bytes == NULL ? 0 : seg_utf8_length(text.bytes, text.n);
    seg_text_free(&text);
    return n;
}

static size_t width_of(const char *text)
{
    return seg_utf8_length(text, strlen(text));
}

static bool is_number(const seg_node *node)
{
    seg_doc_type type = seg_node_type(node);
    return type == SEG_DOC_INT || type == SEG_DOC_REAL || type == SEG_DOC_NULL;
}

static void add_cell(seg_text *out, const seg_node *node, size_t width, bool last)
{
    size_t own = shown_width(node);
    size_t pad = own < width ? width - own : 0;
    if (is_number(node)) {
        add_pad(out, pad);
        add_scalar(out, node);
    } else {
        add_scalar(out, node);
        add_pad(out, last ? 0 : pad);
    }
    seg_text_add(out, last ? "\n" : "  ");
}

/* A line for each: notes, names of several words. */
static void add_lines(seg_text *out, const seg_node *array, size_t indent)
{
    size_t rows = array->n < MAX_ROWS ? array->n : MAX_ROWS;
    for (size_t i = 0; i < rows; i++) {
        add_pad(out, indent);
        add_scalar(out, array->children[i]);
        seg_text_add_char(out, '\n');
    }
    if (rows < array->n) {
        add_pad(out, indent);
        seg_text_addf(out, "... and %zu more\n", array->n - rows);
    }
}

static bool is_prose(const seg_node *array)
{
    for (size_t i = 0; i < array->n; i++)
        if (strchr(seg_node_text(array->children[i], ""), ' ') != NULL)
            return true;
    return false;
}

/* What is said of a row in sentences stands below it. */
static void add_prose(seg_text *out, const seg_node *row, size_t indent)
{
    for (size_t i = 0; i < row->n; i++)
        if (row->children[i]->type == SEG_DOC_ARRAY && is_prose(row->children[i]))
            add_lines(out, row->children[i], indent);
}

/* Columns are the scalar members of the first row. */
static void add_table(seg_text *out, const seg_node *array, size_t indent)
{
    const seg_node *first = array->children[0];
    const char *names[MAX_COLUMNS];
    size_t widths[MAX_COLUMNS], n = 0, left_out = 0;
    size_t rows = array->n < MAX_ROWS ? array->n : MAX_ROWS;
    for (size_t c = 0; c < first->n; c++) {
        if (first->children[c]->type >= SEG_DOC_ARRAY)
            continue;
        if (n < MAX_COLUMNS)
            names[n++] = first->children[c]->name;
        else
            left_out++;
    }
    rows = n == 0 ? 0 : rows;
    for (size_t c = 0; c < n; c++) {
        widths[c] = width_of(names[c]);
        for (size_t r = 0; r < rows; r++) {
            size_t w = shown_width(seg_node_member(array->children[r], names[c]));
            widths[c] = w > widths[c] ? w : widths[c];
        }
    }
    add_pad(out, n == 0 ? 0 : indent);
    for (size_t c = 0; c < n; c++) {
        bool right = is_number(seg_node_member(first, names[c])), last = c + 1 == n;
        size_t pad = widths[c] - width_of(names[c]);
        add_pad(out, right ? pad : 0);
        add_words(out, names[c]);
        add_pad(out, right || last ? 0 : pad);
        seg_text_add(out, last ? "\n" : "  ");
    }
    for (size_t r = 0; r < rows; r++) {
        add_pad(out, indent);
        for (size_t c = 0; c < n; c++)
            add_cell(out, seg_node_member(array->children[r], names[c]), widths[c], c + 1 == n);
        add_prose(out, array->children[r], indent + 2 * INDENT);
    }
    if (rows < array->n) {
        add_pad(out, indent);
        seg_text_addf(out, "... and %zu more\n", array->n - rows);
    }
    if (left_out > 0) {
        add_pad(out, indent);
        seg_text_addf(out, "... and %zu more columns\n", left_out);
    }
}

static void add_list(seg_text *out, const seg_node *array)
{
    enum { SHOWN = 16 };
    seg_text_add(out, array->n == 0 ? "none" : "");
    for (size_t i = 0; i < array->n && i < SHOWN; i++) {
        if (i > 0)
            seg_text_add_char(out, ' ');
        add_scalar(out, array->children[i]);
    }
    if (array->n > SHOWN)
        seg_text_addf(out, " ... (%zu)", array->n);
    seg_text_add_char(out, '\n');
}

static void add_members(seg_text *out, const seg_node *object, size_t indent)
{
    size_t width = 0;
    for (size_t i = 0; i < object->n; i++) {
        size_t n = width_of(object->children[i]->name);
        width = n > width ? n : width;
    }
    for (size_t i = 0; i < object->n; i++) {
        const seg_node *child = object->children[i];
        bool table = child->type == SEG_DOC_ARRAY && child->n > 0
                     && child->children[0]->type == SEG_DOC_OBJECT;
        if (child->type == SEG_DOC_ARRAY && child->n > 0
            && child->children[0]->type == SEG_DOC_ARRAY)
            continue;   /* matrices are for programs: --json */
        add_pad(out, indent);
        add_words(out, child->name);
        bool prose = child->type == SEG_DOC_ARRAY && !table && is_prose(child);
        if (child->type == SEG_DOC_OBJECT || table || prose) {
            seg_text_add(out, ":\n");
            if (table)
                add_table(out, child, indent + INDENT);
            else if (prose)
                add_lines(out, child, indent + INDENT);
            else
                add_members(out, child, indent + INDENT);
            continue;
        }
        add_pad(out, width - width_of(child->name) + 2);
        if (child->type == SEG_DOC_ARRAY) {
            add_list(out, child);
        } else {
            add_scalar(out, child);
            seg_text_add_char(out, '\n');
        }
    }
}

const char *seg_doc_plain(seg_doc *doc)
{
    if (doc == NULL || doc->failed)
        return NULL;
    seg_text_clear(&doc->text);
    seg_text_add(&doc->text, "");
    add_members(&doc->text, &doc->root, 0);
    doc->failed = doc->text.failed;   /* so that the status says why there is no text */
    return doc->failed ? NULL : doc->text.bytes;
}
