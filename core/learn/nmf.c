#include "nmf.h"

#include "blas/blas.h"
#include "chunks.h"
#include "eigen.h"
#include "interrupt.h"
#include "parallel.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define IN(member) MLK_IN(mlk_nmf_options, member)

static const char *const start_names[] = {"nndsvda", "nndsvd", "random", NULL};

const mlk_parameter mlk_nmf_parameters[] = {
    MLK_INTEGER_OR_NIL("n_components", NAN, 1, INT32_MAX, "how many parts rows are made of", IN(n_components),
                       .usual = "as many as possible"),
    MLK_CHOICE("init", MLK_NMF_NNDSVDA, start_names, "where to begin: by singular vectors (a: zeros become the mean), "
               "or at random", IN(init)),
    MLK_REAL("tol", 1e-4, 0, HUGE_VAL, "stop when gradients are below this share of the first ones", IN(tol)),
    MLK_INTEGER("max_iter", 200, 1, INT32_MAX, "passes at most", IN(max_iter)),
    MLK_REAL("alpha_W", 0, 0, HUGE_VAL, "weight of the penalty on the activations", IN(alpha_W)),
    MLK_REAL_OR_NIL("alpha_H", NAN, 0, HUGE_VAL, "weight of the penalty on the components", IN(alpha_H),
                    .usual = "alpha_W"),
    MLK_REAL("l1_ratio", 0, 0, 1, "of the penalties: 1 makes them sparse, 0 small", IN(l1_ratio)),
    MLK_INTEGER("seed", 0, 0, HUGE_VAL, "of the random start", IN(seed)),
    MLK_PARAMETERS_END,
};

/* --- coordinate descent ------------------------------------------------------------------ */

/* One factor is moved while the other stands: rows of `factor` are independent of each other. */
typedef struct step {
    mlk_samples samples;
    int64_t k;
    bool columns;       /* `factor` belongs to the columns of x, not to its rows */
    int64_t rows;       /* of `factor` */
    double *factor;     /* rows x k */
    const float *other; /* what stands, (d or n) x k */
    const double *gram; /* k x k: its columns' products, the penalty on squares added */
    double l1;
    int chunks;
    float *products;    /* rows x k: x times what stands */
    double *violation;  /* chunks */
} step;

static void multiply(const step *self, mlk_rows part, float *out)
{
    int64_t d = self->samples.d, n = self->samples.n;
    int k = (int)self->k;
    if (self->columns)
        mlk_blas()->cblas_sgemm(MLK_ROW_MAJOR, MLK_TRANSPOSED, MLK_AS_IS, (int)part.count, k, (int)n, 1,
                                self->samples.x + part.first, (int)d, self->other, k, 0, out, k);
    else
        mlk_blas()->cblas_sgemm(MLK_ROW_MAJOR, MLK_AS_IS, MLK_AS_IS, (int)part.count, k, (int)d, 1,
                                self->samples.x + part.first * d, (int)d, self->other, k, 0, out, k);
}

/* Each number of a row in turn goes where the squares are least, but not below 0. Returns how far gradients were from
 * what the least would have. */
static double descend(const step *self, const float *product, double *row)
{
    double violation = 0;
    for (int64_t t = 0; t < self->k; t++) {
        const double *gram = self->gram + t * self->k;
        double gradient = self->l1 - (double)product[t];
        for (int64_t r = 0; r < self->k; r++)
            gradient += gram[r] * row[r];
        violation += fabs(row[t] == 0 ? fmin(gradient, 0) : gradient);
        if (gram[t] != 0)
            row[t] = fmax(row[t] - gradient / gram[t], 0);
    }
    return violation;
}

static void step_chunk(void *context, int task, int worker)
{
    (void)worker;
    const step *self = context;
    mlk_rows part = mlk_chunk(self->rows, self->chunks, task);
    float *products = self->products + part.first * self->k;
    multiply(self, part, products);
    self->violation[task] = 0;
    for (int64_t i = 0; i < part.count; i++)
        self->violation[task] += descend(self, products + i * self->k, self->factor + (part.first + i) * self->k);
}

/* What is needed to move the factors. */
typedef struct workshop {
    mlk_samples samples;
    int64_t k;
    float *as_float; /* max(n, d) x k */
    float *products; /* max(n, d) x k */
    double *gram;    /* k x k */
    double *violation;
} workshop;

static mlk_code open_workshop(workshop *self, mlk_samples samples, int64_t k, mlk_status *status)
{
    size_t most = (size_t)((samples.n > samples.d ? samples.n : samples.d) * k);
    *self = (workshop){.samples = samples, .k = k};
    self->as_float = malloc(sizeof(float) * most);
    self->products = malloc(sizeof(float) * most);
    self->gram = malloc(sizeof(double) * (size_t)(k * k));
    self->violation = malloc(sizeof(double) * MLK_MOST_CHUNKS);
    if (self->as_float && self->products && self->gram && self->violation)
        return MLK_OK;
    return mlk_fail_memory(status, "a factorisation");
}

static void close_workshop(workshop *self)
{
    free(self->as_float), free(self->products), free(self->gram), free(self->violation);
}

/* Moves `factor` (of the rows of x, or of its columns) while `other` (`others` x k) stands. */
static double move(workshop *self, bool columns, double *factor, const double *other, double l1, double l2)
{
    int64_t k = self->k, others = columns ? self->samples.n : self->samples.d;
    for (int64_t i = 0; i < others * k; i++)
        self->as_float[i] = (float)other[i];
    mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, MLK_TRANSPOSED, MLK_AS_IS, (int)k, (int)k, (int)others, 1, other, (int)k,
                            other, (int)k, 0, self->gram, (int)k);
    for (int64_t t = 0; t < k; t++)
        self->gram[t * k + t] += l2;
    step step = {.samples = self->samples, .k = k, .columns = columns, .factor = factor, .other = self->as_float,
                 .gram = self->gram, .l1 = l1, .products = self->products, .violation = self->violation};
    step.rows = columns ? self->samples.d : self->samples.n;
    step.chunks = mlk_chunks(step.rows);
    mlk_parallel(step.chunks, 0, step_chunk, &step);
    double sum = 0;
    for (int chunk = 0; chunk < step.chunks; chunk++)
        sum += self->violation[chunk];
    return sum;
}

/* W (n x k) and Ht (d x k); Ht stands where `moving` is false. */
static mlk_code iterate(mlk_samples samples, const mlk_nmf_options *options, bool moving, double *W, double *Ht,
                        mlk_nmf_result *result, mlk_status *status)
{
    double alpha_H = isnan(options->alpha_H) ? options->alpha_W : options->alpha_H, l1 = options->l1_ratio, first = 0;
    double on_W = options->alpha_W * (double)samples.d, on_H = alpha_H * (double)samples.n;
    workshop shop;
    mlk_code code = open_workshop(&shop, samples, options->n_components, status);
    int threads = mlk_blas_single();
    *result = (mlk_nmf_result){0};
    while (!code && result->iterations < options->max_iter && !result->converged) {
        double violation = move(&shop, false, W, Ht, on_W * l1, on_W * (1 - l1));
        if (moving)
            violation += move(&shop, true, Ht, W, on_H * l1, on_H * (1 - l1));
        if (result->iterations++ == 0)
            first = violation;
        result->converged = first == 0 || violation / first <= options->tol;
        if (mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    mlk_blas_restore(threads);
    close_workshop(&shop);
    return code;
}

/* --- where to begin ------------------------------------------------------------------------ */

static double mean_of(mlk_samples samples)
{
    double sum = 0;
    for (int64_t i = 0; i < samples.n * samples.d; i++)
        sum += samples.x[i];
    return sum / (double)(samples.n * samples.d);
}

static void start_random(mlk_samples samples, const mlk_nmf_options *options, double *W, double *Ht)
{
    int64_t k = options->n_components;
    double size = sqrt(mean_of(samples) / (double)k);
    mlk_random random = mlk_random_seeded(options->seed);
    for (int64_t i = 0; i < samples.d * k; i++)
        Ht[i] = size * fabs(mlk_random_normal(&random));
    for (int64_t i = 0; i < samples.n * k; i++)
        W[i] = size * fabs(mlk_random_normal(&random));
}

/* The products of x's rows with each other, or of its columns: the smaller table of the two. */
typedef struct gram {
    double *products; /* size x size */
    int64_t size;
} gram;

static void multiply_gram(void *context, const double *x, int64_t count, double *y)
{
    const gram *self = context;
    int n = (int)self->size;
    mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, MLK_AS_IS, MLK_AS_IS, (int)count, n, n, 1, x, n, self->products, n, 0, y, n);
}

/* The k largest singular values of x, descending, with their vectors: left (k x n), right (k x d). */
static mlk_code singular(mlk_samples samples, int64_t k, uint64_t seed, double *values, double *left, double *right,
                         mlk_status *status)
{
    int64_t n = samples.n, d = samples.d;
    bool tall = n > d, converged;
    gram table = {.size = tall ? d : n};
    double *x = malloc(sizeof *x * (size_t)(n * d));
    table.products = malloc(sizeof(double) * (size_t)(table.size * table.size));
    mlk_code code = x && table.products ? MLK_OK : mlk_fail_memory(status, "singular vectors");
    int threads = mlk_blas_single();
    if (!code) {
        for (int64_t i = 0; i < n * d; i++)
            x[i] = samples.x[i];
        mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, tall ? MLK_TRANSPOSED : MLK_AS_IS, tall ? MLK_AS_IS : MLK_TRANSPOSED,
                                (int)table.size, (int)table.size, (int)(tall ? n : d), 1, x, (int)d, x, (int)d, 0,
                                table.products, (int)table.size);
        code = mlk_eigen_largest((mlk_symmetric){multiply_gram, &table, table.size, 1e-8}, k, seed, values,
                                 tall ? right : left, &converged, status);
    }
    if (!code)
        mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, MLK_AS_IS, tall ? MLK_TRANSPOSED : MLK_AS_IS, (int)k,
                                (int)(tall ? n : d), (int)table.size, 1, tall ? right : left, (int)table.size, x,
                                (int)d, 0, tall ? left : right, (int)(tall ? n : d));
    for (int64_t i = 0; i < k && !code; i++) {
        values[i] = values[i] > 0 ? sqrt(values[i]) : 0;
        double *long_side = tall ? left + i * n : right + i * d;
        for (int64_t j = 0; j < (tall ? n : d); j++)
            long_side[j] = values[i] > 1e-10 * values[0] ? long_side[j] / values[i] : 0;
    }
    mlk_blas_restore(threads);
    free(x), free(table.products);
    return code;
}

/* The length of the positive numbers of a vector, or with sign -1 of the negative ones. */
static double one_sided(const double *vector, int64_t n, double sign)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += vector[i] * sign > 0 ? vector[i] * vector[i] : 0;
    return sqrt(sum);
}

/* Column c of a factor (n x k): one side of a vector, in a length. What is nearly 0 becomes `least`. */
static void put_side(const double *vector, int64_t n, double sign, double scale, double least, double *factor,
                     int64_t k, int64_t c)
{
    for (int64_t i = 0; i < n; i++) {
        double value = fmax(vector[i] * sign, 0) * scale;
        factor[i * k + c] = value < 1e-6 ? least : value;
    }
}

static mlk_code start_singular(mlk_samples samples, const mlk_nmf_options *options, double *W, double *Ht,
                               mlk_status *status)
{
    int64_t n = samples.n, d = samples.d, k = options->n_components;
    double least = options->init == MLK_NMF_NNDSVDA ? mean_of(samples) : 0;
    double *values = malloc(sizeof *values * (size_t)(k * (1 + n + d)));
    if (!values)
        return mlk_fail_memory(status, "singular vectors");
    double *left = values + k, *right = left + k * n;
    mlk_code code = singular(samples, k, options->seed, values, left, right, status);
    for (int64_t c = 0; c < k && !code; c++) {
        const double *u = left + c * n, *v = right + c * d;
        double up = one_sided(u, n, 1), vp = one_sided(v, d, 1), un = one_sided(u, n, -1), vn = one_sided(v, d, -1);
        double sign = up * vp > un * vn ? 1 : -1, of_u = sign > 0 ? up : un, of_v = sign > 0 ? vp : vn;
        double size = sqrt(values[c] * of_u * of_v);
        put_side(u, n, sign, of_u > 0 ? size / of_u : 0, least, W, k, c);
        put_side(v, d, sign, of_v > 0 ? size / of_v : 0, least, Ht, k, c);
    }
    free(values);
    return code;
}

/* --- fit ------------------------------------------------------------------------------------- */

static mlk_code check(mlk_samples samples, int64_t k, mlk_status *status)
{
    mlk_code code = mlk_samples_check(samples, 1, status);
    int64_t most = samples.n < samples.d ? samples.n : samples.d;
    if (!code && (k < 1 || k > most))
        code = mlk_fail(status, MLK_INVALID, "n_components must be 1..min(rows, columns) (%lld), got %lld",
                        (long long)most, (long long)k);
    for (int64_t i = 0; i < samples.n * samples.d && !code; i++)
        if (samples.x[i] < 0)
            code = mlk_fail(status, MLK_INVALID, "x must be 0 or more: row %lld, column %lld is %g",
                            (long long)(i / samples.d), (long long)(i % samples.d), (double)samples.x[i]);
    return code;
}

static void transpose(const double *from, int64_t rows, int64_t columns, double *to)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            to[j * rows + i] = from[i * columns + j];
}

static double error_of(mlk_samples samples, int64_t k, const double *W, const double *Ht)
{
    double sum = 0;
    for (int64_t i = 0; i < samples.n; i++) {
        for (int64_t j = 0; j < samples.d; j++) {
            double apart = samples.x[i * samples.d + j];
            for (int64_t c = 0; c < k; c++)
                apart -= W[i * k + c] * Ht[j * k + c];
            sum += apart * apart;
        }
    }
    return sqrt(sum);
}

mlk_code mlk_nmf_fit(mlk_samples samples, const mlk_nmf_options *options, bool given, double *W, double *H,
                     mlk_nmf_result *result, mlk_status *status)
{
    int64_t k = options->n_components;
    mlk_code code = check(samples, k, status);
    if (code)
        return code;
    double *Ht = malloc(sizeof *Ht * (size_t)(samples.d * k));
    if (!Ht)
        return mlk_fail_memory(status, "a factorisation");
    if (given)
        transpose(H, k, samples.d, Ht);
    else if (options->init == MLK_NMF_RANDOM)
        start_random(samples, options, W, Ht);
    else
        code = start_singular(samples, options, W, Ht, status);
    if (!code)
        code = iterate(samples, options, true, W, Ht, result, status);
    if (!code) {
        result->error = error_of(samples, k, W, Ht);
        transpose(Ht, samples.d, k, H);
    }
    free(Ht);
    return code;
}

mlk_code mlk_nmf_transform(mlk_samples samples, const mlk_nmf_options *options, const double *H, double *W,
                           mlk_status *status)
{
    int64_t k = options->n_components;
    mlk_nmf_result result;
    if (samples.n == 0)
        return MLK_OK;
    mlk_code code = check((mlk_samples){samples.x, samples.n, samples.d}, 1, status);
    double *Ht = malloc(sizeof *Ht * (size_t)(samples.d * k));
    if (!code && !Ht)
        code = mlk_fail_memory(status, "a factorisation");
    if (!code) {
        transpose(H, k, samples.d, Ht);
        memset(W, 0, sizeof *W * (size_t)(samples.n * k));
        code = iterate(samples, options, false, W, Ht, &result, status);
    }
    free(Ht);
    return code;
}
