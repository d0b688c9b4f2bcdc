/* report_facts.h: what is gathered for the page, before it is written: the tree described
 * in render/report.h, filled from files one by one. */
#ifndef SEGMILL_JOBS_REPORT_FACTS_H
#define SEGMILL_JOBS_REPORT_FACTS_H

#include "base/text.h"
#include "segmill/context.h"
#include "segmill/doc.h"
#include "segmill/status.h"

typedef struct seg_report_facts {
    const seg_context *ctx;
    seg_doc *doc;
    seg_node *root;
    seg_node *segments, *profiles, *risks, *trees, *rules, *offers, *lists, *sources, *inputs;
    seg_doc *found;          /* results of stages that are known, and RFM models */
    seg_node *results, *rfm_models;
    int64_t rows;            /* largest number of customers scored */
    int32_t as_of_day;       /* latest */
} seg_report_facts;

seg_status seg_report_facts_new(const seg_context *ctx, seg_report_facts *out, seg_error *err);
void seg_report_facts_free(seg_report_facts *facts);

/* Models before scores: scores are compared with the model whose segments they name. */
seg_status seg_report_add_model(seg_report_facts *facts, const char *path, seg_error *err);
seg_status seg_report_add_scores(seg_report_facts *facts, const char *path, seg_error *err);
/* A directory of lists, counted from its files. */
seg_status seg_report_add_list(seg_report_facts *facts, const char *path, seg_error *err);
/* Segments of RFM models of which no scores were given. */
void seg_report_add_unscored(seg_report_facts *facts);

/* For the files above. */
const char *seg_report_base_name(const char *path);
/* A line of the table of sources, and the hashes of the data it was made from. */
void seg_report_add_source(seg_report_facts *facts, const char *path, const char *what,
                           int64_t rows, const seg_node *provenance);

#endif
