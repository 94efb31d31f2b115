/* svm.h: support vector classification (Cortes and Vapnik 1995), one against one, trained by libsvm.
 *
 * A model is plain arrays, so that it can be saved as data; predictions are computed here from them.
 */
#ifndef MLK_LEARN_SVM_H
#define MLK_LEARN_SVM_H

#include "kernel.h"
#include "parameters.h"

typedef struct mlk_svm_options {
    double C;          /* above 0 */
    mlk_kernel kernel;
    double gamma;      /* of exp(-gamma |a - b|^2); unused by the linear kernel */
    double tol;
    const double *class_weights; /* k: what C is multiplied by for rows of each class; NULL: 1 */
} mlk_svm_options;

extern const mlk_parameter mlk_svm_parameters[];

typedef struct mlk_svm {
    int64_t k;         /* classes */
    int64_t d;
    int64_t n_vectors;
    mlk_kernel kernel;
    double gamma;
    float *vectors;        /* n_vectors x d, grouped by class */
    double *coefficients;  /* (k - 1) x n_vectors: libsvm's layout */
    double *offsets;       /* k (k - 1) / 2, pairs (0,1) (0,2) .. (k-2,k-1) */
    int64_t *counts;       /* k: vectors of each class */
} mlk_svm;

/* y: class ids 0..k-1, each present. Free the model with mlk_svm_free. */
mlk_code mlk_svm_fit(mlk_samples samples, const int64_t *y, int64_t k, const mlk_svm_options *options, mlk_svm *svm,
                     mlk_status *status);

/* Decisions of every pair (n x k(k-1)/2, positive for the first of the pair; may be NULL) and the class with the
 * most votes, the first of equals. */
mlk_code mlk_svm_predict(mlk_samples samples, const mlk_svm *svm, double *decisions, int64_t *labels,
                         mlk_status *status);

void mlk_svm_free(mlk_svm *svm);

#endif
