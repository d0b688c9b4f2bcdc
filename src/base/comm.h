/* comm.h: the processes that share a job. One process is the ordinary case. */
#ifndef SEGMILL_BASE_COMM_H
#define SEGMILL_BASE_COMM_H

#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

typedef struct seg_comm seg_comm;
struct seg_comm {
    int rank, size;
    /* Concatenate n doubles of each rank, in order of rank, on every rank. */
    seg_status (*gather_f64)(seg_comm *self, const double *in, size_t n, double *out,
                             seg_error *err);
    seg_status (*sum_i64)(seg_comm *self, int64_t *values, size_t n, seg_error *err);
    seg_status (*broadcast)(seg_comm *self, void *bytes, size_t n, seg_error *err);
    void (*abort)(seg_comm *self, int code);   /* ends all processes of the job */
};

/* The communicator of one process; needs no release. */
seg_comm *seg_comm_self(void);

#endif
