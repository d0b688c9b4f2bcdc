/* doc_json.c: trees to JSON and back. Reading is done by jansson; writing by hand,
 * since numbers must be the shortest that read back equal. */
#include <jansson.h>
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
    return doc->text.failed ? NULL : doc->text.bytes;
}

/* ---- reading --------------------------------------------------------------------- */

enum { MAX_DEPTH = 64 };

static void copy_value(seg_node *parent, const char *name, const json_t *value);

static void copy_members(seg_node *into, const json_t *value)
{
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++)
            copy_value(into, NULL, json_array_get(value, i));
        return;
    }
    for (void *i = json_object_iter((json_t *)(uintptr_t)value); i != NULL;
         i = json_object_iter_next((json_t *)(uintptr_t)value, i))
        copy_value(into, json_object_iter_key(i), json_object_iter_value(i));
}

static void copy_value(seg_node *parent, const char *name, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_NULL:    seg_put_null(parent, name); break;
    case JSON_TRUE:    seg_put_bool(parent, name, true); break;
    case JSON_FALSE:   seg_put_bool(parent, name, false); break;
    case JSON_INTEGER: seg_put_int(parent, name, json_integer_value(value)); break;
    case JSON_REAL:    seg_put_real(parent, name, json_real_value(value)); break;
    case JSON_STRING:  seg_put_text(parent, name, json_string_value(value)); break;
    case JSON_ARRAY:   copy_members(seg_put_array(parent, name), value); break;
    case JSON_OBJECT:  copy_members(seg_put_object(parent, name), value); break;
    }
}

/* jansson limits its own recursion to 2048; ours and everybody's who walks the tree is
 * kept lower. */
static int depth_of(const json_t *value)
{
    int deepest = 0;
    size_t n = json_is_array(value) ? json_array_size(value) : 0;
    for (size_t i = 0; i < n && deepest <= MAX_DEPTH; i++) {
        int d = depth_of(json_array_get(value, i));
        deepest = d > deepest ? d : deepest;
    }
    for (void *i = json_object_iter((json_t *)(uintptr_t)value); i != NULL && deepest <= MAX_DEPTH;
         i = json_object_iter_next((json_t *)(uintptr_t)value, i)) {
        int d = depth_of(json_object_iter_value(i));
        deepest = d > deepest ? d : deepest;
    }
    return deepest + 1;
}

/* jansson keeps its own malloc: given callbacks that may say no, it ignores a failed append
 * to the text of a token and then asserts on what is missing. What is read here is a line or
 * two of a model file, or a file that somebody wrote by hand. */
seg_status seg_doc_parse(const char *text, size_t n_bytes, seg_doc **out, seg_error *err)
{
    seg_status st = SEG_OK;
    json_error_t problem;
    seg_doc *doc = NULL;
    *out = NULL;

    json_t *value = json_loadb(text, n_bytes, JSON_REJECT_DUPLICATES, &problem);
    if (value == NULL && json_error_code(&problem) == json_error_out_of_memory) {
        st = seg_arena_failed(err);
        goto done;
    }
    if (value == NULL) {
        st = seg_fail(err, SEG_E_DATA, "line %d, column %d: %s", problem.line, problem.column,
                      problem.text);
        goto done;
    }
    if (!json_is_object(value) || depth_of(value) > MAX_DEPTH) {
        st = seg_fail(err, SEG_E_DATA, "not a JSON object of at most %d levels", MAX_DEPTH);
        goto done;
    }
    doc = seg_doc_new();
    copy_members(seg_doc_root(doc), value);
    TRY(seg_doc_status(doc, err));
    *out = doc;
    doc = NULL;

done:
    seg_doc_free(doc);
    json_decref(value);
    return st;
}
