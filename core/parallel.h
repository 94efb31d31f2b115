/* parallel.h: the one way the engine uses more than one core.
 *
 * Work is cut into numbered tasks; workers take the next number until none is
 * left. Which worker runs a task is not defined, so a task writes only to its
 * own part of the result, and sums are combined in task order afterwards. So
 * results do not depend on the number of workers, to the bit.
 */
#ifndef MLK_PARALLEL_H
#define MLK_PARALLEL_H

/* One task. `worker` in 0..n_workers-1 indexes scratch memory. */
typedef void mlk_task(void *context, int task, int worker);

/* Cores this process may run on (sched_getaffinity), at least 1. */
int mlk_cores(void);

/* Runs tasks 0..n_tasks-1 on n_workers threads (0: mlk_cores(); never more than
 * n_tasks) and returns when all are done. With one worker it runs in the caller.
 * If a thread cannot be started the others do its share. Stops taking new tasks
 * once mlk_interrupted(); the return value is the number of tasks that were run. */
int mlk_parallel(int n_tasks, int n_workers, mlk_task *task, void *context);

#endif
