/* pool.h: one number for a row of frames: mean, std, min, max, median, percentiles.
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

/* Pools n >= 1 values in each of the n_pools ways; `scratch` has room for n floats. */
void mlk_pool_row(const mlk_pool *pools, int n_pools, const float *values, int64_t n, float *scratch, float *out);

#endif
