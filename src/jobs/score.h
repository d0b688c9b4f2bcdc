/* score.h: models and data in, scores out. */
#ifndef SEGMILL_JOBS_SCORE_H
#define SEGMILL_JOBS_SCORE_H

#include "models/method.h"
#include "models/offer_options.h"
#include "segmill/command.h"

typedef struct seg_score_options {
    const char *output;
    int32_t as_of_day;
    double fail_psi;
    uint32_t top_reasons;
    seg_offer_options offers;
} seg_score_options;

extern const seg_option seg_score_option_table[];
void seg_score_defaults(void *options);

/* Operands: MODEL... DATA. The result: rows, columns, unseen, output, psi. */
seg_status seg_score_run(const seg_call *call, seg_node *result, seg_error *err);

/* The same for models in memory. */
typedef struct seg_score_job {
    const seg_context *context;
    const seg_model *const *models;
    size_t n_models;
    const char *data, *output;
    const seg_offer_options *offers;         /* that were asked for, or null: files to name */
    const seg_customer_options *customers;   /* null: the models' own */
    const seg_node *provenance;              /* of the models; may be null */
    bool watch;                              /* seg_score_watch() with fail_psi, and put what
                                                came of it */
    double fail_psi;
} seg_score_job;
/* Add the method and the hash of a model file to `models`, an array: what the scores say
 * they come from. */
seg_status seg_score_put_model(const char *path, const seg_model *model, seg_node *models,
                               seg_error *err);
/* How to make customers for a model: what it was trained with, so that its scores mean the
 * same, and the as-of day of now. */
seg_customer_options seg_score_customers(const seg_model *model, int32_t as_of_day);

/* Ask the model for offers, if it makes any. *made: it does. */
seg_status seg_score_ask_offers(const seg_context *ctx, const seg_offer_options *options,
                                seg_model *model, bool *made, seg_error *err);
/* SEG_E_USAGE when something is asked of offers that none of the models makes. */
seg_status seg_score_check_offers(const seg_offer_options *options, bool made, seg_error *err);

seg_status seg_score_write(const seg_score_job *job, seg_node *result, seg_error *err);

#endif
