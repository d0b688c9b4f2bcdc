/* returns.h: which purchase a refund takes back.
 *
 * A refund takes units of the same customer and item off the latest purchases that are not
 * later than itself. What was taken back counts as never bought; refunds beyond what the
 * log shows as bought are left alone. */
#ifndef SEGMILL_KERNELS_RETURNS_H
#define SEGMILL_KERNELS_RETURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

typedef struct seg_returns seg_returns;

typedef struct seg_returns_line {
    int32_t customer, item;
    int64_t seconds;      /* when */
    int64_t units;        /* more than zero */
    int64_t money;        /* purchases: of the whole line */
    int32_t order, day;   /* purchases */
    uint32_t rank;        /* of purchases at one time the highest is taken first */
    int64_t n_taken;      /* purchases: units taken back, after seg_returns_match() */
} seg_returns_line;

seg_status seg_returns_new(seg_returns **out, seg_error *err);
void seg_returns_free(seg_returns *returns);   /* takes null */

/* First all refunds, then seg_returns_sort(), then the purchases that are awaited. */
seg_status seg_returns_refund(seg_returns *returns, const seg_returns_line *line,
                              seg_error *err);
void seg_returns_sort(seg_returns *returns);
/* Has this customer sent this item back? */
bool seg_returns_awaits(const seg_returns *returns, int32_t customer, int32_t item);
seg_status seg_returns_purchase(seg_returns *returns, const seg_returns_line *line,
                                seg_error *err);

/* Settle everything; the awaited purchases with their n_taken. The order of the calls
 * before does not matter. */
seg_status seg_returns_match(seg_returns *returns, const seg_returns_line **purchases,
                             size_t *n, seg_error *err);

/* Money of the units of a purchase that were not taken back. */
int64_t seg_returns_money_kept(const seg_returns_line *purchase);

#endif
