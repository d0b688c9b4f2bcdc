/* view.h: a DATA argument as the rows a method wants: files of any kind are opened, text
 * is imported on the fly, transactions become customers or baskets. */
#ifndef SEGMILL_JOBS_VIEW_H
#define SEGMILL_JOBS_VIEW_H

#include "data/feature_baskets.h"
#include "data/select.h"
#include "data/taxonomy.h"
#include "models/method.h"
#include "segmill/stream.h"

/* How baskets are made, beyond what the file holds; all null: as they come. */
typedef struct seg_view_baskets {
    const seg_feature_baskets_options *features;   /* features become baskets by these, */
    const seg_item_bins *bins;                     /* or by what a model remembers */
    const char *taxonomy_file;                     /* groups are added: those of a file, */
    const seg_taxonomy *taxonomy;                  /* or of a model */
} seg_view_baskets;

typedef struct seg_view_request {
    const char *path;
    seg_view view;
    seg_selection selection;                 /* features; all null: as the file has them */
    const seg_customer_options *customers;   /* null: the defaults */
    seg_view_baskets baskets;                /* views of baskets */
} seg_view_request;

/* Whether the name says that it is text to import (.csv, .txt, .dat ..., - is stdin). */
bool seg_view_is_text(const char *path);

/* report (may be null) gets what was counted on the way (rows{} of transactions, lines{} of
 * baskets made of them). */
seg_status seg_view_open(const seg_context *ctx, const seg_view_request *request,
                         seg_node *report, seg_source **out, seg_error *err);

#endif
