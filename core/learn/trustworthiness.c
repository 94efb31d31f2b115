#include "trustworthiness.h"

#include "blas/blas.h"
#include "clones.h"
#include "exact.h"
#include "interrupt.h"
#include "keys.h"
#include "parallel.h"
#include "rows.h"

#include <stdlib.h>

enum { ROWS = 16 /* a task */ };

typedef struct ranking {
    const mlk_row_table *x;
    const uint64_t *near; /* n x k: the neighbours in z */
    int64_t k;
    float *apart;     /* workers x n */
    int64_t *beyond;  /* tasks: the sum of ranks beyond k */
} ranking;

/* How many of n distances are below one; equal ones among the first `earlier` count, too. */
MLK_WIDE_CLONES
static int64_t count_nearer(const float *apart, int64_t n, int64_t earlier, float limit)
{
    int64_t below = 0;
    for (int64_t first = 0; first < n; first += 4096) {
        int here = 0; /* as wide as a float */
        int64_t last = first + 4096 < n ? first + 4096 : n, middle = earlier < first ? first : earlier;
        middle = middle < last ? middle : last;
        for (int64_t i = first; i < middle; i++)
            here += apart[i] <= limit;
        for (int64_t i = middle; i < last; i++)
            here += apart[i] < limit;
        below += here;
    }
    return below;
}

static void rank_rows(void *context, int task, int worker)
{
    const ranking *self = context;
    int64_t n = self->x->n, last = (task + 1) * (int64_t)ROWS;
    float *apart = self->apart + worker * n;
    self->beyond[task] = 0;
    for (int64_t i = task * (int64_t)ROWS; i < last && i < n && !mlk_interrupted(); i++) {
        for (int64_t j = 0; j < n; j++)
            apart[j] = mlk_rows_apart(self->x, i, self->x, j);
        apart[i] = -1; /* before all others */
        for (int64_t j = 0; j < self->k; j++) {
            int64_t other = mlk_key_row(self->near[i * self->k + j]);
            int64_t rank = count_nearer(apart, n, other, apart[other]); /* the row itself makes it count from 1 */
            self->beyond[task] += rank > self->k ? rank - self->k : 0;
        }
    }
}

/* near: n x k, the neighbours of each row of z. */
static mlk_code find_near(mlk_samples z, int64_t k, uint64_t *near, mlk_status *status)
{
    mlk_row_table table = {0};
    int32_t *own = malloc(sizeof(int32_t) * (size_t)z.n);
    for (int64_t i = 0; i < z.n && own; i++)
        own[i] = (int32_t)i;
    mlk_code code = own ? mlk_row_table_new(z, MLK_ROWS_EUCLIDEAN, NULL, &table, status)
                        : mlk_fail_memory(status, "ranks");
    if (!code) {
        int threads = mlk_blas_single();
        code = mlk_exact_search(&table, &table, own, k, near, status);
        mlk_blas_restore(threads);
    }
    mlk_row_table_free(&table);
    free(own);
    return code;
}

static mlk_code rank(mlk_samples x, const uint64_t *near, int64_t k, double *value, mlk_status *status)
{
    mlk_row_table table = {0};
    int tasks = (int)((x.n + ROWS - 1) / ROWS), workers = mlk_cores();
    ranking self = {.x = &table, .near = near, .k = k};
    self.apart = malloc(sizeof(float) * (size_t)(workers * x.n));
    self.beyond = malloc(sizeof(int64_t) * (size_t)tasks);
    mlk_code code = self.apart && self.beyond ? mlk_row_table_new(x, MLK_ROWS_EUCLIDEAN, NULL, &table, status)
                                              : mlk_fail_memory(status, "ranks");
    if (!code) {
        double sum = 0, n = (double)x.n, few = (double)k;
        mlk_parallel(tasks, workers, rank_rows, &self);
        for (int task = 0; task < tasks; task++)
            sum += (double)self.beyond[task];
        *value = 1 - 2 * sum / (n * few * (2 * n - 3 * few - 1));
        code = mlk_interrupted() ? mlk_fail(status, MLK_INTERRUPTED, "interrupted") : MLK_OK;
    }
    free(self.apart), free(self.beyond);
    mlk_row_table_free(&table);
    return code;
}

mlk_code mlk_trustworthiness(mlk_samples x, mlk_samples z, int64_t k, double *value, mlk_status *status)
{
    if (x.n != z.n)
        return mlk_fail(status, MLK_INVALID, "z must have as many rows as x (%lld), got %lld", (long long)x.n,
                        (long long)z.n);
    if (x.n < 3 || x.n >= INT32_MAX)
        return mlk_fail(status, MLK_INVALID, "x must have 3..%d rows, got %lld", INT32_MAX - 1, (long long)x.n);
    if (k < 1 || k > (x.n - 1) / 2)
        return mlk_fail(status, MLK_INVALID, "k must be 1..%lld (less than half the rows), got %lld",
                        (long long)(x.n - 1) / 2, (long long)k);
    uint64_t *near = malloc(sizeof(uint64_t) * (size_t)(x.n * k));
    mlk_code code = near ? find_near(z, k, near, status) : mlk_fail_memory(status, "ranks");
    if (!code)
        code = rank(x, near, k, value, status);
    free(near);
    return code;
}
