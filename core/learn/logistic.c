#include "logistic.h"

#include "blas/blas.h"
#include "lbfgs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define IN(member) MLK_IN(mlk_logistic_options, member)

const mlk_parameter mlk_logistic_parameters[] = {
    MLK_REAL("C", 1, 0, HUGE_VAL, "inverse strength of the penalty", IN(C), .above = true),
    MLK_REAL("tol", 1e-5, 0, HUGE_VAL, "stop when the gradient's largest entry is below", IN(tol), .above = true),
    MLK_INTEGER("max_iter", 1000, 1, INT32_MAX, "passes at most", IN(max_iter)),
    MLK_PARAMETERS_END,
};

typedef struct problem {
    int64_t n, d, outputs;
    double *x;         /* n x (d + 1): a last column of ones */
    double *scores;    /* n x outputs, then the loss's slopes */
    const int64_t *y;
    const double *class_weights; /* k, or NULL */
    double penalty;    /* 1 / (C n): of |W|^2 / 2 beside the mean loss */
} problem;

int64_t mlk_logistic_outputs(int64_t k)
{
    return k == 2 ? 1 : k;
}

/* n x (d + 1): the rows with a last column of ones. */
static double *with_ones(mlk_samples samples)
{
    int64_t d = samples.d;
    double *x = malloc(sizeof(double) * (size_t)(samples.n * (d + 1)));
    for (int64_t i = 0; x && i < samples.n; i++) {
        for (int64_t j = 0; j < d; j++)
            x[i * (d + 1) + j] = samples.x[i * d + j];
        x[i * (d + 1) + d] = 1;
    }
    return x;
}

/* Log loss of one row; its scores become the slopes of the loss. */
static double binary_loss(double *score, int64_t y)
{
    double z = *score, signed_z = y ? z : -z;
    *score = 1 / (1 + exp(-z)) - (double)y;
    return signed_z > 0 ? log1p(exp(-signed_z)) : log1p(exp(signed_z)) - signed_z;
}

/* scores (k) become probabilities; returns log(sum of exp(score)). */
static double softmax(double *scores, int64_t k)
{
    double most = scores[0], sum = 0;
    for (int64_t c = 1; c < k; c++)
        most = scores[c] > most ? scores[c] : most;
    for (int64_t c = 0; c < k; c++)
        sum += scores[c] = exp(scores[c] - most);
    for (int64_t c = 0; c < k; c++)
        scores[c] /= sum;
    return most + log(sum);
}

/* Log loss of one row; its scores (k) become the slopes of the loss. */
static double softmax_loss(double *scores, int64_t k, int64_t y)
{
    double score = scores[y], loss = softmax(scores, k) - score;
    scores[y] -= 1;
    return loss;
}

/* The loss of a row and its slopes by the weight of its class. */
static double weigh(double weight, double loss, double *slopes, int outputs)
{
    for (int o = 0; o < outputs; o++)
        slopes[o] *= weight;
    return weight * loss;
}

static double row_loss(const problem *self, int64_t row)
{
    int outputs = (int)self->outputs;
    double *scores = self->scores + row * outputs;
    int64_t y = self->y[row];
    double loss = outputs == 1 ? binary_loss(scores, y) : softmax_loss(scores, outputs, y);
    return self->class_weights ? weigh(self->class_weights[y], loss, scores, outputs) : loss;
}

/* weights, gradient: outputs x (d + 1), intercepts last. */
static double objective(void *context, const double *weights, double *gradient)
{
    const problem *self = context;
    int n = (int)self->n, width = (int)self->d + 1, outputs = (int)self->outputs;
    mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, MLK_AS_IS, MLK_TRANSPOSED, n, outputs, width, 1, self->x, width, weights,
                            width, 0, self->scores, outputs);
    double loss = 0;
    for (int i = 0; i < n; i++)
        loss += row_loss(self, i);
    mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, MLK_TRANSPOSED, MLK_AS_IS, outputs, width, n, 1.0 / n, self->scores, outputs,
                            self->x, width, 0, gradient, width);
    loss /= n;
    for (int o = 0; o < outputs; o++)
        for (int j = 0; j < width - 1; j++) {
            double weight = weights[o * width + j];
            loss += 0.5 * self->penalty * weight * weight;
            gradient[o * width + j] += self->penalty * weight;
        }
    return loss;
}

static mlk_code check(mlk_samples samples, const mlk_logistic_options *options, mlk_status *status)
{
    if (!(options->C > 0) || !(options->tol > 0) || options->max_iter < 1)
        return mlk_fail(status, MLK_INVALID, "C and tol must be above 0 and max_iter 1 or more, got %g, %g, %d",
                        options->C, options->tol, options->max_iter);
    return mlk_samples_check(samples, 1, status);
}

mlk_code mlk_logistic_fit(mlk_samples samples, const int64_t *y, int64_t k, const mlk_logistic_options *options,
                          double *weights, double *intercepts, int *iterations, mlk_status *status)
{
    mlk_code code = check(samples, options, status);
    if (code)
        return code;
    int64_t d = samples.d, outputs = mlk_logistic_outputs(k);
    problem self = {.n = samples.n, .d = d, .outputs = outputs, .y = y, .class_weights = options->class_weights};
    self.penalty = 1 / (options->C * (double)samples.n);
    self.x = with_ones(samples);
    self.scores = malloc(sizeof(double) * (size_t)(samples.n * outputs));
    double *solution = calloc((size_t)(outputs * (d + 1)), sizeof *solution);
    if (!self.x || !self.scores || !solution) {
        code = mlk_fail_memory(status, "logistic regression");
    } else {
        int threads = mlk_blas_single(); /* OpenBLAS's own threads round differently from one */
        code = mlk_lbfgs(objective, &self, outputs * (d + 1), options->tol, options->max_iter, solution, iterations,
                         status);
        mlk_blas_restore(threads);
        for (int64_t o = 0; o < outputs; o++) {
            memcpy(weights + o * d, solution + o * (d + 1), sizeof(double) * (size_t)d);
            intercepts[o] = solution[o * (d + 1) + d];
        }
    }
    free(self.x), free(self.scores), free(solution);
    return code;
}

mlk_code mlk_logistic_proba(mlk_samples samples, const double *weights, const double *intercepts, int64_t k,
                            double *proba, mlk_status *status)
{
    mlk_code code = mlk_samples_check(samples, 0, status);
    if (code)
        return code;
    for (int64_t i = 0; i < samples.n; i++) {
        const float *row = samples.x + i * samples.d;
        double *scores = proba + i * k;
        for (int64_t o = 0; o < mlk_logistic_outputs(k); o++) {
            double sum = intercepts[o];
            for (int64_t j = 0; j < samples.d; j++)
                sum += weights[o * samples.d + j] * row[j];
            scores[o] = sum;
        }
        if (k == 2) {
            scores[1] = 1 / (1 + exp(-scores[0]));
            scores[0] = 1 - scores[1];
        } else {
            softmax(scores, k);
        }
    }
    return MLK_OK;
}
