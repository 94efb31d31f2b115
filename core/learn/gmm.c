/* gmm.c: EM as matrix products.
 *
 * With full and tied covariances, row x of component c has the Mahalanobis length |P_c (x - m_c)| where P_c is
 * the inverse Cholesky factor of the covariance; all components' P_c stand in one matrix, with -P_c m_c in an
 * added last row, so one product of a block of rows [x 1] serves all of them. With diagonal and spherical
 * covariances the log density is linear in [x^2 x 1]. The M step needs, for each component, the sum over rows of
 * r [1 x xx'] (xx' its lower triangle, or x^2): one product again. Rows are taken about the data's mean.
 */
#include "gmm.h"

#include "blas/blas.h"
#include "chunks.h"
#include "exponential.h"
#include "interrupt.h"
#include "kmeans.h"
#include "parallel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define IN(member) MLK_IN(mlk_gmm_options, member)

const char *const mlk_covariance_names[] = {"full", "tied", "diag", "spherical", NULL};

const mlk_parameter mlk_gmm_parameters[] = {
    MLK_INTEGER("n_components", 1, 1, INT32_MAX, "how many Gaussians", IN(k)),
    MLK_CHOICE("covariance", MLK_FULL, mlk_covariance_names, "what shape each may have", IN(covariance)),
    MLK_INTEGER("n_init", 1, 1, INT32_MAX, "starts from k-means, of which the likeliest is kept", IN(n_init)),
    MLK_REAL("tol", 1e-3, 0, HUGE_VAL, "stop when the mean log-likelihood gains less", IN(tol)),
    MLK_REAL("reg_covar", 1e-6, 0, HUGE_VAL, "added to the variances", IN(reg_covar)),
    MLK_INTEGER("max_iter", 100, 1, INT32_MAX, "passes at most", IN(max_iter)),
    MLK_INTEGER("seed", 0, 0, HUGE_VAL, "of the random starts", IN(seed)),
    MLK_PARAMETERS_END,
};

enum { BLOCK = 512 };

static const double LOG_2PI = 1.8378770664093454836;

typedef struct mixture {
    mlk_samples samples;
    const double *center; /* d: taken from every row */
    int64_t k, d;
    bool linear;          /* diag and spherical */
    int64_t inputs;       /* columns of a block: d + 1, or 2d + 1 */
    int64_t outputs;      /* of the products with `factors`: k d, or k (log densities already) */
    int64_t moments;      /* numbers a component gathers: 1 + d + d(d+1)/2, or 1 + d + d */
    double *factors;      /* inputs x outputs */
    double *constants;    /* k: log weight and normalisation */
    int chunks;
    double *scratch;      /* chunks x BLOCK x (inputs + outputs + k + moments) */
    double *sums;         /* chunks x k x moments */
    double *likelihood;   /* chunks */
    const int64_t *start; /* labels instead of an E step */
    bool gathering;       /* sum the moments */
    double *rows_out;     /* n, or NULL: log-likelihood of each row */
    double *resp_out;     /* n x k, or NULL */
} mixture;

static int64_t triangle(int64_t d)
{
    return d * (d + 1) / 2;
}

int64_t mlk_gmm_covariance_count(mlk_covariance covariance, int64_t k, int64_t d)
{
    switch (covariance) {
    case MLK_FULL: return k * d * d;
    case MLK_TIED: return d * d;
    case MLK_DIAG: return k * d;
    default: return k;
    }
}

int64_t mlk_gmm_free_parameters(mlk_covariance covariance, int64_t k, int64_t d)
{
    int64_t spreads = covariance == MLK_FULL ? k * triangle(d) : covariance == MLK_TIED ? triangle(d)
                    : covariance == MLK_DIAG ? k * d : k;
    return spreads + k * d + k - 1;
}

static void release(mixture *self)
{
    free(self->factors), free(self->constants), free(self->scratch), free(self->sums), free(self->likelihood);
}

static mlk_code prepare(mixture *self, mlk_samples samples, const mlk_gmm *gmm, const double *center,
                        mlk_status *status)
{
    int64_t d = gmm->d, k = gmm->k;
    *self = (mixture){.samples = samples, .center = center, .k = k, .d = d, .chunks = mlk_chunks(samples.n)};
    self->linear = gmm->covariance == MLK_DIAG || gmm->covariance == MLK_SPHERICAL;
    self->inputs = self->linear ? 2 * d + 1 : d + 1;
    self->outputs = self->linear ? k : k * d;
    self->moments = 1 + d + (self->linear ? d : triangle(d));
    int64_t row = self->inputs + self->outputs + k + self->moments;
    self->factors = malloc(sizeof(double) * (size_t)(self->inputs * self->outputs));
    self->constants = malloc(sizeof(double) * (size_t)k);
    self->scratch = malloc(sizeof(double) * (size_t)(BLOCK * row * self->chunks));
    self->sums = malloc(sizeof(double) * (size_t)(self->chunks * k * self->moments));
    self->likelihood = malloc(sizeof(double) * (size_t)self->chunks);
    if (self->factors && self->constants && self->scratch && self->sums && self->likelihood)
        return MLK_OK;
    release(self);
    return mlk_fail_memory(status, "a Gaussian mixture");
}

/* --- from parameters to factors -------------------------------------------------- */

/* The inverse of the lower Cholesky factor; also the log determinant of it. */
static mlk_code inverse_factor(const double *covariance, int64_t d, double *factor, double *log_det,
                               mlk_status *status)
{
    memcpy(factor, covariance, sizeof(double) * (size_t)(d * d));
    if (mlk_blas_inverse_factor(factor, (int)d) != 0)
        return mlk_fail(status, MLK_INVALID,
                        "a component's covariance is not positive definite: try fewer components or a larger "
                        "reg_covar");
    *log_det = 0;
    for (int64_t i = 0; i < d; i++)
        *log_det += log(factor[i * d + i]);
    return MLK_OK;
}

static mlk_code factors_of_matrices(mixture *self, const mlk_gmm *gmm, mlk_status *status)
{
    int64_t d = self->d;
    double *factor = malloc(sizeof(double) * (size_t)(d * d)), log_det = 0;
    mlk_code code = factor ? MLK_OK : mlk_fail_memory(status, "a Gaussian mixture");
    for (int64_t c = 0; c < self->k && !code; c++) {
        if (c == 0 || gmm->covariance == MLK_FULL)
            code = inverse_factor(gmm->covariances + (gmm->covariance == MLK_FULL ? c * d * d : 0), d, factor, &log_det,
                                  status);
        for (int64_t out = 0; out < d && !code; out++) {
            double shift = 0;
            for (int64_t in = 0; in < d; in++) {
                double value = in <= out ? factor[out * d + in] : 0;
                self->factors[in * self->outputs + c * d + out] = value;
                shift -= value * (gmm->means[c * d + in] - self->center[in]);
            }
            self->factors[d * self->outputs + c * d + out] = shift;
        }
        self->constants[c] = log(gmm->weights[c]) + log_det - 0.5 * (double)d * LOG_2PI;
    }
    free(factor);
    return code;
}

static mlk_code factors_of_variances(mixture *self, const mlk_gmm *gmm, mlk_status *status)
{
    int64_t d = self->d, k = self->k;
    for (int64_t c = 0; c < k; c++) {
        double log_det = 0, constant = 0;
        for (int64_t j = 0; j < d; j++) {
            double variance = gmm->covariances[gmm->covariance == MLK_DIAG ? c * d + j : c];
            if (!(variance > 0))
                return mlk_fail(status, MLK_INVALID,
                                "a component's variance is not positive: try fewer components or a larger reg_covar");
            double mean = gmm->means[c * d + j] - self->center[j];
            self->factors[j * k + c] = -0.5 / variance;
            self->factors[(d + j) * k + c] = mean / variance;
            constant -= 0.5 * mean * mean / variance;
            log_det -= 0.5 * log(variance);
        }
        self->factors[2 * d * k + c] = constant + log(gmm->weights[c]) + log_det - 0.5 * (double)d * LOG_2PI;
    }
    return MLK_OK;
}

/* --- one pass over the rows ---------------------------------------------------------- */

typedef struct block {
    double *in, *out, *resp, *moments;
} block;

/* b.in: count x inputs, the centred rows (after their squares, where the model is linear) and a 1. */
static void fill_inputs(const mixture *self, int64_t first, int64_t count, block b)
{
    int64_t d = self->d, offset = self->linear ? d : 0;
    for (int64_t i = 0; i < count; i++) {
        const float *x = self->samples.x + (first + i) * d;
        double *in = b.in + i * self->inputs;
        for (int64_t j = 0; j < d; j++)
            in[offset + j] = x[j] - self->center[j];
        if (self->linear)
            for (int64_t j = 0; j < d; j++)
                in[j] = in[d + j] * in[d + j];
        in[self->inputs - 1] = 1;
    }
}

/* Weighted log densities of a block: b.resp is count x k, b.out (count x outputs) the factored differences. */
static void log_densities(const mixture *self, int64_t count, block b)
{
    int64_t k = self->k, d = self->d;
    mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, MLK_AS_IS, MLK_AS_IS, (int)count, (int)self->outputs, (int)self->inputs, 1,
                            b.in, (int)self->inputs, self->factors, (int)self->outputs, 0,
                            self->linear ? b.resp : b.out, (int)self->outputs);
    if (self->linear)
        return;
    for (int64_t i = 0; i < count; i++) {
        for (int64_t c = 0; c < k; c++) {
            const double *out = b.out + i * self->outputs + c * d;
            double length = 0;
            for (int64_t j = 0; j < d; j++)
                length += out[j] * out[j];
            b.resp[i * k + c] = self->constants[c] - 0.5 * length;
        }
    }
}

/* Turns log densities (count x k) into responsibilities, in place. Returns the log-likelihood of all rows; `rows`
 * (count, or NULL) takes each one. */
static double normalise(double *resp, int64_t count, int64_t k, double *rows)
{
    double most[BLOCK], likelihood = 0;
    for (int64_t i = 0; i < count; i++) {
        most[i] = resp[i * k];
        for (int64_t c = 1; c < k; c++)
            most[i] = resp[i * k + c] > most[i] ? resp[i * k + c] : most[i];
        for (int64_t c = 0; c < k; c++)
            resp[i * k + c] -= most[i];
    }
    mlk_exp_negative(resp, count * k);
    for (int64_t i = 0; i < count; i++) {
        double sum = 0;
        for (int64_t c = 0; c < k; c++)
            sum += resp[i * k + c];
        double scale = 1 / sum, row = most[i] + log(sum);
        for (int64_t c = 0; c < k; c++)
            resp[i * k + c] *= scale;
        likelihood += row;
        if (rows)
            rows[i] = row;
    }
    return likelihood;
}

/* b.moments: count x moments, a 1, the row and its products (their lower triangle) or squares. */
static void fill_moments(const mixture *self, int64_t count, block b)
{
    int64_t d = self->d;
    for (int64_t i = 0; i < count; i++) {
        const double *in = b.in + i * self->inputs, *x = in + (self->linear ? d : 0);
        double *moments = b.moments + i * self->moments;
        moments[0] = 1;
        memcpy(moments + 1, x, sizeof(double) * (size_t)d);
        moments += 1 + d;
        if (self->linear) {
            memcpy(moments, in, sizeof(double) * (size_t)d);
        } else {
            for (int64_t j = 0; j < d; j++)
                for (int64_t l = 0; l <= j; l++)
                    *moments++ = x[j] * x[l];
        }
    }
}

static void pass_chunk(void *context, int task, int worker)
{
    const mixture *self = context;
    int64_t k = self->k;
    double *scratch = self->scratch + worker * BLOCK * (self->inputs + self->outputs + k + self->moments);
    block b = {.in = scratch};
    b.out = b.in + BLOCK * self->inputs;
    b.resp = b.out + BLOCK * self->outputs;
    b.moments = b.resp + BLOCK * k;
    double *sums = self->sums + task * k * self->moments, likelihood = 0;
    memset(sums, 0, sizeof(double) * (size_t)(k * self->moments));

    mlk_rows rows = mlk_chunk(self->samples.n, self->chunks, task);
    for (int64_t done = 0; done < rows.count && !mlk_interrupted(); done += BLOCK) {
        int64_t first = rows.first + done, count = rows.count - done < BLOCK ? rows.count - done : BLOCK;
        fill_inputs(self, first, count, b);
        if (self->start) {
            memset(b.resp, 0, sizeof(double) * (size_t)(count * k));
            for (int64_t i = 0; i < count; i++)
                b.resp[i * k + self->start[first + i]] = 1;
        } else {
            log_densities(self, count, b);
            likelihood += normalise(b.resp, count, k, self->rows_out ? self->rows_out + first : NULL);
        }
        if (self->resp_out)
            memcpy(self->resp_out + first * k, b.resp, sizeof(double) * (size_t)(count * k));
        if (self->gathering) {
            fill_moments(self, count, b);
            mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, MLK_TRANSPOSED, MLK_AS_IS, (int)k, (int)self->moments, (int)count, 1,
                                    b.resp, (int)k, b.moments, (int)self->moments, 1, sums, (int)self->moments);
        }
    }
    self->likelihood[task] = likelihood;
}

/* One E step (or the start's labels) over all rows; the moments end in sums[0 .. k x moments - 1]. */
static double pass(mixture *self)
{
    mlk_parallel(self->chunks, 0, pass_chunk, self);
    double likelihood = self->likelihood[0];
    int64_t size = self->k * self->moments;
    for (int chunk = 1; chunk < self->chunks; chunk++) {
        likelihood += self->likelihood[chunk];
        if (self->gathering)
            for (int64_t i = 0; i < size; i++)
                self->sums[i] += self->sums[chunk * size + i];
    }
    return likelihood / (double)self->samples.n;
}

/* --- from moments to parameters --------------------------------------------------------- */

/* second: the lower triangle of the summed products; covariance: d x d. */
static void covariance_of(const double *second, const double *mean, double count, int64_t d, double *covariance)
{
    for (int64_t j = 0; j < d; j++)
        for (int64_t l = 0; l <= j; l++) {
            double value = *second++ / count - mean[j] * mean[l];
            covariance[j * d + l] = covariance[l * d + j] = value;
        }
}

/* second, mean, variances: d. */
static void variances_of(const double *second, const double *mean, double count, int64_t d, double *variances)
{
    for (int64_t j = 0; j < d; j++)
        variances[j] = second[j] / count - mean[j] * mean[j];
}

/* Fills means about the centre first, then covariances, then moves the means. `scratch`: d x d. */
static void maximise(const mixture *self, const mlk_gmm_options *options, mlk_gmm *gmm, double *scratch)
{
    int64_t d = self->d, k = self->k;
    double all = (double)self->samples.n;
    if (gmm->covariance == MLK_TIED)
        memset(gmm->covariances, 0, sizeof(double) * (size_t)(d * d));
    for (int64_t c = 0; c < k; c++) {
        const double *moments = self->sums + c * self->moments, *second = moments + 1 + d;
        double count = moments[0] + 10 * 2.220446049250313e-16, *mean = gmm->means + c * d;
        gmm->weights[c] = count / all;
        for (int64_t j = 0; j < d; j++)
            mean[j] = moments[1 + j] / count;
        switch (gmm->covariance) {
        case MLK_FULL:
            covariance_of(second, mean, count, d, gmm->covariances + c * d * d);
            for (int64_t j = 0; j < d; j++)
                gmm->covariances[c * d * d + j * d + j] += options->reg_covar;
            break;
        case MLK_TIED:
            covariance_of(second, mean, count, d, scratch);
            for (int64_t i = 0; i < d * d; i++)
                gmm->covariances[i] += scratch[i] * count / all;
            break;
        case MLK_DIAG:
            variances_of(second, mean, count, d, gmm->covariances + c * d);
            for (int64_t j = 0; j < d; j++)
                gmm->covariances[c * d + j] += options->reg_covar;
            break;
        default:
            variances_of(second, mean, count, d, scratch);
            gmm->covariances[c] = options->reg_covar;
            for (int64_t j = 0; j < d; j++)
                gmm->covariances[c] += scratch[j] / (double)d;
        }
        for (int64_t j = 0; j < d; j++)
            mean[j] += self->center[j];
    }
    if (gmm->covariance == MLK_TIED)
        for (int64_t j = 0; j < d; j++)
            gmm->covariances[j * d + j] += options->reg_covar;
    double total = 0;
    for (int64_t c = 0; c < k; c++)
        total += gmm->weights[c];
    for (int64_t c = 0; c < k; c++)
        gmm->weights[c] /= total;
}

static mlk_code set_factors(mixture *self, const mlk_gmm *gmm, mlk_status *status)
{
    return self->linear ? factors_of_variances(self, gmm, status) : factors_of_matrices(self, gmm, status);
}

static mlk_code iterate(mixture *self, const mlk_gmm_options *options, const int64_t *labels, mlk_gmm *gmm,
                        double *scratch, mlk_gmm_result *result, mlk_status *status)
{
    self->gathering = true;
    self->start = labels;
    pass(self);
    self->start = NULL;
    maximise(self, options, gmm, scratch);

    *result = (mlk_gmm_result){.mean_log_likelihood = -INFINITY};
    while (result->iterations < options->max_iter && !result->converged) {
        mlk_code code = set_factors(self, gmm, status);
        if (code)
            return code;
        double likelihood = pass(self);
        if (mlk_interrupted())
            return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
        maximise(self, options, gmm, scratch);
        result->iterations++;
        result->converged = fabs(likelihood - result->mean_log_likelihood) < options->tol;
        result->mean_log_likelihood = likelihood;
    }
    return MLK_OK;
}

static void copy_gmm(const mlk_gmm *from, mlk_gmm *to)
{
    memcpy(to->weights, from->weights, sizeof(double) * (size_t)from->k);
    memcpy(to->means, from->means, sizeof(double) * (size_t)(from->k * from->d));
    memcpy(to->covariances, from->covariances,
           sizeof(double) * (size_t)mlk_gmm_covariance_count(from->covariance, from->k, from->d));
}

/* Start labels of one restart: a single quick k-means, its seed drawn from the restart's number. */
static mlk_code start_labels(mlk_samples samples, const mlk_gmm_options *options, int run, double *centers,
                             int64_t *labels, mlk_status *status)
{
    if (options->start) {
        memcpy(labels, options->start, sizeof(int64_t) * (size_t)samples.n);
        return MLK_OK;
    }
    mlk_kmeans_result found;
    mlk_kmeans_options kmeans = {.k = options->k, .max_iter = 300, .tol = 1e-4, .n_init = 1,
                                 .seed = options->seed + 0x9e3779b9u * (uint64_t)run};
    return mlk_kmeans_fit(samples, &kmeans, centers, labels, &found, status);
}

static mlk_code restarts(mixture *self, const mlk_gmm_options *options, mlk_gmm *gmm, mlk_gmm_result *result,
                         mlk_status *status)
{
    int64_t d = self->d, k = self->k, count = mlk_gmm_covariance_count(gmm->covariance, k, d);
    double *memory = malloc(sizeof(double) * (size_t)(k + k * d + count + k * d + d * d));
    int64_t *labels = malloc(sizeof(int64_t) * (size_t)self->samples.n);
    mlk_code code = memory && labels ? MLK_OK : mlk_fail_memory(status, "a Gaussian mixture");
    result->mean_log_likelihood = -INFINITY;
    for (int run = 0; run < (options->start ? 1 : options->n_init) && !code; run++) {
        mlk_gmm trial = {.k = k, .d = d, .covariance = gmm->covariance, .weights = memory};
        trial.means = trial.weights + k;
        trial.covariances = trial.means + k * d;
        double *centers = trial.covariances + count, *scratch = centers + k * d;
        mlk_gmm_result found;
        code = start_labels(self->samples, options, run, centers, labels, status);
        if (!code)
            code = iterate(self, options, labels, &trial, scratch, &found, status);
        if (!code && (run == 0 || found.mean_log_likelihood > result->mean_log_likelihood)) {
            *result = found;
            copy_gmm(&trial, gmm);
        }
    }
    free(memory), free(labels);
    return code;
}

static mlk_code check(mlk_samples samples, const mlk_gmm_options *options, mlk_status *status)
{
    if (options->k < 1)
        return mlk_fail(status, MLK_INVALID, "n_components must be 1 or more, got %lld", (long long)options->k);
    if (options->max_iter < 1 || options->n_init < 1 || !(options->tol >= 0) || !(options->reg_covar >= 0))
        return mlk_fail(status, MLK_INVALID,
                        "max_iter and n_init must be 1 or more, tol and reg_covar 0 or more, got %d, %d, %g, %g",
                        options->max_iter, options->n_init, options->tol, options->reg_covar);
    int64_t least = options->k > 2 ? options->k : 2;
    if (samples.n < least)
        return mlk_fail(status, MLK_INVALID, "x must have at least %lld rows for %lld components, got %lld",
                        (long long)least, (long long)options->k, (long long)samples.n);
    mlk_code code = mlk_samples_check(samples, least, status);
    for (int64_t i = 0; options->start && i < samples.n && !code; i++)
        if (options->start[i] < 0 || options->start[i] >= options->k)
            code = mlk_fail(status, MLK_INVALID, "start labels must be 0..%lld, row %lld has %lld",
                            (long long)options->k - 1, (long long)i, (long long)options->start[i]);
    return code;
}

mlk_code mlk_gmm_fit(mlk_samples samples, const mlk_gmm_options *options, mlk_gmm *gmm, mlk_gmm_result *result,
                     mlk_status *status)
{
    mlk_code code = check(samples, options, status);
    if (code)
        return code;
    mixture self = {0};
    double *center = malloc(sizeof(double) * (size_t)samples.d);
    code = center ? mlk_samples_moments(samples, center, NULL, status) : mlk_fail_memory(status, "column means");
    if (!code)
        code = prepare(&self, samples, gmm, center, status);
    if (!code) {
        int threads = mlk_blas_single();
        code = restarts(&self, options, gmm, result, status);
        mlk_blas_restore(threads);
        release(&self);
    }
    free(center);
    return code;
}

mlk_code mlk_gmm_score(mlk_samples samples, const mlk_gmm *gmm, double *log_likelihood, double *responsibilities,
                       mlk_status *status)
{
    mlk_code code = mlk_samples_check(samples, 0, status);
    if (code || samples.n == 0)
        return code;
    mixture self;
    double *center = calloc((size_t)gmm->d, sizeof *center);
    if (!center)
        return mlk_fail_memory(status, "column means");
    for (int64_t i = 0; i < gmm->k * gmm->d; i++)
        center[i % gmm->d] += gmm->means[i] / (double)gmm->k;
    code = prepare(&self, samples, gmm, center, status);
    if (!code) {
        int threads = mlk_blas_single();
        code = set_factors(&self, gmm, status);
        self.rows_out = log_likelihood;
        self.resp_out = responsibilities;
        if (!code)
            pass(&self);
        mlk_blas_restore(threads);
        release(&self);
    }
    if (!code && mlk_interrupted())
        code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    free(center);
    return code;
}
