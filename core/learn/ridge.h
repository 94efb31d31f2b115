/* ridge.h: linear regression with an L2 penalty (Hoerl and Kennard 1970), solved in closed form.
 *
 * It minimises |y - x w - b|^2 + alpha |w|^2 for each target, as sklearn.linear_model.Ridge does; b is not penalised.
 */
#ifndef MLK_LEARN_RIDGE_H
#define MLK_LEARN_RIDGE_H

#include "parameters.h"
#include "samples.h"

#include <stdbool.h>

typedef struct mlk_ridge_options {
    double alpha; /* 0 or more */
    bool fit_intercept;
} mlk_ridge_options;

extern const mlk_parameter mlk_ridge_parameters[];

/* y: n x targets. weights: targets x d; intercepts: targets. */
mlk_code mlk_ridge_fit(mlk_samples samples, const double *y, int64_t targets, const mlk_ridge_options *options,
                       double *weights, double *intercepts, mlk_status *status);

/* out: n x targets. */
mlk_code mlk_ridge_predict(mlk_samples samples, const double *weights, const double *intercepts, int64_t targets,
                           double *out, mlk_status *status);

#endif
