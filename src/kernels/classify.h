/* classify.h: how well scores in 0 .. 1 rank and fit a yes/no label.
 *
 * Every figure is taken from one table: the distinct scores, ascending, with the rows
 * of both classes at each. The counts are exact, ties are whole, and the few sums run
 * in the order of the scores: the figures depend on no row order, block or thread. */
#ifndef SEGMILL_KERNELS_CLASSIFY_H
#define SEGMILL_KERNELS_CLASSIFY_H

#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

typedef struct seg_score_run {
    float score;
    int64_t n[2];            /* rows of class 0 and 1 with this score */
} seg_score_run;

/* Start from all zero. Memory grows with the distinct scores, not with the rows. */
typedef struct seg_score_table {
    seg_score_run *runs;     /* ascending; complete after seg_score_table_finish() */
    size_t n_runs;
    uint64_t *pending;       /* score bits << 1 | class, not yet merged */
    size_t n_pending, pending_cap;
} seg_score_table;

/* classes: 0 or 1 per row. A score that is not in 0 .. 1 is SEG_E_DATA. */
seg_status seg_score_table_add(seg_score_table *table, const float *scores,
                               const uint8_t *classes, size_t n, seg_error *err);
seg_status seg_score_table_finish(seg_score_table *table, seg_error *err);
void seg_score_table_free(seg_score_table *table);

typedef struct seg_class_figures {
    int64_t rows, positives;
    double auc;              /* share of (positive, negative) pairs in the right order, ties
                                half; NaN when one class is absent, like the next six */
    double auc_low, auc_high;  /* 95 % interval of DeLong, cut at 0 and 1 */
    double pr_auc;           /* average precision */
    double ks;               /* largest distance of the two score distributions ... */
    double ks_score;         /* ... between the rows with at least this score and the others */
    double lift_top_decile;  /* rate in the tenth with the highest scores / overall rate */
    double log_loss, brier;
    double ece;              /* mean |share - score| over 10 bins of equal count */
} seg_class_figures;

/* SEG_E_DATA when the table is empty. */
seg_status seg_class_measure(const seg_score_table *table, seg_class_figures *out,
                             seg_error *err);

/* Rows in ascending order of their scores, in ten groups of equal count. Equal scores stay
 * together, in the group of their middle row: groups differ in size, and there are fewer
 * where many scores are equal. */
typedef struct seg_reliability_bin {
    int64_t rows, positives;
    double score, share;     /* mean score; share of positives */
} seg_reliability_bin;
enum { SEG_RELIABILITY_BINS = 10 };

/* How many there are; none is empty. */
size_t seg_class_reliability(const seg_score_table *table,
                             seg_reliability_bin bins[SEG_RELIABILITY_BINS]);

/* Rows from the highest score down, in tenths; equal scores stay together, and an edge lies
 * where they let it be nearest to a whole tenth. */
typedef struct seg_gain_row {
    int decile;              /* 1 .. 10; 1 holds the highest scores */
    float score;             /* the lowest in it */
    int64_t rows, positives;
    double rate, lift;       /* share of positives; the same / the rate of all rows */
    double captured;         /* share of all positives, from the first decile to here */
} seg_gain_row;
enum { SEG_GAIN_ROWS = 10 };

/* How many there are; none is empty. Lift and captured are NaN without positives. */
size_t seg_class_gain(const seg_score_table *table, seg_gain_row rows[SEG_GAIN_ROWS]);

/* A row counts as positive when its score is at least the threshold, as a float. */
typedef struct seg_confusion {
    double threshold;
    int64_t tp, fp, fn, tn;
    double precision, recall, accuracy, f1;   /* NaN where nothing was divided */
} seg_confusion;
seg_confusion seg_class_confusion(const seg_score_table *table, double threshold);

#endif
