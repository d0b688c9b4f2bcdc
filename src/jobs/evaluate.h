/* evaluate.h: the quality of a model on any data. */
#ifndef SEGMILL_JOBS_EVALUATE_H
#define SEGMILL_JOBS_EVALUATE_H

#include "models/method.h"
#include "models/offer_options.h"
#include "segmill/command.h"

typedef struct seg_evaluate_options {
    const char *label;
    seg_money_options money;
    double threshold;
    seg_offer_options offers;
    int hold_out;                /* seg_hold_out */
} seg_evaluate_options;
extern const seg_option seg_evaluate_option_table[];
void seg_evaluate_defaults(void *options);

/* Operands: MODEL DATA. The result: method, rows and the method's figures. */
seg_status seg_evaluate_run(const seg_call *call, seg_node *result, seg_error *err);

#endif
