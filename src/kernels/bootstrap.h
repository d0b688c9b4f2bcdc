/* bootstrap.h: rows drawn again, for judging a clustering by repeating it.
 * Every number is keyed by (seed, stream, row): the same in any thread, block and order. */
#ifndef SEGMILL_KERNELS_BOOTSTRAP_H
#define SEGMILL_KERNELS_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

/* How often rows first_row .. first_row + n - 1 are drawn in resample b: times[i] = weight[i]
 * (null: 1) x a Poisson(1) number. 0: not drawn. A row of weight w is drawn as a whole: it is
 * one customer, or stands for rows like it. SEG_E_DATA when a product passes 2^64.
 * Poisson draws in place of the multinomial need no other row: N. Chamandy et al., "Estimating
 * uncertainty for massive data streams", Google technical report (2012), section 2. */
seg_status seg_bootstrap_draw(uint64_t seed, uint64_t b, const uint64_t *weight,
                              uint64_t first_row, size_t n, uint64_t *times, seg_error *err);

/* Two halves for the prediction strength, of split b: half[i] = 0 or 1, by the flip of a
 * coin per row. */
void seg_bootstrap_halves(uint64_t seed, uint64_t b, uint64_t first_row, size_t n,
                          uint8_t *half);

#endif
