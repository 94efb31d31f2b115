#include "metrics.h"

#include "interrupt.h"
#include "parallel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

mlk_code mlk_contingency(const int64_t *truth, const int64_t *labels, int64_t n, int64_t rows, int64_t columns,
                         int64_t *counts, mlk_status *status)
{
    memset(counts, 0, sizeof(int64_t) * (size_t)(rows * columns));
    for (int64_t i = 0; i < n; i++) {
        if (truth[i] < 0 || truth[i] >= rows || labels[i] < 0 || labels[i] >= columns)
            return mlk_fail(status, MLK_INVALID, "labels must be 0 or above, row %lld has %lld and %lld", (long long)i,
                            (long long)truth[i], (long long)labels[i]);
        counts[truth[i] * columns + labels[i]]++;
    }
    return MLK_OK;
}

static double pairs(double n)
{
    return n * (n - 1) / 2;
}

/* Sum over the table's row `i` (or column, with the strides swapped). */
static double margin(const int64_t *counts, int64_t i, int64_t stride, int64_t step, int64_t length)
{
    double sum = 0;
    for (int64_t j = 0; j < length; j++)
        sum += (double)counts[i * stride + j * step];
    return sum;
}

double mlk_adjusted_rand(const int64_t *counts, int64_t rows, int64_t columns)
{
    double together = 0, in_rows = 0, in_columns = 0, n = 0;
    for (int64_t i = 0; i < rows * columns; i++)
        together += pairs((double)counts[i]);
    for (int64_t i = 0; i < rows; i++) {
        double sum = margin(counts, i, columns, 1, columns);
        in_rows += pairs(sum);
        n += sum;
    }
    for (int64_t j = 0; j < columns; j++)
        in_columns += pairs(margin(counts, j, 1, columns, rows));
    double expected = n > 1 ? in_rows * in_columns / pairs(n) : 0, most = (in_rows + in_columns) / 2;
    return most == expected ? 1 : (together - expected) / (most - expected);
}

static double entropy_term(double count, double n)
{
    return count > 0 ? -count / n * log(count / n) : 0;
}

double mlk_normalized_mutual_information(const int64_t *counts, int64_t rows, int64_t columns)
{
    double n = 0, of_rows = 0, of_columns = 0, joint = 0;
    int64_t used_rows = 0, used_columns = 0;
    for (int64_t i = 0; i < rows * columns; i++)
        n += (double)counts[i];
    for (int64_t i = 0; i < rows; i++) {
        double sum = margin(counts, i, columns, 1, columns);
        of_rows += entropy_term(sum, n);
        used_rows += sum > 0;
    }
    for (int64_t j = 0; j < columns; j++) {
        double sum = margin(counts, j, 1, columns, rows);
        of_columns += entropy_term(sum, n);
        used_columns += sum > 0;
    }
    for (int64_t i = 0; i < rows * columns; i++)
        joint += entropy_term((double)counts[i], n);
    if (used_rows <= 1 && used_columns <= 1)
        return 1;
    double information = of_rows + of_columns - joint, mean = (of_rows + of_columns) / 2;
    return information > 0 && mean > 0 ? information / mean : 0;
}

typedef struct shape {
    mlk_samples samples;
    const int64_t *labels;
    const int64_t *sizes;
    int64_t k;
    double *sums;   /* workers x k */
    double *values; /* n */
} shape;

/* The silhouette of row `task` into values[task]; sums (k) are distances to the rows of each cluster. */
static void silhouette_of(void *context, int task, int worker)
{
    const shape *self = context;
    int64_t d = self->samples.d, own = self->labels[task];
    const float *row = self->samples.x + task * d;
    double *sums = self->sums + worker * self->k;
    memset(sums, 0, sizeof(double) * (size_t)self->k);
    for (int64_t i = 0; i < self->samples.n; i++) {
        const float *other = self->samples.x + i * d;
        double squared = 0;
        for (int64_t j = 0; j < d; j++) {
            double apart = (double)row[j] - other[j];
            squared += apart * apart;
        }
        sums[self->labels[i]] += sqrt(squared);
    }
    double nearest = INFINITY;
    for (int64_t c = 0; c < self->k; c++)
        if (c != own && self->sizes[c] > 0)
            nearest = fmin(nearest, sums[c] / (double)self->sizes[c]);
    double inside = self->sizes[own] > 1 ? sums[own] / (double)(self->sizes[own] - 1) : 0;
    double most = fmax(inside, nearest);
    self->values[task] = self->sizes[own] > 1 && most > 0 ? (nearest - inside) / most : 0;
}

mlk_code mlk_silhouette(mlk_samples samples, const int64_t *labels, double *mean, mlk_status *status)
{
    mlk_code code = mlk_samples_check(samples, 3, status);
    int64_t k = 0, used = 0;
    for (int64_t i = 0; i < samples.n && !code; i++) {
        if (labels[i] < 0 || labels[i] >= samples.n)
            code = mlk_fail(status, MLK_INVALID, "labels must be 0..rows - 1, row %lld has %lld", (long long)i,
                            (long long)labels[i]);
        k = labels[i] + 1 > k ? labels[i] + 1 : k;
    }
    if (code)
        return code;
    int64_t *sizes = calloc((size_t)k, sizeof *sizes);
    shape self = {.samples = samples, .labels = labels, .sizes = sizes, .k = k};
    self.sums = malloc(sizeof(double) * (size_t)(mlk_cores() * k));
    self.values = malloc(sizeof(double) * (size_t)samples.n);
    if (!sizes || !self.sums || !self.values)
        code = mlk_fail_memory(status, "silhouettes");
    for (int64_t i = 0; i < samples.n && !code; i++)
        used += sizes[labels[i]]++ == 0;
    if (!code && (used < 2 || used >= samples.n))
        code = mlk_fail(status, MLK_INVALID, "silhouette needs 2..rows - 1 (%lld) clusters, got %lld",
                        (long long)samples.n - 1, (long long)used);
    if (!code) {
        mlk_parallel((int)samples.n, mlk_cores(), silhouette_of, &self);
        *mean = 0;
        for (int64_t i = 0; i < samples.n; i++)
            *mean += self.values[i] / (double)samples.n;
        if (mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    free(sizes), free(self.sums), free(self.values);
    return code;
}
