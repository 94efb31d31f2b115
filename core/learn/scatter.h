/* scatter.h: products of centred columns, in double, which PCA and ridge regression solve. */
#ifndef MLK_LEARN_SCATTER_H
#define MLK_LEARN_SCATTER_H

#include "samples.h"

/* out: count x d, rows from `first` on without their mean (d). */
void mlk_center(mlk_samples samples, const double *mean, int64_t first, int64_t count, double *out);

/* The lower triangle of the centred columns' products, d x d; the same to the bit for any number of workers. Call it
 * between mlk_blas_single and mlk_blas_restore. */
mlk_code mlk_scatter(mlk_samples samples, const double *mean, double *matrix, mlk_status *status);

#endif
