/* calibration.h: how sure a support vector machine is: probabilities from its decisions (platt.h).
 *
 * The decisions that the sigmoids are fitted to come from SVMs that did not see the row: five stratified parts of the
 * rows, each decided by an SVM of the other four, as libsvm and scikit-learn do.
 */
#ifndef MLK_LEARN_CALIBRATION_H
#define MLK_LEARN_CALIBRATION_H

#include "svm.h"

/* Slopes and intercepts of all pairs (k (k - 1) / 2 each). `seed` divides the rows. The only row of a class is in all
 * of the SVMs, and no sigmoid is fitted to it. */
mlk_code mlk_svm_calibrate(mlk_samples samples, const int64_t *y, int64_t k, const mlk_svm_options *options,
                           uint64_t seed, double *slopes, double *intercepts, mlk_status *status);

/* Probabilities (n x k) from decisions (n x pairs). */
mlk_code mlk_svm_proba(const double *decisions, int64_t n, int64_t k, const double *slopes, const double *intercepts,
                       double *proba, mlk_status *status);

#endif
