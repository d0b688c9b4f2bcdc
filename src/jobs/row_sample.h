/* row_sample.h: a sample of rows by columns, which depends on the row numbers alone. */
#ifndef SEGMILL_JOBS_ROW_SAMPLE_H
#define SEGMILL_JOBS_ROW_SAMPLE_H

#include <stddef.h>
#include <stdint.h>
#include "kernels/distinct.h"
#include "segmill/table.h"

typedef struct seg_row_sample {
    size_t d, n, cap;
    uint64_t salt, limit;    /* rows whose hash is not above the limit are taken */
    float *x;                /* feature f of row k of the sample is x[f * cap + k] */
    uint64_t *rows;          /* their numbers, ascending */
} seg_row_sample;

/* All rows if they are no more than `wanted`, else about as many. Another salt, other rows. */
seg_status seg_row_sample_new(size_t d, uint64_t n_rows, size_t wanted, uint64_t salt,
                              seg_row_sample *out, seg_error *err);
void seg_row_sample_free(seg_row_sample *sample);
void seg_row_sample_add(seg_row_sample *sample, const seg_block *block);

/* The limit under which about `wanted` of n_rows hashes are. */
static inline uint64_t seg_row_limit(uint64_t n_rows, uint64_t wanted)
{
    return n_rows <= wanted ? UINT64_MAX : UINT64_MAX / n_rows * wanted;
}

static inline int seg_row_is_taken(uint64_t row, uint64_t salt, uint64_t limit)
{
    return limit == UINT64_MAX || seg_mix64(row ^ salt << 48) <= limit;
}

#endif
