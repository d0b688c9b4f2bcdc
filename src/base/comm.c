/* comm.c: the communicator of one process: what it gathers is what it gave. */
#include "base/comm.h"

#include <string.h>
#include <unistd.h>

static seg_status gather_f64(seg_comm *self, const double *in, size_t n, double *out,
                             seg_error *err)
{
    (void)self;
    (void)err;
    if (n > 0)
        memmove(out, in, n * sizeof *in);
    return SEG_OK;
}

static seg_status sum_i64(seg_comm *self, int64_t *values, size_t n, seg_error *err)
{
    (void)self;
    (void)values;
    (void)n;
    (void)err;
    return SEG_OK;
}

static seg_status broadcast(seg_comm *self, void *bytes, size_t n, seg_error *err)
{
    (void)self;
    (void)bytes;
    (void)n;
    (void)err;
    return SEG_OK;
}

static void end_job(seg_comm *self, int code)
{
    (void)self;
    _exit(code);
}

seg_comm *seg_comm_self(void)
{
    static seg_comm self = {
        .rank = 0, .size = 1, .gather_f64 = gather_f64, .sum_i64 = sum_i64,
        .broadcast = broadcast, .abort = end_job,
    };
    return &self;
}
