/* features.h: the command that turns a transaction log into customer features. */
#ifndef SEGMILL_JOBS_FEATURES_H
#define SEGMILL_JOBS_FEATURES_H

#include "jobs/customers.h"
#include "segmill/command.h"

typedef struct seg_features_options {
    seg_customer_options customers;   /* first */
    uint32_t window_days;             /* 0: all lines before as-of */
    uint32_t label_days;              /* 0: no label */
    const char *output;
} seg_features_options;

extern const seg_option seg_features_option_table[];
void seg_features_defaults(void *options);

/* Operand 0: the transactions. The result: as_of, customers, without_purchase, features,
 * rows{}, output. */
seg_status seg_features_run(const seg_call *call, seg_node *result, seg_error *err);

#endif
