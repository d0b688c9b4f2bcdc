/* pipe.h: rows from a source to a file of the kind its name says. */
#ifndef SEGMILL_JOBS_PIPE_H
#define SEGMILL_JOBS_PIPE_H

#include <stdbool.h>
#include "segmill/context.h"
#include "segmill/doc.h"
#include "segmill/stream.h"

bool seg_ends_with(const char *text, const char *end);

/* A sink for the rows of this source: .csv is text, everything else HDF5. n_items: of
 * baskets, else 0. */
seg_status seg_table_sink(const seg_context *ctx, const char *path, const seg_schema *schema,
                          uint64_t n_rows, uint64_t n_items, const seg_node *provenance,
                          seg_sink **out, seg_error *err);

/* All rows of the source to the sink, then commit. */
seg_status seg_pipe(const seg_context *ctx, const char *what, seg_source *from, seg_sink *to,
                    seg_error *err);

/* {"engine_version", "seed", "inputs": [{"name", "sha256"}]} and the options that change
 * results; add what else matters. SHA-256 is read over the whole file. */
seg_status seg_provenance(seg_node *into, uint64_t seed, const char *const *inputs,
                          size_t n_inputs, seg_error *err);

/* The same in steps: the list of hashes, and one more of them. */
seg_node *seg_provenance_begin(seg_node *into, uint64_t seed);
seg_status seg_provenance_file(seg_node *list, const char *input, seg_error *err);

#endif
