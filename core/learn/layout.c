#include "layout.h"

#include "interrupt.h"
#include "parallel.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>

enum {
    POINTS = 256, /* a task */
    PACE = 31,    /* bits behind the point */
};

static const float LONGEST = 4; /* of a force along one axis */

typedef struct run {
    const mlk_layout *layout;
    float *y;
    const float *others;
    uint32_t *paces; /* by edge: how often it is due, as a share of the epochs */
    int epoch;
    float rate;
} run;

static inline float bounded(float force)
{
    return force > LONGEST ? LONGEST : force < -LONGEST ? -LONGEST : force;
}

static inline __attribute__((always_inline)) float squared_distance(const float *a, const float *b, int dims)
{
    float sum = 0;
    for (int d = 0; d < dims; d++)
        sum += (a[d] - b[d]) * (a[d] - b[d]);
    return sum;
}

/* Whether the epoch is one of the edge's. */
static inline int due(const run *self, int64_t edge)
{
    uint64_t pace = self->paces[edge], epoch = (uint64_t)self->epoch;
    return epoch > 0 && (epoch * pace >> PACE) != ((epoch - 1) * pace >> PACE);
}

/* The point at `at` and its neighbour move towards each other, or where the neighbour stays, the point alone. */
static inline __attribute__((always_inline)) void pull(const run *self, float *other, int dims, float *at)
{
    float force = mlk_curve_at(self->layout->curve->pull, squared_distance(at, other, dims));
    for (int d = 0; d < dims; d++) {
        float step = self->rate * bounded(force * (at[d] - other[d]));
        at[d] += step;
        if (!self->layout->others)
            other[d] -= step;
    }
}

/* Points drawn at random push the one at `at` away: all at once, so that none waits for the one before. */
static inline __attribute__((always_inline)) void push(const run *self, uint64_t *random, int dims, float *at)
{
    const mlk_layout *layout = self->layout;
    float pushed[MLK_LAYOUT_DIMS] = {0};
    for (int negative = 0; negative < layout->negatives; negative++) {
        *random = *random * 6364136223846793005u + 1442695040888963407u; /* Knuth's */
        int64_t k = (int64_t)((*random >> 32) * (uint64_t)layout->n_others >> 32);
        const float *other = self->others + k * dims;
        float force = mlk_curve_at(layout->curve->push, squared_distance(at, other, dims));
        for (int d = 0; d < dims; d++) /* nothing where the point has drawn itself */
            pushed[d] += bounded(force * (at[d] - other[d]));
    }
    for (int d = 0; d < dims; d++)
        at[d] += self->rate * pushed[d];
}

static inline __attribute__((always_inline)) void move_point(const run *self, int64_t i, int dims)
{
    const mlk_graph *graph = self->layout->graph;
    uint64_t random = mlk_random_branch(self->layout->seed, (uint64_t)(self->epoch * graph->n + i));
    float *at = self->y + i * dims;
    for (int64_t e = graph->starts[i]; e < graph->starts[i + 1]; e++)
        if (due(self, e)) {
            pull(self, (float *)self->others + (int64_t)graph->targets[e] * dims, dims, at);
            push(self, &random, dims, at);
        }
}

static void move_points(const run *self, int64_t first, int64_t last)
{
    for (int64_t i = first; i < last && !(i % POINTS == 0 && mlk_interrupted()); i++)
        if (self->layout->dims == 2)
            move_point(self, i, 2);
        else if (self->layout->dims == 3)
            move_point(self, i, 3);
        else
            move_point(self, i, self->layout->dims);
}

static void move_task(void *context, int task, int worker)
{
    (void)worker;
    const run *self = context;
    int64_t first = task * (int64_t)POINTS, n = self->layout->graph->n;
    move_points(self, first, first + POINTS < n ? first + POINTS : n);
}

static void run_epoch(run *self)
{
    int tasks = (int)((self->layout->graph->n + POINTS - 1) / POINTS);
    if (self->layout->others)
        mlk_parallel(tasks, tasks < 4 ? 1 : 0, move_task, self);
    else
        move_points(self, 0, self->layout->graph->n);
}

/* An edge is due the more often the heavier it is, the heaviest in every epoch. */
static void set_paces(const mlk_graph *graph, uint32_t *paces)
{
    float most = 0;
    for (int64_t e = 0; e < graph->starts[graph->n]; e++)
        most = graph->weights[e] > most ? graph->weights[e] : most;
    for (int64_t e = 0; e < graph->starts[graph->n]; e++)
        paces[e] = (uint32_t)(graph->weights[e] / (double)most * (1u << PACE));
}

mlk_code mlk_layout_run(const mlk_layout *layout, float *y, mlk_status *status)
{
    const mlk_graph *graph = layout->graph;
    run self = {.layout = layout, .y = y, .others = layout->others ? layout->others : y};
    self.paces = malloc(sizeof(uint32_t) * (size_t)(graph->starts[graph->n] + 1));
    mlk_code code = self.paces ? MLK_OK : mlk_fail_memory(status, "a layout");
    if (!code)
        set_paces(graph, self.paces);
    mlk_progress_say(layout->progress, 0, layout->epochs);
    for (; self.epoch < layout->epochs && !code; self.epoch++) {
        self.rate = (float)(layout->rate * (1 - fmax(0, self.epoch - 1) / layout->epochs));
        run_epoch(&self);
        mlk_progress_say(layout->progress, self.epoch + 1, layout->epochs);
        if (mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    free(self.paces);
    return code;
}
