#include "discriminant.h"

#include "blas/blas.h"
#include "interrupt.h"
#include "shrinkage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The right singular vectors (rank x d) of a table (n x d) and its singular values, descending; *rank of them are above
 * `least`, or with `relative` above that share of the largest. The table is left as it is. */
static mlk_code right_singular(const double *table, int64_t n, int64_t d, double least, int relative, double *vectors,
                               double *values, int64_t *rank, mlk_status *status)
{
    int64_t size = n < d ? n : d;
    int trans_a = n < d ? MLK_AS_IS : MLK_TRANSPOSED, trans_b = n < d ? MLK_TRANSPOSED : MLK_AS_IS;
    double *gram = malloc(sizeof *gram * (size_t)(size * size)), *ascending = malloc(sizeof *ascending * (size_t)size);
    mlk_code code = gram && ascending ? MLK_OK : mlk_fail_memory(status, "singular vectors");
    *rank = 0;
    if (!code) {
        mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, trans_a, trans_b, (int)size, (int)size, (int)(n < d ? d : n), 1, table,
                                (int)d, table, (int)d, 0, gram, (int)size);
        int info = mlk_blas_eigen(gram, (int)size, ascending);
        if (info != 0)
            code = mlk_fail(status, MLK_INVALID, "no singular vectors found (LAPACK says %d)", info);
    }
    for (int64_t i = 0; i < size && !code; i++) {
        double value = ascending[size - 1 - i] > 0 ? sqrt(ascending[size - 1 - i]) : 0;
        const double *vector = gram + (size - 1 - i) * size;
        if (!(value > (relative && i > 0 ? least * values[0] : relative ? 0 : least)))
            break;
        values[(*rank)++] = value;
        if (n < d)
            mlk_blas()->cblas_dgemv(MLK_ROW_MAJOR, MLK_TRANSPOSED, (int)n, (int)d, 1 / value, table, (int)d, vector, 1,
                                    0, vectors + i * d, 1);
        else
            memcpy(vectors + i * d, vector, sizeof *vector * (size_t)d);
    }
    free(gram), free(ascending);
    return code;
}

/* --- the parts of a fit ------------------------------------------------------------------- */

typedef struct fitting {
    mlk_samples samples;
    const int64_t *y;
    int64_t k, rank;  /* classes; directions within classes that vary */
    double tol;
    double *priors;   /* k: shares of the classes */
    double *spread;   /* d: the deviation of each column within classes, 1 for none */
    double *within;   /* n x d: rows without their class's mean, over their spread */
    double *whitening; /* min(n, d) x d: what makes variance 1 within classes */
    double *values;   /* min(n, d) or k */
    double *between;  /* k x rank: the classes' means, whitened */
    double *rotation; /* k x rank */
} fitting;

static void release(fitting *self)
{
    free(self->priors), free(self->spread), free(self->within), free(self->whitening), free(self->values);
    free(self->between), free(self->rotation);
}

static mlk_code prepare(fitting *self, mlk_status *status)
{
    size_t n = (size_t)self->samples.n, d = (size_t)self->samples.d, k = (size_t)self->k, size = n < d ? n : d;
    self->priors = calloc(k, sizeof(double));
    self->spread = calloc(d, sizeof(double));
    self->within = malloc(sizeof(double) * n * d);
    self->whitening = malloc(sizeof(double) * size * d);
    self->values = malloc(sizeof(double) * (size > k ? size : k));
    self->between = malloc(sizeof(double) * k * size);
    self->rotation = malloc(sizeof(double) * k * size);
    if (self->priors && self->spread && self->within && self->whitening && self->values && self->between &&
        self->rotation)
        return MLK_OK;
    return mlk_fail_memory(status, "a discriminant analysis");
}

static void find_means(fitting *self, mlk_discriminant *found)
{
    int64_t n = self->samples.n, d = self->samples.d;
    memset(found->means, 0, sizeof(double) * (size_t)(self->k * d));
    memset(found->mean, 0, sizeof(double) * (size_t)d);
    for (int64_t i = 0; i < n; i++) {
        self->priors[self->y[i]] += 1;
        for (int64_t j = 0; j < d; j++)
            found->means[self->y[i] * d + j] += self->samples.x[i * d + j];
    }
    for (int64_t c = 0; c < self->k; c++) {
        for (int64_t j = 0; j < d; j++) {
            found->mean[j] += found->means[c * d + j] / (double)n;
            found->means[c * d + j] /= self->priors[c];
        }
        self->priors[c] /= (double)n;
    }
}

/* Rows without their class's mean, each column over its deviation, all over the root of n. */
static void fill_within(fitting *self, const mlk_discriminant *found)
{
    int64_t n = self->samples.n, d = self->samples.d;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < d; j++) {
            double apart = self->samples.x[i * d + j] - found->means[self->y[i] * d + j];
            self->within[i * d + j] = apart;
            self->spread[j] += apart * apart / (double)n;
        }
    }
    for (int64_t j = 0; j < d; j++)
        self->spread[j] = self->spread[j] > 0 ? sqrt(self->spread[j]) : 1;
    double factor = 1 / sqrt((double)n);
    for (int64_t i = 0; i < n * d; i++)
        self->within[i] *= factor / self->spread[i % d];
}

static mlk_code whiten(fitting *self, mlk_status *status)
{
    int64_t d = self->samples.d;
    mlk_code code = right_singular(self->within, self->samples.n, d, self->tol, 0, self->whitening, self->values,
                                   &self->rank, status);
    for (int64_t i = 0; i < self->rank * d && !code; i++)
        self->whitening[i] /= self->spread[i % d] * self->values[i / d];
    return code;
}

/* The directions along which the whitened means of the classes vary. */
static mlk_code find_directions(fitting *self, mlk_discriminant *found, mlk_status *status)
{
    int64_t d = self->samples.d, k = self->k, rank = self->rank, most = k - 1 < d ? k - 1 : d;
    double *apart = malloc(sizeof *apart * (size_t)(k * d));
    if (!apart)
        return mlk_fail_memory(status, "a discriminant analysis");
    for (int64_t i = 0; i < k * d; i++)
        apart[i] = sqrt((double)self->samples.n * self->priors[i / d] / (double)(k - 1)) *
                   (found->means[i] - found->mean[i % d]);
    mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, MLK_AS_IS, MLK_TRANSPOSED, (int)k, (int)rank, (int)d, 1, apart, (int)d,
                            self->whitening, (int)d, 0, self->between, (int)rank);
    free(apart);
    mlk_code code = right_singular(self->between, k, rank, self->tol, 1, self->rotation, self->values,
                                   &found->directions, status);
    if (code)
        return code;
    found->directions = found->directions < most ? found->directions : most;
    double total = 0;
    for (int64_t i = 0; i < found->directions; i++)
        total += self->values[i] * self->values[i];
    memset(found->scalings, 0, sizeof(double) * (size_t)(most * d));
    memset(found->ratio, 0, sizeof(double) * (size_t)most);
    for (int64_t i = 0; i < found->directions; i++)
        found->ratio[i] = self->values[i] * self->values[i] / total;
    if (found->directions > 0)
        mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, MLK_AS_IS, MLK_AS_IS, (int)found->directions, (int)d, (int)rank, 1,
                                self->rotation, (int)rank, self->whitening, (int)d, 0, found->scalings, (int)d);
    return MLK_OK;
}

/* The entry of largest size of each direction becomes positive. */
static void fix_signs(mlk_discriminant *found, int64_t d)
{
    for (int64_t i = 0; i < found->directions; i++) {
        double *row = found->scalings + i * d;
        int64_t largest = 0;
        for (int64_t j = 1; j < d; j++)
            if (fabs(row[j]) > fabs(row[largest]))
                largest = j;
        for (int64_t j = 0; row[largest] < 0 && j < d; j++)
            row[j] = j == largest ? row[j] : -row[j];
        row[largest] = fabs(row[largest]);
    }
}

/* A row's score for a class falls with its distance from the class's mean along the directions. */
static void find_weights(const fitting *self, mlk_discriminant *found)
{
    int64_t d = self->samples.d;
    memset(found->weights, 0, sizeof(double) * (size_t)(self->k * d));
    for (int64_t c = 0; c < self->k; c++) {
        double *weights = found->weights + c * d;
        found->intercepts[c] = log(self->priors[c]);
        for (int64_t i = 0; i < found->directions; i++) {
            const double *direction = found->scalings + i * d;
            double place = 0;
            for (int64_t j = 0; j < d; j++)
                place += (found->means[c * d + j] - found->mean[j]) * direction[j];
            for (int64_t j = 0; j < d; j++)
                weights[j] += place * direction[j];
            found->intercepts[c] -= place * place / 2;
        }
        for (int64_t j = 0; j < d; j++)
            found->intercepts[c] -= found->mean[j] * weights[j];
    }
}

mlk_code mlk_discriminant_fit(mlk_samples samples, const int64_t *y, int64_t k, double tol, mlk_discriminant *found,
                              mlk_status *status)
{
    mlk_code code = mlk_samples_check(samples, 2, status);
    if (code)
        return code;
    if (samples.n <= k)
        return mlk_fail(status, MLK_INVALID, "x must have more rows than classes (%lld), got %lld", (long long)k,
                        (long long)samples.n);
    fitting self = {.samples = samples, .y = y, .k = k, .tol = tol};
    code = prepare(&self, status);
    if (!code) {
        int threads = mlk_blas_single(); /* LAPACK's results change with the number of threads */
        find_means(&self, found);
        fill_within(&self, found);
        code = whiten(&self, status);
        if (!code && self.rank == 0)
            code = mlk_fail(status, MLK_INVALID, "x does not vary within classes: there is no covariance");
        if (!code)
            code = find_directions(&self, found, status);
        mlk_blas_restore(threads);
    }
    if (!code && mlk_interrupted())
        code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    if (!code) {
        fix_signs(found, samples.d);
        find_weights(&self, found);
    }
    release(&self);
    return code;
}

/* --- by shrunk covariances ----------------------------------------------------------------- */

typedef struct shrinking {
    mlk_samples samples;
    const int64_t *y;
    int64_t k;
    double shrinkage;
    double *rows;    /* n x d: rows of a class without its mean, or all without theirs */
    double *within;  /* d x d: then its inverse factor */
    double *between; /* d x d: first of all rows; then whitened, then its eigenvectors */
    double *spare;   /* d x d */
    double *values;  /* d */
} shrinking;

static void release_shrinking(shrinking *self)
{
    free(self->rows), free(self->within), free(self->between), free(self->spare), free(self->values);
}

static mlk_code prepare_shrinking(shrinking *self, mlk_status *status)
{
    size_t n = (size_t)self->samples.n, d = (size_t)self->samples.d;
    self->rows = malloc(sizeof(double) * n * d);
    self->within = calloc(d * d, sizeof(double));
    self->between = calloc(d * d, sizeof(double));
    self->spare = malloc(sizeof(double) * d * d);
    self->values = malloc(sizeof(double) * d);
    if (self->rows && self->within && self->between && self->spare && self->values)
        return MLK_OK;
    return mlk_fail_memory(status, "a discriminant analysis");
}

/* Fills rows with those of a class (-1: all) without `mean`; returns how many they are. */
static int64_t take_class(shrinking *self, int64_t class, const double *mean)
{
    int64_t count = 0, d = self->samples.d;
    for (int64_t i = 0; i < self->samples.n; i++) {
        if (class >= 0 && self->y[i] != class)
            continue;
        for (int64_t j = 0; j < d; j++)
            self->rows[count * d + j] = self->samples.x[i * d + j] - mean[j];
        count++;
    }
    return count;
}

static mlk_code find_covariances(shrinking *self, const double *priors, const mlk_discriminant *found,
                                 mlk_status *status)
{
    int64_t d = self->samples.d;
    mlk_code code = MLK_OK;
    for (int64_t c = 0; c < self->k && !code; c++) {
        int64_t count = take_class(self, c, found->means + c * d);
        code = mlk_add_covariance(self->rows, count, d, self->shrinkage, priors[c], self->within, status);
    }
    if (code)
        return code;
    int64_t count = take_class(self, -1, found->mean);
    code = mlk_add_covariance(self->rows, count, d, self->shrinkage, 1, self->between, status);
    for (int64_t i = 0; i < d * d; i++)
        self->between[i] -= self->within[i];
    return code;
}

/* a becomes left a right of d x d matrices, through `spare`; right is taken transposed. */
static void enclose(double *a, const double *factor, int d, double *spare)
{
    mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, MLK_AS_IS, MLK_AS_IS, d, d, d, 1, factor, d, a, d, 0, spare, d);
    mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, MLK_AS_IS, MLK_TRANSPOSED, d, d, d, 1, spare, d, factor, d, 0, a, d);
}

/* The eigenvectors of what varies between classes, where variance within them is 1 in all directions. */
static mlk_code solve(shrinking *self, mlk_discriminant *found, mlk_status *status)
{
    int64_t d = self->samples.d, most = self->k - 1 < d ? self->k - 1 : d;
    if (mlk_blas_inverse_factor(self->within, (int)d) != 0)
        return mlk_fail(status, MLK_INVALID, "the covariance within classes cannot be inverted: take more shrinkage");
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = i + 1; j < d; j++)
            self->within[i * d + j] = 0;
    enclose(self->between, self->within, (int)d, self->spare);
    int info = mlk_blas_eigen(self->between, (int)d, self->values);
    if (info != 0)
        return mlk_fail(status, MLK_INVALID, "no eigenvectors found (LAPACK says %d)", info);
    double total = 0;
    for (int64_t i = 0; i < d; i++)
        total += self->values[i];
    for (int64_t i = 0; i < most; i++) {
        found->ratio[i] = self->values[d - 1 - i] / total;
        mlk_blas()->cblas_dgemv(MLK_ROW_MAJOR, MLK_TRANSPOSED, (int)d, (int)d, 1, self->within, (int)d,
                                self->between + (d - 1 - i) * d, 1, 0, found->scalings + i * d, 1);
    }
    found->directions = most;
    return MLK_OK;
}

/* weights: means times the inverse of the covariance within. */
static void find_shrunk_weights(const shrinking *self, const double *priors, mlk_discriminant *found)
{
    int k = (int)self->k, d = (int)self->samples.d;
    double *whitened = self->spare; /* d at a time */
    for (int64_t c = 0; c < k; c++) {
        const double *mean = found->means + c * d;
        double *weights = found->weights + c * d;
        mlk_blas()->cblas_dgemv(MLK_ROW_MAJOR, MLK_AS_IS, d, d, 1, self->within, d, mean, 1, 0, whitened, 1);
        mlk_blas()->cblas_dgemv(MLK_ROW_MAJOR, MLK_TRANSPOSED, d, d, 1, self->within, d, whitened, 1, 0, weights, 1);
        found->intercepts[c] = log(priors[c]) - 0.5 * mlk_blas()->cblas_ddot(d, weights, 1, mean, 1);
    }
}

mlk_code mlk_discriminant_fit_shrunk(mlk_samples samples, const int64_t *y, int64_t k, double shrinkage,
                                     mlk_discriminant *found, mlk_status *status)
{
    mlk_code code = mlk_samples_check(samples, 2, status);
    if (code)
        return code;
    shrinking self = {.samples = samples, .y = y, .k = k, .shrinkage = shrinkage};
    fitting means = {.samples = samples, .y = y, .k = k};
    means.priors = calloc((size_t)k, sizeof(double));
    code = means.priors ? prepare_shrinking(&self, status) : mlk_fail_memory(status, "a discriminant analysis");
    if (!code) {
        int threads = mlk_blas_single();
        find_means(&means, found);
        code = find_covariances(&self, means.priors, found, status);
        if (!code)
            code = solve(&self, found, status);
        if (!code)
            find_shrunk_weights(&self, means.priors, found);
        mlk_blas_restore(threads);
    }
    if (!code && mlk_interrupted())
        code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    if (!code)
        fix_signs(found, samples.d);
    free(means.priors);
    release_shrinking(&self);
    return code;
}
