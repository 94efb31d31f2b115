/* cohesion.h: how well clusters hold together, and stand apart; scikit-learn's definitions, Euclidean distances. Labels
 * are ids 0..rows - 1; 2..rows - 1 clusters must be used. */
#ifndef MLK_LEARN_COHESION_H
#define MLK_LEARN_COHESION_H

#include "samples.h"

/* Silhouette coefficients (Rousseeuw 1987): their mean, and that of each row where `each` (n) is not NULL; rows of
 * one-member clusters 0. It takes n^2 distances. */
mlk_code mlk_silhouette(mlk_samples samples, const int64_t *labels, double *each, double *mean, mlk_status *status);

/* Calinski and Harabasz (1974): the squares between clusters over those within, each over its degrees of freedom.
 * Davies and Bouldin (1979): the mean over clusters of the worst ratio of what two spread to how far they are. */
typedef struct mlk_cohesion {
    double calinski_harabasz, davies_bouldin;
} mlk_cohesion;
mlk_code mlk_cohesion_of(mlk_samples samples, const int64_t *labels, mlk_cohesion *found, mlk_status *status);

#endif
