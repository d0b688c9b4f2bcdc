/* tree.h: the decision tree as a method: its options, what a training leaves, and the
 * parts of it (tree_train.c learns, tree_model.c scores, tree_text.c words, tree_file.c
 * stores). */
#ifndef SEGMILL_MODELS_TREE_H
#define SEGMILL_MODELS_TREE_H

#include "kernels/tree.h"
#include "kernels/tree_bins.h"
#include "models/classifier.h"
#include "models/learn.h"
#include "models/method.h"

typedef struct seg_tree_options {
    seg_classify_options classify;   /* first, as for every classifier */
    seg_monotone_options monotone;
    uint32_t max_depth;
    uint32_t max_leaves;
    uint32_t min_leaf;
    int class_weight;                /* 0 none, 1 balanced */
    double shrinkage;                /* rows */
    int teacher;                     /* 0: of few rows, 1: yes, 2: no */
} seg_tree_options;

/* What a row that ends in this leaf gets. */
typedef struct seg_tree_result {
    float probability;
    int8_t decile;
    int8_t band;
    int32_t reason_node;             /* -1: no split on the path raised the risk */
    uint32_t reason;                 /* text of the side that was taken there */
} seg_tree_result;

/* Texts per node: how a row went left, went right, or had no value. */
enum { SEG_REASON_LEFT, SEG_REASON_RIGHT, SEG_REASON_MISSING, SEG_REASONS };

typedef struct seg_tree_state {
    seg_tree tree;
    char *label, *positive, *negative;
    float edges[SEG_DECILE_EDGES];
    seg_bands bands;
    seg_tree_result *results;        /* per node */
    char *reasons;                   /* per node SEG_REASONS cells of reason_width bytes */
    size_t reason_width;
} seg_tree_state;

/* Copies the texts. */
seg_status seg_tree_state_new(const char *label, const char *positive, const char *negative,
                              seg_tree_state **out, seg_error *err);
void seg_tree_state_free(void *state);   /* takes null */
/* Fill results and reasons from the tree, the edges and the schema. */
seg_status seg_tree_state_prepare(seg_tree_state *state, const seg_model *model,
                                  seg_error *err);

/* From the grown tree in `state`, over the features of `schema`, to the model's features,
 * edges and results: tree_result.c. */
seg_status seg_tree_finish(seg_tree_state *state, const seg_bins *bins, const seg_schema *schema,
                           seg_model *model, seg_error *err);

/* training: tree_train.c */
seg_status seg_tree_train_begin(const seg_train_input *input, void **trainer, seg_error *err);
seg_status seg_tree_train_end(void *trainer, seg_model *model, seg_node *figures,
                              seg_error *err);
void seg_tree_train_free(void *trainer);

/* words: tree_text.c. Rows on one side of a node, as "tenure <= 5". */
seg_status seg_tree_reasons(seg_tree_state *state, const seg_schema *schema, seg_error *err);
seg_status seg_tree_text(const seg_model *model, seg_node *into, seg_error *err);

/* the file: tree_file.c */
seg_status seg_tree_save(const seg_model *model, seg_h5_writer *w, seg_error *err);
seg_status seg_tree_load(seg_model *model, seg_h5 *file, seg_error *err);

#endif
