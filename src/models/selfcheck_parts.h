/* selfcheck_parts.h: what self-check rows consist of, for selfcheck.c, which makes and
 * compares them, and selfcheck_file.c, which stores them. */
#ifndef SEGMILL_MODELS_SELFCHECK_PARTS_H
#define SEGMILL_MODELS_SELFCHECK_PARTS_H

#include "data/schema.h"
#include "models/selfcheck.h"

enum { SEG_SELFCHECK_COLUMNS = 8 };   /* a method's score_columns, at most */

struct seg_selfcheck {
    size_t n_rows;
    size_t d;
    float *x;                      /* n_rows x d, in the model's order once scored */
    int64_t *row_start;            /* baskets, else null */
    int32_t *items;
    size_t items_cap;
    seg_schema_owner *schema;      /* the other columns; the ids are row numbers */
    seg_batch *columns;
    seg_schema_owner *results;     /* what the model gave; null while gathering */
    seg_batch *scores;
    /* while gathering */
    const seg_schema *data;
    uint64_t n_source;
    size_t n_wanted;
    size_t from[SEG_SELFCHECK_COLUMNS];   /* of the data, per column */
};

/* Room for SEG_SELFCHECK_ROWS rows of c->schema, with numbers for ids. */
seg_status seg_selfcheck_make_columns(seg_selfcheck *c, seg_error *err);
/* The rows as a block for the method's score. */
seg_block seg_selfcheck_block(const seg_selfcheck *c);

#endif
