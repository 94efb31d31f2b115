/* neighbors.h: the nearest rows of each row of a table: the graph that embeddings begin with.
 *
 * Up to MLK_EXACT_ROWS rows (and always for rows of another table) all distances are looked at, by blocked matrix
 * products. Beyond, the search is approximate (forest.h): its recall is measured on a sample of rows, and where it
 * stays below 0.95 the exact search does the work after all. The same seed gives the same graph, whatever the number of
 * workers, to the bit.
 */
#ifndef MLK_LEARN_NEIGHBORS_H
#define MLK_LEARN_NEIGHBORS_H

#include "rows.h"

enum { MLK_EXACT_ROWS = 20000 };

typedef struct mlk_neighbors {
    int64_t n, k;
    int32_t *indices; /* n x k, nearest first, the earlier row of equals first */
    float *distances; /* n x k */
} mlk_neighbors;

/* The k nearest other rows of each row. k = 1..n-1; n is 2 or more. */
mlk_code mlk_neighbors_of(mlk_samples samples, int64_t k, mlk_row_metric metric, uint64_t seed,
                          mlk_neighbors *neighbors, mlk_status *status);

/* The k nearest rows of `train` for each of `samples`, which has the same columns. k = 1..train.n. */
mlk_code mlk_neighbors_among(mlk_samples train, mlk_samples samples, int64_t k, mlk_row_metric metric,
                             mlk_neighbors *neighbors, mlk_status *status);

void mlk_neighbors_free(mlk_neighbors *neighbors);

#endif
