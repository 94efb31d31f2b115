/* start.h: places in a few dimensions from which embeddings start. */
#ifndef MLK_LEARN_START_H
#define MLK_LEARN_START_H

#include "samples.h"

enum { MLK_START_DIMS = 64 /* at most */ };

/* y (n x dims): uniform in -1..1. */
void mlk_start_random(int64_t n, int dims, uint64_t seed, float *y);

/* y: the first principal components, the largest coordinate 1, with a little noise (1 % of the first component's
 * deviation), so that equal rows can part. Components that the table does not have are 0 but for the noise. Of a table
 * with more than 2000 rows and columns, 2000 rows say what the components are. */
mlk_code mlk_start_pca(mlk_samples samples, int dims, uint64_t seed, float *y, mlk_status *status);

/* The standard deviation of one coordinate of y (n x dims). */
double mlk_start_deviation(const float *y, int64_t n, int dims, int axis);

#endif
