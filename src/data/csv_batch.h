/* csv_batch.h: the text of a file, some megabytes at a time, in one buffer. */
#ifndef SEGMILL_DATA_CSV_BATCH_H
#define SEGMILL_DATA_CSV_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "data/csv_input.h"

typedef struct seg_csv_batch {
    seg_input *input;        /* not owned */
    int fd;                  /* direct: the text itself, from `offset` to `end` */
    uint64_t offset, end;
    bool direct;
    char *text;              /* SEG_CSV_PADDING bytes more than cap */
    size_t cap, at, n;       /* text[at .. n) is there to be taken: move `at` on */
    bool last;               /* the file ends with it; a line feed was put there if missing */
    uint64_t taken;          /* stored bytes of this file, for progress */
    int n_threads;
} seg_csv_batch;

seg_status seg_csv_batch_init(seg_csv_batch *batch, size_t bytes, int n_threads,
                              seg_error *err);
void seg_csv_batch_free(seg_csv_batch *batch);
/* From the start of a file, which is at its start. */
void seg_csv_batch_start(seg_csv_batch *batch, seg_input *input);
/* More text behind what was not taken; the buffer grows when nothing was. */
seg_status seg_csv_batch_fill(seg_csv_batch *batch, seg_error *err);

#endif
