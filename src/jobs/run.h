/* run.h: a whole job file: lock, stages, one publication. */
#ifndef SEGMILL_JOBS_RUN_H
#define SEGMILL_JOBS_RUN_H

#include "segmill/command.h"

typedef struct seg_run_options {
    bool dry_run;
    const char *only;
    uint32_t keep;
    double lock_wait_seconds;
} seg_run_options;
extern const seg_option seg_run_option_table[];
void seg_run_defaults(void *options);

/* Operands: JOB.job [STAGE.KEY=VALUE ...]. Every stage runs in a worker of its own; this
 * process holds the lock, writes run.json and publishes by one rename. The result: run,
 * directory, existed, stages[]. */
seg_status seg_run_run(const seg_call *call, seg_node *result, seg_error *err);

#endif
