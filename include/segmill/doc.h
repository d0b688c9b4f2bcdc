/* doc.h: a result as a tree of names and values: what a command prints, what
 * --json prints, what a model keeps about its training. Ordered, like it was built.
 *
 * Building never fails half-way: after an allocation failure every further call
 * does nothing, and seg_doc_status() tells at the end. */
#ifndef SEGMILL_DOC_H
#define SEGMILL_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum seg_doc_type {
    SEG_DOC_NULL, SEG_DOC_BOOL, SEG_DOC_INT, SEG_DOC_REAL, SEG_DOC_TEXT,
    SEG_DOC_ARRAY, SEG_DOC_OBJECT
} seg_doc_type;

typedef struct seg_doc seg_doc;     /**< the tree; owns everything in it */
typedef struct seg_node seg_node;   /**< one value in it */

/** A tree whose root is an empty object. Null when out of memory: every call
 *  below accepts a null tree or node and then does nothing. */
SEG_API seg_doc *seg_doc_new(void);
SEG_API void seg_doc_free(seg_doc *doc);
SEG_API seg_node *seg_doc_root(seg_doc *doc);
SEG_API seg_status seg_doc_status(const seg_doc *doc, seg_error *err);

/** Add a member to an object (an equal name is replaced) or, with a null name,
 *  an element to an array; any other place takes nothing. Texts are copied. A NaN or
 *  infinity is kept as null. seg_put_textf: at most 1,023 bytes. */
SEG_API void seg_put_null(seg_node *parent, const char *name);
SEG_API void seg_put_bool(seg_node *parent, const char *name, bool value);
SEG_API void seg_put_int(seg_node *parent, const char *name, int64_t value);
SEG_API void seg_put_real(seg_node *parent, const char *name, double value);
SEG_API void seg_put_text(seg_node *parent, const char *name, const char *value);
#ifdef __GNUC__
__attribute__((format(printf, 3, 4)))
#endif
SEG_API void seg_put_textf(seg_node *parent, const char *name, const char *format, ...);
SEG_API seg_node *seg_put_array(seg_node *parent, const char *name);
SEG_API seg_node *seg_put_object(seg_node *parent, const char *name);
/** Deep copy of `value` (of any tree) under `parent`. */
SEG_API void seg_put_node(seg_node *parent, const char *name, const seg_node *value);

/** Reading. All take null. Paths are names with dots: "provenance.seed". */
SEG_API seg_doc_type seg_node_type(const seg_node *node);
SEG_API const seg_node *seg_node_get(const seg_node *object, const char *path);
/** The member of exactly this name, dots and all. */
SEG_API const seg_node *seg_node_member(const seg_node *object, const char *name);
SEG_API size_t seg_node_count(const seg_node *node);              /**< members or elements */
SEG_API const seg_node *seg_node_at(const seg_node *node, size_t i);
SEG_API const char *seg_node_name(const seg_node *node);          /**< of a member; else null */
SEG_API int64_t seg_node_int(const seg_node *node, int64_t otherwise);
SEG_API double seg_node_real(const seg_node *node, double otherwise); /**< ints too; null: NaN */
SEG_API const char *seg_node_text(const seg_node *node, const char *otherwise);

/** One line of JSON (indent 0) or indented; numbers shortest that read back
 *  equal. The text lives until the tree changes; null when out of memory. */
SEG_API const char *seg_doc_json(seg_doc *doc, int indent);

/** Parse JSON (RFC 8259; depth at most 64). SEG_E_DATA names line and column. */
SEG_API seg_status seg_doc_parse(const char *text, size_t n_bytes, seg_doc **out, seg_error *err);

/** The tree for people: "name: value" lines, arrays of objects as tables. */
SEG_API const char *seg_doc_plain(seg_doc *doc);

#ifdef __cplusplus
}
#endif
#endif
