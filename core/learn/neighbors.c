#include "neighbors.h"

#include "blas/blas.h"
#include "exact.h"
#include "forest.h"
#include "keys.h"

#include <stdlib.h>

static const double LEAST_RECALL = 0.95;

void mlk_neighbors_free(mlk_neighbors *neighbors)
{
    free(neighbors->indices), free(neighbors->distances);
    *neighbors = (mlk_neighbors){0};
}

/* Rows and distances from keys (n x k). */
static mlk_code unpack(const mlk_row_table *table, const uint64_t *keys, mlk_neighbors *neighbors, mlk_status *status)
{
    size_t count = (size_t)(neighbors->n * neighbors->k);
    neighbors->indices = malloc(sizeof(int32_t) * (count + 1));
    neighbors->distances = malloc(sizeof(float) * (count + 1));
    if (!neighbors->indices || !neighbors->distances)
        return mlk_fail_memory(status, "the nearest rows");
    for (size_t i = 0; i < count; i++) {
        neighbors->indices[i] = mlk_key_row(keys[i]);
        neighbors->distances[i] = mlk_rows_distance(table, mlk_key_apart(keys[i]));
    }
    return MLK_OK;
}

static mlk_code check(int64_t k, int64_t most, mlk_status *status)
{
    if (most >= INT32_MAX)
        return mlk_fail(status, MLK_INVALID, "x must have fewer than %d rows, got %lld", INT32_MAX, (long long)most);
    if (k < 1 || k > most)
        return mlk_fail(status, MLK_INVALID, "n_neighbors must be 1..%lld (the other rows), got %lld", (long long)most,
                        (long long)k);
    return MLK_OK;
}

/* Each row of the table beside the others. */
static mlk_code search_itself(const mlk_row_table *table, int64_t k, uint64_t seed, uint64_t *keys, mlk_status *status)
{
    double recall = 0;
    mlk_code code = MLK_OK;
    if (table->n > MLK_EXACT_ROWS)
        code = mlk_forest_search(table, k, seed, keys, &recall, status);
    if (code || recall >= LEAST_RECALL)
        return code;
    int32_t *own = malloc(sizeof(int32_t) * (size_t)table->n);
    for (int64_t i = 0; i < table->n && own; i++)
        own[i] = (int32_t)i;
    code = own ? mlk_exact_search(table, table, own, k, keys, status) : mlk_fail_memory(status, "the nearest rows");
    free(own);
    return code;
}

mlk_code mlk_neighbors_of(mlk_samples samples, int64_t k, mlk_row_metric metric, uint64_t seed,
                          mlk_neighbors *neighbors, mlk_status *status)
{
    mlk_row_table table = {0};
    *neighbors = (mlk_neighbors){.n = samples.n, .k = k};
    mlk_code code = mlk_samples_check(samples, 2, status);
    if (!code)
        code = check(k, samples.n - 1, status);
    if (!code)
        code = mlk_row_table_new(samples, metric, NULL, &table, status);
    if (code)
        return code;
    uint64_t *keys = malloc(sizeof(uint64_t) * (size_t)(samples.n * k));
    int threads = mlk_blas_single();
    code = keys ? search_itself(&table, k, seed, keys, status) : mlk_fail_memory(status, "the nearest rows");
    mlk_blas_restore(threads);
    if (!code)
        code = unpack(&table, keys, neighbors, status);
    free(keys);
    mlk_row_table_free(&table);
    return code;
}

mlk_code mlk_neighbors_among(mlk_samples train, mlk_samples samples, int64_t k, mlk_row_metric metric,
                             mlk_neighbors *neighbors, mlk_status *status)
{
    mlk_row_table table = {0}, rows = {0};
    *neighbors = (mlk_neighbors){.n = samples.n, .k = k};
    mlk_code code = check(k, train.n, status);
    if (!code)
        code = mlk_row_table_new(train, metric, NULL, &table, status);
    if (!code)
        code = mlk_row_table_new(samples, metric, &table, &rows, status);
    uint64_t *keys = malloc(sizeof(uint64_t) * (size_t)(samples.n * k + 1));
    if (!code && !keys)
        code = mlk_fail_memory(status, "the nearest rows");
    if (!code) {
        int threads = mlk_blas_single();
        code = mlk_exact_search(&table, &rows, NULL, k, keys, status);
        mlk_blas_restore(threads);
    }
    if (!code)
        code = unpack(&table, keys, neighbors, status);
    free(keys);
    mlk_row_table_free(&table);
    mlk_row_table_free(&rows);
    return code;
}
