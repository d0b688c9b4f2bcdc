/* report_find.h: which models, scores and lists the operands of a report are or hold. */
#ifndef SEGMILL_JOBS_REPORT_FIND_H
#define SEGMILL_JOBS_REPORT_FIND_H

#include "base/arena.h"
#include "segmill/doc.h"
#include "segmill/status.h"

typedef struct seg_report_files {
    const char **models, **scores, **lists;   /* paths, in arena */
    size_t n_models, n_scores, n_lists;
    size_t models_cap, scores_cap, lists_cap;
    seg_arena arena;
} seg_report_files;

/* Adds what `path` is or, of a directory, what it holds, in the order of names. Of a
 * published OUT it is OUT/current. Results of stages that a run keeps go to the array
 * `results`. SEG_E_DATA when there is nothing. */
seg_status seg_report_find(const char *path, seg_report_files *files, seg_node *results,
                           seg_error *err);
void seg_report_files_free(seg_report_files *files);

#endif
