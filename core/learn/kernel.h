/* kernel.h: what support vector machines share: kernels, and rows as libsvm takes them. */
#ifndef MLK_LEARN_KERNEL_H
#define MLK_LEARN_KERNEL_H

#include "samples.h"

typedef enum mlk_kernel { MLK_KERNEL_RBF, MLK_KERNEL_LINEAR } mlk_kernel;

extern const char *const mlk_kernel_names[]; /* in the enum's order, NULL at the end */

/* Of two rows of d numbers; gamma: of exp(-gamma |a - b|^2). */
double mlk_kernel_value(mlk_kernel kernel, double gamma, int64_t d, const float *a, const float *b);

/* libsvm's sparse rows: index from 1, ended by -1. Fills n pointers, and gives what they point into (malloc; NULL: no
 * memory). */
struct svm_node *mlk_kernel_nodes(mlk_samples samples, struct svm_node **rows);

/* libsvm's own name of a kernel. */
int mlk_kernel_type(mlk_kernel kernel);

/* Keeps libsvm from printing. */
void mlk_kernel_silence(void);

#endif
