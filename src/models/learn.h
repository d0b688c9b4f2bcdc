/* learn.h: what the training of every classifier begins with: two passes over the source, after
 * which the rows to learn from lie in memory as bins.
 *
 * The first pass counts the label and samples the values, which makes the bins; the second one
 * turns every row into a record of bytes. Rows without a label and rows that are held out are
 * never looked at. All learning is done on the records. */
#ifndef SEGMILL_MODELS_LEARN_H
#define SEGMILL_MODELS_LEARN_H

#include "base/scratch.h"
#include "kernels/tree_bins.h"
#include "kernels/tree_grow.h"
#include "models/method.h"

/* Features with which the risk must not fall, or not rise. */
typedef struct seg_monotone_options {
    const char *rising, *falling;
} seg_monotone_options;
#define SEG_MONOTONE_OPTION_ROWS(S, M)                                                        \
    { "rising", SEG_OPTION_LIST, offsetof(S, M.rising), 0, 0, NULL, "COL,...",                \
      "numbers with which the risk must not fall, all else being equal", 0 },                 \
    { "falling", SEG_OPTION_LIST, offsetof(S, M.falling), 0, 0, NULL, "COL,...",              \
      "numbers with which the risk must not rise, all else being equal", 0 }

typedef struct seg_learn {
    seg_train_input input;
    int n_threads;
    int8_t *monotone;           /* per feature: +1 rising, -1 falling; null: none is either */
    const char *wanted;         /* the positive value that was asked for; null: none was */
    size_t label;               /* column */
    const seg_column *label_column;
    uint64_t *label_rows;       /* per code */
    uint64_t rows_without_label;
    int32_t positive, negative; /* codes; -1 until the first pass is over */
    seg_bins *bins;
    bool binned, complete;
    /* the rows to learn from */
    size_t n_rows, capacity;
    int64_t n[2];               /* of class 0 and 1 */
    seg_scratch scratch;        /* holds the arrays below */
    uint8_t *bytes;             /* their records */
    uint8_t *classes;
    /* room for one training at a time, n_rows each */
    seg_row_value *values;
    uint32_t *rows, *aside;
    /* per row of a block */
    uint8_t *use;
    size_t use_cap;
} seg_learn;

/* positive: the value to predict, or null; not copied. learn is all zero before. */
seg_status seg_learn_begin(const seg_train_input *input, const char *positive,
                           const seg_monotone_options *monotone, seg_learn *learn,
                           seg_error *err);
void seg_learn_free(seg_learn *learn);

/* Callbacks of a method whose trainer begins with a seg_learn. After the second pass there are
 * no more. */
seg_status seg_learn_pass_begin(void *trainer, bool *more, seg_error *err);
seg_status seg_learn_pass_add(void *trainer, const seg_block *block, seg_error *err);
seg_status seg_learn_pass_end(void *trainer, seg_error *err);
#define SEG_LEARN_CALLBACKS                                                                     \
    .pass_begin = seg_learn_pass_begin, .pass_add = seg_learn_pass_add,                         \
    .pass_end = seg_learn_pass_end

/* What every classifier tells of its rows. */
void seg_learn_put_figures(const seg_learn *learn, seg_node *figures);

static inline seg_records seg_learn_records(const seg_learn *learn)
{
    return (seg_records){ learn->bytes, learn->capacity, learn->bins->n_columns };
}
/* The words of the label. */
static inline const char *seg_learn_positive(const seg_learn *learn)
{
    return learn->label_column->levels[learn->positive];
}
static inline const char *seg_learn_negative(const seg_learn *learn)
{
    return learn->label_column->levels[learn->negative];
}

#endif
