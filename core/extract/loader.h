/* loader.h: the batches of one epoch, made by threads in the background ahead of their use.
 *
 * Threads fill a few batches ahead of the one in use, then wait. The batches
 * depend on the plan and the epoch alone, not on the number of threads.
 *
 *     mlk_loader *loader = mlk_loader_start(&plan, 1, workers, &status);
 *     mlk_batch batch;
 *     while (mlk_loader_next(loader, &batch, &status) == MLK_OK && batch.n > 0)
 *         ... batch.x[(i * batch.rows + row) * batch.frames + frame] ...
 *     mlk_loader_free(loader);                     // at any time: stops the threads
 */
#ifndef MLK_LOADER_H
#define MLK_LOADER_H

#include "extract/example.h"

typedef struct mlk_loader mlk_loader;

/* The plan, compiled, must live until mlk_loader_free. `workers` 0 takes mlk_cores(). NULL: see status. */
mlk_loader *mlk_loader_start(const mlk_plan *plan, int64_t epoch, int workers, mlk_status *status);

/* Stops the threads, waits for them and frees. NULL is allowed. */
void mlk_loader_free(mlk_loader *loader);

/* One example of a batch. */
typedef struct mlk_batch_entry {
    int track; /* among the plan's */
    double start_s;
    mlk_blend blend;
} mlk_batch_entry;

typedef struct mlk_batch {
    int64_t n, rows, frames; /* frames: of the longest example */
    const float *x;          /* n x rows x frames */
} mlk_batch;

/* Waits for the next batch, which holds until the following call; n is 0 after the last one. Fails like the
 * batch's first example that failed, or when the user interrupts; after that it always fails. */
mlk_code mlk_loader_next(mlk_loader *loader, mlk_batch *batch, mlk_status *status);

/* Example i of the batch in use. */
mlk_batch_entry mlk_loader_entry(const mlk_loader *loader, int64_t i);

#endif
