/* supervise.h: run the risky part (HDF5, OpenMP, BLAS) in a child; stay small and alive
 * in the parent.
 *
 * Whatever ends the child - a crash in a library, libgomp's own exit(1), the OOM killer,
 * a time limit - the parent still removes temporary files, and the user gets ONE line and
 * a documented exit code. Call before any thread exists. SIGTERM/SIGINT/SIGHUP are passed
 * on; the child gets 5 seconds, then SIGKILL. The parent killed: the child dies too.
 * libhdf5 that goes round in circles ends the child as well (base/guard.h). */
#ifndef SEGMILL_BASE_SUPERVISE_H
#define SEGMILL_BASE_SUPERVISE_H

#include <stdbool.h>
#include <stdint.h>
#include "segmill/status.h"

typedef struct seg_supervise_options {
    uint64_t memory_bytes;    /* RLIMIT_AS of the child; 0: none */
    uint32_t cpu_seconds;     /* 0: none */
    double deadline_seconds;  /* wall; 0: none. Passed: SEG_E_GATE */
    bool hush;                /* what libraries write to stderr in the child is dropped; when
                               * they die, its last line is part of the message. Lines of
                               * base/log.h still pass. */
} seg_supervise_options;

/* work: runs in the child with its own err; its status and message arrive in the
 * parent's err. Progress and notes on stderr pass through unchanged, but for hush.
 * A library that died: SEG_E_IO; killed by SIGKILL (out of memory in practice):
 * SEG_E_AGAIN; after a signal: SEG_E_INTERRUPTED or SEG_E_TERMINATED. */
seg_status seg_supervise(seg_status (*work)(void *arg, seg_error *err), void *arg,
                         const seg_supervise_options *options, seg_error *err);

#endif
