/* table.h: named, typed columns, and blocks of rows of them.
 *
 * Four kinds of table walk through the engine, all in the same two structs:
 *   features      rows = customers, X = numbers and category codes, obs columns beside
 *   transactions  rows = order lines, columns only: customer, order, item, day, ...
 *   baskets       rows = orders (or customers), X = sets of items
 *   scores        rows = customers, result columns only
 */
#ifndef SEGMILL_TABLE_H
#define SEGMILL_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include "segmill/matrix.h"
#include "segmill/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum seg_kind {
    SEG_KIND_FEATURES = 1, SEG_KIND_TRANSACTIONS, SEG_KIND_BASKETS, SEG_KIND_SCORES,
    SEG_KIND_MODEL
} seg_kind;

typedef enum seg_type {
    SEG_TYPE_F32 = 1,  /**< float, missing NaN */
    SEG_TYPE_F64,      /**< double, missing NaN */
    SEG_TYPE_I64,      /**< int64_t, missing INT64_MIN; with scale s > 1: units of 1/s */
    SEG_TYPE_DAY,      /**< int32_t days since 1970-01-01, missing INT32_MIN */
    SEG_TYPE_TIME,     /**< int64_t seconds since 1970-01-01, missing INT64_MIN */
    SEG_TYPE_CODE,     /**< int32_t index into `levels`, missing -1 */
    SEG_TYPE_TEXT      /**< `width` bytes of UTF-8 per cell, null-padded; missing all null */
} seg_type;

#define SEG_MISSING_I64 INT64_MIN
#define SEG_MISSING_DAY INT32_MIN
#define SEG_MISSING_CODE (-1)

/** One column. In X (`schema.features`) the type is F32 (a number) or CODE (a
 *  category: its code as a float, NaN if missing). In baskets each item is a
 *  feature of type F32. */
typedef struct seg_column {
    const char *name;
    seg_type type;
    uint32_t scale;              /**< I64: 1, or 100, 1000, 10000 for money */
    size_t width;                /**< TEXT: bytes per cell */
    const char *const *levels;   /**< CODE: the n_levels category names, in order of code */
    size_t n_levels;
    const char *unit;            /**< "days", "money", "share" …; null if none */
    const char *source;          /**< how it came about, one line; null if plain import */
} seg_column;

/** What the columns of a source or file are. Whoever filled it owns it and what it points
 *  at: the source, the model, or the caller of seg_memory_source(). */
typedef struct seg_schema {
    seg_kind kind;
    const char *id_name;         /**< name of the key column; null if there are no ids */
    size_t id_width;             /**< bytes per id, null-padded, a multiple of 8; 0: no ids */
    const seg_column *features;  /**< columns of X */
    size_t n_features;
    const seg_column *columns;   /**< obs columns, or all columns of transactions and scores */
    size_t n_columns;
    const char *label;           /**< name of the obs column that is the label; null if none */
    const char *zone;            /**< transactions: time zone; null is "UTC" */
    const char *currency;        /**< transactions: null if unknown */
    int32_t as_of_day;           /**< features, scores: counts everything before this day;
                                      SEG_MISSING_DAY if it has none */
} seg_schema;

/** A run of consecutive rows. Views only: valid until the next call on the
 *  source that filled it. */
typedef struct seg_block {
    uint64_t first_row;           /**< in the whole input; a multiple of SEG_CHUNK_ROWS */
    size_t n_rows;                /**< 0: the input has ended */
    seg_matrix x;                 /**< features: n_rows x n_features; else empty */
    const char *ids;              /**< n_rows x id_width bytes, or null */
    const void *const *columns;   /**< n_columns arrays, element type by column */
    const int64_t *row_start;     /**< baskets: n_rows + 1; items of row i are */
    const int32_t *items;         /**< items[row_start[i]] .. items[row_start[i+1]-1],
                                       ascending, distinct; row_start[0] may be > 0 */
} seg_block;

/** Index of the obs column or feature of that name, or SIZE_MAX. */
SEG_API size_t seg_schema_column(const seg_schema *schema, const char *name);
SEG_API size_t seg_schema_feature(const seg_schema *schema, const char *name);

/** "features", "transactions", "baskets", "scores", "model". */
SEG_API const char *seg_kind_name(seg_kind kind);

#ifdef __cplusplus
}
#endif
#endif
