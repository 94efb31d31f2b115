#include "cohesion.h"

#include "distance.h"
#include "interrupt.h"
#include "parallel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 256 }; /* rows whose distances are taken at a time */

/* Rows of each cluster, in a table that the caller frees; NULL and a code where labels cannot be measured. */
static mlk_code count_rows(mlk_samples samples, const int64_t *labels, const char *measure, int64_t **sizes, int64_t *k,
                           mlk_status *status)
{
    *sizes = NULL;
    *k = 0;
    mlk_code code = mlk_samples_check(samples, 3, status);
    for (int64_t i = 0; i < samples.n && !code; i++) {
        if (labels[i] < 0 || labels[i] >= samples.n)
            code = mlk_fail(status, MLK_INVALID, "labels must be 0..rows - 1, row %lld has %lld", (long long)i,
                            (long long)labels[i]);
        *k = labels[i] + 1 > *k ? labels[i] + 1 : *k;
    }
    if (code)
        return code;
    *sizes = calloc((size_t)*k, sizeof **sizes);
    if (!*sizes)
        return mlk_fail_memory(status, "clusters");
    int64_t used = 0;
    for (int64_t i = 0; i < samples.n; i++)
        used += (*sizes)[labels[i]]++ == 0;
    if (used >= 2 && used < samples.n)
        return MLK_OK;
    free(*sizes);
    *sizes = NULL;
    return mlk_fail(status, MLK_INVALID, "%s needs 2..rows - 1 (%lld) clusters, got %lld", measure,
                    (long long)samples.n - 1, (long long)used);
}

typedef struct shape {
    mlk_samples samples;
    const int64_t *labels;
    const int64_t *sizes;
    int64_t k;
    double *sums;   /* workers x k */
    double *values; /* n */
} shape;

/* The silhouette of row `task` into values[task]; sums (k) are distances to the rows of each cluster. */
static void silhouette_of(void *context, int task, int worker)
{
    const shape *self = context;
    int64_t d = self->samples.d, own = self->labels[task];
    const float *row = self->samples.x + task * d;
    double *sums = self->sums + worker * self->k;
    memset(sums, 0, sizeof(double) * (size_t)self->k);
    for (int64_t first = 0; first < self->samples.n; first += BLOCK) {
        int64_t count = self->samples.n - first < BLOCK ? self->samples.n - first : BLOCK;
        double squared[BLOCK];
        mlk_squared_distances(row, self->samples.x + first * d, count, d, squared);
        for (int64_t i = 0; i < count; i++)
            sums[self->labels[first + i]] += sqrt(squared[i]);
    }
    double nearest = INFINITY;
    for (int64_t c = 0; c < self->k; c++)
        if (c != own && self->sizes[c] > 0)
            nearest = fmin(nearest, sums[c] / (double)self->sizes[c]);
    double inside = self->sizes[own] > 1 ? sums[own] / (double)(self->sizes[own] - 1) : 0;
    double most = fmax(inside, nearest);
    self->values[task] = self->sizes[own] > 1 && most > 0 ? (nearest - inside) / most : 0;
}

mlk_code mlk_silhouette(mlk_samples samples, const int64_t *labels, double *mean, mlk_status *status)
{
    int64_t *sizes, k;
    mlk_code code = count_rows(samples, labels, "silhouette", &sizes, &k, status);
    if (code)
        return code;
    shape self = {.samples = samples, .labels = labels, .sizes = sizes, .k = k};
    self.sums = malloc(sizeof(double) * (size_t)(mlk_cores() * k));
    self.values = malloc(sizeof(double) * (size_t)samples.n);
    if (!self.sums || !self.values)
        code = mlk_fail_memory(status, "silhouettes");
    if (!code) {
        mlk_parallel((int)samples.n, mlk_cores(), silhouette_of, &self);
        *mean = 0;
        for (int64_t i = 0; i < samples.n; i++)
            *mean += self.values[i] / (double)samples.n;
        if (mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    free(sizes), free(self.sums), free(self.values);
    return code;
}

/* --- centres ------------------------------------------------------------------------------ */

static double squared_length(const double *a, const double *b, int64_t d)
{
    double sum = 0;
    for (int64_t j = 0; j < d; j++)
        sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sum;
}

typedef struct spread {
    const int64_t *sizes;
    int64_t k, d;
    double *centers; /* k x d */
    double *apart;   /* k: the mean distance of a cluster's rows to its centre */
    double within;   /* the sum of their squares */
} spread;

static void measure_spread(spread *self, mlk_samples samples, const int64_t *labels)
{
    int64_t d = self->d;
    for (int64_t i = 0; i < samples.n; i++)
        for (int64_t j = 0; j < d; j++)
            self->centers[labels[i] * d + j] += samples.x[i * d + j] / (double)self->sizes[labels[i]];
    for (int64_t i = 0; i < samples.n; i++) {
        const double *center = self->centers + labels[i] * d;
        double squared = 0;
        for (int64_t j = 0; j < d; j++)
            squared += (samples.x[i * d + j] - center[j]) * (samples.x[i * d + j] - center[j]);
        self->within += squared;
        self->apart[labels[i]] += sqrt(squared) / (double)self->sizes[labels[i]];
    }
}

static double calinski_harabasz(const spread *self, const double *mean, int64_t n)
{
    double between = 0, used = 0;
    for (int64_t c = 0; c < self->k; c++) {
        used += self->sizes[c] > 0;
        between += (double)self->sizes[c] * squared_length(self->centers + c * self->d, mean, self->d);
    }
    return self->within == 0 ? 1 : between * ((double)n - used) / (self->within * (used - 1));
}

static double davies_bouldin(const spread *self)
{
    double sum = 0, used = 0;
    for (int64_t c = 0; c < self->k; c++) {
        double worst = 0;
        for (int64_t other = 0; other < self->k && self->sizes[c] > 0; other++) {
            if (other == c || self->sizes[other] == 0)
                continue;
            double apart = sqrt(squared_length(self->centers + c * self->d, self->centers + other * self->d, self->d));
            if (apart > 0)
                worst = fmax(worst, (self->apart[c] + self->apart[other]) / apart);
        }
        sum += worst;
        used += self->sizes[c] > 0;
    }
    return sum / used;
}

mlk_code mlk_cohesion_of(mlk_samples samples, const int64_t *labels, mlk_cohesion *found, mlk_status *status)
{
    int64_t *sizes, k, d = samples.d;
    mlk_code code = count_rows(samples, labels, "this measure", &sizes, &k, status);
    if (code)
        return code;
    spread self = {.sizes = sizes, .k = k, .d = d};
    self.centers = calloc((size_t)(k * d), sizeof(double));
    self.apart = calloc((size_t)k, sizeof(double));
    double *mean = malloc(sizeof *mean * (size_t)d);
    code = self.centers && self.apart && mean ? mlk_samples_moments(samples, mean, NULL, status)
                                              : mlk_fail_memory(status, "centres");
    if (!code) {
        measure_spread(&self, samples, labels);
        found->calinski_harabasz = calinski_harabasz(&self, mean, samples.n);
        found->davies_bouldin = davies_bouldin(&self);
    }
    free(sizes), free(self.centers), free(self.apart), free(mean);
    return code;
}
