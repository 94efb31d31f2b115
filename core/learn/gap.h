/* gap.h: what the gap statistic needs (Tibshirani, Walther and Hastie 2001): rows without clusters, and how compact
 * clusters are. */
#ifndef MLK_LEARN_GAP_H
#define MLK_LEARN_GAP_H

#include "samples.h"

#include <stdint.h>

/* out (n x d): rows that are uniform in the box of the samples' least and greatest numbers. */
void mlk_gap_reference(mlk_samples samples, uint64_t seed, float *out);

/* The sum over clusters 0..k-1 of the squared distances of their rows to their mean. */
mlk_code mlk_gap_within(mlk_samples samples, const int64_t *labels, int64_t k, double *within, mlk_status *status);

#endif
