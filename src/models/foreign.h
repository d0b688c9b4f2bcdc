/* foreign.h: tree ensembles of other programs: what their files say, node by node, and from it
 * trees of ours.
 *
 * A reader (lightgbm_text.c, xgboost_json.c) fills a seg_foreign in the numbering of its file;
 * seg_foreign_finish() checks and makes of it features by name and trees whose leaves hold
 * log-odds that add up. Only features that some tree asks for are kept. */
#ifndef SEGMILL_MODELS_FOREIGN_H
#define SEGMILL_MODELS_FOREIGN_H

#include <stdbool.h>
#include "base/arena.h"
#include "data/schema.h"
#include "kernels/tree.h"
#include "segmill/model.h"

enum {
    SEG_FOREIGN_FEATURES_MAX = 1 << 16,
    SEG_FOREIGN_LEVELS_MAX = 1 << 20,        /* of one feature */
    SEG_FOREIGN_TREES_MAX = 1 << 20,
    SEG_FOREIGN_NODES_MAX = 1 << 26,         /* of all trees */
    SEG_FOREIGN_FILE_MAX = 1 << 28           /* bytes */
};

typedef struct seg_foreign_node {
    int32_t feature;             /* -1: a leaf */
    int64_t left, right;         /* places in its tree, as the file counts them */
    bool missing_left;
    float threshold;             /* number: values <= it go left */
    bool is_set;                 /* category: codes whose bit is set go left, or right */
    bool set_goes_left;
    size_t first_word, n_words;  /* of the set, in `words` */
    double gain, value;          /* value: of a leaf */
    int64_t rows;                /* of a leaf: what it weighs in reasons */
} seg_foreign_node;

typedef struct seg_foreign_feature {
    const char *name;
    bool is_category;
    size_t n_levels;             /* category: at least so many codes */
    const char *const *levels;   /* their names; null: "0", "1" ... */
    bool by_code;                /* they were null */
} seg_foreign_feature;

/* Start from all zero; texts live in the arena. */
typedef struct seg_foreign {
    seg_arena arena;
    seg_foreign_feature *features;
    size_t n_features, features_cap;
    seg_foreign_node *nodes;     /* of all trees, one tree after the other */
    size_t n_nodes, nodes_cap;
    size_t *first_nodes;         /* of each tree, which is its root */
    size_t n_trees, first_nodes_cap;
    uint32_t *words;
    size_t n_words, words_cap;
    double scale;                /* of every leaf's value */
    double base;                 /* log-odds that are added once */
    /* after seg_foreign_finish() */
    seg_schema_owner *schema;
    seg_tree *trees;
} seg_foreign;

void seg_foreign_free(seg_foreign *foreign);

seg_status seg_foreign_add_feature(seg_foreign *foreign, const char *name, size_t n,
                                   seg_error *err);
seg_status seg_foreign_begin_tree(seg_foreign *foreign, seg_error *err);
/* Of the tree begun last. */
seg_status seg_foreign_add_node(seg_foreign *foreign, const seg_foreign_node *node,
                                seg_error *err);
seg_status seg_foreign_add_word(seg_foreign *foreign, uint32_t word, seg_error *err);

/* SEG_E_DATA names the tree and node that cannot be one of ours. */
seg_status seg_foreign_finish(seg_foreign *foreign, seg_error *err);

/* The greatest float that is not above t; false if there is none that is finite. Floats decide
 * by it as by t. */
bool seg_foreign_at_most(double t, float *out);

/* LightGBM's text, as save_model() writes it: lightgbm_text.c. */
seg_status seg_lightgbm_read(const char *text, size_t n_bytes, seg_foreign *out, seg_error *err);
/* XGBoost's JSON: xgboost_json.c. */
seg_status seg_xgboost_read(const char *text, size_t n_bytes, seg_foreign *out, seg_error *err);

/* The model, as one of `boost`: foreign_model.c. Takes the trees out of `foreign`. program: what the
 * file is of. Deciles are tenths of the probability until they are set from rows' own ones, which
 * are sorted by it. */
seg_status seg_foreign_model(seg_foreign *foreign, const char *program, const char *label,
                             const char *positive, const char *negative, seg_model **out,
                             seg_error *err);
seg_status seg_foreign_set_deciles(seg_model *model, float *probabilities, size_t n,
                                   seg_error *err);

#endif
