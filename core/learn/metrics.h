/* metrics.h: how well two labellings agree; scikit-learn's definitions. Labels are ids 0 or above. */
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

/* Homogeneity: what clusters tell of classes, over the entropy of classes; completeness: what classes tell of clusters
 * (Rosenberg and Hirschberg 2007). Rows of the table are classes. */
void mlk_homogeneity(const int64_t *counts, int64_t rows, int64_t columns, double *homogeneity, double *completeness);

/* The mutual information, in nats, that labellings with the table's margins have by chance. */
mlk_code mlk_expected_information(const int64_t *counts, int64_t rows, int64_t columns, double *value,
                                  mlk_status *status);

/* Mutual information less what chance gives (Vinh, Epps and Bailey 2010), over the arithmetic mean of the entropies
 * less the same. */
mlk_code mlk_adjusted_mutual_information(const int64_t *counts, int64_t rows, int64_t columns, double *value,
                                         mlk_status *status);

#endif
