#include "trees.h"

#include "interrupt.h"
#include "parallel.h"
#include "subnormal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xgboost/c_api.h>

#define IN(member) MLK_IN(mlk_trees_options, member)

const mlk_trees_options mlk_forest = {.rounds = 1, .learning_rate = 1, .lambda = 0, .min_child_weight = 1e-6};

const mlk_parameter mlk_forest_parameters[] = {
    MLK_INTEGER("n_estimators", 100, 1, INT32_MAX, "how many trees", IN(trees)),
    MLK_INTEGER("max_depth", 0, 0, INT32_MAX, "splits from the root to a leaf at most; 0: no limit", IN(max_depth)),
    MLK_REAL_OR_NIL("max_features", NAN, 0, 1, "share of the columns tried at a split", IN(colsample),
                    .usual = "√columns / columns", .above = true),
    MLK_REAL("subsample", 0.632, 0, 1, "share of the rows that a tree sees", IN(subsample), .above = true),
    MLK_INTEGER("max_bin", 64, 2, 65536, "places where a column can be split", IN(max_bin)),
    MLK_INTEGER("seed", 0, 0, HUGE_VAL, "of the random shares", IN(seed)),
    MLK_PARAMETERS_END,
};

const mlk_trees_options mlk_boosted_trees = {.trees = 1};

const mlk_parameter mlk_boosted_trees_parameters[] = {
    MLK_INTEGER("n_estimators", 100, 1, INT32_MAX, "rounds of boosting", IN(rounds)),
    MLK_INTEGER("max_depth", 6, 0, INT32_MAX, "splits from the root to a leaf at most; 0: no limit", IN(max_depth)),
    MLK_REAL("learning_rate", 0.3, 0, HUGE_VAL, "share of each tree's answer that counts", IN(learning_rate),
             .above = true),
    MLK_REAL("subsample", 1, 0, 1, "share of the rows that a tree sees", IN(subsample), .above = true),
    MLK_REAL("colsample", 1, 0, 1, "share of the columns that a tree sees", IN(colsample), .above = true),
    MLK_REAL("reg_lambda", 1, 0, HUGE_VAL, "L2 penalty on the leaves", IN(lambda)),
    MLK_REAL("min_child_weight", 1, 0, HUGE_VAL, "least weight of the rows in a leaf", IN(min_child_weight)),
    MLK_INTEGER("max_bin", 256, 2, 65536, "places where a column can be split", IN(max_bin)),
    MLK_INTEGER("seed", 0, 0, HUGE_VAL, "of the random shares", IN(seed)),
    MLK_PARAMETERS_END,
};

static mlk_code failed(mlk_status *status)
{
    return mlk_fail(status, MLK_INVALID, "XGBoost: %.200s", XGBGetLastError());
}

static int set_number(BoosterHandle booster, const char *name, double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.17g", value);
    return XGBoosterSetParam(booster, name, text);
}

/* Handing out a split of a small table to threads takes longer than finding it. */
static int threads_for(mlk_samples samples)
{
    enum { SMALL = 1 << 20 };
    return samples.n * samples.d < SMALL ? 1 : mlk_cores();
}

static double share_of_columns(double colsample, int64_t columns)
{
    return isnan(colsample) ? sqrt((double)columns) / (double)columns : colsample;
}

/* What is learnt: k classes, or with k = 0 numbers around a mean. */
typedef struct aim {
    int64_t k;
    double mean;
} aim;

static int configure(BoosterHandle booster, mlk_samples samples, aim aim, const mlk_trees_options *options)
{
    int bad = XGBoosterSetParam(booster, "verbosity", "0");
    bad |= XGBoosterSetParam(booster, "objective", aim.k ? "multi:softprob" : "reg:squarederror");
    bad |= XGBoosterSetParam(booster, "tree_method", "hist");
    bad |= aim.k ? set_number(booster, "num_class", (double)aim.k) : set_number(booster, "base_score", aim.mean);
    bad |= set_number(booster, "nthread", threads_for(samples));
    bad |= set_number(booster, "seed", (double)(options->seed & 0x7fffffff));
    bad |= set_number(booster, "num_parallel_tree", options->trees);
    bad |= set_number(booster, "max_depth", options->max_depth);
    bad |= set_number(booster, "eta", options->learning_rate);
    bad |= set_number(booster, "subsample", options->subsample);
    bad |= set_number(booster, options->trees > 1 ? "colsample_bynode" : "colsample_bytree",
                      share_of_columns(options->colsample, samples.d));
    bad |= set_number(booster, "lambda", options->lambda);
    bad |= set_number(booster, "min_child_weight", options->min_child_weight);
    bad |= set_number(booster, "max_bin", options->max_bin);
    return bad;
}

static mlk_code grow(DMatrixHandle data, mlk_samples samples, aim aim, const mlk_trees_options *options,
                     mlk_trees *trees, mlk_status *status)
{
    BoosterHandle booster;
    if (XGBoosterCreate(&data, 1, &booster))
        return failed(status);
    mlk_code code = configure(booster, samples, aim, options) ? failed(status) : MLK_OK;
    for (int round = 0; round < options->rounds && !code; round++) {
        if (mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
        else if (XGBoosterUpdateOneIter(booster, round, data))
            code = failed(status);
    }
    bst_ulong size = 0;
    const char *bytes = NULL;
    if (!code && XGBoosterSaveModelToBuffer(booster, "{\"format\": \"ubj\"}", &size, &bytes))
        code = failed(status);
    if (!code) {
        trees->size = size;
        trees->bytes = malloc(size);
        if (trees->bytes)
            memcpy(trees->bytes, bytes, size);
        else
            code = mlk_fail_memory(status, "a tree ensemble");
    }
    XGBoosterFree(booster);
    return code;
}

static mlk_code check(mlk_samples samples, const mlk_trees_options *options, mlk_status *status)
{
    if (options->rounds < 1 || options->trees < 1 || options->max_depth < 0)
        return mlk_fail(status, MLK_INVALID, "n_estimators must be 1 or more and max_depth 0 or more, got %d and %d",
                        options->trees > 1 ? options->trees : options->rounds, options->max_depth);
    double share = share_of_columns(options->colsample, 1);
    if (!(options->subsample > 0 && options->subsample <= 1) || !(share > 0 && share <= 1))
        return mlk_fail(status, MLK_INVALID, "subsample and colsample must be above 0 and at most 1, got %g and %g",
                        options->subsample, options->colsample);
    if (options->max_bin < 2)
        return mlk_fail(status, MLK_INVALID, "max_bin must be 2 or more, got %d", options->max_bin);
    if (!(options->learning_rate > 0) || !(options->lambda >= 0) || !(options->min_child_weight >= 0))
        return mlk_fail(status, MLK_INVALID,
                        "learning_rate must be above 0, reg_lambda and min_child_weight 0 or more, got %g, %g, %g",
                        options->learning_rate, options->lambda, options->min_child_weight);
    return mlk_samples_check(samples, 1, status);
}

/* Each row counts what its class does. */
static mlk_code weigh(DMatrixHandle data, const int64_t *y, int64_t n, const double *class_weights, mlk_status *status)
{
    if (!class_weights)
        return MLK_OK;
    float *weights = malloc(sizeof(float) * (size_t)n);
    if (!weights)
        return mlk_fail_memory(status, "the rows' weights");
    for (int64_t i = 0; i < n; i++)
        weights[i] = (float)class_weights[y[i]];
    mlk_code code = XGDMatrixSetFloatInfo(data, "weight", weights, (bst_ulong)n) ? failed(status) : MLK_OK;
    free(weights);
    return code;
}

/* y: class ids, where classes are learnt. */
static mlk_code fit(mlk_samples samples, const float *labels, const int64_t *y, aim aim,
                    const mlk_trees_options *options, mlk_trees *trees, mlk_status *status)
{
    mlk_code code = MLK_OK;
    DMatrixHandle data = NULL;
    uint64_t before = mlk_subnormal_flush(); /* its threads are libtorch's too */
    if (XGDMatrixCreateFromMat(samples.x, (bst_ulong)samples.n, (bst_ulong)samples.d, NAN, &data) ||
        XGDMatrixSetFloatInfo(data, "label", labels, (bst_ulong)samples.n))
        code = failed(status);
    if (!code && y)
        code = weigh(data, y, samples.n, options->class_weights, status);
    if (!code)
        code = grow(data, samples, aim, options, trees, status);
    if (data)
        XGDMatrixFree(data);
    mlk_subnormal_restore(before);
    return code;
}

mlk_code mlk_trees_fit(mlk_samples samples, const int64_t *y, int64_t k, const mlk_trees_options *options,
                       mlk_trees *trees, mlk_status *status)
{
    *trees = (mlk_trees){0};
    mlk_code code = check(samples, options, status);
    if (code)
        return code;
    float *labels = malloc(sizeof(float) * (size_t)samples.n);
    if (!labels)
        return mlk_fail_memory(status, "labels");
    for (int64_t i = 0; i < samples.n; i++)
        labels[i] = (float)y[i];
    code = fit(samples, labels, y, (aim){.k = k}, options, trees, status);
    free(labels);
    return code;
}

mlk_code mlk_trees_fit_values(mlk_samples samples, const double *y, const mlk_trees_options *options, mlk_trees *trees,
                              mlk_status *status)
{
    *trees = (mlk_trees){0};
    mlk_code code = check(samples, options, status);
    if (code)
        return code;
    float *labels = malloc(sizeof(float) * (size_t)samples.n);
    if (!labels)
        return mlk_fail_memory(status, "values");
    double sum = 0;
    for (int64_t i = 0; i < samples.n; i++) {
        labels[i] = (float)y[i];
        sum += y[i];
    }
    code = fit(samples, labels, NULL, (aim){.mean = sum / (double)samples.n}, options, trees, status);
    free(labels);
    return code;
}

/* What an ensemble says, `outputs` numbers a row. */
static mlk_code predict(mlk_samples samples, const mlk_trees *trees, int64_t outputs, double *out, mlk_status *status)
{
    mlk_code code = mlk_samples_check(samples, 0, status);
    if (code || samples.n == 0)
        return code;
    DMatrixHandle data = NULL;
    BoosterHandle booster = NULL;
    bst_ulong count = 0;
    const float *found = NULL;
    uint64_t before = mlk_subnormal_flush(); /* its threads are libtorch's too */
    if (XGBoosterCreate(NULL, 0, &booster) || XGBoosterSetParam(booster, "verbosity", "0") ||
        XGBoosterLoadModelFromBuffer(booster, trees->bytes, trees->size) ||
        XGDMatrixCreateFromMat(samples.x, (bst_ulong)samples.n, (bst_ulong)samples.d, NAN, &data) ||
        XGBoosterPredict(booster, data, 0, 0, 0, &count, &found))
        code = failed(status);
    else if (count != (bst_ulong)(samples.n * outputs))
        code = mlk_fail(status, MLK_INVALID, "the tree ensemble has other classes or columns than said");
    for (int64_t i = 0; i < samples.n * outputs && !code; i++)
        out[i] = found[i];
    if (data)
        XGDMatrixFree(data);
    if (booster)
        XGBoosterFree(booster);
    mlk_subnormal_restore(before);
    return code;
}

mlk_code mlk_trees_proba(mlk_samples samples, const mlk_trees *trees, int64_t k, double *proba, mlk_status *status)
{
    return predict(samples, trees, k, proba, status);
}

mlk_code mlk_trees_values(mlk_samples samples, const mlk_trees *trees, double *out, mlk_status *status)
{
    return predict(samples, trees, 1, out, status);
}

/* Columns are named f0, f1 …, where nobody names them. */
static mlk_code read_scores(bst_ulong count, const char *const *names, const float *scores, int64_t d,
                            double *importance, mlk_status *status)
{
    for (bst_ulong i = 0; i < count; i++) {
        char *end = NULL;
        long long column = names[i][0] == 'f' ? strtoll(names[i] + 1, &end, 10) : -1;
        if (!end || *end || column < 0 || column >= d)
            return mlk_fail(status, MLK_INVALID, "the tree ensemble has other columns than said: %.40s", names[i]);
        importance[column] = scores[i];
    }
    return MLK_OK;
}

mlk_code mlk_trees_importance(const mlk_trees *trees, const char *kind, int64_t d, double *importance,
                              mlk_status *status)
{
    mlk_code code = MLK_OK;
    BoosterHandle booster = NULL;
    bst_ulong count = 0, axes = 0;
    const bst_ulong *shape = NULL;
    const char **names = NULL;
    const float *scores = NULL;
    char config[64];
    snprintf(config, sizeof config, "{\"importance_type\": \"%s\"}", kind);
    memset(importance, 0, sizeof(double) * (size_t)d);
    if (XGBoosterCreate(NULL, 0, &booster) || XGBoosterSetParam(booster, "verbosity", "0") ||
        XGBoosterLoadModelFromBuffer(booster, trees->bytes, trees->size) ||
        XGBoosterFeatureScore(booster, config, &count, &names, &axes, &shape, &scores))
        code = failed(status);
    else
        code = read_scores(count, names, scores, d, importance, status);
    if (booster)
        XGBoosterFree(booster);
    return code;
}
