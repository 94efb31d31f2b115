/* job.h: work over many items in the background, watched and stopped from the thread that started it.
 *
 * A job calls `work` for every item on its worker threads. It keeps the reason
 * of each failure and goes on. Its threads take no signals.
 *
 * An item that fails because the machine lacks memory or open files (MLK_MEMORY,
 * MLK_EXHAUSTED) is not at fault: it is tried again at the end, when nothing else
 * runs. If memory is then still short, the item has failed. If no file can be
 * opened, or the disk is full (MLK_DISK), the job ends: mlk_job_ended_by says why.
 *
 *     mlk_job *job = mlk_job_start(n, workers, work, context, &status);
 *     while (!mlk_job_wait(job, 0.1))
 *         show(mlk_job_progress(job));
 *     for (int i = 0; i < n; i++)
 *         if (mlk_job_state(job, i) == MLK_JOB_FAILED)
 *             puts(mlk_job_reason(job, i));
 *     mlk_job_free(job);
 */
#ifndef MLK_JOB_H
#define MLK_JOB_H

#include "status.h"

#include <stdbool.h>

typedef struct mlk_job mlk_job;

typedef enum mlk_job_item {
    MLK_JOB_OPEN, /* not done: still to come, or given up when the job was stopped */
    MLK_JOB_DONE,
    MLK_JOB_FAILED,
} mlk_job_item;

/* One item; MLK_INTERRUPTED leaves it open. */
typedef mlk_code mlk_job_work(void *context, int index, mlk_status *status);

typedef struct mlk_job_counts {
    int total, done, failed; /* done does not count failed */
} mlk_job_counts;

/* Starts a job. `workers` 0 takes mlk_cores(); fewer are taken when not all of them could open files.
 * `context` must live until mlk_job_free. NULL: see status. */
mlk_job *mlk_job_start(int n, int workers, mlk_job_work *work, void *context, mlk_status *status);

/* Waits up to some seconds; true once nothing runs any more. */
bool mlk_job_wait(mlk_job *job, double seconds);

/* Why the job ended before its items were done, or NULL; final once mlk_job_wait has returned true. */
const char *mlk_job_ended_by(const mlk_job *job);

/* Asks the job to stop: items in work end at their next poll of mlk_interrupted(). */
void mlk_job_stop(mlk_job *job);

mlk_job_counts mlk_job_progress(mlk_job *job);

/* The state of one item, and why it failed; final once mlk_job_wait has returned true. */
mlk_job_item mlk_job_state(const mlk_job *job, int index);
const char *mlk_job_reason(const mlk_job *job, int index);

/* Stops, waits for the threads, frees. NULL is allowed. */
void mlk_job_free(mlk_job *job);

#endif
