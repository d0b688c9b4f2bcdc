/* csv_case.h: a small text file, imported. */
#ifndef TESTS_SUPPORT_CSV_CASE_H
#define TESTS_SUPPORT_CSV_CASE_H

#include "data/csv.h"
#include "segmill/doc.h"

typedef struct csv_case {
    char path[64];              /* of the text; removed by csv_case_close() */
    seg_import_options options;
    seg_context context;
    char notes[4096];           /* one line each */
    seg_doc *doc;               /* the report */
    seg_source *source;         /* null after a failure */
    seg_block all;              /* the first block */
    seg_error error;
    seg_status status;
} csv_case;

/* The options as words: "--id=customer --lines"; may be null. `suffix` of the file's name:
 * ".csv". Writes the n bytes and opens them. */
void csv_case_open_bytes(csv_case *c, const char *bytes, size_t n, const char *suffix,
                         const char *options);
void csv_case_open(csv_case *c, const char *text, const char *options);
/* A file that is there. */
void csv_case_open_file(csv_case *c, const char *path, const char *options);
void csv_case_close(csv_case *c);

/* The n-th feature or column of the first block by its name; null if it is not there. */
float csv_case_feature(const csv_case *c, const char *name, size_t row);
const void *csv_case_column(const csv_case *c, const char *name);
const seg_column *csv_case_schema(const csv_case *c, const char *name);
/* Text of a category cell (feature or column), "" if it is missing. */
const char *csv_case_level(const csv_case *c, const char *name, size_t row);
const char *csv_case_id(const csv_case *c, size_t row);

#endif
