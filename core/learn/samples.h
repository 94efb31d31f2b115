/* samples.h: the table that every estimator takes: n rows (samples) of d columns (features), float32. */
#ifndef MLK_LEARN_SAMPLES_H
#define MLK_LEARN_SAMPLES_H

#include "status.h"

#include <stdint.h>

typedef struct mlk_samples {
    const float *x; /* n x d, row after row */
    int64_t n;
    int64_t d;
} mlk_samples;

/* At least `least` rows, at least one column, every value finite; the error names the first that is not. */
mlk_code mlk_samples_check(mlk_samples samples, int64_t least, mlk_status *status);

/* The mean of each column (double sums, by chunk), and with `variance` not NULL the variance (ddof 0). */
mlk_code mlk_samples_moments(mlk_samples samples, double *mean, double *variance, mlk_status *status);

/* Labels 0..k-1, every one of them used at least once and at least two of them; *k is the largest + 1. */
mlk_code mlk_labels_check(const int64_t *y, int64_t n, int64_t *k, mlk_status *status);

#endif
