/* hungarian.h: who is paired with whom at the least cost in all. */
#ifndef SEGMILL_KERNELS_HUNGARIAN_H
#define SEGMILL_KERNELS_HUNGARIAN_H

#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

/* Costs are exact and wide enough to put one aim above another: a times 2^60 plus b. */
typedef __int128 seg_wide;

enum { SEG_HUNGARIAN_NONE = UINT32_MAX };

/* Pairs rows with columns so that as many pairs as possible are made (the smaller number of
 * both) and the sum of their costs is least. Of equal sums, the first row gets the lowest
 * column it can have, then the second row, and so on; a row without a column counts as
 * having the highest.
 *
 * cost:      n_rows x n_cols, any sign, below 2^100 in size.
 * column_of: n_rows: its column, or SEG_HUNGARIAN_NONE.
 * Cost:      O(N^3) time and N^2 bytes at most, N the larger number; SEG_E_AGAIN without
 *            memory. */
seg_status seg_hungarian(const seg_wide *cost, size_t n_rows, size_t n_cols,
                         uint32_t *column_of, seg_error *err);

#endif
