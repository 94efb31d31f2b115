/* metrics.c: core.metrics: how well labels agree. */
#include "learn/cohesion.h"
#include "learn/metrics.h"
#include "learn/trustworthiness.h"

#include "arguments.h"
#include "modules.h"
#include "samples.h"
#include "tensor.h"

static int64_t largest(const int64_t *labels, int64_t n)
{
    int64_t most = -1;
    for (int64_t i = 0; i < n; i++)
        most = labels[i] > most ? labels[i] : most;
    return most;
}

/* Pushes the table of two labellings; at least `k` rows and columns. */
static const int64_t *push_contingency(lua_State *L, int64_t k, int64_t *rows, int64_t *columns)
{
    mlk_status status;
    mlk_array truth = mlk_lua_read_tensor(L, 1, "truth", MLK_INT64, 1);
    int64_t n = truth.shape[0];
    const int64_t *labels = mlk_lua_labels(L, 2, "labels", n);
    *rows = largest(truth.data, n) + 1;
    *columns = largest(labels, n) + 1;
    *rows = *rows > k ? *rows : k;
    *columns = *columns > k ? *columns : k;
    if (n == 0)
        mlk_lua_fail(L, "truth must have 1 entry or more, got 0");
    if (*rows > 100000 || *columns > 100000)
        mlk_lua_fail(L, "labels must be ids below 100000, got %I",
                     (LUAI_UACINT)(*rows > *columns ? *rows : *columns) - 1);
    int64_t *counts = mlk_lua_push_tensor(L, MLK_INT64, 2, (int64_t[]){*rows, *columns});
    mlk_lua_check(L, mlk_contingency(truth.data, labels, n, *rows, *columns, counts, &status), &status);
    return counts;
}

/* contingency(truth, labels, k) -> int64 tensor, rows truth */
static int contingency(lua_State *L)
{
    int64_t rows, columns;
    push_contingency(L, mlk_lua_integer(L, 3, "k", 0, 100000), &rows, &columns);
    return 1;
}

static int agreement(lua_State *L, double measure(const int64_t *counts, int64_t rows, int64_t columns))
{
    int64_t rows, columns;
    const int64_t *counts = push_contingency(L, 0, &rows, &columns);
    lua_pushnumber(L, measure(counts, rows, columns));
    return 1;
}

/* adjusted_rand(truth, labels), mutual_information(truth, labels) -> number */
static int adjusted_rand(lua_State *L)
{
    return agreement(L, mlk_adjusted_rand);
}

static int mutual_information(lua_State *L)
{
    return agreement(L, mlk_normalized_mutual_information);
}

/* homogeneity(truth, labels) -> homogeneity, completeness */
static int homogeneity(lua_State *L)
{
    int64_t rows, columns;
    double homogeneity, completeness;
    const int64_t *counts = push_contingency(L, 0, &rows, &columns);
    mlk_homogeneity(counts, rows, columns, &homogeneity, &completeness);
    lua_pushnumber(L, homogeneity);
    lua_pushnumber(L, completeness);
    return 2;
}

static int against_chance(lua_State *L, mlk_code measure(const int64_t *, int64_t, int64_t, double *, mlk_status *))
{
    mlk_status status;
    int64_t rows, columns;
    double value;
    const int64_t *counts = push_contingency(L, 0, &rows, &columns);
    mlk_lua_check(L, measure(counts, rows, columns, &value, &status), &status);
    lua_pushnumber(L, value);
    return 1;
}

/* adjusted_mutual_information(truth, labels), expected_information(truth, labels) -> number */
static int adjusted_mutual_information(lua_State *L)
{
    return against_chance(L, mlk_adjusted_mutual_information);
}

static int expected_information(lua_State *L)
{
    return against_chance(L, mlk_expected_information);
}

/* cohesion(x, labels) -> Calinski-Harabasz, Davies-Bouldin */
static int cohesion(lua_State *L)
{
    mlk_status status;
    mlk_cohesion found;
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    mlk_lua_check(L, mlk_cohesion_of(samples, mlk_lua_labels(L, 2, "labels", samples.n), &found, &status), &status);
    lua_pushnumber(L, found.calinski_harabasz);
    lua_pushnumber(L, found.davies_bouldin);
    return 2;
}

/* silhouette(x, labels) -> number, tensor [n] */
static int silhouette(lua_State *L)
{
    mlk_status status;
    double mean;
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    const int64_t *labels = mlk_lua_labels(L, 2, "labels", samples.n);
    double *each = mlk_lua_push_tensor(L, MLK_FLOAT64, 1, (int64_t[]){samples.n});
    mlk_lua_check(L, mlk_silhouette(samples, labels, each, &mean, &status), &status);
    lua_pushnumber(L, mean);
    lua_insert(L, -2);
    return 2;
}

/* trustworthiness(x, z, k) -> number */
static int trustworthiness(lua_State *L)
{
    mlk_status status;
    double value;
    int64_t k = mlk_lua_integer(L, 3, "k", 1, INT32_MAX);
    mlk_samples x = mlk_lua_samples(L, 1, "x"), z = mlk_lua_samples(L, 2, "z");
    mlk_lua_check(L, mlk_trustworthiness(x, z, k, &value, &status), &status);
    lua_pushnumber(L, value);
    return 1;
}

int mlk_lua_open_metrics(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"adjusted_mutual_information", adjusted_mutual_information}, {"adjusted_rand", adjusted_rand},
        {"cohesion", cohesion}, {"contingency", contingency},
        {"expected_information", expected_information}, {"homogeneity", homogeneity},
        {"mutual_information", mutual_information}, {"silhouette", silhouette},
        {"trustworthiness", trustworthiness}, {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
