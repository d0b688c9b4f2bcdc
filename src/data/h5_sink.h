/* h5_sink.h: the state of a table being written, for h5_sink.c (opening, order, the end) and
 * h5_rows.c (what the team does to the rows of a block). */
#ifndef SEGMILL_DATA_H5_SINK_H
#define SEGMILL_DATA_H5_SINK_H

#include <pthread.h>
#include "data/h5_table.h"

/* What a thread works with. */
typedef struct h5_bench {
    float *x;                   /* a chunk of X with one NaN for all */
    void *cells;                /* a chunk of a column, likewise */
    uint64_t *hashes;           /* of the columns of the chunks of a task */
    uint32_t *counts;           /* baskets */
    int64_t *row_start;
} h5_bench;

typedef struct h5_sink {
    seg_sink sink;
    seg_schema_owner *schema;
    seg_h5_writer *writer;
    h5_stats *stats;
    h5_hashes x_hashes, obs_hashes;
    uint64_t n_rows, n_items, next_row, next_item;
    size_t *slots;              /* of the id, the columns, and what X consists of */
    int n_threads;
    h5_bench *benches;
    /* the round of chunks being worked on */
    const seg_block *block;
    size_t first_chunk, n_chunks, task_chunks;
    uint64_t *chunk_x, *chunk_obs;   /* their hashes */
    char *parts;                     /* their figures */
    size_t chunks_cap, part_bytes;
    pthread_mutex_t lock;
    size_t failed_task;              /* the first one; SIZE_MAX: none */
    seg_status status;
    seg_error error;
} h5_sink;

enum { H5_SLOT_X, H5_SLOT_INDICES = H5_SLOT_X, H5_SLOT_INDPTR, H5_SLOT_ID, H5_SLOT_COLUMNS };

/* The rows of the round, in order, to the arrays that are compressed. */
seg_status h5_sink_pack(h5_sink *sink, seg_error *err);
/* Take the chunks of task number `task` of the round; the first failure of the round goes to
 * s->error. A seg_task_fn. */
void h5_sink_work(void *sink, size_t task, int thread);

#endif
