/* cluster.c: core.cluster: few columns that hold most of many, and clusters. A fitted model is plain tensors. */
#include "learn/dbscan.h"
#include "learn/gap.h"
#include "learn/gmm.h"
#include "learn/hdbscan.h"
#include "learn/kmeans.h"
#include "learn/knn.h"
#include "learn/linkage.h"
#include "learn/nmf.h"
#include "learn/pca.h"
#include "learn/spectral.h"

#include "arguments.h"
#include "modules.h"
#include "options.h"
#include "samples.h"
#include "tensor.h"

#include <string.h>

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
    double *mean = mlk_lua_push_vector(L, samples.d), *components = mlk_lua_push_matrix(L, k, samples.d);
    double *variance = mlk_lua_push_vector(L, k);
    mlk_lua_check(L, mlk_pca_fit(samples, k, mean, components, variance, &total, &status), &status);
    lua_pushnumber(L, total);
    return 4;
}

/* kmeans(x, {n_clusters, …, init = centres to start from or nil}) -> centers (k x d), labels (n), inertia,
 * iterations, clusters that hold a row */
static int kmeans(lua_State *L)
{
    mlk_status status;
    mlk_kmeans_result result;
    mlk_kmeans_options options = {0};
    mlk_lua_read(L, 2, "cluster.kmeans", mlk_kmeans_parameters, &options);
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    if (lua_getfield(L, 2, "init") != LUA_TNIL)
        options.start = mlk_lua_numbers(L, lua_gettop(L), "init", options.k * samples.d);
    double *centers = mlk_lua_push_matrix(L, options.k, samples.d);
    int64_t *labels = mlk_lua_push_labels(L, samples.n);
    mlk_lua_check(L, mlk_kmeans_fit(samples, &options, centers, labels, &result, &status), &status);
    lua_pushnumber(L, result.inertia);
    lua_pushinteger(L, result.iterations);
    lua_pushinteger(L, result.used);
    return 5;
}

/* kmeans_predict(x, centers) -> labels */
static int kmeans_predict(lua_State *L)
{
    mlk_status status;
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    mlk_array centers = mlk_lua_read_tensor(L, 2, "centers", MLK_FLOAT64, 2);
    mlk_lua_check_width(L, samples, centers.shape[1]);
    int64_t *labels = mlk_lua_push_labels(L, samples.n);
    mlk_lua_check(L, mlk_kmeans_predict(samples, centers.data, centers.shape[0], labels, &status), &status);
    return 1;
}

static double *push_covariances(lua_State *L, mlk_covariance covariance, int64_t k, int64_t d)
{
    static const int ranks[] = {[MLK_FULL] = 3, [MLK_TIED] = 2, [MLK_DIAG] = 2, [MLK_SPHERICAL] = 1};
    int64_t shape[] = {covariance == MLK_TIED ? d : k, d, d};
    return mlk_lua_push_tensor(L, MLK_FLOAT64, ranks[covariance], shape);
}

/* gmm(x, {n_components, …, init = labels to start from or nil})
 *   -> weights, means, covariances, mean log-likelihood, iterations, converged */
static int gmm(lua_State *L)
{
    mlk_status status;
    mlk_gmm_result result;
    mlk_gmm_options options = {0};
    mlk_lua_read(L, 2, "cluster.gmm", mlk_gmm_parameters, &options);
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    if (lua_getfield(L, 2, "init") != LUA_TNIL)
        options.start = mlk_lua_labels(L, lua_gettop(L), "init", samples.n);
    mlk_gmm model = {.k = options.k, .d = samples.d, .covariance = options.covariance};
    model.weights = mlk_lua_push_vector(L, model.k);
    model.means = mlk_lua_push_matrix(L, model.k, model.d);
    model.covariances = push_covariances(L, model.covariance, model.k, model.d);
    mlk_lua_check(L, mlk_gmm_fit(samples, &options, &model, &result, &status), &status);
    lua_pushnumber(L, result.mean_log_likelihood);
    lua_pushinteger(L, result.iterations);
    lua_pushboolean(L, result.converged);
    return 6;
}

/* gmm_score(x, covariance, weights, means, covariances) -> log-likelihoods (n), responsibilities (n x k) */
static int gmm_score(lua_State *L)
{
    mlk_status status;
    mlk_gmm model = {.covariance = (mlk_covariance)mlk_lua_choice(L, 2, "covariance", mlk_covariance_names)};
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    mlk_array means = mlk_lua_read_tensor(L, 4, "means", MLK_FLOAT64, 2);
    model.k = means.shape[0];
    model.d = means.shape[1];
    model.means = means.data;
    model.weights = mlk_lua_numbers(L, 3, "weights", model.k);
    model.covariances =
        mlk_lua_numbers(L, 5, "covariances", mlk_gmm_covariance_count(model.covariance, model.k, model.d));
    mlk_lua_check_width(L, samples, model.d);
    double *likelihoods = mlk_lua_push_vector(L, samples.n);
    double *responsibilities = mlk_lua_push_matrix(L, samples.n, model.k);
    mlk_lua_check(L, mlk_gmm_score(samples, &model, likelihoods, responsibilities, &status), &status);
    return 2;
}

/* gmm_free_parameters(covariance, k, d) -> free parameters */
static int gmm_free_parameters(lua_State *L)
{
    mlk_covariance covariance = (mlk_covariance)mlk_lua_choice(L, 1, "covariance", mlk_covariance_names);
    int64_t k = mlk_lua_integer(L, 2, "k", 1, INT32_MAX), d = mlk_lua_integer(L, 3, "d", 1, INT32_MAX);
    lua_pushinteger(L, mlk_gmm_free_parameters(covariance, k, d));
    return 1;
}

/* linkage(x, {linkage}) -> merges ((n - 1) x 4) */
static int linkage(lua_State *L)
{
    mlk_status status;
    mlk_linkage_options options = {0};
    mlk_lua_read(L, 2, "cluster.agglomerative", mlk_linkage_parameters, &options);
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    mlk_merge *merges = (mlk_merge *)mlk_lua_push_matrix(L, samples.n > 0 ? samples.n - 1 : 0, 4);
    mlk_lua_check(L, mlk_linkage_fit(samples, options.linkage, merges, &status), &status);
    return 1;
}

/* linkage_cut(merges, k) -> labels (n) */
static int linkage_cut(lua_State *L)
{
    mlk_status status;
    mlk_array merges = mlk_lua_read_tensor(L, 1, "linkage", MLK_FLOAT64, 2);
    int64_t n = merges.shape[0] + 1, k = mlk_lua_integer(L, 2, "n_clusters", 1, n);
    int64_t *labels = mlk_lua_push_labels(L, n);
    mlk_lua_check(L, mlk_linkage_cut(merges.data, n, k, labels, &status), &status);
    return 1;
}

/* nearest(rows, x, k) -> indices (n x k), distances (n x k) */
static int nearest(lua_State *L)
{
    mlk_status status;
    mlk_samples rows = mlk_lua_samples(L, 1, "rows"), samples = mlk_lua_samples(L, 2, "x");
    int64_t k = mlk_lua_integer(L, 3, "n_neighbors", 1, rows.n > 0 ? rows.n : 1);
    mlk_lua_check_width(L, samples, rows.d);
    int64_t *indices = mlk_lua_push_tensor(L, MLK_INT64, 2, (int64_t[]){samples.n, k});
    double *distances = mlk_lua_push_matrix(L, samples.n, k);
    mlk_lua_check(L, mlk_knn_search(rows, samples, k, indices, distances, &status), &status);
    return 2;
}

/* hdbscan(x, {min_cluster_size, …}) -> labels, probabilities, core distances, limits (n each) */
static int hdbscan(lua_State *L)
{
    mlk_status status;
    mlk_hdbscan_options options = {0};
    mlk_lua_read(L, 2, "cluster.hdbscan", mlk_hdbscan_parameters, &options);
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    mlk_hdbscan found = {.labels = mlk_lua_push_labels(L, samples.n)};
    found.probabilities = mlk_lua_push_vector(L, samples.n);
    found.core = mlk_lua_push_vector(L, samples.n);
    found.limits = mlk_lua_push_vector(L, samples.n);
    mlk_lua_check(L, mlk_hdbscan_fit(samples, &options, &found, &status), &status);
    return 4;
}

/* hdbscan_predict(rows, labels, core, limits, min_samples, x) -> labels */
static int hdbscan_predict(lua_State *L)
{
    mlk_status status;
    mlk_samples rows = mlk_lua_samples(L, 1, "rows"), samples = mlk_lua_samples(L, 6, "x");
    mlk_hdbscan found = {.labels = (int64_t *)mlk_lua_labels(L, 2, "labels", rows.n)};
    found.core = mlk_lua_numbers(L, 3, "core", rows.n);
    found.limits = mlk_lua_numbers(L, 4, "limits", rows.n);
    mlk_lua_check_width(L, samples, rows.d);
    int64_t min_samples = mlk_lua_integer(L, 5, "min_samples", 1, INT32_MAX);
    int64_t *labels = mlk_lua_push_labels(L, samples.n);
    mlk_lua_check(L, mlk_hdbscan_predict(rows, &found, min_samples, samples, labels, &status), &status);
    return 1;
}

/* dbscan(x, {eps, min_samples}) -> labels (n), dense (n, bool) */
static int dbscan(lua_State *L)
{
    mlk_status status;
    mlk_dbscan_options options = {0};
    mlk_lua_read(L, 2, "cluster.dbscan", mlk_dbscan_parameters, &options);
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    int64_t *labels = mlk_lua_push_labels(L, samples.n);
    bool *dense = mlk_lua_push_tensor(L, MLK_BOOL, 1, &samples.n);
    mlk_lua_check(L, mlk_dbscan_fit(samples, &options, labels, dense, &status), &status);
    return 2;
}

/* spectral(x, {n_clusters, …}) -> labels (n), eigenvalues (n_clusters), converged */
static int spectral(lua_State *L)
{
    mlk_status status;
    bool converged;
    mlk_spectral_options options = {0};
    mlk_lua_read(L, 2, "cluster.spectral", mlk_spectral_parameters, &options);
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    int64_t *labels = mlk_lua_push_labels(L, samples.n);
    double *eigenvalues = mlk_lua_push_vector(L, options.n_clusters);
    mlk_lua_check(L, mlk_spectral_fit(samples, &options, labels, eigenvalues, &converged, &status), &status);
    lua_pushboolean(L, converged);
    return 3;
}

/* nmf(x, {n_components, …, W and H = what to start from, or nil})
 *   -> W (n x k), H (k x d), error, iterations, converged */
static int nmf(lua_State *L)
{
    mlk_status status;
    mlk_nmf_result result;
    mlk_nmf_options options = {0};
    mlk_lua_read(L, 2, "cluster.nmf", mlk_nmf_parameters, &options);
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    if (options.n_components < 0)
        options.n_components = samples.n < samples.d ? samples.n : samples.d;
    int64_t k = options.n_components;
    bool given = lua_getfield(L, 2, "W") != LUA_TNIL;
    const double *start_W = given ? mlk_lua_numbers(L, lua_gettop(L), "W", samples.n * k) : NULL;
    const double *start_H = given ? mlk_lua_numbers(L, mlk_lua_field(L, 2, "H"), "H", k * samples.d) : NULL;
    double *W = mlk_lua_push_matrix(L, samples.n, k), *H = mlk_lua_push_matrix(L, k, samples.d);
    if (given) {
        memcpy(W, start_W, sizeof *W * (size_t)(samples.n * k));
        memcpy(H, start_H, sizeof *H * (size_t)(k * samples.d));
    }
    mlk_lua_check(L, mlk_nmf_fit(samples, &options, given, W, H, &result, &status), &status);
    lua_pushnumber(L, result.error);
    lua_pushinteger(L, result.iterations);
    lua_pushboolean(L, result.converged);
    return 5;
}

/* nmf_transform(x, options, H) -> W */
static int nmf_transform(lua_State *L)
{
    mlk_status status;
    mlk_nmf_options options = {0};
    mlk_lua_read(L, 2, "cluster.nmf", mlk_nmf_parameters, &options);
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    mlk_array H = mlk_lua_read_tensor(L, 3, "components", MLK_FLOAT64, 2);
    mlk_lua_check_width(L, samples, H.shape[1]);
    options.n_components = H.shape[0];
    double *W = mlk_lua_push_matrix(L, samples.n, options.n_components);
    mlk_lua_check(L, mlk_nmf_transform(samples, &options, H.data, W, &status), &status);
    return 1;
}

/* gap_reference(x, seed) -> rows without clusters (n x d) */
static int gap_reference(lua_State *L)
{
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    uint64_t seed = (uint64_t)mlk_lua_integer(L, 2, "seed", 0, INT64_MAX);
    float *rows = mlk_lua_push_tensor(L, MLK_FLOAT32, 2, (int64_t[]){samples.n, samples.d});
    if (samples.n > 0)
        mlk_gap_reference(samples, seed, rows);
    return 1;
}

/* gap_within(x, labels, k) -> squares within clusters */
static int gap_within(lua_State *L)
{
    mlk_status status;
    double within;
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    const int64_t *labels = mlk_lua_labels(L, 2, "labels", samples.n);
    int64_t k = mlk_lua_integer(L, 3, "k", 1, INT32_MAX);
    mlk_lua_check(L, mlk_gap_within(samples, labels, k, &within, &status), &status);
    lua_pushnumber(L, within);
    return 1;
}

int mlk_lua_open_cluster(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"dbscan", dbscan}, {"gap_reference", gap_reference}, {"gap_within", gap_within}, {"gmm", gmm},
        {"gmm_free_parameters", gmm_free_parameters}, {"gmm_score", gmm_score}, {"hdbscan", hdbscan},
        {"hdbscan_predict", hdbscan_predict}, {"kmeans", kmeans}, {"kmeans_predict", kmeans_predict},
        {"linkage", linkage}, {"linkage_cut", linkage_cut}, {"nearest", nearest}, {"nmf", nmf},
        {"nmf_transform", nmf_transform}, {"pca", pca}, {"spectral", spectral}, {NULL, NULL},
    };
    luaL_newlib(L, functions);
    mlk_lua_add_parameters(L, "kmeans", mlk_kmeans_parameters);
    mlk_lua_add_parameters(L, "gmm", mlk_gmm_parameters);
    mlk_lua_add_parameters(L, "agglomerative", mlk_linkage_parameters);
    mlk_lua_add_parameters(L, "hdbscan", mlk_hdbscan_parameters);
    mlk_lua_add_parameters(L, "dbscan", mlk_dbscan_parameters);
    mlk_lua_add_parameters(L, "nmf", mlk_nmf_parameters);
    mlk_lua_add_parameters(L, "spectral", mlk_spectral_parameters);
    return 1;
}
