/* h5_table.h: tables in files, for the files behind h5.h: what a table consists of when
 * read (h5_table.c, h5_plain.c), its statistics and hashes when written. */
#ifndef SEGMILL_DATA_H5_TABLE_H
#define SEGMILL_DATA_H5_TABLE_H

#include "data/h5_internal.h"
#include "data/schema.h"

/* ---- a table found in a file ---------------------------------------------------- */

/* How the values of a column come out of an array (or a column of a compound table). */
typedef enum h5_form {
    H5_FORM_PLAIN = 1,   /* as the column's type */
    H5_FORM_DIGITS       /* whole numbers that serve as text ids */
} h5_form;

typedef struct h5_field {
    h5_array *values;
    const h5_cell *cell;      /* array->cell or a member's */
    h5_array *mask;           /* true: missing; or null */
    h5_form form;
} h5_field;

typedef enum h5_matrix {
    H5_MATRIX_NONE = 0,
    H5_MATRIX_ARRAY,          /* rows x features */
    H5_MATRIX_FIELDS,         /* one field per feature */
    H5_MATRIX_SPARSE          /* CSR, as baskets or as numbers */
} h5_matrix;

typedef struct h5_table {
    seg_schema_owner *schema;
    uint64_t n_rows;
    bool ours;                /* a file of this program: its hashes can be checked */
    h5_field id;              /* values null: none */
    h5_field *columns;        /* per obs column */
    size_t columns_cap;
    h5_matrix matrix;
    h5_array *x;
    h5_field *features;       /* H5_MATRIX_FIELDS */
    size_t features_cap;
    h5_array *data, *indices, *indptr;
} h5_table;

/* Find the table in the file (`path` of an object in it, or null: wherever it is). */
seg_status h5_find_table(seg_h5 *file, const char *path, h5_table *table, seg_error *err);
void h5_table_free(h5_table *table);   /* what it holds, not the struct */

/* Parts of it: add the columns of a data frame as obs columns or as features. */
seg_status h5_add_frame(seg_h5 *file, const char *path, bool as_features, h5_table *table,
                        seg_error *err);
/* Columns of a compound table as features and obs columns. */
seg_status h5_add_compound(seg_h5 *file, h5_array *array, h5_table *table, seg_error *err);
/* A matrix without names of its own: those of an attribute, or f0, f1, ... */
seg_status h5_add_matrix(seg_h5 *file, h5_array *array, h5_table *table, seg_error *err);
seg_status h5_add_sparse(seg_h5 *file, const char *path, h5_table *table, seg_error *err);
/* A frame in an HDFStore: h5_pandas.c. */
bool h5_is_pandas(seg_h5 *file, const char *path);
seg_status h5_add_pandas(seg_h5 *file, const char *path, h5_table *table, seg_error *err);
/* Add a field and its column; the schema refuses a name that is there already. */
seg_status h5_add_column(h5_table *table, const seg_column *column, const h5_field *field,
                         seg_error *err);
seg_status h5_add_feature(h5_table *table, const seg_column *column, const h5_field *field,
                          seg_error *err);
/* Features of a matrix by name; refuses a name that is there twice. */
seg_status h5_add_names(h5_table *table, const char *const *names, size_t n, seg_error *err);
/* The key column of the rows: texts, or whole numbers as texts. */
seg_status h5_set_id(seg_h5 *file, const char *name, const h5_field *field, h5_table *table,
                     seg_error *err);
/* Names of categories, numbers as text. Live as long as the file. */
seg_status h5_get_levels(seg_h5 *file, const char *path, const char *const **levels, size_t *n,
                         seg_error *err);

/* Rows of a field as its column's type. */
seg_status h5_read_field(seg_h5 *file, const h5_field *field, const seg_column *column,
                         uint64_t first_row, uint64_t n_rows, void *out, seg_error *err);

/* ---- uns/segmill ------------------------------------------------------------------ */

/* Kind, key, label, dates, categories: what the frames do not say. */
seg_status h5_put_schema(seg_h5_writer *w, const seg_schema *schema, seg_error *err);
/* Is the file one of ours, and of which kind? An error only when memory ends. */
seg_status h5_own_kind(seg_h5 *file, bool *own, seg_kind *kind, seg_error *err);
/* Into the schema of a table whose columns and features are there. */
seg_status h5_get_facts(seg_h5 *file, seg_schema_owner *schema, seg_error *err);
/* Features of our own matrix: names, units, sources, categories. */
seg_status h5_get_features(seg_h5 *file, h5_table *table, seg_error *err);

/* ---- statistics per feature --------------------------------------------------------- */

typedef struct h5_stats h5_stats;

/* Of n_rows rows to come. spill: X cannot be read back from the file, so what the medians
 * are made of is kept in memory or in a file beside `path`. */
seg_status h5_stats_new(const char *path, size_t n_features, uint64_t n_rows, bool spill,
                        int n_threads, h5_stats **out, seg_error *err);
void h5_stats_free(h5_stats *stats);   /* takes null */
/* Bytes of the figures of one chunk of rows. */
size_t h5_stats_part_bytes(const h5_stats *stats);

typedef struct h5_oddities {
    bool infinite;   /* a value is not finite and no NaN */
    bool nan;        /* a NaN is not NAN */
} h5_oddities;
/* Figures of up to SEG_CHUNK_ROWS rows, side by side, into `part`; by any thread. */
h5_oddities h5_stats_measure(const h5_stats *stats, const float *x, size_t n_rows, void *part);
/* Keep the rows that the medians are made of; by any thread. */
seg_status h5_stats_sample(h5_stats *stats, const float *x, uint64_t first_row, size_t n_rows,
                           seg_error *err);
/* Add the part of the next chunk: all chunks, in order. */
void h5_stats_add(h5_stats *stats, const void *part);
/* var: the features and what was counted. Without a sample in memory the medians come from
 * X, read back from the file being written at `x_offset`. */
seg_status h5_put_var(seg_h5_writer *w, const seg_schema *schema, h5_stats *stats,
                      uint64_t x_offset, seg_error *err);

/* ---- medians ------------------------------------------------------------------------- */

/* Of all rows up to 65,536, of one row out of each of 65,536 equal parts beyond, chosen by
 * the row number alone. */
typedef struct h5_sample {
    size_t d;
    uint64_t n_rows, n;       /* rows in all, rows in the sample */
    int n_threads;
    float *rows;              /* n x d; null: not in memory */
    seg_file *spill;          /* n x d; null: none */
} h5_sample;

seg_status h5_sample_begin(h5_sample *sample, const char *path, bool spill, seg_error *err);
void h5_sample_end(h5_sample *sample);
seg_status h5_sample_add(h5_sample *sample, const float *x, uint64_t first_row, size_t n_rows,
                         seg_error *err);
/* The median of every column, NAN without any value. fd, offset: of the whole matrix. */
seg_status h5_sample_medians(const h5_sample *sample, int fd, uint64_t offset, double *medians,
                             seg_error *err);

/* ---- hashes per block of rows --------------------------------------------------------- */

enum { H5_HASH_CHUNKS = 16 };   /* chunks of SEG_CHUNK_ROWS per hash in the file */

/* One hash per H5_HASH_CHUNKS chunks: the xxh3 of the chunks' xxh3. */
typedef struct h5_hashes {
    uint64_t *done;
    size_t n_done, cap;
    uint64_t chunks[H5_HASH_CHUNKS];
    size_t n_chunks;
} h5_hashes;

seg_status h5_hashes_add(h5_hashes *hashes, uint64_t chunk_hash, seg_error *err);
seg_status h5_hashes_end(h5_hashes *hashes, seg_error *err);
/* Hash of the items of n_rows baskets: of how many there are in each and which. */
uint64_t h5_hash_baskets(const int64_t *row_start, const int32_t *items, size_t n_rows,
                         uint32_t *counts);

#endif
