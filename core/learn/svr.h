/* svr.h: support vector regression (Drucker et al. 1997), epsilon-insensitive, trained by libsvm; as sklearn.svm.SVR.
 *
 * A model is plain arrays; predictions are computed here from them: sum of coefficient * kernel(vector, row), plus
 * the offset.
 */
#ifndef MLK_LEARN_SVR_H
#define MLK_LEARN_SVR_H

#include "svm.h"

typedef struct mlk_svr_options {
    double C;       /* above 0 */
    double epsilon; /* 0 or more: errors below cost nothing */
    mlk_kernel kernel;
    double gamma;   /* of exp(-gamma |a - b|^2); unused by the linear kernel */
    double tol;
} mlk_svr_options;

extern const mlk_parameter mlk_svr_parameters[];

typedef struct mlk_svr {
    int64_t d;
    int64_t n_vectors;
    mlk_kernel kernel;
    double gamma;
    float *vectors;       /* n_vectors x d */
    double *coefficients; /* n_vectors */
    double offset;
} mlk_svr;

/* y: n. Free the model with mlk_svr_free. */
mlk_code mlk_svr_fit(mlk_samples samples, const double *y, const mlk_svr_options *options, mlk_svr *svr,
                     mlk_status *status);

/* out: n. */
mlk_code mlk_svr_predict(mlk_samples samples, const mlk_svr *svr, double *out, mlk_status *status);

void mlk_svr_free(mlk_svr *svr);

#endif
