/* doc_tree.h: what a tree is made of, for the files that build and print it. */
#ifndef SEGMILL_BASE_DOC_TREE_H
#define SEGMILL_BASE_DOC_TREE_H

#include "base/arena.h"
#include "base/text.h"
#include "segmill/doc.h"

struct seg_node {
    seg_doc *doc;
    const char *name;        /* of a member; null in an array */
    seg_doc_type type;
    int64_t whole;           /* INT, BOOL */
    double real;             /* REAL */
    const char *text;        /* TEXT */
    seg_node **children;     /* ARRAY, OBJECT */
    size_t n, cap;
};

struct seg_doc {
    seg_arena arena;
    seg_node root;
    bool failed;
    seg_text text;           /* the last print */
};

#endif
