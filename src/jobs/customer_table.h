/* customer_table.h: sums per customer as a features table. */
#ifndef SEGMILL_JOBS_CUSTOMER_TABLE_H
#define SEGMILL_JOBS_CUSTOMER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kernels/rfm.h"
#include "segmill/context.h"
#include "segmill/stream.h"

typedef struct seg_customer_table {
    const char *name;                     /* of the source, for messages */
    const seg_rfm_customer *customers;    /* n_customers, after seg_rfm_finish() */
    const char *const *names;             /* their ids */
    size_t n_customers;
    uint32_t scale;                       /* money is in units of 1/scale */
    int32_t as_of_day;
    bool net;                             /* monetary has the refunds taken off */
    bool label;                           /* with column `churned` */
    const char *zone, *currency;          /* may be null */
} seg_customer_table;

/* The columns and rows that customers.h describes, for all customers seen, in ascending
 * order of their ids. Nothing of `table` is needed afterwards. SEG_E_DATA when nobody was
 * seen or two names are equal. */
seg_status seg_customer_table_open(const seg_context *ctx, const seg_customer_table *table,
                                   seg_source **out, seg_error *err);

#endif
