#include "start.h"

#include "pca.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDE = 2000 };

void mlk_start_random(int64_t n, int dims, uint64_t seed, float *y)
{
    mlk_random random = mlk_random_seeded(seed);
    for (int64_t i = 0; i < n * dims; i++)
        y[i] = (float)(2 * mlk_random_uniform(&random) - 1);
}

double mlk_start_deviation(const float *y, int64_t n, int dims, int axis)
{
    double mean = 0, sum = 0;
    for (int64_t i = 0; i < n; i++)
        mean += y[i * dims + axis] / (double)n;
    for (int64_t i = 0; i < n; i++)
        sum += (y[i * dims + axis] - mean) * (y[i * dims + axis] - mean);
    return sqrt(sum / (double)n);
}

/* Coordinates along k components (k x d). */
static void project(mlk_samples samples, const double *mean, const double *components, int k, int dims, double *y)
{
    for (int64_t i = 0; i < samples.n; i++)
        for (int c = 0; c < k; c++) {
            double sum = 0;
            for (int64_t j = 0; j < samples.d; j++)
                sum += (samples.x[i * samples.d + j] - mean[j]) * components[c * samples.d + j];
            y[i * dims + c] = sum;
        }
}

/* The first k components of all rows, or of WIDE of them. */
static mlk_code fit(mlk_samples samples, int k, double *mean, double *components, mlk_status *status)
{
    double variance[MLK_START_DIMS], total;
    if (samples.n <= WIDE || samples.d <= WIDE)
        return mlk_pca_fit(samples, k, mean, components, variance, &total, status);
    float *some = malloc(sizeof(float) * WIDE * (size_t)samples.d);
    if (!some)
        return mlk_fail_memory(status, "rows for principal components");
    for (int64_t i = 0; i < WIDE; i++)
        memcpy(some + i * samples.d, samples.x + samples.n * i / WIDE * samples.d, sizeof(float) * (size_t)samples.d);
    mlk_code code = mlk_pca_fit((mlk_samples){some, WIDE, samples.d}, k, mean, components, variance, &total, status);
    free(some);
    return code;
}

/* Brings the largest coordinate to 1 and adds the noise. */
static void scale(const double *places, int64_t n, int dims, uint64_t seed, float *y)
{
    double largest = 0;
    for (int64_t i = 0; i < n * dims; i++)
        largest = fmax(largest, fabs(places[i]));
    for (int64_t i = 0; i < n * dims; i++)
        y[i] = largest > 0 ? (float)(places[i] / largest) : 0;
    double noise = 0.01 * mlk_start_deviation(y, n, dims, 0);
    mlk_random random = mlk_random_seeded(seed);
    for (int64_t i = 0; i < n * dims; i++)
        y[i] += (float)((noise > 0 ? noise : 0.01) * mlk_random_normal(&random));
}

mlk_code mlk_start_pca(mlk_samples samples, int dims, uint64_t seed, float *y, mlk_status *status)
{
    int64_t most = samples.n < samples.d ? samples.n : samples.d;
    int k = most < dims ? (int)most : dims;
    double *mean = malloc(sizeof(double) * (size_t)samples.d);
    double *components = malloc(sizeof(double) * (size_t)(samples.d * k));
    double *places = calloc((size_t)(samples.n * dims), sizeof(double));
    mlk_code code = mean && components && places ? fit(samples, k, mean, components, status)
                                                 : mlk_fail_memory(status, "principal components");
    if (!code) {
        project(samples, mean, components, k, dims, places);
        scale(places, samples.n, dims, seed, y);
    }
    free(mean), free(components), free(places);
    return code;
}
