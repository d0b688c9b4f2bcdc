/* csv_fill.h: stored cells into the arrays of a batch. */
#ifndef SEGMILL_DATA_CSV_FILL_H
#define SEGMILL_DATA_CSV_FILL_H

#include "data/csv_import.h"
#include "data/csv_money.h"

/* Where a column of the text goes: from TO_CODE on to a column of the schema. */
typedef enum seg_csv_aim {
    SEG_CSV_TO_ID, SEG_CSV_TO_FEATURE, SEG_CSV_TO_FEATURE_CODE, SEG_CSV_TO_CODE, SEG_CSV_TO_DAY,
    SEG_CSV_TO_TIME, SEG_CSV_TO_TEXT, SEG_CSV_TO_FIXED, SEG_CSV_TO_PRICE, SEG_CSV_TO_AMOUNT
} seg_csv_aim;

typedef struct seg_csv_target {
    seg_csv_aim aim;
    size_t input;     /* column of the text */
    size_t output;    /* feature, or column of the schema */
} seg_csv_target;

typedef struct seg_csv_targets {
    seg_schema_owner *schema;
    seg_csv_target *list;
    size_t n, cap;
    seg_csv_money money;
} seg_csv_targets;

/* The schema and what fills it, once the columns are decided. */
seg_status seg_csv_targets_plan(seg_csv_import *im, seg_csv_targets *targets, seg_error *err);
void seg_csv_targets_free(seg_csv_targets *targets);

/* Rows from .. to - 1 of a segment into the batch, from row `at` on; columns of money come
 * from several. Several threads, each its own rows. */
seg_status seg_csv_fill(const seg_csv_import *im, const seg_csv_targets *targets,
                        const seg_csv_view *view, size_t from, size_t to, seg_batch *batch,
                        size_t at, seg_error *err);

/* What was found, for people: rows, columns, rejected. */
void seg_csv_report(seg_csv_import *im);

#endif
