#include "svm.h"

#include "interrupt.h"
#include "parallel.h"

#include <libsvm/svm.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define IN(member) MLK_IN(mlk_svm_options, member)

const mlk_parameter mlk_svm_parameters[] = {
    MLK_REAL("C", 1, 0, HUGE_VAL, "inverse strength of the penalty", IN(C), .above = true),
    MLK_CHOICE("kernel", MLK_KERNEL_RBF, mlk_kernel_names, "how likeness is measured", IN(kernel)),
    MLK_REAL("gamma", 1, 0, HUGE_VAL, "of the kernel exp(-gamma |a - b|^2)", IN(gamma), .above = true),
    MLK_REAL("tol", 1e-3, 0, HUGE_VAL, "when libsvm stops", IN(tol), .above = true),
    MLK_PARAMETERS_END,
};

enum { ROWS = 16 }; /* a task */

/* Where the vectors of class c begin in libsvm's order of classes. */
static int64_t first_vector(const struct svm_model *model, int at)
{
    int64_t first = 0;
    for (int i = 0; i < at; i++)
        first += model->nSV[i];
    return first;
}

/* libsvm numbers classes by first appearance; ours are in order of their ids. */
static mlk_code copy_model(const struct svm_model *model, mlk_samples samples, mlk_svm *svm, mlk_status *status)
{
    int64_t k = svm->k, l = svm->n_vectors, d = svm->d;
    int *place = malloc(sizeof(int) * (size_t)k); /* of class c in libsvm's order */
    int64_t *first = malloc(sizeof(int64_t) * (size_t)k);
    if (!place || !first) {
        free(place), free(first);
        return mlk_fail_memory(status, "an SVM");
    }
    for (int i = 0; i < (int)k; i++)
        place[model->label[i]] = i;
    int64_t next = 0;
    for (int64_t c = 0; c < k; c++) {
        first[c] = next;
        svm->counts[c] = model->nSV[place[c]];
        next += svm->counts[c];
    }
    for (int64_t c = 0; c < k; c++) {
        int64_t from = first_vector(model, place[c]);
        for (int64_t v = 0; v < svm->counts[c]; v++) {
            int64_t row = model->sv_indices[from + v] - 1;
            memcpy(svm->vectors + (first[c] + v) * d, samples.x + row * d, sizeof(float) * (size_t)d);
        }
    }
    int64_t pair = 0;
    for (int64_t a = 0; a < k; a++) {
        for (int64_t b = a + 1; b < k; b++, pair++) {
            int low = place[a] < place[b] ? place[a] : place[b], high = place[a] < place[b] ? place[b] : place[a];
            double sign = place[a] < place[b] ? 1 : -1;
            int64_t theirs = low * k - (int64_t)low * (low + 1) / 2 + high - low - 1;
            svm->offsets[pair] = sign * model->rho[theirs];
            int64_t from_a = first_vector(model, place[a]), from_b = first_vector(model, place[b]);
            int row_a = place[a] < place[b] ? place[b] - 1 : place[b];
            int row_b = place[b] < place[a] ? place[a] - 1 : place[a];
            for (int64_t v = 0; v < svm->counts[a]; v++)
                svm->coefficients[(b - 1) * l + first[a] + v] = sign * model->sv_coef[row_a][from_a + v];
            for (int64_t v = 0; v < svm->counts[b]; v++)
                svm->coefficients[a * l + first[b] + v] = sign * model->sv_coef[row_b][from_b + v];
        }
    }
    free(place), free(first);
    return MLK_OK;
}

/* ids: 0..k-1, as libsvm wants the weights' classes. */
static mlk_code train(struct svm_problem *problem, mlk_samples samples, int64_t k, int *ids,
                      const mlk_svm_options *options, mlk_svm *svm, mlk_status *status)
{
    struct svm_parameter parameter = {
        .svm_type = C_SVC, .kernel_type = mlk_kernel_type(options->kernel), .gamma = options->gamma,
        .cache_size = 200, .eps = options->tol, .C = options->C, .shrinking = 1,
        .nr_weight = options->class_weights ? (int)k : 0, .weight_label = ids,
        .weight = (double *)options->class_weights,
    };
    const char *fault = svm_check_parameter(problem, &parameter);
    if (fault)
        return mlk_fail(status, MLK_INVALID, "svm: %s", fault);
    mlk_kernel_silence();
    struct svm_model *model = svm_train(problem, &parameter);
    if (!model)
        return mlk_fail_memory(status, "an SVM");
    *svm = (mlk_svm){.k = k, .d = samples.d, .n_vectors = model->l, .kernel = options->kernel, .gamma = options->gamma};
    size_t l = (size_t)model->l;
    svm->vectors = malloc(sizeof(float) * (l * (size_t)samples.d + 1));
    svm->coefficients = calloc(l * (size_t)(k - 1) + 1, sizeof(double));
    svm->offsets = malloc(sizeof(double) * (size_t)(k * (k - 1) / 2));
    svm->counts = malloc(sizeof(int64_t) * (size_t)k);
    mlk_code code = MLK_OK;
    if (svm->vectors && svm->coefficients && svm->offsets && svm->counts)
        code = copy_model(model, samples, svm, status);
    else
        code = mlk_fail_memory(status, "an SVM");
    svm_free_and_destroy_model(&model);
    return code;
}

mlk_code mlk_svm_fit(mlk_samples samples, const int64_t *y, int64_t k, const mlk_svm_options *options, mlk_svm *svm,
                     mlk_status *status)
{
    *svm = (mlk_svm){0};
    if (!(options->C > 0) || !(options->gamma > 0) || !(options->tol > 0))
        return mlk_fail(status, MLK_INVALID, "C, gamma and tol must be above 0, got %g, %g, %g", options->C,
                        options->gamma, options->tol);
    mlk_code code = mlk_samples_check(samples, 2, status);
    if (code)
        return code;
    struct svm_node **rows = malloc(sizeof *rows * (size_t)samples.n);
    struct svm_node *nodes = rows ? mlk_kernel_nodes(samples, rows) : NULL;
    double *labels = malloc(sizeof(double) * (size_t)samples.n);
    int *ids = malloc(sizeof(int) * (size_t)k);
    if (nodes && labels && ids) {
        for (int c = 0; c < (int)k; c++)
            ids[c] = c;
        for (int64_t i = 0; i < samples.n; i++)
            labels[i] = (double)y[i];
        struct svm_problem problem = {.l = (int)samples.n, .y = labels, .x = rows};
        code = train(&problem, samples, k, ids, options, svm, status);
    } else {
        code = mlk_fail_memory(status, "an SVM");
    }
    free(nodes), free(rows), free(labels), free(ids);
    if (code)
        mlk_svm_free(svm);
    return code;
}

typedef struct judging {
    mlk_samples samples;
    const mlk_svm *svm;
    double *decisions;
    int64_t *labels;
    double *kernels; /* workers x n_vectors */
    int64_t *votes;  /* workers x k */
} judging;

/* kernels: n_vectors; votes: k; both scratch. */
static void judge_row(const judging *self, int64_t row, double *kernels, int64_t *votes)
{
    const mlk_svm *svm = self->svm;
    int64_t k = svm->k, l = svm->n_vectors, pair = 0, first_a = 0;
    for (int64_t v = 0; v < l; v++)
        kernels[v] = mlk_kernel_value(svm->kernel, svm->gamma, svm->d, self->samples.x + row * svm->d,
                                      svm->vectors + v * svm->d);
    memset(votes, 0, sizeof(int64_t) * (size_t)k);
    for (int64_t a = 0; a < k; a++) {
        int64_t first_b = first_a + svm->counts[a];
        for (int64_t b = a + 1; b < k; b++, pair++) {
            double sum = -svm->offsets[pair];
            for (int64_t v = 0; v < svm->counts[a]; v++)
                sum += svm->coefficients[(b - 1) * l + first_a + v] * kernels[first_a + v];
            for (int64_t v = 0; v < svm->counts[b]; v++)
                sum += svm->coefficients[a * l + first_b + v] * kernels[first_b + v];
            votes[sum > 0 ? a : b]++;
            if (self->decisions)
                self->decisions[row * (k * (k - 1) / 2) + pair] = sum;
            first_b += svm->counts[b];
        }
        first_a += svm->counts[a];
    }
    self->labels[row] = 0;
    for (int64_t c = 1; c < k; c++)
        if (votes[c] > votes[self->labels[row]])
            self->labels[row] = c;
}

static void judge(void *context, int task, int worker)
{
    const judging *self = context;
    int64_t last = (task + 1) * (int64_t)ROWS;
    last = last < self->samples.n ? last : self->samples.n;
    for (int64_t row = task * (int64_t)ROWS; row < last; row++)
        judge_row(self, row, self->kernels + worker * self->svm->n_vectors, self->votes + worker * self->svm->k);
}

mlk_code mlk_svm_predict(mlk_samples samples, const mlk_svm *svm, double *decisions, int64_t *labels,
                         mlk_status *status)
{
    mlk_code code = mlk_samples_check(samples, 0, status);
    if (code)
        return code;
    int workers = mlk_cores();
    judging self = {.samples = samples, .svm = svm, .decisions = decisions, .labels = labels};
    self.kernels = malloc(sizeof(double) * (size_t)(workers * svm->n_vectors + 1));
    self.votes = malloc(sizeof(int64_t) * (size_t)(workers * svm->k));
    if (self.kernels && self.votes)
        mlk_parallel((int)((samples.n + ROWS - 1) / ROWS), workers, judge, &self);
    else
        code = mlk_fail_memory(status, "SVM decisions");
    free(self.kernels), free(self.votes);
    if (!code && mlk_interrupted())
        code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    return code;
}

void mlk_svm_free(mlk_svm *svm)
{
    free(svm->vectors), free(svm->coefficients), free(svm->offsets), free(svm->counts);
    *svm = (mlk_svm){0};
}
