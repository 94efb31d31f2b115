/* logistic.h: multinomial logistic regression with an L2 penalty, fitted by L-BFGS (Liu and Nocedal 1989).
 *
 * Minimises  C * sum of weighted losses + |W|^2 / 2, intercepts free, as scikit-learn's LogisticRegression does; two
 * classes have one weight vector (the logistic function), more have one each (softmax).
 */
#ifndef MLK_LEARN_LOGISTIC_H
#define MLK_LEARN_LOGISTIC_H

#include "parameters.h"
#include "samples.h"

typedef struct mlk_logistic_options {
    double C;     /* inverse strength of the penalty, above 0 */
    double tol;   /* largest entry of the gradient of the mean loss at which to stop */
    int max_iter;
    const double *class_weights; /* k: what the loss of a row of each class counts; NULL: 1 */
} mlk_logistic_options;

extern const mlk_parameter mlk_logistic_parameters[];

/* Weight vectors for k classes. */
int64_t mlk_logistic_outputs(int64_t k);

/* y: n class ids 0..k-1. Fills weights (outputs x d), intercepts (outputs) and *iterations. */
mlk_code mlk_logistic_fit(mlk_samples samples, const int64_t *y, int64_t k, const mlk_logistic_options *options,
                          double *weights, double *intercepts, int *iterations, mlk_status *status);

/* Class probabilities, n x k. */
mlk_code mlk_logistic_proba(mlk_samples samples, const double *weights, const double *intercepts, int64_t k,
                            double *proba, mlk_status *status);

#endif
