/* team.c: the OpenMP team, for floors whose work is not arithmetic on arrays. */
#include "base/team.h"

#include <omp.h>

void seg_team_run(int n_threads, size_t n_tasks, seg_task_fn *task, void *arg)
{
    if (n_threads <= 1 || n_tasks <= 1) {
        for (size_t i = 0; i < n_tasks; i++)
            task(arg, i, 0);
        return;
    }
    #pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
    for (size_t i = 0; i < n_tasks; i++)
        task(arg, i, omp_get_thread_num());
}
