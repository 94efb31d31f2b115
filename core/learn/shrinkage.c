#include "shrinkage.h"

#include "blas/blas.h"

#include <math.h>
#include <stdlib.h>

/* Brings columns to variance 1; scale (d): what they were divided by. */
static void standardise(double *x, int64_t n, int64_t d, double *scale)
{
    for (int64_t j = 0; j < d; j++)
        scale[j] = 0;
    for (int64_t i = 0; i < n * d; i++)
        scale[i % d] += x[i] * x[i] / (double)n;
    for (int64_t j = 0; j < d; j++)
        scale[j] = scale[j] > 0 ? sqrt(scale[j]) : 1;
    for (int64_t i = 0; i < n * d; i++)
        x[i] /= scale[i % d];
}

/* The mean variance of the columns. */
static double mean_variance(const double *covariance, int64_t d)
{
    double sum = 0;
    for (int64_t j = 0; j < d; j++)
        sum += covariance[j * d + j];
    return sum / (double)d;
}

/* Ledoit and Wolf's share: how uncertain the covariance is, over how far it is from the same in all directions. */
static double best_share(const double *x, int64_t n, int64_t d, const double *covariance)
{
    double fourth = 0, squares = 0, mean = mean_variance(covariance, d), rows = (double)n, columns = (double)d;
    if (d == 1)
        return 0;
    for (int64_t i = 0; i < n; i++) {
        double length = mlk_blas()->cblas_ddot((int)d, x + i * d, 1, x + i * d, 1);
        fourth += length * length;
    }
    for (int64_t i = 0; i < d * d; i++)
        squares += covariance[i] * covariance[i];
    double apart = (squares - columns * mean * mean) / columns;
    double uncertain = (fourth / rows - squares) / (columns * rows);
    uncertain = uncertain < apart ? uncertain : apart;
    return uncertain > 0 ? uncertain / apart : 0;
}

mlk_code mlk_add_covariance(double *x, int64_t n, int64_t d, double shrinkage, double weight, double *sum,
                            mlk_status *status)
{
    double *covariance = malloc(sizeof *covariance * (size_t)(d * d)), *scale = calloc((size_t)d, sizeof *scale);
    if (!covariance || !scale) {
        free(covariance), free(scale);
        return mlk_fail_memory(status, "a covariance");
    }
    for (int64_t j = 0; j < d; j++)
        scale[j] = 1;
    if (isnan(shrinkage))
        standardise(x, n, d, scale);
    mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, MLK_TRANSPOSED, MLK_AS_IS, (int)d, (int)d, (int)n, 1 / (double)n, x, (int)d,
                            x, (int)d, 0, covariance, (int)d);
    double share = isnan(shrinkage) ? best_share(x, n, d, covariance) : shrinkage, mean = mean_variance(covariance, d);
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < d; j++)
            sum[i * d + j] += weight * scale[i] * scale[j] *
                              ((1 - share) * covariance[i * d + j] + (i == j ? share * mean : 0));
    free(covariance), free(scale);
    return MLK_OK;
}
