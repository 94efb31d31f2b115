/* cluster.c: core.cluster: principal components, k-means, Gaussian mixtures. A fitted model is plain tensors. */
#include "learn/gmm.h"
#include "learn/kmeans.h"
#include "learn/pca.h"

#include "arguments.h"
#include "modules.h"
#include "samples.h"
#include "tensor.h"

#include <math.h>

/* pca(x, k) -> mean (d), components (k x d), explained_variance (k), total variance */
static int pca(lua_State *L)
{
    mlk_status status;
    double total;
    int64_t k = mlk_lua_integer(L, 2, "n_components", 1, INT32_MAX);
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    int64_t most = samples.n < samples.d ? samples.n : samples.d;
    if (k > most)
        return mlk_lua_fail(L, "n_components must be 1..min(rows, columns) (%I), got %I", (LUAI_UACINT)most,
                          (LUAI_UACINT)k);
    double *mean = mlk_lua_push_vector(L, samples.d), *components = mlk_lua_push_matrix(L, k, samples.d), *variance = mlk_lua_push_vector(L, k);
    if (mlk_pca_fit(samples, k, mean, components, variance, &total, &status))
        return mlk_lua_raise(L, &status);
    lua_pushnumber(L, total);
    return 4;
}

/* kmeans(x, k, max_iter, tol, n_init, seed, start or nil) -> centers (k x d), labels (n), inertia, iterations */
static int kmeans(lua_State *L)
{
    mlk_status status;
    mlk_kmeans_result result;
    lua_settop(L, 7); /* what is pushed from here on must not pass for the optional start */
    mlk_kmeans_options options = {
        .k = mlk_lua_integer(L, 2, "n_clusters", 1, INT32_MAX),
        .max_iter = (int)mlk_lua_integer(L, 3, "max_iter", 1, INT32_MAX),
        .tol = mlk_lua_number(L, 4, "tol", 0, HUGE_VAL),
        .n_init = (int)mlk_lua_integer(L, 5, "n_init", 1, INT32_MAX),
        .seed = (uint64_t)mlk_lua_integer(L, 6, "seed", 0, INT64_MAX),
    };
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    if (!lua_isnoneornil(L, 7))
        options.start = mlk_lua_numbers(L, 7, "init", options.k * samples.d);
    double *centers = mlk_lua_push_matrix(L, options.k, samples.d);
    int64_t *labels = mlk_lua_push_labels(L, samples.n);
    if (mlk_kmeans_fit(samples, &options, centers, labels, &result, &status))
        return mlk_lua_raise(L, &status);
    lua_pushnumber(L, result.inertia);
    lua_pushinteger(L, result.iterations);
    return 4;
}

/* kmeans_predict(x, centers) -> labels */
static int kmeans_predict(lua_State *L)
{
    mlk_status status;
    mlk_array centers;
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    mlk_lua_read_tensor(L, 2, "centers", MLK_FLOAT64, 2, &centers);
    mlk_lua_check_width(L, samples, centers.shape[1]);
    int64_t *labels = mlk_lua_push_labels(L, samples.n);
    if (mlk_kmeans_predict(samples, centers.data, centers.shape[0], labels, &status))
        return mlk_lua_raise(L, &status);
    return 1;
}

static const char *const covariances[] = {"full", "tied", "diag", "spherical", NULL};

static double *push_covariances(lua_State *L, mlk_covariance covariance, int64_t k, int64_t d)
{
    static const int ranks[] = {[MLK_FULL] = 3, [MLK_TIED] = 2, [MLK_DIAG] = 2, [MLK_SPHERICAL] = 1};
    int64_t shape[] = {covariance == MLK_TIED ? d : k, d, d};
    mlk_array array;
    mlk_lua_push_tensor(L, MLK_FLOAT64, ranks[covariance], shape, &array);
    return array.data;
}

/* gmm(x, k, covariance, tol, reg_covar, max_iter, n_init, seed, start labels or nil)
 *   -> weights, means, covariances, mean log-likelihood, iterations, converged */
static int gmm(lua_State *L)
{
    mlk_status status;
    mlk_gmm_result result;
    lua_settop(L, 9); /* as in kmeans */
    mlk_gmm_options options = {
        .k = mlk_lua_integer(L, 2, "n_components", 1, INT32_MAX),
        .covariance = (mlk_covariance)mlk_lua_choice(L, 3, "covariance", covariances),
        .tol = mlk_lua_number(L, 4, "tol", 0, HUGE_VAL),
        .reg_covar = mlk_lua_number(L, 5, "reg_covar", 0, HUGE_VAL),
        .max_iter = (int)mlk_lua_integer(L, 6, "max_iter", 1, INT32_MAX),
        .n_init = (int)mlk_lua_integer(L, 7, "n_init", 1, INT32_MAX),
        .seed = (uint64_t)mlk_lua_integer(L, 8, "seed", 0, INT64_MAX),
    };
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    if (!lua_isnoneornil(L, 9))
        options.start = mlk_lua_labels(L, 9, "init", samples.n);
    mlk_gmm model = {.k = options.k, .d = samples.d, .covariance = options.covariance};
    model.weights = mlk_lua_push_vector(L, model.k);
    model.means = mlk_lua_push_matrix(L, model.k, model.d);
    model.covariances = push_covariances(L, model.covariance, model.k, model.d);
    if (mlk_gmm_fit(samples, &options, &model, &result, &status))
        return mlk_lua_raise(L, &status);
    lua_pushnumber(L, result.mean_log_likelihood);
    lua_pushinteger(L, result.iterations);
    lua_pushboolean(L, result.converged);
    return 6;
}

/* gmm_score(x, covariance, weights, means, covariances) -> log-likelihoods (n), responsibilities (n x k) */
static int gmm_score(lua_State *L)
{
    mlk_status status;
    mlk_array means;
    mlk_gmm model = {.covariance = (mlk_covariance)mlk_lua_choice(L, 2, "covariance", covariances)};
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    mlk_lua_read_tensor(L, 4, "means", MLK_FLOAT64, 2, &means);
    model.k = means.shape[0];
    model.d = means.shape[1];
    model.means = means.data;
    model.weights = mlk_lua_numbers(L, 3, "weights", model.k);
    model.covariances =
        mlk_lua_numbers(L, 5, "covariances", mlk_gmm_covariance_count(model.covariance, model.k, model.d));
    mlk_lua_check_width(L, samples, model.d);
    double *likelihoods = mlk_lua_push_vector(L, samples.n), *responsibilities = mlk_lua_push_matrix(L, samples.n, model.k);
    if (mlk_gmm_score(samples, &model, likelihoods, responsibilities, &status))
        return mlk_lua_raise(L, &status);
    return 2;
}

/* gmm_parameters(covariance, k, d) -> free parameters */
static int gmm_parameters(lua_State *L)
{
    mlk_covariance covariance = (mlk_covariance)mlk_lua_choice(L, 1, "covariance", covariances);
    int64_t k = mlk_lua_integer(L, 2, "k", 1, INT32_MAX), d = mlk_lua_integer(L, 3, "d", 1, INT32_MAX);
    lua_pushinteger(L, mlk_gmm_parameters(covariance, k, d));
    return 1;
}

int mlk_lua_open_cluster(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"gmm", gmm},
        {"gmm_parameters", gmm_parameters},
        {"gmm_score", gmm_score},
        {"kmeans", kmeans},
        {"kmeans_predict", kmeans_predict},
        {"pca", pca},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
