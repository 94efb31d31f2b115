#include "cohesion.h"

#include "blas/blas.h"
#include "interrupt.h"
#include "parallel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 64, BLOCK = 256 }; /* rows of a task; rows that their distances are taken to at a time */

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
    int64_t n, d, k;
    const int64_t *labels;
    const int64_t *sizes;
    double *x;        /* n x d, mean taken out: that is what keeps distances by products precise */
    double *squares;  /* n: squared lengths */
    double *products; /* workers x ROWS x BLOCK */
    double *sums;     /* workers x ROWS x k: distances to the rows of each cluster */
    double *values;   /* n */
} shape;

static void release(shape *self)
{
    free(self->x), free(self->squares), free(self->products), free(self->sums), free(self->values);
}

static mlk_code prepare(shape *self, mlk_samples samples, mlk_status *status)
{
    size_t n = (size_t)self->n, d = (size_t)self->d, rows = (size_t)mlk_cores() * ROWS;
    double *mean = malloc(sizeof *mean * d);
    self->x = malloc(sizeof(double) * n * d);
    self->squares = calloc(n, sizeof(double));
    self->products = malloc(sizeof(double) * rows * BLOCK);
    self->sums = malloc(sizeof(double) * rows * (size_t)self->k);
    self->values = malloc(sizeof(double) * n);
    mlk_code code = mean && self->x && self->squares && self->products && self->sums && self->values
                        ? mlk_samples_moments(samples, mean, NULL, status)
                        : mlk_fail_memory(status, "silhouettes");
    for (int64_t i = 0; i < self->n * self->d && !code; i++) {
        self->x[i] = samples.x[i] - mean[i % self->d];
        self->squares[i / self->d] += self->x[i] * self->x[i];
    }
    free(mean);
    return code;
}

/* Adds the distances of `count` rows from `first` on to BLOCK rows (or what is left) from `other` on. */
static void add_block(const shape *self, int64_t first, int64_t count, int64_t other, double *products, double *sums)
{
    int64_t others = self->n - other < BLOCK ? self->n - other : BLOCK;
    int d = (int)self->d;
    mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, MLK_AS_IS, MLK_TRANSPOSED, (int)count, (int)others, d, -2,
                            self->x + first * d, d, self->x + other * d, d, 0, products, BLOCK);
    for (int64_t i = 0; i < count; i++) {
        double *row = products + i * BLOCK, square = self->squares[first + i];
        for (int64_t j = 0; j < others; j++) {
            double squared = row[j] + square + self->squares[other + j];
            row[j] = sqrt(squared > 0 ? squared : 0);
        }
        if (first + i >= other && first + i < other + others)
            row[first + i - other] = 0; /* itself */
        for (int64_t j = 0; j < others; j++)
            sums[i * self->k + self->labels[other + j]] += row[j];
    }
}

/* The silhouette of a row of cluster `own`; sums: k. */
static double silhouette_of(const shape *self, int64_t own, const double *sums)
{
    double nearest = INFINITY;
    for (int64_t c = 0; c < self->k; c++)
        if (c != own && self->sizes[c] > 0)
            nearest = fmin(nearest, sums[c] / (double)self->sizes[c]);
    double inside = self->sizes[own] > 1 ? sums[own] / (double)(self->sizes[own] - 1) : 0;
    double most = fmax(inside, nearest);
    return self->sizes[own] > 1 && most > 0 ? (nearest - inside) / most : 0;
}

static void measure_rows(void *context, int task, int worker)
{
    const shape *self = context;
    int64_t first = task * (int64_t)ROWS, count = self->n - first < ROWS ? self->n - first : ROWS;
    double *sums = self->sums + worker * ROWS * self->k;
    memset(sums, 0, sizeof(double) * (size_t)(count * self->k));
    for (int64_t other = 0; other < self->n; other += BLOCK)
        add_block(self, first, count, other, self->products + worker * ROWS * BLOCK, sums);
    for (int64_t i = 0; i < count; i++)
        self->values[first + i] = silhouette_of(self, self->labels[first + i], sums + i * self->k);
}

mlk_code mlk_silhouette(mlk_samples samples, const int64_t *labels, double *each, double *mean, mlk_status *status)
{
    int64_t *sizes, k;
    mlk_code code = count_rows(samples, labels, "silhouette", &sizes, &k, status);
    if (code)
        return code;
    shape self = {.n = samples.n, .d = samples.d, .k = k, .labels = labels, .sizes = sizes};
    code = prepare(&self, samples, status);
    if (!code) {
        int threads = mlk_blas_single();
        mlk_parallel((int)((samples.n + ROWS - 1) / ROWS), mlk_cores(), measure_rows, &self);
        mlk_blas_restore(threads);
        *mean = 0;
        for (int64_t i = 0; i < samples.n; i++)
            *mean += self.values[i] / (double)samples.n;
        if (each)
            memcpy(each, self.values, sizeof(double) * (size_t)samples.n);
        if (mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    free(sizes);
    release(&self);
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
