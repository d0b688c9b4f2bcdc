/* csv_batch.h: the text of a file, some megabytes at a time. */
#ifndef SEGMILL_DATA_CSV_BATCH_H
#define SEGMILL_DATA_CSV_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/hash.h"
#include "data/csv_input.h"

typedef struct seg_csv_batch {
    const char *text;        /* SEG_CSV_PADDING bytes behind it may be read */
    size_t at, n;            /* text[at .. n) is there to be taken: move `at` on */
    bool last;               /* the file ends with it; a line feed was put there if missing */
    uint64_t taken;          /* stored bytes of this file, for progress */
    seg_input *input;        /* not owned */

    size_t cap;              /* most bytes of a batch; grows when a row needs it */
    char *own;               /* text that is not mapped */
    size_t own_cap;
    void *map;
    size_t map_bytes;
    bool direct;             /* the file is the text: mapped, but for its end */
    int fd;
    uint64_t offset, end;    /* direct: of text[0], and of the text, in the file */
    seg_sha256 *sha;         /* of the stored bytes; null: nobody asks */
    uint64_t hashed;         /* up to there in the file */
} seg_csv_batch;

void seg_csv_batch_init(seg_csv_batch *batch, size_t bytes);
void seg_csv_batch_free(seg_csv_batch *batch);
/* From the start of a file, which is at its start. hash: see below. */
seg_status seg_csv_batch_start(seg_csv_batch *batch, seg_input *input, bool hash,
                               seg_error *err);
/* More text behind what was not taken. */
seg_status seg_csv_batch_fill(seg_csv_batch *batch, seg_error *err);

/* Take what is new in the batch into the hash of the file, if there is one. One thread at a
 * time, before the next fill; the batch stays as it is. */
void seg_csv_batch_hash(seg_csv_batch *batch);
/* At the end of the file; false: the text was not the file. */
bool seg_csv_batch_sha256(seg_csv_batch *batch, char out[65]);

#endif
