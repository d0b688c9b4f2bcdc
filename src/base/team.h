/* team.h: a number of independent tasks for a team of threads. */
#ifndef SEGMILL_BASE_TEAM_H
#define SEGMILL_BASE_TEAM_H

#include <stddef.h>

/* thread: 0 .. n_threads - 1, for working memory of its own. */
typedef void seg_task_fn(void *arg, size_t task, int thread);

/* Run tasks 0 .. n_tasks - 1, each once, started in increasing order, and wait for all.
 * What they leave behind must not depend on who ran them. n_threads: seg_thread_count(). */
void seg_team_run(int n_threads, size_t n_tasks, seg_task_fn *task, void *arg);

#endif
