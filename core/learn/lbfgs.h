/* lbfgs.h: limited-memory BFGS (Liu and Nocedal 1989) with a line search for the strong Wolfe conditions. */
#ifndef MLK_LEARN_LBFGS_H
#define MLK_LEARN_LBFGS_H

#include "status.h"

#include <stdint.h>

/* The value at x; fills the gradient. */
typedef double mlk_objective(void *context, const double *x, double *gradient);

/* Minimises from x (n numbers), in place, until the gradient's largest entry is at most tol, the value no longer
 * falls, or max_iter steps are done. *iterations says how many it took. */
mlk_code mlk_lbfgs(mlk_objective *objective, void *context, int64_t n, double tol, int max_iter, double *x,
                   int *iterations, mlk_status *status);

#endif
