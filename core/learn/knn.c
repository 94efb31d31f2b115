#include "knn.h"

#include "distance.h"
#include "interrupt.h"
#include "parallel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 64 };   /* a task */
enum { BLOCK = 256 }; /* rows of `train` whose distances are taken at a time */

typedef struct finding {
    mlk_samples train, samples;
    int64_t neighbors;
    int64_t *indices;
    double *distances;
} finding;

/* Puts one row into the sorted list of the nearest so far. */
static void insert(double squared, int64_t index, int64_t neighbors, int64_t *indices, double *distances)
{
    int64_t at = neighbors - 1;
    if (!(squared < distances[at]))
        return;
    for (; at > 0 && squared < distances[at - 1]; at--) {
        distances[at] = distances[at - 1];
        indices[at] = indices[at - 1];
    }
    distances[at] = squared;
    indices[at] = index;
}

/* Fills indices and distances (n x neighbors) for ROWS rows, from row task * ROWS on. */
static void find(void *context, int task, int worker)
{
    (void)worker;
    const finding *self = context;
    int64_t d = self->train.d, last = (task + 1) * (int64_t)ROWS;
    last = last < self->samples.n ? last : self->samples.n;
    for (int64_t i = task * (int64_t)ROWS; i < last && !mlk_interrupted(); i++) {
        const float *row = self->samples.x + i * d;
        int64_t *indices = self->indices + i * self->neighbors;
        double *distances = self->distances + i * self->neighbors;
        for (int64_t j = 0; j < self->neighbors; j++)
            distances[j] = INFINITY;
        for (int64_t first = 0; first < self->train.n; first += BLOCK) {
            int64_t count = self->train.n - first < BLOCK ? self->train.n - first : BLOCK;
            double squared[BLOCK];
            mlk_squared_distances(row, self->train.x + first * d, count, d, squared);
            for (int64_t t = 0; t < count; t++)
                insert(squared[t], first + t, self->neighbors, indices, distances);
        }
        for (int64_t j = 0; j < self->neighbors; j++)
            distances[j] = sqrt(distances[j]);
    }
}

mlk_code mlk_knn_search(mlk_samples train, mlk_samples samples, int64_t neighbors, int64_t *indices,
                        double *distances, mlk_status *status)
{
    if (neighbors < 1 || neighbors > train.n)
        return mlk_fail(status, MLK_INVALID, "n_neighbors must be 1..%lld (the rows fitted), got %lld",
                        (long long)train.n, (long long)neighbors);
    mlk_code code = mlk_samples_check(samples, 0, status);
    if (code)
        return code;
    finding self = {train, samples, neighbors, indices, distances};
    mlk_parallel((int)((samples.n + ROWS - 1) / ROWS), 0, find, &self);
    return mlk_interrupted() ? mlk_fail(status, MLK_INTERRUPTED, "interrupted") : MLK_OK;
}

/* What neighbour j of a row counts; apart: the distances of all of its neighbours, ascending. */
static double weight_of(const double *apart, int64_t j, bool by_distance)
{
    return !by_distance ? 1 : apart[0] == 0 ? apart[j] == 0 : 1 / apart[j];
}

mlk_code mlk_knn_proba(mlk_samples train, const int64_t *y, int64_t k, mlk_samples samples, int64_t neighbors,
                       bool by_distance, double *proba, mlk_status *status)
{
    size_t count = (size_t)(samples.n * neighbors) + 1;
    int64_t *indices = malloc(sizeof(int64_t) * count);
    double *distances = malloc(sizeof(double) * count);
    mlk_code code = indices && distances ? MLK_OK : mlk_fail_memory(status, "neighbours");
    for (int64_t i = 0; i < train.n && !code; i++) /* they may come from a file */
        if (y[i] < 0 || y[i] >= k)
            code = mlk_fail(status, MLK_INVALID, "train y must hold ids 0..%lld, row %lld is %lld", (long long)k - 1,
                            (long long)i, (long long)y[i]);
    if (!code)
        code = mlk_knn_search(train, samples, neighbors, indices, distances, status);
    for (int64_t i = 0; i < samples.n && !code; i++) {
        double *shares = proba + i * k, sum = 0;
        const double *apart = distances + i * neighbors;
        memset(shares, 0, sizeof(double) * (size_t)k);
        for (int64_t j = 0; j < neighbors; j++) {
            double weight = weight_of(apart, j, by_distance);
            shares[y[indices[i * neighbors + j]]] += weight;
            sum += weight;
        }
        for (int64_t c = 0; c < k; c++)
            shares[c] /= sum;
    }
    free(indices), free(distances);
    return code;
}

mlk_code mlk_knn_values(mlk_samples train, const double *y, int64_t targets, mlk_samples samples, int64_t neighbors,
                        bool by_distance, double *out, mlk_status *status)
{
    size_t count = (size_t)(samples.n * neighbors) + 1;
    int64_t *indices = malloc(sizeof(int64_t) * count);
    double *distances = malloc(sizeof(double) * count);
    mlk_code code = indices && distances ? MLK_OK : mlk_fail_memory(status, "neighbours");
    if (!code)
        code = mlk_knn_search(train, samples, neighbors, indices, distances, status);
    for (int64_t i = 0; i < samples.n && !code; i++) {
        double *means = out + i * targets, sum = 0;
        memset(means, 0, sizeof(double) * (size_t)targets);
        for (int64_t j = 0; j < neighbors; j++) {
            double weight = weight_of(distances + i * neighbors, j, by_distance);
            for (int64_t t = 0; t < targets; t++)
                means[t] += weight * y[indices[i * neighbors + j] * targets + t];
            sum += weight;
        }
        for (int64_t t = 0; t < targets; t++)
            means[t] /= sum;
    }
    free(indices), free(distances);
    return code;
}
