#include "extract/pool.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

mlk_code mlk_pool_parse(const char *name, mlk_pool *pool, mlk_status *status)
{
    static const mlk_pool known[] = {
        {MLK_POOL_MEAN, 0, "mean"},
        {MLK_POOL_STD, 0, "std"},
        {MLK_POOL_MIN, 0, "min"},
        {MLK_POOL_MAX, 0, "max"},
        {MLK_POOL_PERCENTILE, 50, "median"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(name, known[i].name) == 0) {
            *pool = known[i];
            return MLK_OK;
        }
    char *end = NULL;
    bool number = name[0] == 'p' && name[1] >= '0' && name[1] <= '9' && strlen(name) < sizeof pool->name;
    double percent = number ? strtod(name + 1, &end) : -1;
    if (!number || *end || !(percent >= 0 && percent <= 100))
        return mlk_fail(status, MLK_INVALID,
                        "pool must be mean, std, min, max, median or p0..p100 (a percentile), got \"%.40s\"", name);
    *pool = (mlk_pool){.kind = MLK_POOL_PERCENTILE, .percent = percent};
    snprintf(pool->name, sizeof pool->name, "%s", name);
    return MLK_OK;
}

static double mean_of(const float *values, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += values[i];
    return sum / (double)n;
}

static double std_of(const float *values, int64_t n)
{
    double mean = mean_of(values, n), sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (values[i] - mean) * (values[i] - mean);
    return sqrt(sum / (double)n);
}

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double percentile_of(const float *sorted, int64_t n, double percent)
{
    double position = percent / 100 * (double)(n - 1);
    int64_t below = (int64_t)floor(position);
    int64_t above = below + 1 < n ? below + 1 : below;
    double share = position - (double)below;
    return sorted[below] + share * ((double)sorted[above] - sorted[below]);
}

void mlk_pool_row(const mlk_pool *pools, int n_pools, const float *values, int64_t n, float *scratch, float *out)
{
    bool sorted = false, any_nan = false;
    for (int64_t i = 0; i < n; i++)
        any_nan |= isnan(values[i]);
    for (int p = 0; p < n_pools; p++) {
        if (any_nan) {
            out[p] = NAN;
            continue;
        }
        if (pools[p].kind >= MLK_POOL_MIN && !sorted) {
            memcpy(scratch, values, (size_t)n * sizeof *values);
            qsort(scratch, (size_t)n, sizeof *scratch, compare);
            sorted = true;
        }
        switch (pools[p].kind) {
        case MLK_POOL_MEAN:
            out[p] = (float)mean_of(values, n);
            break;
        case MLK_POOL_STD:
            out[p] = (float)std_of(values, n);
            break;
        case MLK_POOL_MIN:
            out[p] = scratch[0];
            break;
        case MLK_POOL_MAX:
            out[p] = scratch[n - 1];
            break;
        case MLK_POOL_PERCENTILE:
            out[p] = (float)percentile_of(scratch, n, pools[p].percent);
            break;
        }
    }
}
