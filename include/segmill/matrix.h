/* matrix.h: views of numbers somebody else owns. */
#ifndef SEGMILL_MATRIX_H
#define SEGMILL_MATRIX_H

#include <stddef.h>

/** Row-major matrix of 32-bit floats: x[r * stride + c]; a missing value is
 *  NaN. Owns nothing; the storage outlives the view. */
typedef struct seg_matrix {
    const float *x;
    size_t n_rows;
    size_t n_cols;
    size_t stride;   /**< floats from one row to the next, >= n_cols */
} seg_matrix;

#endif
