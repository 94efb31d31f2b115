#include "kernel.h"

#include <libsvm/svm.h>
#include <math.h>
#include <stdlib.h>

const char *const mlk_kernel_names[] = {"rbf", "linear", NULL};

double mlk_kernel_value(mlk_kernel kernel, double gamma, int64_t d, const float *a, const float *b)
{
    double sum = 0;
    if (kernel == MLK_KERNEL_LINEAR) {
        for (int64_t j = 0; j < d; j++)
            sum += (double)a[j] * b[j];
        return sum;
    }
    for (int64_t j = 0; j < d; j++) {
        double apart = (double)a[j] - b[j];
        sum += apart * apart;
    }
    return exp(-gamma * sum);
}

struct svm_node *mlk_kernel_nodes(mlk_samples samples, struct svm_node **rows)
{
    struct svm_node *nodes = malloc(sizeof *nodes * (size_t)(samples.n * (samples.d + 1)));
    for (int64_t i = 0; nodes && i < samples.n; i++) {
        rows[i] = nodes + i * (samples.d + 1);
        for (int64_t j = 0; j < samples.d; j++)
            rows[i][j] = (struct svm_node){(int)j + 1, samples.x[i * samples.d + j]};
        rows[i][samples.d].index = -1;
    }
    return nodes;
}

int mlk_kernel_type(mlk_kernel kernel)
{
    return kernel == MLK_KERNEL_RBF ? RBF : LINEAR;
}

static void say_nothing(const char *text)
{
    (void)text;
}

void mlk_kernel_silence(void)
{
    svm_set_print_string_function(say_nothing);
}
