/* row_sample.c: rows are taken by a hash of their numbers. */
#include "jobs/row_sample.h"

#include "base/alloc.h"
#include "base/try.h"

seg_status seg_row_sample_new(size_t d, uint64_t n_rows, size_t wanted, uint64_t salt,
                              seg_row_sample *out, seg_error *err)
{
    seg_status st = SEG_OK;
    *out = (seg_row_sample){ .d = d, .salt = salt, .limit = seg_row_limit(n_rows, wanted) };
    /* The number of rows taken is binomial: 1/16 more is ten deviations from 25,600 rows on. */
    out->cap = n_rows <= wanted ? (size_t)n_rows : wanted + wanted / 16;
    TRY(SEG_ALLOC(&out->x, d * out->cap, "a sample of rows", err));
    TRY(SEG_ALLOC(&out->rows, out->cap, "a sample of rows", err));

done:
    return st;
}

void seg_row_sample_free(seg_row_sample *sample)
{
    seg_free(sample->x);
    seg_free(sample->rows);
    *sample = (seg_row_sample){ 0 };
}

void seg_row_sample_add(seg_row_sample *s, const seg_block *block)
{
    for (size_t i = 0; i < block->n_rows && s->n < s->cap; i++) {
        uint64_t row = block->first_row + i;
        if (!seg_row_is_taken(row, s->salt, s->limit))
            continue;
        const float *x = block->x.x + i * block->x.stride;
        for (size_t f = 0; f < s->d; f++)
            s->x[f * s->cap + s->n] = x[f];
        s->rows[s->n++] = row;
    }
}
