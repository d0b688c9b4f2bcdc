/* doc_json.c: trees to JSON. Numbers are the shortest that read back equal. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/doc_tree.h"
#include "base/number.h"
#include "base/try.h"

/* Bytes that are no UTF-8 (a file name may hold them) become U+FFFD: JSON is UTF-8. */
static void add_quoted(seg_text *out, const char *s)
{
    static const char hex[] = "0123456789abcdef";
    const char *bad = s + seg_utf8_check(s, strlen(s));
    seg_text_add_char(out, '"');
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        if (s == bad) {
            seg_text_add(out, "\xef\xbf\xbd");
            bad = s + 1 + seg_utf8_check(s + 1, strlen(s + 1));
            continue;
        }
        switch (c) {
        case '"':  seg_text_add(out, "\\\""); break;
        case '\\': seg_text_add(out, "\\\\"); break;
        case '\n': seg_text_add(out, "\\n"); break;
        case '\r': seg_text_add(out, "\\r"); break;
        case '\t': seg_text_add(out, "\\t"); break;
        default:
            if (c < 0x20 || c == 0x7f) {
                char escape[] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15], '\0' };
                seg_text_add(out, escape);
            } else {
                seg_text_add_char(out, *s);
            }
        }
    }
    seg_text_add_char(out, '"');
}

static void new_line(seg_text *out, int indent, int depth)
{
    if (indent <= 0)
        return;
    seg_text_add_char(out, '\n');
    for (int i = 0; i < indent * depth; i++)
        seg_text_add_char(out, ' ');
}

static bool is_flat(const seg_node *array)
{
    for (size_t i = 0; i < array->n; i++)
        if (array->children[i]->type >= SEG_DOC_ARRAY)
            return false;
    return true;
}

static void add_value(seg_text *out, const seg_node *node, int indent, int depth);

static void add_children(seg_text *out, const seg_node *node, int indent, int depth)
{
    bool object = node->type == SEG_DOC_OBJECT;
    int inner = !object && is_flat(node) ? 0 : indent;
    seg_text_add_char(out, object ? '{' : '[');
    for (size_t i = 0; i < node->n; i++) {
        if (i > 0)
            seg_text_add(out, inner > 0 ? "," : ", ");
        new_line(out, inner, depth + 1);
        if (object) {
            add_quoted(out, node->children[i]->name);
            seg_text_add(out, ": ");
        }
        add_value(out, node->children[i], inner, depth + 1);
    }
    if (node->n > 0)
        new_line(out, inner, depth);
    seg_text_add_char(out, object ? '}' : ']');
}

static void add_value(seg_text *out, const seg_node *node, int indent, int depth)
{
    switch (node->type) {
    case SEG_DOC_NULL:   seg_text_add(out, "null"); break;
    case SEG_DOC_BOOL:   seg_text_add(out, node->whole ? "true" : "false"); break;
    case SEG_DOC_INT:    seg_text_add_i64(out, node->whole); break;
    case SEG_DOC_REAL:   seg_text_add_f64(out, node->real); break;
    case SEG_DOC_TEXT:   add_quoted(out, node->text); break;
    case SEG_DOC_ARRAY:
    case SEG_DOC_OBJECT: add_children(out, node, indent, depth); break;
    }
}

const char *seg_doc_json(seg_doc *doc, int indent)
{
    if (doc == NULL || doc->failed)
        return NULL;
    seg_text_clear(&doc->text);
    add_value(&doc->text, &doc->root, indent, 0);
    doc->failed = doc->text.failed;   /* so that the status says why there is no text */
    return doc->failed ? NULL : doc->text.bytes;
}
