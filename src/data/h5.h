/* h5.h: HDF5 files as named, typed arrays, the AnnData way: groups are dicts, frames
 * have columns. The only door to libhdf5 (this header does not show it); everything
 * that reads or writes a model, scores or features file goes through here.
 *
 * Reading is closed-door: links, external storage, virtual datasets, plugins, unknown
 * types and absurd sizes are refused; libhdf5 is asked where bytes are, our own code
 * reads and checks them. Every message names the file and the path in it. */
#ifndef SEGMILL_DATA_H5_H
#define SEGMILL_DATA_H5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "data/schema.h"
#include "segmill/doc.h"
#include "segmill/status.h"
#include "segmill/stream.h"
#include "segmill/table.h"

/* ---- writing --------------------------------------------------------------
 * Whole arrays are written at once; arrays that arrive in blocks are reserved first
 * and filled by seg_h5_fill (pwrite). Equal calls give equal bytes: no clocks, no
 * addresses. The file appears at commit. Paths: "uns/segmill/options/k"; groups on the
 * way are made as AnnData dicts. */
typedef struct seg_h5_writer seg_h5_writer;

typedef enum seg_h5_type {
    SEG_H5_F32 = 1, SEG_H5_F64, SEG_H5_I8, SEG_H5_I32, SEG_H5_I64, SEG_H5_U8, SEG_H5_U64,
    SEG_H5_BOOL, SEG_H5_TEXT /* fixed width, null-padded UTF-8 */
} seg_h5_type;

/* The root gets encoding-type "anndata" (or "dict" for transactions). */
seg_status seg_h5_create(const char *path, bool anndata, seg_h5_writer **out, seg_error *err);
void seg_h5_writer_close(seg_h5_writer *w);   /* takes null; without commit nothing is left */
seg_status seg_h5_commit(seg_h5_writer *w, seg_error *err);
/* Commit in two steps: after `finish` the file is complete under its temporary name (and may
 * be hashed there); nothing more can be put. */
seg_status seg_h5_finish(seg_h5_writer *w, seg_error *err);
const char *seg_h5_temp_path(const seg_h5_writer *w);

/* An array of rank 1 (n_cols 0) or 2. width: bytes per cell for SEG_H5_TEXT, else 0. */
seg_status seg_h5_put(seg_h5_writer *w, const char *path, seg_h5_type type, const void *data,
                      uint64_t n_rows, uint64_t n_cols, size_t width, seg_error *err);
seg_status seg_h5_put_text(seg_h5_writer *w, const char *path, const char *value, seg_error *err);
seg_status seg_h5_put_int(seg_h5_writer *w, const char *path, int64_t value, seg_error *err);
seg_status seg_h5_put_real(seg_h5_writer *w, const char *path, double value, seg_error *err);
/* A list of strings as one fixed-width array. */
seg_status seg_h5_put_texts(seg_h5_writer *w, const char *path, const char *const *texts,
                            size_t n, seg_error *err);
/* Scalars of a tree as datasets, objects as dicts, arrays of scalars as arrays; anything
 * deeper as JSON text. */
seg_status seg_h5_put_doc(seg_h5_writer *w, const char *path, const seg_node *node,
                          seg_error *err);
/* String attribute on an existing object. */
seg_status seg_h5_attribute(seg_h5_writer *w, const char *path, const char *name,
                            const char *value, seg_error *err);

/* A data frame group at `path` ("obs", "var", "transactions") with an index column of
 * that name; the order of columns is the order of the calls. Index data: fixed-width
 * texts. Then add columns; a CODE column becomes a categorical. Close it with
 * seg_h5_frame_end before the next one. data null: reserved, fill later. */
seg_status seg_h5_frame_begin(seg_h5_writer *w, const char *path, const char *index_name,
                              const char *index, uint64_t n_rows, size_t width, seg_error *err);
seg_status seg_h5_frame_column(seg_h5_writer *w, const seg_column *column, const void *data,
                               seg_error *err);
seg_status seg_h5_frame_end(seg_h5_writer *w, seg_error *err);

/* CSR matrix group ("X"). indices int32, indptr int64, data uint8 ones. data null: reserve. */
seg_status seg_h5_put_csr(seg_h5_writer *w, const char *path, uint64_t n_rows, uint64_t n_cols,
                          uint64_t n_items, const int64_t *row_start, const int32_t *items,
                          seg_error *err);

/* Reserve a contiguous, 4 KiB-aligned array; fill it in any order, then commit. */
seg_status seg_h5_reserve(seg_h5_writer *w, const char *path, seg_h5_type type, uint64_t n_rows,
                          uint64_t n_cols, size_t width, seg_error *err);
/* Rows first_row .. first_row+n_rows-1 of a reserved array (or of one inside a reserved
 * frame: "obs/customer", or CSR part "X/indices"). */
seg_status seg_h5_fill(seg_h5_writer *w, const char *path, uint64_t first_row, const void *data,
                       uint64_t n_rows, seg_error *err);

/* ---- reading --------------------------------------------------------------- */
typedef struct seg_h5 seg_h5;

typedef struct seg_h5_array {
    seg_h5_type type;          /* nearest of ours; foreign types are converted on read */
    uint64_t n_rows, n_cols;   /* n_cols 0: rank 1; a scalar has n_rows 1 */
    size_t width;              /* SEG_H5_TEXT: bytes per cell (variable-length: the longest) */
} seg_h5_array;

/* path may not have a ":/dataset" part here. SEG_E_DATA when it is no HDF5 file or is
 * damaged; SEG_E_IO when it cannot be opened. */
seg_status seg_h5_open(const char *path, seg_h5 **out, seg_error *err);
/* Whether a file begins like HDF5. source_open.c */
seg_status seg_h5_holds(const char *path, bool *yes, seg_error *err);
void seg_h5_close(seg_h5 *file);   /* takes null */
bool seg_h5_has(const seg_h5 *file, const char *path);
/* Names of the members of a group, in order; *names is freed with the file. */
seg_status seg_h5_members(seg_h5 *file, const char *path, const char *const **names, size_t *n,
                          seg_error *err);
seg_status seg_h5_info(seg_h5 *file, const char *path, seg_h5_array *info, seg_error *err);
/* Rows into `out` (n_rows x max(n_cols,1) cells of `type`, or of `width` bytes), converted.
 * SEG_E_DATA when a value does not fit the type. */
seg_status seg_h5_read(seg_h5 *file, const char *path, seg_h5_type type, size_t width,
                       uint64_t first_row, uint64_t n_rows, void *out, seg_error *err);

/* For model files: the whole array of exactly this type family, with checked size.
 * n_cols 0: rank 1. Allocates *out (seg_free). min/max rows guard absurd files. */
seg_status seg_h5_get(seg_h5 *file, const char *path, seg_h5_type type, uint64_t n_rows_max,
                      uint64_t n_cols, void *out_pointer, uint64_t *n_rows, seg_error *err);
/* Texts live as long as the file. */
seg_status seg_h5_get_text(seg_h5 *file, const char *path, const char **out, seg_error *err);
seg_status seg_h5_get_texts(seg_h5 *file, const char *path, const char *const **out, size_t *n,
                            seg_error *err);
seg_status seg_h5_get_int(seg_h5 *file, const char *path, int64_t *out, seg_error *err);
/* A dict as a tree (inverse of seg_h5_put_doc), under `into`. */
seg_status seg_h5_get_doc(seg_h5 *file, const char *path, seg_node *into, seg_error *err);
/* The columns of a frame of at most n_rows_max rows, with types, scales and categories as
 * they were written; its index is left out. Free both: seg_batch_free, seg_schema_free. */
seg_status seg_h5_get_frame(seg_h5 *file, const char *path, uint64_t n_rows_max,
                            seg_schema_owner **schema, seg_batch **columns, size_t *n_rows,
                            seg_error *err);
/* A string attribute, or null. */
const char *seg_h5_get_attribute(seg_h5 *file, const char *path, const char *name);

/* ---- tables in files ------------------------------------------------------- */

/* Which kind the file says it is (uns/segmill/kind, or by its shape). */
seg_status seg_h5_kind(seg_h5 *file, seg_kind *kind, seg_error *err);

/* A file with a table as a source: features, transactions, baskets, scores; also
 * foreign AnnData, FILE.h5:/path (plain 2-d dataset), pandas tables. */
seg_status seg_h5_source(const seg_context *ctx, const char *path, seg_source **out,
                         seg_error *err);

/* A table into a file: the schema and the number of rows (and of basket items in all)
 * are known; written as the design lays out. `provenance` goes to uns/segmill (may be
 * null). Statistics per feature (missing, mean, std, min, max, median of a sample) go
 * to var, an xxh3 per block of X to uns/segmill/x_xxh3. */
seg_status seg_h5_sink(const seg_context *ctx, const char *path, const seg_schema *schema,
                       uint64_t n_rows, uint64_t n_items, const seg_node *provenance,
                       seg_sink **out, seg_error *err);

/* The same table in compressed chunks: X by columns, 16,384 rows of one column each, deflate
 * level 4, which any reader of HDF5 undoes. For keeping: reading costs many times more. */
seg_status seg_h5_archive_sink(const seg_context *ctx, const char *path,
                               const seg_schema *schema, uint64_t n_rows, uint64_t n_items,
                               const seg_node *provenance, seg_sink **out, seg_error *err);

/* Check what the file says of itself: hashes of the blocks of X. SEG_E_VERIFY. */
seg_status seg_h5_verify(const char *path, seg_node *result, seg_error *err);

#endif
