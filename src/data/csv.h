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
    const char *decimal, *thousands, *delimiter, *columns;
    uint64_t max_errors;
    uint64_t max_field_bytes;
    bool no_header, id_text, archive, lines, signs;
    /* transactions and baskets */
    const char *customer, *time, *order, *item, *quantity, *price, *amount;
    const char *zone, *currency, *rates;
    int zero;                  /* 0 drop, 1 count: recorded for later commands */
    bool hash_inputs;          /* by the program: seg_csv_source_sha256() will be asked */
} seg_import_options;

/* The rows of a table whose struct holds these options: AT(member) is the offset. */
#define SEG_IMPORT_TEXT(AT, name, member, value, help, flags) \
    { name, SEG_OPTION_TEXT, AT(member), 0, 0, NULL, value, help, flags }
#define SEG_IMPORT_LIST(AT, name, member, value, help) \
    { name, SEG_OPTION_LIST, AT(member), 0, 0, NULL, value, help, 0 }
#define SEG_IMPORT_FLAG(AT, name, member, help) \
    { name, SEG_OPTION_FLAG, AT(member), 0, 0, NULL, NULL, help, 0 }
/* How the text is read; what is made of it; what the columns of a log are. */
#define SEG_IMPORT_READ_ROWS(AT) \
    { "kind", SEG_OPTION_CHOICE, AT(kind), 0, 0, "auto|features|transactions|baskets", NULL,  \
      "what the rows are; auto: by the other options, the file's name and the columns", 0 },  \
    SEG_IMPORT_TEXT(AT, "id", id, "COL", "column of the customer's id; \"\" is none", 0),     \
    SEG_IMPORT_TEXT(AT, "label", label, "COL", "column to predict, whatever its type", 0),    \
    SEG_IMPORT_LIST(AT, "drop", drop, "COL,...", "columns to leave out"),                     \
    SEG_IMPORT_LIST(AT, "types", types, "COL:TYPE,...",                                       \
                    "number, category, date, text or drop, whatever the cells look like"),    \
    SEG_IMPORT_LIST(AT, "missing", missing, "WORD,...", "words that stand for no value, "     \
                    "instead of NA, N/A, NULL, null, NaN, nan, \\N; blanks always do"),       \
    SEG_IMPORT_TEXT(AT, "decimal", decimal, "C", "decimal point: . or ,", 0),                 \
    SEG_IMPORT_TEXT(AT, "thousands", thousands, "C",                                          \
                    "what parts thousands: one of , . ' _ or a blank; with --decimal , a "    \
                    "point does", 0),                                                         \
    SEG_IMPORT_FLAG(AT, "signs", signs,                                                       \
                    "numbers may carry a currency or % (12 % is 12) or their minus behind"),  \
    SEG_IMPORT_TEXT(AT, "dates", dates, "FORMAT",                                             \
                    "how dates are written: iso, d/m/y (9.12.2011 too), m/d/y, compact "      \
                    "(20111209), epoch, epoch-ms", 0),                                        \
    SEG_IMPORT_TEXT(AT, "delimiter", delimiter, "C",                                          \
                    "what parts the cells: one character, or tab, comma, semicolon, pipe, "   \
                    "space (runs of blanks)", 0),                                             \
    SEG_IMPORT_TEXT(AT, "encoding", encoding, "E", "of the text, as iconv names it", 0),      \
    { "max-errors", SEG_OPTION_U64, AT(max_errors), 0, 9007199254740992.0, NULL, "N",         \
      "leave out up to N rows that do not fit", 0 },                                          \
    SEG_IMPORT_FLAG(AT, "no-header", no_header, "the first line is a row already"),           \
    SEG_IMPORT_LIST(AT, "columns", columns, "A,B,...", "names of the columns"),               \
    SEG_IMPORT_FLAG(AT, "id-text", id_text, "keep ids like 17850.0 as they stand"),           \
    { "max-field", SEG_OPTION_SIZE, AT(max_field_bytes), 1024, 1073741824, NULL, "SIZE",      \
      "longest cell", 0 }
#define SEG_IMPORT_KEEP_ROWS(AT) \
    SEG_IMPORT_TEXT(AT, "rejects", rejects, "FILE", "write the rows left out here, as CSV",   \
                    SEG_OPTION_ENVIRONMENT),                                                  \
    SEG_IMPORT_TEXT(AT, "schema", schema, "FILE",                                             \
                    "JSON with the columns and types that must be there", SEG_OPTION_INPUT),  \
    SEG_IMPORT_FLAG(AT, "archive", archive, "compress the file (slower to read)")
#define SEG_IMPORT_LOG_ROWS(AT) \
    SEG_IMPORT_TEXT(AT, "customer", customer, "COL", "transactions: the customer", 0),        \
    SEG_IMPORT_TEXT(AT, "time", time, "COL", "transactions: date or date and time", 0),       \
    SEG_IMPORT_TEXT(AT, "order", order, "COL", "transactions: order or invoice", 0),          \
    SEG_IMPORT_TEXT(AT, "item", item, "COL", "transactions: what was bought", 0),             \
    SEG_IMPORT_TEXT(AT, "quantity", quantity, "COL", "transactions: how many", 0),            \
    SEG_IMPORT_TEXT(AT, "price", price, "COL", "transactions: money per piece", 0),           \
    SEG_IMPORT_TEXT(AT, "amount", amount, "COL", "transactions: money of the row", 0),        \
    SEG_IMPORT_TEXT(AT, "zone", zone, "ZONE", "time zone that the times are in (kept)", 0),   \
    SEG_IMPORT_TEXT(AT, "currency", currency, "COL", "transactions: column of the currency",  \
                    0),                                                                       \
    SEG_IMPORT_TEXT(AT, "rates", rates, "FILE",                                               \
                    "CSV with currency,rate: money is multiplied by the rate",                \
                    SEG_OPTION_INPUT),                                                        \
    { "zero", SEG_OPTION_CHOICE, AT(zero), 0, 0, "drop|count", NULL,                          \
      "rows of price zero are no purchases, or are (kept for later commands)", 0 },           \
    SEG_IMPORT_FLAG(AT, "lines", lines, "baskets: the names of the items in one line")
#define SEG_IMPORT_OPTION_ROWS(AT) \
    SEG_IMPORT_READ_ROWS(AT), SEG_IMPORT_KEEP_ROWS(AT), SEG_IMPORT_LOG_ROWS(AT)

extern const seg_option seg_import_option_table[];
void seg_import_defaults(seg_import_options *options);

/* Open text as a table of the wanted kind. paths: one or more files of one schema
 * ("-" is stdin, spooled; .gz is read). What was inferred and counted (column types,
 * rows, rejected, zero-padded ids ...) goes under `report` as the source is read to its
 * end; may be null. n_rows is known after the open. */
seg_status seg_csv_source(const seg_context *ctx, const char *const *paths, size_t n_paths,
                          const seg_import_options *options, seg_node *report,
                          seg_source **out, seg_error *err);

/* The files that a source of text reads; 0 and null: it is none, or no longer reads them. */
size_t seg_csv_source_inputs(const seg_source *source);
const char *seg_csv_source_input(const seg_source *source, size_t input);   /* null: stdin */
/* The SHA-256 of an input, if options->hash_inputs was set and reading it told; false: take it
 * from the file. */
bool seg_csv_source_sha256(const seg_source *source, size_t input, char out[65]);

/* The types of a table's columns as --schema FILE reads them, under `into`. */
void seg_csv_schema_json(const seg_schema *schema, seg_node *into);

/* Any table as CSV: header line, UTF-8, LF, RFC 4180 quoting; numbers shortest; dates
 * ISO; missing empty. No formula guard here: lists have their own dialects. */
seg_status seg_csv_sink(const seg_context *ctx, const char *path, const seg_schema *schema,
                        seg_sink **out, seg_error *err);

#endif
