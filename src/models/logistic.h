/* logistic.h: features as a plain model wants them, for the comparison with one.
 *
 * Numbers are standardised, a missing one is the mean (0) and no column says so; categories
 * are one column per level, the rarer ones beyond the 50 most frequent pooled, missing a level
 * of its own. All of it comes from a sample and never from labels. */
#ifndef SEGMILL_MODELS_LOGISTIC_H
#define SEGMILL_MODELS_LOGISTIC_H

#include <stdbool.h>
#include "kernels/logistic.h"
#include "segmill/matrix.h"
#include "segmill/table.h"

enum { SEG_ENCODED_LEVELS = 50, SEG_ENCODED_COLUMNS = 1000 };

typedef struct seg_encoded_feature {
    bool is_category;
    size_t first;              /* its first coefficient */
    double mean, scale;        /* a number: (value - mean) * scale */
    uint16_t *column;          /* a category: per level, and last for missing, which of its
                                  columns */
    size_t n_levels;
    uint32_t n_columns;
} seg_encoded_feature;

typedef struct seg_encoding {
    size_t n_features, n_numbers, n_categories;
    size_t n_left_out;         /* features without a column: constant, or beyond the bound */
    size_t n_coefficients;
    seg_encoded_feature *features;   /* numbers and categories that have columns */
    size_t *source;            /* per encoded feature, numbers first: its number in the schema */
} seg_encoding;

/* n rows by columns: feature f of row i is x[f * stride + i]. */
seg_status seg_encoding_new(const seg_column *features, size_t n_features, const float *x,
                            size_t stride, size_t n, seg_encoding *out, seg_error *err);
void seg_encoding_free(seg_encoding *encoding);

/* The sample as rows of a regression, in an order in which the first ones are spread over all;
 * order[i]: which row of the sample row i is. Free with seg_encoded_rows_free(). */
typedef struct seg_encoded_rows {
    seg_logistic_rows rows;
    float *numbers;
    uint16_t *levels;
    uint32_t *n_levels, *order;
    uint8_t *classes;
} seg_encoded_rows;
seg_status seg_encode_rows(const seg_encoding *encoding, const float *x, size_t stride,
                           const uint8_t *classes, size_t n, seg_encoded_rows *out,
                           seg_error *err);
void seg_encoded_rows_free(seg_encoded_rows *rows);

/* The probability of a row of a block. */
double seg_encoding_score(const seg_encoding *encoding, const double *beta, const float *x);

#endif
