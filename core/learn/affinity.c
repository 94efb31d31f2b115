#include "affinity.h"

#include "exponential.h"
#include "interrupt.h"
#include "parallel.h"

#include <math.h>
#include <stdlib.h>

enum { ROWS = 64 /* a task */, STEPS = 100 };

typedef struct affinities {
    const mlk_neighbors *neighbors;
    double entropy;
    float *p;
    double *memory; /* workers x 2 x k */
} affinities;

/* shares (k) at a precision; returns their entropy. `squared`: beyond the smallest. */
static double shares_at(double precision, const double *squared, int64_t k, double *shares)
{
    double sum = 0, energy = 0;
    for (int64_t j = 0; j < k; j++)
        shares[j] = -precision * squared[j];
    mlk_exp_negative(shares, k);
    for (int64_t j = 0; j < k; j++) {
        sum += shares[j];
        energy += shares[j] * squared[j];
    }
    for (int64_t j = 0; j < k; j++)
        shares[j] /= sum;
    return log(sum) + precision * energy / sum;
}

static void search_precision(double entropy, const double *squared, int64_t k, double *shares)
{
    double mean = 0, low = 0, high = INFINITY;
    for (int64_t j = 0; j < k; j++)
        mean += squared[j] / (double)k;
    double precision = mean > 0 ? 1 / mean : 1;
    for (int step = 0; step < STEPS; step++) {
        double off = shares_at(precision, squared, k, shares) - entropy;
        if (fabs(off) < 1e-7)
            return;
        if (off > 0)
            low = precision;
        else
            high = precision;
        precision = isinf(high) ? 2 * precision : (low + high) / 2;
    }
}

static void search_rows(void *context, int task, int worker)
{
    const affinities *self = context;
    int64_t k = self->neighbors->k, last = (task + 1) * (int64_t)ROWS;
    double *squared = self->memory + worker * 2 * k, *shares = squared + k;
    for (int64_t i = task * (int64_t)ROWS; i < last && i < self->neighbors->n; i++) {
        const float *distances = self->neighbors->distances + i * k;
        for (int64_t j = 0; j < k; j++)
            squared[j] = (double)distances[j] * distances[j] - (double)distances[0] * distances[0];
        search_precision(self->entropy, squared, k, shares);
        for (int64_t j = 0; j < k; j++)
            self->p[i * k + j] = (float)shares[j];
    }
}

mlk_code mlk_affinities(const mlk_neighbors *neighbors, double perplexity, float *p, mlk_status *status)
{
    int workers = mlk_cores();
    affinities self = {.neighbors = neighbors, .entropy = log(perplexity), .p = p};
    self.memory = malloc(sizeof(double) * (size_t)(workers * 2 * neighbors->k));
    if (!self.memory)
        return mlk_fail_memory(status, "affinities");
    mlk_parallel((int)((neighbors->n + ROWS - 1) / ROWS), workers, search_rows, &self);
    free(self.memory);
    return mlk_interrupted() ? mlk_fail(status, MLK_INTERRUPTED, "interrupted") : MLK_OK;
}
