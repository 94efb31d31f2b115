/* kmeans.h: k-means by Lloyd's algorithm (1982), started by k-means++ (Arthur and Vassilvitskii 2007; of
 * 2 + ln k candidates for each centre the best is kept, as scikit-learn does).
 *
 * Distances come from blocked matrix products in float32 of data with its mean taken out; centres are summed
 * in double. A cluster that loses all rows takes the row that lies farthest from its own centre.
 */
#ifndef MLK_LEARN_KMEANS_H
#define MLK_LEARN_KMEANS_H

#include "parameters.h"
#include "random.h"
#include "samples.h"

typedef struct mlk_kmeans_options {
    int64_t k;
    int max_iter;
    double tol;          /* of the columns' mean variance, against the centres' squared shift */
    int n_init;          /* restarts; the one of least inertia is kept */
    uint64_t seed;
    const double *start; /* k x d centres to start from; NULL: k-means++ */
} mlk_kmeans_options;

extern const mlk_parameter mlk_kmeans_parameters[]; /* all but `start` */

typedef struct mlk_kmeans_result {
    double inertia; /* sum of squared distances to the nearest centre */
    int iterations;
} mlk_kmeans_result;

/* Fills centers (k x d) and labels (n). n must be k or more. */
mlk_code mlk_kmeans_fit(mlk_samples samples, const mlk_kmeans_options *options, double *centers, int64_t *labels,
                        mlk_kmeans_result *result, mlk_status *status);

/* The nearest centre of each row. */
mlk_code mlk_kmeans_predict(mlk_samples samples, const double *centers, int64_t k, int64_t *labels,
                            mlk_status *status);

#endif
