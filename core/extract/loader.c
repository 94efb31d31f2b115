#include "extract/loader.h"

#include "interrupt.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Batches that are made or in use at a time, if they take no more than so many bytes together; else two. */
enum { MOST_SLOTS = 4, SLOT_BYTES = 1 << 28 };

typedef struct batch {
    int64_t n, frames, open; /* open: examples still to come */
    int64_t failed;          /* the first of them that failed; n: none */
    char *reason;
} batch;

struct mlk_loader {
    const mlk_plan *plan;
    int64_t n, n_batches;
    mlk_example *examples; /* in the order of the epoch */
    mlk_blend *blends;
    batch *batches;
    float *slots[MOST_SLOTS];
    int n_slots;
    int64_t next; /* the batch after the one in use */
    mlk_job *job;
    bool stop;
    pthread_mutex_t lock; /* of batches, next and stop */
    pthread_cond_t changed;
};

/* --- threads --- */

/* Waits a moment for a change; the lock is held. Only a moment: an interrupt wakes nobody. */
static void linger(mlk_loader *loader)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += 50000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&loader->changed, &loader->lock, &until);
}

/* The memory of a batch, once it is free; NULL when the work is to stop. */
static float *await_slot(mlk_loader *loader, int64_t batch)
{
    pthread_mutex_lock(&loader->lock);
    bool free = false, stop = false;
    while (!free && !stop) {
        free = batch - loader->next < loader->n_slots - 1; /* one is in use */
        stop = loader->stop || mlk_interrupted();
        if (!free && !stop)
            linger(loader);
    }
    pthread_mutex_unlock(&loader->lock);
    return stop ? NULL : loader->slots[batch % loader->n_slots];
}

static void finish(mlk_loader *loader, batch *batch, int64_t i, const mlk_status *failure)
{
    pthread_mutex_lock(&loader->lock);
    if (failure && i < batch->failed) {
        batch->failed = i;
        free(batch->reason);
        batch->reason = strdup(failure->message);
    }
    if (--batch->open == 0)
        pthread_cond_broadcast(&loader->changed);
    pthread_mutex_unlock(&loader->lock);
}

static mlk_code work(void *context, int index, mlk_status *status)
{
    mlk_loader *loader = context;
    const mlk_plan *plan = loader->plan;
    batch *batch = &loader->batches[index / plan->batch_size];
    int64_t i = index % plan->batch_size;
    float *x = await_slot(loader, index / plan->batch_size);
    if (!x)
        return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    x += i * mlk_material_rows(plan->material) * batch->frames;
    mlk_code code = mlk_example_make(plan, &loader->examples[index], batch->frames, x, &loader->blends[index], status);
    if (code != MLK_INTERRUPTED)
        finish(loader, batch, i, code ? status : NULL);
    return code;
}

/* --- life --- */

static void release(mlk_loader *loader)
{
    for (int64_t b = 0; loader->batches && b < loader->n_batches; b++)
        free(loader->batches[b].reason);
    for (int i = 0; i < MOST_SLOTS; i++)
        free(loader->slots[i]);
    free(loader->batches);
    free(loader->blends);
    free(loader->examples);
    pthread_cond_destroy(&loader->changed);
    pthread_mutex_destroy(&loader->lock);
    free(loader);
}

static bool make_slots(mlk_loader *loader)
{
    size_t largest = sizeof(float);
    for (int64_t b = 0; b < loader->n_batches; b++) {
        const batch *batch = &loader->batches[b];
        size_t bytes = (size_t)(batch->n * batch->frames * mlk_material_rows(loader->plan->material)) * sizeof(float);
        largest = bytes > largest ? bytes : largest;
    }
    loader->n_slots = MOST_SLOTS * largest <= SLOT_BYTES ? MOST_SLOTS : 2;
    for (int i = 0; i < loader->n_slots; i++)
        if (!(loader->slots[i] = malloc(largest)))
            return false;
    return true;
}

static mlk_code fill(mlk_loader *loader, int64_t epoch, mlk_status *status)
{
    const mlk_plan *plan = loader->plan;
    size_t n = (size_t)loader->n + 1;
    int64_t *order = mlk_plan_order(plan, epoch, status);
    loader->examples = malloc(n * sizeof *loader->examples);
    loader->blends = calloc(n, sizeof *loader->blends);
    loader->batches = calloc((size_t)loader->n_batches + 1, sizeof *loader->batches);
    bool complete = order && loader->examples && loader->blends && loader->batches;
    for (int64_t i = 0; complete && i < loader->n; i++) {
        batch *batch = &loader->batches[i / plan->batch_size];
        loader->examples[i] = mlk_plan_example(plan, epoch, order[i]);
        int64_t frames = plan->frames > 0 ? plan->frames : mlk_plan_frames(plan, loader->examples[i].track);
        batch->frames = frames > batch->frames ? frames : batch->frames;
        batch->failed = batch->open = ++batch->n;
    }
    free(order);
    return complete && make_slots(loader) ? MLK_OK : mlk_fail_memory(status, "an epoch's batches");
}

mlk_loader *mlk_loader_start(const mlk_plan *plan, int64_t epoch, int workers, mlk_status *status)
{
    mlk_loader *loader = calloc(1, sizeof *loader);
    if (!loader) {
        mlk_fail_memory(status, "a loader");
        return NULL;
    }
    loader->plan = plan;
    loader->n_batches = mlk_plan_batches(plan);
    int64_t all = mlk_plan_examples(plan), whole = loader->n_batches * plan->batch_size;
    loader->n = all < whole ? all : whole;
    pthread_mutex_init(&loader->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&loader->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    mlk_code code = loader->n > INT32_MAX / 2
                        ? mlk_fail(status, MLK_INVALID, "an epoch holds up to %d segments", INT32_MAX / 2)
                        : fill(loader, epoch, status);
    if (!code && !(loader->job = mlk_job_start((int)loader->n, workers, work, loader, status)))
        code = status->code;
    if (code) {
        release(loader);
        return NULL;
    }
    return loader;
}

void mlk_loader_free(mlk_loader *loader)
{
    if (!loader)
        return;
    pthread_mutex_lock(&loader->lock);
    loader->stop = true;
    pthread_cond_broadcast(&loader->changed);
    pthread_mutex_unlock(&loader->lock);
    mlk_job_free(loader->job);
    release(loader);
}

/* --- batches --- */

static mlk_code await_batch(mlk_loader *loader, const batch *batch, mlk_status *status)
{
    while (batch->open > 0 && !mlk_interrupted() && !mlk_job_wait(loader->job, 0))
        linger(loader);
    if (batch->open > 0)
        return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    if (batch->failed < batch->n)
        return mlk_fail(status, MLK_INVALID, "%s", batch->reason ? batch->reason : "not enough memory for the reason");
    return MLK_OK;
}

mlk_code mlk_loader_next(mlk_loader *loader, mlk_batch *out, mlk_status *status)
{
    *out = (mlk_batch){0};
    if (loader->stop)
        return mlk_fail(status, MLK_INTERRUPTED, "the epoch was given up");
    if (loader->next >= loader->n_batches)
        return MLK_OK;
    pthread_mutex_lock(&loader->lock);
    const batch *batch = &loader->batches[loader->next];
    float *x = loader->slots[loader->next++ % loader->n_slots];
    pthread_cond_broadcast(&loader->changed);
    mlk_code code = await_batch(loader, batch, status);
    loader->stop = code;
    pthread_mutex_unlock(&loader->lock);
    *out = (mlk_batch){batch->n, mlk_material_rows(loader->plan->material), batch->frames, x};
    return code;
}

mlk_batch_entry mlk_loader_entry(const mlk_loader *loader, int64_t i)
{
    int64_t index = (loader->next - 1) * loader->plan->batch_size + i;
    const mlk_example *example = &loader->examples[index];
    return (mlk_batch_entry){example->track, mlk_plan_seconds(loader->plan, example->start), loader->blends[index]};
}
