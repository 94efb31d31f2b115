/* classify.c: core.classify: tables of samples, scaling, classifiers. A fitted model is plain tensors. */
#include "learn/calibration.h"
#include "learn/discriminant.h"
#include "learn/knn.h"
#include "learn/logistic.h"
#include "learn/svm.h"

#include "arguments.h"
#include "modules.h"
#include "options.h"
#include "samples.h"
#include "tensor.h"
#include "trees.h"

#include <math.h>

/* --- table checks and scaling ---------------------------------------------------------- */

/* check(x, least rows): raises unless x is a table of finite numbers */
static int check(lua_State *L)
{
    mlk_status status;
    int64_t least = mlk_lua_integer(L, 2, "least", 0, INT64_MAX);
    mlk_lua_check(L, mlk_samples_check(mlk_lua_samples(L, 1, "x"), least, &status), &status);
    return 0;
}

/* classes(y, n) -> k: largest class id + 1, after checking ids */
static int classes(lua_State *L)
{
    mlk_status status;
    int64_t n = mlk_lua_integer(L, 2, "rows", 0, INT64_MAX), k;
    mlk_lua_check(L, mlk_labels_check(mlk_lua_labels(L, 1, "y", n), n, &k, &status), &status);
    lua_pushinteger(L, k);
    return 1;
}

/* moments(x) -> mean (d), variance (d, ddof 0), float64 */
static int moments(lua_State *L)
{
    mlk_status status;
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    double *mean = mlk_lua_push_vector(L, samples.d), *variance = mlk_lua_push_vector(L, samples.d);
    mlk_lua_check(L, mlk_samples_check(samples, 1, &status), &status);
    mlk_lua_check(L, mlk_samples_moments(samples, mean, variance, &status), &status);
    return 2;
}

/* --- classifiers: y holds ids 0..k-1, each present; weights: k numbers or nil ----------------- */

/* What rows of each class count, k numbers above 0; NULL where the argument is nil. */
static const double *class_weights(lua_State *L, int arg, int64_t k)
{
    if (lua_isnoneornil(L, arg))
        return NULL;
    const double *weights = mlk_lua_numbers(L, arg, "class weights", k);
    for (int64_t c = 0; c < k; c++)
        if (!(weights[c] > 0) || isinf(weights[c]))
            mlk_lua_fail(L, "class weights must be above 0 and finite, got %f", weights[c]);
    return weights;
}

/* logistic(x, y, k, options, weights) -> weights (outputs x d), intercepts, iterations */
static int logistic(lua_State *L)
{
    mlk_status status;
    int iterations;
    int64_t k = mlk_lua_integer(L, 3, "k", 2, INT32_MAX);
    mlk_logistic_options options;
    mlk_lua_read(L, 4, "classify.logistic", mlk_logistic_parameters, &options);
    options.class_weights = class_weights(L, 5, k);
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    const int64_t *y = mlk_lua_labels(L, 2, "y", samples.n);
    int64_t outputs = mlk_logistic_outputs(k);
    double *weights = mlk_lua_push_matrix(L, outputs, samples.d), *intercepts = mlk_lua_push_vector(L, outputs);
    mlk_lua_check(L, mlk_logistic_fit(samples, y, k, &options, weights, intercepts, &iterations, &status), &status);
    lua_pushinteger(L, iterations);
    return 3;
}

/* logistic_proba(x, weights, intercepts, k) -> n x k */
static int logistic_proba(lua_State *L)
{
    mlk_status status;
    int64_t k = mlk_lua_integer(L, 4, "k", 2, INT32_MAX);
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    mlk_array weights = mlk_lua_read_tensor(L, 2, "weights", MLK_FLOAT64, 2);
    const double *intercepts = mlk_lua_numbers(L, 3, "intercepts", mlk_logistic_outputs(k));
    mlk_lua_check_width(L, samples, weights.shape[1]);
    double *proba = mlk_lua_push_matrix(L, samples.n, k);
    mlk_lua_check(L, mlk_logistic_proba(samples, weights.data, intercepts, k, proba, &status), &status);
    return 1;
}

/* knn_proba(train x, train y, k, x, n_neighbors, by_distance) -> n x k */
static int knn_proba(lua_State *L)
{
    mlk_status status;
    int64_t k = mlk_lua_integer(L, 3, "k", 1, INT32_MAX);
    int64_t neighbors = mlk_lua_integer(L, 5, "n_neighbors", 1, INT32_MAX);
    bool by_distance = mlk_lua_boolean(L, 6, "by_distance");
    mlk_samples train = mlk_lua_samples(L, 1, "train x"), samples = mlk_lua_samples(L, 4, "x");
    const int64_t *y = mlk_lua_labels(L, 2, "train y", train.n);
    mlk_lua_check_width(L, samples, train.d);
    double *proba = mlk_lua_push_matrix(L, samples.n, k);
    mlk_lua_check(L, mlk_knn_proba(train, y, k, samples, neighbors, by_distance, proba, &status), &status);
    return 1;
}

#define SVM_TYPE "moonlark.learn.svm"

static int free_svm(lua_State *L)
{
    mlk_svm_free(luaL_checkudata(L, 1, SVM_TYPE));
    return 0;
}

/* svm(x, y, k, options, weights) -> vectors, coefficients, offsets, counts */
static int svm(lua_State *L)
{
    mlk_status status;
    int64_t k = mlk_lua_integer(L, 3, "k", 2, INT32_MAX);
    mlk_svm_options options;
    mlk_lua_read(L, 4, "classify.svm", mlk_svm_parameters, &options);
    options.class_weights = class_weights(L, 5, k);
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    const int64_t *y = mlk_lua_labels(L, 2, "y", samples.n);
    mlk_svm *model = mlk_lua_push_object(L, SVM_TYPE, sizeof *model);
    mlk_lua_check(L, mlk_svm_fit(samples, y, k, &options, model, &status), &status);
    int64_t l = model->n_vectors, pairs = k * (k - 1) / 2;
    mlk_lua_push_copy(L, MLK_FLOAT32, 2, (int64_t[]){l, samples.d}, model->vectors);
    mlk_lua_push_copy(L, MLK_FLOAT64, 2, (int64_t[]){k - 1, l}, model->coefficients);
    mlk_lua_push_copy(L, MLK_FLOAT64, 1, &pairs, model->offsets);
    mlk_lua_push_copy(L, MLK_INT64, 1, &k, model->counts);
    mlk_svm_free(model);
    return 4;
}

/* svm_predict(x, kernel, gamma, vectors, coefficients, offsets, counts) -> labels, decisions (n x pairs) */
static int svm_predict(lua_State *L)
{
    mlk_status status;
    mlk_svm model = {.kernel = (mlk_kernel)mlk_lua_choice(L, 2, "kernel", mlk_kernel_names),
                     .gamma = mlk_lua_number(L, 3, "gamma", 0, HUGE_VAL)};
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    mlk_array vectors = mlk_lua_read_tensor(L, 4, "vectors", MLK_FLOAT32, 2);
    mlk_array coefficients = mlk_lua_read_tensor(L, 5, "coefficients", MLK_FLOAT64, 2);
    mlk_array counts = mlk_lua_read_tensor(L, 7, "counts", MLK_INT64, 1);
    model.k = counts.shape[0];
    model.n_vectors = vectors.shape[0];
    model.d = vectors.shape[1];
    model.vectors = vectors.data;
    model.coefficients = coefficients.data;
    model.counts = counts.data;
    model.offsets = mlk_lua_numbers(L, 6, "offsets", model.k * (model.k - 1) / 2);
    int64_t total = 0;
    for (int64_t c = 0; c < model.k; c++) {
        if (model.counts[c] < 0)
            return mlk_lua_fail(L, "counts must be 0 or more");
        total += model.counts[c];
    }
    if (total != model.n_vectors || coefficients.shape[0] != model.k - 1 || coefficients.shape[1] != model.n_vectors)
        return mlk_lua_fail(L, "the SVM's arrays do not fit each other");
    mlk_lua_check_width(L, samples, model.d);
    int64_t *labels = mlk_lua_push_labels(L, samples.n);
    double *decisions = mlk_lua_push_matrix(L, samples.n, model.k * (model.k - 1) / 2);
    mlk_lua_check(L, mlk_svm_predict(samples, &model, decisions, labels, &status), &status);
    return 2;
}

/* svm_calibrate(x, y, k, options, weights, seed) -> slopes, intercepts (a number a pair) */
static int svm_calibrate(lua_State *L)
{
    mlk_status status;
    int64_t k = mlk_lua_integer(L, 3, "k", 2, INT32_MAX), pairs = k * (k - 1) / 2;
    int64_t seed = mlk_lua_integer(L, 6, "seed", INT64_MIN, INT64_MAX);
    mlk_svm_options options;
    mlk_lua_read(L, 4, "classify.svm", mlk_svm_parameters, &options);
    options.class_weights = class_weights(L, 5, k);
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    const int64_t *y = mlk_lua_labels(L, 2, "y", samples.n);
    double *slopes = mlk_lua_push_vector(L, pairs), *intercepts = mlk_lua_push_vector(L, pairs);
    mlk_lua_check(L, mlk_svm_calibrate(samples, y, k, &options, (uint64_t)seed, slopes, intercepts, &status), &status);
    return 2;
}

/* svm_proba(decisions, slopes, intercepts, k) -> n x k */
static int svm_proba(lua_State *L)
{
    mlk_status status;
    int64_t k = mlk_lua_integer(L, 4, "k", 2, INT32_MAX), pairs = k * (k - 1) / 2;
    mlk_array decisions = mlk_lua_read_tensor(L, 1, "decisions", MLK_FLOAT64, 2);
    if (decisions.shape[1] != pairs)
        return mlk_lua_fail(L, "the SVM's arrays do not fit each other");
    const double *slopes = mlk_lua_numbers(L, 2, "slopes", pairs);
    const double *intercepts = mlk_lua_numbers(L, 3, "intercepts", pairs);
    double *proba = mlk_lua_push_matrix(L, decisions.shape[0], k);
    mlk_lua_check(L, mlk_svm_proba(decisions.data, decisions.shape[0], k, slopes, intercepts, proba, &status), &status);
    return 1;
}

/* x, y, k, options, weights -> model, a uint8 tensor */
static int fit_trees(lua_State *L, mlk_trees_options *options)
{
    mlk_status status;
    int64_t k = mlk_lua_integer(L, 3, "k", 2, INT32_MAX);
    options->class_weights = class_weights(L, 5, k);
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    const int64_t *y = mlk_lua_labels(L, 2, "y", samples.n);
    mlk_trees *model = mlk_lua_new_trees(L);
    mlk_lua_check(L, mlk_trees_fit(samples, y, k, options, model, &status), &status);
    mlk_lua_push_trees(L, model);
    return 1;
}

/* random_forest(x, y, k, options, weights) -> model */
static int random_forest(lua_State *L)
{
    mlk_trees_options options = mlk_forest;
    mlk_lua_read(L, 4, "classify.random_forest", mlk_forest_parameters, &options);
    return fit_trees(L, &options);
}

/* boosted_trees(x, y, k, options, weights) -> model */
static int boosted_trees(lua_State *L)
{
    mlk_trees_options options = mlk_boosted_trees;
    mlk_lua_read(L, 4, "classify.boosted_trees", mlk_boosted_trees_parameters, &options);
    return fit_trees(L, &options);
}

/* trees_proba(x, model, k) -> n x k */
static int trees_proba(lua_State *L)
{
    mlk_status status;
    int64_t k = mlk_lua_integer(L, 3, "k", 2, INT32_MAX);
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    mlk_trees model = mlk_lua_trees(L, 2);
    double *proba = mlk_lua_push_matrix(L, samples.n, k);
    mlk_lua_check(L, mlk_trees_proba(samples, &model, k, proba, &status), &status);
    return 1;
}

/* trees_importance(model, d, kind) -> d */
static int trees_importance(lua_State *L)
{
    static const char *const kinds[] = {"gain", "total_gain", "weight", NULL};
    mlk_status status;
    mlk_trees model = mlk_lua_trees(L, 1);
    int64_t d = mlk_lua_integer(L, 2, "columns", 1, INT32_MAX);
    const char *kind = kinds[mlk_lua_choice(L, 3, "kind", kinds)];
    double *importance = mlk_lua_push_vector(L, d);
    mlk_lua_check(L, mlk_trees_importance(&model, kind, d, importance, &status), &status);
    return 1;
}

/* lda(x, y, k, tol, shrinkage: nil, "auto" or a number)
 *   -> mean (d), means (k x d), scalings (directions x d), share of variance along each, weights (k x d),
 *      intercepts (k), directions */
static int lda(lua_State *L)
{
    mlk_status status;
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    const int64_t *y = mlk_lua_labels(L, 2, "y", samples.n);
    int64_t k = mlk_lua_integer(L, 3, "k", 2, INT32_MAX), d = samples.d, most = k - 1 < d ? k - 1 : d;
    double tol = mlk_lua_number(L, 4, "tol", 0, 1);
    mlk_discriminant found = {.mean = mlk_lua_push_vector(L, d)};
    found.means = mlk_lua_push_matrix(L, k, d);
    found.scalings = mlk_lua_push_matrix(L, most, d);
    found.ratio = mlk_lua_push_vector(L, most);
    found.weights = mlk_lua_push_matrix(L, k, d);
    found.intercepts = mlk_lua_push_vector(L, k);
    double shrinkage = lua_type(L, 5) == LUA_TNUMBER ? mlk_lua_number(L, 5, "shrinkage", 0, 1) : NAN;
    mlk_code code;
    if (lua_isnoneornil(L, 5))
        code = mlk_discriminant_fit(samples, y, k, tol, &found, &status);
    else
        code = mlk_discriminant_fit_shrunk(samples, y, k, shrinkage, &found, &status);
    mlk_lua_check(L, code, &status);
    lua_pushinteger(L, found.directions);
    return 7;
}

int mlk_lua_open_classify(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"boosted_trees", boosted_trees}, {"check", check}, {"classes", classes}, {"knn_proba", knn_proba},
        {"lda", lda}, {"logistic", logistic}, {"logistic_proba", logistic_proba}, {"moments", moments},
        {"random_forest", random_forest}, {"svm", svm}, {"svm_calibrate", svm_calibrate}, {"svm_predict", svm_predict},
        {"svm_proba", svm_proba}, {"trees_importance", trees_importance},
        {"trees_proba", trees_proba},
        {NULL, NULL},
    };
    mlk_lua_new_type(L, SVM_TYPE, free_svm, NULL);
    luaL_newlib(L, functions);
    mlk_lua_add_parameters(L, "logistic", mlk_logistic_parameters);
    mlk_lua_add_parameters(L, "svm", mlk_svm_parameters);
    mlk_lua_add_parameters(L, "random_forest", mlk_forest_parameters);
    mlk_lua_add_parameters(L, "boosted_trees", mlk_boosted_trees_parameters);
    return 1;
}
