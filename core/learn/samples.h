/* samples.h: the table that every estimator takes: n rows (samples) of d columns (features), float32.
 *
 * The shapes of arrays in this folder: "n x d" is n rows of d numbers, row after row. n: samples, d: columns, k:
 * classes, clusters or components, BLOCK: rows that are computed together, chunks: see chunks.h.
 */
#ifndef MLK_LEARN_SAMPLES_H
#define MLK_LEARN_SAMPLES_H

#include "status.h"

#include <stdint.h>

typedef struct mlk_samples {
    const float *x; /* n x d, row after row */
    int64_t n;
    int64_t d;
} mlk_samples;

/* Refuses fewer than `least` rows, no columns, and values that are not finite; the message names the first of them. */
mlk_code mlk_samples_check(mlk_samples samples, int64_t least, mlk_status *status);

/* The mean of each column (double sums, by chunk), and with `variance` not NULL the variance (ddof 0). */
mlk_code mlk_samples_moments(mlk_samples samples, double *mean, double *variance, mlk_status *status);

/* Refuses labels unless they are 0..k-1, each used at least once, and k is 2 or more; *k is the largest + 1. */
mlk_code mlk_labels_check(const int64_t *y, int64_t n, int64_t *k, mlk_status *status);

#endif
