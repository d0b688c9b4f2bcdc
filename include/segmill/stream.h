/* stream.h: rows in blocks, from a file or to one. Everything the engine reads
 * is a source, everything it writes is a sink. CSV, HDF5 and memory are three
 * implementations of each. */
#ifndef SEGMILL_STREAM_H
#define SEGMILL_STREAM_H

#include <stdint.h>
#include "segmill/context.h"
#include "segmill/status.h"
#include "segmill/table.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct seg_source seg_source;
struct seg_source {
    const seg_schema *schema;
    uint64_t n_rows;      /**< known once open: a source that streams counts first */
    const char *name;     /**< for messages: the path, or what it was made from */
    /** The next rows, or n_rows 0 at the end. Blocks come in order; every block but
     *  the last one holds a multiple of SEG_CHUNK_ROWS rows. */
    seg_status (*next)(seg_source *self, seg_block *block, seg_error *err);
    /** Back to row 0: a method may need several passes. */
    seg_status (*rewind)(seg_source *self, seg_error *err);
    void (*close)(seg_source *self);
};

typedef struct seg_sink seg_sink;
struct seg_sink {
    seg_status (*write)(seg_sink *self, const seg_block *block, seg_error *err);
    /** Flush, sync and give the file its name: before, it does not exist. */
    seg_status (*commit)(seg_sink *self, seg_error *err);
    /** Release; without a commit before it, nothing is left behind. Takes null. */
    void (*close)(seg_sink *self);
};

/** Take null. */
SEG_API void seg_source_close(seg_source *source);
SEG_API void seg_sink_close(seg_sink *sink);

/** Rows that somebody else owns, as a source (embedders, tests). `rows` holds all of
 *  them, first_row 0; it and the schema are not copied and outlive the source. */
SEG_API seg_status seg_memory_source(const seg_context *ctx, const seg_schema *schema,
                                     const seg_block *rows, seg_source **out, seg_error *err);

/** Any data file: .h5 (ours or a foreign one, FILE.h5:/path), .csv (also .gz): opened
 *  by what it holds. Close with seg_source_close(). */
SEG_API seg_status seg_source_open(const seg_context *ctx, const char *path, seg_source **out,
                                   seg_error *err);

#ifdef __cplusplus
}
#endif
#endif
