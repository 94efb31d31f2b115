#include "kmeans.h"

#include "blas/blas.h"
#include "chunks.h"
#include "interrupt.h"
#include "parallel.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 512 }; /* rows whose products with all centres are made at a time */

#define IN(member) MLK_IN(mlk_kmeans_options, member)

const mlk_parameter mlk_kmeans_parameters[] = {
    MLK_INTEGER("n_clusters", 8, 1, INT32_MAX, "how many centres", IN(k)),
    MLK_INTEGER("n_init", 1, 1, INT32_MAX, "starts, of which the one of least inertia is kept", IN(n_init)),
    MLK_INTEGER("max_iter", 300, 1, INT32_MAX, "passes at most", IN(max_iter)),
    MLK_REAL("tol", 1e-4, 0, HUGE_VAL, "stop when the centres' squared shift is below this share of the variance",
             IN(tol)),
    MLK_INTEGER("seed", 0, 0, HUGE_VAL, "of the random starts", IN(seed)),
    MLK_PARAMETERS_END,
};

/* One fit's memory. Rows are centred: that is what keeps float32 products precise. */
typedef struct lloyd {
    int64_t n, d, k;
    float *x;         /* n x d, mean taken out */
    float *norms;     /* n: squared lengths */
    float *centers;   /* k x d, as float for the products */
    float *half;      /* k: half the centres' squared lengths */
    float *products;  /* chunks x k x BLOCK: a row of products for each centre */
    double *sums;     /* chunks x k x d */
    int64_t *counts;  /* chunks x k */
    double *inertia;  /* chunks */
    int64_t *changed; /* chunks: labels that changed */
    int64_t *labels;  /* n */
    float *apart;     /* n: squared distance to the nearest centre */
    int chunks;
    bool summing;
} lloyd;

static void release(lloyd *self)
{
    free(self->x), free(self->norms), free(self->centers), free(self->half), free(self->products);
    free(self->sums), free(self->counts), free(self->inertia), free(self->changed), free(self->apart);
}

typedef struct center_rows {
    lloyd *lloyd;
    mlk_samples samples;
    const double *mean;
} center_rows;

static void center_chunk(void *context, int task, int worker)
{
    (void)worker;
    const center_rows *self = context;
    int64_t d = self->samples.d;
    mlk_rows rows = mlk_chunk(self->samples.n, self->lloyd->chunks, task);
    for (int64_t i = rows.first; i < rows.first + rows.count; i++) {
        const float *in = self->samples.x + i * d;
        float *out = self->lloyd->x + i * d;
        for (int64_t j = 0; j < d; j++)
            out[j] = (float)(in[j] - self->mean[j]);
        self->lloyd->norms[i] = mlk_blas()->cblas_sdot((int)d, out, 1, out, 1);
        self->lloyd->labels[i] = -1;
    }
}

static mlk_code prepare(lloyd *self, mlk_samples samples, int64_t k, const double *mean, int64_t *labels,
                        mlk_status *status)
{
    int chunks = mlk_chunks(samples.n);
    *self = (lloyd){.n = samples.n, .d = samples.d, .k = k, .chunks = chunks, .labels = labels};
    size_t n = (size_t)samples.n, d = (size_t)samples.d, c = (size_t)chunks, centers = (size_t)k;
    self->x = malloc(sizeof(float) * n * d);
    self->norms = malloc(sizeof(float) * n);
    self->apart = malloc(sizeof(float) * n);
    self->centers = malloc(sizeof(float) * centers * d);
    self->half = malloc(sizeof(float) * centers);
    self->products = malloc(sizeof(float) * c * BLOCK * centers);
    self->sums = malloc(sizeof(double) * c * centers * d);
    self->counts = malloc(sizeof(int64_t) * c * centers);
    self->inertia = malloc(sizeof(double) * c);
    self->changed = malloc(sizeof(int64_t) * c);
    if (!self->x || !self->norms || !self->apart || !self->centers || !self->half || !self->products ||
        !self->sums || !self->counts || !self->inertia || !self->changed) {
        release(self);
        return mlk_fail_memory(status, "k-means");
    }
    center_rows center = {self, samples, mean};
    mlk_parallel(chunks, 0, center_chunk, &center);
    return MLK_OK;
}

static void set_centers(lloyd *self, const double *centers)
{
    for (int64_t c = 0; c < self->k; c++) {
        double norm = 0;
        for (int64_t j = 0; j < self->d; j++) {
            self->centers[c * self->d + j] = (float)centers[c * self->d + j];
            norm += centers[c * self->d + j] * centers[c * self->d + j];
        }
        self->half[c] = (float)(norm / 2);
    }
}

/* Nearest centre of `count` rows: the largest x.c - |c|^2/2, the first of equals. products: k x BLOCK. */
static void assign_block(lloyd *self, int64_t first, int count, float *products, int64_t *changed)
{
    float best[BLOCK];
    int nearest[BLOCK];
    mlk_blas()->cblas_sgemm(MLK_ROW_MAJOR, MLK_AS_IS, MLK_TRANSPOSED, (int)self->k, count, (int)self->d, 1,
                            self->centers, (int)self->d, self->x + first * self->d, (int)self->d, 0, products, BLOCK);
    for (int i = 0; i < count; i++) {
        best[i] = -INFINITY;
        nearest[i] = 0;
    }
    for (int c = 0; c < (int)self->k; c++) {
        const float *product = products + (int64_t)c * BLOCK;
        const float half = self->half[c];
        for (int i = 0; i < count; i++) {
            float value = product[i] - half, before = best[i];
            int better = -(value > before); /* all bits or none: no branch, so that this becomes vectors */
            nearest[i] = (c & better) | (nearest[i] & ~better);
            best[i] = value > before ? value : before;
        }
    }
    for (int i = 0; i < count; i++) {
        float apart = self->norms[first + i] - 2 * best[i];
        self->apart[first + i] = apart > 0 ? apart : 0;
        *changed += self->labels[first + i] != nearest[i];
        self->labels[first + i] = nearest[i];
    }
}

static void assign_chunk(void *context, int task, int worker)
{
    lloyd *self = context;
    mlk_rows rows = mlk_chunk(self->n, self->chunks, task);
    float *products = self->products + worker * BLOCK * self->k;
    double *sums = self->sums + task * self->k * self->d;
    int64_t *counts = self->counts + task * self->k;
    memset(sums, 0, sizeof(double) * (size_t)(self->k * self->d));
    memset(counts, 0, sizeof(int64_t) * (size_t)self->k);
    self->inertia[task] = 0;
    self->changed[task] = 0;
    for (int64_t done = 0; done < rows.count && !mlk_interrupted(); done += BLOCK) {
        int count = rows.count - done < BLOCK ? (int)(rows.count - done) : BLOCK;
        int64_t first = rows.first + done;
        assign_block(self, first, count, products, &self->changed[task]);
        for (int64_t i = first; i < first + count; i++) {
            self->inertia[task] += self->apart[i];
            if (!self->summing)
                continue;
            double *sum = sums + self->labels[i] * self->d;
            const float *row = self->x + i * self->d;
            for (int64_t j = 0; j < self->d; j++)
                sum[j] += row[j];
            counts[self->labels[i]]++;
        }
    }
}

/* Assigns every row; returns how many labels changed. */
static int64_t assign(lloyd *self, bool summing, double *inertia)
{
    self->summing = summing;
    mlk_parallel(self->chunks, 0, assign_chunk, self);
    int64_t changed = 0;
    *inertia = 0;
    for (int chunk = 0; chunk < self->chunks; chunk++) {
        changed += self->changed[chunk];
        *inertia += self->inertia[chunk];
    }
    return changed;
}

/* An empty cluster takes the row farthest from its centre out of that row's cluster. */
static void fill_empty(lloyd *self, double *sums, int64_t *counts)
{
    for (int64_t c = 0; c < self->k; c++) {
        if (counts[c] > 0)
            continue;
        int64_t farthest = 0;
        for (int64_t i = 1; i < self->n; i++)
            if (self->apart[i] > self->apart[farthest])
                farthest = i;
        int64_t from = self->labels[farthest];
        for (int64_t j = 0; j < self->d; j++) {
            double value = self->x[farthest * self->d + j];
            sums[c * self->d + j] = value;
            sums[from * self->d + j] -= value;
        }
        counts[from]--;
        counts[c] = 1;
        self->apart[farthest] = 0;
    }
}

/* New centres from the chunks' sums; returns the squared shift of all. */
static double move(lloyd *self, double *centers)
{
    double *sums = self->sums;
    int64_t *counts = self->counts;
    for (int chunk = 1; chunk < self->chunks; chunk++) {
        for (int64_t i = 0; i < self->k * self->d; i++)
            sums[i] += sums[chunk * self->k * self->d + i];
        for (int64_t c = 0; c < self->k; c++)
            counts[c] += counts[chunk * self->k + c];
    }
    fill_empty(self, sums, counts);
    double shift = 0;
    for (int64_t c = 0; c < self->k; c++) {
        for (int64_t j = 0; j < self->d; j++) {
            double *center = &centers[c * self->d + j];
            double moved = counts[c] > 0 ? sums[c * self->d + j] / (double)counts[c] : *center;
            shift += (moved - *center) * (moved - *center);
            *center = moved;
        }
    }
    return shift;
}

/* distance (n): the smaller of each row's squared distance to one row and `nearest` (n, or NULL). Returns their sum. */
static double distances_to(const lloyd *self, int64_t row, const float *nearest, float *distance)
{
    const float *target = self->x + row * self->d;
    double total = 0;
    for (int64_t i = 0; i < self->n; i++) {
        float dot = mlk_blas()->cblas_sdot((int)self->d, self->x + i * self->d, 1, target, 1);
        float apart = self->norms[i] + self->norms[row] - 2 * dot;
        apart = apart > 0 && i != row ? apart : 0;
        distance[i] = nearest && nearest[i] < apart ? nearest[i] : apart;
        total += distance[i];
    }
    return total;
}

/* A row, drawn with a probability in proportion to `nearest` (n). */
static int64_t draw_by_distance(const lloyd *self, const float *nearest, double total, mlk_random *random)
{
    double target = mlk_random_uniform(random) * total, sum = 0;
    for (int64_t i = 0; i < self->n; i++) {
        sum += nearest[i];
        if (sum > target)
            return i;
    }
    return mlk_random_below(random, self->n);
}

static mlk_code plus_plus(lloyd *self, mlk_random *random, double *centers, mlk_status *status)
{
    int64_t n = self->n, d = self->d;
    float *nearest = malloc(sizeof(float) * (size_t)n), *candidate = malloc(sizeof(float) * (size_t)n),
          *best = malloc(sizeof(float) * (size_t)n);
    mlk_code code = nearest && candidate && best ? MLK_OK : mlk_fail_memory(status, "k-means++");
    int trials = 2 + (int)log((double)self->k);
    int64_t chosen = mlk_random_below(random, n);
    double total = code ? 0 : distances_to(self, chosen, NULL, nearest);
    for (int64_t c = 0; c < self->k && !code; c++) {
        if (c > 0) {
            double least = INFINITY;
            for (int trial = 0; trial < trials; trial++) {
                int64_t row = draw_by_distance(self, nearest, total, random);
                double sum = distances_to(self, row, nearest, candidate);
                if (sum < least) {
                    least = sum;
                    chosen = row;
                    float *swap = best;
                    best = candidate;
                    candidate = swap;
                }
            }
            float *swap = nearest;
            nearest = best;
            best = swap;
            total = least;
        }
        for (int64_t j = 0; j < d; j++)
            centers[c * d + j] = self->x[chosen * d + j];
        if (mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    free(nearest), free(candidate), free(best);
    return code;
}

static mlk_code iterate(lloyd *self, const mlk_kmeans_options *options, double tolerance, double *centers,
                        mlk_kmeans_result *result, mlk_status *status)
{
    double shift = INFINITY;
    int64_t changed = 1;
    result->iterations = 0;
    while (result->iterations < options->max_iter && changed > 0 && shift > tolerance) {
        set_centers(self, centers);
        changed = assign(self, true, &result->inertia);
        shift = move(self, centers);
        result->iterations++;
        if (mlk_interrupted())
            return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    if (changed > 0) { /* labels of the centres as they now are */
        set_centers(self, centers);
        assign(self, false, &result->inertia);
    }
    return MLK_OK;
}

static mlk_code check(mlk_samples samples, const mlk_kmeans_options *options, mlk_status *status)
{
    if (options->k < 1)
        return mlk_fail(status, MLK_INVALID, "n_clusters must be 1 or more, got %lld", (long long)options->k);
    if (samples.n < options->k)
        return mlk_fail(status, MLK_INVALID, "x must have at least n_clusters (%lld) rows, got %lld",
                        (long long)options->k, (long long)samples.n);
    if (options->max_iter < 1 || options->n_init < 1 || !(options->tol >= 0))
        return mlk_fail(status, MLK_INVALID, "max_iter and n_init must be 1 or more and tol 0 or more, got %d, %d, %g",
                        options->max_iter, options->n_init, options->tol);
    return mlk_samples_check(samples, 1, status);
}

/* All restarts; the best one's centres and labels stay. Centres are about the mean. */
static mlk_code restarts(lloyd *self, const mlk_kmeans_options *options, const double *mean, double tolerance,
                         double *centers, mlk_kmeans_result *result, mlk_status *status)
{
    int64_t size = self->k * self->d, n = self->n;
    int64_t *labels = self->labels;
    double *trial = malloc(sizeof(double) * (size_t)size);
    int64_t *trial_labels = malloc(sizeof(int64_t) * (size_t)n);
    mlk_code code = trial && trial_labels ? MLK_OK : mlk_fail_memory(status, "k-means");
    mlk_random random = mlk_random_seeded(options->seed);
    result->inertia = INFINITY;
    for (int run = 0; run < (options->start ? 1 : options->n_init) && !code; run++) {
        mlk_kmeans_result found;
        for (int64_t i = 0; i < n; i++)
            trial_labels[i] = -1;
        self->labels = trial_labels;
        if (options->start)
            for (int64_t i = 0; i < size; i++)
                trial[i] = options->start[i] - mean[i % self->d];
        else
            code = plus_plus(self, &random, trial, status);
        if (!code)
            code = iterate(self, options, tolerance, trial, &found, status);
        if (!code && found.inertia < result->inertia) {
            *result = found;
            memcpy(centers, trial, sizeof(double) * (size_t)size);
            memcpy(labels, trial_labels, sizeof(int64_t) * (size_t)n);
        }
    }
    self->labels = labels;
    free(trial), free(trial_labels);
    return code;
}

/* How many different labels of 0..k-1 there are. */
static mlk_code count_used(const int64_t *labels, int64_t n, int64_t k, int64_t *used, mlk_status *status)
{
    bool *seen = calloc((size_t)k, sizeof *seen);
    if (!seen)
        return mlk_fail_memory(status, "k-means");
    *used = 0;
    for (int64_t i = 0; i < n; i++) {
        *used += !seen[labels[i]];
        seen[labels[i]] = true;
    }
    free(seen);
    return MLK_OK;
}

mlk_code mlk_kmeans_fit(mlk_samples samples, const mlk_kmeans_options *options, double *centers, int64_t *labels,
                        mlk_kmeans_result *result, mlk_status *status)
{
    mlk_code code = check(samples, options, status);
    if (code)
        return code;
    double *mean = malloc(sizeof(double) * (size_t)samples.d), *variance = malloc(sizeof(double) * (size_t)samples.d);
    lloyd self = {0};
    code = mean && variance ? mlk_samples_moments(samples, mean, variance, status) : mlk_fail_memory(status, "k-means");
    if (!code)
        code = prepare(&self, samples, options->k, mean, labels, status);
    if (!code) {
        double spread = 0;
        for (int64_t j = 0; j < samples.d; j++)
            spread += variance[j] / (double)samples.d;
        int threads = mlk_blas_single();
        code = restarts(&self, options, mean, options->tol * spread, centers, result, status);
        mlk_blas_restore(threads);
        for (int64_t i = 0; i < options->k * samples.d; i++)
            centers[i] += mean[i % samples.d];
        release(&self);
    }
    if (!code)
        code = count_used(labels, samples.n, options->k, &result->used, status);
    free(mean), free(variance);
    return code;
}

mlk_code mlk_kmeans_predict(mlk_samples samples, const double *centers, int64_t k, int64_t *labels,
                            mlk_status *status)
{
    mlk_code code = mlk_samples_check(samples, 0, status);
    if (code || samples.n == 0)
        return code;
    int64_t size = k * samples.d;
    double *mean = calloc((size_t)samples.d, sizeof *mean), *moved = malloc(sizeof(double) * (size_t)size);
    lloyd self = {0};
    code = mean && moved ? MLK_OK : mlk_fail_memory(status, "k-means");
    if (!code) { /* the centres' mean stands in for the data's */
        for (int64_t i = 0; i < size; i++)
            mean[i % samples.d] += centers[i] / (double)k;
        for (int64_t i = 0; i < size; i++)
            moved[i] = centers[i] - mean[i % samples.d];
        code = prepare(&self, samples, k, mean, labels, status);
    }
    if (!code) {
        double inertia;
        int threads = mlk_blas_single();
        set_centers(&self, moved);
        assign(&self, false, &inertia);
        mlk_blas_restore(threads);
        release(&self);
        if (mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    free(mean), free(moved);
    return code;
}
