/* pool.h: one number for each row of frames: mean, std, min, max, median, percentiles.
 *
 * As numpy computes them over the last axis: std divides by n, percentiles
 * interpolate linearly; sums are kept in double. A row that holds a NaN pools
 * to NaN.
 */
#ifndef MLK_POOL_H
#define MLK_POOL_H

#include "status.h"

#include <stdint.h>

typedef enum mlk_pool_kind {
    MLK_POOL_MEAN,
    MLK_POOL_STD,
    MLK_POOL_MIN,
    MLK_POOL_MAX,
    MLK_POOL_PERCENTILE, /* the median is the 50th */
} mlk_pool_kind;

typedef struct mlk_pool {
    mlk_pool_kind kind;
    double percent; /* 0..100, for percentiles */
    char name[16];  /* as given: "mean", "median", "p90" */
} mlk_pool;

/* Reads "mean", "std", "min", "max", "median" or "p" with a number 0..100 ("p5", "p97.5"). */
mlk_code mlk_pool_parse(const char *name, mlk_pool *pool, mlk_status *status);

/* Pools rows of frames that come part by part. How they are cut does not change a bit of the result. Only percentiles,
 * of which the median is one, keep all values. */
typedef struct mlk_pooling mlk_pooling;

/* NULL: see status. */
mlk_pooling *mlk_pooling_new(const mlk_pool *pools, int n_pools, int64_t rows, mlk_status *status);
void mlk_pooling_free(mlk_pooling *pooling);

/* Takes rows x frames values. */
mlk_code mlk_pooling_add(mlk_pooling *pooling, const float *values, int64_t frames, mlk_status *status);

/* n_pools x rows numbers; at least one frame must have been taken. */
void mlk_pooling_finish(mlk_pooling *pooling, float *out);

/* Pools one row of n >= 1 values in each of the n_pools ways. */
mlk_code mlk_pool_row(const mlk_pool *pools, int n_pools, const float *values, int64_t n, float *out,
                      mlk_status *status);

#endif
