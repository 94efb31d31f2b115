#include "spectrum.h"

#include "blas/blas.h"
#include "eigen.h"
#include "interrupt.h"
#include "random.h"
#include "start.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double TOLERANCE = 1e-3; /* a start need not be precise */

/* One part of the graph, whose vertices an edge joins to no other part. */
typedef struct part {
    const mlk_graph *graph;
    const int32_t *vertices; /* count */
    const int32_t *places;   /* graph->n: of each vertex within its part */
    int64_t count;
    const float *roots; /* graph->n: 1 / the square root of each vertex's edges' weight */
} part;

/* y = the normalised adjacency matrix times each of `count` vectors x, over one part. */
static void multiply(void *context, const double *x, int64_t count, double *y)
{
    const part *part = context;
    for (int64_t v = 0; v < count; v++)
        for (int64_t i = 0; i < part->count; i++) {
            int32_t vertex = part->vertices[i];
            double sum = 0;
            for (int64_t e = part->graph->starts[vertex]; e < part->graph->starts[vertex + 1]; e++) {
                int32_t other = part->graph->targets[e];
                sum += (double)part->graph->weights[e] * part->roots[other] * x[v * part->count + part->places[other]];
            }
            y[v * part->count + i] = sum * part->roots[vertex];
        }
}

/* coordinates: part->count x dims; the part has more than dims + 1 vertices. */
static mlk_code lay_out_part(part *part, int dims, uint64_t seed, float *coordinates, mlk_status *status)
{
    int64_t n = part->count;
    bool converged;
    double *vectors = malloc(sizeof(double) * (size_t)((dims + 1) * n)), values[MLK_START_DIMS + 1];
    mlk_symmetric matrix = {multiply, part, n, TOLERANCE};
    mlk_code code = vectors ? mlk_eigen_largest(matrix, dims + 1, seed, values, vectors, &converged, status)
                            : mlk_fail_memory(status, "a spectrum");
    for (int64_t i = 0; i < n && !code; i++)
        for (int a = 0; a < dims; a++) /* the largest eigenvalue's vector says nothing */
            coordinates[i * dims + a] = (float)vectors[(a + 1) * n + i];
    free(vectors);
    return code;
}

/* --- parts ------------------------------------------------------------------------------------ */

typedef struct division {
    const mlk_graph *graph;
    int64_t parts;
    int32_t *vertices; /* n: those of the first part, of the second … */
    int64_t *starts;   /* parts + 1 */
    int32_t *places;   /* n: of each vertex within its part */
    float *roots;      /* n */
    float *means;      /* parts x d */
    float *centers;    /* parts x dims */
} division;

static void release(division *self)
{
    free(self->vertices), free(self->starts), free(self->places), free(self->roots), free(self->means);
    free(self->centers);
}

/* Puts the vertices that edges join to the one at *end behind it. */
static void follow_edges(division *self, int64_t first, int64_t *end)
{
    const mlk_graph *graph = self->graph;
    for (int64_t at = first; at < *end; at++)
        for (int64_t e = graph->starts[self->vertices[at]]; e < graph->starts[self->vertices[at] + 1]; e++) {
            int32_t other = graph->targets[e];
            if (self->places[other] >= 0)
                continue;
            self->places[other] = (int32_t)(*end - first);
            self->vertices[(*end)++] = other;
        }
}

static mlk_code divide(division *self, mlk_status *status)
{
    int64_t n = self->graph->n, end = 0;
    self->vertices = malloc(sizeof(int32_t) * (size_t)n);
    self->starts = malloc(sizeof(int64_t) * ((size_t)n + 1));
    self->places = malloc(sizeof(int32_t) * (size_t)n);
    self->roots = malloc(sizeof(float) * (size_t)n);
    if (!self->vertices || !self->starts || !self->places || !self->roots)
        return mlk_fail_memory(status, "parts of a graph");
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t e = self->graph->starts[i]; e < self->graph->starts[i + 1]; e++)
            sum += self->graph->weights[e];
        self->roots[i] = sum > 0 ? (float)(1 / sqrt(sum)) : 1;
        self->places[i] = -1;
    }
    for (int64_t i = 0; i < n; i++) {
        if (self->places[i] >= 0)
            continue;
        self->starts[self->parts++] = end;
        self->places[i] = 0;
        self->vertices[end++] = (int32_t)i;
        follow_edges(self, self->starts[self->parts - 1], &end);
    }
    self->starts[self->parts] = n;
    return MLK_OK;
}

/* Centres of the parts: principal components of their means. */
static mlk_code place_parts(division *self, mlk_samples samples, int dims, uint64_t seed, mlk_status *status)
{
    self->means = malloc(sizeof(float) * (size_t)(self->parts * samples.d));
    self->centers = malloc(sizeof(float) * (size_t)(self->parts * dims));
    if (!self->means || !self->centers)
        return mlk_fail_memory(status, "parts of a graph");
    for (int64_t p = 0; p < self->parts; p++)
        for (int64_t j = 0; j < samples.d; j++) {
            double sum = 0;
            for (int64_t at = self->starts[p]; at < self->starts[p + 1]; at++)
                sum += samples.x[self->vertices[at] * samples.d + j];
            self->means[p * samples.d + j] = (float)(sum / (double)(self->starts[p + 1] - self->starts[p]));
        }
    return mlk_start_pca((mlk_samples){self->means, self->parts, samples.d}, dims, seed, self->centers, status);
}

/* Half the distance from a part's centre to the nearest other. */
static double reach_of(const division *self, int64_t p, int dims)
{
    double nearest = INFINITY;
    for (int64_t other = 0; other < self->parts; other++) {
        double squared = 0;
        if (other == p)
            continue;
        for (int a = 0; a < dims; a++)
            squared += pow(self->centers[p * dims + a] - self->centers[other * dims + a], 2);
        nearest = squared < nearest ? squared : nearest;
    }
    return isinf(nearest) ? 1 : sqrt(nearest) / 2;
}

/* Writes the coordinates of one part (count x dims) about its centre. */
static void put(const division *self, int64_t p, int dims, const float *coordinates, float *y)
{
    double largest = 0, reach = reach_of(self, p, dims);
    int64_t count = self->starts[p + 1] - self->starts[p];
    for (int64_t i = 0; i < count * dims; i++)
        largest = fmax(largest, fabs(coordinates[i]));
    for (int64_t i = 0; i < count; i++)
        for (int a = 0; a < dims; a++)
            y[(int64_t)self->vertices[self->starts[p] + i] * dims + a] =
                (float)((self->centers ? self->centers[p * dims + a] : 0) +
                        reach * coordinates[i * dims + a] / fmax(largest, 1e-30));
}

static mlk_code lay_out(const division *self, int64_t p, int dims, uint64_t seed, float *y, mlk_status *status)
{
    part part = {.graph = self->graph, .vertices = self->vertices + self->starts[p], .places = self->places,
                 .count = self->starts[p + 1] - self->starts[p], .roots = self->roots};
    float *coordinates = malloc(sizeof(float) * (size_t)(part.count * dims));
    mlk_code code = coordinates ? MLK_OK : mlk_fail_memory(status, "a spectrum");
    if (!code && part.count > dims + 1 && part.count >= 2 * dims)
        code = lay_out_part(&part, dims, seed, coordinates, status);
    else if (!code)
        mlk_start_random(part.count, dims, seed, coordinates);
    if (!code)
        put(self, p, dims, coordinates, y);
    free(coordinates);
    return code;
}

mlk_code mlk_start_spectral(const mlk_graph *graph, mlk_samples samples, int dims, uint64_t seed, float *y,
                            mlk_status *status)
{
    division self = {.graph = graph};
    mlk_code code = divide(&self, status);
    if (!code && self.parts > 1)
        code = place_parts(&self, samples, dims, seed, status);
    int threads = mlk_blas_single();
    for (int64_t p = 0; p < self.parts && !code; p++)
        code = lay_out(&self, p, dims, mlk_random_branch(seed, (uint64_t)p), y, status);
    mlk_blas_restore(threads);
    release(&self);
    if (!code && mlk_interrupted())
        code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    return code;
}
