/* regress.c: core.regress: models of numbers. y: float64, rows x targets. A fitted model is plain tensors. */
#include "learn/knn.h"
#include "learn/ridge.h"
#include "learn/svr.h"

#include "arguments.h"
#include "modules.h"
#include "options.h"
#include "samples.h"
#include "tensor.h"
#include "trees.h"

#include <math.h>

/* Values, n x targets. Pushes their owner. */
static const double *read_values(lua_State *L, int arg, const char *name, int64_t n, int64_t *targets)
{
    mlk_array y = mlk_lua_read_tensor(L, arg, name, MLK_FLOAT64, 2);
    if (y.shape[0] != n)
        mlk_lua_fail(L, "%s must have one row for each row of x (%I), got %I", name, (LUAI_UACINT)n,
                     (LUAI_UACINT)y.shape[0]);
    *targets = y.shape[1];
    return y.data;
}

/* Values of one target, n. Pushes their owner. */
static const double *read_target(lua_State *L, int arg, const char *name, int64_t n)
{
    int64_t targets;
    const double *y = read_values(L, arg, name, n, &targets);
    if (targets != 1)
        mlk_lua_fail(L, "%s must have one column, got %I", name, (LUAI_UACINT)targets);
    return y;
}

/* check(y, n): raises unless y is n rows of one finite number or more */
static int check(lua_State *L)
{
    int64_t n = mlk_lua_integer(L, 2, "rows", 0, INT64_MAX), targets;
    const double *y = read_values(L, 1, "y", n, &targets);
    if (targets < 1)
        return mlk_lua_fail(L, "y must have one column or more, got 0");
    for (int64_t i = 0; i < n * targets; i++)
        if (!isfinite(y[i]))
            return mlk_lua_fail(L, "y must hold finite numbers, row %I of target %I is %s",
                                (LUAI_UACINT)(i / targets), (LUAI_UACINT)(i % targets),
                                isnan(y[i]) ? "nan" : y[i] > 0 ? "inf" : "-inf");
    return 0;
}

/* ridge(x, y, options) -> weights (targets x d), intercepts */
static int ridge(lua_State *L)
{
    mlk_status status;
    int64_t targets;
    mlk_ridge_options options;
    mlk_lua_read(L, 3, "regress.ridge", mlk_ridge_parameters, &options);
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    const double *y = read_values(L, 2, "y", samples.n, &targets);
    double *weights = mlk_lua_push_matrix(L, targets, samples.d), *intercepts = mlk_lua_push_vector(L, targets);
    mlk_lua_check(L, mlk_ridge_fit(samples, y, targets, &options, weights, intercepts, &status), &status);
    return 2;
}

/* ridge_predict(x, weights, intercepts) -> n x targets */
static int ridge_predict(lua_State *L)
{
    mlk_status status;
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    mlk_array weights = mlk_lua_read_tensor(L, 2, "weights", MLK_FLOAT64, 2);
    int64_t targets = weights.shape[0];
    const double *intercepts = mlk_lua_numbers(L, 3, "intercepts", targets);
    mlk_lua_check_width(L, samples, weights.shape[1]);
    double *out = mlk_lua_push_matrix(L, samples.n, targets);
    mlk_lua_check(L, mlk_ridge_predict(samples, weights.data, intercepts, targets, out, &status), &status);
    return 1;
}

#define SVR_TYPE "moonlark.learn.svr"

static int free_svr(lua_State *L)
{
    mlk_svr_free(luaL_checkudata(L, 1, SVR_TYPE));
    return 0;
}

/* svr(x, y of one target, options) -> vectors, coefficients, offset (1) */
static int svr(lua_State *L)
{
    mlk_status status;
    mlk_svr_options options;
    mlk_lua_read(L, 3, "regress.svr", mlk_svr_parameters, &options);
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    const double *y = read_target(L, 2, "y", samples.n);
    mlk_svr *model = mlk_lua_push_object(L, SVR_TYPE, sizeof *model);
    mlk_lua_check(L, mlk_svr_fit(samples, y, &options, model, &status), &status);
    int64_t l = model->n_vectors;
    mlk_lua_push_copy(L, MLK_FLOAT32, 2, (int64_t[]){l, samples.d}, model->vectors);
    mlk_lua_push_copy(L, MLK_FLOAT64, 1, &l, model->coefficients);
    mlk_lua_push_copy(L, MLK_FLOAT64, 1, (int64_t[]){1}, &model->offset);
    mlk_svr_free(model);
    return 3;
}

/* svr_predict(x, kernel, gamma, vectors, coefficients, offset) -> n x 1 */
static int svr_predict(lua_State *L)
{
    mlk_status status;
    mlk_svr model = {.kernel = (mlk_kernel)mlk_lua_choice(L, 2, "kernel", mlk_kernel_names),
                     .gamma = mlk_lua_number(L, 3, "gamma", 0, HUGE_VAL)};
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    mlk_array vectors = mlk_lua_read_tensor(L, 4, "vectors", MLK_FLOAT32, 2);
    model.n_vectors = vectors.shape[0];
    model.d = vectors.shape[1];
    model.vectors = vectors.data;
    model.coefficients = mlk_lua_numbers(L, 5, "coefficients", model.n_vectors);
    model.offset = *mlk_lua_numbers(L, 6, "offset", 1);
    mlk_lua_check_width(L, samples, model.d);
    double *out = mlk_lua_push_matrix(L, samples.n, 1);
    mlk_lua_check(L, mlk_svr_predict(samples, &model, out, &status), &status);
    return 1;
}

/* knn(train x, train y, x, n_neighbors, by_distance) -> n x targets */
static int knn(lua_State *L)
{
    mlk_status status;
    int64_t targets, neighbors = mlk_lua_integer(L, 4, "n_neighbors", 1, INT32_MAX);
    bool by_distance = mlk_lua_boolean(L, 5, "by_distance");
    mlk_samples train = mlk_lua_samples(L, 1, "train x"), samples = mlk_lua_samples(L, 3, "x");
    const double *y = read_values(L, 2, "train y", train.n, &targets);
    mlk_lua_check_width(L, samples, train.d);
    double *out = mlk_lua_push_matrix(L, samples.n, targets);
    mlk_lua_check(L, mlk_knn_values(train, y, targets, samples, neighbors, by_distance, out, &status), &status);
    return 1;
}

/* x, y of one target -> model, a uint8 tensor */
static int fit_trees(lua_State *L, const mlk_trees_options *options)
{
    mlk_status status;
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    const double *y = read_target(L, 2, "y", samples.n);
    mlk_trees *model = mlk_lua_new_trees(L);
    mlk_lua_check(L, mlk_trees_fit_values(samples, y, options, model, &status), &status);
    mlk_lua_push_trees(L, model);
    return 1;
}

/* random_forest(x, y, options) -> model */
static int random_forest(lua_State *L)
{
    mlk_trees_options options = mlk_forest;
    mlk_lua_read(L, 3, "regress.random_forest", mlk_forest_parameters, &options);
    return fit_trees(L, &options);
}

/* boosted_trees(x, y, options) -> model */
static int boosted_trees(lua_State *L)
{
    mlk_trees_options options = mlk_boosted_trees;
    mlk_lua_read(L, 3, "regress.boosted_trees", mlk_boosted_trees_parameters, &options);
    return fit_trees(L, &options);
}

/* trees_predict(x, model) -> n x 1 */
static int trees_predict(lua_State *L)
{
    mlk_status status;
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    mlk_trees model = mlk_lua_trees(L, 2);
    double *out = mlk_lua_push_matrix(L, samples.n, 1);
    mlk_lua_check(L, mlk_trees_values(samples, &model, out, &status), &status);
    return 1;
}

int mlk_lua_open_regress(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"boosted_trees", boosted_trees}, {"check", check}, {"knn", knn}, {"random_forest", random_forest},
        {"ridge", ridge}, {"ridge_predict", ridge_predict}, {"svr", svr}, {"svr_predict", svr_predict},
        {"trees_predict", trees_predict}, {NULL, NULL},
    };
    mlk_lua_new_type(L, SVR_TYPE, free_svr, NULL);
    luaL_newlib(L, functions);
    mlk_lua_add_parameters(L, "ridge", mlk_ridge_parameters);
    mlk_lua_add_parameters(L, "svr", mlk_svr_parameters);
    mlk_lua_add_parameters(L, "random_forest", mlk_forest_parameters);
    mlk_lua_add_parameters(L, "boosted_trees", mlk_boosted_trees_parameters);
    return 1;
}
