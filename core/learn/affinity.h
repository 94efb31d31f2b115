/* affinity.h: how much rows are neighbours of each other, as t-SNE takes it: a Gaussian about each row, as wide as the
 * perplexity asks (Hinton and Roweis 2002). */
#ifndef MLK_LEARN_AFFINITY_H
#define MLK_LEARN_AFFINITY_H

#include "neighbors.h"

/* p (n x k): for each row, shares of its neighbours that add up to 1, with an entropy of log(perplexity) as nearly as
 * the distances allow. */
mlk_code mlk_affinities(const mlk_neighbors *neighbors, double perplexity, float *p, mlk_status *status);

#endif
