/* discriminant.h: linear discriminant analysis (Fisher 1936; Rao 1948) as
 * sklearn.discriminant_analysis.LinearDiscriminantAnalysis: classes are normal distributions of one covariance. It
 * finds the directions that tell them apart best, and classifies.
 */
#ifndef MLK_LEARN_DISCRIMINANT_H
#define MLK_LEARN_DISCRIMINANT_H

#include "samples.h"

/* What is learnt of k classes of d columns; the caller's memory. */
typedef struct mlk_discriminant {
    double *mean;       /* d: of all rows, by the classes' shares */
    double *means;      /* k x d */
    double *scalings;   /* min(k - 1, d) x d: the directions, the one that tells most first; the others are 0 */
    double *ratio;      /* min(k - 1, d): the share of the variance between classes along each */
    double *weights;    /* k x d: of a row's score for each class */
    double *intercepts; /* k */
    int64_t directions; /* how many there are */
} mlk_discriminant;

/* y (n) must hold every class of 0..k-1; rows must be more than classes. Singular values below tol count as 0. */
mlk_code mlk_discriminant_fit(mlk_samples samples, const int64_t *y, int64_t k, double tol, mlk_discriminant *found,
                              mlk_status *status);

/* The same by covariances that are shrunk (shrinkage.h), so that there may be more columns than rows; scikit-learn's
 * solver by eigenvalues. */
mlk_code mlk_discriminant_fit_shrunk(mlk_samples samples, const int64_t *y, int64_t k, double shrinkage,
                                     mlk_discriminant *found, mlk_status *status);

#endif
