#include "tsne.h"

#include "affinity.h"
#include "clones.h"
#include "graph.h"
#include "interrupt.h"
#include "parallel.h"
#include "space_tree.h"
#include "start.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LANES = 16,
    ROWS = 256,        /* a task */
    FIRST_PLACES = 25, /* neighbours whose median a new row starts at */
    NEW_ROW_STEPS = 250,
    MOST_DIMS = 3,
};

static const double MOMENTUM = 0.8, LEAST_GAIN = 0.01, LONGEST_STEP = 5;

/* Of rows that are placed among others. */
static const double NEW_ROW_PERPLEXITY = 5, NEW_ROW_EXAGGERATION = 1.5, NEW_ROW_RATE = 0.1, NEW_ROW_GRADIENT = 0.25;

#define IN(member) MLK_IN(mlk_tsne_options, member)

static const char *const inits[] = {"pca", "random", NULL};

const mlk_parameter mlk_tsne_parameters[] = {
    MLK_INTEGER("n_components", 2, 1, MOST_DIMS, "dimensions of the embedding", IN(dims)),
    MLK_REAL("perplexity", 30, 1, HUGE_VAL, "about how many neighbours a row has", IN(perplexity)),
    MLK_REAL("early_exaggeration", 12, 1, HUGE_VAL, "how much attraction is exaggerated in the first steps",
             IN(early_exaggeration)),
    MLK_INTEGER("early_exaggeration_iter", 250, 0, INT32_MAX, "these first steps", IN(early_exaggeration_iter)),
    MLK_INTEGER("n_iter", 500, 0, INT32_MAX, "steps after them", IN(n_iter)),
    MLK_REAL_OR_NIL("learning_rate", NAN, 0, HUGE_VAL, "length of the steps", IN(learning_rate), .above = true,
                    .usual = "rows / exaggeration"),
    MLK_CHOICE("init", MLK_TSNE_PCA, inits, "where rows start", IN(init)),
    MLK_CHOICE("metric", MLK_ROWS_EUCLIDEAN, mlk_row_metric_names, "distance between rows", IN(metric)),
    MLK_REAL("theta", 0.5, 0, 1, "how coarsely far points are taken together: 0 is exact", IN(theta)),
    MLK_INTEGER("seed", 0, 0, HUGE_VAL, "of the start and of the search for neighbours", IN(seed)),
    MLK_PARAMETERS_END,
};

double mlk_tsne_most_perplexity(int64_t n)
{
    return (double)(n - 1) / 3;
}

/* One descent: n points that are pulled by their neighbours among `others` and pushed by all of them. */
typedef struct descent {
    int64_t n;
    int dims;
    mlk_graph pulls;
    float *y, *attraction, *force, *z, *update, *gains; /* n x dims; z: n */
    const float *others;             /* y itself, or the places of rows that do not move */
    mlk_space_tree *points, *pushes; /* of y, of the others */
    double theta;
} descent;

static void release(descent *self)
{
    free(self->attraction), free(self->force), free(self->z), free(self->update), free(self->gains);
    mlk_graph_free(&self->pulls);
    if (self->pushes != self->points)
        mlk_space_tree_free(self->pushes);
    mlk_space_tree_free(self->points);
}

static mlk_code allocate(descent *self, mlk_status *status)
{
    size_t count = (size_t)(self->n * self->dims);
    self->attraction = malloc(sizeof(float) * count);
    self->force = malloc(sizeof(float) * count);
    self->z = malloc(sizeof(float) * (size_t)self->n);
    self->update = calloc(count, sizeof(float));
    self->gains = malloc(sizeof(float) * count);
    if (!self->attraction || !self->force || !self->z || !self->update || !self->gains)
        return mlk_fail_memory(status, "t-SNE");
    for (size_t i = 0; i < count; i++)
        self->gains[i] = 1;
    return mlk_space_tree_new(self->n, self->dims, &self->points, status);
}

/* --- attraction ------------------------------------------------------------------------------- */

typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

/* pull (dims): the sum over a point's neighbours of weight x q x (point - neighbour). */
static inline __attribute__((always_inline)) void pull_point(const descent *self, int dims, int64_t i, float *pull)
{
    lanes pulls[MOST_DIMS] = {{0}};
    for (int64_t e = self->pulls.starts[i]; e < self->pulls.starts[i + 1]; e += LANES) {
        float at[MOST_DIMS][LANES] = {{0}}, weights[LANES] = {0};
        int64_t count = self->pulls.starts[i + 1] - e;
        count = count < LANES ? count : LANES;
        for (int64_t l = 0; l < count; l++) {
            const float *other = self->others + (int64_t)self->pulls.targets[e + l] * dims;
            weights[l] = self->pulls.weights[e + l];
            for (int a = 0; a < dims; a++)
                at[a][l] = other[a];
        }
        lanes apart[MOST_DIMS], squared = {0};
        for (int a = 0; a < dims; a++) {
            apart[a] = self->y[i * dims + a] - *(const lanes *)at[a];
            squared += apart[a] * apart[a];
        }
        lanes pq = *(const lanes *)weights / (1.0f + squared);
        for (int a = 0; a < dims; a++)
            pulls[a] += pq * apart[a];
    }
    for (int a = 0; a < dims; a++) {
        pull[a] = 0;
        for (int lane = 0; lane < LANES; lane++)
            pull[a] += ((const float *)&pulls[a])[lane];
    }
}

MLK_WIDE_CLONES
static void pull_rows(const descent *self, int64_t first, int64_t last)
{
    for (int64_t i = first; i < last; i++) {
        float *pull = self->attraction + i * self->dims;
        if (self->dims == 1)
            pull_point(self, 1, i, pull);
        else if (self->dims == 2)
            pull_point(self, 2, i, pull);
        else
            pull_point(self, 3, i, pull);
    }
}

static void pull_task(void *context, int task, int worker)
{
    (void)worker;
    const descent *self = context;
    int64_t first = task * (int64_t)ROWS, last = first + ROWS < self->n ? first + ROWS : self->n;
    pull_rows(self, first, last);
}

/* --- steps ------------------------------------------------------------------------------------ */

/* The sum of all q but those of points to themselves. */
static double normalization(const descent *self)
{
    double sum = 0;
    for (int64_t i = 0; i < self->n; i++)
        sum += self->z[i];
    return self->pushes == self->points ? fmax(sum - (double)self->n, 1e-12) : sum;
}

static mlk_code measure(descent *self, mlk_status *status)
{
    int tasks = (int)((self->n + ROWS - 1) / ROWS);
    mlk_space_tree_update(self->points, self->y);
    mlk_parallel(tasks, tasks < 8 ? 1 : 0, pull_task, self);
    return mlk_space_tree_repel(self->pushes, self->points, self->theta, self->force, self->z, status);
}

/* A point's gradient becomes its step, by momentum and gains (Jacobs 1988). */
static void step_point(descent *self, int64_t i, double rate, const double *gradient)
{
    double length = 0;
    float *update = self->update + i * self->dims, *gains = self->gains + i * self->dims;
    for (int a = 0; a < self->dims; a++) {
        int onwards = (update[a] > 0) - (update[a] < 0) != (gradient[a] > 0) - (gradient[a] < 0);
        gains[a] = (float)(onwards ? gains[a] + 0.2 : gains[a] * 0.8 + LEAST_GAIN);
        update[a] = (float)(MOMENTUM * update[a] - rate * gains[a] * gradient[a]);
        length += (double)update[a] * update[a];
    }
    double shorter = length > LONGEST_STEP * LONGEST_STEP ? LONGEST_STEP / sqrt(length) : 1;
    for (int a = 0; a < self->dims; a++) {
        update[a] = (float)(update[a] * shorter);
        self->y[i * self->dims + a] += update[a];
    }
}

static void center(float *y, int64_t n, int dims)
{
    for (int a = 0; a < dims; a++) {
        double mean = 0;
        for (int64_t i = 0; i < n; i++)
            mean += y[i * dims + a];
        for (int64_t i = 0; i < n; i++)
            y[i * dims + a] -= (float)(mean / (double)n);
    }
}

/* One step of points that all move. */
static void move(descent *self, double exaggeration, double rate)
{
    double sum = normalization(self);
    for (int64_t i = 0; i < self->n; i++) {
        double gradient[MOST_DIMS];
        for (int a = 0; a < self->dims; a++)
            gradient[a] = exaggeration * self->attraction[i * self->dims + a] - self->force[i * self->dims + a] / sum;
        step_point(self, i, rate, gradient);
    }
    center(self->y, self->n, self->dims);
}

/* One step of points among others that stay: each for itself. */
static void move_among(descent *self)
{
    for (int64_t i = 0; i < self->n; i++) {
        double gradient[MOST_DIMS], length = 0, z = fmax(self->z[i], 1e-12);
        for (int a = 0; a < self->dims; a++) {
            int64_t at = i * self->dims + a;
            gradient[a] = NEW_ROW_EXAGGERATION * self->attraction[at] - self->force[at] / z;
            length += gradient[a] * gradient[a];
        }
        double shorter = fmin(1, NEW_ROW_GRADIENT / (sqrt(length) + 1e-6));
        for (int a = 0; a < self->dims; a++)
            gradient[a] *= shorter;
        step_point(self, i, NEW_ROW_RATE, gradient);
    }
}

/* --- fitting ---------------------------------------------------------------------------------- */

static float mean_of(float there, float back)
{
    return (there + back) / 2;
}

/* The rows' pulls on each other, which add up to 1. */
static mlk_code find_pulls(mlk_samples samples, const mlk_tsne_options *options, mlk_graph *pulls, mlk_status *status)
{
    mlk_neighbors neighbors = {0};
    double perplexity = fmin(options->perplexity, mlk_tsne_most_perplexity(samples.n));
    int64_t k = (int64_t)fmax(1, floor(3 * perplexity));
    mlk_code code = mlk_neighbors_of(samples, k < samples.n ? k : samples.n - 1, options->metric, options->seed,
                                     &neighbors, status);
    float *p = malloc(sizeof(float) * (size_t)(samples.n * k));
    if (!code)
        code = p ? mlk_affinities(&neighbors, perplexity, p, status) : mlk_fail_memory(status, "affinities");
    if (!code)
        code = mlk_graph_union(neighbors.n, neighbors.k, neighbors.indices, p, mean_of, pulls, status);
    for (int64_t e = 0; !code && e < pulls->starts[pulls->n]; e++)
        pulls->weights[e] /= (float)samples.n;
    free(p);
    mlk_neighbors_free(&neighbors);
    return code;
}

/* Places with a standard deviation of 1e-4 along the first axis. */
static mlk_code start(mlk_samples samples, const mlk_tsne_options *options, float *y, mlk_status *status)
{
    mlk_code code = MLK_OK;
    if (options->init == MLK_TSNE_PCA)
        code = mlk_start_pca(samples, options->dims, options->seed, y, status);
    else
        mlk_start_random(samples.n, options->dims, options->seed, y);
    double deviation = code ? 1 : mlk_start_deviation(y, samples.n, options->dims, 0);
    for (int64_t i = 0; i < samples.n * options->dims && !code; i++)
        y[i] = (float)(y[i] * 1e-4 / deviation);
    return code;
}

static double divergence_of(const descent *self)
{
    double sum = 0, normal = normalization(self);
    for (int64_t i = 0; i < self->n; i++)
        for (int64_t e = self->pulls.starts[i]; e < self->pulls.starts[i + 1]; e++) {
            double p = self->pulls.weights[e], squared = 0;
            for (int a = 0; a < self->dims; a++) {
                double apart = self->y[i * self->dims + a] -
                               self->y[(int64_t)self->pulls.targets[e] * self->dims + a];
                squared += apart * apart;
            }
            sum += p > 0 ? p * log(p * (1 + squared) * normal) : 0; /* the smallest have become 0 */
        }
    return sum;
}

static mlk_code descend(descent *self, const mlk_tsne_options *options, mlk_status *status)
{
    int total = options->early_exaggeration_iter + options->n_iter;
    mlk_code code = MLK_OK;
    mlk_progress_say(options->progress, 0, total);
    for (int step = 0; step < total && !code; step++) {
        double exaggeration = step < options->early_exaggeration_iter ? options->early_exaggeration : 1;
        code = measure(self, status);
        if (!code)
            move(self, exaggeration,
                 isnan(options->learning_rate) ? (double)self->n / exaggeration : options->learning_rate);
        mlk_progress_say(options->progress, step + 1, total);
    }
    return code ? code : measure(self, status);
}

mlk_code mlk_tsne_fit(mlk_samples samples, const mlk_tsne_options *options, float *y, double *divergence,
                      mlk_status *status)
{
    mlk_code code = mlk_samples_check(samples, 2, status);
    if (code)
        return code;
    descent self = {.n = samples.n, .dims = options->dims, .y = y, .others = y, .theta = options->theta};
    code = allocate(&self, status);
    self.pushes = self.points;
    if (!code)
        code = find_pulls(samples, options, &self.pulls, status);
    if (!code)
        code = start(samples, options, y, status);
    if (!code)
        code = descend(&self, options, status);
    if (!code)
        *divergence = divergence_of(&self);
    release(&self);
    return code;
}

/* --- other rows ------------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Each row's place is, axis by axis, the median of those of its nearest neighbours. */
static void start_at_medians(const mlk_neighbors *neighbors, const float *places, int dims, float *y)
{
    int64_t k = neighbors->k < FIRST_PLACES ? neighbors->k : FIRST_PLACES;
    for (int64_t i = 0; i < neighbors->n; i++)
        for (int a = 0; a < dims; a++) {
            float along[FIRST_PLACES];
            for (int64_t j = 0; j < k; j++)
                along[j] = places[(int64_t)neighbors->indices[i * neighbors->k + j] * dims + a];
            qsort(along, (size_t)k, sizeof(float), ascending);
            y[i * dims + a] = (along[(k - 1) / 2] + along[k / 2]) / 2;
        }
}

/* The first `k` neighbours' pulls, which add up to 1 for each row. */
static mlk_code find_pulls_among(const mlk_neighbors *neighbors, int64_t k, double perplexity, mlk_graph *pulls,
                                 mlk_status *status)
{
    int64_t n = neighbors->n;
    *pulls = (mlk_graph){.n = n, .starts = malloc(sizeof(int64_t) * ((size_t)n + 1)),
                         .targets = malloc(sizeof(int32_t) * (size_t)(n * k)),
                         .weights = malloc(sizeof(float) * (size_t)(n * k))};
    float *distances = malloc(sizeof(float) * (size_t)(n * k));
    mlk_code code = pulls->starts && pulls->targets && pulls->weights && distances
                        ? MLK_OK : mlk_fail_memory(status, "affinities");
    for (int64_t i = 0; i <= n && !code; i++)
        pulls->starts[i] = i * k;
    for (int64_t i = 0; i < n && !code; i++) {
        memcpy(pulls->targets + i * k, neighbors->indices + i * neighbors->k, sizeof(int32_t) * (size_t)k);
        memcpy(distances + i * k, neighbors->distances + i * neighbors->k, sizeof(float) * (size_t)k);
    }
    mlk_neighbors nearest = {n, k, pulls->targets, distances};
    if (!code)
        code = mlk_affinities(&nearest, perplexity, pulls->weights, status);
    free(distances);
    return code;
}

mlk_code mlk_tsne_transform(mlk_samples train, const float *places, mlk_samples samples,
                            const mlk_tsne_options *options, float *y, mlk_status *status)
{
    mlk_neighbors neighbors = {0};
    mlk_code code = mlk_samples_check(samples, 0, status);
    if (code || samples.n == 0)
        return code;
    double perplexity = fmin(NEW_ROW_PERPLEXITY, (double)train.n / 3);
    int64_t pulling = (int64_t)fmax(1, floor(3 * perplexity)), k = pulling > FIRST_PLACES ? pulling : FIRST_PLACES;
    descent self = {.n = samples.n, .dims = options->dims, .y = y, .others = places, .theta = options->theta};
    code = allocate(&self, status);
    if (!code)
        code = mlk_neighbors_among(train, samples, k < train.n ? k : train.n, options->metric, &neighbors, status);
    if (!code)
        code = find_pulls_among(&neighbors, pulling, perplexity, &self.pulls, status);
    if (!code)
        code = mlk_space_tree_new(train.n, options->dims, &self.pushes, status);
    if (!code) {
        start_at_medians(&neighbors, places, options->dims, y);
        mlk_space_tree_update(self.pushes, places);
    }
    for (int step = 0; step < NEW_ROW_STEPS && !code; step++) {
        code = measure(&self, status);
        if (!code)
            move_among(&self);
        mlk_progress_say(options->progress, step + 1, NEW_ROW_STEPS);
    }
    mlk_neighbors_free(&neighbors);
    release(&self);
    return code;
}
