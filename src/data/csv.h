/* csv.h: delimited text as a source and as a sink, baskets as lines.
 *
 * RFC 4180 with what people really send: , ; tab | found by themselves, quotes and
 * newlines in fields, BOM, CRLF, decimal comma on request. Types are inferred over the
 * whole file (a first pass), never from its head. Errors name file:line:column. */
#ifndef SEGMILL_DATA_CSV_H
#define SEGMILL_DATA_CSV_H

#include <stdbool.h>
#include <stdint.h>
#include "segmill/context.h"
#include "segmill/doc.h"
#include "segmill/option.h"
#include "segmill/stream.h"

/* The options of `import`; also used when a DATA argument is a .csv. */
typedef struct seg_import_options {
    int kind;                  /* 0 auto, 1 features, 2 transactions, 3 baskets */
    const char *id, *label, *drop, *types, *missing, *dates, *encoding, *rejects, *schema;
    const char *decimal, *delimiter, *columns;
    uint64_t max_errors;
    uint64_t max_field_bytes;
    bool no_header, id_text, archive, lines;
    /* transactions and baskets */
    const char *customer, *time, *order, *item, *quantity, *price, *amount;
    const char *zone, *currency, *rates;
    int zero;                  /* 0 drop, 1 count: recorded for later commands */
} seg_import_options;

extern const seg_option seg_import_option_table[];
void seg_import_defaults(seg_import_options *options);

/* Open text as a table of the wanted kind. paths: one or more files of one schema
 * ("-" is stdin, spooled; .gz is read). What was inferred and counted (column types,
 * rows, rejected, zero-padded ids ...) goes under `report` as the source is read to its
 * end; may be null. n_rows is known after the open. */
seg_status seg_csv_source(const seg_context *ctx, const char *const *paths, size_t n_paths,
                          const seg_import_options *options, seg_node *report,
                          seg_source **out, seg_error *err);

/* Any table as CSV: header line, UTF-8, LF, RFC 4180 quoting; numbers shortest; dates
 * ISO; missing empty. No formula guard here: lists have their own dialects. */
seg_status seg_csv_sink(const seg_context *ctx, const char *path, const seg_schema *schema,
                        seg_sink **out, seg_error *err);

#endif
