#include "ridge.h"

#include "blas/blas.h"
#include "interrupt.h"
#include "parallel.h"
#include "scatter.h"

#include <stdlib.h>
#include <string.h>

#define IN(member) MLK_IN(mlk_ridge_options, member)

enum { BLOCK = 512 }; /* rows that are multiplied at a time */

const mlk_parameter mlk_ridge_parameters[] = {
    MLK_REAL("alpha", 1, 0, HUGE_VAL, "strength of the penalty", IN(alpha)),
    MLK_BOOLEAN("fit_intercept", true, "adds a constant, which is not penalised", IN(fit_intercept)),
    MLK_PARAMETERS_END,
};

typedef struct problem {
    mlk_samples samples;
    int64_t targets;
    double alpha;
    const double *mean; /* d: of the columns, zeros without an intercept */
    double *y;          /* n x targets, centred */
} problem;

/* Solves (matrix + alpha I) w = right by Cholesky; m x m, of which the lower triangle is given, and m x targets. */
static mlk_code solve(double *matrix, int64_t m, double alpha, double *right, int64_t targets, mlk_status *status)
{
    double *half = malloc(sizeof(double) * (size_t)(m * targets));
    if (!half)
        return mlk_fail_memory(status, "ridge regression");
    for (int64_t i = 0; i < m; i++) {
        matrix[i * m + i] += alpha;
        for (int64_t j = i + 1; j < m; j++)
            matrix[i * m + j] = 0;
    }
    mlk_code code = MLK_OK;
    if (mlk_blas_inverse_factor(matrix, (int)m) != 0) {
        code = mlk_fail(status, MLK_INVALID, "ridge: columns depend on each other: alpha must be larger than %g",
                        alpha);
    } else {
        mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, MLK_AS_IS, MLK_AS_IS, (int)m, (int)targets, (int)m, 1, matrix, (int)m,
                                right, (int)targets, 0, half, (int)targets);
        mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, MLK_TRANSPOSED, MLK_AS_IS, (int)m, (int)targets, (int)m, 1, matrix,
                                (int)m, half, (int)targets, 0, right, (int)targets);
    }
    free(half);
    return code;
}

/* sums: d x targets, the products of centred columns and targets. */
static mlk_code cross(const problem *self, double *sums, mlk_status *status)
{
    int64_t n = self->samples.n, d = self->samples.d, t = self->targets;
    double *block = malloc(sizeof(double) * (size_t)(BLOCK * d));
    if (!block)
        return mlk_fail_memory(status, "ridge regression");
    memset(sums, 0, sizeof(double) * (size_t)(d * t));
    for (int64_t first = 0; first < n && !mlk_interrupted(); first += BLOCK) {
        int64_t count = n - first < BLOCK ? n - first : BLOCK;
        mlk_center(self->samples, self->mean, first, count, block);
        mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, MLK_TRANSPOSED, MLK_AS_IS, (int)d, (int)t, (int)count, 1, block, (int)d,
                                self->y + first * t, (int)t, 1, sums, (int)t);
    }
    free(block);
    return MLK_OK;
}

/* out: d x targets. By the columns' products: d x d. */
static mlk_code by_columns(const problem *self, double *out, mlk_status *status)
{
    int64_t d = self->samples.d;
    double *matrix = malloc(sizeof(double) * (size_t)(d * d));
    mlk_code code = matrix ? MLK_OK : mlk_fail_memory(status, "ridge regression");
    if (!code)
        code = mlk_scatter(self->samples, self->mean, matrix, status);
    if (!code)
        code = cross(self, out, status);
    if (!code)
        code = solve(matrix, d, self->alpha, out, self->targets, status);
    free(matrix);
    return code;
}

/* The same with fewer rows than columns, by the rows' products, n x n: w = Xt (X Xt + alpha I)^-1 y. */
static mlk_code by_rows(const problem *self, double *out, mlk_status *status)
{
    int64_t n = self->samples.n, d = self->samples.d, t = self->targets;
    double *rows = malloc(sizeof(double) * (size_t)(n * d));
    double *gram = calloc((size_t)(n * n), sizeof(double));
    mlk_code code = rows && gram ? MLK_OK : mlk_fail_memory(status, "ridge regression");
    if (!code) {
        mlk_center(self->samples, self->mean, 0, n, rows);
        mlk_blas()->cblas_dsyrk(MLK_ROW_MAJOR, MLK_LOWER, MLK_AS_IS, (int)n, (int)d, 1, rows, (int)d, 0, gram,
                                (int)n);
        code = solve(gram, n, self->alpha, self->y, t, status);
    }
    if (!code)
        mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, MLK_TRANSPOSED, MLK_AS_IS, (int)d, (int)t, (int)n, 1, rows, (int)d,
                                self->y, (int)t, 0, out, (int)t);
    free(rows), free(gram);
    return code;
}

/* Takes the mean of each target off; means: targets. */
static void center_targets(double *y, int64_t n, int64_t targets, double *means)
{
    for (int64_t t = 0; t < targets; t++) {
        double sum = 0;
        for (int64_t i = 0; i < n; i++)
            sum += y[i * targets + t];
        means[t] = sum / (double)n;
        for (int64_t i = 0; i < n; i++)
            y[i * targets + t] -= means[t];
    }
}

/* Weights (targets x d) and intercepts from a solution (d x targets) of what was centred. */
static void finish(const problem *self, const double *solution, double *weights, double *intercepts)
{
    int64_t d = self->samples.d;
    for (int64_t t = 0; t < self->targets; t++)
        for (int64_t j = 0; j < d; j++) {
            weights[t * d + j] = solution[j * self->targets + t];
            intercepts[t] -= weights[t * d + j] * self->mean[j];
        }
}

mlk_code mlk_ridge_fit(mlk_samples samples, const double *y, int64_t targets, const mlk_ridge_options *options,
                       double *weights, double *intercepts, mlk_status *status)
{
    mlk_code code = mlk_samples_check(samples, 1, status);
    if (code)
        return code;
    size_t n = (size_t)samples.n, d = (size_t)samples.d, t = (size_t)targets;
    double *mean = calloc(d, sizeof(double)), *solution = malloc(sizeof(double) * d * t);
    problem self = {.samples = samples, .targets = targets, .alpha = options->alpha, .mean = mean};
    self.y = malloc(sizeof(double) * n * t);
    if (!mean || !solution || !self.y)
        code = mlk_fail_memory(status, "ridge regression");
    if (!code && options->fit_intercept)
        code = mlk_samples_moments(samples, mean, NULL, status);
    if (!code) {
        memcpy(self.y, y, sizeof(double) * n * t);
        memset(intercepts, 0, sizeof(double) * t);
        if (options->fit_intercept)
            center_targets(self.y, samples.n, targets, intercepts);
        int threads = mlk_blas_single(); /* OpenBLAS's own threads round differently from one */
        /* Without a penalty, rows fewer than columns leave many solutions: the error says so. */
        bool wide = samples.n < samples.d && options->alpha > 0;
        code = wide ? by_rows(&self, solution, status) : by_columns(&self, solution, status);
        mlk_blas_restore(threads);
    }
    if (!code && mlk_interrupted())
        code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    if (!code)
        finish(&self, solution, weights, intercepts);
    free(mean), free(solution), free(self.y);
    return code;
}

typedef struct prediction {
    mlk_samples samples;
    const double *weights, *intercepts;
    int64_t targets;
    double *out;
} prediction;

static void predict_rows(void *context, int task, int worker)
{
    (void)worker;
    const prediction *self = context;
    int64_t d = self->samples.d, last = (task + 1) * (int64_t)BLOCK;
    last = last < self->samples.n ? last : self->samples.n;
    for (int64_t i = task * (int64_t)BLOCK; i < last; i++)
        for (int64_t t = 0; t < self->targets; t++) {
            double sum = self->intercepts[t];
            for (int64_t j = 0; j < d; j++)
                sum += self->weights[t * d + j] * self->samples.x[i * d + j];
            self->out[i * self->targets + t] = sum;
        }
}

mlk_code mlk_ridge_predict(mlk_samples samples, const double *weights, const double *intercepts, int64_t targets,
                           double *out, mlk_status *status)
{
    mlk_code code = mlk_samples_check(samples, 0, status);
    if (code)
        return code;
    prediction self = {samples, weights, intercepts, targets, out};
    mlk_parallel((int)((samples.n + BLOCK - 1) / BLOCK), 0, predict_rows, &self);
    return MLK_OK;
}
