/* kmeans.h: k-means by Lloyd's algorithm (1982), started by k-means++ (Arthur and Vassilvitskii 2007; the best of
 * 2 + ln k candidates for each centre is kept, as in scikit-learn).
 *
 * Distances come from blocked matrix products in float32, after the mean is taken out of the data. Centres are
 * summed in double. A cluster that loses all rows takes the row that lies farthest from its own centre.
 */
#ifndef MLK_LEARN_KMEANS_H
#define MLK_LEARN_KMEANS_H

#include "parameters.h"
#include "random.h"
#include "samples.h"

typedef struct mlk_kmeans_options {
    int64_t k;
    int max_iter;
    double tol;          /* stop when the centres' squared shift is below this share of the columns' mean variance */
    int n_init;          /* starts; the one of least inertia is kept */
    uint64_t seed;
    const double *start; /* k x d centres to start from; NULL: k-means++ */
} mlk_kmeans_options;

extern const mlk_parameter mlk_kmeans_parameters[]; /* all but `start` */

typedef struct mlk_kmeans_result {
    double inertia; /* sum of squared distances to the nearest centre */
    int iterations;
    int64_t used;   /* clusters that hold a row: fewer than k where there are fewer different rows than that */
} mlk_kmeans_result;

/* Fills centers (k x d) and labels (n). n must be k or more. */
mlk_code mlk_kmeans_fit(mlk_samples samples, const mlk_kmeans_options *options, double *centers, int64_t *labels,
                        mlk_kmeans_result *result, mlk_status *status);

/* The nearest centre of each row. */
mlk_code mlk_kmeans_predict(mlk_samples samples, const double *centers, int64_t k, int64_t *labels,
                            mlk_status *status);

#endif
