#include "dbscan.h"

#include "distance.h"
#include "interrupt.h"
#include "parallel.h"

#include <stdlib.h>

#define IN(member) MLK_IN(mlk_dbscan_options, member)

const mlk_parameter mlk_dbscan_parameters[] = {
    MLK_REAL("eps", 0.5, 0, HUGE_VAL, "how far apart neighbours are at most", IN(eps), .above = true),
    MLK_INTEGER("min_samples", 5, 1, INT32_MAX, "neighbours, itself counted, of a row in a dense place",
                IN(min_samples)),
    MLK_PARAMETERS_END,
};

enum { BLOCK = 256 }; /* rows whose distances are taken at a time */

typedef struct scan {
    mlk_samples samples;
    double limit; /* eps squared */
    int64_t least;
    bool *dense;
    int64_t *labels;
    int64_t *queue; /* n: dense rows whose neighbours are still to be looked at */
} scan;

typedef void visitor(void *context, int64_t row);

static void visit_neighbors(const scan *self, int64_t row, visitor *visit, void *context)
{
    double squared[BLOCK];
    int64_t d = self->samples.d, n = self->samples.n;
    for (int64_t first = 0; first < n; first += BLOCK) {
        int64_t count = n - first < BLOCK ? n - first : BLOCK;
        mlk_squared_distances(self->samples.x + row * d, self->samples.x + first * d, count, d, squared);
        for (int64_t i = 0; i < count; i++)
            if (squared[i] <= self->limit)
                visit(context, first + i);
    }
}

static void count_one(void *context, int64_t row)
{
    (void)row;
    ++*(int64_t *)context;
}

static void find_dense(void *context, int task, int worker)
{
    (void)worker;
    const scan *self = context;
    int64_t count = 0;
    visit_neighbors(self, task, count_one, &count);
    self->dense[task] = count >= self->least;
}

typedef struct growth {
    scan *scan;
    int64_t label, waiting;
} growth;

/* A neighbour that is in no cluster yet comes into this one; a dense one brings its own. */
static void take(void *context, int64_t row)
{
    growth *self = context;
    if (self->scan->labels[row] >= 0)
        return;
    self->scan->labels[row] = self->label;
    if (self->scan->dense[row])
        self->scan->queue[self->waiting++] = row;
}

static mlk_code grow(scan *self, mlk_status *status)
{
    growth growth = {self, 0, 0};
    for (int64_t row = 0; row < self->samples.n; row++) {
        if (self->labels[row] >= 0 || !self->dense[row])
            continue;
        take(&growth, row);
        while (growth.waiting > 0) {
            visit_neighbors(self, self->queue[--growth.waiting], take, &growth);
            if (mlk_interrupted())
                return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
        }
        growth.label++;
    }
    return MLK_OK;
}

mlk_code mlk_dbscan_fit(mlk_samples samples, const mlk_dbscan_options *options, int64_t *labels, bool *dense,
                        mlk_status *status)
{
    mlk_code code = mlk_samples_check(samples, 1, status);
    if (code)
        return code;
    scan self = {.samples = samples, .limit = options->eps * options->eps, .least = options->min_samples,
                 .dense = dense, .labels = labels};
    self.queue = malloc(sizeof *self.queue * (size_t)samples.n);
    if (!self.queue)
        return mlk_fail_memory(status, "clusters");
    for (int64_t i = 0; i < samples.n; i++)
        labels[i] = -1;
    mlk_parallel((int)samples.n, 0, find_dense, &self);
    code = mlk_interrupted() ? mlk_fail(status, MLK_INTERRUPTED, "interrupted") : grow(&self, status);
    free(self.queue);
    return code;
}
