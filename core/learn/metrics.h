/* metrics.h: how well labels agree; scikit-learn's definitions. Labels are ids 0 or above. */
#ifndef MLK_LEARN_METRICS_H
#define MLK_LEARN_METRICS_H

#include "samples.h"

/* counts[i * columns + j]: rows with truth i and label j. The tables' sizes are the largest ids + 1. */
mlk_code mlk_contingency(const int64_t *truth, const int64_t *labels, int64_t n, int64_t rows, int64_t columns,
                         int64_t *counts, mlk_status *status);

/* Adjusted Rand index (Hubert and Arabie 1985) of a contingency table. 1: the same partition; 0: chance. */
double mlk_adjusted_rand(const int64_t *counts, int64_t rows, int64_t columns);

/* Mutual information over the arithmetic mean of the entropies. */
double mlk_normalized_mutual_information(const int64_t *counts, int64_t rows, int64_t columns);

/* Mean silhouette coefficient (Rousseeuw 1987), Euclidean, rows of one-member clusters 0; 2..n-1 clusters. */
mlk_code mlk_silhouette(mlk_samples samples, const int64_t *labels, double *mean, mlk_status *status);

#endif
