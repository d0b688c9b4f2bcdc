/* logistic.h: a logistic regression with an L2 penalty, on numbers and categories.
 *
 * For comparison: what a plain model makes of the same rows. Minimises
 *     sum of -log(likelihood) + lambda / 2 * |coefficients|^2   (the constant is free)
 * by Newton's method; lambda 1 is what scikit-learn calls C = 1. */
#ifndef SEGMILL_KERNELS_LOGISTIC_H
#define SEGMILL_KERNELS_LOGISTIC_H

#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

/* By columns. The coefficients are: the constant, one per number, one per level. */
typedef struct seg_logistic_rows {
    size_t n, n_numbers, n_categories;
    const float *numbers;       /* n_numbers x n: standardised, finite */
    const uint16_t *levels;     /* n_categories x n: 0 .. n_levels - 1 */
    const uint32_t *n_levels;   /* per category */
    const uint8_t *classes;     /* 0, 1 */
} seg_logistic_rows;

typedef struct seg_logistic seg_logistic;

/* The rows outlive it. Memory: 8 (p * p + 4 n) bytes for p coefficients. */
seg_status seg_logistic_new(const seg_logistic_rows *rows, double lambda, int n_threads,
                            seg_logistic **out, seg_error *err);
void seg_logistic_free(seg_logistic *fit);   /* takes null */

/* Learn from the rows with use[i] != 0, beginning with what was learned last: fits to similar
 * rows take a few steps only. Stops when no component of the gradient exceeds 1e-6 a row, or
 * after 50 steps. Returns the coefficients, which live until the next call. The same bits for
 * any number of threads. */
const double *seg_logistic_learn(seg_logistic *fit, const uint8_t *use);
size_t seg_logistic_size(const seg_logistic *fit);   /* coefficients */
int seg_logistic_steps(const seg_logistic *fit);     /* of the last call */

#endif
