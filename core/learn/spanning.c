#include "spanning.h"

#include "distance.h"
#include "interrupt.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* What is not in the tree yet: for each row how near it is, and to which row of the tree. */
typedef struct outside {
    int64_t count;
    int64_t *rows, *nearest;
    double *lengths; /* squared */
    double *cores;   /* squared; 0 where there are none */
    float *x;        /* count x d: their numbers side by side */
    double *squared; /* count */
} outside;

static mlk_code prepare_outside(outside *self, mlk_samples samples, const double *core, mlk_status *status)
{
    size_t n = (size_t)samples.n;
    *self = (outside){.count = samples.n};
    self->rows = malloc(sizeof(int64_t) * n);
    self->nearest = malloc(sizeof(int64_t) * n);
    self->lengths = malloc(sizeof(double) * n);
    self->cores = malloc(sizeof(double) * n);
    self->squared = malloc(sizeof(double) * n);
    self->x = malloc(sizeof(float) * n * (size_t)samples.d);
    if (!self->rows || !self->nearest || !self->lengths || !self->cores || !self->squared || !self->x)
        return mlk_fail_memory(status, "a spanning tree");
    memcpy(self->x, samples.x, sizeof(float) * n * (size_t)samples.d);
    for (int64_t i = 0; i < samples.n; i++) {
        self->rows[i] = i;
        self->lengths[i] = INFINITY;
        self->cores[i] = core ? core[i] * core[i] : 0;
    }
    return MLK_OK;
}

static void release_outside(outside *self)
{
    free(self->rows), free(self->nearest), free(self->lengths), free(self->cores), free(self->squared), free(self->x);
}

/* Takes the row at a place out; the last one moves there. */
static void take_out(outside *self, int64_t place, int64_t d)
{
    int64_t last = --self->count;
    self->rows[place] = self->rows[last];
    self->nearest[place] = self->nearest[last];
    self->lengths[place] = self->lengths[last];
    self->cores[place] = self->cores[last];
    memmove(self->x + place * d, self->x + last * d, sizeof(float) * (size_t)d);
}

/* After `row` came into the tree: who is nearer to it than to the others. */
static void look_from(outside *self, mlk_samples samples, int64_t row, double core)
{
    const double *restrict squared = self->squared, *restrict cores = self->cores;
    double *restrict lengths = self->lengths;
    int64_t *restrict nearest = self->nearest;
    mlk_squared_distances(samples.x + row * samples.d, self->x, self->count, samples.d, self->squared);
    for (int64_t i = 0; i < self->count; i++) { /* no branches, so that this becomes vectors */
        double least = cores[i] > core ? cores[i] : core, length = squared[i] > least ? squared[i] : least;
        bool nearer = length < lengths[i];
        lengths[i] = nearer ? length : lengths[i];
        nearest[i] = nearer ? row : nearest[i];
    }
}

/* The length of an edge from its square; where it is a core distance, that, to the bit. */
static double length_of(double squared, int64_t from, int64_t to, const double *core)
{
    if (core && squared == core[from] * core[from])
        return core[from];
    return core && squared == core[to] * core[to] ? core[to] : sqrt(squared);
}

/* The place of the nearest of all, of equals that of the least row. */
static int64_t nearest_of(const outside *self)
{
    double least = INFINITY;
    int64_t best = 0;
    for (int64_t i = 0; i < self->count; i++)
        least = self->lengths[i] < least ? self->lengths[i] : least;
    while (self->lengths[best] > least)
        best++;
    for (int64_t i = best + 1; i < self->count; i++)
        if (self->lengths[i] == least && self->rows[i] < self->rows[best])
            best = i;
    return best;
}

mlk_code mlk_spanning_tree(mlk_samples samples, const double *core, mlk_edge *edges, mlk_status *status)
{
    outside rest;
    mlk_code code = prepare_outside(&rest, samples, core, status);
    int64_t row = 0, place = 0;
    for (int64_t i = 0; i < samples.n - 1 && !code; i++) {
        take_out(&rest, place, samples.d);
        look_from(&rest, samples, row, core ? core[row] * core[row] : 0);
        place = nearest_of(&rest);
        row = rest.rows[place];
        edges[i] = (mlk_edge){rest.nearest[place], row, length_of(rest.lengths[place], rest.nearest[place], row, core)};
        if (mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    release_outside(&rest);
    return code;
}
