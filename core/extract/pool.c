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

/* Sums are of differences from the row's first value: of values far from 0 the squares would drown the spread. */
typedef struct row {
    double first, sum, squares;
    float least, largest;
} row;

struct mlk_pooling {
    const mlk_pool *pools;
    int n_pools;
    int64_t n_rows, frames;
    row *rows;
    float *kept; /* for percentiles: row by row, `room` values each */
    bool keeps;
    int64_t room;
};

mlk_pooling *mlk_pooling_new(const mlk_pool *pools, int n_pools, int64_t rows, mlk_status *status)
{
    mlk_pooling *made = calloc(1, sizeof *made);
    row *all = calloc((size_t)rows + 1, sizeof *all);
    if (!made || !all) {
        free(made);
        free(all);
        mlk_fail_memory(status, "pooled features");
        return NULL;
    }
    *made = (mlk_pooling){.pools = pools, .n_pools = n_pools, .n_rows = rows, .rows = all};
    for (int p = 0; p < n_pools; p++)
        made->keeps = made->keeps || pools[p].kind == MLK_POOL_PERCENTILE;
    return made;
}

void mlk_pooling_free(mlk_pooling *pooling)
{
    if (!pooling)
        return;
    free(pooling->rows);
    free(pooling->kept);
    free(pooling);
}

static void add(row *r, const float *values, int64_t n)
{
    double first = r->first, sum = r->sum, squares = r->squares;
    float least = r->least, largest = r->largest;
    for (int64_t i = 0; i < n; i++) {
        double difference = values[i] - first;
        sum += difference;
        squares += difference * difference;
        least = values[i] < least ? values[i] : least;
        largest = values[i] > largest ? values[i] : largest;
    }
    *r = (row){first, sum, squares, least, largest};
}

static mlk_code keep(mlk_pooling *p, const float *values, int64_t frames, mlk_status *status)
{
    if (p->frames + frames > p->room) {
        int64_t room = p->frames == 0 ? frames : 2 * (p->frames + frames);
        float *grown = malloc((size_t)(room * p->n_rows) * sizeof *grown);
        if (!grown)
            return mlk_fail(status, MLK_MEMORY, "not enough memory for the percentiles of %lld x %lld frames",
                            (long long)p->n_rows, (long long)room);
        for (int64_t i = 0; i < p->n_rows && p->frames > 0; i++)
            memcpy(grown + i * room, p->kept + i * p->room, (size_t)p->frames * sizeof *grown);
        free(p->kept);
        p->kept = grown;
        p->room = room;
    }
    for (int64_t i = 0; i < p->n_rows; i++)
        memcpy(p->kept + i * p->room + p->frames, values + i * frames, (size_t)frames * sizeof *values);
    return MLK_OK;
}

mlk_code mlk_pooling_add(mlk_pooling *pooling, const float *values, int64_t frames, mlk_status *status)
{
    for (int64_t i = 0; i < pooling->n_rows && frames > 0; i++) {
        const float *from = values + i * frames;
        if (pooling->frames == 0)
            pooling->rows[i] = (row){from[0], 0, 0, from[0], from[0]};
        add(&pooling->rows[i], from, frames);
    }
    mlk_code code = pooling->keeps ? keep(pooling, values, frames, status) : MLK_OK;
    pooling->frames += frames;
    return code;
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

static double number(const mlk_pool *pool, const row *r, const float *sorted, int64_t n)
{
    double mean = r->sum / (double)n;
    switch (pool->kind) {
    case MLK_POOL_MEAN:
        return r->first + mean;
    case MLK_POOL_STD:
        return sqrt(fmax(0, r->squares / (double)n - mean * mean));
    case MLK_POOL_MIN:
        return r->least;
    case MLK_POOL_MAX:
        return r->largest;
    default:
        return percentile_of(sorted, n, pool->percent);
    }
}

void mlk_pooling_finish(mlk_pooling *pooling, float *out)
{
    for (int64_t i = 0; i < pooling->n_rows; i++) {
        const row *r = &pooling->rows[i];
        float *values = pooling->keeps ? pooling->kept + i * pooling->room : NULL;
        bool nan = isnan(r->sum) && isnan(r->squares);
        if (values && !nan)
            qsort(values, (size_t)pooling->frames, sizeof *values, compare);
        for (int p = 0; p < pooling->n_pools; p++)
            out[p * pooling->n_rows + i] = nan ? NAN : (float)number(&pooling->pools[p], r, values, pooling->frames);
    }
}

mlk_code mlk_pool_row(const mlk_pool *pools, int n_pools, const float *values, int64_t n, float *out,
                      mlk_status *status)
{
    mlk_pooling *pooling = mlk_pooling_new(pools, n_pools, 1, status);
    mlk_code code = pooling ? mlk_pooling_add(pooling, values, n, status) : MLK_MEMORY;
    if (!code)
        mlk_pooling_finish(pooling, out);
    mlk_pooling_free(pooling);
    return code;
}
