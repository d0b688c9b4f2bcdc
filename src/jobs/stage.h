/* stage.h: one stage of a job as a call of its command. */
#ifndef SEGMILL_JOBS_STAGE_H
#define SEGMILL_JOBS_STAGE_H

#include "base/hash.h"
#include "base/text.h"
#include "jobs/job_file.h"

typedef struct seg_stage_place {
    const seg_job *job;
    const char *directory;      /* the run's temporary directory */
    const char *previous;       /* the run published before, or null */
    const seg_context *context;
    const seg_common_options *common;
} seg_stage_place;

/* Where the stage's output goes: what others need stays in the run, data that was only
 * read goes to WORK and is removed before publication. */
#define SEG_STAGE_WORK ".work"
seg_status seg_stage_output(const seg_stage_place *place, const seg_stage *stage,
                            seg_text *path, seg_error *err);

/* Run it in a worker; its result comes back under `result`. */
seg_status seg_stage_run(const seg_stage_place *place, const seg_stage *stage, seg_node *result,
                         seg_error *err);

/* Add to a run's identity: command, keys and the content of its input files. */
seg_status seg_stage_hash(const seg_stage_place *place, const seg_stage *stage,
                          seg_sha256 *hash, seg_node *inputs, seg_error *err);

#endif
