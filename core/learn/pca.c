#include "pca.h"

#include "blas/blas.h"
#include "interrupt.h"
#include "scatter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The k largest eigenvalues (descending) and vectors (rows) of the m x m matrix whose lower triangle is given. */
static mlk_code eigen(double *matrix, int64_t m, int64_t k, double *values, double *vectors, mlk_status *status)
{
    double *ascending = malloc(sizeof(double) * (size_t)m);
    if (!ascending)
        return mlk_fail_memory(status, "eigenvalues");
    int info = mlk_blas_eigen(matrix, (int)m, ascending);
    mlk_code code = info == 0 ? MLK_OK : mlk_fail(status, MLK_INVALID, "no eigenvectors found (LAPACK says %d)", info);
    for (int64_t i = 0; i < k && !code; i++) {
        values[i] = ascending[m - 1 - i] > 0 ? ascending[m - 1 - i] : 0;
        memcpy(vectors + i * m, matrix + (m - 1 - i) * m, sizeof(double) * (size_t)m);
    }
    free(ascending);
    return code;
}

static double trace(const double *matrix, int64_t m)
{
    double sum = 0;
    for (int64_t i = 0; i < m; i++)
        sum += matrix[i * m + i];
    return sum;
}

static mlk_code by_covariance(mlk_samples samples, int64_t k, const double *mean, double *components,
                              double *values, double *total, mlk_status *status)
{
    double *matrix = malloc(sizeof(double) * (size_t)(samples.d * samples.d));
    mlk_code code = matrix ? mlk_scatter(samples, mean, matrix, status)
                           : mlk_fail_memory(status, "the covariance matrix");
    if (!code) {
        *total = trace(matrix, samples.d);
        code = eigen(matrix, samples.d, k, values, components, status);
    }
    free(matrix);
    return code;
}

static double length_of(const double *row, int64_t d)
{
    return sqrt(mlk_blas()->cblas_ddot((int)d, row, 1, row, 1));
}

static void scale(double *row, int64_t d, double factor)
{
    for (int64_t j = 0; j < d; j++)
        row[j] *= factor;
}

/* With fewer rows than columns: X Xt (n x n) = U S^2 Ut, and the components (k x d) are Ut X / S. */
static mlk_code by_gram(mlk_samples samples, int64_t k, const double *mean, double *components, double *values,
                        double *total, mlk_status *status)
{
    int64_t n = samples.n, d = samples.d;
    double *rows = malloc(sizeof(double) * (size_t)(n * d));
    double *gram = calloc((size_t)(n * n), sizeof(double));
    double *left = malloc(sizeof(double) * (size_t)(k * n));
    mlk_code code = rows && gram && left ? MLK_OK : mlk_fail_memory(status, "the Gram matrix");
    if (!code) {
        mlk_center(samples, mean, 0, n, rows);
        mlk_blas()->cblas_dsyrk(MLK_ROW_MAJOR, MLK_LOWER, MLK_AS_IS, (int)n, (int)d, 1, rows, (int)d, 0, gram,
                                (int)n);
        *total = trace(gram, n);
        code = eigen(gram, n, k, values, left, status);
        if (!code)
            mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, MLK_AS_IS, MLK_AS_IS, (int)k, (int)d, (int)n, 1, left, (int)n, rows,
                                    (int)d, 0, components, (int)d);
    }
    for (int64_t i = 0; i < k && !code; i++) {
        double norm = length_of(components + i * d, d);
        /* Beyond the data's rank a direction is arbitrary: scaling what rounding left would not make it one. */
        if (norm > 1e-10 * sqrt(values[0]))
            scale(components + i * d, d, 1 / norm);
        else
            memset(components + i * d, 0, sizeof(double) * (size_t)d);
    }
    free(rows);
    free(gram);
    free(left);
    return code;
}

/* components: k x d. */
static void fix_signs(double *components, int64_t k, int64_t d)
{
    for (int64_t i = 0; i < k; i++) {
        double *row = components + i * d;
        int64_t largest = 0;
        for (int64_t j = 1; j < d; j++)
            if (fabs(row[j]) > fabs(row[largest]))
                largest = j;
        if (row[largest] < 0)
            scale(row, d, -1);
    }
}

mlk_code mlk_pca_fit(mlk_samples samples, int64_t k, double *mean, double *components, double *explained_variance,
                     double *total_variance, mlk_status *status)
{
    mlk_code code = mlk_samples_check(samples, 2, status);
    if (code)
        return code;
    int64_t most = samples.n < samples.d ? samples.n : samples.d;
    if (k < 1 || k > most)
        return mlk_fail(status, MLK_INVALID, "n_components must be 1..min(rows, columns) (%lld), got %lld",
                        (long long)most, (long long)k);
    code = mlk_samples_moments(samples, mean, NULL, status);
    if (!code) {
        int threads = mlk_blas_single(); /* for LAPACK too: its results change with the number of threads */
        code = (samples.n >= samples.d ? by_covariance : by_gram)(samples, k, mean, components, explained_variance,
                                                                  total_variance, status);
        mlk_blas_restore(threads);
    }
    if (!code && mlk_interrupted())
        code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    if (!code) {
        double ddof = (double)(samples.n - 1);
        *total_variance /= ddof;
        for (int64_t i = 0; i < k; i++)
            explained_variance[i] /= ddof;
        fix_signs(components, k, samples.d);
    }
    return code;
}
