/* learn.c: core.learn: clusterers, classifiers and metrics over tensors. A fitted model is plain tensors. */
#include "arguments.h"
#include "learn/gmm.h"
#include "learn/kmeans.h"
#include "learn/knn.h"
#include "learn/logistic.h"
#include "learn/metrics.h"
#include "learn/pca.h"
#include "learn/svm.h"
#include "learn/trees.h"
#include "modules.h"
#include "tensor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- arguments --------------------------------------------------------------------- */

/* x: n x d. Pushes the tensor that owns the rows. */
static mlk_samples check_samples(lua_State *L, int arg, const char *name)
{
    mlk_array x;
    mlk_lua_read_tensor(L, arg, name, MLK_FLOAT32, 2, &x);
    return (mlk_samples){x.data, x.shape[0], x.shape[1]};
}

/* Class ids, n of them. Pushes their owner. */
static const int64_t *check_labels(lua_State *L, int arg, const char *name, int64_t n)
{
    mlk_array y;
    mlk_lua_read_tensor(L, arg, name, MLK_INT64, 1, &y);
    if (y.shape[0] != n)
        luaL_error(L, "%s must have one entry for each row (%I), got %I", name, (LUAI_UACINT)n,
                   (LUAI_UACINT)y.shape[0]);
    return y.data;
}

/* A float64 tensor of so many numbers, whatever its shape. Pushes its owner. */
static double *check_numbers(lua_State *L, int arg, const char *name, int64_t count)
{
    mlk_array numbers;
    mlk_lua_read_tensor(L, arg, name, MLK_FLOAT64, -1, &numbers);
    if (mlk_array_count(&numbers) != count)
        luaL_error(L, "%s must hold %I numbers, got %I", name, (LUAI_UACINT)count,
                   (LUAI_UACINT)mlk_array_count(&numbers));
    return numbers.data;
}

static double *push_vector(lua_State *L, int64_t n)
{
    mlk_array array;
    mlk_lua_push_tensor(L, MLK_FLOAT64, 1, &n, &array);
    return array.data;
}

static double *push_matrix(lua_State *L, int64_t rows, int64_t columns)
{
    mlk_array array;
    mlk_lua_push_tensor(L, MLK_FLOAT64, 2, (int64_t[]){rows, columns}, &array);
    return array.data;
}

static int64_t *push_labels(lua_State *L, int64_t n)
{
    mlk_array array;
    mlk_lua_push_tensor(L, MLK_INT64, 1, &n, &array);
    return array.data;
}

static void check_width(lua_State *L, mlk_samples samples, int64_t d)
{
    if (samples.d != d)
        luaL_error(L, "x must have %I columns, as when fitted, got %I", (LUAI_UACINT)d, (LUAI_UACINT)samples.d);
}

/* --- table checks and scaling ---------------------------------------------------------- */

/* check(x, least rows): raises unless x is a table of finite numbers */
static int check(lua_State *L)
{
    mlk_status status;
    int64_t least = mlk_lua_integer(L, 2, "least", 0, INT64_MAX);
    if (mlk_samples_check(check_samples(L, 1, "x"), least, &status))
        return mlk_lua_raise(L, &status);
    return 0;
}

/* classes(y, n) -> k: largest class id + 1, after checking ids */
static int classes(lua_State *L)
{
    mlk_status status;
    int64_t n = mlk_lua_integer(L, 2, "rows", 0, INT64_MAX), k;
    if (mlk_labels_check(check_labels(L, 1, "y", n), n, &k, &status))
        return mlk_lua_raise(L, &status);
    lua_pushinteger(L, k);
    return 1;
}

/* moments(x) -> mean (d), variance (d, ddof 0), float64 */
static int moments(lua_State *L)
{
    mlk_status status;
    mlk_samples samples = check_samples(L, 1, "x");
    double *mean = push_vector(L, samples.d), *variance = push_vector(L, samples.d);
    if (mlk_samples_check(samples, 1, &status) || mlk_samples_moments(samples, mean, variance, &status))
        return mlk_lua_raise(L, &status);
    return 2;
}

/* --- clusterers ---------------------------------------------------------------------------- */

/* pca(x, k) -> mean (d), components (k x d), explained_variance (k), total variance */
static int pca(lua_State *L)
{
    mlk_status status;
    double total;
    int64_t k = mlk_lua_integer(L, 2, "n_components", 1, INT32_MAX);
    mlk_samples samples = check_samples(L, 1, "x");
    int64_t most = samples.n < samples.d ? samples.n : samples.d;
    if (k > most)
        return luaL_error(L, "n_components must be 1..min(rows, columns) (%I), got %I", (LUAI_UACINT)most,
                          (LUAI_UACINT)k);
    double *mean = push_vector(L, samples.d), *components = push_matrix(L, k, samples.d), *variance = push_vector(L, k);
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
    mlk_samples samples = check_samples(L, 1, "x");
    if (!lua_isnoneornil(L, 7))
        options.start = check_numbers(L, 7, "init", options.k * samples.d);
    double *centers = push_matrix(L, options.k, samples.d);
    int64_t *labels = push_labels(L, samples.n);
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
    mlk_samples samples = check_samples(L, 1, "x");
    mlk_lua_read_tensor(L, 2, "centers", MLK_FLOAT64, 2, &centers);
    check_width(L, samples, centers.shape[1]);
    int64_t *labels = push_labels(L, samples.n);
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
    mlk_samples samples = check_samples(L, 1, "x");
    if (!lua_isnoneornil(L, 9))
        options.start = check_labels(L, 9, "init", samples.n);
    mlk_gmm model = {.k = options.k, .d = samples.d, .covariance = options.covariance};
    model.weights = push_vector(L, model.k);
    model.means = push_matrix(L, model.k, model.d);
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
    mlk_samples samples = check_samples(L, 1, "x");
    mlk_lua_read_tensor(L, 4, "means", MLK_FLOAT64, 2, &means);
    model.k = means.shape[0];
    model.d = means.shape[1];
    model.means = means.data;
    model.weights = check_numbers(L, 3, "weights", model.k);
    model.covariances =
        check_numbers(L, 5, "covariances", mlk_gmm_covariance_count(model.covariance, model.k, model.d));
    check_width(L, samples, model.d);
    double *likelihoods = push_vector(L, samples.n), *responsibilities = push_matrix(L, samples.n, model.k);
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

/* --- classifiers: y holds ids 0..k-1, each present ------------------------------------------ */

/* logistic(x, y, k, C, tol, max_iter) -> weights (outputs x d), intercepts, iterations */
static int logistic(lua_State *L)
{
    mlk_status status;
    int iterations;
    int64_t k = mlk_lua_integer(L, 3, "k", 2, INT32_MAX);
    mlk_logistic_options options = {
        .C = mlk_lua_number(L, 4, "C", 0, HUGE_VAL),
        .tol = mlk_lua_number(L, 5, "tol", 0, HUGE_VAL),
        .max_iter = (int)mlk_lua_integer(L, 6, "max_iter", 1, INT32_MAX),
    };
    mlk_samples samples = check_samples(L, 1, "x");
    const int64_t *y = check_labels(L, 2, "y", samples.n);
    int64_t outputs = mlk_logistic_outputs(k);
    double *weights = push_matrix(L, outputs, samples.d), *intercepts = push_vector(L, outputs);
    if (mlk_logistic_fit(samples, y, k, &options, weights, intercepts, &iterations, &status))
        return mlk_lua_raise(L, &status);
    lua_pushinteger(L, iterations);
    return 3;
}

/* logistic_proba(x, weights, intercepts, k) -> n x k */
static int logistic_proba(lua_State *L)
{
    mlk_status status;
    mlk_array weights;
    int64_t k = mlk_lua_integer(L, 4, "k", 2, INT32_MAX);
    mlk_samples samples = check_samples(L, 1, "x");
    mlk_lua_read_tensor(L, 2, "weights", MLK_FLOAT64, 2, &weights);
    const double *intercepts = check_numbers(L, 3, "intercepts", mlk_logistic_outputs(k));
    check_width(L, samples, weights.shape[1]);
    double *proba = push_matrix(L, samples.n, k);
    if (mlk_logistic_proba(samples, weights.data, intercepts, k, proba, &status))
        return mlk_lua_raise(L, &status);
    return 1;
}

/* knn_proba(train x, train y, k, x, n_neighbors, by_distance) -> n x k */
static int knn_proba(lua_State *L)
{
    mlk_status status;
    int64_t k = mlk_lua_integer(L, 3, "k", 1, INT32_MAX);
    int64_t neighbors = mlk_lua_integer(L, 5, "n_neighbors", 1, INT32_MAX);
    bool by_distance = mlk_lua_boolean(L, 6, "by_distance");
    mlk_samples train = check_samples(L, 1, "train x"), samples = check_samples(L, 4, "x");
    const int64_t *y = check_labels(L, 2, "train y", train.n);
    check_width(L, samples, train.d);
    double *proba = push_matrix(L, samples.n, k);
    if (mlk_knn_proba(train, y, k, samples, neighbors, by_distance, proba, &status))
        return mlk_lua_raise(L, &status);
    return 1;
}

static const char *const kernels[] = {"rbf", "linear", NULL};

#define SVM_TYPE "moonlark.learn.svm"

static int free_svm(lua_State *L)
{
    mlk_svm_free(luaL_checkudata(L, 1, SVM_TYPE));
    return 0;
}

/* svm(x, y, k, C, kernel, gamma, tol) -> vectors, coefficients, offsets, counts */
static int svm(lua_State *L)
{
    mlk_status status;
    mlk_array vectors;
    int64_t k = mlk_lua_integer(L, 3, "k", 2, INT32_MAX);
    mlk_svm_options options = {
        .C = mlk_lua_number(L, 4, "C", 0, HUGE_VAL),
        .kernel = (mlk_kernel)mlk_lua_choice(L, 5, "kernel", kernels),
        .gamma = mlk_lua_number(L, 6, "gamma", 0, HUGE_VAL),
        .tol = mlk_lua_number(L, 7, "tol", 0, HUGE_VAL),
    };
    mlk_samples samples = check_samples(L, 1, "x");
    const int64_t *y = check_labels(L, 2, "y", samples.n);
    mlk_svm *model = lua_newuserdatauv(L, sizeof *model, 0);
    *model = (mlk_svm){0};
    luaL_setmetatable(L, SVM_TYPE);
    if (mlk_svm_fit(samples, y, k, &options, model, &status))
        return mlk_lua_raise(L, &status);
    int64_t l = model->n_vectors, pairs = k * (k - 1) / 2;
    mlk_lua_push_tensor(L, MLK_FLOAT32, 2, (int64_t[]){l, samples.d}, &vectors);
    memcpy(vectors.data, model->vectors, sizeof(float) * (size_t)(l * samples.d));
    memcpy(push_matrix(L, k - 1, l), model->coefficients, sizeof(double) * (size_t)((k - 1) * l));
    memcpy(push_vector(L, pairs), model->offsets, sizeof(double) * (size_t)pairs);
    memcpy(push_labels(L, k), model->counts, sizeof(int64_t) * (size_t)k);
    mlk_svm_free(model);
    return 4;
}

/* svm_predict(x, kernel, gamma, vectors, coefficients, offsets, counts) -> labels, decisions (n x pairs) */
static int svm_predict(lua_State *L)
{
    mlk_status status;
    mlk_array vectors, coefficients, counts;
    mlk_svm model = {.kernel = (mlk_kernel)mlk_lua_choice(L, 2, "kernel", kernels),
                     .gamma = mlk_lua_number(L, 3, "gamma", 0, HUGE_VAL)};
    mlk_samples samples = check_samples(L, 1, "x");
    mlk_lua_read_tensor(L, 4, "vectors", MLK_FLOAT32, 2, &vectors);
    mlk_lua_read_tensor(L, 5, "coefficients", MLK_FLOAT64, 2, &coefficients);
    mlk_lua_read_tensor(L, 7, "counts", MLK_INT64, 1, &counts);
    model.k = counts.shape[0];
    model.n_vectors = vectors.shape[0];
    model.d = vectors.shape[1];
    model.vectors = vectors.data;
    model.coefficients = coefficients.data;
    model.counts = counts.data;
    model.offsets = check_numbers(L, 6, "offsets", model.k * (model.k - 1) / 2);
    int64_t total = 0;
    for (int64_t c = 0; c < model.k; c++) {
        if (model.counts[c] < 0)
            return luaL_error(L, "counts must be 0 or more");
        total += model.counts[c];
    }
    if (total != model.n_vectors || coefficients.shape[0] != model.k - 1 || coefficients.shape[1] != model.n_vectors)
        return luaL_error(L, "the SVM's arrays do not fit each other");
    check_width(L, samples, model.d);
    int64_t *labels = push_labels(L, samples.n);
    double *decisions = push_matrix(L, samples.n, model.k * (model.k - 1) / 2);
    if (mlk_svm_predict(samples, &model, decisions, labels, &status))
        return mlk_lua_raise(L, &status);
    return 2;
}

#define TREES_TYPE "moonlark.learn.trees"

static int free_trees(lua_State *L)
{
    mlk_trees *trees = luaL_checkudata(L, 1, TREES_TYPE);
    free(trees->bytes);
    trees->bytes = NULL;
    return 0;
}

/* trees(x, y, k, rounds, trees, max_depth, learning_rate, subsample, colsample, lambda, min_child_weight, seed,
 *       max_bin) -> model, a uint8 tensor */
static int trees(lua_State *L)
{
    mlk_status status;
    mlk_array bytes;
    int64_t k = mlk_lua_integer(L, 3, "k", 2, INT32_MAX);
    mlk_trees_options options = {
        .rounds = (int)mlk_lua_integer(L, 4, "n_estimators", 1, INT32_MAX),
        .trees = (int)mlk_lua_integer(L, 5, "n_estimators", 1, INT32_MAX),
        .max_depth = (int)mlk_lua_integer(L, 6, "max_depth", 0, INT32_MAX),
        .learning_rate = mlk_lua_number(L, 7, "learning_rate", 0, HUGE_VAL),
        .subsample = mlk_lua_number(L, 8, "subsample", 0, 1),
        .colsample = mlk_lua_number(L, 9, "colsample", 0, 1),
        .lambda = mlk_lua_number(L, 10, "reg_lambda", 0, HUGE_VAL),
        .min_child_weight = mlk_lua_number(L, 11, "min_child_weight", 0, HUGE_VAL),
        .seed = (uint64_t)mlk_lua_integer(L, 12, "seed", 0, INT64_MAX),
        .max_bin = (int)mlk_lua_integer(L, 13, "max_bin", 2, 65536),
    };
    mlk_samples samples = check_samples(L, 1, "x");
    const int64_t *y = check_labels(L, 2, "y", samples.n);
    mlk_trees *model = lua_newuserdatauv(L, sizeof *model, 0);
    *model = (mlk_trees){0};
    luaL_setmetatable(L, TREES_TYPE);
    if (mlk_trees_fit(samples, y, k, &options, model, &status))
        return mlk_lua_raise(L, &status);
    mlk_lua_push_tensor(L, MLK_UINT8, 1, (int64_t[]){(int64_t)model->size}, &bytes);
    memcpy(bytes.data, model->bytes, model->size);
    free(model->bytes);
    model->bytes = NULL;
    return 1;
}

/* trees_proba(x, model, k) -> n x k */
static int trees_proba(lua_State *L)
{
    mlk_status status;
    mlk_array bytes;
    int64_t k = mlk_lua_integer(L, 3, "k", 2, INT32_MAX);
    mlk_samples samples = check_samples(L, 1, "x");
    mlk_lua_read_tensor(L, 2, "model", MLK_UINT8, 1, &bytes);
    double *proba = push_matrix(L, samples.n, k);
    mlk_trees model = {bytes.data, (size_t)bytes.shape[0]};
    if (mlk_trees_proba(samples, &model, k, proba, &status))
        return mlk_lua_raise(L, &status);
    return 1;
}

/* --- metrics ------------------------------------------------------------------------------------ */

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
    mlk_array truth, counts;
    mlk_lua_read_tensor(L, 1, "truth", MLK_INT64, 1, &truth);
    int64_t n = truth.shape[0];
    const int64_t *labels = check_labels(L, 2, "labels", n);
    *rows = largest(truth.data, n) + 1;
    *columns = largest(labels, n) + 1;
    *rows = *rows > k ? *rows : k;
    *columns = *columns > k ? *columns : k;
    if (n == 0)
        luaL_error(L, "truth must have 1 entry or more, got 0");
    if (*rows > 100000 || *columns > 100000)
        luaL_error(L, "labels must be ids below 100000, got %I", (LUAI_UACINT)(*rows > *columns ? *rows : *columns) - 1);
    mlk_lua_push_tensor(L, MLK_INT64, 2, (int64_t[]){*rows, *columns}, &counts);
    if (mlk_contingency(truth.data, labels, n, *rows, *columns, counts.data, &status))
        mlk_lua_raise(L, &status);
    return counts.data;
}

/* contingency(truth, labels, k) -> int64 tensor, rows truth */
static int contingency(lua_State *L)
{
    int64_t rows, columns;
    push_contingency(L, mlk_lua_integer(L, 3, "k", 0, 100000), &rows, &columns);
    return 1;
}

static int adjusted_rand(lua_State *L)
{
    int64_t rows, columns;
    const int64_t *counts = push_contingency(L, 0, &rows, &columns);
    lua_pushnumber(L, mlk_adjusted_rand(counts, rows, columns));
    return 1;
}

static int mutual_information(lua_State *L)
{
    int64_t rows, columns;
    const int64_t *counts = push_contingency(L, 0, &rows, &columns);
    lua_pushnumber(L, mlk_normalized_mutual_information(counts, rows, columns));
    return 1;
}

/* silhouette(x, labels) -> number */
static int silhouette(lua_State *L)
{
    mlk_status status;
    double mean;
    mlk_samples samples = check_samples(L, 1, "x");
    if (mlk_silhouette(samples, check_labels(L, 2, "labels", samples.n), &mean, &status))
        return mlk_lua_raise(L, &status);
    lua_pushnumber(L, mean);
    return 1;
}

static void set_collector(lua_State *L, const char *type, lua_CFunction collect)
{
    luaL_newmetatable(L, type);
    lua_pushcfunction(L, collect);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
}

int mlk_lua_open_learn(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"check", check},
        {"classes", classes},
        {"moments", moments},
        {"pca", pca},
        {"kmeans", kmeans},
        {"kmeans_predict", kmeans_predict},
        {"gmm", gmm},
        {"gmm_score", gmm_score},
        {"gmm_parameters", gmm_parameters},
        {"logistic", logistic},
        {"logistic_proba", logistic_proba},
        {"knn_proba", knn_proba},
        {"svm", svm},
        {"svm_predict", svm_predict},
        {"trees", trees},
        {"trees_proba", trees_proba},
        {"contingency", contingency},
        {"adjusted_rand", adjusted_rand},
        {"mutual_information", mutual_information},
        {"silhouette", silhouette},
        {NULL, NULL},
    };
    set_collector(L, SVM_TYPE, free_svm);
    set_collector(L, TREES_TYPE, free_trees);
    luaL_newlib(L, functions);
    return 1;
}
