/* gmm.h: Gaussian mixture models by expectation maximisation (Dempster, Laird and Rubin 1977), in double, with
 * scikit-learn's parameters: covariances full, tied, diag or spherical, reg_covar added to their diagonals.
 *
 * A start is the labels of k-means (k-means++), or given labels. The best of n_init starts is kept: the one of
 * greatest mean log-likelihood.
 */
#ifndef MLK_LEARN_GMM_H
#define MLK_LEARN_GMM_H

#include "parameters.h"
#include "samples.h"

#include <stdbool.h>

typedef enum mlk_covariance { MLK_FULL, MLK_TIED, MLK_DIAG, MLK_SPHERICAL } mlk_covariance;

extern const char *const mlk_covariance_names[]; /* in the enum's order, NULL at the end */

typedef struct mlk_gmm_options {
    int64_t k;
    mlk_covariance covariance;
    double tol;           /* smallest gain of mean log-likelihood to go on for */
    double reg_covar;
    int max_iter;
    int n_init;
    uint64_t seed;
    const int64_t *start; /* n labels 0..k-1 to start from; NULL: k-means */
} mlk_gmm_options;

extern const mlk_parameter mlk_gmm_parameters[]; /* all but `start` */

/* A mixture: weights (k), means (k x d), covariances (k x d x d, d x d, k x d or k). The caller's memory. */
typedef struct mlk_gmm {
    int64_t k, d;
    mlk_covariance covariance;
    double *weights, *means, *covariances;
} mlk_gmm;

typedef struct mlk_gmm_result {
    double mean_log_likelihood;
    int iterations;
    bool converged;
} mlk_gmm_result;

/* Numbers in `covariances`. */
int64_t mlk_gmm_covariance_count(mlk_covariance covariance, int64_t k, int64_t d);

/* Free parameters, for BIC and AIC. */
int64_t mlk_gmm_free_parameters(mlk_covariance covariance, int64_t k, int64_t d);

/* n must be k or more. */
mlk_code mlk_gmm_fit(mlk_samples samples, const mlk_gmm_options *options, mlk_gmm *gmm, mlk_gmm_result *result,
                     mlk_status *status);

/* log_likelihood (n) of each row and responsibilities (n x k, rows sum to 1); either may be NULL. */
mlk_code mlk_gmm_score(mlk_samples samples, const mlk_gmm *gmm, double *log_likelihood, double *responsibilities,
                       mlk_status *status);

#endif
