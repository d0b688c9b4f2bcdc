/* doc.c: trees of names and values, built without a check at every step. */
#include "segmill/doc.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/arena.h"
#include "base/doc_tree.h"
#include "base/text.h"

static struct seg_doc *doc_of(seg_node *node)
{
    return node->doc;
}

seg_doc *seg_doc_new(void)
{
    seg_doc *doc;
    if (SEG_ALLOC(&doc, 1, "a result", NULL) != SEG_OK)
        return NULL;
    doc->root.type = SEG_DOC_OBJECT;
    doc->root.doc = doc;
    return doc;
}

void seg_doc_free(seg_doc *doc)
{
    if (doc == NULL)
        return;
    seg_arena_free(&doc->arena);
    seg_text_free(&doc->text);
    seg_free(doc);
}

seg_node *seg_doc_root(seg_doc *doc)
{
    return doc == NULL ? NULL : &doc->root;
}

seg_status seg_doc_status(const seg_doc *doc, seg_error *err)
{
    if (doc == NULL || doc->failed)
        return seg_fail(err, SEG_E_AGAIN, "cannot allocate memory for the result");
    return SEG_OK;
}

/* Room for one more child. Children are kept in an array of pointers, so that a node
 * given out stays where it is. */
static bool make_room(seg_node *parent)
{
    if (parent->n < parent->cap)
        return true;
    size_t cap = parent->cap == 0 ? 4 : parent->cap * 2;
    seg_node **grown = seg_arena_get(&doc_of(parent)->arena, cap * sizeof(seg_node *));
    if (grown == NULL)
        return false;
    if (parent->n > 0)
        memcpy(grown, parent->children, parent->n * sizeof(seg_node *));
    parent->children = grown;
    parent->cap = cap;
    return true;
}

static seg_node *member(const seg_node *object, const char *name, size_t n)
{
    for (size_t i = 0; i < object->n; i++)
        if (seg_equal_n(object->children[i]->name, name, n))
            return object->children[i];
    return NULL;
}

/* A fresh child of the type, or null when anything is wrong. */
static seg_node *put(seg_node *parent, const char *name, seg_doc_type type)
{
    seg_doc_type place = name == NULL ? SEG_DOC_ARRAY : SEG_DOC_OBJECT;
    if (parent == NULL || doc_of(parent)->failed || parent->type != place)
        return NULL;
    seg_doc *doc = doc_of(parent);
    seg_node *node = name == NULL ? NULL : member(parent, name, strlen(name));
    if (node == NULL) {
        node = make_room(parent) ? seg_arena_get(&doc->arena, sizeof *node) : NULL;
        char *copy = name == NULL || node == NULL ? NULL : seg_arena_text(&doc->arena, name);
        if (node == NULL || (name != NULL && copy == NULL)) {
            doc->failed = true;
            return NULL;
        }
        node->name = copy;
        node->doc = doc;
        parent->children[parent->n++] = node;
    }
    node->type = type;
    node->n = 0;
    return node;
}

void seg_put_null(seg_node *parent, const char *name)
{
    put(parent, name, SEG_DOC_NULL);
}

void seg_put_bool(seg_node *parent, const char *name, bool value)
{
    seg_node *node = put(parent, name, SEG_DOC_BOOL);
    if (node != NULL)
        node->whole = value;
}

void seg_put_int(seg_node *parent, const char *name, int64_t value)
{
    seg_node *node = put(parent, name, SEG_DOC_INT);
    if (node != NULL)
        node->whole = value;
}

void seg_put_real(seg_node *parent, const char *name, double value)
{
    seg_node *node = put(parent, name, isfinite(value) ? SEG_DOC_REAL : SEG_DOC_NULL);
    if (node != NULL)
        node->real = value;
}

void seg_put_text(seg_node *parent, const char *name, const char *value)
{
    seg_node *node = put(parent, name, value == NULL ? SEG_DOC_NULL : SEG_DOC_TEXT);
    if (node == NULL || value == NULL)
        return;
    node->text = seg_arena_text(&doc_of(parent)->arena, value);
    if (node->text == NULL) {
        node->type = SEG_DOC_NULL;
        doc_of(parent)->failed = true;
    }
}

void seg_put_textf(seg_node *parent, const char *name, const char *format, ...)
{
    char buffer[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(buffer, sizeof buffer, format, args);
    va_end(args);
    seg_put_text(parent, name, buffer);
}

seg_node *seg_put_array(seg_node *parent, const char *name)
{
    return put(parent, name, SEG_DOC_ARRAY);
}

seg_node *seg_put_object(seg_node *parent, const char *name)
{
    return put(parent, name, SEG_DOC_OBJECT);
}

void seg_put_node(seg_node *parent, const char *name, const seg_node *value)
{
    switch (seg_node_type(value)) {
    case SEG_DOC_NULL: seg_put_null(parent, name); return;
    case SEG_DOC_BOOL: seg_put_bool(parent, name, value->whole != 0); return;
    case SEG_DOC_INT:  seg_put_int(parent, name, value->whole); return;
    case SEG_DOC_REAL: seg_put_real(parent, name, value->real); return;
    case SEG_DOC_TEXT: seg_put_text(parent, name, value->text); return;
    case SEG_DOC_ARRAY:
    case SEG_DOC_OBJECT: break;
    }
    seg_node *copy = put(parent, name, value->type);
    for (size_t i = 0; i < value->n; i++)
        seg_put_node(copy, value->children[i]->name, value->children[i]);
}

/* ---- reading ------------------------------------------------------------------ */

seg_doc_type seg_node_type(const seg_node *node)
{
    return node == NULL ? SEG_DOC_NULL : node->type;
}

const seg_node *seg_node_get(const seg_node *object, const char *path)
{
    while (object != NULL && object->type == SEG_DOC_OBJECT) {
        size_t n = strcspn(path, ".");
        object = member(object, path, n);
        if (path[n] == '\0')
            return object;
        path += n + 1;
    }
    return NULL;
}

const seg_node *seg_node_member(const seg_node *object, const char *name)
{
    return seg_node_type(object) == SEG_DOC_OBJECT ? member(object, name, strlen(name)) : NULL;
}

size_t seg_node_count(const seg_node *node)
{
    return node == NULL ? 0 : node->n;
}

const seg_node *seg_node_at(const seg_node *node, size_t i)
{
    return node == NULL || i >= node->n ? NULL : node->children[i];
}

const char *seg_node_name(const seg_node *node)
{
    return node == NULL ? NULL : node->name;
}

int64_t seg_node_int(const seg_node *node, int64_t otherwise)
{
    if (node == NULL || (node->type != SEG_DOC_INT && node->type != SEG_DOC_BOOL))
        return otherwise;
    return node->whole;
}

double seg_node_real(const seg_node *node, double otherwise)
{
    switch (seg_node_type(node)) {
    case SEG_DOC_REAL: return node->real;
    case SEG_DOC_INT:  return (double)node->whole;
    case SEG_DOC_NULL: return node == NULL ? otherwise : (double)NAN;
    default:           return otherwise;
    }
}

const char *seg_node_text(const seg_node *node, const char *otherwise)
{
    return seg_node_type(node) == SEG_DOC_TEXT ? node->text : otherwise;
}
