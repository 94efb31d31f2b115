/* pca.h: principal component analysis (Hotelling 1933), by the eigenvectors of the covariance matrix in double;
 * of the Gram matrix where there are fewer rows than columns.
 *
 * Signs are those of scikit-learn's PCA: in each component the entry of largest magnitude is positive.
 */
#ifndef MLK_LEARN_PCA_H
#define MLK_LEARN_PCA_H

#include "samples.h"

/* k = 1..min(n, d). Fills mean (d), components (k x d, orthonormal rows), explained_variance (k, ddof 1,
 * descending) and *total_variance (of all columns). n must be 2 or more. */
mlk_code mlk_pca_fit(mlk_samples samples, int64_t k, double *mean, double *components, double *explained_variance,
                     double *total_variance, mlk_status *status);

#endif
