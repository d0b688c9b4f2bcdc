/* inspect_parts.h: how the parts of inspect see a table. */
#ifndef SEGMILL_JOBS_INSPECT_PARTS_H
#define SEGMILL_JOBS_INSPECT_PARTS_H

#include "kernels/profile.h"
#include "segmill/doc.h"
#include "segmill/stream.h"

typedef struct seg_look {
    const seg_schema *schema;
    const seg_profile *profile;
    uint64_t n_rows;
    size_t label;            /* of the profile's columns; SIZE_MAX: none */
    int64_t *n_warnings;     /* of each column: counted by seg_look_warnings() */
} seg_look;

/* warnings[]: {column, warning, text}, the gravest first. */
void seg_look_warnings(const seg_look *look, seg_node *result);

/* After it: numbers[], categories[] (of X), columns[] (beside it), ids{}. */
void seg_look_columns(const seg_look *look, seg_node *result);

/* What transactions and baskets are as a whole: log{}, baskets{}. */
typedef struct seg_look_log {
    __int128 money, back;              /* units of 1/scale; money of the returns, positive */
    int64_t returns, items;
    int64_t *sizes, *bought;           /* baskets by their size; of each item */
    size_t n_sizes;
} seg_look_log;

seg_status seg_look_log_new(const seg_schema *schema, seg_look_log *log, seg_error *err);
void seg_look_log_free(seg_look_log *log);
void seg_look_log_add(seg_look_log *log, const seg_schema *schema, const seg_block *block);
seg_status seg_look_log_put(const seg_look_log *log, const seg_look *look, seg_node *result,
                            seg_error *err);

/* The columns as import --schema reads them. report: of the import, null for other files. */
seg_status seg_look_schema(const seg_schema *schema, const seg_node *report, const char *path,
                           seg_node *into, seg_error *err);

/* May not be shown: e-mail addresses, names that (nearly) every row has for itself, the ids
 * of customers and orders. */
bool seg_look_private(const seg_look *look, const seg_profile_column *column);

/* Some level is an e-mail address. */
bool seg_look_has_email(const seg_column *what);

/* "7", "-1.5", "12345", "0.001234", "1.5e+12": about four digits, for people. */
enum { SEG_LOOK_BYTES = 40 };
const char *seg_look_number(char out[SEG_LOOK_BYTES], double value);
/* The same in the form of the column: dates as dates. */
const char *seg_look_value(char out[SEG_LOOK_BYTES], const seg_column *what, double value);

#endif
