#include "spectral.h"

#include "blas/blas.h"
#include "distance.h"
#include "eigen.h"
#include "exponential.h"
#include "interrupt.h"
#include "kmeans.h"
#include "knn.h"
#include "parallel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define IN(member) MLK_IN(mlk_spectral_options, member)

static const char *const affinity_names[] = {"rbf", "nearest_neighbors", NULL};

const mlk_parameter mlk_spectral_parameters[] = {
    MLK_INTEGER("n_clusters", 8, 1, INT32_MAX, "how many clusters, and eigenvectors", IN(n_clusters)),
    MLK_CHOICE("affinity", MLK_AFFINITY_RBF, affinity_names,
               "rows are linked by exp(−gamma·|a − b|²), or to their nearest", IN(affinity)),
    MLK_REAL("gamma", 1, 0, HUGE_VAL, "of rbf", IN(gamma), .above = true),
    MLK_INTEGER("n_neighbors", 10, 1, INT32_MAX, "nearest rows that each is linked to, itself counted",
                IN(n_neighbors)),
    MLK_INTEGER("n_init", 10, 1, INT32_MAX, "starts of k-means, of which the one of least inertia is kept", IN(n_init)),
    MLK_INTEGER("seed", 0, 0, HUGE_VAL, "of the random starts", IN(seed)),
    MLK_PARAMETERS_END,
};

enum { ROWS = 64 }; /* of a task */

/* Links between rows: all of them as a matrix, or lists. */
typedef struct graph {
    mlk_samples samples;
    int64_t n;
    double gamma;
    double *links;      /* n x n, or NULL: there are lists */
    int64_t *first;     /* n + 1: where a row's list begins */
    int64_t *to;        /* the rows it is linked to, each by 1/2; twice where they chose each other */
    double *scale;      /* n: 1 / sqrt(sum of a row's links), 1 where it has none */
    const double *x;    /* count x n: what is multiplied now */
    double *y;
    int64_t count;
} graph;

static void release(graph *self)
{
    free(self->links), free(self->first), free(self->to), free(self->scale);
}

static int tasks(int64_t n)
{
    return (int)((n + ROWS - 1) / ROWS);
}

static void link_rows(void *context, int task, int worker)
{
    (void)worker;
    const graph *self = context;
    int64_t n = self->n, d = self->samples.d;
    for (int64_t i = task * (int64_t)ROWS; i < (task + 1) * (int64_t)ROWS && i < n; i++) {
        double *row = self->links + i * n;
        mlk_squared_distances(self->samples.x + i * d, self->samples.x, n, d, row);
        for (int64_t j = 0; j < n; j++)
            row[j] *= -self->gamma;
        mlk_exp_negative(row, n);
        row[i] = 0;
    }
}

static mlk_code link_all(graph *self, mlk_status *status)
{
    if (self->n > MLK_SPECTRAL_MOST)
        return mlk_fail(status, MLK_INVALID,
                        "affinity rbf keeps the similarity of all pairs, so x must have at most %d rows (1.8 GB), got "
                        "%lld: take affinity nearest_neighbors", MLK_SPECTRAL_MOST, (long long)self->n);
    self->links = malloc(sizeof(double) * (size_t)(self->n * self->n));
    if (!self->links)
        return mlk_fail_memory(status, "the similarities of all pairs");
    mlk_parallel(tasks(self->n), 0, link_rows, self);
    return MLK_OK;
}

/* Lists of links from each row's neighbours (n x k): a link counts in both directions. */
static mlk_code make_lists(graph *self, const int64_t *neighbors, int64_t k, mlk_status *status)
{
    int64_t n = self->n;
    self->first = calloc((size_t)n + 1, sizeof(int64_t));
    self->to = malloc(sizeof(int64_t) * (size_t)(2 * n * k));
    int64_t *next = malloc(sizeof *next * (size_t)n);
    if (!self->first || !self->to || !next) {
        free(next);
        return mlk_fail_memory(status, "links");
    }
    for (int64_t i = 0; i < n * k; i++) {
        int64_t links = neighbors[i] != i / k; /* none to itself */
        self->first[i / k + 1] += links;
        self->first[neighbors[i] + 1] += links;
    }
    for (int64_t i = 0; i < n; i++) {
        self->first[i + 1] += self->first[i];
        next[i] = self->first[i];
    }
    for (int64_t i = 0; i < n * k; i++) {
        if (neighbors[i] == i / k)
            continue;
        self->to[next[i / k]++] = neighbors[i];
        self->to[next[neighbors[i]]++] = i / k;
    }
    free(next);
    return MLK_OK;
}

static mlk_code link_nearest(graph *self, int64_t k, mlk_status *status)
{
    if (k > self->n)
        return mlk_fail(status, MLK_INVALID, "n_neighbors must be 1..%lld (rows), got %lld", (long long)self->n,
                        (long long)k);
    int64_t *neighbors = malloc(sizeof *neighbors * (size_t)(self->n * k));
    double *distances = malloc(sizeof *distances * (size_t)(self->n * k));
    mlk_code code = neighbors && distances
                        ? mlk_knn_search(self->samples, self->samples, k, neighbors, distances, status)
                        : mlk_fail_memory(status, "neighbours");
    if (!code)
        code = make_lists(self, neighbors, k, status);
    free(neighbors), free(distances);
    return code;
}

static void scale_rows(void *context, int task, int worker)
{
    (void)worker;
    const graph *self = context;
    int64_t n = self->n;
    for (int64_t i = task * (int64_t)ROWS; i < (task + 1) * (int64_t)ROWS && i < n; i++)
        for (int64_t j = 0; j < n; j++)
            self->links[i * n + j] *= self->scale[i] * self->scale[j];
}

/* Divides each link by the roots of both rows' sums: lists of links do it when they are read. */
static mlk_code normalise(graph *self, mlk_status *status)
{
    self->scale = malloc(sizeof(double) * (size_t)self->n);
    if (!self->scale)
        return mlk_fail_memory(status, "links");
    for (int64_t i = 0; i < self->n; i++) {
        double sum = self->links ? 0 : 0.5 * (double)(self->first[i + 1] - self->first[i]);
        for (int64_t j = 0; self->links && j < self->n; j++)
            sum += self->links[i * self->n + j];
        self->scale[i] = sum > 0 ? 1 / sqrt(sum) : 1;
    }
    if (self->links)
        mlk_parallel(tasks(self->n), 0, scale_rows, self);
    return MLK_OK;
}

static void multiply_lists(const graph *self, int64_t from, int64_t last)
{
    for (int64_t v = 0; v < self->count; v++) {
        const double *x = self->x + v * self->n;
        for (int64_t i = from; i < last; i++) {
            double sum = 0;
            for (int64_t at = self->first[i]; at < self->first[i + 1]; at++)
                sum += x[self->to[at]] * self->scale[self->to[at]];
            self->y[v * self->n + i] = 0.5 * sum * self->scale[i];
        }
    }
}

static void multiply_rows(void *context, int task, int worker)
{
    (void)worker;
    const graph *self = context;
    int64_t n = self->n, from = task * (int64_t)ROWS, last = from + ROWS < n ? from + ROWS : n;
    if (self->links)
        mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, MLK_AS_IS, MLK_TRANSPOSED, (int)self->count, (int)(last - from), (int)n,
                                1, self->x, (int)n, self->links + from * n, (int)n, 0, self->y + from, (int)n);
    else
        multiply_lists(self, from, last);
}

/* y = the normalised links times x: one less the normalised Laplacian. */
static void multiply(void *context, const double *x, int64_t count, double *y)
{
    graph *self = context;
    self->x = x;
    self->y = y;
    self->count = count;
    mlk_parallel(tasks(self->n), 0, multiply_rows, self);
}

/* k-means of the rows of the eigenvectors (k x n), each divided by the root of the row's sum. */
static mlk_code group(const graph *self, const mlk_spectral_options *options, const double *vectors, int64_t *labels,
                      mlk_status *status)
{
    int64_t n = self->n, k = options->n_clusters;
    float *rows = malloc(sizeof *rows * (size_t)(n * k));
    double *centers = malloc(sizeof *centers * (size_t)(k * k));
    mlk_kmeans_options kmeans = {.k = k, .max_iter = 300, .tol = 1e-4, .n_init = options->n_init,
                                 .seed = options->seed};
    mlk_kmeans_result result;
    mlk_code code = rows && centers ? MLK_OK : mlk_fail_memory(status, "eigenvectors");
    for (int64_t i = 0; i < n * k && !code; i++)
        rows[i] = (float)(vectors[i % k * n + i / k] * self->scale[i / k] * (double)n); /* n: keeps them near 1 */
    if (!code)
        code = mlk_kmeans_fit((mlk_samples){rows, n, k}, &kmeans, centers, labels, &result, status);
    free(rows), free(centers);
    return code;
}

static mlk_code check(mlk_samples samples, const mlk_spectral_options *options, mlk_status *status)
{
    if (samples.n < options->n_clusters)
        return mlk_fail(status, MLK_INVALID, "x must have at least n_clusters (%lld) rows, got %lld",
                        (long long)options->n_clusters, (long long)samples.n);
    return mlk_samples_check(samples, 2, status);
}

/* Clusters of linked rows. */
static mlk_code cut(graph *self, const mlk_spectral_options *options, int64_t *labels, double *eigenvalues,
                    bool *converged, mlk_status *status)
{
    int64_t k = options->n_clusters;
    double *vectors = malloc(sizeof *vectors * (size_t)(k * self->n));
    mlk_code code = vectors ? normalise(self, status) : mlk_fail_memory(status, "eigenvectors");
    if (!code) {
        int threads = mlk_blas_single();
        code = mlk_eigen_largest((mlk_symmetric){multiply, self, self->n, 1e-8}, k, options->seed, eigenvalues, vectors,
                                 converged, status);
        mlk_blas_restore(threads);
    }
    for (int64_t i = 0; i < k && !code; i++)
        eigenvalues[i] = 1 - eigenvalues[i];
    if (!code)
        code = group(self, options, vectors, labels, status);
    free(vectors);
    return code;
}

mlk_code mlk_spectral_fit(mlk_samples samples, const mlk_spectral_options *options, int64_t *labels,
                          double *eigenvalues, bool *converged, mlk_status *status)
{
    mlk_code code = check(samples, options, status);
    if (code)
        return code;
    graph self = {.samples = samples, .n = samples.n, .gamma = options->gamma};
    code = options->affinity == MLK_AFFINITY_RBF ? link_all(&self, status)
                                                 : link_nearest(&self, options->n_neighbors, status);
    if (!code && mlk_interrupted())
        code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    if (!code)
        code = cut(&self, options, labels, eigenvalues, converged, status);
    release(&self);
    return code;
}
