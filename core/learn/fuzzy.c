#include "fuzzy.h"

#include "interrupt.h"
#include "parallel.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { ROWS = 64 /* a task */, STEPS = 64 };

static const double TOLERANCE = 1e-5;
static const double LEAST_WIDTH = 1e-3;      /* of the mean distance */
static const double UNKNOWN = 1;             /* how far an unknown label is from any */
static const double FARTHEST = 1e12;

typedef struct memberships {
    const mlk_neighbors *neighbors;
    bool own;    /* rows of one table: the nearest neighbour is sure */
    double mean; /* of all distances */
    float *weights;
} memberships;

/* The sum of the weights at one width. */
static double sum_at(const float *distances, int64_t k, double nearest, double width)
{
    double sum = 0;
    for (int64_t j = 0; j < k; j++)
        sum += distances[j] > nearest ? exp(-(distances[j] - nearest) / width) : 1;
    return sum;
}

static double find_width(const float *distances, int64_t k, double nearest, double target, double mean)
{
    double low = 0, high = INFINITY, width = mean > 0 ? mean : 1;
    for (int step = 0; step < STEPS; step++) {
        double off = sum_at(distances, k, nearest, width) - target;
        if (fabs(off) < TOLERANCE)
            break;
        if (off > 0)
            high = width;
        else
            low = width;
        width = isinf(high) ? 2 * width : (low + high) / 2;
    }
    return width;
}

static void weigh_row(const memberships *self, int64_t i)
{
    int64_t k = self->neighbors->k, skipped = self->own ? 0 : 1;
    const float *distances = self->neighbors->distances + i * k;
    int64_t counted = k + (self->own ? 1 : 0); /* of its own table a row is one of its neighbours */
    double nearest = 0, mean = 0;
    for (int64_t j = k - 1; j >= 0; j--) {
        mean += distances[j] / (double)counted;
        if (self->own && distances[j] > 0)
            nearest = distances[j];
    }
    double width = find_width(distances + skipped, k - skipped, nearest, log2((double)counted), mean);
    width = fmax(width, LEAST_WIDTH * (nearest > 0 ? mean : self->mean));
    for (int64_t j = 0; j < k; j++)
        self->weights[i * k + j] =
            distances[j] <= nearest || width == 0 ? 1 : (float)exp(-(distances[j] - nearest) / width);
}

static void weigh_rows(void *context, int task, int worker)
{
    (void)worker;
    const memberships *self = context;
    int64_t last = (task + 1) * (int64_t)ROWS;
    for (int64_t i = task * (int64_t)ROWS; i < last && i < self->neighbors->n; i++)
        weigh_row(self, i);
}

static mlk_code weigh(const mlk_neighbors *neighbors, bool own, float *weights, mlk_status *status)
{
    memberships self = {.neighbors = neighbors, .own = own, .weights = weights};
    double count = (double)neighbors->n * (double)(neighbors->k + own);
    for (int64_t i = 0; i < neighbors->n * neighbors->k; i++)
        self.mean += neighbors->distances[i] / count;
    mlk_parallel((int)((neighbors->n + ROWS - 1) / ROWS), 0, weigh_rows, &self);
    return mlk_interrupted() ? mlk_fail(status, MLK_INTERRUPTED, "interrupted") : MLK_OK;
}

mlk_code mlk_fuzzy_weights(const mlk_neighbors *neighbors, float *weights, mlk_status *status)
{
    return weigh(neighbors, false, weights, status);
}

/* That one of two is so. */
static float either(float there, float back)
{
    return there + back - there * back;
}

mlk_code mlk_fuzzy_graph(const mlk_neighbors *neighbors, mlk_graph *graph, mlk_status *status)
{
    float *weights = malloc(sizeof(float) * (size_t)(neighbors->n * neighbors->k));
    mlk_code code = weights ? weigh(neighbors, true, weights, status) : mlk_fail_memory(status, "a graph");
    if (!code)
        code = mlk_graph_union(neighbors->n, neighbors->k, neighbors->indices, weights, either, graph, status);
    free(weights);
    return code;
}

/* The row's heaviest edge weighs 1 afterwards. */
static void make_sure(mlk_graph *graph, int64_t i)
{
    float most = 0;
    for (int64_t e = graph->starts[i]; e < graph->starts[i + 1]; e++)
        most = graph->weights[e] > most ? graph->weights[e] : most;
    for (int64_t e = graph->starts[i]; e < graph->starts[i + 1] && most > 0; e++)
        graph->weights[e] /= most;
}

mlk_code mlk_fuzzy_labels(mlk_graph *graph, const int64_t *y, double target_weight, mlk_status *status)
{
    double far = target_weight < 1 ? 2.5 / (1 - target_weight) : FARTHEST;
    for (int64_t i = 0; i < graph->n; i++) {
        for (int64_t e = graph->starts[i]; e < graph->starts[i + 1]; e++) {
            int64_t other = y[graph->targets[e]];
            if (y[i] < 0 || other < 0)
                graph->weights[e] *= (float)exp(-UNKNOWN);
            else if (y[i] != other)
                graph->weights[e] *= (float)exp(-far);
        }
        make_sure(graph, i);
    }
    return mlk_graph_unite(graph, either, status);
}
