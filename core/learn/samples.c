#include "samples.h"

#include "chunks.h"
#include "interrupt.h"
#include "parallel.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct search {
    mlk_samples samples;
    int chunks;
    int64_t *bad; /* chunks: values that are not finite */
} search;

static void search_chunk(void *context, int task, int worker)
{
    (void)worker;
    const search *self = context;
    mlk_rows rows = mlk_chunk(self->samples.n, self->chunks, task);
    const float *x = self->samples.x + rows.first * self->samples.d;
    int64_t count = rows.count * self->samples.d;
    int64_t bad = 0;
    for (int64_t done = 0; done < count; done += 4096) {
        int n = count - done < 4096 ? (int)(count - done) : 4096, here = 0; /* an int: as wide as a float */
        for (int i = 0; i < n; i++)
            here += !(fabsf(x[done + i]) <= FLT_MAX);
        bad += here;
    }
    self->bad[task] = bad;
}

static int64_t count_bad(mlk_samples samples)
{
    int64_t bad[MLK_MOST_CHUNKS] = {0}, sum = 0;
    search self = {samples, mlk_chunks(samples.n), bad};
    mlk_parallel(self.chunks, samples.n * samples.d < 1 << 18 ? 1 : 0, search_chunk, &self);
    for (int chunk = 0; chunk < self.chunks; chunk++)
        sum += bad[chunk];
    return sum;
}

mlk_code mlk_samples_check(mlk_samples samples, int64_t least, mlk_status *status)
{
    if (samples.d < 1)
        return mlk_fail(status, MLK_INVALID, "x must have 1 column or more, got %lld", (long long)samples.d);
    if (samples.n < least)
        return mlk_fail(status, MLK_INVALID, "x must have %lld rows or more, got %lld", (long long)least,
                        (long long)samples.n);
    int64_t bad = count_bad(samples);
    if (bad == 0)
        return MLK_OK;
    int64_t at = 0;
    while (isfinite(samples.x[at]))
        at++;
    return mlk_fail(status, MLK_INVALID, "x must be finite: row %lld, column %lld is %s (%lld such values)",
                    (long long)(at / samples.d), (long long)(at % samples.d),
                    isnan(samples.x[at]) ? "NaN" : "infinite", (long long)bad);
}

typedef struct moments {
    mlk_samples samples;
    int chunks;
    const double *center; /* NULL: sum of x; else sum of (x - center)^2 */
    double *sums;         /* chunks x d */
} moments;

static void sum_chunk(void *context, int task, int worker)
{
    (void)worker;
    const moments *self = context;
    int64_t d = self->samples.d;
    double *sum = self->sums + task * d;
    mlk_rows rows = mlk_chunk(self->samples.n, self->chunks, task);
    memset(sum, 0, sizeof(double) * (size_t)d);
    for (int64_t i = rows.first; i < rows.first + rows.count; i++) {
        const float *row = self->samples.x + i * d;
        if (!self->center) {
            for (int64_t j = 0; j < d; j++)
                sum[j] += row[j];
        } else {
            for (int64_t j = 0; j < d; j++) {
                double apart = row[j] - self->center[j];
                sum[j] += apart * apart;
            }
        }
    }
}

static void mean_of_chunks(moments *self, double *result)
{
    int64_t d = self->samples.d;
    mlk_parallel(self->chunks, 0, sum_chunk, self);
    memset(result, 0, sizeof(double) * (size_t)d);
    for (int chunk = 0; chunk < self->chunks; chunk++)
        for (int64_t j = 0; j < d; j++)
            result[j] += self->sums[chunk * d + j];
    for (int64_t j = 0; j < d; j++)
        result[j] /= (double)self->samples.n;
}

mlk_code mlk_samples_moments(mlk_samples samples, double *mean, double *variance, mlk_status *status)
{
    moments self = {.samples = samples, .chunks = mlk_chunks(samples.n)};
    self.sums = malloc(sizeof(double) * (size_t)self.chunks * (size_t)samples.d);
    if (!self.sums)
        return mlk_fail_memory(status, "column sums");
    mean_of_chunks(&self, mean);
    if (variance) {
        self.center = mean;
        mean_of_chunks(&self, variance);
    }
    free(self.sums);
    return mlk_interrupted() ? mlk_fail(status, MLK_INTERRUPTED, "interrupted") : MLK_OK;
}

mlk_code mlk_labels_check(const int64_t *y, int64_t n, int64_t *k, mlk_status *status)
{
    enum { MOST = 1000000 };
    int64_t largest = -1;
    for (int64_t i = 0; i < n; i++) {
        if (y[i] < 0 || y[i] >= MOST)
            return mlk_fail(status, MLK_INVALID, "y must hold class ids 0..%d, row %lld is %lld", MOST - 1,
                            (long long)i, (long long)y[i]);
        largest = y[i] > largest ? y[i] : largest;
    }
    int64_t *counts = calloc((size_t)largest + 2, sizeof *counts);
    if (!counts)
        return mlk_fail_memory(status, "class counts");
    int64_t used = 0;
    for (int64_t i = 0; i < n; i++)
        used += counts[y[i]]++ == 0;
    free(counts);
    if (used < 2)
        return mlk_fail(status, MLK_INVALID, "y must hold 2 classes or more, got %lld", (long long)used);
    *k = largest + 1;
    return MLK_OK;
}
