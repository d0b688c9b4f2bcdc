/* csv_money.h: exact money of order lines: price times quantity, and currencies. */
#ifndef SEGMILL_DATA_CSV_MONEY_H
#define SEGMILL_DATA_CSV_MONEY_H

#include "data/csv_import.h"

enum { SEG_CSV_RATE_SCALE = 100000000 };

typedef struct seg_csv_money {
    const seg_csv_column *price, *quantity, *amount, *currency;   /* null: not there */
    uint32_t price_scale, scale;   /* units of the price and of the amount */
    int64_t *rates;                /* per code of `currency`; null: all 1 */
    const char *code;              /* the currency of all money; null: not known */
} seg_csv_money;

/* After the first reading: scales from the digits seen, rates of the currencies. */
seg_status seg_csv_money_plan(seg_csv_import *im, seg_csv_money *money, seg_error *err);
void seg_csv_money_free(seg_csv_money *money);

/* Units of the columns' scales, or missing; currency: a code, -1 if missing. */
typedef struct seg_csv_order_line {
    int64_t price, quantity, amount;
    int32_t currency;
} seg_csv_order_line;

/* The row's price and amount; missing where a part of them is. False: it does not fit
 * into 64 bits. */
bool seg_csv_money_of(const seg_csv_money *money, const seg_csv_order_line *line, int64_t *price,
                      int64_t *amount);

#endif
