/* knn.h: k-nearest neighbours by exhaustive search over Euclidean distances, in double. */
#ifndef MLK_LEARN_KNN_H
#define MLK_LEARN_KNN_H

#include "samples.h"

#include <stdbool.h>

/* The `neighbors` nearest rows of `train` for each row of `samples`, nearest first, the earlier of equals first:
 * indices and distances (both samples.n x neighbors). neighbors = 1..train.n. */
mlk_code mlk_knn_search(mlk_samples train, mlk_samples samples, int64_t neighbors, int64_t *indices,
                        double *distances, mlk_status *status);

/* Shares of each of k classes among the neighbours, n x k: each counts 1, or 1/distance when `by_distance`
 * (rows at distance 0, if there are any, alone). */
mlk_code mlk_knn_proba(mlk_samples train, const int64_t *y, int64_t k, mlk_samples samples, int64_t neighbors,
                       bool by_distance, double *proba, mlk_status *status);

/* Means of the neighbours' values, weighted in the same way. y: train.n x targets; out: samples.n x targets. */
mlk_code mlk_knn_values(mlk_samples train, const double *y, int64_t targets, mlk_samples samples, int64_t neighbors,
                        bool by_distance, double *out, mlk_status *status);

#endif
