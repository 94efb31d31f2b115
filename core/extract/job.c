#include "extract/job.h"

#include "interrupt.h"
#include "parallel.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

typedef struct item {
    atomic_int state;
    char *reason;
} item;

struct mlk_job {
    int n, workers;
    mlk_job_work *work;
    void *context;
    item *items;
    atomic_int done, failed, again; /* again: items that a second try may save */
    atomic_bool stop;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool finished;  /* under the lock, and */
    char *ended_by; /* NULL unless the machine's state ended it */
};

/* The first failure that is the machine's ends the job. */
static void end_all(mlk_job *job, const char *reason)
{
    pthread_mutex_lock(&job->lock);
    if (!job->ended_by)
        job->ended_by = strdup(reason);
    pthread_mutex_unlock(&job->lock);
    atomic_store(&job->stop, true);
}

/* `alone`: nothing else runs that could have taken memory or files. */
static void try_item(mlk_job *job, int index, bool alone)
{
    item *item = &job->items[index];
    mlk_interrupt_watch_here(&job->stop);
    if (mlk_interrupted())
        return;
    mlk_status status = {MLK_OK, ""};
    mlk_code code = job->work(job->context, index, &status);
    if (code == MLK_INTERRUPTED)
        return;
    if (!code) {
        atomic_store(&item->state, MLK_JOB_DONE);
        atomic_fetch_add(&job->done, 1);
    } else if (code == MLK_DISK || (code == MLK_EXHAUSTED && alone)) {
        end_all(job, status.message);
    } else if (!alone && (code == MLK_EXHAUSTED || code == MLK_MEMORY)) {
        atomic_fetch_add(&job->again, 1); /* it stays open */
    } else {
        item->reason = strdup(status.message);
        atomic_store(&item->state, MLK_JOB_FAILED);
        atomic_fetch_add(&job->failed, 1);
    }
}

static void run_item(void *argument, int index, int worker)
{
    (void)worker;
    try_item(argument, index, false);
}

static void *run_all(void *argument)
{
    mlk_job *job = argument;
    mlk_interrupt_watch_here(&job->stop);
    mlk_parallel(job->n, job->workers, run_item, job);
    for (int i = 0; i < job->n && atomic_load(&job->again) > 0 && !mlk_interrupted(); i++)
        if (atomic_load(&job->items[i].state) == MLK_JOB_OPEN)
            try_item(job, i, true);
    pthread_mutex_lock(&job->lock);
    job->finished = true;
    pthread_cond_broadcast(&job->changed);
    pthread_mutex_unlock(&job->lock);
    return NULL;
}

/* How many files this process may open yet. */
static long files_left(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return LONG_MAX;
    DIR *open = opendir("/proc/self/fd");
    if (!open)
        return errno == EMFILE ? 0 : (long)limit.rlim_cur;
    long used = 0;
    while (readdir(open))
        used++;
    closedir(open);
    return (long)limit.rlim_cur - (used - 3); /* ".", ".." and the listing's own */
}

/* A worker has a sound, an entry of the cache, what it writes and its folder open at a time; libraries that are loaded
 * on the way want some too. */
static int affordable(int workers)
{
    enum { EACH = 4, OTHERS = 6 };
    long most = (files_left() - OTHERS) / EACH;
    if (workers <= 0)
        workers = mlk_cores();
    return most < 1 ? 1 : most < workers ? (int)most : workers;
}

/* Signals belong to the thread that started the job: threads inherit the mask under which they are made. */
static int start_deaf(pthread_t *thread, void *argument)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(thread, NULL, run_all, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

static void release(mlk_job *job)
{
    for (int i = 0; job->items && i < job->n; i++)
        free(job->items[i].reason);
    free(job->items);
    free(job->ended_by);
    pthread_cond_destroy(&job->changed);
    pthread_mutex_destroy(&job->lock);
    free(job);
}

mlk_job *mlk_job_start(int n, int workers, mlk_job_work *work, void *context, mlk_status *status)
{
    mlk_job *job = calloc(1, sizeof *job);
    if (!job) {
        mlk_fail_memory(status, "a job");
        return NULL;
    }
    job->n = n;
    job->workers = affordable(workers);
    job->work = work;
    job->context = context;
    pthread_mutex_init(&job->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&job->changed, &attributes);
    pthread_condattr_destroy(&attributes);

    job->items = calloc((size_t)n + 1, sizeof *job->items);
    int failed = job->items ? start_deaf(&job->thread, job) : ENOMEM;
    if (failed) {
        release(job);
        mlk_fail(status, failed == EAGAIN || failed == ENOMEM ? MLK_EXHAUSTED : MLK_IO, "cannot start a thread: %s",
                 strerror(failed));
        return NULL;
    }
    return job;
}

bool mlk_job_wait(mlk_job *job, double seconds)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    double whole = floor(seconds);
    until.tv_sec += (time_t)whole;
    until.tv_nsec += (long)((seconds - whole) * 1e9);
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&job->lock);
    while (!job->finished && pthread_cond_timedwait(&job->changed, &job->lock, &until) == 0)
        ;
    bool finished = job->finished;
    pthread_mutex_unlock(&job->lock);
    return finished;
}

void mlk_job_stop(mlk_job *job)
{
    atomic_store(&job->stop, true);
}

mlk_job_counts mlk_job_progress(mlk_job *job)
{
    return (mlk_job_counts){job->n, atomic_load(&job->done), atomic_load(&job->failed)};
}

mlk_job_item mlk_job_state(const mlk_job *job, int index)
{
    return (mlk_job_item)atomic_load(&job->items[index].state);
}

const char *mlk_job_reason(const mlk_job *job, int index)
{
    const char *reason = job->items[index].reason;
    return reason ? reason : "not enough memory for the reason";
}

const char *mlk_job_ended_by(const mlk_job *job)
{
    return job->ended_by;
}

void mlk_job_free(mlk_job *job)
{
    if (!job)
        return;
    mlk_job_stop(job);
    pthread_join(job->thread, NULL);
    release(job);
}
