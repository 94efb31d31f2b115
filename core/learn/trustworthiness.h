/* trustworthiness.h: whether neighbours in an embedding were neighbours before (Venna and Kaski 2001), as
 * sklearn.manifold.trustworthiness over Euclidean distances. */
#ifndef MLK_LEARN_TRUSTWORTHINESS_H
#define MLK_LEARN_TRUSTWORTHINESS_H

#include "samples.h"

/* The k nearest rows in z of each row, each by how far beyond the k nearest it ranks in x: 1 where none does, about 0.5
 * for chance. x and z have as many rows, more than 2k; rows^2 distances are computed. Of rows that are equally far the
 * earlier counts as nearer. */
mlk_code mlk_trustworthiness(mlk_samples x, mlk_samples z, int64_t k, double *value, mlk_status *status);

#endif
