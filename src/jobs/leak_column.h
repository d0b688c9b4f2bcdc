/* leak_column.h: how well a column alone tells the label. */
#ifndef SEGMILL_JOBS_LEAK_COLUMN_H
#define SEGMILL_JOBS_LEAK_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"
#include "segmill/table.h"

typedef enum seg_leak {
    SEG_LEAK_NONE = 0, SEG_LEAK_ALONE, SEG_LEAK_MISSING, SEG_LEAK_CONSTANT, SEG_LEAK_ID
} seg_leak;

typedef struct seg_leak_column {
    seg_leak finding;
    double auc;               /* 0.5 .. 1, of the finding */
    int constant_class;
} seg_leak_column;

/* Memory of one thread for n rows: 44 bytes each. */
typedef struct seg_leak_work {
    uint64_t *keys, *temp;
    uint32_t *rows, *rows_temp;
    uint32_t *level;          /* per row: which of the different values */
    uint32_t *counts;         /* level x fold x class */
    float *scores;
    size_t cap;               /* rows */
} seg_leak_work;
seg_status seg_leak_work_new(size_t n, seg_leak_work *out, seg_error *err);
void seg_leak_work_free(seg_leak_work *work);

/* A column of n rows, x as in a block, classes 0 or 1; n_rows: of the whole table. */
void seg_leak_look(const seg_column *column, const float *x, const uint8_t *classes, size_t n,
                   uint64_t n_rows, seg_leak_work *work, seg_leak_column *out);

/* The AUC of numbers; *n_known gets how many are no NaN. */
double seg_leak_id_auc(const double *numbers, const uint8_t *classes, size_t n,
                       seg_leak_work *work, size_t *n_known);
double seg_leak_folded(double auc);   /* max(auc, 1 - auc) */
/* A folded AUC is further off 0.5 than an id's may be. */
bool seg_leak_off(double auc, const uint8_t *classes, size_t n);
bool seg_leak_off_by(double auc, uint64_t n0, uint64_t n1);

/* The number that the last digits of a text are; NaN if it ends otherwise. */
double seg_number_at_end(const char *text, size_t n);

#endif
