/* shrinkage.h: covariances of few rows, drawn towards what is the same in all directions: so they can be inverted. */
#ifndef MLK_LEARN_SHRINKAGE_H
#define MLK_LEARN_SHRINKAGE_H

#include "status.h"

#include <stdint.h>

/* Adds `weight` times the covariance (ddof 0) of x (n x d, the mean taken out; what is in x is lost) to `sum` (d x d):
 * (1 - shrinkage) of it, and shrinkage times its mean variance along each column. With shrinkage NAN it is what Ledoit
 * and Wolf (2004) find best, for columns that are standardised first. */
mlk_code mlk_add_covariance(double *x, int64_t n, int64_t d, double shrinkage, double weight, double *sum,
                            mlk_status *status);

#endif
