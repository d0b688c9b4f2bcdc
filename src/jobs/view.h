/* view.h: a DATA argument as the rows a method wants: files of any kind are opened, text
 * is imported on the fly, transactions become customers or baskets. */
#ifndef SEGMILL_JOBS_VIEW_H
#define SEGMILL_JOBS_VIEW_H

#include "data/select.h"
#include "models/method.h"
#include "segmill/stream.h"

typedef struct seg_view_request {
    const char *path;
    seg_view view;
    seg_selection selection;                 /* features; all null: as the file has them */
    const seg_customer_options *customers;   /* null: the defaults */
} seg_view_request;

/* Whether the name says that it is text to import (.csv, .txt, .dat ..., - is stdin). */
bool seg_view_is_text(const char *path);

/* report (may be null) gets what was counted on the way (rows{} of transactions). */
seg_status seg_view_open(const seg_context *ctx, const seg_view_request *request,
                         seg_node *report, seg_source **out, seg_error *err);

#endif
