/* baskets.h: what was bought together, made from order lines. */
#ifndef SEGMILL_DATA_BASKETS_H
#define SEGMILL_DATA_BASKETS_H

#include <stdbool.h>
#include "segmill/context.h"
#include "segmill/doc.h"
#include "segmill/stream.h"

/* Group the rows of a transactions source into baskets, held in memory.
 *
 * by_customer: one basket per customer (everything ever bought), else per order.
 * Rows come in order of the code of the order (or customer); items are distinct and
 * ascend; the id is the order's (or customer's) name. Obs columns: `customer` (only per
 * order) where the log has one (the first one named in the order), `day` where it has one
 * (of an order its first, of a customer the last).
 *
 * Left out, counted and told by seg_note: rows without order (or customer) or item, and
 * refunds (quantity <= 0; in a log without quantities amount < 0). Orders left with no
 * item are left out too. A missing quantity counts as bought. An item that several rows of an
 * order name counts once; such rows are counted and told.
 *
 * report (may be null) gets `lines` {used, repeated, unnamed, refunds, left_out}: the first
 * four are rows (repeated ones are used ones), the last one orders (or customers).
 *
 * transactions: columns `item` and `order` (or `customer`) as categories, optional
 *               `customer`, `day`, `quantity`, `amount`; SEG_E_DATA names what is
 *               missing. Read twice; not closed, and needed no longer afterwards.
 * Cost:         4 bytes per row and about 40 per basket, linear time. */
seg_status seg_baskets_from_transactions(const seg_context *ctx, seg_source *transactions,
                                         bool by_customer, seg_node *report, seg_source **out,
                                         seg_error *err);

#endif
