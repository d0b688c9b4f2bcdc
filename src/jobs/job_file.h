/* job_file.h: a job file as stages. INI: [job] has the run's own keys, every other section
 * is "[COMMAND NAME]", its keys are the command's operands and options.
 * An indented line goes on with the value above; ; and # begin comments. */
#ifndef SEGMILL_JOBS_JOB_FILE_H
#define SEGMILL_JOBS_JOB_FILE_H

#include "base/arena.h"
#include "segmill/command.h"
#include "segmill/model.h"

typedef struct seg_job_key {
    const char *name, *value;
    int line;                          /* of the file; 0: from the command line */
} seg_job_key;

typedef struct seg_stage {
    const seg_command *command;
    const seg_method *method;          /* train: what its key `method` names */
    const char *name;                  /* the stage's own: letters, digits, - and _ */
    int line;
    seg_job_key *keys;
    size_t n_keys, keys_cap;
} seg_stage;

typedef struct seg_job {
    seg_arena arena;
    const char *path, *directory;      /* of the job file; paths in it start there */
    const char *name, *output;         /* [job] */
    uint32_t keep;                     /* 0: all */
    seg_stage *stages;
    size_t n_stages, stages_cap;
} seg_job;

/* `sets` are "STAGE.KEY=VALUE" texts that replace or add keys ("job.output=DIR"); paths in
 * them start at the current directory. Every section, key, value and reference is
 * checked, as far as that goes without the data: SEG_E_USAGE with file and line. */
seg_status seg_job_read(const char *path, const char *const *sets, size_t n_sets, seg_job **out,
                        seg_error *err);
void seg_job_free(seg_job *job);   /* takes null */

/* What seg_job_read() does last. */
seg_status seg_job_check(seg_job *job, seg_error *err);

const char *seg_stage_key(const seg_stage *stage, const char *name);   /* or null */
/* Is it a file (or the method) of the command, not an option? Where a method's option has
 * the same name, the operand is meant. */
bool seg_stage_is_operand(const seg_stage *stage, const char *name);
/* The stage that a value "@name" refers to, or null. */
const seg_stage *seg_job_find(const seg_job *job, const char *name, size_t n);

#endif
