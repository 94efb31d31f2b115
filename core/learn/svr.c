#include "svr.h"

#include "interrupt.h"
#include "parallel.h"

#include <libsvm/svm.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define IN(member) MLK_IN(mlk_svr_options, member)

const mlk_parameter mlk_svr_parameters[] = {
    MLK_REAL("C", 1, 0, HUGE_VAL, "inverse strength of the penalty", IN(C), .above = true),
    MLK_REAL("epsilon", 0.1, 0, HUGE_VAL, "errors below cost nothing, in the target's unit", IN(epsilon)),
    MLK_CHOICE("kernel", MLK_KERNEL_RBF, mlk_kernel_names, "how likeness is measured", IN(kernel)),
    MLK_REAL("gamma", 1, 0, HUGE_VAL, "of the kernel exp(-gamma |a - b|^2)", IN(gamma), .above = true),
    MLK_REAL("tol", 1e-3, 0, HUGE_VAL, "when libsvm stops", IN(tol), .above = true),
    MLK_PARAMETERS_END,
};

enum { ROWS = 16 }; /* a task */

static mlk_code copy_model(const struct svm_model *model, mlk_samples samples, mlk_svr *svr, mlk_status *status)
{
    size_t l = (size_t)model->l, d = (size_t)samples.d;
    svr->vectors = malloc(sizeof(float) * (l * d + 1));
    svr->coefficients = malloc(sizeof(double) * (l + 1));
    if (!svr->vectors || !svr->coefficients)
        return mlk_fail_memory(status, "an SVR");
    svr->n_vectors = model->l;
    svr->offset = -model->rho[0];
    for (size_t v = 0; v < l; v++) {
        svr->coefficients[v] = model->sv_coef[0][v];
        memcpy(svr->vectors + v * d, samples.x + (size_t)(model->sv_indices[v] - 1) * d, sizeof(float) * d);
    }
    return MLK_OK;
}

static mlk_code train(struct svm_problem *problem, mlk_samples samples, const mlk_svr_options *options, mlk_svr *svr,
                      mlk_status *status)
{
    struct svm_parameter parameter = {
        .svm_type = EPSILON_SVR, .kernel_type = mlk_kernel_type(options->kernel), .gamma = options->gamma,
        .cache_size = 200, .eps = options->tol, .C = options->C, .p = options->epsilon, .shrinking = 1,
    };
    const char *fault = svm_check_parameter(problem, &parameter);
    if (fault)
        return mlk_fail(status, MLK_INVALID, "svr: %s", fault);
    mlk_kernel_silence();
    struct svm_model *model = svm_train(problem, &parameter);
    if (!model)
        return mlk_fail_memory(status, "an SVR");
    *svr = (mlk_svr){.d = samples.d, .kernel = options->kernel, .gamma = options->gamma};
    mlk_code code = copy_model(model, samples, svr, status);
    svm_free_and_destroy_model(&model);
    return code;
}

mlk_code mlk_svr_fit(mlk_samples samples, const double *y, const mlk_svr_options *options, mlk_svr *svr,
                     mlk_status *status)
{
    *svr = (mlk_svr){0};
    mlk_code code = mlk_samples_check(samples, 1, status);
    if (code)
        return code;
    struct svm_node **rows = malloc(sizeof *rows * (size_t)samples.n);
    struct svm_node *nodes = rows ? mlk_kernel_nodes(samples, rows) : NULL;
    double *targets = malloc(sizeof(double) * (size_t)samples.n);
    if (nodes && targets) {
        memcpy(targets, y, sizeof(double) * (size_t)samples.n);
        struct svm_problem problem = {.l = (int)samples.n, .y = targets, .x = rows};
        code = train(&problem, samples, options, svr, status);
    } else {
        code = mlk_fail_memory(status, "an SVR");
    }
    free(nodes), free(rows), free(targets);
    if (code)
        mlk_svr_free(svr);
    return code;
}

typedef struct prediction {
    mlk_samples samples;
    const mlk_svr *svr;
    double *out;
} prediction;

static void predict_rows(void *context, int task, int worker)
{
    (void)worker;
    const prediction *self = context;
    const mlk_svr *svr = self->svr;
    int64_t last = (task + 1) * (int64_t)ROWS;
    last = last < self->samples.n ? last : self->samples.n;
    for (int64_t i = task * (int64_t)ROWS; i < last && !mlk_interrupted(); i++) {
        double sum = svr->offset;
        for (int64_t v = 0; v < svr->n_vectors; v++)
            sum += svr->coefficients[v] * mlk_kernel_value(svr->kernel, svr->gamma, svr->d,
                                                           self->samples.x + i * svr->d, svr->vectors + v * svr->d);
        self->out[i] = sum;
    }
}

mlk_code mlk_svr_predict(mlk_samples samples, const mlk_svr *svr, double *out, mlk_status *status)
{
    mlk_code code = mlk_samples_check(samples, 0, status);
    if (code)
        return code;
    prediction self = {samples, svr, out};
    mlk_parallel((int)((samples.n + ROWS - 1) / ROWS), 0, predict_rows, &self);
    return mlk_interrupted() ? mlk_fail(status, MLK_INTERRUPTED, "interrupted") : MLK_OK;
}

void mlk_svr_free(mlk_svr *svr)
{
    free(svr->vectors), free(svr->coefficients);
    *svr = (mlk_svr){0};
}
