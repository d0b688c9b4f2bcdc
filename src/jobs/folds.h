/* folds.h: which rows a validation learns from and which it judges on.
 *
 * Folds given by a file; folds dealt with equal shares of every label, rows that belong
 * together in one; or a forward split: each part of the time is judged by what was known
 * before it. */
#ifndef SEGMILL_JOBS_FOLDS_H
#define SEGMILL_JOBS_FOLDS_H

#include "models/method.h"

enum { SEG_FOLDS_USUAL = 5, SEG_PARTS_USUAL = 3 };

/* Start from all zero. */
typedef struct seg_split {
    int n_models;        /* folds, or judged parts of a forward split; 0: no validation */
    uint64_t n_rows;
    uint8_t *judged;     /* per row: the model that is judged on it; SEG_FOLD_APART: none */
    uint8_t *ready;      /* forward: per row the first model that learns from it, or
                            SEG_FOLD_APART; null: all models but the one judged on it do */
    uint8_t *fold;       /* forward: what seg_split_fold() filled in last */
} seg_split;

/* The split that the options ask for: n_models 0 when they ask for none. SEG_E_USAGE for
 * options that exclude each other. The label must have two values: the same messages as a
 * training. The source is read once and rewound. A forward split puts parts[] {from,
 * learned_rows, judged_rows} under `into`. */
seg_status seg_split_new(const seg_context *ctx, const seg_classify_options *options,
                         seg_source *source, seg_node *into, seg_split *out, seg_error *err);
void seg_split_free(seg_split *split);

/* Fold numbers for seg_train_input, with held_out = model; valid until the next call. */
const uint8_t *seg_split_fold(seg_split *split, int model);

/* ---- the three ways ----------------------------------------------------------------- */

/* One digit 0..9 a row, plain or gzip. Allocates *fold (n_rows); *n_folds is the largest
 * digit plus one. SEG_E_DATA when the number of rows differs or a fold is empty. */
seg_status seg_folds_read(const char *path, uint64_t n_rows, uint8_t **fold, int *n_folds,
                          seg_error *err);

/* Which of the two label values each row has, and how many have each. */
typedef struct seg_answers {
    const seg_column *label;
    int32_t codes[2];        /* [1]: the positive one */
    uint8_t *classes;        /* per row 0, 1; SEG_NO_ANSWER: the label is missing */
    uint64_t counts[3];      /* rows per class; [SEG_NO_ANSWER] */
} seg_answers;
enum { SEG_NO_ANSWER = 2 };

/* Called with every block of a pass, which the caller needs for more. */
typedef seg_status seg_rows_fn(void *user, const seg_block *block, seg_error *err);
/* One pass; `rows` may be null. The source is rewound. */
seg_status seg_answers_new(const seg_context *ctx, seg_source *source, const char *positive,
                           seg_rows_fn *rows, void *user, seg_answers *out, seg_error *err);
void seg_answers_free(seg_answers *answers);

/* The value of a class for a message. Returns out, which holds SEG_QUOTE_BYTES. */
const char *seg_answer_name(char *out, const seg_answers *answers, int class);

/* n folds with equal shares of both label values. Within a value rows are dealt by a hash of
 * their id (of the row number if there are no ids), so that nearly all rows keep their fold
 * when others come and go. Rows of one value of the column `group` (null: rows equal in all
 * features) are in one fold; a missing value is a group of its own. Where most rows have a
 * twin with another label, features are few rather than rows doubled: then they are single.
 * 18 bytes a row, and 24 for each group of several rows. */
seg_status seg_folds_deal(const seg_context *ctx, seg_source *source, int n_folds,
                          const char *positive, const char *group, seg_split *out,
                          seg_error *err);

/* Rows in the order of `column` (a date or number) are cut into n_parts + 1 parts of equal
 * size, never between equal values; model m learns from rows more than `gap` before part
 * m + 1 and is judged on it. Rows without a date are apart. 12 bytes a row. */
seg_status seg_folds_forward(const seg_context *ctx, seg_source *source, int n_parts,
                             const char *positive, const char *column, uint32_t gap,
                             seg_node *into, seg_split *out, seg_error *err);

#endif
