/* calibrate.h: from a score to the share of positives that rows with such a score had.
 *
 * Fitted to scores of rows that the model had not seen (out of fold), or it learns how well
 * the model knows its own rows. The map never falls, so it ranks as the score does; nothing
 * it gives is 0 or 1. Plain numbers: a model file can keep it. */
#ifndef SEGMILL_KERNELS_CALIBRATE_H
#define SEGMILL_KERNELS_CALIBRATE_H

#include <stdbool.h>
#include "kernels/classify.h"

typedef enum seg_calibration_kind {
    SEG_CALIBRATION_NONE,      /* the score as it is */
    SEG_CALIBRATION_PLATT,     /* 1 / (1 + exp(-(slope * log-odds of the score + shift))) */
    SEG_CALIBRATION_ISOTONIC   /* lines between knots */
} seg_calibration_kind;

enum { SEG_CALIBRATION_KNOTS = 258 };

typedef struct seg_calibration {
    seg_calibration_kind kind;
    double slope, shift;       /* Platt: slope >= 0 */
    size_t n_knots;            /* isotonic: from score 0 to score 1; scores ascend, shares do
                                  not descend and lie inside 0 .. 1 */
    double score[SEG_CALIBRATION_KNOTS], share[SEG_CALIBRATION_KNOTS];
} seg_calibration;

/* SEG_E_DATA when the table does not have rows of both classes. Cost: one walk over the table
 * (Platt: one per step of Newton's method, at most 100). */
seg_status seg_calibrate_fit(const seg_score_table *table, seg_calibration_kind kind,
                             seg_calibration *out, seg_error *err);

/* p: 0 .. 1; a NaN stays one. */
double seg_calibrate(const seg_calibration *calibration, double p);

/* Whether one that was read from a file is what the comments above say. */
bool seg_calibration_is_valid(const seg_calibration *calibration);

#endif
