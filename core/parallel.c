#include "parallel.h"

#include "interrupt.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { MAX_WORKERS = 256 };

typedef struct queue {
    mlk_task *task;
    void *context;
    int n_tasks;
    atomic_int next;
    atomic_int done;
} queue;

typedef struct worker {
    queue *queue;
    int index;
    pthread_t thread;
} worker;

int mlk_cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    int cores = CPU_COUNT(&set);
    return cores > 0 ? cores : 1;
}

static void *run(void *argument)
{
    worker *self = argument;
    queue *queue = self->queue;
    while (!mlk_interrupted()) {
        int task = atomic_fetch_add(&queue->next, 1);
        if (task >= queue->n_tasks)
            break;
        queue->task(queue->context, task, self->index);
        atomic_fetch_add(&queue->done, 1);
    }
    return NULL;
}

int mlk_parallel(int n_tasks, int n_workers, mlk_task *task, void *context)
{
    if (n_workers <= 0)
        n_workers = mlk_cores();
    if (n_workers > n_tasks)
        n_workers = n_tasks;
    if (n_workers > MAX_WORKERS)
        n_workers = MAX_WORKERS;

    queue queue = {.task = task, .context = context, .n_tasks = n_tasks};
    worker workers[MAX_WORKERS];
    int started = 1; /* worker 0 is the caller itself */
    for (; started < n_workers; started++) {
        workers[started] = (worker){.queue = &queue, .index = started};
        if (pthread_create(&workers[started].thread, NULL, run, &workers[started]) != 0)
            break;
    }
    run(&(worker){.queue = &queue, .index = 0});
    for (int i = 1; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    return atomic_load(&queue.done);
}
